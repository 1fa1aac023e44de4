import { createCalendar } from '../../src/domain/calendar.ts';
import type { Definitions } from '../../src/domain/definition.ts';
import type { Question, Report, ReportKind } from '../../src/domain/report.ts';
import type { ReporterDeps } from '../../src/report/inquiry.ts';
import { createReporter } from '../../src/report/reporter.ts';
import { createMemoryUsage, type EventOfTest } from './memory-usage.ts';

export const NO_DEFINITIONS: Definitions = { version: 1, scopes: [], ruleSets: [], clients: [] };

/** Saturday 21 November 2026, 14:05 UTC. */
export const NOW = Date.parse('2026-11-21T14:05:00Z');

export function at(text: string): number {
  return Date.parse(text);
}

type ReportOf<Kind extends ReportKind, Each = Report> = Each extends { kind: infer Kinds }
  ? Kind extends Kinds
    ? Each
    : never
  : never;

/** Asks a reporter over these events, at NOW (or `nowMs`) in `zone`. */
export function ask<Kind extends ReportKind>(
  events: readonly EventOfTest[],
  question: Question & { report: Kind },
  options: { nowMs?: number; zone?: string; definitions?: Partial<Definitions>; deps?: Partial<ReporterDeps> } = {},
): Promise<ReportOf<Kind>> {
  const calendar = createCalendar(options.zone ?? 'UTC');
  const reporter = createReporter({
    usage: createMemoryUsage(events, calendar),
    definitions: async () => ({ ...NO_DEFINITIONS, ...options.definitions }),
    calendar,
    ...options.deps,
  });
  return reporter.answer(question, options.nowMs ?? NOW) as Promise<ReportOf<Kind>>;
}
