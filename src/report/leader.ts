import type { Grouping } from '../domain/dimension.ts';
import type { Filter } from '../domain/filter.ts';
import type { RankingRow, Totals } from '../domain/report.ts';
import { DIMENSION_WORDS } from './dimension-words.ts';
import { formatCount, formatCredits, formatPercent, formatShare } from './format.ts';
import type { Inquiry } from './inquiry.ts';
import { isNamed } from './totals.ts';

/** A ranking as its sentence needs it: every row in the order asked for. */
interface Ranked {
  ranked: readonly RankingRow[];
  totals: Totals;
  distinct: number;
  dimension: Grouping;
  measure: 'requests' | 'credits';
}

/** Columns whose shares make a sentence of their own: `Warehouse Export has 68% of the 2,277 failures.` */
const SHARED: Readonly<Record<string, { column: 'ok' | 'failed' | 'none'; words: string; none: string }>> = {
  ok: { column: 'ok', words: 'successful requests', none: 'No request succeeded.' },
  failed: { column: 'failed', words: 'failures', none: 'No request failed.' },
  none: { column: 'none', words: 'requests without a status', none: 'Every request had a status.' },
};

/**
 * Names who stands first, in the words of the question: by failures where it sorts by them, else by the measure.
 * `ERP Connector made 35% of 39,897 requests; 1.7% of its calls failed.`
 */
export function describeLeader({ question, filters }: Inquiry, numbers: Ranked): string {
  const { ranked, totals, measure, dimension } = numbers;
  const named = ranked.filter(({ name }) => isNamed(name));
  const column = question.sort?.replace(/^-/, '');
  const isAscending = question.sort !== undefined && !question.sort.startsWith('-');
  const isFailures = measure === 'requests' && filters.some(isOfFailures);
  const shared =
    column !== undefined && Object.hasOwn(SHARED, column)
      ? SHARED[column]
      : isFailures && !isAscending
        ? SHARED.failed
        : undefined;
  const first = named[0];
  const words = DIMENSION_WORDS[dimension];
  if (!first) return `None of the ${sizeOf(totals, measure)} had ${article(words.singular)} ${words.singular}.`;
  if (shared) {
    const sum = totals[shared.column];
    if (sum === 0) return shared.none;
    if (isAscending) return `${first.name} has the fewest ${shared.words}: ${formatCount(first[shared.column])}.`;
    if (first[shared.column] === sum) return `${first.name} has all ${formatCount(sum)} ${shared.words}.`;
    return `${first.name} has ${formatShare(first[shared.column], sum)} of the ${formatCount(sum)} ${shared.words}.`;
  }
  if (isAscending && column !== 'name') {
    return `${first.name} ${verbOf(numbers)} the fewest: ${show(first[measure], measure)} of ${sizeOf(totals, measure)}.`;
  }
  const leader = named.reduce((best, row) => (row[measure] > best[measure] ? row : best));
  // Of filtered statuses it is known how they ended.
  const isTold = leader.failed > 0 && !filters.some(({ key }) => key === 'status');
  const failed = isTold ? ` ${formatShare(leader.failed, leader.requests)} of its calls failed.` : '';
  // Of one that was asked for by name, its share of everything says more than that all is its own.
  const isAsked = (question.filters ?? []).some(
    ({ key, not, patterns }) => key === dimension && !not && patterns.length > 0,
  );
  const isAll = numbers.distinct === 1 && leader[measure] === totals[measure];
  const part = isAll
    ? isAsked && leader.shareOfAllPercent !== undefined
      ? `${sizeOf(totals, measure)}, ${formatPercent(leader.shareOfAllPercent)} of all`
      : `all ${sizeOf(totals, measure)}`
    : `${formatPercent(leader.sharePercent)} of ${sizeOf(totals, measure)}`;
  return `${leader.name} ${verbOf(numbers)} ${part}${failed ? `;${failed}` : '.'}`;
}

/** Tells whether a filter lets only failures through: `status:5xx`, `status:429`. */
function isOfFailures({ key, patterns, not }: Filter): boolean {
  return key === 'status' && !not && patterns.every((pattern) => /^[45]/.test(pattern));
}

function verbOf({ measure, dimension }: Ranked): string {
  return measure === 'credits' ? 'used' : DIMENSION_WORDS[dimension].verb;
}

function sizeOf(totals: Totals, measure: Ranked['measure']): string {
  return `${show(totals[measure], measure)} ${totals[measure] === (measure === 'credits' ? 1000 : 1) ? measure.slice(0, -1) : measure}`;
}

function show(value: number, measure: Ranked['measure']): string {
  return measure === 'credits' ? formatCredits(value) : formatCount(value);
}

function article(noun: string): string {
  return /^[aeiou]/i.test(noun) && noun !== 'user' ? 'an' : 'a';
}
