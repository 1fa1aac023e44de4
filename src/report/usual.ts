import { type Calendar, firstDayOf, monthOf, toDate } from '../domain/calendar.ts';
import type { ClientName } from '../domain/definition.ts';
import { OTHER } from '../domain/dimension.ts';
import type { StoredFilter } from '../domain/filter.ts';
import { quantile } from '../domain/forecast.ts';
import type { UsualRequests } from '../domain/report.ts';
import type { Span, Totals, UsageReader } from '../domain/usage.ts';
import { getClientNames } from './client-names.ts';
import { formatMonthName, formatSigned, toLocal } from './format.ts';
import { ask, type Inquiry } from './inquiry.ts';
import type { Step } from './steps.ts';
import { emptyTotals, isNamed, type Outcomes, shareFailed } from './totals.ts';

/** How many earlier weeks are compared with an hour or a weekday. */
export const USUAL_WEEKS = 4;
/** Fewer earlier weeks than this tell nothing about what is usual. */
const LEAST_WEEKS = 2;
/** A value is far from usual beyond this many median absolute deviations, scaled to be comparable to standard deviations. */
const FAR = 4;
const MAD_TO_SIGMA = 1.4826;
/** Counts below this, now and usually, are never far apart. */
const LEAST_REQUESTS = 50;
/** Failures below LEAST_FAILED, now and usually, are never far apart, nor are shares that differ by less than LEAST_SHARE. */
const LEAST_FAILED = 20;
const LEAST_SHARE = 0.05;
/** The longest range whose days and hours are compared with their usual. */
export const MOST_USUAL_DAYS = 35;

/**
 * Returns a function that compares a step's requests and failures with the same weekday (or the same hour of it) in the four weeks
 * before. It returns undefined for a step with fewer than two such weeks of data; the day on which data began does not count, because
 * it is seldom whole. Undefined instead of a function for minutes, months, days that the range cuts, and ranges that are too long.
 */
export async function findUsual(
  inquiry: Inquiry,
): Promise<
  ((step: Pick<Step, 'startMs' | 'day' | 'partial'>, totals: Totals) => UsualRequests | undefined) | undefined
> {
  const { range, deps, extent } = inquiry;
  const { calendar } = deps;
  const { grain } = range;
  if (
    (grain !== 'hour' && grain !== 'day') ||
    (range.timed && grain === 'day') ||
    range.lastDay < range.firstDay ||
    range.lastDay - range.firstDay >= MOST_USUAL_DAYS
  )
    return undefined;
  if (!extent) return undefined;
  const span: Span = {
    fromMs: calendar.startOfDay(range.firstDay - USUAL_WEEKS * 7),
    toMs: calendar.startOfDay(range.lastDay - 7 + 1),
  };
  const answer = await ask(inquiry, { span, grain });
  const firstDay = Math.max(
    extent.firstDay + 1,
    answer.shortened ? calendar.dayOf(answer.shortened.fromMs) : -Infinity,
  );
  const totals = new Map<string, Totals>();
  for (const row of answer.rows) {
    // Where clocks go back, an hour comes twice: only the first counts.
    if (!totals.has(keyOf(row.startMs))) totals.set(keyOf(row.startMs), row);
  }

  return ({ startMs, day, partial }, now) => {
    const weeks = Array.from({ length: USUAL_WEEKS }, (_, week) => day - 7 * (week + 1)).filter(
      (each) => each >= firstDay,
    );
    const clock = keyOf(startMs).split(' ')[1] ?? '';
    return judge(
      now,
      weeks.map((each) => totals.get(`${each} ${clock}`) ?? emptyTotals()),
      partial,
    );
  };

  /** Returns the day and, for hours, the time on the local clock. */
  function keyOf(ms: number): string {
    const day = calendar.dayOf(ms);
    if (grain === 'day') return `${day} `;
    return `${day} ${toLocal(ms, calendar.zone).toPlainTime()}`;
  }
}

/**
 * Compares requests and failures with those of other weeks, by median and MAD, so that one odd week changes little; undefined for
 * fewer than two weeks. A partial step can only be unusually high, because its calls are still coming in.
 */
