import type { Definitions } from '../domain/definition.ts';
import type { Level } from '../domain/report.ts';
import { QuestionError } from '../errors.ts';

/** What a level means, in a sentence. */
export const LEVEL_WORDS: Readonly<Record<Level, string>> = {
  healthy: 'healthy',
  approaching: 'approaching its end',
  critical: 'critical',
  exhausted: 'exhausted',
};

/** Worst last. */
export const LEVELS: readonly Level[] = ['healthy', 'approaching', 'critical', 'exhausted'];

/** For a scope that is neither declared nor used, with those that are declared. */
export function unknownScope(name: string, { scopes }: Definitions, report: string): QuestionError {
  const known =
    scopes.length === 0 ? 'none is declared' : `declared are ${scopes.map((scope) => scope.name).join(', ')}`;
  return new QuestionError(
    `No scope is called ${JSON.stringify(name)}; ${known}.`,
    scopes.slice(0, 5).map((scope) => ({ label: scope.title, command: `${report} ${scope.name}` })),
  );
}
