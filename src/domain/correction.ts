import type { Thousandths } from './event.ts';

/** A plus or minus on what a scope used, at a time, with its reason. Nothing is ever deleted. */
export interface Correction {
  scope: string;
  timeMs: number;
  credits: Thousandths;
  reason: string;
  actor: string;
}
