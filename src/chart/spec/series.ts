import type { SeriesReport, StatusReport, UsualRequests } from '../../domain/report.ts';
import { STEP_NAMES } from '../../domain/usage.ts';
import { drawDistinct } from '../../report/distinct.ts';
import { formatCompact, formatPercent, formatShare } from '../../report/format.ts';
import { shareFailed } from '../../report/totals.ts';
import { type CanDraw, drawableText, shortenText } from '../text.ts';
import { COLOR, SIZE, STATUS_COLOR } from '../theme.ts';
import {
  buildSteps,
  LOW_HEIGHT,
  markLayers,
  type Note,
  noteLayers,
  PLOT,
  placeNote,
  stackLayer,
  valueChannel,
} from './columns.ts';
import { type Drawing, type Layer, type Panel, toLayer } from './frame.ts';
import { outcomeKeys, toParts } from './rows.ts';
import { type TimeAxis, toTimeAxis } from './time-axis.ts';

/** Up to this many steps have a block each for the usual range; more have one band, which begins and ends in the middle of a bar. */
const FEW = 14;
/** A limit further above the bars than this many times would flatten them; it is named in words instead. */
const LIMIT_REACH = 3;
const LIMIT = { type: 'rule', color: COLOR.text, strokeWidth: 1.5, strokeDash: [6, 4] };

/**
 * Draws a bar per day or hour with its failures, over the usual range; names odd steps, the limit and marks. Undefined without steps.
 */
export function drawSeries(series: SeriesReport, canDraw: CanDraw): Drawing | undefined {
  const report = drawDistinct(series);
  const { bars, limit, usual = [], marks = [] } = report;
  if (bars.length === 0) return undefined;
  const { axis, remarks } = toTimeAxis(report, bars);
  const step = STEP_NAMES[axis.grain];
  const highest = Math.max(...bars.map(({ requests }) => requests), ...usual.map((each) => each?.high ?? 0));
  const isLimitDrawn = limit !== undefined && (highest === 0 || limit.value <= highest * LIMIT_REACH);
  const max = Math.max(highest, isLimitDrawn ? limit.value : 0) * (marks.length > 0 ? 1.3 : 1.15);
  const limitText = limit
    ? `${shortenText(drawableText(limit.name, canDraw), 220, SIZE.small, 600)} ${formatCompact(limit.value)}`
    : '';
  const notes = listNotes(report, axis);
  const hasUsual = usual.some((each) => each !== undefined);
  const outcomes = outcomeKeys(report.totals);
  const keys = hasUsual
    ? [
        ...outcomes.map((each) => (each.key === 'ok' ? { ...each, words: each.words ?? 'requests' } : each)),
        { key: 'usual', color: COLOR.usual, words: 'usual range' },
      ]
    : outcomes;
  const parts = bars.flatMap((bar, step) => toParts(bar).map((part) => ({ step, ...part, partial: bar.partial })));
  const layers = [
    stackLayer(parts, keys, axis),
    ...(hasUsual ? [toBand(usual)] : []),
    ...(isLimitDrawn ? [toLayer([{ size: limit.value }], LIMIT, { x: { value: 1 }, x2: { value: PLOT - 1 } })] : []),
    ...markLayers(marks, axis, canDraw),
    ...oddLayers(report),
    ...noteLayers(
      notes.map((note) => ({
        ...{ ...note, size: bars[note.step]!.requests, dy: isMarked(usual[note.step]) ? -14 : -4 },
      })),
    ),
  ];
  return {
    remarks: [
      ...(bars.some(({ partial }) => partial) ? [`Paler: ${step} not complete`] : []),
      ...remarks,
      ...(limit ? [isLimitDrawn ? `Dashed: ${limitText}` : `${limitText} per ${step}: far above this scale`] : []),
    ],
    panels: [buildSteps(axis, layers, { y: valueChannel(max) })],
  };
}

