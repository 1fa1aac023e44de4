import { createCalendar } from '../domain/calendar.ts';
import { NONE } from '../domain/dimension.ts';
import type { Thousandths } from '../domain/event.ts';
import type {
  CompareReport,
  HistoryReport,
  LatencyReport,
  RankingReport,
  Report,
  SeriesReport,
  StatusReport,
  TimedRow,
} from '../domain/report.ts';
import type { Level } from '../domain/scope-state.ts';
import { ratioOf } from '../domain/thousandths.ts';
import type { Totals } from '../domain/usage.ts';
import { addUp, isAddedUp, ONCE, SO_FAR, toRate } from '../report/compared-rows.ts';
import { drawDistinct } from '../report/distinct.ts';
import { DIMENSION_WORDS, formatStepLabel } from '../report/format.ts';
import { isOver } from '../report/scope-words.ts';
import { MAX_CHART_LABEL, MAX_CHART_POINTS, MAX_CHART_SERIES, MAX_CHART_TITLE } from './limits.ts';
import { type Block, clip, keepDirection } from './text.ts';

interface Series {
  name: string;
  values: readonly number[];
  /** Kept even without values, because Slack colours series by their place. */
  holdsPlace?: boolean;
}

/*
 * Slack colours series by their place, rust first, then blue, green and pink, and accepts no colours (slack-blocks-to-jsx copies
 * its palette). Bad series therefore come first and good ones second, so that colours mean the same as in the pictures. No series
 * is added for its colour alone: the legend names each, and each takes room beside the bars of a label.
 */

/** A message takes at most two charts: undocumented, see vercel/chat#696. */
const MAX_CHARTS = 2;

/**
 * Draws a report as Slack's own charts, which need no file, for answers that only one person sees. Empty if it does not fit
 * Slack's limits (6 series or slices, 20 points) or has no value above zero.
 */
export function buildNativeCharts(report: Report): Block[] {
  return listCharts(report)
    .filter((chart) => chart !== undefined)
    .slice(0, MAX_CHARTS);
}

function listCharts(report: Report): (Block | undefined)[] {
  if (report.question.view === 'table') return [];
  switch (report.kind) {
    case 'top':
      return [report.question.view === 'doughnut' ? toPie(report) : toRanking(report)];
    case 'status':
      return [toStatus(report)];
    case 'daily':
    case 'day':
      return [toSeries(report)];
    case 'history':
      return [toHistory(report)];
    case 'client':
    case 'route':
      return report.sections
        .filter(({ rows }) => rows.some(({ name }) => name !== NONE))
        .map(({ title, rows }) => toOutcomes(title, rows));
    case 'latency':
      return [toLatency(report)];
    case 'summary':
      return [
        toUsed(
          'scope',
          report.cards.flatMap((card) =>
            card.current ? { ...card.current, name: card.title, level: card.level, isOver: isOver(card) } : [],
          ),
        ),
      ];
    case 'pool':
      return [
        toUsed(
          'pool',
          report.scopes.flatMap(({ pools, limits }) => [...pools, ...limits]),
        ),
      ];
    case 'compare':
      return toCompared(report);
    default:
      return [];
  }
}

/** Draws the earlier range first, in rust, and the range in question second, in blue. */
function toCompared(compared: CompareReport): (Block | undefined)[] {
  const { title, steps, sections, per, measure, ...report } = compared;
  const unit = measure === 'p95' ? 'p95, ms' : measure;
  const scale = measure === 'credits' ? 1000 : 1;
  const toPair = (pairs: readonly { now?: Thousandths; before?: Thousandths }[], days: CompareReport['per']) =>
    (['before', 'now'] as const).map((side) => ({
      name: report[side === 'now' ? 'range' : 'versus'].label,
      values: pairs.map((pair) => ratioOf(toRate(pair[side] ?? 0, days[side], measure), scale)),
      holdsPlace: true,
    }));
  if (steps) {
    // Slack's lines have no gaps: leave out steps that only one range has, rather than draw them at zero.
    const shared = steps.filter(({ now, before }) => now !== undefined && before !== undefined);
    const calendar = createCalendar(report.zone);
    const points = shared.map(({ startMs }) => formatStepLabel(startMs, report.grain, calendar));
    // Steps of both ranges are equally long, so no rates are needed, whatever the lengths of the ranges.
    const pair = toPair(shared, ONCE);
    if (!isAddedUp(compared)) return [toChart('line', title, points, pair, unit)];
    const summed = pair.map((side) => ({ ...side, values: addUp(side.values) }));
    return [toChart('line', SO_FAR, points, summed, unit), toChart('bar', title, points, pair, unit)];
  }
  return sections.map((section) => {
    const rows = section.rows.slice(0, MAX_CHART_POINTS);
    const name = sections.length > 1 ? section.title : title;
    return toChart('bar', name, namesOf(rows), toPair(rows, per), per.isDay ? `${measure} a day` : unit);
  });
}

