import { createCalendar, formatDay, HOUR_MS, toDate } from '../domain/calendar.ts';
import { NONE, OTHER, REMOVED } from '../domain/dimension.ts';
import type { Filter } from '../domain/filter.ts';
import { instantText, isByHours, PREVIOUS } from '../domain/ranges.ts';
import { type CompareReport, canCompare, type Offer, type Question, type Report } from '../domain/report.ts';
import type { Table } from '../domain/table.ts';
import { isAverage, type StepGrain } from '../domain/usage.ts';
import { MAX_OPTIONS } from '../messages/limits.ts';
import { COUNTED, DRAWN, hasFilters } from './command/report-parts.ts';

/** Rows of a page of a long table: as many as a phone shows at once. */
const PAGE_ROWS = 14;

/** Tells whether another range can be asked for. */
export function hasRange({ report }: Question): boolean {
  return [...COUNTED, 'pool', 'sources', 'why'].includes(report);
}

/** Adds the filters that a person chose for a channel. A filter in the question itself (also by `client NAME`) wins. */
export function withChosen(question: Question, chosen: readonly Filter[]): Question {
  if (!hasFilters(question)) return question;
  const { name, report, filters = [] } = question;
  const named = new Set<string>([...(name === undefined ? [] : [report]), ...filters.map(({ key }) => key)]);
  const added = chosen.filter(({ key }) => !named.has(key));
  return added.length > 0 ? { ...question, filters: [...filters, ...added] } : question;
}

/** Lists the keys of the parts of a digest's thread that answer this question every day. */
export function listDigestParts({ report, dimension = 'client' }: Question): readonly string[] {
  switch (report) {
    case 'top':
      return dimension === 'client' ? ['clients'] : dimension === 'route' ? ['routes'] : [];
    case 'client':
    case 'why':
      return ['routes', 'status'];
    case 'route':
      return ['clients', 'status'];
    case 'status':
      return ['status'];
    case 'advice':
      return ['advice'];
    default:
      return [];
  }
}

/** Tells whether a digest can answer this question, in its message or thread, or limited to the question's filters. */
export function isDigestible(question: Question): boolean {
  const inMessage = ['summary', 'pool', 'daily', 'day'].includes(question.report);
  const narrowed = (question.filters ?? []).length > 0 || question.scope !== undefined;
  return inMessage || narrowed || listDigestParts(question).length > 0;
}

/** Returns the question for another range, from its first row. A chart of one day by the hour becomes one by the day. */
export function withRange(question: Question, range: string): Question {
  const { offset: _offset, ...rest } = question;
  if (rest.report === 'day' && !isByHours(range)) return { ...rest, report: 'daily', range };
  return { ...rest, range };
}

/** Returns the question with one more filter. A positive filter on the same key is replaced. */
function withFilter(question: Question, filter: Filter): Question {
  const others = (question.filters ?? []).filter(({ key, not }) => key !== filter.key || not !== filter.not);
  return { ...question, filters: [...others, filter] };
}

/** Returns the range that has the calls: names that are gone made theirs in the earlier range. */
function rangeOfCalls({ question, versus }: Report): string | undefined {
  return question.only === 'gone' && versus ? versus.text : question.range;
}

/**
 * Lists questions about single rows of a report: a client or route leads to its own report, a function to the modules that it
 * calls, a scope to its pools, and any other value to its clients.
 */
