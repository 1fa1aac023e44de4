import type { SeriesReport } from '../../domain/report.ts';
import { measureText } from '../font.ts';
import type { CanDraw } from '../labels.ts';
import { formatCompact } from '../numbers.ts';
import { CHART_WIDTH, COLOR, MARGIN, SIZE } from '../theme.ts';
import { bandOf, columnLayers, layOutColumns, timeLabelLayers, yOf } from './columns.ts';
import { buildFrame, type LegendItem } from './frame.ts';
import { type ChartSpec, lineLayer, textLayer } from './marks.ts';
import { describeClockChange, toTimeLabels } from './time-axis.ts';

const PLOT_HEIGHT = 200;
/** A limit further above the bars than this would flatten them; it is then named in words. */
const LIMIT_REACH = 3;

/** A bar per day or hour, with the limit line and what is usual; undefined without steps. */
export function buildSeriesSpec(report: SeriesReport, canDraw: CanDraw): ChartSpec | undefined {
  const { bars, limit, usual = [] } = report;
  if (bars.length === 0) return undefined;
  const highest = Math.max(...bars.map(({ requests }) => requests), ...usual.map((value) => value ?? 0));
  const isLimitDrawn = limit !== undefined && (highest === 0 || limit.value <= highest * LIMIT_REACH);
  const max = Math.max(highest, isLimitDrawn ? limit.value : 0) * 1.1;
  const isOver = (requests: number) => limit !== undefined && requests > limit.value;
  const unit = report.range?.grain ?? (report.kind === 'day' ? 'hour' : 'day');

  const legend: LegendItem[] = [
    { label: `requests per ${unit}`, color: COLOR.ok },
    ...(bars.some(({ requests }) => isOver(requests)) ? [{ label: 'above the limit', color: COLOR.limit }] : []),
    ...(bars.some(({ partial }) => partial) ? [{ label: 'still growing', color: COLOR.ok, opacity: 0.5 }] : []),
    ...(usual.some((value) => value !== undefined) ? [{ label: 'usual', color: COLOR.text, tick: true }] : []),
  ];
  const starts = bars.map(({ startMs }) => startMs);
  const clockChange = unit === 'hour' ? describeClockChange(starts, report.zone) : undefined;
  const footnotes = [
    ...(clockChange ? [clockChange] : []),
    ...(limit && !isLimitDrawn
      ? [`${limit.name}, ${formatCompact(limit.value)} per ${unit}, is above this scale.`]
      : []),
  ];

  return buildFrame({ report, canDraw, legend, footnotes }, (top) => {
    const columns = layOutColumns(bars.length, max, top + 6, PLOT_HEIGHT, formatCompact);
    const stepWidth = (columns.right - columns.left) / bars.length;
    const labels = timeLabelLayers(columns, toTimeLabels(starts, unit, report.zone, stepWidth));
    const parts = bars.map(({ requests, partial }, index) => ({
      index,
      from: 0,
      to: requests,
      color: isOver(requests) ? COLOR.limit : COLOR.ok,
      opacity: partial ? 0.5 : 1,
    }));
    const ticks = usual.flatMap((value, index) => {
      const { left, right } = bandOf(columns, index);
      return value === undefined ? [] : [{ x: left, x2: right, y: yOf(columns, value), y2: yOf(columns, value) }];
    });
    return {
      layers: [
        ...columnLayers(columns, parts, formatCompact),
        ...lineLayer(ticks, { color: '#FFFFFF', width: 4 }),
        ...lineLayer(ticks, { color: COLOR.text, width: 2 }),
        ...(isLimitDrawn ? limitLayers(limit, columns) : []),
        ...peakLayers(report, columns),
        ...labels.layers,
      ],
      bottom: labels.bottom,
    };
  });

  function limitLayers(line: { name: string; value: number }, columns: Parameters<typeof yOf>[0]) {
    const y = yOf(columns, line.value);
    const text = `${line.name}: ${formatCompact(line.value)}`;
    const width = measureText(text, SIZE.small, 600);
    return [
      ...lineLayer([{ x: columns.left, x2: columns.right, y, y2: y }], { color: COLOR.text, width: 1.5, dash: [6, 4] }),
      ...textLayer([{ x: CHART_WIDTH - MARGIN - width, y: y - 6, text }], {
        size: SIZE.small,
        color: COLOR.text,
        weight: 600,
        halo: true,
      }),
    ];
  }
}

/** The highest bar's number stands on it. */
function peakLayers(report: SeriesReport, columns: Parameters<typeof yOf>[0]) {
  const peak = report.bars.reduce((best, bar, index) => (bar.requests > report.bars[best]!.requests ? index : best), 0);
  const requests = report.bars[peak]!.requests;
  if (requests === 0) return [];
  const text = formatCompact(requests);
  const half = measureText(text, SIZE.small, 600) / 2;
  const x = Math.min(Math.max(bandOf(columns, peak).middle, columns.left + half), columns.right - half);
  return textLayer([{ x, y: yOf(columns, requests) - 5, text }], {
    size: SIZE.small,
    color: COLOR.text,
    weight: 600,
    align: 'center',
    halo: true,
  });
}
