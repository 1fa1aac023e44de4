import type { QuestionKey } from '../domain/dimension.ts';
import type { Thousandths } from '../domain/event.ts';
import type { Question, Report, ReportHead, Totals } from '../domain/report.ts';
import type { StepGrain } from '../domain/usage.ts';
import { capitalise, DIMENSION_WORDS } from './format.ts';
import { ALL_ROWS } from './top.ts';

/** Makes the report of one range. */
export type Answer = (question: Question) => Promise<Report>;

/** One of the two reports of a comparison, as numbers by name: every name, so that what is new or gone is told rightly. */
export interface ComparedSide
  extends Pick<ReportHead, 'title' | 'asOfMs' | 'filters' | 'finding' | 'population' | 'notes'> {
  /** Of a drill-down: the full name that it is about, where less of it was typed. */
  name?: string;
  /** Undefined: no call has a duration. */
  total: Thousandths | undefined;
  /** Of the calls with a status. */
  failures: { failed: number; known: number };
  /** The first is searched for who caused the change. */
  sections: readonly { title: string; dimension: QuestionKey; counts: ReadonlyMap<string, Thousandths> }[];
  steps?: {
    grain: StepGrain;
    zone: string;
    bars: readonly { startMs: number; value: number | undefined; partial: boolean }[];
  };
}

/** Returns the side of one range. Where its report goes by steps, a ranking is asked for its names. Rejects as the report does. */
export async function askSide(answer: Answer, question: Question): Promise<ComparedSide> {
  const { scope, filters = [], measure = 'requests', overTime } = question;
  if (question.report === 'summary') {
    const only = scope === undefined ? [] : [{ key: 'scope' as const, patterns: [scope], not: false }];
    const ranking: Question = { ...question, report: 'top', dimension: 'scope', filters: [...filters, ...only] };
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

/** The side of a range in which there were no calls. */
export function withoutCalls({ title, asOfMs, filters, finding }: ComparedSide): ComparedSide {
  return { title, asOfMs, filters, finding, total: 0, failures: { failed: 0, known: 0 }, sections: [], notes: [] };
}

function sizeOf(report: Report, measure: 'requests' | 'credits'): Pick<ComparedSide, 'total' | 'failures'> {
  if (report.kind === 'latency') return { total: report.total.latency?.p95Ms, failures: { failed: 0, known: 0 } };
  if (!('totals' in report)) return { total: 0, failures: { failed: 0, known: 0 } };
  const { totals } = report;
  return { total: totals[measure], failures: { failed: totals.failed, known: totals.ok + totals.failed } };
}

/** Numbers by name. Of a drill-down, first what is behind a change: the routes of a client, the clients of a route. */
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
  if (report.kind !== 'latency' || !report.steps || !report.range) return {};
  const { grain } = report.range;
  const bars = report.steps.map(({ startMs, latency, partial }) => ({ startMs, value: latency?.p95Ms, partial }));
  return { steps: { grain: grain === 'five-minutes' ? 'hour' : grain, zone, bars } };
}
