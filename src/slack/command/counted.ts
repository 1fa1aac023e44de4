import type { Question } from '../../domain/report.ts';
import { formatFilter } from './format-question.ts';

/** `client:"Acme CRM" status:4xx`, or all requests. */
export function describeCounted(question: Question): string {
  const { report, name, scope, filters = [] } = toCounted(question);
  const subject = name !== undefined ? { key: report as 'client' | 'route', value: name } : undefined;
  const named = subject ?? (scope === undefined ? undefined : { key: 'scope' as const, value: scope });
  const all = [...(named ? [{ key: named.key, patterns: [named.value], not: false }] : []), ...filters];
  return all.length > 0 ? all.map(formatFilter).join(' ') : 'all requests';
}

/** A form carries 3,000 characters of its own. */
export function fitsForm(metadata: object): boolean {
  return JSON.stringify(metadata).length <= 2000;
}

/** Of a question only what says which requests it counts. */
export function toCounted({ report, dimension, name, scope, filters = [] }: Question): Question {
  const named = report === 'client' || report === 'route' || report === 'why';
  if (named && name !== undefined) return { report: report === 'route' ? 'route' : 'client', name, filters };
  if (scope !== undefined) return { report: 'pool', scope, filters };
  return { report: 'top', ...(dimension ? { dimension } : {}), filters };
}
