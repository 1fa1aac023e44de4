import type { NameSource } from '../domain/names.ts';
import type { Range } from '../domain/range.ts';
import { resolveFirstDay } from '../domain/ranges.ts';
import {
  canCompare,
  type Question,
  RefusedQuestion,
  type Report,
  type Reporter,
  type ReportKind,
} from '../domain/report.ts';
import type { Logger } from '../log.ts';
import { reportAdvice } from './advice.ts';
import { reportBounded } from './bounded.ts';
import { putLaterFirst, reportCompare } from './compare.ts';
import { reportDistinct } from './distinct.ts';
import { reportDrill } from './drill.ts';
import { reportEvents } from './events.ts';
import { reportExplain } from './explain.ts';
import { reportFresh } from './fresh.ts';
import { reportHistory } from './history.ts';
import type { ReporterDeps } from './inquiry.ts';
import { listExamples, listKnownNames } from './known-names.ts';
import { reportLatency } from './latency.ts';
import { reportLicences } from './licences.ts';
import { findNames, listUnknownValues } from './named-in-question.ts';
import { reportPool } from './pool.ts';
import { reportDaily, reportDay } from './series.ts';
import { reportSources } from './sources.ts';
import { reportStatus } from './status.ts';
import { reportSummary } from './summary.ts';
import { reportTop } from './top.ts';
import { reportWhy } from './why.ts';

type MakeReport = (deps: ReporterDeps, question: Question, nowMs: number) => Promise<Report>;

const REPORTS: Readonly<Record<ReportKind, MakeReport>> = {
  summary: reportSummary,
  top: (deps, question, nowMs) =>
    (question.only ? reportFresh : question.bound ? reportBounded : reportTop)(deps, question, nowMs),
  status: reportStatus,
  pool: reportPool,
  daily: (deps, question, nowMs) => (question.dimension ? reportDistinct : reportDaily)(deps, question, nowMs),
  day: (deps, question, nowMs) => (question.dimension ? reportDistinct : reportDay)(deps, question, nowMs),
  history: reportHistory,
  client: reportDrill,
  route: reportDrill,
  latency: reportLatency,
  events: reportEvents,
  licences: reportLicences,
  sources: reportSources,
  explain: reportExplain,
  why: reportWhy,
  advice: reportAdvice,
};

/**
 * Answers questions with data: numbers, labels, and sentences computed from the same numbers. Rejects with QuestionError
 * (InvalidRangeError for a range) if a question cannot be answered as asked.
 */
export function createReporter(deps: ReporterDeps): Reporter & NameSource {
  return {
    async answer(asked, nowMs) {
      const { question: spelled, notes } = await findNames(deps, asked, nowMs);
      const named = takeScope(spelled);
      // Not for new or gone names: these compare no numbers, and look forward in time anyway.
      const question = named.versus === undefined ? named : await putLaterFirst(deps, named, nowMs);
      const answer = (each: Question) => REPORTS[each.report](deps, each, nowMs);
      const make = (each: Question): Promise<Report> => {
        const isCompared = each.versus !== undefined && each.only === undefined && canCompare(each);
        return isCompared ? reportCompare(deps, answer, each, nowMs) : answer(each);
      };
      const made = await make(question);
      const firstDay = COUNTED.has(named.report) ? resolveFirstDay(question, nowMs, deps.calendar) : undefined;
      const told = firstDay ? tellFirstDay(made, firstDay.unit, await make({ ...question, ...firstDay.today })) : made;
      const report = notes.length > 0 ? { ...told, notes: [...notes, ...told.notes] } : told;
      return noteIgnoredFilters(await noteUnknownValues(deps, report, question), question);
    },
    names: (nowMs) => listKnownNames(deps, nowMs),
    examples: (nowMs) => listExamples(deps, nowMs),
  };
}

/** Adds today so far to the sentence of a running period without a whole day. Its rows stay empty: the period ends yesterday. */
function tellFirstDay<Answer extends Report>(empty: Answer, unit: string, today: Report): Answer {
  if (today.asOfMs === 0) return empty;
  return { ...empty, finding: `This ${unit} has no whole day yet. Today so far: ${today.finding}` };
}

