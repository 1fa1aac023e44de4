import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { inject } from 'vitest';
import type { DialectName } from '../../src/store/database.ts';
import { SEED } from './size.ts';

/** What tests of torture did, and what came of it. */
export interface Figures {
  /** Processes killed. */
  kills: number;
  /** Calls to Slack cut before, in or after the call, or whose caller died or froze. */
  cuts: number;
  /** Events sent that were answered. */
  events: number;
  /** Messages that were to be posted. */
  deliveries: number;
  /** Events answered and not counted; messages not posted. */
  losses: number;
  /** Events counted twice; messages that stand there twice. */
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

/** Adds to the figures of this run. Call it before they are asserted, so that a failure is among them. */
export function tally(dialect: DialectName, figures: Partial<Figures>): void {
  appendFileSync(inject('figures'), `${JSON.stringify({ dialect, ...figures })}\n`);
}

/** Waits for a message that must be posted, and tallies it: as lost where the wait fails. */
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

/** Adds to the inputs of this run that were odd on purpose, by what they were. */
export function tallyInputs(kind: string, count: number): void {
  appendFileSync(inject('figures'), `${JSON.stringify({ kind, count })}\n`);
}

/** Notes how much memory one body of a kind took, in MiB. */
export function tallyPeak(body: string, peakMiB: number): void {
  appendFileSync(inject('figures'), `${JSON.stringify({ body, peakMiB })}\n`);
}

/** The figures of a run as one line of JSON, with the tests that were skipped; undefined: nothing was tallied. */
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