function listDrills(report: Report): Offer[] {
  const { question } = report;
  const { versus, only, filters = [] } = question;
  const range = rangeOfCalls(report);
  const inherit = { ...(range === undefined ? {} : { range }), ...(versus && !only ? { versus } : {}), filters };
  const kind = report.kind === 'compare' ? question.report : report.kind;
  const drill = (key: Filter['key'], name: string): Question => {
    if (key === 'scope') return { report: 'pool', scope: name };
    if (key === 'client' && kind !== 'client') return { report: 'client', name, ...inherit };
    if (key === 'route' && kind !== 'route') return { report: 'route', name, ...inherit };
    const filter: Filter = { key, patterns: [name], not: false };
    // The modules that a function calls decide its cost.
    if (key === 'function')
      return withFilter({ report: 'top', dimension: 'module', measure: 'credits', ...inherit }, filter);
    const dimension = key === 'client' || kind === 'client' ? 'route' : 'client';
    return withFilter({ report: 'top', dimension, ...inherit }, filter);
  };
  if (report.kind === 'top' || report.kind === 'latency') {
    return report.rows
      .filter(({ name }) => !isCollective(name))
      .map(({ name }) => ({ label: name, question: drill(report.dimension, name) }));
  }
  if (report.kind === 'status') {
    return report.codes.map(({ status, meaning }) => ({
      label: `${status} ${meaning}`,
      question: drill('status', status),
    }));
  }
  if (report.kind === 'client' || report.kind === 'route' || report.kind === 'compare') {
    const subject: Filter[] =
      question.name !== undefined && (kind === 'client' || kind === 'route')
        ? [{ key: kind, patterns: [report.kind === kind ? report.name : question.name], not: false }]
        : [];
    return report.sections.flatMap(({ dimension, rows }) =>
      rows
        .filter(({ name }) => !isCollective(name))
        .map(({ name }) => ({
          label: subject.length > 0 ? `${dimension} ${name}` : name,
          question: subject.reduce(withFilter, drill(dimension, name)),
        })),
    );
  }
  if (report.kind === 'summary') {
    return report.cards.map(({ scope, title }) => ({ label: title, question: drill('scope', scope) }));
  }
  if (report.kind === 'daily' && listHours(report).length === 0 && !isAverage(report.grain)) {
    const { dayOf } = createCalendar(report.zone);
    return report.bars.map(({ startMs, label }) => ({
      label,
      question: { ...listSpan(dayOf(startMs), report.grain), filters },
    }));
  }
  if (report.kind === 'pool') {
    return report.scopes.map(({ scope, title }) => ({ label: title, question: { report: 'history', scope } }));
  }
  return [];
}

/** Returns the question about one bar: a day is shown by the hour, longer bars by the day. */
function listSpan(day: number, grain: StepGrain): Pick<Question, 'report' | 'range'> {
  if (grain === 'month') return { report: 'daily', range: formatDay(day).slice(0, 7) };
  if (grain === 'week') {
    return { report: 'daily', range: `${formatDay(day)}..${formatDay(day + 7 - toDate(day).dayOfWeek)}` };
  }
  return { report: 'day', range: formatDay(day) };
}

/**
 * Lists the same question for single hours of a report that is drawn by the hour, the busiest first. For status codes that is
 * the hour with the most failures.
 */
function listHours(report: Report): Offer[] {
  if ((report.kind !== 'daily' && report.kind !== 'day' && report.kind !== 'status') || isAverage(report.grain))
    return [];
  const countFailed = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts).reduce((sum, [status, count]) => sum + (/^[45]/.test(status) ? count : 0), 0);
  const hours =
    report.kind === 'status'
      ? report.steps.map(({ startMs, label, counts }) => ({ startMs, label, count: countFailed(counts) }))
      : report.bars.map(({ startMs, label, requests }) => ({ startMs, label, count: requests }));
  const gaps = hours.slice(1).map(({ startMs }, index) => startMs - hours[index]!.startMs);
  if (gaps.length === 0 || Math.max(...gaps) !== HOUR_MS) return [];
  const calendar = createCalendar(report.zone);
  const called = hours.filter(({ count }) => count > 0);
  const peak = called.reduce((best, each) => (each.count > best.count ? each : best), called[0]!);
  const unit = (count: number) => (report.kind === 'status' ? 'failed' : count === 1 ? 'request' : 'requests');
  return [...(peak ? [peak] : []), ...called.filter((each) => each !== peak)].map(({ startMs, label, count }) => ({
    label: `${label} · ${count.toLocaleString('en-US')} ${unit(count)}${startMs === peak!.startMs ? ' (peak)' : ''}`,
    question: { ...report.question, range: instantText(calendar.startOfHour(startMs), calendar) },
  }));
}