function namesOf(rows: readonly { name: string }[]): string[] {
  return rows.map(({ name }) => name);
}

/** Draws used percents, in another colour if they need attention. `isOver`: the scope went over its allowance at some time. */
function toUsed(
  what: string,
  balances: readonly { name: string; percent: number; level: Level; isOver?: boolean }[],
): Block | undefined {
  const isAnyOver = balances.some((balance) => balance.isOver);
  const part = (name: string, isBad: boolean): Series => ({
    name,
    values: balances.map((balance) => {
      const isShort = balance.isOver === true || balance.level === 'critical' || balance.level === 'exhausted';
      return isShort === isBad ? Math.floor(balance.percent * 10) / 10 : 0;
    }),
    holdsPlace: true,
  });
  const series = [part(isAnyOver ? 'critical or over' : 'critical or used up', true), part('used', false)];
  return toChart('bar', `Used % of each ${what}`, namesOf(balances), series, '%');
}

/** Draws months. Only January shows its year, because the labels have no room for more. */
function toHistory({ title, months, series: pools }: HistoryReport): Block | undefined {
  const labels = months.map(({ label }) => (label.startsWith('Jan') ? label : label.replace(/ \d{4}$/, '')));
  // Overage is the last series: reversed, it comes first, in rust.
  const series = pools.toReversed().map((name, place) => ({
    name,
    values: months.map(({ drawn }) => ratioOf(drawn[name] ?? 0, 1000)),
    holdsPlace: place === 0 && pools.length > 1,
  }));
  return toChart('bar', title, labels, series, 'credits');
}

function toRanking({ title, rows, measure }: RankingReport): Block | undefined {
  if (measure !== 'credits') return toOutcomes(title, rows);
  const shown = rows.slice(0, MAX_CHART_POINTS);
  const values = shown.map(({ credits }) => ratioOf(credits, 1000));
  return toChart('bar', title, namesOf(shown), [{ name: measure, values }], measure);
}

function toOutcomes(title: string, all: RankingReport['rows']): Block | undefined {
  const rows = all.slice(0, MAX_CHART_POINTS);
  return toChart('bar', title, namesOf(rows), outcomesOf(rows), 'requests');
}

function outcomesOf(rows: readonly Totals[]): Series[] {
  return (['failed', 'ok', 'none'] as const).map((key) => ({
    name: key === 'none' ? NONE : key,
    values: rows.map((row) => row[key]),
    holdsPlace: key === 'failed',
  }));
}

/** Draws latency. Over time, steps without calls are drawn at zero. */
function toLatency({ rows, steps, title }: LatencyReport): Block | undefined {
  const shown: readonly TimedRow[] = steps ?? rows.slice(0, MAX_CHART_POINTS);
  const series = (steps ? (['p99', 'p95', 'p50'] as const) : (['p95', 'p50'] as const)).map((name) => ({
    name,
    values: shown.map(({ latency }) => latency?.[`${name}Ms`] ?? 0),
    holdsPlace: true,
  }));
  return toChart(steps ? 'line' : 'bar', title, namesOf(shown), series, 'ms');
}

