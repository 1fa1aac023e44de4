import { HOUR_MS, MINUTE_MS } from '../domain/calendar.ts';
import { HeadroomError } from '../errors.ts';
import type { Source } from '../store/source-repository.ts';

const SPANS: Readonly<Record<string, number>> = { s: 1000, min: MINUTE_MS, h: HOUR_MS };
const LIMIT = /^([1-9]\d{0,9})\/(s|min|h)$/;

/** Events that a source may still send, counted as a leaky bucket. */
interface Bucket {
  limit: string;
  /** At most the number of the limit. Below zero, the source has sent too much and must wait. */
  left: number;
  atMs: number;
  /** Events of the last request: the estimate for the next one until it is parsed. */
  usual: number;
}

/** Reads `5000/s`, `60000/min` or `1000000/h`; undefined if the text is not a limit. */
export function readLimit(text: string): { events: number; spanMs: number } | undefined {
  const [, events, unit] = LIMIT.exec(text) ?? [];
  return events === undefined ? undefined : { events: Number(events), spanMs: SPANS[unit!]! };
}

/**
 * Holds each source to the `limit` of its options: events on average, with bursts of as many as the limit names. The events of a
 * request are known only after parsing, so one may go over; the next then waits longer. Each instance counts by itself.
 */
export class SourceLimits {
  readonly #buckets = new Map<number, Bucket>();

  /**
   * Admits a request; call `settle` with the number of its events. Undefined if the source has no limit. Throws `limited` if it
   * has no events left.
   */
  admit({ id, name, options: { limit } }: Source, nowMs: number): { settle(events: number): void } | undefined {
    const rate = typeof limit === 'string' ? readLimit(limit) : undefined;
    if (typeof limit !== 'string' || !rate) return undefined;
    const perMs = rate.events / rate.spanMs;
    const bucket = this.#bucketOf(id, limit, rate.events, nowMs);
    bucket.left = Math.min(rate.events, bucket.left + Math.max(0, nowMs - bucket.atMs) * perMs);
    bucket.atMs = nowMs;
    if (bucket.left < 1) {
      const retryAfterS = Math.max(1, Math.ceil((1 - bucket.left) / perMs / 1000));
      const message = `Source ${name} is over its limit of ${limit} events; nothing of this was counted. Send it again in ${retryAfterS} s.`;
      throw new HeadroomError('limited', message, { retryAfterS });
    }
    const taken = bucket.usual;
    bucket.left -= taken;
    return {
      settle(events) {
        bucket.left += taken - events;
        if (events > 0) bucket.usual = events;
      },
    };
  }

  #bucketOf(id: number, limit: string, events: number, nowMs: number): Bucket {
    const known = this.#buckets.get(id);
    if (known?.limit === limit) return known;
    const fresh = { limit, left: events, atMs: nowMs, usual: 1 };
    this.#buckets.set(id, fresh);
    return fresh;
  }
}
