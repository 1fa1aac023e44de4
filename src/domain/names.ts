import type { Grouping } from './dimension.ts';

/** A name that people may ask for. */
export interface KnownName {
  /** `pool`: of a pool or limit; everything else can be filtered by. */
  key: Grouping | 'pool';
  /** As it is shown, or written by senders. */
  name: string;
  /** As a filter compares it. */
  value: string;
}

/** Names that examples can be about, as far as there are any. */
export interface ExampleNames {
  client?: string;
  /** Another client. */
  other?: string;
  route?: string;
  user?: string;
  module?: string;
  scope?: string;
  /** A scope with grants, and one of these. */
  granted?: string;
  grant?: string;
}

/** Tells what names there are. */
export interface NameSource {
  /** Declared names, and those seen lately, without routes and addresses: these are known by their form. */
  names(nowMs: number): Promise<readonly KnownName[]>;
  /** Names for examples: the busiest ones, and a scope with what is granted to it. */
  examples(nowMs: number): Promise<ExampleNames>;
}

/**
 * Of `candidates`, those that `word` was probably meant to be, nearest first, without case: prefixes, then at most two
 * slips of the hand (one for words of up to four letters). Empty where nothing is near. Never throws.
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
 * Says that there is no such thing, and which may be meant: `There is no scope "crn": did you mean crm?`, else those that there
 * are; where there are none, the cure.
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
 * Insertions, deletions, replacements and swaps of neighbours that turn one text into the other (optimal string
 * alignment); more than `max` is reported as `max + 1`.
 */
export function distanceWithin(a: string, b: string, max: number): number {
  if (Math.abs(a.length - b.length) > max) return max + 1;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let least = Math.min(replaced, last[j]! + 1, row[j - 1]! + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, beforeLast[j - 2]! + 1);
      }
      row.push(least);
    }
    if (Math.min(...row) > max) return max + 1;
    beforeLast = last;
    last = row;
  }
  return Math.min(last[b.length]!, max + 1);
}