function toPie({ title, rows, totals, measure }: RankingReport): Block | undefined {
  const weigh = (row: Pick<Totals, 'credits' | 'requests'>) =>
    measure === 'credits' ? ratioOf(row.credits, 1000) : row.requests;
  const slices = rows.slice(0, MAX_CHART_SERIES - 1).map((row) => ({ name: row.name, value: weigh(row) }));
  const rest = weigh(totals) - slices.reduce((sum, { value }) => sum + value, 0);
  const positive = [...slices, { name: 'others', value: rest }].filter(({ value }) => value > 0);
  if (positive.length === 0) return undefined;
  const labels = toLabels(namesOf(positive));
  return {
    type: 'data_visualization',
    title: clip(title, MAX_CHART_TITLE),
    chart: { type: 'pie', segments: positive.map(({ value }, index) => ({ label: labels[index], value })) },
  };
}

/** Ordered so that server errors are rust and successes blue; at 429 Slack's colours begin again with rust. */
const GROUPS = ['5xx', '2xx', '3xx', '4xx', '429', NONE, '1xx'] as const;

function toStatus({ title, steps }: StatusReport): Block | undefined {
  const series = GROUPS.map((group) => ({
    name: group,
    values: steps.map(({ counts }) => counts[group] ?? 0),
    holdsPlace: group === '5xx',
  }));
  const labels = steps.map(({ label }) => label);
  return toChart('line', title, labels, series, 'requests');
}

function toSeries(series: SeriesReport): Block | undefined {
  const { kind, title, bars, distinct, limit } = drawDistinct(series);
  // A day has more hours than a chart takes points: draw two hours as one, except for distinct names, which cannot be added up.
  const isPaired = kind === 'day' && bars.length > MAX_CHART_POINTS && !distinct;
  const shown = isPaired ? pairUp(bars) : bars;
  const outcomes: Series[] = distinct
    ? [{ name: title, values: shown.map(({ requests }) => requests) }]
    : outcomesOf(shown);
  if (limit && !isPaired) outcomes.push({ name: limit.name, values: shown.map(() => limit.value) });
  return toChart(
    'bar',
    isPaired ? 'Requests per two hours' : title,
    shown.map(({ label }) => label),
    outcomes,
    distinct ? DIMENSION_WORDS[distinct.dimension].plural : 'requests',
  );
}

function pairUp(bars: SeriesReport['bars']): SeriesReport['bars'][number][] {
  return bars.flatMap((bar, index) => {
    const next = bars[index + 1];
    const sum = (key: 'requests' | 'ok' | 'failed' | 'none') => bar[key] + (next?.[key] ?? 0);
    if (index % 2 === 1) return [];
    return { ...bar, requests: sum('requests'), ok: sum('ok'), failed: sum('failed'), none: sum('none') };
  });
}

function toChart(
  type: 'bar' | 'line',
  title: string,
  points: readonly string[],
  all: readonly Series[],
  unit: string,
): Block | undefined {
  const isDrawn = ({ values }: Series) => values.some((value) => value > 0);
  const series = all.filter((each) => each.holdsPlace || isDrawn(each));
  if (!series.some(isDrawn) || points.length > MAX_CHART_POINTS || series.length > MAX_CHART_SERIES) return undefined;
  const categories = toLabels(points);
  const names = toLabels(series.map(({ name }) => name));
  return {
    type: 'data_visualization',
    title: clip(title, MAX_CHART_TITLE),
    chart: {
      type,
      series: series.map(({ values }, index) => ({
        name: names[index],
        data: categories.map((label, point) => ({ label, value: values[point] ?? 0 })),
      })),
      axis_config: { categories, y_label: unit },
    },
  };
}

/** Makes short, distinct labels: clipped names that would be equal get a number. */
function toLabels(names: readonly string[]): string[] {
  const seen = new Set<string>();
  return names.map(keepDirection).map((name) => {
    let label = clip(name.trim() || '(none)', MAX_CHART_LABEL);
    for (let copy = 2; seen.has(label); copy += 1) {
      label = `${clip(name.trim() || '(none)', MAX_CHART_LABEL - 3)} ${copy}`;
    }
    seen.add(label);
    return label;
  });
}
