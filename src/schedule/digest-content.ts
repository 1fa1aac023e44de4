import { type Calendar, firstDayOf, formatDay, monthOf, toDate } from '../domain/calendar.ts';
import type { Correction } from '../domain/correction.ts';
import type { Filter } from '../domain/filter.ts';
import type {
  PoolReport,
  Question,
  RankingReport,
  Report,
  Reporter,
  SeriesReport,
  StatusReport,
  TableReport,
  Totals,
} from '../domain/report.ts';
import type { SourceHealth } from '../domain/source-health.ts';
import type { Span } from '../domain/usage.ts';
import { narrowCorrections } from '../report/corrections.ts';
import { formatMonthName } from '../report/format.ts';
import { describeMover, type Mover } from './digest-movers.ts';
import type { DigestSection, DigestWhat } from './digest-sections.ts';

/** What digests are made from. */
export interface DigestSources {
  reporter: Reporter;
  calendar: Calendar;
  sources(): Promise<readonly SourceHealth[]>;
  /** Those that apply to days of the span, or that were entered since an instant. */
  corrections(of: { span: Span } | { enteredSinceMs: number }): Promise<readonly Correction[]>;
}

/** The numbers that a digest stated; kept, so that the next one says what changed since, and each change once. */
export interface StatedDay {
  day: number;
  requests: number;
  failed: number;
  /** Corrections entered before this have been told; absent in those of older versions. */
  correctionsUntilMs?: number;
  /** Earlier days that it gave a new number for. */
  restated?: readonly { day: number; requests: number }[];
}

/** What the digests of a subscription have said so far. */
export interface Said {
  requestsOf: ReadonlyMap<number, number>;
  /** Corrections entered before this have been told; undefined: there was no digest. */
  correctionsUntilMs: number | undefined;
}

/** A digest as data. Sections that are off, empty or failed are absent; the failed ones are named in `missing`. */
export interface DigestContent {
  day: number;
  zone: string;
  asOfMs: number;
  totals: Totals;
  clients: number;
  dayBefore: Totals;
  /** Mean of the same weekday of up to four weeks before; absent before the first week is over. */
  weekday?: { name: string; requests: number; weeks: number };
  /** Mean of the seven days before. */
  weekAverage: number;
  /** What a weekly or monthly digest adds: the seven days, or the month so far, up to the day. */
  span?: { name: string; requests: number; perDay: number; before?: number };
  /** Pools whose period ended with the day: how it closed. */
  closed?: readonly { pool: string; used: number; amount: number; label: string }[];
  /** Sources that used to send on such a day and sent nothing at all; `sinceMs` where nothing was heard after the day either. */
  silent: readonly { name: string; sinceMs?: number }[];
  topClients?: RankingReport;
  status?: StatusReport;
  topRoutes?: RankingReport;
  pools?: PoolReport;
  newClients?: readonly { name: string; requests: number }[];
  /** Clients that used to call on this weekday and did not; `requests` a week before. */
  silentClients?: readonly { name: string; requests: number }[];
  movers?: readonly Mover[];
  corrections?: readonly (Correction & { day: number })[];
  changes?: readonly { day: number; stated: number; requests: number }[];
  advice?: TableReport;
  missing: readonly string[];
}

const ROWS = 5;
const ALL = 1000;
const HISTORY_DAYS = 90;
const WEEKDAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];

/**
 * Everything that a digest for `day` says. A section that fails is left out and named; without the day's numbers there is
 * no digest, so that failure is thrown.
 */
