import type { HistoryReport } from '../../domain/report.ts';
import { ratioOf, sumCredits } from '../../domain/thousandths.ts';
import { formatCompact } from '../../report/format.ts';
import { type CanDraw, toLabels } from '../text.ts';
import { COLOR, INNER, SERIES_COLORS, SIZE } from '../theme.ts';
import { buildSteps, noteLayers, placeNote, stackLayer, valueChannel } from './columns.ts';
import type { Drawing } from './frame.ts';

const PLOT_HEIGHT = 200;

/** One part of a stack: a pool, all pools beyond the available colours, or overage. */
interface Series {
  label: string;
  names: readonly string[];
  color: string;
}

/** Draws credits per month, stacked by pool with overage on top; undefined without months. */
export function drawHistory(report: HistoryReport, canDraw: CanDraw): Drawing | undefined {
  const { months } = report;
  if (months.length === 0) return undefined;
  const stack = toStack(report.series, canDraw);
  const drawn = (month: HistoryReport['months'][number], { names }: Series) =>
    ratioOf(sumCredits(names.map((name) => month.drawn[name] ?? 0)), 1000);
  const sumOf = (series: Series) => months.reduce((sum, month) => sum + drawn(month, series), 0);
  const keys = stack.map((series, key) => ({
    key: String(key),
    color: series.color,
    words: sumOf(series) > 0 ? `${series.label}: ${formatCompact(sumOf(series))}` : undefined,
  }));
  const totals = months.map(({ total }) => ratioOf(total, 1000));
  const peak = totals.indexOf(Math.max(...totals));
  const axis = { starts: months.map(({ startMs }) => startMs), grain: 'month' as const, zone: report.zone };
  const parts = months.flatMap((month, step) =>
    stack.map((series, key) => ({ step, key: String(key), size: drawn(month, series), partial: month.partial })),
  );
  const isPale = months.some(({ partial, total }) => partial && total > 0);
  const size = totals[peak]!;
  const note = size > 0 ? noteLayers([{ ...placeNote(peak, formatCompact(size), axis), size }]) : [];
  const layers = [stackLayer(parts, keys, axis), ...note];
  return {
    remarks: isPale ? ['Paler: month not complete'] : [],
    panels: [buildSteps(axis, layers, { y: valueChannel(size * 1.12), height: PLOT_HEIGHT })],
  };
}

/** Lists pools in their order, then overage. If there are more than five, all from the fifth on are one part in grey. */
function toStack(names: readonly string[], canDraw: CanDraw): Series[] {
  const isOverage = (name: string) => name.toLowerCase() === 'overage';
  const pools = names.filter((name) => !isOverage(name));
  const own = pools.length > SERIES_COLORS.length ? pools.slice(0, SERIES_COLORS.length - 1) : pools;
  const rest = pools.slice(own.length);
  const labels = toLabels(own, INNER - 100, SIZE.small, canDraw);
  return [
    ...own.map((name, index) => ({ label: labels[index]!, names: [name], color: SERIES_COLORS[index]! })),
    ...(rest.length > 0 ? [{ label: `${rest.length} other pools`, names: rest, color: COLOR.other }] : []),
    { label: 'over the allowance', names: names.filter(isOverage), color: COLOR.overage },
  ];
}
