import { type Calendar, formatDay, toDate } from '../calendar.ts';
import { MINUTE_MS } from '../time-units.ts';
import { InvalidRangeError } from './error.ts';
import { formatClockTime } from './words.ts';

/**
 * The instant at which a day's clock shows a time (minutes; 1440 is its end). A time that a clock change skips is the
 * instant of the change; one that comes twice is the first where the repeated stretch begins. Throws InvalidRangeError for
 * other times that come twice, with both as ISO instants in `choicesOf`'s ranges.
 */
export function clockInstant(
  day: number,
  minutes: number,
  calendar: Calendar,
  asked: string,
  choicesOf: (instants: readonly string[]) => readonly string[],
): number {
  if (minutes === 0) return calendar.startOfDay(day);
  if (minutes >= 1440) return calendar.startOfDay(day + 1);
  const wall = toDate(day).toPlainDateTime(new Temporal.PlainTime(Math.floor(minutes / 60), minutes % 60));
  const [earlier, later] = (['earlier', 'later'] as const).map((disambiguation) =>
    wall.toZonedDateTime(calendar.zone, { disambiguation }),
  ) as [Temporal.ZonedDateTime, Temporal.ZonedDateTime];
  if (earlier.epochMilliseconds === later.epochMilliseconds) return earlier.epochMilliseconds;
  if (!earlier.toPlainDateTime().equals(wall)) {
    return earlier.getTimeZoneTransition('next')?.epochMilliseconds ?? later.epochMilliseconds;
  }
  const change = earlier.getTimeZoneTransition('next')!;
  if (change.toPlainDateTime().equals(wall)) return earlier.epochMilliseconds;
  const texts = [earlier, later].map(formatInstantText);
  throw new InvalidRangeError(
    `“${asked}”: ${formatClockTime(minutes)} comes twice on ${formatDay(day)}, when clocks go back.`,
    choicesOf(texts),
  );
}

/** `2026-10-25 02:00` where the clock shows it once, else `2026-10-25T02:00+01:00`: reads back as the same instant. */
export function instantText(ms: number, calendar: Calendar): string {
  const local = Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(calendar.zone);
  const plain = local.toPlainDateTime();
  const isOnce = (['earlier', 'later'] as const).every(
    (disambiguation) => plain.toZonedDateTime(calendar.zone, { disambiguation }).epochMilliseconds === ms,
  );
  if (ms % MINUTE_MS !== 0 || local.second !== 0 || !isOnce) return formatInstantText(local);
  return `${plain.toPlainDate()} ${plain.toPlainTime().toString({ smallestUnit: 'minute' })}`;
}

function formatInstantText(local: Temporal.ZonedDateTime): string {
  return local.toString({ timeZoneName: 'never', smallestUnit: 'minute' });
}
