import { NONE, OTHER } from '../domain/dimension.ts';
import type { Thousandths } from '../domain/event.ts';
import { addCredits } from '../domain/thousandths.ts';
import type { Totals, UsageRow } from '../domain/usage.ts';

export function emptyTotals(): Totals {
  return { requests: 0, ok: 0, failed: 0, none: 0, credits: 0 };
}

export type Outcomes = Pick<Totals, 'ok' | 'failed'>;

/** The share of calls with an outcome that failed, 0 to 1. */
export function shareFailed({ ok, failed }: Outcomes): number {
  return ok + failed === 0 ? 0 : failed / (ok + failed);
}

/** Adds `more` into `sum`, and gives `sum` back. */
export function addTotals(sum: Totals, more: Totals): Totals {
  sum.requests += more.requests;
  sum.ok += more.ok;
  sum.failed += more.failed;
  sum.none += more.none;
  sum.credits = addCredits(sum.credits, more.credits);
  return sum;
}

export function sumTotals(rows: Iterable<Totals>): Totals {
  const sum = emptyTotals();
  for (const row of rows) addTotals(sum, row);
  return sum;
}

/** Totals per key, in order of first appearance. */
export function groupTotals<Key>(rows: readonly UsageRow[], keyOf: (row: UsageRow) => Key): Map<Key, Totals> {
  const groups = new Map<Key, Totals>();
  for (const row of rows) addTotals(groups.getOrInsertComputed(keyOf(row), emptyTotals), row);
  return groups;
}

/** Distinct names among the rows' first keys; `(none)` and `(other)` are not names. */
export function countNames(rows: readonly UsageRow[], nameOf: (key: string) => string): number {
  const keys = rows.map((row) => row.keys[0]!).filter(isNamed);
  return new Set(keys.map(nameOf).filter(isNamed)).size;
}

/** Tells whether a key is a value that a sender gave. */
export function isNamed(key: string): boolean {
  return key !== NONE && key !== OTHER;
}

/** The name with the largest number, of equal ones the first by name; undefined of none. */
export function findMost<N extends Thousandths>(
  numbers: Iterable<readonly [string, N]>,
): readonly [string, N] | undefined {
  let most: readonly [string, N] | undefined;
  for (const each of numbers) {
    if (!most || each[1] > most[1] || (each[1] === most[1] && each[0] < most[0])) most = each;
  }
  return most;
}
