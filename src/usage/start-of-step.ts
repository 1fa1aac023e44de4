import { type Calendar, firstDayOf, monthOf } from '../domain/calendar.ts';
import { MINUTE_MS } from '../domain/time-units.ts';
import type { Grain, Span } from '../domain/usage.ts';

/** When the step that holds an instant begins, epoch ms. */
export function startOfStep(ms: number, { grain, span }: { grain: Grain; span: Span }, calendar: Calendar): number {
  if (grain === 'all') return span.fromMs;
  if (grain === 'minute') return Math.floor(ms / MINUTE_MS) * MINUTE_MS;
  if (grain === 'hour') return calendar.startOfHour(ms);
  const day = calendar.dayOf(ms);
  return calendar.startOfDay(grain === 'day' ? day : firstDayOf(monthOf(day)));
}
