import type { Filter } from '../../domain/filter.ts';
import type { Question } from '../../domain/report.ts';
import { Misunderstood } from './command.ts';
import { formatQuestion } from './format-question.ts';

const BALANCES = new Set<Question['report']>(['pool', 'history', 'licences']);

/** Balances are of all calls of a scope: what is asked of some of them is how many they were. */
export function refuseFiltersOfBalances({
  question,
  filters,
}: {
  question: Question;
  filters: readonly Filter[];
}): void {
  if (!BALANCES.has(question.report) || !filters.some(({ key }) => key !== 'scope')) return;
  const range = question.report === 'history' ? '12-months' : question.range;
  const same = { ...(range === undefined ? {} : { range }), filters };
  throw new Misunderstood("Pools are of all calls of a scope: I can't filter them.", [
    formatQuestion({ report: 'daily', ...same }),
    formatQuestion({ report: 'top', dimension: 'client', measure: 'credits', ...same }),
    question.report,
  ]);
}
