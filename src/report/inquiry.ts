import type { ToldAlert } from '../domain/alert.ts';
import { type Calendar, capitalise } from '../domain/calendar.ts';
import type { Definitions } from '../domain/definition.ts';
import type { QuestionKey } from '../domain/dimension.ts';
import { type Filter, only, type StoredFilter } from '../domain/filter.ts';
import type { Range } from '../domain/range.ts';
import { resolveRange } from '../domain/ranges.ts';
import type { AskedGrain, Question, ReportHead, TimeMark } from '../domain/report.ts';
import type { SourceHealth } from '../domain/source-health.ts';
import type { Correction, OlderZone, Span, UsageAnswer, UsageQuery, UsageReader } from '../domain/usage.ts';
import { QuestionError } from '../errors.ts';
import { type ClientNames, getClientNames } from './client-names.ts';
import { DIMENSION_WORDS } from './format.ts';

/** Ports that reports read from. */
export interface ReporterDeps {
  usage: UsageReader;
  definitions: () => Promise<Definitions>;
  calendar: Calendar;
  /** Absent: `/usage sources` shows exclusions only. */
  sources?: () => Promise<readonly SourceHealth[]>;
  /** Corrections that apply within a span, in order of the time they apply to. */
  corrections?: (span: Span) => Promise<readonly Correction[]>;
  /** Alerts sent within a span, for lines across charts. */
  alerts?: (span: Span) => Promise<readonly ToldAlert[]>;
  /** The newest marks within a span, such as deploys, at most `limit`. */
  marks?: (span: Span, limit: number) => Promise<readonly TimeMark[]>;
  /** Days that are still counted in an earlier report zone. */
  olderZones?: () => Promise<readonly OlderZone[]>;
}

/** A question prepared for asking the store. */
export interface Inquiry {
  readonly question: Question;
  readonly nowMs: number;
  readonly deps: ReporterDeps;
  readonly definitions: Definitions;
  readonly names: ClientNames;
  readonly range: Range;
  /** The span to ask the store for. It reaches to the end of a running day, so that daily totals can answer. */
  readonly span: Span;
  /** The question's filters, with shown client names turned into ids. */
  readonly filters: readonly StoredFilter[];
  readonly olderZones: readonly OlderZone[];
  /** First and last day of the data; undefined if nothing was ever received. */
  readonly extent: Awaited<ReturnType<UsageReader['extent']>>;
}

export async function openInquiry(
  deps: ReporterDeps,
  question: Question,
  nowMs: number,
  defaultRange?: string,
): Promise<Inquiry> {
  const [definitions, extent] = await Promise.all([deps.definitions(), deps.usage.extent()]);
  const { step } = question;
  const resolved = resolveRange(question.range, nowMs, deps.calendar, {
    default: (step && DEFAULT_RANGES[step]) ?? defaultRange,
    firstDay: extent?.firstDay,
  });
  const range = step ? drawBy(resolved, step) : resolved;
  const span = toSpan(range, deps.calendar);
  const names = getClientNames(definitions.clients);
  const filters = await toIds(deps.usage, names, question.filters ?? [], span);
  const olderZones = (await deps.olderZones?.()) ?? [];
  return { question, nowMs, deps, definitions, names, range, span, filters, olderZones, extent };
}

/** Default ranges for weeks, months and averages by weekday, which need more days than a report's own default. */
const DEFAULT_RANGES: Partial<Record<AskedGrain, string>> = { week: '84d', month: '12-months', weekday: '28d' };
/** At most this many days are drawn by the hour: more bars would be unreadable. */
const MOST_HOURLY_DAYS = 7;

/** Returns the range with steps of another length. Ranges within days keep their own. Throws QuestionError for too many hours. */
function drawBy(range: Range, step: AskedGrain): Range {
  const { text, label, firstDay, lastDay } = range;
  if (range.timed) return range;
  if (step === 'hour' && lastDay - firstDay >= MOST_HOURLY_DAYS) {
    throw new QuestionError(`${label} has too many hours: I draw those of up to ${MOST_HOURLY_DAYS} days.`, [
      { label: `${label} by the day`, command: `daily ${text}` },
      { label: '7 days by the hour', command: 'day 7d' },
    ]);
  }
  return { ...range, grain: step === 'weekday' ? 'day' : step === 'hour-of-day' ? 'hour' : step };
}

/**
 * Returns a function that gives values of a dimension their shown names: clients by name, or by team, scopes by title, others as they
 * are.
 */
export function namerOf({ names, definitions }: Inquiry, dimension: QuestionKey): (value: string) => string {
  if (dimension === 'client') return names.nameOf;
  if (dimension === 'team') return names.teamOf;
  if (dimension !== 'scope') return (value) => value;
  const titles = new Map(definitions.scopes.map(({ name, title }) => [name, title]));
  const isShared = (title: string) => definitions.scopes.filter((scope) => scope.title === title).length > 1;
  return (name) => {
    const title = titles.get(name);
    return title === undefined || isShared(title) ? name : title;
  };
}

/** Asks for totals of the inquiry's range under its filters, unless `query` says otherwise. */
export function ask(inquiry: Inquiry, query: Partial<UsageQuery>): Promise<UsageAnswer> {
  return inquiry.deps.usage.sum({
    span: inquiry.span,
    filters: inquiry.filters,
    grain: 'all',
    groupBy: [],
    ...query,
  });
}

