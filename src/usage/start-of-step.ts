import { type Calendar, firstDayOf, monthOf } from '../domain/calendar.ts';
import { MINUTE_MS } from '../domain/time-units.ts';
import type { Grain, Span, UsageQuery } from '../domain/usage.ts';
import type { Cube } from './cube.ts';
import type { Batch, Column } from './segment.ts';

/** When the step that holds an instant begins, epoch ms. */
export function startOfStep(ms: number, { grain, span }: { grain: Grain; span: Span }, calendar: Calendar): number {
  if (grain === 'all') return span.fromMs;
  if (grain === 'minute') return Math.floor(ms / MINUTE_MS) * MINUTE_MS;
  if (grain === 'hour') return calendar.startOfHour(ms);
  const day = calendar.dayOf(ms);
  return calendar.startOfDay(grain === 'day' ? day : firstDayOf(monthOf(day)));
}

/** Start of each cell's step, in minutes since 1970. */
export function stepsOfTotal(cube: Cube, bucket: number, cells: Batch, query: UsageQuery, calendar: Calendar): Column {
  const startMs = calendar.startOfDay(cube.grain === 'month' ? firstDayOf(bucket) : bucket);
  if (cells.columns.slot && (query.grain === 'hour' || query.grain === 'minute')) {
    const steps = new Uint32Array(cells.length);
    for (let row = 0; row < cells.length; row += 1) steps[row] = startMs / MINUTE_MS + cells.columns.slot[row]!;
    return steps;
  }
  return new Uint32Array(cells.length).fill(startOfStep(startMs, query, calendar) / MINUTE_MS);
}

/** Start of each event's step, in minutes since 1970. */
export function stepsOfEvents(time: Column, query: UsageQuery, calendar: Calendar): Column {
  const steps = new Uint32Array(time.length);
  if (query.grain === 'all') return steps.fill(query.span.fromMs / MINUTE_MS);
  for (let row = 0; row < time.length; row += 1) steps[row] = startOfStep(time[row]!, query, calendar) / MINUTE_MS;
  return steps;
}
