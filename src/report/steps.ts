import type { AlertKind, ToldAlert } from '../domain/alert.ts';
import { type Calendar, capitalise, firstDayOf, MINUTE_MS, monthOf, toDate } from '../domain/calendar.ts';
import type { TimeMark } from '../domain/report.ts';
import {
  type Grain,
  STEP_NAMES,
  type StepGrain,
  type UsageAnswer,
  type UsageQuery,
  type UsageRow,
} from '../domain/usage.ts';
import { formatClock, formatHour, formatShortDate, formatStep, formatStepLabel, toLocal } from './format.ts';
import { ask, type Inquiry, namerOf } from './inquiry.ts';
import { toInnerCase } from './scope-words.ts';
import type { Column } from './table.ts';

const FIVE_MINUTES_MS = 5 * MINUTE_MS;
/** The grain that the store counts by, for each grain that charts draw. */
const COUNTED_BY: Readonly<Record<StepGrain, Grain>> = {
  minute: 'minute',
  'five-minutes': 'minute',
  hour: 'hour',
  'hour-of-day': 'hour',
  day: 'day',
  week: 'day',
  weekday: 'day',
  month: 'month',
};

/** One bar's place in time, and the rows counted in it. */
export interface Step<Row = UsageRow> {
  startMs: number;
  /** End of the step, exclusive. */
  endMs: number;
  day: number;
  label: string;
  /** True if it had not ended when asked, or the range cuts it. */
  partial: boolean;
  rows: readonly Row[];
}

/**
 * Lists every step of the inquiry's range in order of time, with and without calls; steps that have not begun are left out. An hour
 * that the clock shows twice is two steps, told apart by their offsets; a skipped hour is none. A step that the range cuts begins
 * where the range does.
 */
export function listSteps<Row extends { startMs: number }>(
  inquiry: Inquiry,
  grain: StepGrain,
  rows: readonly Row[],
): Step<Row>[] {
  const { nowMs, deps, range } = inquiry;
  const { calendar } = deps;
  const counted = Map.groupBy(rows, ({ startMs }) => toStepKey(startMs, grain, calendar));
  return listSpans(inquiry, grain)
    .filter(({ startMs, endMs }) => endMs > range.fromMs && startMs < range.toMs && startMs <= nowMs)
    .map(({ startMs, endMs }) => {
      const day = calendar.dayOf(startMs);
      const isCut = startMs < range.fromMs || endMs > range.toMs;
      return {
        ...{ startMs: Math.max(startMs, range.fromMs), endMs, day, label: labelOf(startMs, day) },
        partial: isCut || endMs > nowMs,
        rows: counted.get(toStepKey(startMs, grain, calendar)) ?? [],
      };
    });

  function labelOf(ms: number, day: number): string {
    const label = formatStepLabel(ms, grain, calendar);
    // A range of more than a year has some dates twice.
    if (grain === 'week' || grain === 'day')
      return range.lastDay - range.firstDay >= 365 ? `${label} ${toDate(day).year}` : label;
    if (grain === 'month') return label;
    const hourClock = formatClock(calendar.startOfHour(ms), calendar.zone);
    const isDoubled = calendar.hoursOf(day).filter((hour) => formatClock(hour, calendar.zone) === hourClock).length > 1;
    const local = isDoubled ? formatHour(ms, calendar.zone).slice(11) : label;
    return range.lastDay > range.firstDay ? `${formatShortDate(day)} ${local}` : local;
  }
}

/** Keeps the steps that were counted completely: they are over, and data had begun before them. */
export function listWhole<Bar extends Pick<Step, 'startMs' | 'partial'> & { requests: number }>(
  { deps, extent }: Inquiry,
  bars: readonly Bar[],
): Bar[] {
  const isLater = ({ startMs }: Bar) => deps.calendar.dayOf(startMs) > (extent?.firstDay ?? 0);
  const begun = bars.findIndex((bar) => bar.requests > 0 || isLater(bar));
  // Data began somewhere within the first step with calls, unless that step lies on a later day.
  return bars.slice(begun).filter((bar, index) => !bar.partial && (index > 0 || isLater(bar)));
}

