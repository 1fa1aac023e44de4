import {
  type Calendar,
  firstDayOf,
  formatDay,
  MONTHS,
  monthOf,
  SHORT_WEEKDAYS,
  toDate,
  WEEKDAYS,
} from '../domain/calendar.ts';
import type { ClientName, Definitions } from '../domain/definition.ts';
import { type DigestRhythm, type DigestSection, type DigestWhat, toFilters } from '../domain/digest.ts';
import type { Filter, StoredFilter } from '../domain/filter.ts';
import { daysLabel } from '../domain/range.ts';
import type { Question, Report, Reporter, SeriesReport } from '../domain/report.ts';
import type { ScopeState } from '../domain/scope-state.ts';
import type { SourceHealth } from '../domain/source-health.ts';
import type { Span, Totals, UsageReader } from '../domain/usage.ts';
import type { DigestPart } from '../messages/digest-message.ts';
import { getClientNames } from '../report/client-names.ts';
import { formatMoment, formatMonthName, joinWords } from '../report/format.ts';
import { toIds } from '../report/inquiry.ts';
import { getScopeStates } from '../report/scope-states.ts';
import { emptyTotals } from '../report/totals.ts';
import { countByName, type NameCounts, USUAL_WEEKS } from '../report/usual.ts';
import type { Db } from '../store/database.ts';

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
export interface Stated {
  requestsOf: ReadonlyMap<number, number>;
  /** Corrections entered before this instant were reported; undefined before the first digest. */
  correctionsUntilMs: number | undefined;
}

/** A day's totals, and numbers of the whole days before it to compare with. */
export interface DayComparison {
  totals: Totals;
  /** Requests of the day before; absent if that day is not known in full. */
  dayBefore?: number;
  /** Mean of the same weekday of up to four weeks before; absent before the first week is over. */
  weekday?: number;
  /** Mean of those of the seven days before that are known; absent if none is. */
  weekAverage?: number;
}

/** A digest's day with the data that its sections share. */
export interface DigestDay extends DigestSources, DayComparison {
  day: number;
  nowMs: number;
  what: DigestWhat;
  stated: Stated;
  /** Filters of the counted calls: as people write them, and as the store compares them. */
  filters: readonly Filter[];
  stored: readonly StoredFilter[];
  /** Shown names of clients. */
  clients: readonly ClientName[];
  /** A series of 32 days that ends with the day, and one of the day's hours. */
  daily: SeriesReport;
  hours: SeriesReport;
  span: SpanSum | undefined;
  silent: readonly SilentSource[];
  /** Answers a question about the counted calls; asked again, it returns the same answer. */
  ask<R extends Report>(question: Question): Promise<R>;
  pools(): Promise<readonly ScopeState[]>;
  /** Requests of each client, on the day and on the same weekday of the weeks before that are known. */
  countClients(): Promise<readonly NameCounts[]>;
}

/** Worst last. */
export const SIGNS = ['🔵', '🟠', '🔴', '⛔'] as const;

/** One thing that somebody should look at. The higher the weight, the worse. */
export interface Finding {
  weight: number;
  sign: (typeof SIGNS)[number];
  text: string;
}

/** A message of the thread, and the report that is drawn in it. */
export interface DrawnPart extends DigestPart {
  section: DigestSection;
  drawn?: Report | undefined;
}

/** Output of one section. */
export interface Spoken {
  /** Message in the thread. */
  part?: Omit<DrawnPart, 'title' | 'section'> | undefined;
  /** Things that need attention. */
  findings?: readonly Finding[];
  /** The picture of the message itself. */
  chart?: Report;
}

/** Read 31 days before the day: they hold the month so far, and the same weekday of four weeks. */
const DAYS_BEFORE = 31;

