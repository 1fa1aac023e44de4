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
  Totals,
} from '../domain/report.ts';
import type { Level } from '../domain/scope-state.ts';
import { ratioOf } from '../domain/thousandths.ts';
import { NOTHING } from '../report/cells.ts';
import { toRate } from '../report/compared-rows.ts';
import { drawDistinct } from '../report/distinct.ts';
import { DIMENSION_WORDS, formatStepLabel } from '../report/format.ts';
import { groupOf } from '../report/status.ts';
import { MAX_CHART_LABEL, MAX_CHART_POINTS, MAX_CHART_SERIES, MAX_CHART_TITLE } from './limits.ts';
import { type Block, clip, keepDirection } from './text.ts';

interface Series {
  name: string;
  values: readonly number[];
  /** Stands there also without values: Slack colours series by their place. */
  holdsPlace?: boolean;
}

/*
 * Slack colours series by their place, rust first, then blue, green and pink, and takes no colours (slack-blocks-to-jsx copies its
 * palette). What is bad stands first therefore and what is fine second, so that colours mean what they mean in the pictures.
 */

/** A message takes no more: undocumented, see vercel/chat#696. */
const MAX_CHARTS = 2;

/**
 * The report as Slack's own charts, which need no file: for answers that only one person sees. Empty where it does not
 * fit Slack's limits (6 series or slices, 20 points) or there is nothing above zero to draw.
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
        .map(({ title, rows }) => toOutcomes(title, rows.slice(0, MAX_CHART_POINTS)));
    case 'latency':
      return [toLatency(report)];
    case 'summary':
      return [
        toUsed(
          'scope',
          report.cards.flatMap(({ title, pool, level }) => (pool ? [{ ...pool, name: title, level }] : [])),
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

/** The range before stands first, in rust, and the one asked about in blue, as they are where ok and failed stand. */
function toCompared({
  title,
  steps,
  sections,
  per,
  measure,
  range,
  versus,
  zone,
  grain,
}: CompareReport): (Block | undefined)[] {
  const toPair = (
    type: 'bar' | 'line',
    name: string,
    points: readonly string[],
    pairs: readonly { now?: Thousandths; before?: Thousandths }[],
  ) => {
    // Steps are as long as each other, whatever the lengths of the ranges.
    const valuesOf = (side: 'now' | 'before') =>
      pairs.map((pair) =>
        ratioOf(toRate(pair[side] ?? 0, steps ? 1 : per[side], measure), measure === 'credits' ? 1000 : 1),
      );
    const series = [
      { name: versus.label, values: valuesOf('before'), holdsPlace: true },
      { name: range.label, values: valuesOf('now'), holdsPlace: true },
    ];
    return toChart(
      type,
      name,
      points,
      series,
      per.isDay && type === 'bar' ? `${measure} a day` : measure === 'p95' ? 'p95, ms' : measure,
    );
  };
  if (steps) {
    const calendar = createCalendar(zone);
    // A line of Slack's has no gaps: a step that one range does not have is none of nothing.
    const shared = steps.filter(({ now, before }) => now !== undefined && before !== undefined);
    const points = shared.map(({ startMs }) => formatStepLabel(startMs, grain, calendar));
    return [toPair('line', title, points, shared)];
  }
  return sections.map((section) => {
    const rows = section.rows.slice(0, MAX_CHART_POINTS);
    return toPair(
      'bar',
      sections.length > 1 ? section.title : title,
      rows.map(({ name }) => name),
      rows,
    );
  });
}

function toUsed(what: string, balances: readonly { name: string; percent: number; level: Level }[]): Block | undefined {
  const isLow = ({ level }: { level: Level }) => level === 'healthy' || level === 'approaching';
  const part = (name: string, isIn: (balance: { level: Level }) => boolean): Series => ({
    name,
    values: balances.map((balance) => (isIn(balance) ? Math.floor(balance.percent * 10) / 10 : 0)),
    holdsPlace: true,
  });
  const series = [part('critical or used up', (balance) => !isLow(balance)), part('used', isLow)];
  return toChart(
    'bar',
    `Used % of each ${what}`,
    balances.map(({ name }) => name),
    series,
    '%',
  );
}

/** A year stands at each January alone: labels beside each other have no room for more. */
function toHistory(report: HistoryReport): Block | undefined {
  const labels = report.months.map(({ label }) => (label.startsWith('Jan') ? label : label.replace(/ \d{4}$/, '')));
  // Overage is the last of them.
  const series = report.series.toReversed().map((name, place) => ({
    name,
    values: report.months.map(({ drawn }) => ratioOf(drawn[name] ?? 0, 1000)),
    holdsPlace: place === 0 && report.series.length > 1,
  }));
  return toChart('bar', report.title, labels, series, 'credits');
}

function toRanking(report: RankingReport): Block | undefined {
  const rows = report.rows.slice(0, MAX_CHART_POINTS);
  if (report.measure === 'credits') {
    const values = rows.map(({ credits }) => ratioOf(credits, 1000));
    return toChart(
      'bar',
      report.title,
      rows.map(({ name }) => name),
      [{ name: 'credits', values }],
      'credits',
    );
  }
  return toOutcomes(report.title, rows);
}