/** A next question with the heading that it stands under in the menu. */
export interface Next extends Offer {
  group: 'Next' | 'Compare' | 'Look at an hour' | 'Drill down' | 'Sort by' | 'Show';
}

/** Lists all next questions of a report: its own offers, single rows and hours, comparisons, other orders and other views. */
export function listNext(report: Report): Next[] {
  const toNext = (group: Next['group'], offers: readonly Offer[]): Next[] =>
    offers.map((offer) => ({ group, ...offer }));
  return [
    ...toNext('Next', report.offers ?? []),
    ...toNext('Compare', listComparisons(report)),
    ...toNext('Look at an hour', listHours(report).slice(0, MAX_OPTIONS)),
    ...toNext('Drill down', listDrills(report).slice(0, MAX_OPTIONS)),
    ...toNext('Sort by', listSorts(report)),
    ...toNext('Show', [...listViews(report), ...listCalls(report)]),
  ];
}

/** Wider ranges to offer if a shorter one has no calls. */
const WIDER = [
  { days: 7, range: '7d', label: 'Last 7 days' },
  { days: 30, range: '30d', label: 'Last 30 days' },
  { days: 90, range: '90d', label: 'Last 90 days' },
] as const;

/** Lists ways out of an answer without calls: a wider range, the question without filters, a comparison of complete days. */
export function listWider(report: Report): Offer[] {
  const { kind, question, range } = report;
  if (report.asOfMs === 0 || !range) return [];
  if (kind === 'compare' && [range, report.versus].some(({ fromMs, toMs }) => toMs <= fromMs))
    return listComparable(report);
  if (range.toMs <= range.fromMs) return [{ label: 'Today so far', question: withRange(question, 'today') }];
  if (!hasNoCalls(report) || !(kind === 'compare' || CALLS.has(kind))) return [];
  const days = range.timed ? 0 : range.lastDay - range.firstDay + 1;
  const wider = WIDER.find((each) => each.days > days) ?? { range: 'all', label: 'All time' };
  const { filters = [], offset: _offset, ...rest } = question;
  const beside = kind === 'compare' ? { ...question, versus: PREVIOUS } : question;
  return [
    ...listNearest(report),
    ...(question.range === wider.range ? [] : [{ label: wider.label, question: withRange(beside, wider.range) }]),
    ...(filters.length > 0
      ? [{ label: filters.length === 1 ? 'Without the filter' : 'Without filters', question: rest }]
      : []),
  ];
}

/** Lists the same question about similar names that made calls, if a filter has a name that no call has. */
function listNearest({ question, offers = [] }: Report): Offer[] {
  const { filters: _, offset: __, ...rest } = question;
  const isSame = ({ filters: _, offset: __, ...other }: Question) => JSON.stringify(other) === JSON.stringify(rest);
  return (question.filters ?? []).length > 0 ? offers.filter((offer) => isSame(offer.question)).slice(0, 2) : [];
}

function hasNoCalls(report: Report): boolean {
  if (report.kind === 'latency') return report.total.requests === 0;
  if (report.kind === 'compare') return report.total.now === 0 && report.total.before === 0;
  return 'totals' in report && report.totals.requests === 0;
}

/** Lists comparisons for the first day of a week, month or year, which has no whole day yet: today, and the period before. */
function listComparable({ question: { offset: _offset, ...rest }, range }: CompareReport): Offer[] {
  const unit = /^this-(week|month|quarter|year)$/.exec(range!.text)?.[1];
  const { ago, versus } = { ago: unit ?? 'week', versus: `${unit ?? 'week'}-before` };
  const today = { label: `Today vs. a ${ago} ago`, question: { ...rest, range: 'today', versus } };
  if (!unit) return [today];
  return [today, { label: `Last ${unit} vs. the one before`, question: { ...rest, range: `last-${unit}`, versus } }];
}

