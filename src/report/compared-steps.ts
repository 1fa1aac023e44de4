import type { CompareReport } from '../domain/report.ts';
import type { ComparedSide } from './compare-sides.ts';

/** The steps of one of two ranges that are compared. */
export type Steps = NonNullable<ComparedSide['steps']>;

/**
 * Pairs steps in order; hours of ranges that begin at the same time of day, by the clock: a clock change in one of them doubles
 * an hour, or skips it, and moves no other. Undefined where the ranges have steps of different widths.
 */
export function joinSteps(now: Steps, before: Steps): CompareReport['steps'] {
  const [first, firstBefore] = [now.bars[0], before.bars[0]];
  if (now.grain !== before.grain || !first) return undefined;
  const { zone, grain } = now;
  const clocks = firstBefore && grain === 'hour' ? [first, firstBefore].map((bar) => toLocal(bar.startMs, zone)) : [];
  const isByClock =
    clocks.length > 0 &&
    (clocks.every((local) => local.equals(local.startOfDay())) || new Set(clocks.map(clockOf)).size === 1);
  const toPlaces = ({ bars }: Steps) =>
    new Map(bars.map((bar, index) => [isByClock ? placeOf(bar.startMs, bars[0]!.startMs, zone) : index, bar]));
  const [own, other] = [toPlaces(now), toPlaces(before)];
  const places = [...new Set([...own.keys(), ...other.keys()])].sort((a, b) => a - b);
  return places.map((place) => {
    const [bar, beside] = [own.get(place), other.get(place)];
    const startMs = bar?.startMs ?? (isByClock ? atPlace(place, first.startMs, zone) : pastLast(now, place));
    return {
      // An hour that the clock did not show in the range asked for is named as in the other.
      startMs: startMs ?? beside!.startMs,
      ...(bar?.value === undefined ? {} : { now: bar.value }),
      ...(beside?.value === undefined ? {} : { before: beside.value }),
      ...(beside ? { beforeMs: beside.startMs } : {}),
    };
  });
}

const DAY_PLACES = 2 * 24 * 60;

/** The place of an hour by the clock since the day of `firstMs`: a whole number, with room for a second time the clock shows it. */
function placeOf(ms: number, firstMs: number, zone: string): number {
  const [local, first] = [toLocal(ms, zone), toLocal(firstMs, zone)];
  const { days } = first.toPlainDate().until(local.toPlainDate());
  const again = local.toPlainDateTime().toZonedDateTime(zone, { disambiguation: 'earlier' }).epochMilliseconds < ms;
  return days * DAY_PLACES + (local.hour * 60 + local.minute) * 2 + Number(again);
}

/** When the clock is at a place; undefined where it never is. */
function atPlace(place: number, firstMs: number, zone: string): number | undefined {
  const days = Math.floor(place / DAY_PLACES);
  const [minutes, again] = [Math.floor((place % DAY_PLACES) / 2), place % 2];
  const { epochMilliseconds } = toLocal(firstMs, zone)
    .toPlainDate()
    .add({ days })
    .toPlainDateTime(Temporal.PlainTime.from('00:00').add({ minutes }))
    .toZonedDateTime(zone, { disambiguation: again ? 'later' : 'earlier' });
  return placeOf(epochMilliseconds, firstMs, zone) === place ? epochMilliseconds : undefined;
}

const UNITS = { month: 'months', day: 'days', hour: 'hours', minute: 'minutes', 'five-minutes': 'minutes' } as const;

function pastLast({ grain, zone, bars }: Steps, place: number): number {
  const beyond = (place - bars.length + 1) * (grain === 'five-minutes' ? 5 : 1);
  return toLocal(bars.at(-1)!.startMs, zone).add({ [UNITS[grain]]: beyond }).epochMilliseconds;
}

function toLocal(ms: number, zone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(zone);
}

function clockOf(local: Temporal.ZonedDateTime): string {
  return local.toPlainTime().toString();
}