/** Builds the fields that every report has. `asOfMs` is the newest receipt in the data or in the answers. */
export function toHead(
  inquiry: Inquiry,
  answers: readonly Pick<UsageAnswer, 'asOfMs'>[],
  head: Pick<ReportHead, 'title' | 'finding' | 'notes' | 'offers' | 'population'>,
): ReportHead {
  const asOfMs = Math.max(inquiry.extent?.asOfMs ?? 0, ...answers.map((answer) => answer.asOfMs));
  return {
    ...head,
    question: inquiry.question,
    range: inquiry.range,
    zone: inquiry.deps.calendar.zone,
    filters: toShownFilters(inquiry),
    asOfMs,
    finding: asOfMs === 0 ? NOTHING_RECEIVED : head.finding,
  };
}

/** Returns the question's filters with the names that people know: scopes by their titles. */
export function toShownFilters(inquiry: Inquiry): Filter[] {
  const titleOf = namerOf(inquiry, 'scope');
  const { filters = [] } = inquiry.question;
  return filters.map((filter) =>
    filter.key === 'scope' ? { ...filter, patterns: filter.patterns.map(titleOf) } : filter,
  );
}

const NOTHING_RECEIVED = 'No usage has been received yet.';

/** Says that a range has no calls, and why. Data that are no longer kept are not called none. */
export function describeNothing(inquiry: Inquiry, answer?: Pick<UsageAnswer, 'shortened'>): string {
  const { range, filters, span } = inquiry;
  if (range.toMs <= range.fromMs) return `${capitalise(range.text.replace('-', ' '))} has no whole day yet.`;
  if (answer?.shortened && answer.shortened.fromMs >= span.toMs) return `This is no longer kept for ${range.label}.`;
  // `last 3 hours (15:00–18:02)` has its own brackets.
  const where = range.label.startsWith('last ') ? `in the ${range.label}` : `(${range.label})`;
  return filters.length > 0
    ? `None: no ${describeFiltered(toShownFilters(inquiry))} ${where}.`
    : `No requests ${where}.`;
}

/** Tells whether a filter lets only failures through: `status:5xx`, `status:429`. */
export function isOfFailures({ key, patterns, not }: Filter): boolean {
  return key === 'status' && !not && patterns.every((pattern) => /^[45]/.test(pattern));
}

/** Returns the only status code or class that filters let through: `429`, `5xx`; undefined for several. */
export function findCode(filters: readonly Filter[]): string | undefined {
  const [code, ...others] = filters.find(({ key, not }) => key === 'status' && !not)?.patterns ?? [];
  return others.length === 0 && /^\d(\d\d|xx)$/.test(code ?? '') ? code : undefined;
}

/** Filters with more characters than this are not spelled out in a sentence. */
const MAX_FILTERS = 120;
const PREPOSITIONS: Partial<Record<QuestionKey, string>> = { client: 'by', user: 'by', team: 'by', route: 'to' };

/** `429s by Acme CRM`, `requests to /v1/orders`, `requests with module "crm"`. */
export function describeFiltered(filters: readonly Filter[]): string {
  const status = filters.find(({ key, not }) => key === 'status' && !not);
  const code = status?.patterns.join(' ') ?? '';
  const own =
    code === '4xx 5xx'
      ? 'failed requests'
      : /^\d(\d\d|xx)$/.test(code)
        ? `${code}${code.endsWith('xx') ? ' responses' : 's'}`
        : undefined;
  const noun = own ?? 'requests';
  const parts = filters
    .filter((filter) => !own || filter !== status)
    .map(({ key, not, patterns }) => {
      const joint = PREPOSITIONS[key] ?? `with ${DIMENSION_WORDS[key].singular}`;
      return `${not ? 'not ' : ''}${joint} ${patterns.join(' or ')}`;
    });
  const told = [noun, ...parts].join(' ');
  return told.length > MAX_FILTERS ? `${noun} match these filters` : told;
}

export function toSpan(range: Range, calendar: Calendar): Span {
  if (range.timed) return { fromMs: range.fromMs, toMs: range.toMs };
  const toMs = range.partial ? Math.max(range.toMs, calendar.startOfDay(range.lastDay + 1)) : range.toMs;
  return { fromMs: range.fromMs, toMs };
}

/** Converts filters to those that the store compares: shown client names and teams become ids, methods upper case. */
export async function toIds(
  usage: UsageReader,
  names: ClientNames,
  asked: readonly Filter[],
  span: Span,
): Promise<readonly StoredFilter[]> {
  const filters = asked.map(toKeptMethods);
  if (names.isExact(filters)) return names.toIdFilters(filters);
  const ids = await usage.values({ key: 'client', span, limit: Number.MAX_SAFE_INTEGER });
  return names.pickIds(
    filters,
    ids.map(({ value }) => value),
  );
}

function toKeptMethods(filter: Filter): Filter {
  if (filter.key !== 'method') return filter;
  const patterns = filter.patterns.map((pattern) => (pattern.startsWith('(') ? pattern : pattern.toUpperCase()));
  return { ...filter, patterns };
}

/** Counts the requests in `span` that a question is about: under its filters, and of the client, route or scope that it names. */
export async function countRequests(
  deps: Pick<ReporterDeps, 'usage' | 'definitions'>,
  question: Question,
  span: Span,
): Promise<number> {
  const { clients } = await deps.definitions();
  const filters = await toIds(deps.usage, getClientNames(clients), listCounted(question), span);
  const { rows } = await deps.usage.sum({ span, grain: 'all', groupBy: [], filters });
  return rows.reduce((sum, { requests }) => sum + requests, 0);
}

/** Lists the filters that say what a question counts, with the name and scope it is about. */
function listCounted({ report, name, scope, filters = [] }: Question): Filter[] {
  const subject = report === 'route' ? 'route' : 'client';
  return [
    ...filters.filter(({ key, not }) => name === undefined || not || key !== subject),
    ...(name === undefined ? [] : [only(subject, name)]),
    ...(scope === undefined ? [] : [only('scope', scope)]),
  ];
}