export async function composeDigest(
  from: DigestSources,
  what: DigestWhat,
  { day, every }: { day: number; every: 'day' | 'week' | 'month' },
  said: Said,
  nowMs: number,
): Promise<DigestContent> {
  const filters = toFilters(what);
  const ask = async <R>(question: Question): Promise<R> =>
    (await from.reporter.answer({ ...question, filters: [...filters, ...(question.filters ?? [])] }, nowMs)) as R;
  const daily = await ask<SeriesReport>({ report: 'daily', range: `${formatDay(day - 28)}..${formatDay(day)}` });
  const yesterday = await ask<StatusReport>({ report: 'status', range: formatDay(day) });
  const missing: string[] = [];
  const section = async <R>(key: DigestSection, title: string, make: () => Promise<R>): Promise<R | undefined> => {
    if (!what.sections.includes(key)) return undefined;
    try {
      return await make();
    } catch (error) {
      missing.push(`${title} (${error instanceof Error ? error.message : String(error)})`);
      return undefined;
    }
  };
  const rank: Rank = (dimension, range, limit, filters = []) =>
    ask<RankingReport>({ report: 'top', dimension, range, limit, filters });
  const all = (range: string) =>
    from.reporter.answer({ report: 'top', dimension: 'source', range, limit: ALL }, nowMs) as Promise<RankingReport>;

  const content: DigestContent = {
    day,
    zone: daily.zone,
    asOfMs: daily.asOfMs,
    ...compareDays(daily, day),
    clients: yesterday.clients,
    silent: await listSilent(from, { inAll: all, counted: rank }, daily, day),
    missing,
  };
  if (every !== 'day') content.span = every === 'week' ? sumWeek(daily) : await sumMonth(ask, day);
  if (content.totals.requests === 0 && content.silent.length === 0) return content;
  const date = formatDay(day);
  const topClients = await section('clients', 'Top clients', () => rank('client', date, ROWS));
  const topRoutes = await section('routes', 'Top routes', () => rank('route', date, ROWS));
  const pools = await section('pools', 'Pools', () =>
    from.reporter.answer({ report: 'pool', ...(what.scope ? { scope: what.scope } : {}) }, nowMs),
  );
  const closed = pools
    ? await section('pools', 'Closed periods', () => listClosed(from, pools as PoolReport, day, nowMs))
    : [];
  const newClients = await section('new-clients', 'New clients', () => listNewClients(rank, day));
  const silentClients = await section('new-clients', 'Silent clients', () => listSilentClients(rank, daily, day));
  const movers = await section('movers', 'Biggest movers', () => listMovers(rank, day));
  const corrections = await section('corrections', 'Corrections', () => listNewCorrections(from, what, day, said));
  const changes = await section('corrections', 'Late changes', async () => listChanges(daily, said));
  const advice = await section('advice', 'Advice', () => ask<TableReport>({ report: 'advice', range: date }));
  return {
    ...content,
    ...(what.sections.includes('status') ? { status: yesterday } : {}),
    ...(topClients ? { topClients } : {}),
    ...(topRoutes ? { topRoutes } : {}),
    ...(pools ? { pools: pools as PoolReport } : {}),
    ...(closed?.length ? { closed } : {}),
    ...(newClients?.length ? { newClients } : {}),
    ...(silentClients?.length ? { silentClients } : {}),
    ...(movers?.length ? { movers } : {}),
    ...(corrections ? { corrections } : {}),
    ...(changes?.length ? { changes } : {}),
    ...(advice ? { advice } : {}),
  };
}

export function toFilters(what: DigestWhat): readonly Filter[] {
  return what.scope ? [...what.filters, { key: 'scope', patterns: [what.scope], not: false }] : what.filters;
}

/** Bars are the 28 days before, then the day itself. */
function compareDays(
  daily: SeriesReport,
  day: number,
): Pick<DigestContent, 'totals' | 'dayBefore' | 'weekday' | 'weekAverage'> {
  const bars = daily.bars;
  const at = (daysAgo: number): Totals => bars.at(-1 - daysAgo) ?? NOTHING;
  const weeks = listKnownDaysAgo(daily).filter((daysAgo) => daysAgo % 7 === 0);
  const mean = (days: readonly number[]) =>
    Math.round(days.reduce((sum, daysAgo) => sum + at(daysAgo).requests, 0) / days.length);
  const name = WEEKDAYS[toDate(day).dayOfWeek - 1]!;
  return {
    totals: toTotals(at(0)),
    dayBefore: toTotals(at(1)),
    ...(weeks.length ? { weekday: { name, requests: mean(weeks), weeks: weeks.length } } : {}),
    weekAverage: mean([1, 2, 3, 4, 5, 6, 7]),
  };
}

/** How many days before the last bar the earlier ones are, from the first call on: before it there was nothing to compare with. */
function listKnownDaysAgo({ bars }: SeriesReport): number[] {
  const first = bars.findIndex((bar) => bar.requests > 0);
  return first < 0 ? [] : bars.slice(first, -1).map((_, index) => bars.length - 1 - first - index);
}

