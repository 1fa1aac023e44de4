import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { inject } from 'vitest';
import type { DialectName } from '../../src/store/database.ts';
import { SEED } from './size.ts';

/** Counts of what the torture tests did, and of their results. */
export interface Figures {
  /** Processes killed. */
  kills: number;
  /** Calls to Slack that were cut before, during or after the call, or whose caller died or froze. */
  cuts: number;
  /** Events whose request was answered. */
  events: number;
  /** Messages that had to be posted. */
  deliveries: number;
  /** Events answered and not counted; messages not posted. */
  losses: number;
  /** Events counted twice; messages posted twice. */
  doubles: number;
}

interface Line extends Partial<Figures> {
  dialect?: DialectName;
  kind?: string;
  count?: number;
  body?: string;
  peakMiB?: number;
}

const NOTHING: Figures = { kills: 0, cuts: 0, events: 0, deliveries: 0, losses: 0, doubles: 0 };

/** Adds to the figures of this run. Call it before the assertions, so that a failed test is counted too. */
export function tally(dialect: DialectName, figures: Partial<Figures>): void {
  appendFileSync(inject('figures'), `${JSON.stringify({ dialect, ...figures })}\n`);
}

/** Waits for a message that must be posted, and tallies it: as lost if the wait fails. */
export async function tallyPost(
  dialect: DialectName,
  wait: Promise<unknown>,
  note: (dialect: DialectName, figures: Partial<Figures>) => void = tally,
): Promise<void> {
  try {
    await wait;
  } catch (error) {
    note(dialect, { deliveries: 1, losses: 1 });
    throw error;
  }
  note(dialect, { deliveries: 1 });
}

/** Counts inputs that were odd on purpose, by kind. */
export function tallyInputs(kind: string, count: number): void {
  appendFileSync(inject('figures'), `${JSON.stringify({ kind, count })}\n`);
}

/** Notes how much memory one body of a kind took, in MiB. */
export function tallyPeak(body: string, peakMiB: number): void {
  appendFileSync(inject('figures'), `${JSON.stringify({ body, peakMiB })}\n`);
}

/** Returns the figures of a run as one line of JSON, with the skipped tests; undefined if nothing was tallied. */
export function sumUp(path: string, skipped: readonly string[]): string | undefined {
  if (!existsSync(path)) return undefined;
  const sums: Partial<Record<DialectName, Figures>> = {};
  const inputs: Record<string, number> = {};
  const bodiesMiB: Record<string, number> = {};
  for (const line of readFileSync(path, 'utf8').trim().split('\n')) {
    const { kind, count = 0, body, peakMiB = 0, dialect, ...figures } = JSON.parse(line) as Line;
    if (kind !== undefined) inputs[kind] = (inputs[kind] ?? 0) + count;
    if (body !== undefined) bodiesMiB[body] = peakMiB;
    if (dialect === undefined) continue;
    sums[dialect] ??= { ...NOTHING };
    for (const [name, value] of Object.entries(figures)) sums[dialect][name as keyof Figures] += value;
  }
  const all = Object.values(inputs).reduce((sum, count) => sum + count, 0);
  return JSON.stringify({ seed: SEED, ...sums, inputs: { all, ...inputs }, bodiesMiB, skipped });
}
