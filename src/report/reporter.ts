import type { Question, Report, Reporter, ReportKind } from '../domain/report.ts';
import { reportClient, reportRoute } from './drill.ts';
import type { ReporterDeps } from './inquiry.ts';
import { reportLicences } from './licences.ts';
import { reportDaily, reportDay } from './series.ts';
import { reportSources } from './sources.ts';
import { reportStatus } from './status.ts';
import { reportTop } from './top.ts';
import { reportWhy } from './why.ts';

type MakeReport = (deps: ReporterDeps, question: Question, nowMs: number) => Promise<Report>;

const REPORTS: Partial<Readonly<Record<ReportKind, MakeReport>>> = {
  top: reportTop,
  status: reportStatus,
  daily: reportDaily,
  day: reportDay,
  client: reportClient,
  route: reportRoute,
  licences: reportLicences,
  sources: reportSources,
  why: reportWhy,
};

/**
 * Answers questions with data: numbers, labels, and sentences computed from the same numbers. Rejects with QuestionError, or
 * InvalidRangeError for a range, where a question cannot be answered as put.
 */
export function createReporter(deps: ReporterDeps): Reporter {
  return {
    answer: (question, nowMs) => REPORTS[question.report]!(deps, question, nowMs),
  };
}