const NOTHING: Totals = { requests: 0, ok: 0, failed: 0, none: 0, credits: 0 };

function toTotals({ requests, ok, failed, none, credits }: Totals): Totals {
  return { requests, ok, failed, none, credits };
}

function sumWeek(daily: SeriesReport): NonNullable<DigestContent['span']> {
  const sum = (fromDaysAgo: number) =>
    daily.bars.slice(-fromDaysAgo - 7, daily.bars.length - fromDaysAgo).reduce((total, bar) => total + bar.requests, 0);
  return { name: 'Last 7 days', requests: sum(0), perDay: Math.round(sum(0) / 7), before: sum(7) };
}

async function sumMonth(ask: (question: Question) => Promise<Report>, day: number): Promise<DigestContent['span']> {
  const firstDay = firstDayOf(monthOf(day));
  const range = `${formatDay(firstDay)}..${formatDay(day)}`;
  const { totals } = (await ask({ report: 'daily', range })) as SeriesReport;
  const perDay = Math.round(totals.requests / (day - firstDay + 1));
  return { name: formatMonthName(day), requests: totals.requests, perDay };
}

const DAY_MS = 25 * 3_600_000;

/** Pools with a period longer than a day that began anew after the day, as they stood at its end. */
async function listClosed(
  from: DigestSources,
  pools: PoolReport,
  day: number,
  nowMs: number,
): Promise<NonNullable<DigestContent['closed']>> {
  const toMs = from.calendar.startOfDay(day + 1);
  const anew = pools.scopes.flatMap((scope) =>
    scope.pools
      .filter(({ period }) => period.fromMs === toMs && period.toMs - period.fromMs > DAY_MS)
      .map(({ name }) => `${scope.scope}/${name}`),
  );
  if (anew.length === 0) return [];
  const report = (await from.reporter.answer({ report: 'pool', range: formatDay(day) }, nowMs)) as PoolReport;
  return report.scopes.flatMap((scope) =>
    scope.pools
      .filter(({ name }) => anew.includes(`${scope.scope}/${name}`))
      .map(({ name, used, amount, period }) => ({ pool: name, used, amount, label: period.label })),
  );
}

/**
 * Sources that sent calls of this digest on at least half of the days that are like this one, and no call at all on it.
 * Days alike are the same weekdays; in the first week, those so far.
 */
async function listSilent(
  from: DigestSources,
  { inAll, counted }: { inAll(range: string): Promise<RankingReport>; counted: Rank },
  daily: SeriesReport,
  day: number,
): Promise<DigestContent['silent']> {
  const known = listKnownDaysAgo(daily);
  const weeks = known.filter((daysAgo) => daysAgo % 7 === 0);
  const alike = weeks.length > 0 ? weeks : known;
  if (alike.length === 0) return [];
  const sent = new Set((await inAll(formatDay(day))).rows.map(({ name }) => name));
  const daysOf = new Map<string, number>();
  for (const daysAgo of alike)
    for (const { name } of (await counted('source', formatDay(day - daysAgo), ALL)).rows)
      daysOf.set(name, (daysOf.get(name) ?? 0) + 1);
  const endMs = from.calendar.startOfDay(day + 1);
  return (await from.sources())
    .filter(({ name }) => !sent.has(name) && (daysOf.get(name) ?? 0) * 2 >= alike.length)
    .map(({ name, lastReceivedMs }) => ({
      name,
      ...(lastReceivedMs !== undefined && lastReceivedMs < endMs ? { sinceMs: lastReceivedMs } : {}),
    }));
}

type Rank = (
  dimension: 'client' | 'route' | 'source',
  range: string,
  limit: number,
  filters?: readonly Filter[],
) => Promise<RankingReport>;

