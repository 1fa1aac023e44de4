import type { RankingReport, Report, SeriesReport, StatusReport } from '../../domain/report.ts';
import { MAX_CHART_LABEL, MAX_CHART_POINTS, MAX_CHART_SERIES, MAX_CHART_TITLE } from '../limits.ts';
import { type Block, clip } from './text.ts';

interface Series {
  name: string;
  values: readonly number[];
}

/**
 * The report as Slack's own chart, which needs no file: for answers that only one person sees. Undefined where it does not
 * fit Slack's limits (6 series or slices, 20 points) or there is nothing above zero to draw.
 */
export function buildNativeChart(report: Report): Block | undefined {
  if (report.question.view === 'table') return undefined;
  if (report.kind === 'top') return report.question.view === 'doughnut' ? toPie(report) : toRanking(report);
  if (report.kind === 'status') return toStatus(report);
  if (report.kind === 'daily' || report.kind === 'day') return toSeries(report);
  if (report.kind === 'history') {
    const labels = report.months.map(({ label }) => label);
    const series = report.series.map((name) => ({
      name,
      values: report.months.map(({ drawn }) => (drawn[name] ?? 0) / 1000),
    }));
    return toChart('bar', report.title, labels, series, 'credits');
  }
  if (report.kind === 'pool') {
    const balances = report.scopes.flatMap(({ pools, limits }) => [...pools, ...limits]);
    return toChart(
      'bar',
      'Used % of each pool',
      balances.map(({ name }) => name),
      [{ name: 'used %', values: balances.map(({ percent }) => Math.floor(percent * 10) / 10) }],
      '%',
    );
  }
  return undefined;
}

function toRanking(report: RankingReport): Block | undefined {
  const rows = report.rows.slice(0, MAX_CHART_POINTS);
  if (report.measure === 'credits') {
    const values = rows.map(({ credits }) => credits / 1000);
    return toChart(
      'bar',
      report.title,
      rows.map(({ name }) => name),
      [{ name: 'credits', values }],
      'credits',
    );
  }
  const series = [
    { name: 'ok', values: rows.map(({ ok }) => ok) },
    { name: 'failed', values: rows.map(({ failed }) => failed) },
    ...(rows.some(({ none }) => none > 0) ? [{ name: '(none)', values: rows.map(({ none }) => none) }] : []),
  ];
  return toChart(
    'bar',
    report.title,
    rows.map(({ name }) => name),
    series,
    'requests',
  );
}

function toPie(report: RankingReport): Block | undefined {
  const weigh = (row: { credits: number; requests: number }) =>
    report.measure === 'credits' ? row.credits / 1000 : row.requests;
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

function toStatus(report: StatusReport): Block | undefined {
  const classes = ['2xx', '3xx', '4xx', '5xx', '(none)'];
  const classOf = (status: string) => (/^[1-5]\d\d$/.test(status) ? `${status[0]}xx` : '(none)');
  const series = classes
    .map((name) => ({
      name,
      values: report.steps.map(({ counts }) =>
        Object.entries(counts).reduce((sum, [status, count]) => sum + (classOf(status) === name ? count : 0), 0),
      ),
    }))
    .filter(({ values }) => values.some((value) => value > 0));
  return toChart(
    'line',
    report.title,
    report.steps.map(({ label }) => label),
    series,
    'requests',
  );
}

function toSeries(report: SeriesReport): Block | undefined {
  const values = report.bars.map(({ requests }) => requests);
  const series: Series[] = [{ name: 'requests', values }];
  if (report.limit) series.push({ name: report.limit.name, values: values.map(() => report.limit!.value) });
  return toChart(
    'bar',
    report.title,
    report.bars.map(({ label }) => label),
    series,
    'requests',
  );
}

function toChart(
  type: 'bar' | 'line',
  title: string,
  points: readonly string[],
  series: readonly Series[],
  unit: string,
): Block | undefined {
  const drawable = series.some(({ values }) => values.some((value) => value > 0));
  if (!drawable || points.length > MAX_CHART_POINTS || series.length > MAX_CHART_SERIES) return undefined;
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
  return names.map((name) => {
    let label = clip(name.trim() || '(none)', MAX_CHART_LABEL);
    for (let copy = 2; seen.has(label); copy += 1) {
      label = `${clip(name.trim() || '(none)', MAX_CHART_LABEL - 3)} ${copy}`;
    }
    seen.add(label);
    return label;
  });
}
