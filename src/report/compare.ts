import { type Calendar, capitalise, HOUR_MS, MINUTE_MS } from '../domain/calendar.ts';
import type { QuestionKey } from '../domain/dimension.ts';
import type { Thousandths } from '../domain/event.ts';
import { only } from '../domain/filter.ts';
import type { Range } from '../domain/range.ts';
import { counterpartOf, daysText, lengthInDays, resolveRange, resolveVersus } from '../domain/ranges.ts';
import {
  type ComparedRow,
  type ComparedSection,
  type CompareReport,
  MAX_RANKING_ROWS,
  type Question,
  RefusedQuestion,
  type Report,
  type ReportHead,
} from '../domain/report.ts';
import type { Totals } from '../domain/usage.ts';
import { describeChange, type Failures, notePairs, sayWhoLeads, tellDays, tellStates } from './compare-words.ts';
import { compareRow, joinRows, joinSteps, ONCE, type Steps, sortRows, toComparedTable } from './compared-rows.ts';
import { DIMENSION_WORDS, formatDate } from './format.ts';
import type { ReporterDeps } from './inquiry.ts';
import { DATA_BEGINS } from './notes.ts';
import { ALL_ROWS, defaultRows } from './top.ts';

/**
 * Answers a question for two ranges side by side: both numbers of every name, the change, and what is new or gone. Both sides are
 * ordinary reports of the question, made by `answer`. Ranges of unequal length are compared per day. Days are paired with the same
 * weekday, unless the earlier range is named. Call `putLaterFirst` before.
 */
export async function reportCompare(
  deps: ReporterDeps,
  answer: Answer,
  question: Question,
  nowMs: number,
): Promise<CompareReport> {
  const { sort, limit, offset = 0, versus: _versus, ...plain } = question;
  const extent = await deps.usage.extent();
  const { range, versus, isByDays, isCut } = resolveBoth(deps, question, nowMs, extent?.firstDay);
  const [now, before] = await askBoth(
    askSide(answer, { ...plain, range: range.text }),
    askSide(answer, { ...plain, range: versus.text }),
  );
  const measure: CompareReport['measure'] = question.report === 'latency' ? 'p95' : (question.measure ?? 'requests');
  const head = {
    ...{ question, title: now.title, range, versus, filters: now.filters, zone: deps.calendar.zone },
    asOfMs: Math.max(now.asOfMs, before.asOfMs),
    ...(now.population ? { population: now.population } : {}),
  };
  if (isNone(range) || isNone(versus)) return compareNothing(head, measure, [now, before]);
  const ranges = [range, versus];
  const known = ranges.map((each) => sinceData(each, extent?.firstDay, deps.calendar));
  const per = measure === 'p95' ? ONCE : comparePer(known[0]!, known[1]!, nowMs);
  const basis = { measure, per };
  const isOlder = extent !== undefined && versus.lastDay < extent.firstDay;
  const isBeginTold = per.isDay || isOlder;
  const hasNone = now.total === undefined && before.total === undefined;
  const total = hasNone ? compareRow('total', 0, 0, basis) : compareRow('total', now.total, before.total, basis);
  const joined = joinSections(now, before, (dimension, a, b) => sortRows(joinRows(a, b, basis), dimension, sort));
  const rows = limit ?? (question.report === 'status' ? MAX_RANKING_ROWS : defaultRows(question.dimension));
  const sections = joined.map(({ rows: all, ...section }) => {
    const shown = all.slice(offset, offset + rows);
    return { ...section, rows: shown, more: all.length - shown.length };
  });
  const beganMs = extent === undefined ? 0 : deps.calendar.startOfDay(extent.firstDay);
  const steps =
    now.steps && before.steps && joinSteps(withoutUnknown(now.steps, beganMs), withoutUnknown(before.steps, beganMs));
  // One sentence: `Compared per day, 7 days with 31; a and b are new.`
  const told = [
    ...tellDays(ranges, known, per),
    ...(HAS_NO_STATES.has(question.report) ? [] : joined.slice(0, 1).flatMap(tellStates)),
  ];

  return sayWhoLeads({
    ...head,
    finding:
      now.asOfMs === 0 || hasNone
        ? now.finding
        : isOlder
          ? `${now.finding} There is nothing to compare with: data begins on ${formatDate(extent.firstDay)}.`
          : describeChange({ ...question, name: now.name ?? question.name }, measure, {
              total,
              joined,
              per,
              range,
              versus,
              failures: [now.failures, before.failures],
            }),
    notes: [
      ...(told.length > 0 ? [`${told.join('; ')}.`] : []),
      ...(steps && isByDays ? notePairs(steps, range, versus) : []),
      ...(isCut ? [`${DATA_BEGINS} ${formatDate(versus.firstDay)}: both sides leave out the days before.`] : []),
      ...(range.fromMs < versus.toMs && versus.fromMs < range.toMs ? ['The two ranges overlap.'] : []),
      ...now.notes,
      ...before.notes
        .filter((note) => !now.notes.includes(note) && !(isBeginTold && note.startsWith(DATA_BEGINS)))
        .map((note) => `${versus.label}: ${note}`),
    ],
    kind: 'compare',
    measure,
    total,
    sections: steps ? [] : sections,
    grain: now.steps?.grain ?? range.grain,
    ...(steps ? { steps } : {}),
    ...(((steps && isByDays) || range.text === 'this-week') && isWeeksBefore(range, versus)
      ? { sameWeekdays: true as const }
      : {}),
    per,
    table: toComparedTable({
      sections,
      steps,
      measure,
      per,
      zone: deps.calendar.zone,
      grain: now.steps?.grain ?? range.grain,
    }),
  });
}

