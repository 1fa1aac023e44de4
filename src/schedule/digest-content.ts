import { type Calendar, formatDay, HOUR_MS } from '../domain/calendar.ts';
import type { Definitions } from '../domain/definition.ts';
import { type DigestSection, type DigestWhat, toFilters } from '../domain/digest.ts';
import type { Thousandths } from '../domain/event.ts';
import {
  MAX_RANKING_ROWS,
  type PoolReport,
  type Question,
  type RankingReport,
  type Report,
  type Reporter,
  type SeriesReport,
  type StatusReport,
  type TableReport,
} from '../domain/report.ts';
import type { ScopeState } from '../domain/scope-state.ts';
import type { SourceHealth } from '../domain/source-health.ts';
import type { Correction, UsageReader } from '../domain/usage.ts';
import { narrowCorrections } from '../report/notes.ts';
import { ALL_ROWS } from '../report/top.ts';
import { addTotals, sumTotals } from '../report/totals.ts';
import { foreseeMonth } from '../report/usual.ts';
import { type Alert, listAlertsTold } from '../store/alert-repository.ts';
import { listCorrections } from '../store/correction-repository.ts';
import type { Db } from '../store/database.ts';
import {
  type ClientCount,
  compareDays,
  DAYS_BEFORE,
  type DayComparison,
  listMovers,
  listOddHours,
  listSilentClients,
  listSilentSources,
  type Mover,
  type OddHour,
  type Rank,
  type SilentSource,
  type SpanSum,
  sumMonth,
  sumWeek,
} from './digest-days.ts';

/** Sources of a digest's numbers. */
export interface DigestSources {
  db: Db;
  reporter: Reporter;
  calendar: Calendar;
  usage: UsageReader;
  definitions(): Promise<Definitions>;
  sources(): Promise<readonly SourceHealth[]>;
}

/** The numbers that a subscription's digests have stated so far. */
export interface Said {
  requestsOf: ReadonlyMap<number, number>;
  /** Corrections entered before this have been told; undefined: there was no digest. */
  correctionsUntilMs: number | undefined;
}

/** A digest as data. Sections that are off, empty or failed are absent; the failed ones are named in `missing`. */
export interface DigestContent extends DayComparison {
  day: number;
  zone: string;
  nowMs: number;
  what: DigestWhat;
  clients: number;
  span?: SpanSum | undefined;
  /** Its chart: the hours of the day, or the days of a week or month. */
  series?: SeriesReport | undefined;
  silent: readonly SilentSource[];
  oddHours?: readonly OddHour[] | undefined;
  pools?: readonly ScopeState[] | undefined;
  /** Pools whose period ended with the day: how it closed. */
  closed?:
    | readonly { title: string; pool: string; used: Thousandths; amount: Thousandths; label: string }[]
    | undefined;
  month?: ReturnType<typeof foreseeMonth>;
  topClients?: RankingReport | undefined;
  topRoutes?: RankingReport | undefined;
  status?: StatusReport | undefined;
  movers?: readonly Mover[] | undefined;
  newClients?: readonly ClientCount[] | undefined;
  silentClients?: readonly ClientCount[] | undefined;
  alerts?: readonly Alert[] | undefined;
  corrections?: readonly (Correction & { day: number })[] | undefined;
  changes?: readonly { day: number; stated: number; requests: number }[] | undefined;
  advice?: TableReport | undefined;
  missing: readonly string[];
}

/** Rows of a table in the thread. */
const ROWS = 10;
/** No day of any zone is longer. */
const LONGEST_DAY_MS = 25 * HOUR_MS;

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
  const { reporter, calendar, usage } = from;
  const filters = toFilters(what);
  const date = formatDay(day);
  const asked = new Map<string, Promise<Report>>();
  /** Each question is asked once, whatever sections need its answer. */
  const askAll = <R extends Report>(question: Question): Promise<R> =>
    asked.getOrInsertComputed(JSON.stringify(question), () => reporter.answer(question, nowMs)) as Promise<R>;
  const ask = <R extends Report>(question: Question): Promise<R> =>
    askAll({ ...question, filters: [...filters, ...(question.filters ?? [])] });
  const rankBy =
    (askOne: (question: Question) => Promise<RankingReport>): Rank =>
    (dimension, range) =>
      askOne({ report: 'top', dimension, range, limit: ALL_ROWS });
  const [rank, rankAll] = [rankBy(ask), rankBy(askAll)];
  const missing: string[] = [];
  const load = async <R>(keys: readonly DigestSection[], title: string, make: () => Promise<R>) => {
    if (!keys.some((key) => what.sections.includes(key))) return undefined;
    try {
      return await make();
    } catch (error) {
      missing.push(`${title} (${error instanceof Error ? error.message : String(error)})`);
      return undefined;
    }
  };

  const daily = await ask<SeriesReport>({ report: 'daily', range: `${formatDay(day - DAYS_BEFORE)}..${date}` });
  const hours = await ask<SeriesReport>({ report: 'day', range: date });
  const span = every === 'day' ? undefined : every === 'week' ? sumWeek(daily) : sumMonth(daily, day);
  const content: DigestContent = {
    ...{ day, zone: daily.zone, nowMs, what, clients: hours.clients, span, missing },
    ...compareDays(daily),
    silent: await listSilentSources(from, { rank, rankAll }, daily, day),
  };
  if (content.totals.requests === 0 && content.silent.length === 0) return content;
  const { clients } = await from.definitions();
  const parts = { usage, calendar, clients };
  content.series = await load(['requests'], 'Requests', async () =>
    span ? ask<SeriesReport>({ report: 'daily', range: `${formatDay(firstOf(every, day))}..${date}` }) : hours,
  );
  content.oddHours = await load(['attention'], 'Unusual hours', () => listOddHours(parts, hours, filters));
  content.pools = await load(['pools', 'attention'], 'Pools', async () => {
    return (await askAll<PoolReport>({ report: 'pool', scope: what.scope })).scopes;
  });
  content.closed = await load(['pools'], 'Closed periods', () =>
    listClosed(from.calendar, askAll<PoolReport>, content.pools ?? [], day),
  );
  content.month = await load(['pools'], 'Month-end forecast', async () =>
    foreseeMonth(
      daily.bars.map(({ requests }) => requests),
      day,
    ),
  );
  content.topClients = await load(['clients'], 'Top clients', async () => takeRows(await rank('client', date)));
  content.topRoutes = await load(['routes'], 'Top routes', () =>
    ask<RankingReport>({ report: 'top', dimension: 'route', range: date, limit: ROWS }),
  );
  content.status = await load(['status', 'attention'], 'Status codes', () =>
    ask<StatusReport>({ report: 'status', range: date }),
  );
  content.movers = await load(['movers'], 'Biggest movers', () => listMovers(rank, parts, { daily, day, filters }));
  content.newClients = await load(['new-clients', 'attention'], 'New clients', async () => {
    const fresh = await ask<RankingReport>({ report: 'top', only: 'new', range: date, limit: MAX_RANKING_ROWS });
    return fresh.rows;
  });
  content.silentClients = await load(['new-clients', 'attention'], 'Silent clients', () =>
    listSilentClients(rank, daily, day),
  );
  content.alerts = await load(['alerts', 'attention'], 'Alerts', () => listAlertsOfDay(from, what, day));
  content.corrections = await load(['corrections'], 'Corrections', () => listNewCorrections(from, what, day, said));
  content.changes = await load(['corrections'], 'Late calls', async () => listChanges(daily, said));
  content.advice = await load(['advice'], 'What to do', () => ask<TableReport>({ report: 'advice', range: date }));
  return content;
}

