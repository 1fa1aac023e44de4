import { firstDayOf, MONTHS, monthOf, toDate } from './calendar.ts';
import type { PeriodRule } from './definition.ts';

/** Half-open span of days. */
export interface DaySpan {
  fromDay: number;
  toDay: number;
}

/**
 * The period of a rule that holds this day; undefined for a rolling window (which has none) and outside of `once`.
 * An anchor after the month's end means its last day, and the next month has the anchor again.
 */
export function periodOf(rule: PeriodRule, day: number): DaySpan | undefined {
  switch (rule.kind) {
    case 'rolling-24h':
      return undefined;
    case 'day':
      return { fromDay: day, toDay: day + 1 };
    case 'month': {
      const month = monthOf(day);
      const first = day >= anchorDay(month, rule.anchor) ? month : month - 1;
      return { fromDay: anchorDay(first, rule.anchor), toDay: anchorDay(first + 1, rule.anchor) };
    }
    case 'year': {
      const january = monthOf(day) - (monthOf(day) % 12);
      return { fromDay: firstDayOf(january), toDay: firstDayOf(january + 12) };
    }
    case 'once':
      if (day < rule.fromDay || day > rule.untilDay) return undefined;
      return { fromDay: rule.fromDay, toDay: rule.untilDay + 1 };
  }
}

function anchorDay(month: number, anchor: number): number {
  const length = firstDayOf(month + 1) - firstDayOf(month);
  return firstDayOf(month) + Math.min(anchor, length) - 1;
}

/** `day`, `month from day 15`, `once, 1 Jan – 31 Dec 2023`. */
export function formatPeriodRule(rule: PeriodRule): string {
  if (rule.kind === 'once') return `once, ${formatDays({ fromDay: rule.fromDay, toDay: rule.untilDay + 1 })}`;
  if (rule.kind === 'month' && rule.anchor !== 1) return `month from day ${rule.anchor}`;
  return rule.kind;
}

/** `20 Nov 2026`, `14–20 Nov 2026`, `15 Nov – 14 Dec 2026`, `1 Dec 2026 – 31 Jan 2027`. */
export function formatDays({ fromDay, toDay }: DaySpan): string {
  const first = toDate(fromDay);
  const last = toDate(toDay - 1);
  const end = `${last.day} ${MONTHS[last.month - 1]} ${last.year}`;
  if (toDay - fromDay === 1) return end;
  if (first.year !== last.year) return `${first.day} ${MONTHS[first.month - 1]} ${first.year} – ${end}`;
  if (first.month !== last.month) return `${first.day} ${MONTHS[first.month - 1]} – ${end}`;
  return `${first.day}–${end}`;
}