/**
 * Swaps the two ranges where the earlier was named first, so that a change is told forward in time. Ranges that overlap stay as they
 * are.
 */
export async function putLaterFirst(deps: ReporterDeps, question: Question, nowMs: number): Promise<Question> {
  const extent = await deps.usage.extent();
  const { range, versus } = resolveBoth(deps, question, nowMs, extent?.firstDay);
  if (versus.fromMs < range.toMs || versus.fromMs === range.fromMs) return question;
  return { ...question, range: question.versus, versus: range.text };
}

/** Resolves both ranges. `isByDays`: days are shown side by side. */
function resolveBoth({ calendar }: ReporterDeps, question: Question, nowMs: number, firstDay: number | undefined) {
  const { versus: text = '', report, overTime } = question;
  const options = { firstDay, default: counterpartOf(text) ?? DEFAULTS[report] };
  const range = resolveRange(question.range, nowMs, calendar, options);
  const isByDays = (report === 'daily' || overTime === true) && range.grain === 'day';
  const versus = resolveVersus(text, range, nowMs, calendar, { firstDay, byWeeks: isByDays });
  const toRange = (first: number, last: number) => resolveRange(daysText({ first, last }), nowMs, calendar);
  const cut = cutToData(range, versus, firstDay, toRange);
  return { ...(cut ?? { range, versus }), isByDays, isCut: cut !== undefined };
}

/** Two ranges at least this many days apart are the same days of two years. */
const YEAR_APART = 364;

/** Cuts the same days of two years to those that have data in both; undefined if nothing is to be cut, or nothing would be left. */
function cutToData(
  range: Range,
  versus: Range,
  firstDay = 0,
  toRange: (first: number, last: number) => Range,
): { range: Range; versus: Range } | undefined {
  const cut = firstDay - versus.firstDay;
  const days = Math.min(...[range, versus].map((each) => each.lastDay - each.firstDay + 1)) - cut;
  const apart = range.firstDay - versus.firstDay;
  if (cut <= 0 || days <= 0 || apart < YEAR_APART || range.partial || range.timed || versus.timed) return undefined;
  const from = (first: number) => toRange(first, first + days - 1);
  return { range: from(range.firstDay + cut), versus: from(firstDay) };
}

/** Returns steps without the numbers of those that were over before data began: nothing is known of them. */
function withoutUnknown({ bars, ...rest }: Steps, beganMs: number): Steps {
  const isUnknown = ({ startMs, value }: Steps['bars'][number]) => startMs < beganMs && value === 0;
  return { ...rest, bars: bars.map((bar) => (isUnknown(bar) ? { ...bar, value: undefined } : bar)) };
}

/** Reports that one range has no whole day yet, and what the other was. Nothing is called new or gone. */
function compareNothing(
  head: Pick<CompareReport, 'question' | 'title' | 'range' | 'versus' | 'filters' | 'zone' | 'asOfMs' | 'population'>,
  measure: CompareReport['measure'],
  [now, before]: readonly [ComparedSide, ComparedSide],
): CompareReport {
  const { range, versus, zone, asOfMs } = head;
  const { grain } = range!;
  const [empty, whole, known] = isNone(range!) ? [now, before, versus] : [before, now, range!];
  return {
    ...head,
    finding: asOfMs === 0 || isNone(known) ? empty.finding : `${empty.finding} ${known.label}: ${whole.finding}`,
    notes: [],
    ...{ kind: 'compare', measure, grain, sections: [], per: ONCE },
    total: compareRow('total', 0, 0, { measure, per: ONCE }),
    table: toComparedTable({ sections: [], measure, per: ONCE, zone, grain }),
  };
}

