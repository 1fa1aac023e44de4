import { formatCredits } from './definition.ts';
import type { Thousandths } from './event.ts';
import { ratioOf } from './thousandths.ts';

/** Use on whole days before today, oldest first, the last being yesterday; days without use are 0. */
export interface DailyUse {
  /** Day of the first entry. */
  firstDay: number;
  /** Thousandths, rounded as floats are. */
  credits: readonly number[];
}

/** Usual use of a coming day: a slower and a quicker estimate (p25 and p75 of recent days). */
export interface Pace {
  slower(day: number): number;
  quicker(day: number): number;
  /** Use of an average day. */
  slowerPerDay: number;
  quickerPerDay: number;
  /** The method in words: `p25–p75 of the last 28 days, by weekday`. */
  basis: string;
}

/** A forecast looks back on this many days, whole weeks. */
export const LOOK_BACK_DAYS = 28;

const LEAST_DAYS = 3;

/**
 * Finds the pace of the last four weeks. From four whole weeks on: the median of the same weekday, scaled by the quartiles of how
 * days differ from it. Before: the quartiles of all days. Undefined for fewer than three days, or without any use.
 */
export function findPace({ firstDay, credits }: DailyUse): Pace | undefined {
  if (credits.length < LEAST_DAYS) return undefined;
  const recent = credits.slice(-LOOK_BACK_DAYS);
  const recentFirstDay = firstDay + credits.length - recent.length;
  if (recent.every((each) => each === 0)) return undefined;
  if (recent.length < LOOK_BACK_DAYS) {
    const slower = Math.round(quantile(recent, 0.25));
    const quicker = Math.round(quantile(recent, 0.75));
    const basis = `p25–p75 of the last ${recent.length} days`;
    return { slower: () => slower, quicker: () => quicker, slowerPerDay: slower, quickerPerDay: quicker, basis };
  }
  const medians = Array.from({ length: 7 }, (_, weekday) =>
    quantile(
      recent.filter((__, index) => (recentFirstDay + index) % 7 === weekday),
      0.5,
    ),
  );
  const medianOf = (day: number) => medians[((day % 7) + 7) % 7]!;
  const ratios = recent.flatMap((each, index) => {
    const median = medianOf(recentFirstDay + index);
    return median > 0 ? [each / median] : [];
  });
  if (ratios.length === 0) return undefined;
  const [low, high] = [quantile(ratios, 0.25), quantile(ratios, 0.75)];
  const average = medians.reduce((sum, median) => sum + median, 0) / 7;
  return {
    slower: (day) => Math.round(medianOf(day) * low),
    quicker: (day) => Math.round(medianOf(day) * high),
    slowerPerDay: Math.round(average * low),
    quickerPerDay: Math.round(average * high),
    basis: `p25–p75 of the last ${LOOK_BACK_DAYS} days, by weekday`,
  };
}

/** `at 4,100–5,300 a day (p25–p75 of the last 12 days), the 12,400 left last 2.3–3 days`; at most one decimal. */
export function formatForecast(
  pace: Pace,
  left: Thousandths,
  days: { earliest: number; latest: number | undefined },
): string {
  const [slower, quicker] = [roundCredits(pace.slowerPerDay), roundCredits(pace.quickerPerDay)];
  const rate = slower === quicker ? quicker : `${slower}–${quicker}`;
  const earliest = formatTenths(days.earliest);
  const latest = days.latest === undefined ? undefined : formatTenths(days.latest);
  const span =
    latest === undefined
      ? `${earliest} days at the faster pace, past the reset at the slower`
      : `${latest === earliest ? earliest : `${earliest}–${latest}`} ${latest === '1' ? 'day' : 'days'}`;
  return `at ${rate} a day (${pace.basis}), the ${formatCredits(left)} left last ${span}`;
}

/** Returns share used ÷ share of the period gone; 1: used up exactly at its end. Undefined before anything has gone. */
export function burnRate(
  used: Thousandths,
  amount: Thousandths,
  period: { fromMs: number; toMs: number },
  nowMs: number,
): number | undefined {
  const gone = (Math.min(nowMs, period.toMs) - period.fromMs) / (period.toMs - period.fromMs);
  return amount > 0 && gone > 0 ? ratioOf(used, amount) / gone : undefined;
}

/** Returns a quantile by linear interpolation between neighbouring values; NaN for an empty list. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const low = sorted[Math.floor(place)] ?? Number.NaN;
  return low + (sorted[Math.ceil(place)]! - low) * (place - Math.floor(place));
}

function roundCredits(credits: number): string {
  return formatCredits(credits >= 10_000 ? Math.round(credits / 1000) * 1000 : credits);
}

function formatTenths(days: number): string {
  return String(Math.round(days * 10) / 10);
}
