import type { QuestionKey } from '../domain/dimension.ts';
import type { Question, ReportHead, Totals } from '../domain/report.ts';
import type { StepGrain } from '../domain/usage.ts';
import { DIMENSION_WORDS } from './dimension-words.ts';
import { reportClient, reportRoute } from './drill.ts';
import { capitalise } from './format.ts';
import type { ReporterDeps } from './inquiry.ts';
import { reportLatency } from './latency.ts';
import { reportDaily } from './series.ts';
import { reportStatus } from './status.ts';
import { ALL_ROWS, reportTop } from './top.ts';

/** One of the two reports of a comparison, as numbers by name: every name, so that what is new or gone is told rightly. */
export interface ComparedSide extends Pick<ReportHead, 'title' | 'asOfMs' | 'finding' | 'population' | 'notes'> {
  /** Undefined: no call has a duration. */
  total: number | undefined;
  /** Of the calls with a status. */
  failures: { failed: number; known: number };
  /** The first is what a change is put down to. */
  sections: readonly { title: string; dimension: QuestionKey; counts: ReadonlyMap<string, number> }[];
  steps?: {
    grain: StepGrain;
    zone: string;
    bars: readonly { startMs: number; value: number | undefined }[];
  };
}

/** The side of one range. Rejects as the question's report does. */
export function askSide(deps: ReporterDeps, question: Question, nowMs: number): Promise<ComparedSide> {
  switch (question.report) {
    case 'latency':
      return askLatencies(deps, question, nowMs);
    case 'status':
      return askStatus(deps, question, nowMs);
    case 'daily':
    case 'day':
      return askSeries(deps, question, nowMs);
    case 'client':
    case 'route':
      return askDrill(deps, question, nowMs);
    case 'summary':
      return askCards(deps, question, nowMs);
    default:
      return askTop(deps, question, nowMs);
  }
}

async function askCards(deps: ReporterDeps, question: Question, nowMs: number): Promise<ComparedSide> {
  const { scope, filters = [] } = question;
  const only = scope === undefined ? [] : [{ key: 'scope' as const, patterns: [scope], not: false }];
  const side = await askTop(deps, { ...question, dimension: 'scope', filters: [...filters, ...only] }, nowMs);
  return { ...side, title: 'Usage by scope' };
}

async function askTop(deps: ReporterDeps, question: Question, nowMs: number): Promise<ComparedSide> {
  const { measure = 'requests' } = question;
  const report = await reportTop(deps, { ...question, report: 'top', limit: ALL_ROWS }, nowMs);
  return {
    ...toHead(report),
    ...toTotals(report.totals, measure),
    sections: [toSection(report.dimension, report.rows, measure)],
  };
}

async function askStatus(deps: ReporterDeps, question: Question, nowMs: number): Promise<ComparedSide> {
  const report = await reportStatus(deps, question, nowMs);
  const counts = new Map(report.codes.map(({ status, requests }) => [status, requests]));
  return {
    ...toHead(report),
    ...toTotals(report.totals, 'requests'),
    sections: [{ title: report.title, dimension: 'status', counts }],
  };
}

/** Adds the likely causes of a change: clients, or the routes of the one client that the filter names. */
async function askSeries(deps: ReporterDeps, question: Question, nowMs: number): Promise<ComparedSide> {
  const isOfClient = (question.filters ?? []).some(({ key, not }) => key === 'client' && !not);
  const [report, causes] = await Promise.all([
    reportDaily(deps, question, nowMs),
    askTop(deps, { ...question, dimension: isOfClient ? 'route' : 'client' }, nowMs),
  ]);
  return {
    ...toHead(report),
    ...toTotals(report.totals, 'requests'),
    sections: causes.sections,
    steps: {
      grain: report.grain,
      zone: report.zone,
      bars: report.bars.map(({ startMs, requests }) => ({ startMs, value: requests })),
    },
  };
}

/** The p95 of names, or step by step; steps are put down to the clients. */
async function askLatencies(deps: ReporterDeps, question: Question, nowMs: number): Promise<ComparedSide> {
  const { overTime, ...ranked } = question;
  const [named, series] = await Promise.all([
    reportLatency(deps, { ...ranked, limit: ALL_ROWS }, nowMs),
    overTime ? reportLatency(deps, question, nowMs) : undefined,
  ]);
  const counts = new Map(named.rows.map(({ name, latency }) => [name, latency!.p95Ms]));
  const { zone, range, steps } = series ?? named;
  return {
    ...toHead(series ?? named),
    total: named.total.latency?.p95Ms,
    failures: { failed: 0, known: 0 },
    sections: [{ title: capitalise(DIMENSION_WORDS[named.dimension].plural), dimension: named.dimension, counts }],
    ...(steps
      ? {
          steps: {
            grain: range!.grain === 'five-minutes' ? 'hour' : range!.grain,
            zone,
            bars: steps.map(({ startMs, latency }) => ({ startMs, value: latency?.p95Ms })),
          },
        }
      : {}),
  };
}

async function askDrill(deps: ReporterDeps, question: Question, nowMs: number): Promise<ComparedSide> {
  const make = question.report === 'client' ? reportClient : reportRoute;
  const report = await make(deps, { ...question, limit: ALL_ROWS }, nowMs);
  const sections = report.sections.map(({ dimension, rows }) => toSection(dimension, rows, 'requests'));
  const cause: QuestionKey = question.report === 'client' ? 'route' : 'client';
  return {
    ...toHead(report),
    ...toTotals(report.totals, 'requests'),
    sections: sections.toSorted((a, b) => Number(b.dimension === cause) - Number(a.dimension === cause)),
  };
}

function toHead({ title, asOfMs, finding, population, notes }: ReportHead) {
  return { title, asOfMs, finding, notes, ...(population ? { population } : {}) };
}

function toTotals(totals: Totals, measure: 'requests' | 'credits'): Pick<ComparedSide, 'total' | 'failures'> {
  return { total: totals[measure], failures: { failed: totals.failed, known: totals.ok + totals.failed } };
}

function toSection(
  dimension: QuestionKey,
  rows: readonly (Totals & { name: string })[],
  measure: 'requests' | 'credits',
): ComparedSide['sections'][number] {
  const counts = new Map(rows.map((row) => [row.name, row[measure]]));
  return { title: capitalise(DIMENSION_WORDS[dimension].plural), dimension, counts };
}
