import type { Rejection, UsageEvent } from '../domain/event.ts';
import type { ParsedRequest } from './adapter.ts';
import { findField } from './client-from.ts';
import { addRejection, type EventFields, EventReader, toRejection } from './event-fields.ts';

/** Gathers what an adapter found in one request, in the order of the request. */
export class EventCollector {
  readonly #reader: EventReader;
  readonly #events: UsageEvent[] = [];
  readonly #indexes: number[] = [];
  readonly #rejected: Rejection[];

  /** `unreadable` are those parts of the request that are known to be no events. */
  constructor(options: Readonly<Record<string, unknown>>, unreadable: readonly Rejection[] = []) {
    this.#reader = new EventReader(options);
    this.#rejected = [...unreadable];
  }

  /** Takes the event at `index`; `missingClient` says how to name the client, in the words of the format. */
  add(index: number, fields: EventFields, missingClient?: string): void {
    this.take(index, fields, this.#reader.read(fields), missingClient);
  }

  /** The same, where the format has a reader of its own: `event` is what that made of `sent`, or what is wrong. */
  take(index: number, sent: unknown, event: UsageEvent | string, missingClient?: string): void {
    if (typeof event !== 'string') {
      this.#events.push(event);
      this.#indexes.push(index);
      return;
    }
    const explained = missingClient !== undefined && event.startsWith('client is missing');
    this.reject(index, sent, explained ? `client is missing: ${missingClient}` : event);
  }

  reject(index: number, fields: unknown, error: string): void {
    addRejection(this.#rejected, toRejection(index, fields, error));
  }

  finish(): ParsedRequest {
    const rejected = this.#rejected.sort((a, b) => a.index - b.index);
    return { events: this.#events, indexes: this.#indexes, rejected };
  }
}

/** An object of a sender's, its fields unchecked. */
export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An object inside another; where there is none, one without fields. */
export function toFields(value: unknown): Fields {
  return isFields(value) ? value : {};
}

/**
 * The first of these fields that says something; `-` and empty texts are how logs write "nothing". Dots in a name go into
 * objects.
 */
export function firstOf(fields: unknown, names: readonly string[]): unknown {
  for (const name of names) {
    const value = findField(fields, name);
    if (value !== undefined && value !== null && value !== '' && value !== '-') return value;
  }
  return undefined;
}

/** Names of clients and users are often numbers. */
export function toText(value: unknown): unknown {
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : value;
}

/** A number that may come as text; undefined for anything else, and below 0. */
export function toNumber(value: unknown): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && number >= 0 && number < Number.POSITIVE_INFINITY ? number : undefined;
}
