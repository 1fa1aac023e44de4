/** A plus or minus on what a meter (a scope, or `scope/limit`) counted, at a time, with its reason. Nothing is ever deleted. */
export interface Correction {
  meter: string;
  timeMs: number;
  /** Thousandths. */
  credits: number;
  requests: number;
  reason: string;
  actor: string;
}