/** Lists questions about single calls and their duration, by client and over time. */
function listCalls(report: Report): Offer[] {
  const { kind, question } = report;
  const { filters = [] } = question;
  const range = rangeOfCalls(report);
  if (!CALLS.has(kind) || hasNoCalls(report)) return [];
  const name = 'name' in report ? report.name : question.name;
  const subject: Filter[] =
    name !== undefined ? [{ key: kind === 'route' ? 'route' : 'client', patterns: [name], not: false }] : [];
  const same = { ...(range === undefined ? {} : { range }), filters: [...filters, ...subject] };
  const { dimension, overTime } = question;
  const by = kind === 'top' && dimension && dimension !== 'client' ? { dimension } : {};
  const latency: Offer =
    kind !== 'latency'
      ? { label: 'Latency', question: { report: 'latency', ...by, ...same } }
      : overTime
        ? { label: 'Latency by client', question: { report: 'latency', dimension: 'client', ...same } }
        : { label: 'Latency over time', question: { report: 'latency', overTime: true, ...same } };
  if (kind === 'events') return [latency];
  // Name the range of this answer, since reports of calls have another default.
  const calls = { report: 'events', ...same, range: range ?? UNNAMED[kind] ?? '7d' } as const;
  return [{ label: 'Show calls', question: calls }, latency];
}

/** Default ranges of reports, if not the last seven days. */
const UNNAMED: Partial<Record<Report['kind'], string>> = { day: 'yesterday' };

/** Reports of calls in a range. */
const CALLS = new Set<Report['kind']>([...COUNTED, 'why']);

/** Returns the question for the other form of an answer (chart or table); undefined if it has one form only. */
export function showAs({ kind, question }: Report, shown: 'chart' | 'table' | 'words'): Question | undefined {
  if (hasWords({ kind, question })) return { ...question, view: shown === 'table' ? 'graph' : 'table' };
  if (!hasGraph(kind) || shown === 'words') return undefined;
  if (shown === 'chart')
    return { ...question, view: 'table', ...(question.view === 'doughnut' ? { chart: 'doughnut' } : {}) };
  const { limit, offset: _offset, chart = 'graph', ...rest } = question;
  return { ...rest, ...(limit === undefined || limit === PAGE_ROWS ? {} : { limit }), view: chart };
}

/** Tells whether the answer is in words, with a table on request. `explain` without a scope is a table only. */
export function hasWords({ kind, question }: Pick<Report, 'kind' | 'question'>): boolean {
  return kind === 'sources' || kind === 'licences' || (kind === 'explain' && question.scope !== undefined);
}

/** Tells whether a report has a picture. */
export function hasGraph(kind: Report['kind']): boolean {
  return kind === 'compare' || DRAWN.has(kind);
}

/** Orders of a ranking by their keys in `Question.sort`. The present one is not offered. */
const SORTS: readonly { sort: string; label: string }[] = [
  { sort: '-requests', label: 'Most requests' },
  { sort: '-failed', label: 'Most failed' },
  { sort: '-failed_percent', label: 'Highest error rate' },
  { sort: '-ok', label: 'Most successful' },
  { sort: 'requests', label: 'Fewest requests' },
  { sort: 'name', label: 'Name A–Z' },
  { sort: '-name', label: 'Name Z–A' },
];

/** Offers the comparison with the range before, or to leave the comparison. */
function listComparisons({ question }: Report): Offer[] {
  if (!canCompare(question) || question.only) return [];
  const { versus, sort, offset: _, ...rest } = question;
  if (versus !== undefined) return [{ label: 'Without the comparison', question: rest }];
  return [{ label: 'Compare with the span before', question: { ...rest, versus: PREVIOUS } }];
}

const COMPARED_SORTS: typeof SORTS = [
  { sort: '-change', label: 'Biggest rise' },
  { sort: 'change', label: 'Biggest fall' },
  { sort: '-requests', label: 'Most requests' },
];

/** Orders of a ranking by duration. */
const LATENCY_SORTS: typeof SORTS = [
  { sort: '-p95_ms', label: 'Slowest (p95)' },
  { sort: '-p50_ms', label: 'Slowest half (p50)' },
  { sort: '-slowest_ms', label: 'Slowest call' },
  { sort: '-requests', label: 'Most requests' },
  { sort: 'p95_ms', label: 'Fastest (p95)' },
];