/** Takes the first rows of a ranking, as if no more had been asked for. */
function takeRows({ rows, table, others, question, ...report }: RankingReport): RankingReport {
  const rest = rows.slice(ROWS);
  const sum = addTotals(sumTotals(rest), others);
  return {
    ...{ ...report, question: { ...question, limit: ROWS }, rows: rows.slice(0, ROWS) },
    others: { ...sum, count: others.count + rest.length },
    table: { ...table, rows: table.rows.slice(0, ROWS) },
  };
}

function firstOf(every: 'day' | 'week' | 'month', day: number): number {
  return every === 'week' ? day - 6 : day - Number(formatDay(day).slice(8)) + 1;
}

/** Lists pools whose period, longer than a day, ended with the day, as they were then. */
async function listClosed(
  calendar: Calendar,
  ask: (question: Question) => Promise<PoolReport>,
  scopes: readonly ScopeState[],
  day: number,
): Promise<DigestContent['closed']> {
  const toMs = calendar.startOfDay(day + 1);
  const anew = scopes.flatMap((scope) =>
    scope.pools
      .filter(({ period }) => period.fromMs === toMs && period.toMs - period.fromMs > LONGEST_DAY_MS)
      .map(({ name }) => `${scope.scope}/${name}`),
  );
  if (anew.length === 0) return undefined;
  const report = await ask({ report: 'pool', range: formatDay(day) });
  return report.scopes.flatMap((scope) =>
    scope.pools
      .filter(({ name }) => anew.includes(`${scope.scope}/${name}`))
      .map(({ name, used, amount, period }) => ({
        ...{ title: scope.title, pool: name, used, amount, label: period.label },
      })),
  );
}

/** Lists alerts told that day: for a digest about one scope, those about it; under other filters none, since alerts count all calls. */
async function listAlertsOfDay({ db, calendar }: DigestSources, what: DigestWhat, day: number): Promise<Alert[]> {
  if (what.filters.length > 0) return [];
  const told = await listAlertsTold(db, { fromMs: calendar.startOfDay(day), toMs: calendar.startOfDay(day + 1) });
  const { scope } = what;
  return told.filter(({ subject }) => scope === undefined || subject.startsWith(`${scope}/`));
}

/** Lists corrections entered since the last digest, whatever day they apply to; for a first digest, those of its day. */
async function listNewCorrections(
  { db, calendar }: DigestSources,
  what: DigestWhat,
  day: number,
  { correctionsUntilMs }: Said,
): Promise<NonNullable<DigestContent['corrections']>> {
  const span = { fromMs: calendar.startOfDay(day), toMs: calendar.startOfDay(day + 1) };
  const since = correctionsUntilMs === undefined ? { span } : { enteredSinceMs: correctionsUntilMs };
  const found = await listCorrections(db, since);
  return narrowCorrections(found, toFilters(what)).map((each) => ({ ...each, day: calendar.dayOf(each.timeMs) }));
}

/** Lists days for which earlier digests stated other numbers. */
function listChanges(daily: SeriesReport, { requestsOf }: Said): { day: number; stated: number; requests: number }[] {
  const lastDay = daily.range?.lastDay;
  if (lastDay === undefined) return [];
  return [...requestsOf].flatMap(([day, stated]) => {
    const bar = daily.bars.at(day - lastDay - 1);
    if (day >= lastDay || !bar || bar.requests === stated) return [];
    return [{ day, stated, requests: bar.requests }];
  });
}
