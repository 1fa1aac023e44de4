import type { SeriesReport, UsualRequests } from '../../domain/report.ts';
import { STEP_NAMES } from '../../domain/usage.ts';
import { drawDistinct } from '../../report/distinct.ts';
import { formatPercent } from '../../report/format.ts';
import { shareFailed } from '../../report/totals.ts';
import { measureText } from '../font.ts';
import { type CanDraw, drawableText, shortenText } from '../labels.ts';
import { formatCompact } from '../numbers.ts';
import { COLOR, SIZE } from '../theme.ts';
import {
  markLayers,
  type Note,
  noteLayers,
  PLOT,
  placeNote,
  stackLayer,
  stepChannel,
  valueChannel,
} from './columns.ts';
import { buildFrame, type ChartSpec, type Layer } from './frame.ts';
import { outcomeKeys, toParts } from './ranking.ts';
import { describeClockChange, stepGrainOf } from './time-axis.ts';

const PLOT_HEIGHT = 190;
/** So few steps have a block each for what is usual; more have a band, which begins and ends in the middle of a bar. */
const FEW = 14;
/** A limit further above the bars than this would flatten them; it is then named in words. */
const LIMIT_REACH = 3;

/** A bar per day or hour with its failures, over what is usual; odd steps, the limit and marks are named. Undefined without steps. */
export function buildSeriesSpec(series: SeriesReport, canDraw: CanDraw): ChartSpec | undefined {
  const report = drawDistinct(series);
  const { bars, limit, usual = [], marks = [] } = report;
  if (bars.length === 0) return undefined;
  const starts = bars.map(({ startMs }) => startMs);
  const axis = { starts, grain: stepGrainOf(report.range, starts), zone: report.zone };
  const step = STEP_NAMES[axis.grain];
  const highest = Math.max(...bars.map(({ requests }) => requests), ...usual.map((each) => each?.high ?? 0));
  const isLimitDrawn = limit !== undefined && (highest === 0 || limit.value <= highest * LIMIT_REACH);
  const max = Math.max(highest, isLimitDrawn ? limit.value : 0) * (marks.length > 0 ? 1.3 : 1.15);
  const limitText = limit
    ? `${shortenText(drawableText(limit.name, canDraw), 220, SIZE.small, 600)} ${formatCompact(limit.value)}`
    : '';
  const notes = listNotes(report);
  const limitLeft = isLimitDrawn ? placeLimit(limit.value, limitText, bars, notes) : undefined;
  const hasUsual = usual.some((each) => each !== undefined);
  const outcomes = outcomeKeys(report.totals);
  const keys = hasUsual
    ? [
        ...outcomes.map((each) => (each.key === 'ok' ? { ...each, words: each.words ?? 'requests' } : each)),
        { key: 'usual', color: COLOR.usual, words: 'usual range' },
      ]
    : outcomes;
  const clockChange = axis.grain === 'hour' ? describeClockChange(starts, report.zone) : undefined;
  const remarks = [
    ...(bars.some(({ partial }) => partial) ? [`Paler: ${step} not complete`] : []),
    ...(clockChange ? [clockChange] : []),
    ...(isLimitDrawn && limitLeft === undefined ? [`Dashed: ${limitText}`] : []),
    ...(limit && !isLimitDrawn ? [`${limitText} per ${step}: far above this scale`] : []),
  ];
  const x = stepChannel(axis);
  const parts = bars.flatMap((bar, step) => toParts(bar).map((part) => ({ step, ...part, partial: bar.partial })));
  return buildFrame({ report, canDraw, remarks }, [
    {
      width: PLOT,
      height: PLOT_HEIGHT,
      layer: [
        stackLayer(parts, { x, max, keys }),
        ...(hasUsual ? [bandLayer(usual, x, max)] : []),
        ...(isLimitDrawn ? limitLayers(limit.value, limitText, limitLeft) : []),
        ...markLayers(marks, axis, x),
        ...oddLayers(report, x, max),
        ...noteLayers(
          notes.map((note) => ({
            ...{ ...note, size: bars[note.step]!.requests, dy: isMarked(usual[note.step]) ? -14 : -4 },
          })),
          { x, y: valueChannel('size', max) },
        ),
      ],
    },
  ]);
}

