import type { HistoryReport, LatencyReport, TimedRow, TimeMark } from '../../domain/report.ts';
import { ratioOf, sumCredits } from '../../domain/thousandths.ts';
import type { Latency } from '../../domain/usage.ts';
import { countOf, formatCompact, formatLatency } from '../../report/format.ts';
import { type CanDraw, drawableText, measureText, shortenText, toLabels } from '../text.ts';
import { CARD, COLOR, INNER, SCALE, SERIES_COLORS, SIZE } from '../theme.ts';
import { colorOf, type Drawing, type Key, type Layer, type Panel, type Text, textLayers, toLayer } from './frame.ts';
import { buildRows, firstRankOf, type Row } from './rows.ts';
import { type TimeAxis, toTimeAxis, toTimeLabels } from './time-axis.ts';

/** Room left of the plot for the labels of the value axis. Fixed, so that panels line up and images are equally wide. */
const GUTTER = 46;
export const PLOT = INNER - GUTTER;
const PLOT_HEIGHT = 190;
const HISTORY_HEIGHT = 200;
/** Height of a small panel below another. */
export const LOW_HEIGHT = 60;
/** Bars are not drawn wider than this. */
const MAX_BAR = 64;
/** With more bars than this, there is no gap between them. */
const MANY = 60;
const SHORT_NUMBER = "replace(format(datum.value, '~s'), 'G', 'B')";

interface StepsStyle {
  /** Channel of the field `size`: `valueChannel` or `durationChannel`. */
  y: object;
  height?: number;
  /** False if another panel below has the labels of the time axis. */
  labels?: boolean;
  title?: string;
}

/**
 * Builds a panel over time: a band per step, and as many labels as fit on a phone. Its layers are placed by the fields `step`, the
 * index of a step, and `size`, unless they say otherwise.
 */
export function buildSteps(axis: TimeAxis, layers: readonly Layer[], style: StepsStyle): Panel {
  const { y, height = PLOT_HEIGHT, labels = true, title } = style;
  const encoding = { x: stepChannel(axis, labels), y };
  const heading = title && { text: title, fontSize: SIZE.small, frame: 'bounds', offset: 6 };
  return { ...(heading ? { title: heading } : {}), width: PLOT, height, encoding, layer: [...layers] } as Panel;
}

function stepChannel(axis: TimeAxis, hasLabels: boolean) {
  const { starts } = axis;
  const shown = hasLabels ? toTimeLabels(axis, PLOT) : [];
  const lines = Object.fromEntries(shown.map(({ index, lines }) => [index, lines]));
  return {
    field: 'step',
    type: 'ordinal',
    scale: {
      type: 'band',
      domain: starts.map((_, index) => index),
      ...(starts.length > MANY ? { paddingInner: 0, paddingOuter: 0.13 } : { paddingInner: 0.2, paddingOuter: 0.1 }),
    },
    axis: {
      domain: true,
      domainColor: COLOR.axis,
      zindex: 1,
      values: shown.map(({ index }) => index),
      labelExpr: `(${JSON.stringify(lines)})[datum.value]`,
      labelAngle: 0,
      labelOverlap: false,
      labelPadding: 6,
      labelLineHeight: 18,
    },
  };
}

/** Builds a scale from zero to `max` with a few short numbers. */
export function valueChannel(max: number, tickCount = 4) {
  return {
    field: 'size',
    type: 'quantitative' as const,
    scale: { domain: [0, max || 1], nice: false },
    axis: {
      tickCount,
      tickMinStep: 1,
      labelExpr: SHORT_NUMBER,
      labelPadding: 8,
      minExtent: GUTTER,
      maxExtent: GUTTER,
    },
  };
}

/** Builds a scale of durations in milliseconds. `least`: makes it logarithmic, from this value on, since it cannot include zero. */
export function durationChannel({ max, least }: { max: number; least?: number | undefined }) {
  const channel = valueChannel(max);
  const seconds = isInSeconds(max);
  const axis = { ...channel.axis, tickMinStep: 0, labelExpr: `format(datum.value${seconds ? ' / 1000' : ''}, ',~g')` };
  if (least === undefined) return { ...channel, axis };
  const scale = { type: 'log' as const, domain: [least, max], nice: false };
  // Label powers of ten, with steps between them if the scale has only a few.
  const values = toPowers(least, max);
  return { ...channel, scale, axis: { ...axis, values } };
}

/** Tells whether durations up to this one are shorter when written in seconds. */
export function isInSeconds(maxMs: number): boolean {
  return maxMs >= 1000;
}

function toPowers(least: number, max: number): number[] {
  const powers = Array.from({ length: 16 }, (_, index) => 10 ** (index - 5));
  const inside = (values: number[]) => values.filter((value) => value >= least && value <= max);
  const tens = inside(powers);
  return tens.length >= 3 ? tens : inside(powers.flatMap((power) => [power, 2 * power, 5 * power]));
}

