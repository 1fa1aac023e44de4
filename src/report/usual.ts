import type { Span } from '../domain/usage.ts';
import { ask, type Inquiry } from './inquiry.ts';
import type { Step } from './steps.ts';

const WEEKS = 4;
/** One week alone is no habit. */
const LEAST_WEEKS = 2;

/**
 * The median of the same weekday (or the same hour of it) in the four weeks before, per step; undefined for a step with
 * fewer than two such weeks in the data. Undefined as a whole for months, and for ranges of more than 35 days.
 */
export async function findUsual(inquiry: Inquiry): Promise<((step: Step) => number | undefined) | undefined> {
  const { range, deps, extent } = inquiry;
  const { calendar } = deps;
  const { grain } = range;
  if (grain === 'month' || range.lastDay < range.firstDay || range.lastDay - range.firstDay >= 35) return undefined;
  if (!extent) return undefined;
  const span: Span = {
    fromMs: calendar.startOfDay(range.firstDay - WEEKS * 7),
    toMs: calendar.startOfDay(range.lastDay - 7 + 1),
  };
  const answer = await ask(inquiry, { span, grain });
  const firstDay = Math.max(extent.firstDay, answer.shortened ? calendar.dayOf(answer.shortened.fromMs) : -Infinity);
  const requests = new Map<string, number>();
  for (const { startMs, requests: count } of answer.rows) {
    // Of an hour that came twice, the first stands for it.
    if (!requests.has(keyOf(startMs))) requests.set(keyOf(startMs), count);
  }

  return ({ startMs, day }) => {
    const weeks = Array.from({ length: WEEKS }, (_, week) => day - 7 * (week + 1)).filter((each) => each >= firstDay);
    const clock = keyOf(startMs).split(' ')[1] ?? '';
    return weeks.length < LEAST_WEEKS ? undefined : median(weeks.map((each) => requests.get(`${each} ${clock}`) ?? 0));
  };

  /** Day, and for hours what the clock on the wall showed. */
  function keyOf(ms: number): string {
    const day = calendar.dayOf(ms);
    if (grain === 'day') return `${day} `;
    return `${day} ${Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(calendar.zone).toPlainTime()}`;
  }
}

/** Of an even number: the mean of the two in the middle. Throws on an empty list. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  if (sorted.length === 0) throw new RangeError('median of nothing');
  return sorted.length % 2 ? sorted[Math.floor(middle)]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