function toBand(usual: NonNullable<SeriesReport['usual']>): Layer {
  const shape = usual.length > FEW ? { type: 'area', interpolate: 'step' } : { type: 'bar', width: { band: 1.15 } };
  return toLayer(
    usual.map((each, step) => ({ step, size: each?.low ?? null, high: each?.high ?? null })),
    { ...shape, color: COLOR.text, opacity: 0.2 },
    { y2: { field: 'high' } },
  );
}

/**
 * Lists the notes that have room: the number of the highest bar, how many times the usual the oddest one is, and the oddest share of
 * failures.
 */
function listNotes({ bars, usual = [], marks }: SeriesReport, axis: TimeAxis): Note[] {
  const peak = bars.reduce((best, bar, index) => (bar.requests > bars[best]!.requests ? index : best), 0);
  const ratioOf = (step: number) => bars[step]!.requests / Math.max(1, usual[step]!.median);
  const odd = findFurthest(listOdd(usual), (step) => Math.abs(Math.log(Math.max(ratioOf(step), 0.001))));
  const failedOf = (step: number) => shareFailed(bars[step]!);
  const failing = findFurthest(listFailing(usual), (step) => Math.abs(failedOf(step) - usual[step]!.usualFailed!));
  const texts = new Map<number, string[]>();
  const say = (step: number, text: string) => texts.set(step, [...(texts.get(step) ?? []), text]);
  if (bars[peak]!.requests > 0) say(peak, formatCompact(bars[peak]!.requests));
  if (odd !== undefined) say(odd, toWords(ratioOf(odd)));
  if (failing !== undefined) say(failing, `${formatPercent(failedOf(failing) * 100)} failed`);
  const kept: Note[] = [];
  for (const [step, parts] of texts) {
    const note = placeNote(step, parts.join(' · '), axis, marks);
    if (kept.every(({ left, right }) => note.right < left || right < note.left)) kept.push(note);
  }
  return kept;
}

function findFurthest(steps: readonly number[], distanceOf: (step: number) => number): number | undefined {
  return steps.toSorted((a, b) => distanceOf(b) - distanceOf(a))[0];
}

function listOdd(usual: NonNullable<SeriesReport['usual']>): number[] {
  return usual.flatMap((each, step) => (each?.isOdd ? [step] : []));
}

function isMarked(usual: UsualRequests | undefined): boolean {
  return usual !== undefined && (usual.isOdd || usual.usualFailed !== undefined);
}

/** Lists steps whose share of failures is far from the usual. */
function listFailing(usual: NonNullable<SeriesReport['usual']>): number[] {
  return usual.flatMap((each, step) => (each?.usualFailed === undefined ? [] : [step]));
}

/** Marks each odd bar with a triangle, in the colour of failures if more than usual failed. */
function oddLayers({ bars, usual = [] }: SeriesReport): Layer[] {
  const values = bars.flatMap((bar, step) => {
    if (!isMarked(usual[step])) return [];
    const isFailing = shareFailed(bar) > (usual[step]?.usualFailed ?? 1);
    return [{ step, size: bar.requests, ...(isFailing ? { isFailing } : {}) }];
  });
  const mark = { type: 'point', shape: 'triangle-down', filled: true, size: 60, opacity: 1, yOffset: -7 };
  const color = { condition: { test: 'datum.isFailing', value: COLOR.failed }, value: COLOR.text };
  return values.length > 0 ? [toLayer(values, mark, { color })] : [];
}

/** `4.5× usual`, `84% less`, `none`. */
function toWords(ratio: number): string {
  if (ratio < 1) return ratio === 0 ? 'none' : `${Math.round((1 - ratio) * 100)}% less`;
  return `${ratio >= 10 ? Math.round(ratio) : Math.round(ratio * 10) / 10}× usual`;
}

