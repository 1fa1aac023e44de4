import { FIRST_EVENT_MS } from './event-time.ts';
import { toNumber } from './field-map.ts';

/** Milliseconds of nanoseconds since 1970; what is no such number is handed on, to be rejected with its value. */
export function toTime(nanoseconds: unknown): unknown {
  if (isUnset(nanoseconds)) return undefined;
  const exact = toNanoseconds(nanoseconds);
  if (exact === undefined) return nanoseconds;
  const timeMs = Number(exact / 1_000_000n);
  // Milliseconds of 1970 would be taken for seconds of today.
  return timeMs < FIRST_EVENT_MS ? new Date(timeMs).toISOString() : timeMs;
}

/** Milliseconds between two times; undefined where one is missing, or the end is before the start. */
export function toDuration(start: unknown, end: unknown): number | undefined {
  const from = toNanoseconds(start);
  const to = toNanoseconds(end);
  return isUnset(start) || from === undefined || to === undefined ? undefined : toNumber(Number(to - from) / 1e6);
}

/** 64-bit numbers come as text, as numbers (against the specification, but often) or, from protobuf, as bigint. */
export function toNanoseconds(value: unknown): bigint | undefined {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number') return Number.isInteger(value) && value >= 0 ? BigInt(value) : undefined;
  return typeof value === 'string' && /^\d{1,20}$/.test(value) ? BigInt(value) : undefined;
}

/** In protobuf, a number that is not there is 0. */
export function isUnset(value: unknown): boolean {
  return value === undefined || value === null || value === '' || toNanoseconds(value) === 0n;
}