/** Draws bars stacked in the order of `keys`, the first at the zero line; steps that are not complete are paler. */
export function stackLayer(
  parts: readonly { step: number; key: string; size: number; partial?: boolean }[],
  keys: readonly Key[],
  { starts: { length: count } }: TimeAxis,
): Layer {
  const values = parts
    .filter(({ size }) => size > 0)
    .map((part) => ({ ...part, order: keys.findIndex(({ key }) => key === part.key) }));
  // Many thin bars overlap by a drawn pixel; otherwise seams would show.
  const step = PLOT / count;
  const band = count > MANY ? Math.max(1.25, 1 + 1 / (SCALE * step)) : Math.min(1, MAX_BAR / step);
  const mark = { type: 'bar', width: { band }, ...(count > MANY ? { clip: true } : { stroke: CARD }) };
  return toLayer(values, mark, {
    order: { field: 'order', type: 'quantitative' },
    opacity: { condition: { test: 'datum.partial', value: 0.5 }, value: 1 },
    color: colorOf(keys, PLOT),
  });
}

/** A text over the bar of a step. */
export interface Note extends Text {
  step: number;
  /** Its left and right ends, in pixels of the plot. */
  left: number;
  right: number;
  /** Shift from the bar's middle that keeps it within the plot. */
  dx: number;
}

export function placeNote(step: number, text: string, { starts }: TimeAxis, marks: readonly TimeMark[] = []): Note {
  const half = measureText(text, SIZE.small, 600) / 2 + 4;
  const middle = middleOf(step, starts);
  const within = Math.max(half - middle, Math.min(0, PLOT - half - middle));
  // The line of a mark would strike the note through, so it goes beside the line, on the side of its own bar. If the mark is at that
  // bar, it goes left, since the label of a mark is on the right.
  const steps = marks.map(({ atMs }) => findStep(atMs, starts)).filter((each) => each >= 0);
  const lines = steps.map((each) => middleOf(each, starts) - middle);
  const line = lines.find((at) => Math.abs(at - within) < half);
  const sides = line === undefined ? [within] : line < 0 ? [line + half, line - half] : [line - half, line + half];
  const dx = sides.find((each) => middle + each - half >= 0 && middle + each + half <= PLOT) ?? within;
  return { step, text, dx, left: middle + dx - half, right: middle + dx + half };
}

function middleOf(step: number, { length: count }: readonly number[]): number {
  return ((step + 0.5) * PLOT) / count;
}

/** Finds the step that holds a moment; -1 if it is before all steps. */
function findStep(atMs: number, starts: readonly number[]): number {
  return starts.findLastIndex((startMs) => startMs <= atMs);
}

/** Draws notes above their `size`, or at `place`; they may overlap bars. */
export function noteLayers(notes: readonly (Text & { size?: number })[], place: object = {}): Layer[] {
  const look = { weight: 600, baseline: 'bottom', dy: -4 } as const;
  return textLayers(
    notes.map((note) => ({ ...look, ...note })),
    place,
    { halo: true },
  );
}

/** Labels of marks are cut to this width, so that there is room for others. */
const MARK_WIDTH = 220;

/** Draws lines across the plot where something happened, with as many labels as fit. */
export function markLayers(marks: readonly TimeMark[], { starts }: TimeAxis, canDraw: CanDraw): Layer[] {
  let free = Number.NEGATIVE_INFINITY;
  const values = marks
    .map(({ atMs, label }) => ({
      step: findStep(atMs, starts),
      label: shortenText(drawableText(label, canDraw), MARK_WIDTH, SIZE.small, 600),
    }))
    .filter(({ step }) => step >= 0)
    .sort((a, b) => a.step - b.step)
    .map(({ label, ...mark }) => {
      const middle = middleOf(mark.step, starts);
      const width = measureText(label, SIZE.small, 600);
      const isLeft = middle + width + 6 > PLOT;
      const [from, to] = isLeft ? [middle - 5 - width, middle] : [middle, middle + 5 + width];
      const look = isLeft ? ({ align: 'right', dx: -5 } as const) : ({ align: 'left', dx: 5 } as const);
      if (from < Math.max(free, -GUTTER)) return { ...mark, ...look, text: '' };
      free = to + 8;
      return { ...mark, ...look, text: label };
    });
  if (values.length === 0) return [];
  const rule = { type: 'rule', color: COLOR.mark, strokeWidth: 1.5, strokeDash: [4, 3] };
  const labels = values.map((value) => ({ ...value, baseline: 'top', dy: 0, color: COLOR.mark }) as const);
  return [toLayer(values, rule, { y: null }), ...noteLayers(labels, { y: { value: 0 } })];
}

/** Values by step; undefined if nothing was measured. */
export interface Line extends Key {
  values: readonly (number | undefined)[];
}

interface LinesStyle {
  /** Channel of the values; absent: a scale from zero. */
  y?: object;
  /** Layers drawn over the lines. */
  over?: readonly Layer[];
  labels?: boolean;
}