/** Reports that count the calls of a range. */
const COUNTED = new Set<ReportKind>(['top', 'status', 'daily', 'day', 'client', 'route', 'latency', 'events']);

/** Notes filter values that nobody sent, with the nearest ones that somebody did. */
async function noteUnknownValues<Answer extends Report>(
  deps: ReporterDeps,
  report: Answer,
  question: Question,
): Promise<Answer> {
  if (!report.range || BALANCES.has(question.report)) return report;
  const { notes, offers } = await listUnknownValues(deps, question, spanOf(report.range, report.versus));
  if (notes.length === 0) return report;
  return { ...report, notes: [...notes, ...report.notes], offers: [...offers, ...(report.offers ?? [])] };
}

/**
 * Turns a filter for one scope into the question's scope, for reports of balances. Reports that also show requests keep the filter,
 * because it counts them. Throws RefusedQuestion for a filter that lets several scopes through.
 */
function takeScope(question: Question): Question {
  const { report, scope, filters = [] } = question;
  const asked = filters.filter(({ key }) => key === 'scope');
  if (asked.length === 0 || !OF_SCOPES.has(report)) return question;
  const { scope: _, filters: __, ...all } = question;
  const others = filters.filter(({ key }) => key !== 'scope');
  const rest = { ...all, ...(others.length > 0 && { filters: others }) };
  const names = asked.flatMap(({ not, patterns }) => (not ? [] : patterns.filter((name) => !name.includes('*'))));
  const isOne = asked.length === 1 && names.length === 1 && asked[0]!.patterns.length === 1;
  if (isOne && (scope === undefined || scope === names[0]))
    return MIXED.has(report) ? { ...question, scope: names[0]! } : { ...rest, scope: names[0]! };
  throw new RefusedQuestion('I can tell the balances of one scope, or of all of them.', [
    ...names.slice(0, 4).map((name) => ({ label: name, question: { ...rest, scope: name } })),
    { label: 'All scopes', question: rest },
  ]);
}

/** Spans from the earlier beginning to the later end of two ranges. */
function spanOf(range: Range, versus = range): Range {
  return {
    ...range,
    fromMs: Math.min(range.fromMs, versus.fromMs),
    toMs: Math.max(range.toMs, versus.toMs),
    firstDay: Math.min(range.firstDay, versus.firstDay),
    lastDay: Math.max(range.lastDay, versus.lastDay),
  };
}

/** Reports made from balances alone, and those made from balances and requests. */
const BALANCES = new Set<ReportKind>(['pool', 'history', 'licences']);
const MIXED = new Set<ReportKind>(['summary', 'advice']);
const OF_SCOPES = new Set<ReportKind>([...BALANCES, ...MIXED, 'explain']);

/** Notes that pools ignore filters: all calls of a scope draw from them, and an answer must not look filtered. */
function noteIgnoredFilters<Answer extends Report>(report: Answer, { report: kind, filters = [] }: Question): Answer {
  if (!filters.some(({ key }) => key !== 'scope')) return report;
  if (BALANCES.has(kind)) {
    return {
      ...report,
      filters: [],
      notes: [...report.notes, 'Pools are of all calls: the filters do not apply here.'],
    };
  }
  if (!MIXED.has(kind)) return report;
  return { ...report, notes: [...report.notes, 'Pools are of all calls: the filters apply to requests alone.'] };
}

/** A report that takes longer is logged: none should on 60 million events, and people notice the wait. */
const SLOW_MS = 1000;

/** Logs questions that take long to compute, whoever asked: in Slack, over HTTP, or for a digest. */
export function tellSlow<R extends Reporter & NameSource>(reporter: R, log: Logger, now = () => performance.now()): R {
  return {
    ...reporter,
    async answer(question, nowMs) {
      const beganMs = now();
      try {
        return await reporter.answer(question, nowMs);
      } finally {
        const tookMs = Math.round(now() - beganMs);
        if (tookMs >= SLOW_MS) log.info({ question, tookMs }, 'a report took long');
      }
    },
  };
}
