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

/** Weeks before that say what is usual for an hour or a weekday. */
export const USUAL_WEEKS = 4;
/** Fewest weeks before that make something usual. */
const LEAST_WEEKS = 2;
/** Median absolute deviations (made comparable to standard deviations) that count as far. */
const FAR = 4;
const MAD_TO_SIGMA = 1.4826;
/** Fewer than this on both sides are never far apart. */
const LEAST_REQUESTS = 50;
/** Fewer failures than this, now and as usual, are never far apart, nor are shares of them that are nearer than `LEAST_SHARE`. */
const LEAST_FAILED = 20;
const LEAST_SHARE = 0.05;
/** The longest range whose days and hours are compared. */
export const MOST_USUAL_DAYS = 35;

/**
 * Compares the requests and failures of a step with the same weekday (or the same hour of it) in the four weeks before; undefined for a
 * step with fewer than two such weeks in the data; the day on which data began is seldom whole, and proves nothing. Undefined as a
 * whole for minutes, months and days that the range cuts, and for ranges that are too long.
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
    // Where clocks go back an hour comes twice: the first one counts.
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

  /** Day, and for hours what the clock on the wall showed. */
  function keyOf(ms: number): string {
    const day = calendar.dayOf(ms);
    if (grain === 'day') return `${day} `;
    return `${day} ${toLocal(ms, calendar.zone).toPlainTime()}`;
  }
}

/**
 * Sets requests and failures beside those of other weeks, by median and MAD, so that one odd week moves nothing; undefined under two
 * weeks. What is `partial` can only be unusually high: its calls are still coming in.
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

/** Returns the usual share of failures, by median and MAD of other weeks, where that of `now` is far above or below it. */
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

/** The middle value, or the mean of the middle two; of an empty list NaN. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Days before that say what is usual, and the fewest that do. */
export const USUAL_DAYS = 28;
const LEAST_DAYS = 7;

/**
 * The requests of a month so far and, at the usual pace of each weekday, by its end. `requests`: day by day, the last of which
 * is `day`; days up to that of the first call prove nothing. Undefined on the last day of a month, and in a first week.
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
/** A name that made less than half of a change does not explain it. */
const MOSTLY = 0.5;
/** A route or user is named in place of a client only where it explains a quarter more: people talk to clients. */
const CLEARLY = 1.25;

/** An hour or a day whose counts are compared. */
interface Compared {
  span: Span;
  /** The same of weeks before. */
  usual: readonly Span[];
  measure: 'requests' | 'failed';
  filters?: readonly StoredFilter[];
}

interface From {
  usage: UsageReader;
  clients: readonly ClientName[];
}

/** A name with its count in the span, then in each of the usual spans; undefined: it may be counted among the rare there. */
export interface NameCounts {
  name: string;
  ids: readonly string[];
  counts: readonly (number | undefined)[];
}

/** Counts each name of a dimension in a span and in its usual spans; `all`: the sums, with what has no name. */
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

/** The mean of the usual counts. */
export function usualOf([, ...usual]: NameCounts['counts']): number {
  return usual.reduce<number>((sum, count = 0) => sum + count, 0) / usual.length;
}

function changeOf(counts: NameCounts['counts']): number {
  return (counts[0] ?? 0) - usualOf(counts);
}

/** The name that made most of a change: `change` more (or fewer) requests or failures than usual, most of them on `route`. */
export interface Cause {
  key: (typeof KEYS)[number];
  name: string;
  change: number;
  route?: string;
}

/**
 * Finds the client, else the route or user, whose count moved most from its own mean of the usual spans; undefined where many
 * moved a little.
 */
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

/** Finds the name whose count moved most in the direction that all moved; undefined where it explains less than half of that. */
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
 * The same hour by the zone's clock in up to four weeks before, the nearest first. The day on which data began is seldom whole: it
 * is no usual one.
 */
export function listUsualHours(hour: Span, { firstDay }: { firstDay: number }, { zone, startOfDay }: Calendar): Span[] {
  return Array.from({ length: USUAL_WEEKS }, (_, week) => {
    const fromMs = weeksBefore(hour.fromMs, week + 1, zone);
    return { fromMs, toMs: fromMs + hour.toMs - hour.fromMs };
  }).filter(({ fromMs }) => startOfDay(firstDay + 1) <= fromMs);
}

/** The same time by a zone's clock, whole weeks before: in a DST gap, the time that the clock then showed instead. */
export function weeksBefore(ms: number, weeks: number, zone: string): number {
  return Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(zone).subtract({ weeks }).epochMilliseconds;
}