/** Draws lines over time on one scale: two ranges side by side, or percentiles of a latency. A gap stays a gap. */
export function buildLines(
  lines: readonly Line[],
  axis: TimeAxis,
  { y, over = [], labels = true }: LinesStyle = {},
): Panel {
  const max = Math.max(0, ...lines.flatMap(({ values }) => values.map((value) => value ?? 0))) * 1.1;
  const points = lines.flatMap(({ key, values }) => values.map((value, step) => ({ key, step, size: value ?? null })));
  // A line of a single point would be invisible: draw the point.
  const alone = points.filter(
    ({ size }, at) => size !== null && points[at - 1]?.size == null && points[at + 1]?.size == null,
  );
  const color = colorOf(lines, PLOT);
  const layers = [
    toLayer(points, { type: 'line', strokeWidth: 2.5, strokeJoin: 'round' }, { color }),
    toLayer(alone, { type: 'point', filled: true, size: 40, opacity: 1 }, { color }),
    ...over,
  ];
  return buildSteps(axis, layers, { y: y ?? valueChannel(max), labels });
}

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
    panels: [buildSteps(axis, layers, { y: valueChannel(size * 1.12), height: HISTORY_HEIGHT })],
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

const MAX_BARS = 10;
/**
 * If the highest line is more than this many times the lowest, the scale is logarithmic: otherwise the lowest would lie on the axis.
 */
const FAR_APART = 8;

const LINES = [
  { key: 'p99', color: SERIES_COLORS[4], of: ({ p99Ms }: Latency) => p99Ms },
  { key: 'p95', color: SERIES_COLORS[0], of: ({ p95Ms }: Latency) => p95Ms },
  { key: 'p50', color: SERIES_COLORS[1], of: ({ p50Ms }: Latency) => p50Ms },
] as const;

/** Draws bars up to the p95 of each name, or percentiles as lines over time; undefined if nothing has a duration. */
export function drawLatency(report: LatencyReport, canDraw: CanDraw): Drawing | undefined {
  if (!report.total.latency) return undefined;
  return report.steps ? drawOverTime(report, report.steps) : drawRanked(report, canDraw);
}

function drawRanked(report: LatencyReport, canDraw: CanDraw): Drawing | undefined {
  const shown = report.rows.slice(0, MAX_BARS);
  if (shown.length === 0) return undefined;
  const rows = shown.map(({ name, latency, requests }): Row => {
    const { p50Ms, p95Ms, p99Ms } = latency!;
    return {
      name,
      value: formatLatency(p95Ms),
      parts: [
        { key: 'p50', size: p50Ms },
        { key: 'p95', size: p95Ms - p50Ms },
      ],
      remarks: [`p50 ${formatLatency(p50Ms)} · p99 ${formatLatency(p99Ms)} · ${toCalls(requests)}`],
    };
  });
  const max = Math.max(...shown.map(({ latency }) => latency!.p95Ms));
  const keys = [
    { key: 'p50', color: COLOR.ok, words: 'half of the calls (p50)' },
    { key: 'p95', color: SERIES_COLORS[1], words: '95% (p95)' },
  ];
  return { panels: [buildRows(rows, { canDraw, firstRank: firstRankOf(report), max, keys })] };
}

function toCalls(requests: number): string {
  return requests < 10_000 ? countOf(requests, 'call') : `${formatCompact(requests)} calls`;
}

function drawOverTime(report: LatencyReport, steps: NonNullable<LatencyReport['steps']>): Drawing {
  const { axis } = toTimeAxis({ grain: 'day', ...report }, steps);
  const lines = LINES.map(({ key, color, of }) => ({
    ...{ key, color, words: key },
    values: steps.map(({ latency }) => (latency ? of(latency) : undefined)),
  }));
  const values = lines.flatMap((line) => line.values.filter((value) => value !== undefined));
  const [lowest, highest] = [Math.min(...values), Math.max(...values)];
  const isLog = lowest > 0 && highest > lowest * FAR_APART;
  const max = highest * (isLog ? 1.5 : 1.15) || 1;
  const y = durationChannel({ max, least: isLog ? lowest / 1.3 : undefined });
  const unit = isInSeconds(max) ? 'Seconds' : 'Milliseconds';
  return {
    remarks: [isLog ? `${unit}, logarithmic scale` : unit],
    panels: [buildLines(lines, axis, { y, over: notePeak(steps, axis) })],
  };
}

/** Writes the p95 of the slowest step above it. */
function notePeak(steps: readonly TimedRow[], axis: TimeAxis) {
  const p95Of = (step: number) => steps[step]!.latency?.p95Ms ?? 0;
  const peak = steps.reduce((best, _, step) => (p95Of(step) > p95Of(best) ? step : best), 0);
  const note = placeNote(peak, `p95 ${formatLatency(p95Of(peak))}`, axis);
  return noteLayers([{ ...note, size: p95Of(peak), color: SERIES_COLORS[0] }]);
}