function toOutcomes(title: string, rows: RankingReport['rows']): Block | undefined {
  const names = rows.map(({ name }) => name);
  return toChart('bar', title, names, outcomesOf(rows), 'requests');
}

function outcomesOf(rows: readonly Totals[]): Series[] {
  return (['failed', 'ok', 'none'] as const).map((key) => ({
    name: key === 'none' ? NONE : key,
    values: rows.map((row) => row[key]),
    holdsPlace: key === 'failed',
  }));
}

/** Over time, Slack draws steps without calls at zero. */
function toLatency({ rows, steps, title }: LatencyReport): Block | undefined {
  const shown: readonly TimedRow[] = steps ?? rows.slice(0, MAX_CHART_POINTS);
  const names = shown.map(({ name }) => name);
  const series = (steps ? (['p99', 'p95', 'p50'] as const) : (['p95', 'p50'] as const)).map(
    (name): Series => ({
      name,
      values: shown.map(({ latency }) => latency?.[`${name}Ms`] ?? 0),
      holdsPlace: true,
    }),
  );
  return toChart(steps ? 'line' : 'bar', title, names, series, 'ms');
}

function toPie(report: RankingReport): Block | undefined {
  const weigh = (row: Pick<Totals, 'credits' | 'requests'>) =>
    report.measure === 'credits' ? ratioOf(row.credits, 1000) : row.requests;
  const slices = report.rows.slice(0, MAX_CHART_SERIES - 1).map((row) => ({ label: row.name, value: weigh(row) }));
  const shown = slices.reduce((sum, { value }) => sum + value, 0);
  const rest = weigh(report.totals) - shown;
  if (rest > 0) slices.push({ label: 'others', value: rest });
  const positive = slices.filter(({ value }) => value > 0);
  if (positive.length === 0) return undefined;
  const labels = toLabels(positive.map(({ label }) => label));
  return {
    type: 'data_visualization',
    title: clip(report.title, MAX_CHART_TITLE),
    chart: { type: 'pie', segments: positive.map(({ value }, index) => ({ label: labels[index], value })) },
  };
}

/** In an order in which server errors are rust and successes blue; 429 comes round to rust again. */
const GROUPS = ['5xx', '2xx', '3xx', '4xx', '429', NONE, '1xx'] as const;

function toStatus(report: StatusReport): Block | undefined {
  const series = GROUPS.map((group) => ({
    name: group,
    values: report.steps.map(({ counts }) =>
      Object.entries(counts).reduce((sum, [status, count]) => sum + (groupOf(status) === group ? count : 0), 0),
    ),
    holdsPlace: group === '5xx',
  }));
  return toChart(
    'line',
    report.title,
    report.steps.map(({ label }) => label),
    series,
    'requests',
  );
}

function toSeries(series: SeriesReport): Block | undefined {
  const report = drawDistinct(series);
  // Names of two hours cannot be added up.
  if (report.distinct && report.bars.length > MAX_CHART_POINTS) return undefined;
  if (report.kind === 'day' && report.bars.length > MAX_CHART_POINTS) return toPairs(report);
  const outcomes = report.distinct
    ? [{ name: report.title, values: report.bars.map(({ requests }) => requests) }]
    : outcomesOf(report.bars);
  if (report.limit) outcomes.push({ name: report.limit.name, values: report.bars.map(() => report.limit!.value) });
  return toChart(
    'bar',
    report.title,
    report.bars.map(({ label }) => label),
    outcomes,
    report.distinct ? DIMENSION_WORDS[report.distinct.dimension].plural : 'requests',
  );
}

/** A day has more hours than a chart takes points: two hours are one. */
function toPairs({ bars }: SeriesReport): Block | undefined {
  const pairs = bars.flatMap((bar, index) => {
    const next = bars[index + 1];
    const sum = (key: 'requests' | 'ok' | 'failed' | 'none') => bar[key] + (next?.[key] ?? 0);
    if (index % 2 === 1) return [];
    return [{ ...bar, requests: sum('requests'), ok: sum('ok'), failed: sum('failed'), none: sum('none') }];
  });
  const labels = pairs.map(({ label }) => label);
  return toChart('bar', 'Requests per two hours', labels, outcomesOf(pairs), 'requests');
}

function toChart(
  type: 'bar' | 'line',
  title: string,
  points: readonly string[],
  all: readonly Series[],
  unit: string,
): Block | undefined {
  const isDrawn = ({ values }: Series) => values.some((value) => value > 0);
  const drawn = all.filter((each) => each.holdsPlace || isDrawn(each));
  // What is neither good nor bad is blue as well.
  const series = drawn[0]?.holdsPlace ? drawn : [{ name: NOTHING, values: [] }, ...drawn];
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

/** Short enough and different from each other: clipped names that would be the same get a number. */
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