export function judge(now: Totals, before: readonly Totals[], partial = false): UsualRequests | undefined {
  if (before.length < LEAST_WEEKS) return undefined;
  const counts = before.map(({ requests }) => requests);
  const middle = median(counts);
  const isOdd = (!partial || now.requests > middle) && isFar(now.requests, counts);
  const usualFailed = findFarShare(now, before);
  return {
    ...{ median: middle, low: Math.min(...counts), high: Math.max(...counts), isOdd },
    ...(usualFailed !== undefined && (!partial || shareFailed(now) > usualFailed) ? { usualFailed } : {}),
  };
}

function isFar(requests: number, before: readonly number[]): boolean {
  const middle = median(before);
  const bound = Math.max(FAR * deviation(before), FAR * Math.sqrt(middle), 0.2 * middle);
  return Math.max(requests, middle) >= LEAST_REQUESTS && Math.abs(requests - middle) > bound;
}

/** Returns the usual share of failures, by median and MAD of other weeks, if the share of `now` is far above or below it. */
function findFarShare(now: Outcomes, before: readonly Outcomes[]): number | undefined {
  const shares = before.map(shareFailed);
  const usual = median(shares);
  const failures = Math.max(now.failed, usual * (now.ok + now.failed));
  const isFarOff = Math.abs(shareFailed(now) - usual) > Math.max(FAR * deviation(shares), LEAST_SHARE);
  return failures >= LEAST_FAILED && isFarOff ? usual : undefined;
}

/** Median absolute deviation, on the scale of a standard deviation. */
function deviation(values: readonly number[]): number {
  const middle = median(values);
  return MAD_TO_SIGMA * median(values.map((value) => Math.abs(value - middle)));
}

/** Returns the middle value, or the mean of the middle two; NaN for an empty list. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** How many earlier days are compared, and the fewest that tell what is usual. */
export const USUAL_DAYS = 28;
const LEAST_DAYS = 7;

/**
 * Foresees a month: its requests so far and, at the usual pace of each weekday, by its end. `requests`: day by day, ending with
 * `day`; the day of the first call and those before it do not count. Undefined on the last day of a month, and in a first week.
 */
