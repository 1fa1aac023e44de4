import { OTHER } from '../../domain/dimension.ts';
import type { RankingReport, Totals } from '../../domain/report.ts';
import { formatCount, formatShare } from '../../report/format.ts';
import { type CanDraw, toLabels } from '../labels.ts';
import { formatCompact, formatCompactCredits } from '../numbers.ts';
import { COLOR, SIZE } from '../theme.ts';
import { buildFrame, type LegendItem } from './frame.ts';
import type { ChartSpec } from './marks.ts';
import { buildRankedBars, LABEL_WIDTH, sumTotals, toParts } from './ranked-bars.ts';

const MAX_BARS = 8;

/** One line of a ranking as drawn: the largest by name, all others as one. */
export interface RankedItem extends Totals {
  label: string;
  isOther: boolean;
}

/** The first `max` rows with unambiguous labels, then what is not among them (`38 others`), left out where it is nothing. */
export function toRankedItems(report: RankingReport, max: number, canDraw: CanDraw): RankedItem[] {
  const shown = report.rows.slice(0, max);
  const hidden = report.rows.slice(max);
  const labels = toLabels(
    shown.map(({ name }) => name),
    LABEL_WIDTH,
    SIZE.label,
    canDraw,
    (report.question.offset ?? 0) + 1,
  );
  const items = shown.map((row, index) => ({ ...row, label: labels[index]!, isOther: row.name === OTHER }));
  const count = report.others.count + hidden.length;
  const rest = sumTotals([...hidden, report.others]);
  if (rest.requests === 0 && rest.credits === 0) return items;
  return [...items, { ...rest, label: count === 1 ? '1 other' : `${formatCount(count)} others`, isOther: true }];
}

/** Labels by the names they stand for, for texts that mention these. */
export function toLabelMap(report: RankingReport, items: readonly RankedItem[]): Map<string, string> {
  return new Map(report.rows.slice(0, items.length).map(({ name }, index) => [name, items[index]!.label]));
}

/** Horizontal bars, largest first, ok and failed told apart; undefined without rows. */
export function buildRankingSpec(report: RankingReport, canDraw: CanDraw): ChartSpec | undefined {
  if (report.rows.length === 0) return undefined;
  const items = toRankedItems(report, MAX_BARS, canDraw);
  const byCredits = report.measure === 'credits';
  const measure = byCredits ? 'credits' : 'requests';
  const bars = items.map((item) => ({
    label: item.label,
    parts: byCredits
      ? [{ value: item.credits, color: item.isOther ? COLOR.other : COLOR.ok }]
      : toParts(item, item.isOther),
    text: `${byCredits ? formatCompactCredits(item.credits) : formatCompact(item.requests)} · ${formatShare(item[measure], report.totals[measure])}`,
  }));
  const legend = byCredits ? [] : toOutcomeLegend(report.totals);
  return buildFrame({ report, canDraw, labels: toLabelMap(report, items), legend }, (top) =>
    buildRankedBars(bars, top),
  );
}

/** Nothing to explain where all is ok. */
export function toOutcomeLegend(totals: Totals): LegendItem[] {
  if (totals.failed === 0 && totals.none === 0) return [];
  const items = [
    { label: 'ok', value: totals.ok, color: COLOR.ok },
    { label: 'failed', value: totals.failed, color: COLOR.failed },
    { label: 'without status', value: totals.none, color: COLOR.none },
  ];
  return items
    .filter(({ value }) => value > 0)
    .map(({ label, value, color }) => ({ label: `${label} ${formatCompact(value)}`, color }));
}