function listComparedSorts({ question, sections }: CompareReport): Offer[] {
  if (!sections.some(({ rows }) => rows.length > 1)) return [];
  // Status codes are sorted by change, not by requests.
  const usual = question.report === 'status' ? undefined : '-requests';
  const { offset: _offset, sort = usual, ...rest } = question;
  return COMPARED_SORTS.filter((each) => each.sort !== sort).map((each) => ({
    label: each.label,
    question: { ...rest, ...(each.sort === usual ? {} : { sort: each.sort }) },
  }));
}

function listSorts(report: Report): Offer[] {
  if (report.kind === 'compare') return listComparedSorts(report);
  if ((report.kind !== 'top' && report.kind !== 'latency') || report.distinct < 2) return [];
  const { offset: _offset, ...question } = report.question;
  const present = question.sort ?? (report.kind === 'top' ? `-${report.measure}` : '-p95_ms');
  return (report.kind === 'top' ? SORTS : LATENCY_SORTS)
    .filter(({ sort }) => sort !== present)
    .map(({ sort, label }) => ({ label, question: { ...question, sort } }));
}

/** Tells whether a question asks for a page of a long table. */
export function isPage({ view, limit }: Question): boolean {
  return view === 'table' && limit === PAGE_ROWS;
}

/** Height of a table row in Slack on a phone, and of each further line of a wrapped name, in pixels. */
const ROW = 36;
const LINE = 19;
/** Characters of a name that fit beside its numbers on a phone. */
const LINE_CHARACTERS = 12;

/** Counts the rows of a page that a phone shows at once. Names wrap between words only. */
export function countFitting({ columns, rows }: Table): number {
  const found = columns.findIndex((column) => column.name);
  const name = Math.max(found, 0);
  let left = PAGE_ROWS * ROW;
  const fitting = rows.findIndex((row) => {
    const text = String(row[name] ?? '').trim();
    const lines = text.includes(' ') ? Math.ceil(text.length / LINE_CHARACTERS) : 1;
    left -= ROW + (lines - 1) * LINE;
    return left < 0;
  });
  return fitting < 0 ? rows.length : Math.max(1, fitting);
}

/** Offers other views of a ranking: a doughnut or bars, and pages of all rows. */
function listViews(report: Report): Offer[] {
  const { question } = report;
  const isCompared = report.kind === 'compare' && question.report === 'top';
  if (!isCompared && report.kind !== 'top' && (report.kind !== 'latency' || report.steps)) return [];
  const offset = question.offset ?? 0;
  const more =
    report.kind === 'compare'
      ? report.sections.some((section) => section.more > offset)
      : (report.kind === 'latency' || report.others.count > 0) && offset + report.rows.length < report.distinct;
  const isSliced =
    report.kind === 'top' &&
    report.rows.length > 0 &&
    !question.bound &&
    ['client', 'function'].includes(report.dimension);
  const page = (to: number): Question => ({ ...question, view: 'table', limit: PAGE_ROWS, offset: Math.max(0, to) });
  const isPaged = isPage(question);
  const fitting = countFitting(report.table);
  const isNext = isPaged && (more || fitting < report.table.rows.length);
  return [
    ...(isSliced
      ? question.view === 'doughnut'
        ? [{ label: 'Bars', question: { ...question, view: 'graph' as const } }]
        : [{ label: 'Doughnut', question: { ...question, view: 'doughnut' as const } }]
      : []),
    ...(isPaged && offset > 0 ? [{ label: 'Previous page', question: page(offset - PAGE_ROWS) }] : []),
    ...(isNext ? [{ label: 'Next page', question: page(offset + fitting) }] : []),
    ...(more && !isPaged && !question.overTime ? [{ label: 'View all', question: page(0) }] : []),
  ];
}

function isCollective(name: string): boolean {
  return name === OTHER || name === NONE || name === REMOVED;
}