/** Clients of the day that made no call in the 90 days before; none while those days hold nothing at all. */
async function listNewClients(rank: Rank, day: number): Promise<{ name: string; requests: number }[]> {
  const before = `${formatDay(day - HISTORY_DAYS)}..${formatDay(day - 1)}`;
  const [today, history] = [await rank('client', formatDay(day), ALL), await rank('client', before, ALL)];
  if (history.totals.requests === 0) return [];
  const known = new Set(history.rows.map(({ name }) => name));
  let candidates = today.rows.filter(({ name }) => !known.has(name) && !name.startsWith('('));
  if (candidates.length > 0 && history.others.count > 0) {
    // More clients than one ranking holds: ask for these alone.
    const patterns = candidates.flatMap(({ name, ids }) => ids ?? [name]);
    const seen = await rank('client', before, ALL, [{ key: 'client', patterns, not: false }]);
    const old = new Set(seen.rows.filter(({ requests }) => requests > 0).map(({ name }) => name));
    candidates = candidates.filter(({ name }) => !old.has(name));
  }
  return candidates.map(({ name, requests }) => ({ name, requests }));
}

/** Clients that called on this weekday in each of the two weeks before, and not on the day. */
async function listSilentClients(
  rank: Rank,
  daily: SeriesReport,
  day: number,
): Promise<{ name: string; requests: number }[]> {
  if (!listKnownDaysAgo(daily).includes(14)) return [];
  const namesOf = async (daysAgo: number) => {
    const { rows, others } = await rank('client', formatDay(day - daysAgo), ALL);
    return { rows, names: new Set(rows.map(({ name }) => name)), isCut: others.count > 0 };
  };
  const [today, last, before] = [await namesOf(0), await namesOf(7), await namesOf(14)];
  // Of more clients than one ranking holds, nobody can be said to be missing.
  if (today.isCut) return [];
  return last.rows
    .filter(({ name }) => before.names.has(name) && !today.names.has(name) && !name.startsWith('('))
    .map(({ name, requests }) => ({ name, requests }));
}

/** Those entered since the last digest, whatever day they apply to; in a first one, those of the day. */
async function listNewCorrections(
  { calendar, corrections }: DigestSources,
  what: DigestWhat,
  day: number,
  { correctionsUntilMs }: Said,
): Promise<NonNullable<DigestContent['corrections']>> {
  const span = { fromMs: calendar.startOfDay(day), toMs: calendar.startOfDay(day + 1) };
  const found = await corrections(correctionsUntilMs === undefined ? { span } : { enteredSinceMs: correctionsUntilMs });
  return narrowCorrections(found, toFilters(what)).map((each) => ({ ...each, day: calendar.dayOf(each.timeMs) }));
}

/** The three clients whose requests changed most since the day before, with the route that explains most of it. */
async function listMovers(rank: Rank, day: number): Promise<Mover[]> {
  const [today, before] = [await rank('client', formatDay(day), ALL), await rank('client', formatDay(day - 1), ALL)];
  if (before.totals.requests === 0) return [];
  const earlier = new Map(before.rows.map((row) => [row.name, row]));
  const now = new Map(today.rows.map((row) => [row.name, row]));
  const changes = [...new Set([...earlier.keys(), ...now.keys()])]
    .map((name) => ({
      name,
      ids: (now.get(name) ?? earlier.get(name))!.ids ?? [name],
      requests: now.get(name)?.requests ?? 0,
      before: earlier.get(name)?.requests ?? 0,
    }))
    .filter(({ requests, before }) => requests !== before)
    .sort((a, b) => Math.abs(b.requests - b.before) - Math.abs(a.requests - a.before))
    .slice(0, 3);
  const movers: Mover[] = [];
  for (const change of changes) {
    const filter: Filter = { key: 'client', patterns: change.ids, not: false };
    const routes = await rank('route', formatDay(day), ALL, [filter]);
    const routesBefore = await rank('route', formatDay(day - 1), ALL, [filter]);
    movers.push(describeMover(change, routes.rows, routesBefore.rows));
  }
  return movers;
}

/** Days that earlier digests stated other numbers for. */
function listChanges(daily: SeriesReport, { requestsOf }: Said): { day: number; stated: number; requests: number }[] {
  const lastDay = daily.range?.lastDay;
  if (lastDay === undefined) return [];
  return [...requestsOf].flatMap(([day, stated]) => {
    const bar = daily.bars.at(day - lastDay - 1);
    if (day >= lastDay || !bar || bar.requests === stated) return [];
    return [{ day, stated, requests: bar.requests }];
  });
}
