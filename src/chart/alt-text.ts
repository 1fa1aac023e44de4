import { createCalendar } from '../domain/calendar.ts';
import type { Thousandths } from '../domain/event.ts';
import type {
  CompareReport,
  DrillReport,
  HistoryReport,
  LatencyReport,
  PoolReport,
  RankingReport,
  Report,
  SeriesReport,
  StatusReport,
  SummaryReport,
} from '../domain/report.ts';
import type { PoolBalance } from '../domain/scope-state.ts';
import { compareCredits } from '../domain/thousandths.ts';
import { type Latency, STEP_NAMES } from '../domain/usage.ts';
import { MEASURES, toRate } from '../report/compared-rows.ts';
import { drawDistinct } from '../report/distinct.ts';
import {
  countOf,
  DIMENSION_WORDS,
  formatChange,
  formatCount,
  formatCredits,
  formatLatency,
  formatPercent,
  formatStepLabel,
} from '../report/format.ts';
import { isOver, LEVEL_SIGNS } from '../report/scope-words.ts';
import { describeTeams } from '../report/summary.ts';
import { cleanText } from './labels.ts';
import type { ChartView } from './spec/build.ts';
import { stepGrainOf } from './spec/time-axis.ts';

/** Slack's limit for the alternative text of an uploaded file (`alt_txt_too_large`); an image block takes twice as much. */
export const MAX_ALT_TEXT = 1000;
const MAX_FINDING = 400;

/** The words for a chart: its form, its values with the largest first, what they add up to without those left out. */
interface Wording {
  form: string;
  values: readonly string[];
  /** Follows the values; `dropped` of them had no room. */
  rest?: (dropped: number) => string;
  /** Sentence that is always kept. */
  closing?: string;
}

/**
 * Alternative text: form, title, range, zone, finding, then the exact numbers. At most 1,000 characters, plain text; what
 * has no room is the smallest values, as `and 12 more`, never part of a number.
 */
export function buildAltText(report: Report, view: ChartView = 'graph'): string {
  const { form, values, rest = restOf, closing } = toWording(report, view);
  const when = [...(report.range ? [cleanText(report.range.label)] : []), report.zone].join(', ');
  const partial = report.range?.partial ? ' (partial)' : '';
  const head = [
    `${form}: ${cleanText(report.title)}, ${when}${partial}.`,
    toWholeSentences(withoutSigns(report.finding)),
  ];
  const textWith = (count: number) => {
    const parts = [...values.slice(0, count), rest(values.length - count)].filter(Boolean);
    return [...head, parts.length > 0 ? `${parts.join('; ')}.` : '', closing ?? ''].filter(Boolean).join(' ');
  };
  let count = Math.min(values.length, 200);
  while (count > 0 && textWith(count).length > MAX_ALT_TEXT) count--;
  return textWith(count);
}

/** Levels stand in words beside each balance; a sign would be read out as a large circle of some colour. */
function withoutSigns(text: string): string {
  return Object.values(LEVEL_SIGNS).reduce((rest, sign) => rest.replaceAll(`${sign} `, ''), text);
}

function restOf(dropped: number): string {
  return dropped > 0 ? `and ${formatCount(dropped)} more` : '';
}

/** As many whole sentences as have room: a cut inside one could change a number's meaning. */
function toWholeSentences(text: string): string {
  const sentences = new Intl.Segmenter('en', { granularity: 'sentence' }).segment(cleanText(text));
  let kept = '';
  for (const { segment } of sentences) {
    if (kept.length + segment.length > MAX_FINDING) break;
    kept += segment;
  }
  return kept.trim();
}

function toWording(report: Report, view: ChartView): Wording {
  switch (report.kind) {
    case 'summary':
      return wordSummary(report);
    case 'top':
      return wordRanking(report, view);
    case 'status':
      return wordStatus(report);
    case 'pool':
      return wordPools(report);
    case 'daily':
    case 'day':
      return wordSeries(report);
    case 'history':
      return wordHistory(report);
    case 'client':
    case 'route':
      return wordDrill(report);
    case 'compare':
      return wordCompare(report);
    case 'latency':
      return wordLatency(report);
    default:
      return { form: 'Table', values: [] };
  }
}