/** Reads a day and the days before it. */
export async function openDay(
  from: DigestSources,
  { day, every, what }: { day: number; every: DigestRhythm; what: DigestWhat },
  stated: Stated,
  nowMs: number,
): Promise<DigestDay> {
  const { calendar, usage, reporter } = from;
  const filters = toFilters(what);
  const { clients } = await from.definitions();
  const asked = new Map<string, Promise<Report>>();
  const ask = <R extends Report>(question: Question) =>
    asked.getOrInsertComputed(JSON.stringify(question), () =>
      reporter.answer({ ...question, filters }, nowMs),
    ) as Promise<R>;
  const daily = await ask<SeriesReport>({
    report: 'daily',
    range: `${formatDay(day - DAYS_BEFORE)}..${formatDay(day)}`,
  });
  const lately = { fromMs: calendar.startOfDay(day - DAYS_BEFORE), toMs: calendar.startOfDay(day + 1) };
  const about = {
    ...{ ...from, ...compareDays(daily), day, nowMs, what, stated, filters, clients, daily, ask },
    stored: await toIds(usage, getClientNames(clients), filters, lately),
    hours: await ask<SeriesReport>({ report: 'day', range: formatDay(day) }),
    span: sumSpan(daily, every, day),
  };
  const days = [0, ...listWeeksAgo(daily)].map((daysAgo) => toSpan(about, day - daysAgo));
  return {
    ...about,
    silent: await listSilentSources(about),
    pools: once(() => getScopeStates(from, { atMs: nowMs, ...(what.scope ? { scope: what.scope } : {}) })),
    countClients: once(async () => {
      const [span, ...usual] = days;
      const compared = { span: span!, usual, measure: 'requests', filters: about.stored } as const;
      return (await countByName(about, compared, 'client')).names;
    }),
  };
}

/** Wraps `compute` so that only the first call runs it. */
function once<T>(compute: () => Promise<T>): () => Promise<T> {
  let computed: Promise<T> | undefined;
  return () => (computed ??= compute());
}

export function toSpan({ calendar }: Pick<DigestDay, 'calendar'>, day: number): Span {
  return { fromMs: calendar.startOfDay(day), toMs: calendar.startOfDay(day + 1) };
}

/** `Sat 28 Nov`. */
export function formatShortDay(day: number): string {
  const date = toDate(day);
  return `${SHORT_WEEKDAYS[date.dayOfWeek - 1]} ${date.day} ${MONTHS[date.month - 1]}`;
}

/** `Saturday`. */
export function weekdayOf(day: number): string {
  return WEEKDAYS[toDate(day).dayOfWeek - 1]!;
}

function compareDays(daily: SeriesReport): DayComparison {
  const known = listDaysAgo(daily);
  const mean = (days: readonly number[]) =>
    Math.round(days.reduce((sum, daysAgo) => sum + requestsOf(daily, daysAgo), 0) / days.length);
  const [weeks, lately] = [listWeeksAgo(daily), known.slice(0, 7)];
  const { requests, ok, failed, none, credits } = daily.bars.at(-1) ?? emptyTotals();
  return {
    totals: { requests, ok, failed, none, credits },
    ...(known.includes(1) ? { dayBefore: requestsOf(daily, 1) } : {}),
    ...(weeks.length ? { weekday: mean(weeks) } : {}),
    ...(lately.length ? { weekAverage: mean(lately) } : {}),
  };
}

function requestsOf({ bars }: SeriesReport, daysAgo: number): number {
  return bars.at(-1 - daysAgo)?.requests ?? 0;
}

/**
 * Lists the earlier days that are known, as days ago, nearest first. They begin after the day of the first call, which is
 * seldom whole.
 */
function listDaysAgo({ bars }: SeriesReport): number[] {
  const first = bars.findIndex((bar) => bar.requests > 0);
  return first < 0 ? [] : bars.slice(first + 1, -1).map((_, index) => index + 1);
}

