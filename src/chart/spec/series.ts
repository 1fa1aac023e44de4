import type { SeriesReport } from '../../domain/report.ts';
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

/** A bar per day or hour, with the limit line and what is usual; undefined without steps. */
export function buildSeriesSpec(report: SeriesReport, canDraw: CanDraw): ChartSpec | undefined {
  const { bars, limit, usual = [] } = report;
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
    { label: `requests per ${unit}`, color: COLOR.ok },
    ...(bars.some(isOver) ? [{ label: 'above the limit', color: COLOR.limit }] : []),
    ...(bars.some(({ partial }) => partial)
      ? [{ label: 'partial: still growing', color: COLOR.ok, opacity: PARTIAL_OPACITY }]
      : []),
    ...(usual.some((value) => value !== undefined) ? [{ label: 'usual', color: COLOR.text, tick: true }] : []),
  ];
  const clockChange = unit === 'hour' ? describeClockChange(starts, report.zone) : undefined;
  const footnotes = [
    ...(clockChange ? [clockChange] : []),
    ...(limit && !isLimitDrawn ? [`${limitText} per ${unit} is above this scale.`] : []),
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
        ...(isLimitDrawn ? limitLayers(limit.value, limitText, bars, columns) : []),
        ...peakLayers(bars, columns),
        ...labels.layers,
      ],
      bottom: labels.bottom,
    };
  });
}

/** Thin dark ticks with a white edge, so that they show on the bars and above them. */
function usualLayers(usual: readonly (number | undefined)[], columns: Columns): Layer[] {
  const ticks = usual.flatMap((value, index) => {
    const { left, right } = bandOf(columns, index);
    return value === undefined ? [] : [{ x: left, x2: right, y: yOf(columns, value), y2: yOf(columns, value) }];
  });
  return [...lineLayer(ticks, { color: BACKGROUND, width: 4 }), ...lineLayer(ticks, { color: COLOR.text, width: 2 })];
}

/** A dashed line with its name above it, as far right as nothing stands in the way; else on a white plate at the right. */
function limitLayers(value: number, text: string, bars: Bars, columns: Columns): Layer[] {
  const y = yOf(columns, value);
  const width = measureText(text, SIZE.small, 600);
  const peak = placePeak(bars, columns);
  const obstacles = [
    ...bars.flatMap(({ requests }, index) => (requests > value ? [bandOf(columns, index)] : [])),
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

/** Where the highest bar's number stands; undefined where nothing was counted. */
function placePeak(bars: Bars, columns: Columns): { x: number; y: number; half: number; text: string } | undefined {
  const peak = bars.reduce((best, bar, index) => (bar.requests > bars[best]!.requests ? index : best), 0);
  const { requests } = bars[peak]!;
  if (requests === 0) return undefined;
  const text = formatCompact(requests);
  const half = measureText(text, SIZE.small, 600) / 2;
  const x = Math.min(Math.max(bandOf(columns, peak).middle, columns.left + half), columns.right - half);
  return { x, y: yOf(columns, requests) - 5, half, text };
}

function peakLayers(bars: Bars, columns: Columns): Layer[] {
  const peak = placePeak(bars, columns);
  return textLayer(peak ? [peak] : [], {
    size: SIZE.small,
    color: COLOR.text,
    weight: 600,
    align: 'center',
    halo: true,
  });
}