/** Draws the rates that were asked for as a line below the calls. Rates of success do not start at 0 but just below the lowest. */
function drawRates({ steps, question }: StatusReport, axis: TimeAxis): Panel | undefined {
  const isOfSuccess = question.focus === 'succeeded';
  const rates = steps.flatMap(({ rate }) => rate ?? []);
  const [low, high] = [Math.min(...rates), Math.max(...rates)];
  if (rates.length < 2) return undefined;
  const points = steps.map(({ rate = null }, step) => ({ step, size: rate }));
  const color = isOfSuccess ? STATUS_COLOR['2xx'] : COLOR.failed;
  const y = valueChannel(isOfSuccess ? 100 : high * 1.1, 2);
  const scale = { ...y.scale, domain: [isOfSuccess ? Math.max(0, low - (100 - low) * 0.2) : 0, y.scale.domain[1]] };
  const mark = { type: 'line', color, strokeWidth: 2.5, strokeJoin: 'round', point: { color, size: 30 } };
  return buildSteps(axis, [toLayer(points, mark, {})], {
    title: `% that ${isOfSuccess ? 'succeeded' : 'failed'} per ${STEP_NAMES[axis.grain]}: ${formatPercent(low)} to ${formatPercent(high)}`,
    ...{ y: { ...y, scale }, height: LOW_HEIGHT },
  });
}

type Group = keyof typeof STATUS_COLOR;
/** Order from the zero line up, so that failures are on top. */
const GROUPS: readonly Group[] = ['2xx', '1xx', '3xx', '(none)', '4xx', '429', '5xx'];
const PLOT_HEIGHT = 180;
/** Server errors below this share of the scale are too small to see, and get a panel of their own. */
const SEEN_SHARE = 0.15;

/**
 * Draws requests per step, stacked by status group; few server errors are drawn again below, on their own scale. Undefined without
 * requests.
 */
export function drawStatus(report: StatusReport, canDraw: CanDraw): Drawing | undefined {
  const parts = report.steps.flatMap(({ counts }, step) =>
    GROUPS.map((key) => ({ step, key, size: counts[key] ?? 0 })),
  );
  const sumOf = (group: Group) => parts.reduce((sum, { key, size }) => sum + (key === group ? size : 0), 0);
  const total = parts.reduce((sum, { size }) => sum + size, 0);
  if (total === 0) return undefined;
  const { axis, remarks } = toTimeAxis(report, report.steps);
  const errors = parts.filter(({ key }) => key === '5xx');
  const worst = Math.max(...errors.map(({ size }) => size));
  const max = Math.max(
    ...report.steps.map(({ counts }) => Object.values(counts).reduce((sum, count) => sum + count, 0)),
  );
  const keys = GROUPS.map((key) => ({
    key,
    color: STATUS_COLOR[key],
    words: sumOf(key) > 0 ? `${key}: ${formatCompact(sumOf(key))} (${formatShare(sumOf(key), total)})` : undefined,
  }));
  const { marks = [] } = report;
  const rates = drawRates(report, axis);
  const isPanelNeeded = rates !== undefined || (worst > 0 && worst < max * SEEN_SHARE);
  const main = buildSteps(axis, [stackLayer(parts, keys, axis), ...markLayers(marks, axis, canDraw)], {
    y: valueChannel(max * (marks.length > 0 ? 1.2 : 1.04)),
    height: PLOT_HEIGHT,
    labels: !isPanelNeeded,
  });
  if (!isPanelNeeded) return { remarks, panels: [main] };
  if (rates) return { remarks, panels: [main, rates] };
  const panel = buildSteps(axis, [stackLayer(errors, [keys.at(-1)!], axis)], {
    title: `Server errors (5xx) per ${STEP_NAMES[axis.grain]}, peak ${formatCompact(worst)}`,
    y: valueChannel(worst * 1.1, 2),
    height: LOW_HEIGHT,
  });
  return { remarks, panels: [main, panel] };
}