function wordCompare({ sections, steps, measure, per, versus, zone, grain }: CompareReport): Wording {
  const show = MEASURES[measure].format;
  const tell = (name: string, now: Thousandths, before: Thousandths, change?: number) => {
    const changed =
      change === undefined ? (now > 0 && !steps ? ', new' : '') : before !== now ? `, ${formatChange(change)}` : '';
    return `${cleanText(name)} ${show(now)} (before ${show(before)}${changed})`;
  };
  const rate = (sum: Thousandths, side: 'now' | 'before') => toRate(sum, per[side], measure);
  const values = steps
    ? steps.map(({ startMs, now, before }) => {
        const name = formatStepLabel(startMs, grain, createCalendar(zone));
        // Of a step that one range does not have there is no change.
        if (now === undefined) return before === undefined ? `${name} none` : `${name} only before: ${show(before)}`;
        if (before === undefined) return `${name} ${show(now)} (nothing to compare)`;
        return tell(name, now, before, before === 0 ? undefined : (now / before - 1) * 100);
      })
    : sections.flatMap(({ rows }) =>
        rows.map((row) =>
          measure === 'p95' && row.state === 'new'
            ? `${cleanText(row.name)} ${show(row.now)} (no durations before)`
            : tell(row.name, rate(row.now, 'now'), rate(row.before, 'before'), row.changePercent),
        ),
      );
  return {
    form: steps ? 'Line chart' : 'Paired bar chart',
    values,
    closing: `Before: ${cleanText(versus.label)}${per.isDay && !steps ? ', all per day' : ''}.`,
  };
}

function wordRanking(report: RankingReport, view: ChartView): Wording {
  const { rows, others, measure, totals } = report;
  const sizeOf = (row: { requests: number; credits: Thousandths }) =>
    measure === 'credits' ? formatCredits(row.credits) : formatCount(row.requests);
  const values = rows.map((row) => {
    const failed = measure === 'requests' && row.failed > 0 ? `, ${formatCount(row.failed)} failed` : '';
    return `${cleanText(row.name)} ${sizeOf(row)} (${formatPercent(row.sharePercent)})${failed}`;
  });
  const rest = (dropped: number) => {
    if (dropped > 0) return `and ${formatCount(dropped + others.count)} more`;
    return others.count > 0 ? `${countOf(others.count, 'other')} ${sizeOf(others)}` : '';
  };
  return {
    form: view === 'doughnut' ? 'Doughnut chart' : 'Bar chart',
    values,
    rest,
    closing: `In all ${sizeOf(totals)} ${measure}.`,
  };
}

function wordStatus(report: StatusReport): Wording {
  const groups = report.groups.toSorted((a, b) => b.requests - a.requests);
  return {
    form: 'Stacked bar chart',
    values: groups.map(
      ({ group, requests, sharePercent }) => `${group} ${formatCount(requests)} (${formatPercent(sharePercent)})`,
    ),
    closing: `In all ${countOf(report.totals.requests, 'request')}.`,
  };
}

function wordPools(report: PoolReport): Wording {
  const several = report.scopes.length > 1;
  const values = report.scopes.flatMap((scope) => {
    const prefix = several ? `${cleanText(scope.title)}: ` : '';
    return [
      ...scope.pools.map((pool) => prefix + wordBalance(pool.name, pool)),
      ...scope.limits.map((limit) => prefix + wordBalance(`${limit.name} (limit)`, limit)),
      ...(isOver(scope) ? [`${prefix}${formatCredits(scope.overage)} over the allowance`] : []),
    ];
  });
  return { form: 'Bar chart of pools', values };
}

function wordSummary(report: SummaryReport): Wording {
  const values = report.cards.map((card) => {
    if (!card.pool) return `${cleanText(card.title)} ${formatCount(card.requestsToday)} requests today, no pool`;
    const rest = card.restCount > 0 ? `, ${formatCredits(card.restLeft)} more in later pools` : '';
    const teams = describeTeams(card);
    const overage = card.overage > 0 ? `, ${formatCredits(card.overage)} over the allowance` : '';
    return `${cleanText(card.title)}: ${wordBalance(card.pool.name, { ...card.pool, level: card.level })}${rest}${overage}${teams ? `, by team ${cleanText(teams)}` : ''}`;
  });
  return {
    form: 'Bar chart of scopes',
    values,
    closing: `Today ${formatCount(report.today.requests)} requests, ${formatCount(report.today.failed)} failed.`,
  };
}