export function foreseeMonth(
  requests: readonly number[],
  day: number,
): { name: string; soFar: number; end: number } | undefined {
  const month = monthOf(day);
  const rest = firstDayOf(month + 1) - 1 - day;
  const first = requests.findIndex((count) => count > 0);
  const known = first < 0 ? 0 : Math.min(requests.length - 2 - first, USUAL_DAYS);
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

/** Dimensions that may explain a change: somebody to talk to, or something to look at. */
const KEYS = ['client', 'route', 'user'] as const;
/** A name that made less than this share of a change does not explain it. */
const MOSTLY = 0.5;
/** A route or user is named instead of a client only if it explains this much more, because people can talk to clients. */
const CLEARLY = 1.25;

/** An hour or a day whose counts are compared. */
interface Compared {
  span: Span;
  /** The same hour or day in the weeks before. */
  usual: readonly Span[];
  measure: 'requests' | 'failed';
  filters?: readonly StoredFilter[];
}

interface From {
  usage: UsageReader;
  clients: readonly ClientName[];
}

/** A name with its count in the span, then in each of the usual spans; undefined: unknown, it may be counted as `(other)` there. */
export interface NameCounts {
  name: string;
  ids: readonly string[];
  counts: readonly (number | undefined)[];
}

/** Counts each name of a dimension in a span and in its usual spans. `all`: the sums, including calls without a name. */
export async function countByName(
  { usage, clients }: From,
  { span, usual, measure, filters = [] }: Compared,
  key: (typeof KEYS)[number],
): Promise<{ names: NameCounts[]; all: number[] }> {
  const { nameOf } = getClientNames(clients);
  const answers = await Promise.all(
    [span, ...usual].map((each) => usage.sum({ span: each, grain: 'all', groupBy: [key], filters })),
  );
  const absent = answers.map(({ rows }) => (rows.some(({ keys }) => keys[0] === OTHER) ? undefined : 0));
  const names = new Map<string, { name: string; ids: string[]; counts: (number | undefined)[] }>();
  answers.forEach(({ rows }, at) => {
    for (const row of rows) {
      const id = row.keys[0]!;
      if (!isNamed(id)) continue;
      const name = key === 'client' ? nameOf(id) : id;
      const found = names.getOrInsertComputed(name, () => ({ name, ids: [], counts: [...absent] }));
      if (!found.ids.includes(id)) found.ids.push(id);
      found.counts[at] = (found.counts[at] ?? 0) + row[measure];
    }
  });
  const all = answers.map(({ rows }) => rows.reduce((sum, row) => sum + row[measure], 0));
  return { names: [...names.values()], all };
}

/** Returns the mean of the usual counts. */
export function usualOf([, ...usual]: NameCounts['counts']): number {
  return usual.reduce<number>((sum, count = 0) => sum + count, 0) / usual.length;
}

function changeOf(counts: NameCounts['counts']): number {
  return (counts[0] ?? 0) - usualOf(counts);
}

/** The name behind most of a change: `change` more (or fewer) requests or failures than usual, most of them on `route`. */
export interface Cause {
  key: (typeof KEYS)[number];
  name: string;
  change: number;
  route?: string;
}

/** Finds the client, else the route or user, whose count moved most from its own usual mean; undefined if many moved a little. */
export async function findCause(from: From, compared: Compared): Promise<Cause | undefined> {
  const [client, ...others] = await Promise.all(KEYS.map((key) => findMostMoved(from, compared, key)));
  let best = client;
  for (const other of others)
    if (other && (!best || Math.abs(other.change) > Math.abs(best.change) * CLEARLY)) best = other;
  if (!best) return undefined;
  const { ids, ...cause } = best;
  if (cause.key !== 'client') return cause;
  const filters = [...(compared.filters ?? []), { key: 'client' as const, patterns: ids, not: false }];
  const route = await findMostMoved(from, { ...compared, filters }, 'route');
  return { ...cause, ...(route ? { route: route.name } : {}) };
}

/** Finds the name whose count moved most in the direction of the sum; undefined if it explains less than half of that. */
export async function findMostMoved(
  from: From,
  compared: Compared,
  key: Cause['key'],
): Promise<(Cause & Pick<NameCounts, 'ids'>) | undefined> {
  const { names, all } = await countByName(from, compared, key);
  const [sign, most] = [Math.sign(changeOf(all)), Math.abs(changeOf(all))];
  const [best] = names.toSorted((a, b) => sign * (changeOf(b.counts) - changeOf(a.counts)));
  const change = best ? changeOf(best.counts) : 0;
  if (!best || sign * change < MOSTLY * most || Math.round(change) === 0) return undefined;
  return { key, name: best.name, ids: best.ids, change: Math.round(change) };
}

/** `Mostly Acme CRM (+196) on /v2/accounts/{id}.` */
export function describeCause({ key, name, change, route }: Cause): string {
  const who = key === 'user' ? `user ${name}` : name;
  return `Mostly ${who} (${formatSigned(change)})${route ? ` on ${route}` : ''}.`;
}

/**
 * Lists the same hour by the local clock in up to four weeks before, the nearest first. The day on which data began does not count,
 * because it is seldom whole.
 */
export function listUsualHours(hour: Span, { firstDay }: { firstDay: number }, { zone, startOfDay }: Calendar): Span[] {
  return Array.from({ length: USUAL_WEEKS }, (_, week) => {
    const fromMs = weeksBefore(hour.fromMs, week + 1, zone);
    return { fromMs, toMs: fromMs + hour.toMs - hour.fromMs };
  }).filter(({ fromMs }) => startOfDay(firstDay + 1) <= fromMs);
}

/** Returns the same local time whole weeks before; if that time is in a DST gap, the time that the clock then showed instead. */
export function weeksBefore(ms: number, weeks: number, zone: string): number {
  return Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(zone).subtract({ weeks }).epochMilliseconds;
}
