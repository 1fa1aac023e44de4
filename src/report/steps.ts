import { type Calendar, firstDayOf, monthOf } from '../domain/calendar.ts';
import type { UsageAnswer, UsageQuery } from '../domain/usage.ts';
import { formatClock, formatHour, formatMonthName, formatShortDate } from './format.ts';
import { ask, type Inquiry } from './inquiry.ts';

export type StepGrain = 'hour' | 'day' | 'month';

/** One bar's place in time. */
export interface Step {
  startMs: number;
  /** Exclusive. */
  endMs: number;
  day: number;
  label: string;
  /** It had not ended when asked, or the range cuts it (months). */
  partial: boolean;
}

/**
 * Every step of the inquiry's range in order of time, those without calls included; steps that have not begun are not there.
 * A local hour that comes twice is two steps, told apart by their offsets; a skipped one is none.
 */
export function listSteps(inquiry: Inquiry, grain: StepGrain): Step[] {
  const { span, nowMs, deps, range } = inquiry;
  const { calendar } = deps;
  const steps = listStarts(inquiry, grain).map((startMs, index, starts) => {
    const day = calendar.dayOf(startMs);
    if (grain !== 'month') {
      const endMs = starts[index + 1] ?? calendar.startOfDay(day + 1);
      return { startMs, endMs, day, label: labelOf(startMs, day), partial: endMs > nowMs };
    }
    const endMs = calendar.startOfDay(firstDayOf(monthOf(day) + 1));
    const isCut = endMs > span.toMs || day > firstDayOf(monthOf(day));
    return { startMs, endMs, day, label: labelOf(startMs, day), partial: isCut || endMs > nowMs };
  });
  return steps.filter(({ startMs }) => startMs >= span.fromMs && startMs < span.toMs && startMs <= nowMs);

  function labelOf(ms: number, day: number): string {
    if (grain === 'month') return formatMonthName(day);
    if (grain === 'day') return formatShortDate(day);
    const clock = formatClock(ms, calendar.zone);
    const isDoubled = calendar.hoursOf(day).filter((hour) => formatClock(hour, calendar.zone) === clock).length > 1;
    const local = isDoubled ? formatHour(ms, calendar.zone).slice(11) : clock;
    return range.lastDay > range.firstDay ? `${formatShortDate(day)} ${local}` : local;
  }
}

/** What rows of a step and the step itself have in common, also where a month is cut by the range. */
export function toStepKey(ms: number, grain: StepGrain, calendar: Calendar): number {
  return grain === 'month' ? monthOf(calendar.dayOf(ms)) : ms;
}

/**
 * Asks by the range's own grain; where hourly totals do not reach back to it, by the day, and says so in `note`. A day before
 * all data is a day too: 24 hours of nothing would be as many claims.
 */
export async function askBySteps(
  inquiry: Inquiry,
  query: Pick<UsageQuery, 'groupBy'>,
): Promise<{ answer: UsageAnswer; grain: StepGrain; note?: string }> {
  const { range, extent } = inquiry;
  const { grain } = range;
  if (grain === 'hour' && extent && range.lastDay < extent.firstDay)
    return { answer: await ask(inquiry, { ...query, grain: 'day' }), grain: 'day' };
  const answer = await ask(inquiry, { ...query, grain });
  if (grain !== 'hour' || answer.shortened?.reason !== 'no-hours') return { answer, grain };
  return {
    answer: await ask(inquiry, { ...query, grain: 'day' }),
    grain: 'day',
    note: 'Hourly totals do not reach back this far: the day is one bar.',
  };
}

function listStarts({ range, deps }: Inquiry, grain: StepGrain): number[] {
  const { calendar } = deps;
  if (grain === 'month') {
    const months: number[] = [];
    if (range.lastDay < range.firstDay) return months;
    for (let month = monthOf(range.firstDay); month <= monthOf(range.lastDay); month += 1) {
      months.push(Math.max(calendar.startOfDay(firstDayOf(month)), range.fromMs));
    }
    return months;
  }
  const days = Array.from({ length: Math.max(0, range.lastDay - range.firstDay + 1) }, (_, n) => range.firstDay + n);
  return days.flatMap((day) => (grain === 'hour' ? calendar.hoursOf(day) : [calendar.startOfDay(day)]));
}