function wordBalance(name: string, balance: PoolBalance): string {
  const percent = balance.amount === 0 ? '' : ` (${formatPercent(balance.percent, balance.thresholds)})`;
  return `${cleanText(name)} ${formatCredits(balance.used)} of ${formatCredits(balance.amount)} used${percent}, ${balance.level}`;
}

function wordSeries(series: SeriesReport): Wording {
  const report = drawDistinct(series);
  const { bars, totals, usual = [], marks = [], limit } = report;
  const unit = stepGrainOf(
    report.range,
    bars.map(({ startMs }) => startMs),
  );
  const values = bars
    .map((bar, step) => ({ ...bar, usual: usual[step] }))
    .toSorted((a, b) => b.requests - a.requests)
    .map(({ label, requests, failed, partial, usual }) => {
      const details = [
        ...(failed > 0 ? [`${formatCount(failed)} failed`] : []),
        ...(usual?.isOdd ? [`usually ${formatCount(usual.median)}`] : []),
        ...(partial ? ['not complete'] : []),
      ];
      return `${cleanText(label)} ${formatCount(requests)}${details.length > 0 ? ` (${details.join(', ')})` : ''}`;
    });
  const sentences = [
    report.distinct
      ? `In all ${formatCount(report.distinct.total)} ${DIMENSION_WORDS[report.distinct.dimension].plural}.`
      : `In all ${countOf(totals.requests, 'request')}, ${formatCount(totals.failed)} failed.`,
    ...(limit ? [`Limit ${cleanText(limit.name)} ${formatCount(limit.value)} per ${STEP_NAMES[unit]}.`] : []),
    ...(marks.length > 0
      ? [
          `Marked: ${marks
            .slice(0, 5)
            .map(({ label }) => cleanText(label))
            .join(', ')}.`,
        ]
      : []),
  ];
  return { form: 'Column chart', values, closing: sentences.join(' ') };
}

function wordHistory(report: HistoryReport): Wording {
  const months = report.months.toSorted((a, b) => compareCredits(b.total, a.total));
  return {
    form: 'Stacked column chart',
    values: months.map(({ label, total, drawn, partial }) => {
      const parts = report.series
        .filter((name) => (drawn[name] ?? 0) > 0)
        .map((name) => `${cleanText(name)} ${formatCredits(drawn[name]!)}`);
      const detail = parts.length > 0 ? ` (${parts.join(', ')})` : '';
      return `${cleanText(label)} ${formatCredits(total)}${detail}${partial ? ', partial' : ''}`;
    }),
  };
}

function wordLatency({ rows, steps, total, question }: LatencyReport): Wording {
  const tell = ({ p95Ms, p50Ms, p99Ms }: Latency) =>
    `p95 ${formatLatency(p95Ms)} (p50 ${formatLatency(p50Ms)}, p99 ${formatLatency(p99Ms)})`;
  const shown = steps ? steps.toSorted((a, b) => (b.latency?.p95Ms ?? 0) - (a.latency?.p95Ms ?? 0)) : rows;
  return {
    form: question.overTime ? 'Line chart' : 'Bar chart',
    values: shown.flatMap(({ name, latency }) => (latency ? [`${cleanText(name)} ${tell(latency)}`] : [])),
    ...(total.latency ? { closing: `All calls: ${tell(total.latency)}.` } : {}),
  };
}

function wordDrill(report: DrillReport): Wording {
  const values = report.sections.flatMap(({ title, rows, more }) =>
    rows.map((row, index) => {
      const failed = row.failed > 0 ? `, ${formatCount(row.failed)} failed` : '';
      const heading = index === 0 ? `${cleanText(title)}: ` : '';
      const hidden = index === rows.length - 1 && more > 0 ? `, and ${formatCount(more)} more` : '';
      return `${heading}${cleanText(row.name)} ${formatCount(row.requests)}${failed}${hidden}`;
    }),
  );
  return {
    form: 'Bar chart',
    values,
    closing: `In all ${countOf(report.totals.requests, 'request')}, ${formatCount(report.totals.failed)} failed.`,
  };
}