/** True of an empty range, such as `this-month` on the 1st. */
function isNone({ fromMs, toMs }: Range): boolean {
  return toMs <= fromMs;
}

/** Tells whether `versus` lies whole weeks earlier but not directly before, which the answer then says. */
function isWeeksBefore(range: Range, versus: Range): boolean {
  const days = range.firstDay - versus.firstDay;
  return days > 0 && days % 7 === 0 && versus.lastDay < range.firstDay - 1;
}

/**
 * Reports that do not list new and gone names: drill-downs into one name; durations, which may be missing although there are calls;
 * and status codes, whose sentence names new codes itself.
 */
const HAS_NO_STATES = new Set<Question['report']>(['client', 'route', 'latency', 'status']);

const DEFAULTS: Partial<Record<Question['report'], string>> = { summary: 'today', day: 'yesterday' };

/** Asks for both sides. A name that only one side knows has no calls on the other; if neither knows it, rejects. */
async function askBoth(
  now: Promise<ComparedSide>,
  before: Promise<ComparedSide>,
): Promise<[ComparedSide, ComparedSide]> {
  const [a, b] = await Promise.allSettled([now, before]);
  if (a.status === 'fulfilled' && b.status === 'fulfilled') return [a.value, b.value];
  if (a.status === 'fulfilled' && isUnknownName(b)) return [a.value, withoutCalls(a.value)];
  if (b.status === 'fulfilled' && isUnknownName(a)) return [withoutCalls(b.value), b.value];
  throw a.status === 'rejected' ? a.reason : (b as PromiseRejectedResult).reason;
}

function isUnknownName(result: PromiseSettledResult<unknown>): boolean {
  return result.status === 'rejected' && result.reason instanceof RefusedQuestion;
}

/**
 * Decides whether to compare per day. Lengths count as equal within a minute (running ranges: an hour), and a day with a clock change
 * counts as one day.
 */
function comparePer(range: Range, versus: Range, nowMs: number): CompareReport['per'] {
  const [now, before] = [lengthInDays(range, nowMs), lengthInDays(versus, nowMs)];
  const slack = range.partial ? HOUR_MS : MINUTE_MS;
  const isEqual = Math.abs(now - before) * 24 * HOUR_MS <= slack;
  return isEqual ? ONCE : { now, before, isDay: true };
}

/** Cuts a range to the days since data began, because empty days before would lower its mean. */
function sinceData(range: Range, firstDay: number | undefined, { startOfDay }: Calendar): Range {
  if (firstDay === undefined || firstDay <= range.firstDay || firstDay > range.lastDay) return range;
  return { ...range, firstDay, fromMs: Math.max(range.fromMs, startOfDay(firstDay)) };
}

type Joined = Omit<ComparedSection, 'more'>;

/** Joins the sections of both sides, in the order of the first. Leaves out sections with a single name. */
function joinSections(
  now: ComparedSide,
  before: ComparedSide,
  join: (
    dimension: QuestionKey,
    a: ReadonlyMap<string, Thousandths>,
    b: ReadonlyMap<string, Thousandths>,
  ) => ComparedRow[],
): Joined[] {
  const find = (side: ComparedSide, dimension: string) => side.sections.find((each) => each.dimension === dimension);
  const all = [...now.sections, ...before.sections.filter(({ dimension }) => !find(now, dimension))];
  return all
    .map(({ title, dimension }) => {
      const [a, b] = [find(now, dimension)?.counts, find(before, dimension)?.counts];
      return { title, dimension, rows: join(dimension, a ?? new Map(), b ?? new Map()) };
    })
    .filter(({ dimension, rows }) => all.length === 1 || rows.length > 1 || dimension === 'status');
}

/** Makes the report of one range. */
export type Answer = (question: Question) => Promise<Report>;

/** One side of a comparison as numbers by name. It has every name, since otherwise a name might wrongly look new or gone. */
interface ComparedSide extends Pick<ReportHead, 'title' | 'asOfMs' | 'filters' | 'finding' | 'population' | 'notes'> {
  /** For a drill-down: the full name, where only a part of it was typed. */
  name?: string;
  /** Undefined: no call has a duration. */
  total: Thousandths | undefined;
  /** Failures among the calls with a status. */
  failures: Failures;
  /** The first section is searched for the cause of the change. */
  sections: readonly { title: string; dimension: QuestionKey; counts: ReadonlyMap<string, Thousandths> }[];
  steps?: Steps;
}

