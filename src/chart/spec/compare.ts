import type { CompareReport } from '../../domain/report.ts';
import { addUp, isAddedUp, SO_FAR, toRate } from '../../report/compared-rows.ts';
import { formatCompact, formatCompactCredits, formatLatency } from '../../report/format.ts';
import type { CanDraw } from '../text.ts';
import { CARD, COLOR } from '../theme.ts';
import {
  buildLines,
  buildSteps,
  durationChannel,
  isInSeconds,
  LOW_HEIGHT,
  stackLayer,
  valueChannel,
} from './columns.ts';
import type { Drawing, Panel } from './frame.ts';
import { BAR, buildRows, firstRankOf, type RowMarks, type RowsStyle } from './rows.ts';
import type { TimeAxis } from './time-axis.ts';

const BEFORE = 5;
const MAX_BARS = 10;
const MAX_SECTIONS = 2;
const MAX_SECTION_BARS = 5;

/**
 * Draws two lines for days or hours, otherwise a pair of bars per name; of a drill-down the first two dimensions. Undefined without
 * rows.
 */
export function drawCompared(report: CompareReport, canDraw: CanDraw): Drawing | undefined {
  const { range, versus, steps, sections, measure, per } = report;
  const words = { now: range.label, before: versus.label };
  const remarks = measure === 'p95' ? ['p95 of each'] : per.isDay ? ['Per day: the ranges have unequal lengths'] : [];
  if (steps) {
    const axis = { starts: steps.map(({ startMs }) => startMs), grain: report.grain, zone: report.zone };
    const isSummed = isAddedUp(report);
    const line = (key: 'before' | 'now', color: string) => {
      const values = steps.map((step) => step[key]);
      return { key, color, words: words[key], values: isSummed ? addUp(values) : values };
    };
    const lines = [line('before', COLOR.before), line('now', COLOR.ok)];
    if (isSummed)
      return { title: SO_FAR, panels: [buildLines(lines, axis, { labels: false }), buildDays(report, steps, axis)] };
    if (measure !== 'p95') return { panels: [buildLines(lines, axis)] };
    const max = Math.max(1, ...lines.flatMap(({ values }) => values.map((value) => value ?? 0))) * 1.1;
    const unit = `p95, ${isInSeconds(max) ? 'seconds' : 'milliseconds'}`;
    return { remarks: [unit], panels: [buildLines(lines, axis, { y: durationChannel({ max }) })] };
  }
  const drawn = sections.filter(({ rows }) => rows.length > 0).slice(0, MAX_SECTIONS);
  if (drawn.length === 0) return undefined;
  const format = { requests: formatCompact, credits: formatCompactCredits, p95: formatLatency }[measure];
  const panels = drawn.map(({ title, rows, more }, index) => {
    const shown = rows.slice(0, drawn.length === 1 ? MAX_BARS : MAX_SECTION_BARS);
    const items = shown.map((row) => ({
      name: row.name,
      now: Number(toRate(row.now, per.now, measure)),
      before: Number(toRate(row.before, per.before, measure)),
    }));
    const all = rows.length + more;
    const heading = all > shown.length ? `${title} (${shown.length} of ${all})` : title;
    return buildComparedRows(items, index === 0 ? words : {}, format, {
      ...{ canDraw, firstRank: firstRankOf(report), title: drawn.length > 1 ? heading : undefined },
    });
  });
  return { remarks, panels };
}

/** Draws each day of the range asked about, because running totals hide a single odd day. */
function buildDays({ title, range }: CompareReport, steps: NonNullable<CompareReport['steps']>, axis: TimeAxis): Panel {
  const parts = steps.map(({ now = 0 }, step) => ({ step, key: 'now', size: now }));
  const highest = Math.max(...parts.map(({ size }) => size));
  return buildSteps(axis, [stackLayer(parts, [{ key: 'now', color: COLOR.ok }], axis)], {
    ...{ title: `${title}, ${range.label}, peak ${formatCompact(highest)}`, height: LOW_HEIGHT },
    y: valueChannel(highest * 1.1, 2),
  });
}

/** A name with its numbers in two ranges. */
export interface ComparedItem {
  name: string;
  now: number;
  before: number;
}

/** Draws a bar per item for the range asked about, a thin grey bar below it for the range before, and the change in words. */
export function buildComparedRows(
  items: readonly ComparedItem[],
  ranges: { now?: string; before?: string },
  format: (size: number) => string,
  style: Pick<RowsStyle, 'canDraw' | 'firstRank' | 'title'>,
): Panel {
  const rows = items.map(({ name, now, before }) => {
    return { name, value: `${format(now)} · ${describeChange(now, before)}`, parts: [{ key: 'now', size: now }] };
  });
  const before: RowMarks = {
    values: items.map(({ before: size }, row) => ({ row, size })),
    mark: { type: 'bar', height: BEFORE, color: COLOR.before, stroke: CARD },
    below: (BAR + BEFORE) / 2 + 1,
  };
  const keys = [
    { key: 'now', color: COLOR.ok, words: ranges.now },
    { key: 'before', color: COLOR.before, words: ranges.before },
  ];
  const max = Math.max(...items.flatMap(({ now, before }) => [now, before]));
  return buildRows(rows, { ...style, max, keys, over: [before] });
}

/** `↑ 12%`, `↓ 3.4×`, `new`, `gone`, `same`. */
function describeChange(now: number, before: number): string {
  if (now === before) return 'same';
  if (before === 0) return 'new';
  if (now === 0) return 'gone';
  const change = now / before - 1;
  if (change >= 1) return `↑ ${Math.round((now / before) * 10) / 10}×`;
  const percent = Math.round(Math.abs(change) * 100);
  return `${change > 0 ? '↑' : '↓'} ${percent === 0 ? '<1' : Math.min(percent, 99)}%`;
}