function bandLayer(usual: NonNullable<SeriesReport['usual']>, x: object, max: number): Layer {
  return {
    data: { values: usual.map((each, step) => ({ step, low: each?.low ?? null, high: each?.high ?? null })) },
    mark: {
      ...(usual.length > FEW ? { type: 'area', interpolate: 'step' } : { type: 'bar', width: { band: 1.15 } }),
      color: COLOR.text,
      opacity: 0.2,
    },
    encoding: { x, y: valueChannel('low', max), y2: { field: 'high' } },
  } as Layer;
}

/** Where the limit's name covers no bar and no note, as far right as that is, in pixels; undefined where there is no such place. */
function placeLimit(
  value: number,
  text: string,
  bars: SeriesReport['bars'],
  notes: readonly Note[],
): number | undefined {
  const step = PLOT / bars.length;
  const width = measureText(text, SIZE.small, 600);
  const isFree = (left: number) =>
    left >= 2 &&
    left + width <= PLOT - 2 &&
    notes.every((note) => note.right < left || note.left > left + width) &&
    bars.every((bar, index) => bar.requests <= value || (index + 1) * step < left || index * step > left + width);
  return bars.map((_, index) => (index + 1) * step - width - 2).findLast(isFree);
}

function limitLayers(value: number, text: string, left: number | undefined): Layer[] {
  const y = { datum: value };
  return [
    {
      data: { values: [{}] },
      mark: { type: 'rule', color: COLOR.text, strokeWidth: 1.5, strokeDash: [6, 4] },
      encoding: { y, x: { value: 1 }, x2: { value: PLOT - 1 } },
    } as Layer,
    ...(left === undefined ? [] : noteLayers([{ text, align: 'left', dy: -3 }], { x: { value: left }, y })),
  ];
}

/** The number of the highest bar, how many times the usual the oddest is, and the oddest share of failures, where each has room. */
function listNotes({ bars, usual = [] }: SeriesReport): Note[] {
  const peak = bars.reduce((best, bar, index) => (bar.requests > bars[best]!.requests ? index : best), 0);
  const ratioOf = (step: number) => bars[step]!.requests / Math.max(1, usual[step]!.median);
  const odd = findFurthest(listOdd(usual), (step) => Math.abs(Math.log(Math.max(ratioOf(step), 0.001))));
  const failedOf = (step: number) => shareFailed(bars[step]!);
  const failing = findFurthest(listFailing(usual), (step) => Math.abs(failedOf(step) - usual[step]!.usualFailed!));
  const texts = new Map<number, string[]>();
  const say = (step: number, text: string) => texts.set(step, [...(texts.get(step) ?? []), text]);
  if (bars[peak]!.requests > 0) say(peak, formatCompact(bars[peak]!.requests));
  if (odd !== undefined) say(odd, `${formatRatio(ratioOf(odd))} usual`);
  if (failing !== undefined) say(failing, `${formatPercent(failedOf(failing) * 100)} failed`);
  const kept: Note[] = [];
  for (const [step, parts] of texts) {
    const note = placeNote(step, parts.join(' · '), bars.length);
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

/** Steps whose share of failures is far from the usual. */
function listFailing(usual: NonNullable<SeriesReport['usual']>): number[] {
  return usual.flatMap((each, step) => (each?.usualFailed === undefined ? [] : [step]));
}

/** A triangle over each odd bar, in the colour of failures where more than usual failed. */
function oddLayers({ bars, usual = [] }: SeriesReport, x: object, max: number): Layer[] {
  const steps = [...new Set([...listOdd(usual), ...listFailing(usual)])].toSorted((a, b) => a - b);
  const values = steps.map((step) => {
    const isFailing = shareFailed(bars[step]!) > (usual[step]!.usualFailed ?? 1);
    return { step, size: bars[step]!.requests, ...(isFailing ? { isFailing } : {}) };
  });
  const look = { shape: 'triangle-down', filled: true, size: 60, opacity: 1, yOffset: -7 };
  const color = { condition: { test: 'datum.isFailing', value: COLOR.failed }, value: COLOR.text };
  if (values.length === 0) return [];
  return [
    {
      data: { values },
      mark: { type: 'point', ...look },
      encoding: { x, y: valueChannel('size', max), color },
    } as Layer,
  ];
}

function formatRatio(ratio: number): string {
  return `${ratio >= 10 ? Math.round(ratio) : Math.round(ratio * 10) / 10}×`;
}
