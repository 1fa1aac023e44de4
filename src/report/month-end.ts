import { firstDayOf, monthOf, toDate } from '../domain/calendar.ts';
import { formatMonthName } from './format.ts';

/** Days before that say what is usual, and the fewest that do. */
export const USUAL_DAYS = 28;
const LEAST_DAYS = 7;

/**
 * The requests of a month so far and, at the usual pace of each weekday, by its end. `requests`: day by day, the last of which
 * is `day`; days before the first call prove nothing. Undefined on the last day of a month, and in a first week.
 */
export function foreseeMonth(
  requests: readonly number[],
  day: number,
): { name: string; soFar: number; end: number } | undefined {
  const month = monthOf(day);
  const rest = firstDayOf(month + 1) - 1 - day;
  const first = requests.findIndex((count) => count > 0);
  const known = first < 0 ? 0 : Math.min(requests.length - 1 - first, USUAL_DAYS);
  if (rest <= 0 || known < LEAST_DAYS) return undefined;
  const at = (daysAgo: number) => requests.at(-1 - daysAgo)!;
  const daysAgo = Array.from({ length: known + 1 }, (_, index) => index);
  const usual = Array.from({ length: rest }, (_, index) => {
    const weekday = toDate(day + 1 + index).dayOfWeek;
    const alike = daysAgo.filter((ago) => toDate(day - ago).dayOfWeek === weekday);
    return alike.reduce((sum, ago) => sum + at(ago), 0) / alike.length;
  });
  const soFar = requests.slice(-(day - firstDayOf(month) + 1)).reduce((sum, count) => sum + count, 0);
  return { name: formatMonthName(day), soFar, end: Math.round(usual.reduce((sum, each) => sum + each, soFar)) };
}
