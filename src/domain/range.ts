/**
 * The days (or hours) that a question is about, resolved against "now" in the report zone.
 * `text` is the canonical word of PRODUCT.md §4 that asks for the same again (`7d`, `last-month`, `2026-11-01..2026-11-20`).
 */
export interface Range {
  text: string;
  /** Half-open, epoch ms. Equal ends: empty (`this-month` on the 1st). */
  fromMs: number;
  toMs: number;
  /** First and last day, inclusive; `lastDay < firstDay` when empty. */
  firstDay: number;
  lastDay: number;
  /** How it is drawn. */
  grain: 'hour' | 'day' | 'month';
  /** Names today (or the running month): still growing. */
  partial: boolean;
  /** For people: `14 – 20 Nov 2026`, `Fri 20 Nov 2026`, `24 h to 21 Nov 14:00`. */
  label: string;
}
