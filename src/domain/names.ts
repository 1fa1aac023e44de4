import type { Grouping } from './dimension.ts';

/** A name that people may ask for. */
export interface KnownName {
  /** Kind of the named thing. `pool`: a pool or limit; all others are dimensions for filters. */
  key: Grouping | 'pool';
  /** The name as people see it, or as senders write it. */
  name: string;
  /** The value that a filter compares. */
  value: string;
}

/** Names that examples can use, as far as there are any. */
export interface ExampleNames {
  client?: string;
  /** Another client. */
  other?: string;
  route?: string;
  user?: string;
  module?: string;
  scope?: string;
  /** A scope with grants, and one of its grants. */
  granted?: string;
  grant?: string;
}

/** Lists known names. */
export interface NameSource {
  /** Lists declared names and names seen lately. Routes (but for their segments) and addresses are recognised by their form. */
  names(nowMs: number): Promise<readonly KnownName[]>;
  /** Returns names for examples: the busiest ones, and a scope with one of its grants. */
  examples(nowMs: number): Promise<ExampleNames>;
}

/**
 * Lists the candidates that `word` was probably meant to be, nearest first, in any case: those that begin with it, then those at most
 * two typing errors away (one for words of up to four letters). Empty if none is near. Never throws.
 */
export function listNearest(word: string, candidates: Iterable<string>, limit = 5): string[] {
  const typed = word.toLowerCase();
  if (typed === '' || typed.length > 60) return [];
  const slips = typed.length <= 4 ? 1 : 2;
  const found: { candidate: string; distance: number }[] = [];
  for (const candidate of new Set(candidates)) {
    const known = candidate.toLowerCase();
    const isPrefix = typed.length >= 2 && known.startsWith(typed);
    const distance = isPrefix ? 0.5 : distanceWithin(typed, known, slips);
    if (distance <= slips) found.push({ candidate, distance });
  }
  found.sort((a, b) => a.distance - b.distance || a.candidate.length - b.candidate.length);
  return found.slice(0, limit).map((each) => each.candidate);
}

/**
 * Says that a name is unknown, and what may be meant: `There is no scope "crn": did you mean crm?` If nothing is near, lists the
 * known names; if there are none, says `cure`.
 */
export function describeUnknown(
  what: string,
  name: string,
  known: readonly string[],
  cure = 'none is declared yet.',
): string {
  const [nearest] = listNearest(name, known);
  const there = known.length > 0 ? `there are ${known.join(', ')}.` : cure;
  return `There is no ${what} ${JSON.stringify(name)}: ${nearest ? `did you mean ${nearest}?` : there}`;
}

/**
 * Counts the insertions, deletions, replacements and swaps of neighbours that turn one text into the other (optimal string
 * alignment). More than `max` is returned as `max + 1`.
 */
export function distanceWithin(a: string, b: string, max: number): number {
  const far = max + 1;
  if (Math.abs(a.length - b.length) > max) return far;
  let [beforeLast, last, row] = ROWS as [Uint8Array, Uint8Array, Uint8Array];
  if (b.length + 2 > last.length) [beforeLast, last, row] = ROWS.map(() => new Uint8Array(b.length + 2)) as typeof ROWS;
  for (let j = 0; j <= Math.min(b.length, max); j++) last[j] = j;
  last[max + 1] = far;
  for (let i = 1; i <= a.length; i++) {
    // Further from the diagonal, lengths alone differ by more than `max`.
    const first = Math.max(1, i - max);
    const end = Math.min(b.length, i + max);
    let nearest = first === 1 ? Math.min(i, far) : far;
    row[first - 1] = nearest;
    row[end + 1] = far;
    for (let j = first; j <= end; j++) {
      const replaced = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let least = Math.min(replaced, last[j]! + 1, row[j - 1]! + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, beforeLast[j - 2]! + 1);
      }
      row[j] = least;
      if (least < nearest) nearest = least;
    }
    if (nearest > max) return far;
    [beforeLast, last, row] = [last, row, beforeLast];
  }
  return Math.min(last[b.length]!, far);
}

/** Memory that `distanceWithin` uses again: it is called for hundreds of words at a time. */
const ROWS: [Uint8Array, Uint8Array, Uint8Array] = [new Uint8Array(64), new Uint8Array(64), new Uint8Array(64)];