/** Returns a key that a step shares with the rows counted in it, even where the range cuts the step. */
export function toStepKey(ms: number, grain: StepGrain, calendar: Calendar): number {
  switch (grain) {
    case 'minute':
      return Math.floor(ms / MINUTE_MS);
    case 'five-minutes':
      return Math.floor(ms / FIVE_MINUTES_MS);
    case 'hour':
      return calendar.startOfHour(ms);
    case 'day':
      return calendar.dayOf(ms);
    case 'week':
      return firstOfWeek(calendar.dayOf(ms));
    case 'month':
      return monthOf(calendar.dayOf(ms));
    case 'weekday':
      return toDate(calendar.dayOf(ms)).dayOfWeek;
    case 'hour-of-day':
      return toLocal(ms, calendar.zone).hour;
  }
}

/**
 * Asks by the range's own grain. If minutes or hours are no longer kept, asks for longer steps, and `notes` say so. A day before all
 * data is one step: 24 empty hours would look as if they had been counted.
 */
export async function askBySteps(
  inquiry: Inquiry,
  query: Pick<UsageQuery, 'groupBy'>,
): Promise<{ answer: UsageAnswer; grain: StepGrain; steps: Step[]; notes: string[] }> {
  const { range, extent } = inquiry;
  const askBy = async (grain: StepGrain, note?: string) => {
    const answer = await ask(inquiry, { ...query, grain: COUNTED_BY[grain] });
    const notes = note === undefined || answer.shortened ? [] : [note];
    return { answer, grain, steps: listSteps(inquiry, grain, answer.rows), notes };
  };
  const isWholeDay = range.grain === 'hour' && !range.timed;
  if (isWholeDay && extent && range.lastDay < extent.firstDay) return askBy('day');
  const found = await askBy(range.grain);
  const reason = found.answer.shortened?.reason;
  if (reason === 'no-minutes' && range.grain !== 'hour')
    return askBy('hour', 'Minutes are no longer kept for these days: drawn by the hour.');
  return isWholeDay && reason === 'no-hours'
    ? askBy('day', 'Hourly totals do not reach back this far: the day is one bar.')
    : found;
}

/** Lists whole steps, including those that the range only touches. */
function listSpans({ range, deps, nowMs }: Inquiry, grain: StepGrain): { startMs: number; endMs: number }[] {
  const { calendar } = deps;
  if (grain === 'minute' || grain === 'five-minutes') {
    const width = grain === 'minute' ? MINUTE_MS : FIVE_MINUTES_MS;
    const firstMs = Math.floor(range.fromMs / width) * width;
    const count = Math.ceil((Math.min(range.toMs, nowMs + 1) - firstMs) / width);
    return Array.from({ length: Math.max(0, count) }, (_, n) => {
      const startMs = firstMs + n * width;
      return { startMs, endMs: startMs + width };
    });
  }
  if (range.lastDay < range.firstDay) return [];
  if (grain === 'month') {
    const first = monthOf(range.firstDay);
    return Array.from({ length: monthOf(range.lastDay) - first + 1 }, (_, n) => ({
      startMs: calendar.startOfDay(firstDayOf(first + n)),
      endMs: calendar.startOfDay(firstDayOf(first + n + 1)),
    }));
  }
  if (grain === 'week') {
    const first = firstOfWeek(range.firstDay);
    return Array.from({ length: Math.floor((range.lastDay - first) / 7) + 1 }, (_, n) => ({
      startMs: calendar.startOfDay(first + n * 7),
      endMs: calendar.startOfDay(first + n * 7 + 7),
    }));
  }
  const days = Array.from({ length: range.lastDay - range.firstDay + 1 }, (_, n) => range.firstDay + n);
  const starts = days.flatMap((day) => (grain === 'hour' ? calendar.hoursOf(day) : [calendar.startOfDay(day)]));
  const endMs = calendar.startOfDay(range.lastDay + 1);
  return starts.map((startMs, index) => ({ startMs, endMs: starts[index + 1] ?? endMs }));
}

