import { OTHER } from '../../domain/dimension.ts';
import type { RankingReport, ReportHead } from '../../domain/report.ts';
import type { Totals } from '../../domain/usage.ts';
import { formatCompact, formatCompactCredits, formatCount, formatShare } from '../../report/format.ts';
import { addTotals, emptyTotals } from '../../report/totals.ts';
import type { CanDraw } from '../text.ts';
import { COLOR } from '../theme.ts';
import type { Drawing, Key } from './frame.ts';
import { buildRows, type Row } from './rows.ts';

const MAX_BARS = 10;

/** One line of a ranking as drawn: the largest by name, all others as one. */
export interface RankedItem extends Totals {
  name: string;
  isRest: boolean;
}

/** The first `max` rows, then all others as one (`38 others`), left out where it is nothing. Values beyond the cap (`(other)`) are among the others. */
export function toRankedItems(report: RankingReport, max: number): RankedItem[] {
  const named = report.rows.filter(({ name }) => name !== OTHER);
  const hidden = [...named.slice(max), ...report.rows.filter(({ name }) => name === OTHER)];
  const items = named.slice(0, max).map((row) => ({ ...row, isRest: false }));
  const rest = [...hidden, report.others].reduce(addTotals, emptyTotals());
  if (rest.requests === 0 && rest.credits === 0) return items;
  const isCounted = hidden.every(({ name }) => name !== OTHER);
  const count = report.others.count + hidden.length;
  const name = isCounted ? (count === 1 ? '1 other' : `${formatCount(count)} others`) : 'All others';
  return [...items, { ...rest, name, isRest: true }];
}

/** Horizontal bars, largest first, failures told apart; others as a line of words, so that they flatten nothing. Undefined without rows. */
export function drawRanking(report: RankingReport, canDraw: CanDraw): Drawing | undefined {
  if (report.rows.length === 0) return undefined;
  const { measure, totals } = report;
  const byCredits = measure === 'credits';
  const items = toRankedItems(report, MAX_BARS);
  const rows = items.map((item): Row => {
    const size = byCredits ? formatCompactCredits(item.credits) : formatCompact(item.requests);
    return {
      name: item.name,
      value: `${size} · ${formatShare(item[measure], totals[measure])}`,
      isRest: item.isRest,
      failed: byCredits || item.isRest ? undefined : describeFailed(item),
      ...(item.isRest ? {} : { parts: byCredits ? [{ key: 'ok', size: Number(item.credits) }] : toParts(item) }),
    };
  });
  const max = Math.max(...items.filter(({ isRest }) => !isRest).map((item) => Number(item[measure])));
  const keys = byCredits ? [{ key: 'ok', color: COLOR.ok }] : outcomeKeys(totals);
  return { panels: [buildRows(rows, { canDraw, firstRank: firstRankOf(report), max, keys })] };
}

/** Of the first row on this page. */
export function firstRankOf({ question }: Pick<ReportHead, 'question'>): number {
  return (question.offset ?? 0) + 1;
}

/** `22% failed`, from one percent on: what is less cannot be seen in a bar either. */
export function describeFailed({ failed, requests }: Totals): string | undefined {
  return failed * 100 >= requests && failed > 0 ? `${formatShare(failed, requests)} failed` : undefined;
}

export function toParts({ ok, failed, none }: Totals): { key: string; size: number }[] {
  return [
    { key: 'ok', size: ok },
    { key: 'failed', size: failed },
    { key: 'none', size: none },
  ];
}

/** `ok 2.2M`, `failed 97.1k`: what there is of ok, failed and neither. Nothing to explain where all is ok. */
export function outcomeKeys(totals: Totals): Key[] {
  const isPlain = totals.failed === 0 && totals.none === 0;
  return (['ok', 'failed', 'none'] as const).map((key) => ({
    key,
    color: COLOR[key],
    words:
      isPlain || totals[key] === 0 ? undefined : `${key === 'none' ? 'no status' : key} ${formatCompact(totals[key])}`,
  }));
}
