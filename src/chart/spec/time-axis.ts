import { MONTHS, SHORT_WEEKDAYS } from '../../domain/calendar.ts';
import type { StepGrain } from '../../domain/usage.ts';
import { toLocal } from '../../report/format.ts';
import { measureText } from '../text.ts';
import { SIZE } from '../theme.ts';

/** The steps of a panel over time. */
export interface TimeAxis {
  starts: readonly number[];
  grain: StepGrain;
  zone: string;
}

/** Returns the axis of a report's steps, with a remark about an hour that a clock change repeats or skips. */
export function toTimeAxis(
  { grain, zone }: Pick<TimeAxis, 'grain' | 'zone'>,
  steps: readonly { startMs: number }[],
): { axis: TimeAxis; remarks: string[] } {
  const axis = { starts: steps.map(({ startMs }) => startMs), grain, zone };
  return { axis, remarks: grain === 'hour' ? describeClockChange(axis) : [] };
}

/** A label of the time axis under column `index`; a second line adds what the first leaves open. */
export interface TimeLabel {
  index: number;
  lines: readonly string[];
}

/** Pixels between two labels. */
const MIN_GAP = 10;

type Local = Temporal.ZonedDateTime;

/** One way to label an axis: which steps get a label, by their local time or their place, and its lines. */
interface Rung {
  isShown?: (local: Local) => boolean;
  /** Label only every n-th of the shown steps. */
  every?: number;
  /** Index of the first labelled step among those shown. */
  from?: number;
  lines: (local: Local) => readonly [first: string, second?: string];
}

/**
 * Returns as many labels as fit an axis of `width` pixels: all, else every Monday, first of a month, third hour and so on. Times are
 * local to the zone, so hours keep their own names in a night with a clock change.
 */
export function toTimeLabels({ starts, grain, zone }: TimeAxis, width: number): TimeLabel[] {
  const stepWidth = width / starts.length;
  const locals = starts.map((ms) => toLocal(ms, zone));
  const choices = listRungs(grain, locals)
    .map((rung) => toLabels(rung, locals))
    .filter((labels) => labels.length > 1 || locals.length < 3);
  const coarsest = toLabels({ lines: (local) => [dayMonth(local)] }, locals).slice(0, 1);
  const fitting = choices.find((labels) => labels.length > 0 && fits(labels, stepWidth)) ?? coarsest;
  return fitting.filter((label) => endOf(label, stepWidth) <= width);
}

/** Lists the ways to label an axis, from many labels to few. */
function listRungs(grain: StepGrain, locals: readonly Local[]): Rung[] {
  const strides = [1, 2, 3, 6, 12];
  const month = (local: Local) => [MONTHS[local.month - 1]!, String(local.year)] as const;
  if (grain === 'month') return strides.map((every) => ({ every, lines: month }));
  if (grain === 'weekday') return [{ lines: (local) => [SHORT_WEEKDAYS[local.dayOfWeek - 1]!] }];
  if (grain === 'week') return strides.map((every) => ({ every, lines: (local) => [dayMonth(local)] }));
  if (grain === 'hour-of-day')
    return strides.map((hours) => ({ isShown: (local) => local.hour % hours === 0, lines: (local) => [clock(local)] }));
  if (grain === 'hour') {
    const isOneDay = locals.every((local) => local.toPlainDate().equals(locals[0]!.toPlainDate()));
    const lines = (local: Local) =>
      [`${String(local.hour).padStart(2, '0')}:00`, isOneDay ? '' : dayMonth(local)] as const;
    return [...strides, 24].map((hours) => ({ isShown: (local) => local.hour % hours === 0, lines }));
  }
  if (grain !== 'day') {
    return [1, 5, 10, 15, 30, 60].map((minutes) => ({
      ...{ isShown: (local) => local.minute % minutes === 0, lines: (local) => [clock(local)] },
    }));
  }
  const isMonday = (local: Local) => local.dayOfWeek === 1;
  const mondays: Rung = { isShown: isMonday, lines: (local) => [dayMonth(local)] };
  return [
    {
      lines: (local) => [SHORT_WEEKDAYS[local.dayOfWeek - 1]!, local.day === 1 ? dayMonth(local) : String(local.day)],
    },
    mondays,
    { ...mondays, every: 2 },
    { ...mondays, every: 2, from: 1 },
    ...strides.map((every): Rung => ({ isShown: (local) => local.day === 1, every, lines: month })),
  ];
}

/** Shows the second line of labels only where it changes. */
function toLabels({ isShown = () => true, every = 1, from = 0, lines }: Rung, locals: readonly Local[]): TimeLabel[] {
  let last = '';
  return [...locals.entries()]
    .filter(([, local]) => isShown(local))
    .filter((_, place) => place % every === from)
    .map(([index, local]) => {
      const [first, second = ''] = lines(local);
      const isNew = second !== '' && second !== last;
      last = second;
      return { index, lines: isNew ? [first, second] : [first] };
    });
}

function widthOf({ lines }: TimeLabel): number {
  return Math.max(...lines.map((line) => measureText(line, SIZE.small)));
}

/** Returns the right end of a label, in pixels from the left of the axis. */
function endOf(label: TimeLabel, stepWidth: number): number {
  return (label.index + 0.5) * stepWidth + widthOf(label) / 2;
}

function fits(labels: readonly TimeLabel[], stepWidth: number): boolean {
  return labels.every((label, place) => {
    const next = labels[place + 1];
    return !next || (next.index - label.index) * stepWidth >= (widthOf(label) + widthOf(next)) / 2 + MIN_GAP;
  });
}

function dayMonth(local: Local): string {
  return `${local.day} ${MONTHS[local.month - 1]}`;
}

function describeClockChange({ starts, zone }: TimeAxis): string[] {
  const locals = starts.map((ms) => toLocal(ms, zone));
  return locals
    .flatMap((after, index) => {
      const before = locals[index - 1] ?? after;
      const shift = after.offsetNanoseconds - before.offsetNanoseconds;
      if (shift < 0) return [`Clocks go back: the hour ${clock(after)} comes twice.`];
      return shift > 0 ? [`Clocks go forward: ${clock(after)} follows ${clock(before)}.`] : [];
    })
    .slice(0, 1);
}

function clock(local: Local): string {
  return local.toPlainTime().toString({ smallestUnit: 'minute' });
}
