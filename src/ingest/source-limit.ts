import { HOUR_MS, MINUTE_MS } from '../domain/calendar.ts';
import { HeadroomError } from '../errors.ts';
import type { Source } from '../store/source-repository.ts';

const SPANS: Readonly<Record<string, number>> = { s: 1000, min: MINUTE_MS, h: HOUR_MS };
const LIMIT = /^([1-9]\d{0,9})\/(s|min|h)$/;

/** Events that one source may still send, by the rules of a leaky bucket. */
interface Bucket {
  limit: string;
  /** At most the limit's own number; below zero, what was sent too much is waited for. */
  left: number;
  atMs: number;
  /** Of the request before: what the next one is taken to hold until it is known. */
  usual: number;
}

/** Reads `5000/s`, `60000/min` or `1000000/h`; undefined: it is no limit. */
export function readLimit(text: string): { events: number; spanMs: number } | undefined {
  const [, events, unit] = LIMIT.exec(text) ?? [];
  return events === undefined ? undefined : { events: Number(events), spanMs: SPANS[unit!]! };
}

/**
 * Keeps each source to the `limit` of its options, in events on average, with bursts of as many as the limit names. What a
 * request holds is known when it has been read, so one may go over; the next then waits longer. Each instance counts for itself.
 */
export class SourceLimits {
  readonly #buckets = new Map<number, Bucket>();

  /**
   * Lets a request in; `settle` is to be told how many events it held. Undefined: the source has no limit. Throws `limited`
   * where it has none left.
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
