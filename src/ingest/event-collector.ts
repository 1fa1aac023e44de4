import type { Rejection, UsageEvent } from '../domain/event.ts';
import type { ParsedRequest } from './adapter.ts';
import { addRejection, EVENT_FIELDS, type EventFields, EventReader, toRejection } from './event-fields.ts';
import { type FieldMapper, findMapper } from './field-map.ts';
import { findUnread, withCure } from './half-read.ts';
import type { SourceOptions } from './source-options.ts';

/** Gathers what an adapter found in one request, in the order of the request. */
export class EventCollector {
  readonly mapper: FieldMapper | undefined;
  readonly #reader: EventReader;
  readonly #events: UsageEvent[] = [];
  readonly #indexes: number[] = [];
  readonly #rejected: Rejection[];
  readonly #unread = new Unread();
  /** By place. */
  readonly #sent: unknown[] = [];

  /** `unreadable` are those parts of the request that are known to be no events. */
  constructor(options: SourceOptions, unreadable: readonly Rejection[] = [], unsafeText = true) {
    this.mapper = findMapper(options);
    this.#reader = new EventReader(options, unsafeText);
    this.#rejected = [...unreadable];
  }

  /**
   * Takes the event at `index`: the fields that its adapter found, under those that the source's map finds in the entry
   * itself. `missingClient` says how to name the client, in the words of the format; `sent` is what a body would hold that
   * has this event alone.
   */
  add(index: number, fields: EventFields, entry: object, missingClient = '', sent: unknown = entry): void {
    const event = this.read(fields, entry, missingClient);
    this.take(index, typeof event === 'string' ? this.#toShown(fields, entry) : fields, event, sent);
  }

  /** The event that `add` would take, or what is wrong with it. */
  read(fields: EventFields, entry: object, missingClient = ''): UsageEvent | string {
    if (!this.mapper) return withCure(this.#reader.read(fields), entry, missingClient);
    const mapped = this.mapper.read(entry, fields, this.#unread);
    const url = (mapped.url ?? mapped.route) === undefined;
    const status = mapped.status === undefined;
    const unread = url || status ? findUnread(entry, { url, status }) : undefined;
    return unread ?? withCure(this.#reader.read(mapped), entry, missingClient);
  }

  /**
   * The same, where the format has a reader of its own: `event` is what that made of `fields`, or what is wrong. `sent` is
   * what a body would hold that has this event alone.
   */
  take(index: number, fields: unknown, event: UsageEvent | string, sent: unknown = fields): void {
    this.#sent[index] = sent;
    if (typeof event === 'string') {
      addRejection(this.#rejected, toRejection(index, fields, event));
      return;
    }
    this.#events.push(event);
    this.#indexes.push(index);
  }

  /** Notes what says nothing of calls, or a field that was not read. */
  note(what: string): void {
    this.#unread.add(what);
  }

  /** Notes the fields of an event that nobody knows, so that a slip of the pen is seen. */
  noteUnknown(event: Fields): void {
    for (const name in event) if (!EVENT_FIELDS.has(name)) this.#unread.add(name);
  }

  reject(index: number, fields: unknown, error: string): void {
    this.take(index, fields, error);
  }

  finish(): ParsedRequest {
    const rejected = this.#rejected.sort((a, b) => a.index - b.index);
    const unread = this.#unread.finish();
    const sentAt = (index: number): unknown => this.#sent[index];
    return { events: this.#events, indexes: this.#indexes, rejected, sentAt, ...(unread ? { unread } : {}) };
  }

  /** Returns the text that the list of rejected events shows: the fields as they were read, or the entry where few were. */
  #toShown(fields: EventFields, entry: object): object {
    const read = this.mapper?.read(entry, fields) ?? fields;
    if (Object.values(read).filter((value) => value !== undefined).length > 1) return read;
    return read.id === undefined ? entry : { ...entry, id: read.id };
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

/** Names that are told apart; a sender may make up any number of them. */
const MAX_NAMES = 50;
const MAX_LENGTH = 100;

/** Events by field that was not read of them: a name that nobody knows, or a path of a map (`route=request.path`). */
export class Unread {
  readonly #counts = new Map<string, number>();

  add(name: string): void {
    const count = this.#counts.get(name);
    if (count === undefined && this.#counts.size >= MAX_NAMES) return;
    this.#counts.set(name, (count ?? 0) + 1);
  }

  /** By name, shortened; undefined where everything was read. */
  finish(): Record<string, number> | undefined {
    if (this.#counts.size === 0) return undefined;
    return Object.fromEntries(
      [...this.#counts].map(([name, count]) => [name.slice(0, MAX_LENGTH).toWellFormed(), count]),
    );
  }
}
