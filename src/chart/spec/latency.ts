import type { LatencyReport, TimedRow } from '../../domain/report.ts';
import type { Latency } from '../../domain/usage.ts';
import { countOf, formatCompact, formatLatency } from '../../report/format.ts';
import type { CanDraw } from '../text.ts';
import { COLOR, SERIES_COLORS } from '../theme.ts';
import { buildLines, durationChannel, isInSeconds, noteLayers, placeNote } from './columns.ts';
import type { Drawing } from './frame.ts';
import { buildRows, firstRankOf, type Row } from './rows.ts';
import { type TimeAxis, toTimeAxis } from './time-axis.ts';

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
