import type { HistoryReport } from '../../domain/report.ts';
import { measureText } from '../font.ts';
import { type CanDraw, toLabels } from '../labels.ts';
import { formatCompact } from '../numbers.ts';
import { COLOR, CONTENT_WIDTH, SERIES_COLORS, SIZE } from '../theme.ts';
import { bandOf, type Columns, columnLayers, layOutColumns, timeLabelLayers, yOf } from './columns.ts';
import { buildFrame, type LegendItem } from './frame.ts';
import { type ChartSpec, type Layer, textLayer } from './marks.ts';
import { toTimeLabels } from './time-axis.ts';

const PLOT_HEIGHT = 200;
const PARTIAL_OPACITY = 0.6;

/** What is stacked as one: a pool, the pools beyond the colours there are, or overage. */
interface Series {
  label: string;
  names: readonly string[];
  color: string;
}

/** Credits per month, stacked by pool with overage on top and the total above; undefined without months. */
export function buildHistorySpec(report: HistoryReport, canDraw: CanDraw): ChartSpec | undefined {
  const { months } = report;
  if (months.length === 0) return undefined;
  const stack = toStack(report.series, canDraw);
  // Credits as shown, so that ticks are round.
  const drawn = (month: HistoryReport['months'][number], { names }: Series) =>
    names.reduce((sum, name) => sum + (month.drawn[name] ?? 0), 0) / 1000;
  const max = Math.max(...months.map(({ total }) => total / 1000)) * 1.1;
  const sumOf = (series: Series) => months.reduce((sum, month) => sum + drawn(month, series), 0);
  const legend: LegendItem[] = [
    ...stack
      .filter((series) => sumOf(series) > 0)
      .map((series) => ({ label: `${series.label} ${formatCompact(sumOf(series))}`, color: series.color })),
    ...(months.some(({ partial }) => partial)
      ? [{ label: 'paler: month not over', color: COLOR.ok, opacity: PARTIAL_OPACITY }]
      : []),
  ];
  return buildFrame({ report, canDraw, legend }, (top) => {
    const columns = layOutColumns(months.length, max, top + 12, PLOT_HEIGHT, formatCompact);
    const parts = months.flatMap((month, index) => {
      let from = 0;
      return stack.map((series) => {
        const part = { index, from, to: from + drawn(month, series), color: series.color };
        from = part.to;
        return { ...part, opacity: month.partial ? PARTIAL_OPACITY : 1 };
      });
    });
    const starts = months.map(({ startMs }) => startMs);
    const stepWidth = (columns.right - columns.left) / months.length;
    const labels = timeLabelLayers(columns, toTimeLabels(starts, 'month', report.zone, stepWidth));
    return {
      layers: [...columnLayers(columns, parts, formatCompact), ...totalLayers(report, columns), ...labels.layers],
      bottom: labels.bottom,
    };
  });
}

/** Every total where all have room, if need be with a digit less; else the largest alone. */
function totalLayers(report: HistoryReport, columns: Columns): Layer[] {
  const step = (columns.right - columns.left) / columns.count;
  const totals = report.months.map(({ total }) => total / 1000);
  const fits = (text: string) => measureText(text, SIZE.small) <= step - 6;
  const digits = ([3, 2] as const).find((count) => totals.every((total) => fits(formatCompact(total, count))));
  const largest = totals.indexOf(Math.max(...totals));
  const items = totals.flatMap((total, index) =>
    total > 0 && (digits !== undefined || index === largest)
      ? [{ x: bandOf(columns, index).middle, y: yOf(columns, total) - 5, text: formatCompact(total, digits) }]
      : [],
  );
  return textLayer(items, { size: SIZE.small, color: COLOR.text, align: 'center', halo: true });
}

/** Pools in their order; from the fifth on, where there are more than five, as one in grey; overage last. */
function toStack(names: readonly string[], canDraw: CanDraw): Series[] {
  const isOverage = (name: string) => name.toLowerCase() === 'overage';
  const pools = names.filter((name) => !isOverage(name));
  const own = pools.length > SERIES_COLORS.length ? pools.slice(0, SERIES_COLORS.length - 1) : pools;
  const rest = pools.slice(own.length);
  const labels = toLabels(own, CONTENT_WIDTH / 2 - 60, SIZE.label, canDraw);
  return [
    ...own.map((name, index) => ({ label: labels[index]!, names: [name], color: SERIES_COLORS[index]! })),
    ...(rest.length > 0 ? [{ label: `${rest.length} other pools`, names: rest, color: COLOR.other }] : []),
    { label: 'overage', names: names.filter(isOverage), color: COLOR.overage },
  ];
}
