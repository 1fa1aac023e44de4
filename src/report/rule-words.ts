import type { CostRule, Match } from '../domain/definition.ts';
import { countOf, formatCredits, joinWords } from './format.ts';

/** `module erp* and kind call`: what a rule's entry asks of an event. */
export function describeMatch(match: Match): string {
  const parts = Object.entries(match).map(([dimension, pattern]) => `${dimension} ${pattern}`);
  return parts.length === 0 ? 'every call' : joinWords(parts);
}

/** `kind integration_task: 2 credits a call`. */
export function describeCost({ match, credits, perRecords, max }: CostRule): string {
  const each = `${formatCredits(credits)} ${credits === 1000 ? 'credit' : 'credits'}`;
  const per = perRecords === undefined ? 'a call' : `per ${countOf(perRecords, 'record')}`;
  return `${describeMatch(match)}: ${each} ${per}${max === undefined ? '' : `, at most ${formatCredits(max)} a call`}`;
}
