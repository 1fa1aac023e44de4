import type { StepGrain } from './usage.ts';

/**
 * The days, hours or minutes that a question is about, resolved against "now" in the report zone.
 * `text` asks for the same again (`7d`, `last-month`, `2026-11-01..2026-11-20`, `2026-11-20 14:00-15:00`).
 */
export interface Range {
  text: string;
  /** Half-open, epoch ms. Equal ends: empty (`this-month` on the 1st). */
  fromMs: number;
  toMs: number;
  /** First and last day that it touches, inclusive; `lastDay < firstDay` when empty. */
  firstDay: number;
  lastDay: number;
  /** Begins or ends within a day. */
  timed?: true;
  /** The grain at which it is drawn. */
  grain: StepGrain;
  /** Its end is still to come: still growing. */
  partial: boolean;
  /** For people: `14–20 Nov 2026`, `Fri 20 Nov 2026`, `20 Nov, 14:00–15:00`, `last 3 hours (15:00–18:02)`. */
  label: string;
}