/** Asks for one side. A report by steps has no names, so a ranking is asked for besides. Rejects as the report does. */
async function askSide(answer: Answer, question: Question): Promise<ComparedSide> {
  const { scope, filters = [], measure = 'requests', overTime } = question;
  if (question.report === 'summary') {
    const isFiltered = filters.some(({ key, not }) => key === 'scope' && !not);
    const own = scope === undefined || isFiltered ? [] : [only('scope', scope)];
    const ranking: Question = { ...question, report: 'top', dimension: 'scope', filters: [...filters, ...own] };
    return { ...(await askSide(answer, ranking)), title: 'Usage by scope' };
  }
  const isOfClient = filters.some(({ key, not }) => key === 'client' && !not);
  const causes: Question | undefined =
    question.report === 'daily' || question.report === 'day'
      ? { ...question, report: 'top', dimension: isOfClient ? 'route' : 'client' }
      : overTime && { ...question, overTime: undefined };
  const [report, behind] = await Promise.all([
    answer({ ...question, limit: ALL_ROWS }),
    causes && answer({ ...causes, limit: ALL_ROWS }),
  ]);
  const { title, asOfMs, filters: shown, finding, population, notes } = report;
  return {
    ...{ title, asOfMs, filters: shown, finding, notes, population },
    ...('name' in report ? { name: report.name } : {}),
    ...sizeOf(report, measure),
    sections: listSections(behind ?? report, measure),
    ...stepsOf(report),
  };
}

/** Returns a side without any calls. */
function withoutCalls({ title, asOfMs, filters, finding }: ComparedSide): ComparedSide {
  return { title, asOfMs, filters, finding, total: 0, failures: { failed: 0, known: 0 }, sections: [], notes: [] };
}

function sizeOf(report: Report, measure: 'requests' | 'credits'): Pick<ComparedSide, 'total' | 'failures'> {
  if (report.kind === 'latency') return { total: report.total.latency?.p95Ms, failures: { failed: 0, known: 0 } };
  if (!('totals' in report)) return { total: 0, failures: { failed: 0, known: 0 } };
  const { totals } = report;
  return { total: totals[measure], failures: { failed: totals.failed, known: totals.ok + totals.failed } };
}

/**
 * Returns numbers by name. For a drill-down the likely cause of a change comes first: the routes of a client, the clients of a route.
 */
function listSections(report: Report, measure: 'requests' | 'credits'): ComparedSide['sections'] {
  const title = (dimension: QuestionKey) => capitalise(DIMENSION_WORDS[dimension].plural);
  const toCounts = (rows: readonly (Totals & { name: string })[]) =>
    new Map(rows.map((row) => [row.name, row[measure]]));
  switch (report.kind) {
    case 'top': {
      const { dimension, rows } = report;
      return [{ title: title(dimension), dimension, counts: toCounts(rows) }];
    }
    case 'status': {
      const counts = new Map(report.codes.map(({ status, requests }) => [status, requests]));
      return [{ title: report.title, dimension: 'status', counts }];
    }
    case 'latency': {
      const { dimension, rows } = report;
      const counts = new Map(rows.map(({ name, latency }) => [name, latency!.p95Ms]));
      return [{ title: title(dimension), dimension, counts }];
    }
    case 'client':
    case 'route': {
      const cause = report.kind === 'client' ? 'route' : 'client';
      return report.sections
        .map(({ dimension, rows }) => ({ title: title(dimension), dimension, counts: toCounts(rows) }))
        .toSorted((a, b) => Number(b.dimension === cause) - Number(a.dimension === cause));
    }
    default:
      return [];
  }
}

function stepsOf(report: Report): Pick<ComparedSide, 'steps'> {
  const { zone } = report;
  if (report.kind === 'daily' || report.kind === 'day') {
    const bars = report.bars.map(({ startMs, requests, partial }) => ({ startMs, value: requests, partial }));
    return { steps: { grain: report.grain, zone, bars } };
  }
  if (report.kind !== 'latency' || !report.steps || !report.grain) return {};
  const bars = report.steps.map(({ startMs, latency, partial }) => ({ startMs, value: latency?.p95Ms, partial }));
  return { steps: { grain: report.grain, zone, bars } };
}
