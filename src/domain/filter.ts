import type { GroupKey, QuestionKey } from './dimension.ts';

/**
 * Keeps calls that match any of `patterns` (or none of them, with `not`). In a pattern `*` stands for any characters, `/` included;
 * everything else is compared exactly. For `status`: `429`, `4xx` or `(none)`. Several filters apply together; a dimension has at
 * most one positive filter, and one `not` filter.
 */
export interface Filter<Key extends QuestionKey = QuestionKey> {
  key: Key;
  patterns: readonly string[];
  not: boolean;
}

/** Returns a filter for one value or pattern. */
export function only<Key extends QuestionKey>(key: Key, value: string): Filter<Key> {
  return { key, patterns: [value], not: false };
}

/** A filter as the store takes it: teams are replaced by the ids of their clients. */
export type StoredFilter = Filter<GroupKey>;

/** Turns a pattern into a predicate. Without `*` it is plain equality. Runs in linear time, because the texts come from outside. */
export function toMatcher(pattern: string): (text: string) => boolean {
  if (!pattern.includes('*')) return (text) => text === pattern;
  const middle = pattern.split('*');
  const start = middle.shift()!;
  const end = middle.pop()!;
  return (text) => {
    const last = text.length - end.length;
    if (last < start.length || !text.startsWith(start) || !text.endsWith(end)) return false;
    // Take each part at its first place after the one before: if that fails, nothing else fits.
    let at = start.length;
    for (const part of middle) {
      const found = text.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return at <= last;
  };
}

/** Tells whether a status (0: none was sent) fits a status pattern. */
export function matchesStatus(pattern: string, status: number): boolean {
  const group = /^([1-5])xx$/i.exec(pattern);
  if (group) return Math.floor(status / 100) === Number(group[1]);
  if (pattern === '(none)') return status === 0;
  return String(status) === pattern;
}

export const BOUND_SIGNS = ['over', 'at-least', 'under', 'at-most'] as const;
export const BOUND_COLUMNS = ['requests', 'credits', 'share_percent', 'failed_percent', 'ok_percent', 'p95'] as const;

/** A number that the rows or steps of an answer are compared with: `over 100`, `under 5% failed`, `at least 500ms`. */
export interface Bound {
  sign: (typeof BOUND_SIGNS)[number];
  /** In the unit of its column: requests, whole credits, percent, or milliseconds. */
  value: number;
  column: (typeof BOUND_COLUMNS)[number];
}

export function isWithin({ sign, value }: Bound, number: number): boolean {
  if (sign === 'over') return number > value;
  if (sign === 'at-least') return number >= value;
  return sign === 'under' ? number < value : number <= value;
}

/** Tells whether a bound asks for rows without any requests. */
export function isOfNone({ sign, value, column }: Bound): boolean {
  return column === 'requests' && ((sign === 'under' && value <= 1) || (sign === 'at-most' && value < 1));
}

/** Tells whether a bound is a minimum: a larger number never breaks it. */
export function isLowest({ sign }: Bound): boolean {
  return sign === 'over' || sign === 'at-least';
}