/** Lists those of 7, 14, 21 and 28 days ago that are known, nearest first. */
export function listWeeksAgo(daily: SeriesReport): number[] {
  return listDaysAgo(daily)
    .filter((daysAgo) => daysAgo % 7 === 0)
    .slice(0, USUAL_WEEKS);
}

/** The sum that a weekly or monthly digest adds: the last seven days, or the month so far. */
export interface SpanSum {
  name: string;
  firstDay: number;
  requests: number;
  /** Mean of the days that are known. */
  perDay: number;
  /** Requests of the seven days before. */
  before?: number;
}

/** Sums the span that a weekly or monthly digest adds to its day; undefined for a daily one. */
function sumSpan(daily: SeriesReport, every: DigestRhythm, day: number): SpanSum | undefined {
  if (every === 'day') return undefined;
  const firstDay = every === 'week' ? day - 6 : firstDayOf(monthOf(day));
  const days = day - firstDay + 1;
  const sumLast = (count: number) => daily.bars.slice(-count).reduce((sum, { requests }) => sum + requests, 0);
  const known = listDaysAgo(daily).length + 1;
  const [requests, perDay] = [sumLast(days), Math.round(sumLast(Math.min(days, known)) / Math.min(days, known))];
  if (every === 'month') {
    const isWhole = monthOf(day + 1) > monthOf(day);
    return { name: isWhole ? formatMonthName(day) : daysLabel(firstDay, day), firstDay, requests, perDay };
  }
  const before = known >= 2 * days ? { before: sumLast(2 * days) - requests } : {};
  return { name: 'Last 7 days', firstDay, requests, perDay, ...before };
}

/** A source that usually sends on such a day and sent nothing; `sinceMs` is set if it has sent nothing after the day either. */
export interface SilentSource {
  name: string;
  sinceMs?: number;
}

/**
 * Lists sources that sent calls of this digest on at least half of the comparable days, and no call at all on this one.
 * Comparable are the same weekdays of earlier weeks; in the first week, all days so far.
 */
async function listSilentSources({
  sources,
  usage,
  calendar,
  daily,
  day,
  stored,
}: Pick<DigestDay, 'sources' | 'usage' | 'calendar' | 'daily' | 'day' | 'stored'>): Promise<SilentSource[]> {
  const [weeks, known] = [listWeeksAgo(daily), listDaysAgo(daily)];
  // The day of the first call counts here: even a part of a day shows who sends.
  const alike = weeks.length > 0 ? weeks : [...known, known.length + 1];
  const sum = (fromDay: number, untilDay: number, counted: readonly StoredFilter[]) =>
    usage.sum({
      span: { fromMs: calendar.startOfDay(fromDay), toMs: calendar.startOfDay(untilDay) },
      ...{ grain: 'day', groupBy: ['source'], filters: counted },
    });
  const [own, before] = await Promise.all([sum(day, day + 1, []), sum(day - Math.max(...alike), day, stored)]);
  const sent = new Set(own.rows.map(({ keys }) => keys[0]));
  const days = before.rows.filter(({ startMs }) => alike.includes(day - calendar.dayOf(startMs)));
  return (await sources())
    .filter(({ name }) => !sent.has(name))
    .filter(({ name }) => days.filter(({ keys }) => keys[0] === name).length * 2 >= alike.length)
    .map(({ name, lastReceivedMs }) => {
      const isSilentStill = lastReceivedMs !== undefined && lastReceivedMs < calendar.startOfDay(day + 1);
      return { name, ...(isSilentStill ? { sinceMs: lastReceivedMs } : {}) };
    });
}

/** `kong since Wed 18 Nov 23:55 and erp that day`; empty if none is silent. `then` follows the name of a source that sends again. */
export function describeSilent({ silent, calendar }: DigestDay, then: string): string {
  return joinWords(
    silent.map(
      ({ name, sinceMs }) =>
        `${name}${sinceMs === undefined ? then : ` since ${formatMoment(sinceMs, calendar.zone)}`}`,
    ),
  );
}
