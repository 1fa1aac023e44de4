import type { Filter } from '../domain/filter.ts';
import type { Question } from '../domain/report.ts';
import type { Span } from '../domain/usage.ts';
import { getClientNames } from './client-names.ts';
import { type ReporterDeps, toIds } from './inquiry.ts';

/** Requests in `span` that a question is about: under its filters, and of the client, route or scope that it names. */
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

/** The filters that say what a question counts. */
function listCounted({ report, name, scope, filters = [] }: Question): Filter[] {
  const only = (key: Filter['key'], value: string): Filter => ({ key, patterns: [value], not: false });
  const subject = report === 'route' ? 'route' : 'client';
  return [
    ...filters.filter(({ key, not }) => name === undefined || not || key !== subject),
    ...(name === undefined ? [] : [only(subject, name)]),
    ...(scope === undefined ? [] : [only('scope', scope)]),
  ];
}