/** Returns the Monday of a day's week. */
function firstOfWeek(day: number): number {
  return day - (toDate(day).dayOfWeek - 1);
}

/** Columns that name a step: one for CSV, one for people. */
export function stepColumns<Row extends { startMs: number }>(
  grain: StepGrain,
  { zone, dayOf }: Calendar,
  labelOf: (row: Row) => string,
): Column<Row>[] {
  const key = grain === 'five-minutes' ? 'minute' : grain;
  const label = capitalise(STEP_NAMES[key]);
  const name = ({ startMs }: Row) => formatStep(startMs, dayOf(startMs), grain, zone);
  return [
    { key, label, type: 'text', csvOnly: true, cell: name },
    { key: 'label', label, type: 'text', shownOnly: true, cell: labelOf },
  ];
}

/** Columns for programs after the numbers of a step: whether it was partial, and its exact start. */
export const STEP_END_COLUMNS = [
  { key: 'partial', label: 'Partial', type: 'text', csvOnly: true, cell: ({ partial }) => (partial ? 'yes' : 'no') },
  { key: 'start', label: 'Start', type: 'time', csvOnly: true, cell: ({ startMs }) => startMs },
] as const satisfies readonly Column<{ startMs: number; partial: boolean }>[];

/** At most this many lines across one chart. */
const MOST_MARKS = 8;

/** Short labels for a line across a chart. Other kinds of alerts have none, because they are about a name and not about a time. */
const LABELS: Partial<Record<AlertKind, string>> = {
  rate: 'Rate limit',
  silent: 'Silent source',
  unusual: 'Unusual',
  switch: 'Next pool',
};

/** Names the pool of an alert, by its scope if that has no other. */
function nameAlerted(inquiry: Inquiry, { scope, pool }: ToldAlert['content']): string | undefined {
  if (scope === undefined) return undefined;
  const declared = inquiry.definitions.scopes.find(({ name }) => name === scope);
  const count = declared ? declared.pools.length + declared.limits.length : 0;
  return (count > 1 ? pool : undefined) ?? namerOf(inquiry, 'scope')(scope);
}

/**
 * Lists lines for a chart: marks that a pipeline set within the range, and alerts that were sent, of all scopes or of those in the
 * filters. Under other filters there are no alerts, since these are about all calls. If there are too many, each sort gets half: the
 * newest marks, the gravest alerts.
 */
export async function listMarks(inquiry: Inquiry): Promise<{ marks?: readonly TimeMark[] }> {
  const { deps, range, filters } = inquiry;
  const span = { fromMs: range.fromMs, toMs: range.toMs };
  const isOfAllCalls = filters.every(({ key, not }) => key === 'scope' && !not);
  const scopes = filters.flatMap(({ patterns }) => patterns);
  const told = (isOfAllCalls && (await deps.alerts?.(span))) || [];
  const alerts = told
    .filter(({ content }) => scopes.length === 0 || (content.scope !== undefined && scopes.includes(content.scope)))
    .flatMap(({ atMs, content }) => {
      const { kind, level = 0 } = content;
      const whose = nameAlerted(inquiry, content);
      const what = LABELS[kind];
      const label =
        kind === 'level' ? `${whose ?? 'Alert'} ${level}%` : what && (whose ? `${whose}: ${toInnerCase(what)}` : what);
      return label ? [{ atMs, label, level }] : [];
    })
    .sort((a, b) => b.level - a.level || b.atMs - a.atMs)
    .map(({ level: _, ...mark }) => mark);
  const set = (await deps.marks?.(span, MOST_MARKS - Math.min(alerts.length, MOST_MARKS / 2))) ?? [];
  const marks = [...set, ...alerts.slice(0, MOST_MARKS - set.length)].sort((a, b) => a.atMs - b.atMs);
  return marks.length > 0 ? { marks } : {};
}
