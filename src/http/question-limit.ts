import { MINUTE_MS } from '../domain/calendar.ts';

/** Callers remembered at once; beyond it they share one allowance. */
const MAX_CALLERS = 10_000;

/** Counts questions of each caller by the minute. */
export class QuestionLimit {
  readonly #perMinute: number;
  readonly #counts = new Map<string, number>();
  #minute = 0;

  constructor(perMinute: number) {
    this.#perMinute = perMinute;
  }

  /** Takes one question; the seconds to wait where the caller has none left in this minute, else undefined. */
  take(caller: string, nowMs: number): number | undefined {
    const minute = Math.floor(nowMs / MINUTE_MS);
    if (minute !== this.#minute) this.#counts.clear();
    this.#minute = minute;
    const key = this.#counts.has(caller) || this.#counts.size < MAX_CALLERS ? caller : '';
    const count = (this.#counts.get(key) ?? 0) + 1;
    if (count > this.#perMinute) return Math.max(1, Math.ceil(((minute + 1) * MINUTE_MS - nowMs) / 1000));
    this.#counts.set(key, count);
    return undefined;
  }
}
