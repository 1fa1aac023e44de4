import { MONTHS, SHORT_WEEKDAYS } from '../../domain/calendar.ts';
import type { Range } from '../../domain/range.ts';
import type { StepGrain } from '../../domain/usage.ts';
import { measureText } from '../font.ts';
import { SIZE } from '../theme.ts';

/** A label of the time axis under column `index`; a second line says what the first leaves open. */
export interface TimeLabel {
  index: number;
  lines: readonly string[];
}

/** Between two labels. */
const MIN_GAP = 10;

/**
 * Returns the length of one step: as the range is drawn, but by longer steps where shorter ones are no longer kept: a whole
 * past day in one step is a day.
 */
export function stepGrainOf(range: Range | undefined, starts: readonly number[]): StepGrain {
  if (!range) return 'day';
  if (range.timed) return widestGrain(starts) ?? range.grain;
  return range.grain === 'hour' && starts.length === 1 && !range.partial ? 'day' : range.grain;
}

/** The grain of the widest step: a range may cut its first and last one. */
function widestGrain(starts: readonly number[]): StepGrain | undefined {
  if (starts.length < 3) return undefined;
  const minutes = Math.max(...starts.slice(1).map((ms, index) => ms - starts[index]!)) / 60_000;
  if (minutes <= 5) return minutes <= 1 ? 'minute' : 'five-minutes';
  if (minutes <= 60) return 'hour';
  return minutes <= 25 * 60 ? 'day' : 'month';
}

type Step = { index: number; local: Temporal.ZonedDateTime };

/**
 * As many labels as fit an axis of `width` pixels: all, else every Monday, month's first, third hour and so on. Times are
 * local to the zone, so the hours of a night with a clock change keep their own names.
 */
export function toTimeLabels(starts: readonly number[], grain: StepGrain, zone: string, width: number): TimeLabel[] {
  const stepWidth = width / starts.length;
  const steps = starts.map((ms, index) => ({
    index,
    local: Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(zone),
  }));
  const choices = choicesOf(grain, steps);
  const fitting = choices.find((labels) => labels.length > 0 && fits(labels, stepWidth));
  return (fitting ?? choices.at(-1)!.slice(0, 1)).filter((label) => endOf(label, stepWidth) <= width);
}

function choicesOf(grain: StepGrain, steps: readonly Step[]): TimeLabel[][] {
  if (grain === 'minute' || grain === 'five-minutes') {
    return [1, 5, 10, 15, 30, 60].map((every) =>
      steps
        .filter(({ local }) => (local.hour * 60 + local.minute) % every === 0)
        .map(({ index, local }) => ({ index, lines: [clock(local)] })),
    );
  }
  if (grain === 'hour') {
    const days = new Set(steps.map(({ local }) => local.toPlainDate().toString()));
    return [1, 2, 3, 6, 12, 24].map((every) =>
      steps
        .filter(({ local }) => local.hour % every === 0)
        .map(({ index, local }, place) => ({
          index,
          lines: [
            `${String(local.hour).padStart(2, '0')}:00`,
            ...(days.size > 1 && (place === 0 || local.hour === 0) ? [dayMonth(local)] : []),
          ],
        })),
    );
  }
  if (grain === 'month')
    return everyNth(steps, [1, 2, 3, 6, 12], (local) => [MONTHS[local.month - 1]!, String(local.year)]);
  return [
    steps.map(({ index, local }) => ({
      index,
      lines: [SHORT_WEEKDAYS[local.dayOfWeek - 1]!, local.day === 1 ? dayMonth(local) : String(local.day)],
    })),
    steps.filter(({ local }) => local.dayOfWeek === 1).map(({ index, local }) => ({ index, lines: [dayMonth(local)] })),
    ...[0, 1].map((odd) =>
      steps
        .filter(({ local }) => local.dayOfWeek === 1)
        .filter((_, place) => place % 2 === odd)
        .map(({ index, local }) => ({ index, lines: [dayMonth(local)] })),
    ),
    ...everyNth(
      steps.filter(({ local }) => local.day === 1),
      [1, 2, 3, 6, 12],
      (local) => [MONTHS[local.month - 1]!, String(local.year)],
    ),
    steps.slice(0, 1).map(({ index, local }) => ({ index, lines: [dayMonth(local)] })),
  ].filter((labels) => labels.length > 1 || steps.length < 3);
}

function everyNth(
  steps: readonly Step[],
  strides: readonly number[],
  linesOf: (local: Temporal.ZonedDateTime) => [string, string],
): TimeLabel[][] {
  return strides.map((stride) =>
    withSecondLines(
      steps.filter((_, place) => place % stride === 0),
      linesOf,
    ),
  );
}

/** The second line stands only where it changes. */
function withSecondLines(
  steps: readonly Step[],
  linesOf: (local: Temporal.ZonedDateTime) => [string, string],
): TimeLabel[] {
  let last = '';
  return steps.map(({ index, local }) => {
    const [first, second] = linesOf(local);
    const lines = second === last ? [first] : [first, second];
    last = second;
    return { index, lines };
  });
}

function widthOf({ lines }: TimeLabel): number {
  return Math.max(...lines.map((line) => measureText(line, SIZE.small)));
}

/** Right end of a label, in pixels from the left of the axis. */
function endOf(label: TimeLabel, stepWidth: number): number {
  return (label.index + 0.5) * stepWidth + widthOf(label) / 2;
}

function fits(labels: readonly TimeLabel[], stepWidth: number): boolean {
  return labels.every((label, place) => {
    const next = labels[place + 1];
    return !next || (next.index - label.index) * stepWidth >= (widthOf(label) + widthOf(next)) / 2 + MIN_GAP;
  });
}

function dayMonth(local: Temporal.ZonedDateTime): string {
  return `${local.day} ${MONTHS[local.month - 1]}`;
}

/** Says which hour a clock change repeats or leaves out; undefined on other days. */
export function describeClockChange(starts: readonly number[], zone: string): string | undefined {
  for (let index = 1; index < starts.length; index++) {
    const [before, after] = [starts[index - 1]!, starts[index]!].map((ms) =>
      Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(zone),
    );
    const shift = after!.offsetNanoseconds - before!.offsetNanoseconds;
    if (shift < 0) return `Clocks go back: the hour ${clock(after!)} comes twice.`;
    if (shift > 0) return `Clocks go forward: ${clock(after!)} follows ${clock(before!)}.`;
  }
  return undefined;
}

function clock(local: Temporal.ZonedDateTime): string {
  return local.toPlainTime().toString({ smallestUnit: 'minute' });
}
