import type { SeriesReport } from '../../domain/report.ts';
import { STEP_NAMES } from '../../domain/usage.ts';
import { measureText } from '../font.ts';
import { type CanDraw, drawableText, shortenText } from '../labels.ts';
import { formatCompact } from '../numbers.ts';
import { BACKGROUND, COLOR, SIZE } from '../theme.ts';
import { bandOf, type Columns, columnLayers, layOutColumns, timeLabelLayers, yOf } from './columns.ts';
import { buildFrame, type LegendItem } from './frame.ts';
import { boxLayer, type ChartSpec, type Layer, lineLayer, textLayer } from './marks.ts';
import { describeClockChange, stepGrainOf, toTimeLabels } from './time-axis.ts';

const PLOT_HEIGHT = 200;
const PARTIAL_OPACITY = 0.5;
/** A limit further above the bars than this would flatten them; it is then named in words. */
const LIMIT_REACH = 3;

type Bars = SeriesReport['bars'];
type Usual = readonly (number | undefined)[];

/** A bar per day or hour, with the limit line and what is usual; undefined without steps. */
export function buildSeriesSpec(report: SeriesReport, canDraw: CanDraw): ChartSpec | undefined {
  const { bars, limit } = report;
  const usual = (report.usual ?? []).map((each) => each?.median);
  if (bars.length === 0) return undefined;
  const highest = Math.max(...bars.map(({ requests }) => requests), ...usual.map((value) => value ?? 0));
  const isLimitDrawn = limit !== undefined && (highest === 0 || limit.value <= highest * LIMIT_REACH);
  const max = Math.max(highest, isLimitDrawn ? limit.value : 0) * 1.1;
  const isOver = ({ requests }: Bars[number]) => limit !== undefined && requests > limit.value;
  const starts = bars.map(({ startMs }) => startMs);
  const unit = stepGrainOf(report.range, starts);
  const limitText = limit
    ? `${shortenText(drawableText(limit.name, new Map(), canDraw), 240, SIZE.small, 600)}: ${formatCompact(limit.value)}`
    : '';

  const legend: LegendItem[] = [
    { label: `requests per ${STEP_NAMES[unit]}`, color: COLOR.ok },
    ...(bars.some(isOver) ? [{ label: 'above the limit', color: COLOR.limit }] : []),
    ...(bars.some(({ partial }) => partial)
      ? [{ label: 'partial: still growing', color: COLOR.ok, opacity: PARTIAL_OPACITY }]
      : []),
    ...(usual.some((value) => value !== undefined) ? [{ label: 'usual', color: COLOR.text, tick: true }] : []),
  ];
  const clockChange = unit === 'hour' ? describeClockChange(starts, report.zone) : undefined;
  const footnotes = [
    ...(clockChange ? [clockChange] : []),
    ...(limit && !isLimitDrawn ? [`${limitText} per ${STEP_NAMES[unit]} is above this scale.`] : []),
  ];

  return buildFrame({ report, canDraw, legend, footnotes }, (top) => {
    const columns = layOutColumns(bars.length, max, top + 6, PLOT_HEIGHT, formatCompact);
    const stepWidth = (columns.right - columns.left) / bars.length;
    const labels = timeLabelLayers(columns, toTimeLabels(starts, unit, report.zone, stepWidth));
    const parts = bars.map((bar, index) => ({
      index,
      from: 0,
      to: bar.requests,
      color: isOver(bar) ? COLOR.limit : COLOR.ok,
      opacity: bar.partial ? PARTIAL_OPACITY : 1,
    }));
    return {
      layers: [
        ...columnLayers(columns, parts, formatCompact),
        ...usualLayers(usual, columns),
        ...(isLimitDrawn ? limitLayers(limit.value, limitText, bars, usual, columns) : []),
        ...peakLayers(bars, usual, columns),
        ...labels.layers,
      ],
      bottom: labels.bottom,
    };
  });
}

/** Thin dark ticks with a white edge, so that they show on the bars and above them. */
function usualLayers(usual: Usual, columns: Columns): Layer[] {
  const ticks = listTicks(usual, columns).map(({ left, right, y }) => ({ x: left, x2: right, y, y2: y }));
  return [...lineLayer(ticks, { color: BACKGROUND, width: 4 }), ...lineLayer(ticks, { color: COLOR.text, width: 2 })];
}

/** A dashed line with its name above it, as far right as nothing stands in the way; else on a white plate at the right. */
function limitLayers(value: number, text: string, bars: Bars, usual: Usual, columns: Columns): Layer[] {
  const y = yOf(columns, value);
  const width = measureText(text, SIZE.small, 600);
  const peak = placePeak(bars, usual, columns);
  const obstacles = [
    ...bars.flatMap(({ requests }, index) => (requests > value ? [bandOf(columns, index)] : [])),
    ...listTicks(usual, columns).filter((tick) => tick.y < y && tick.y > y - 2 * SIZE.small),
    ...(peak && peak.y - SIZE.small < y ? [{ left: peak.x - peak.half, right: peak.x + peak.half }] : []),
  ];
  const free = bars
    .map((_, index) => bandOf(columns, index).right - width)
    .filter((x) => x >= columns.left + 4)
    .findLast((x) => obstacles.every(({ left, right }) => right < x - 4 || left > x + width + 4));
  const x = free ?? columns.right - width - 4;
  return [
    ...lineLayer([{ x: columns.left, x2: columns.right, y, y2: y }], { color: COLOR.text, width: 1.5, dash: [6, 4] }),
    ...(free === undefined ? boxLayer([{ x: x - 4, x2: x + width + 4, y: y - 21, y2: y - 2, color: BACKGROUND }]) : []),
    ...textLayer([{ x, y: y - 6, text }], { size: SIZE.small, color: COLOR.text, weight: 600, halo: true }),
  ];
}

/** Where the highest bar's number stands: above the bar, and above what is usual where that is in its way; undefined where nothing was counted. */
function placePeak(
  bars: Bars,
  usual: Usual,
  columns: Columns,
): { x: number; y: number; half: number; text: string } | undefined {
  const peak = bars.reduce((best, bar, index) => (bar.requests > bars[best]!.requests ? index : best), 0);
  const { requests } = bars[peak]!;
  if (requests === 0) return undefined;
  const text = formatCompact(requests);
  const half = measureText(text, SIZE.small, 600) / 2;
  const x = Math.min(Math.max(bandOf(columns, peak).middle, columns.left + half), columns.right - half);
  const y = listTicks(usual, columns)
    .filter(({ left, right }) => left < x + half && right > x - half)
    .sort((a, b) => b.y - a.y)
    .reduce(
      (above, tick) => (tick.y < above + 4 && tick.y > above - SIZE.small ? tick.y - 5 : above),
      yOf(columns, requests) - 5,
    );
  return { x, y, half, text };
}

function listTicks(usual: Usual, columns: Columns): { left: number; right: number; y: number }[] {
  return usual.flatMap((value, index) =>
    value === undefined ? [] : [{ ...bandOf(columns, index), y: yOf(columns, value) }],
  );
}

function peakLayers(bars: Bars, usual: Usual, columns: Columns): Layer[] {
  const peak = placePeak(bars, usual, columns);
  return textLayer(peak ? [peak] : [], {
    size: SIZE.small,
    color: COLOR.text,
    weight: 600,
    align: 'center',
    halo: true,
  });
}
