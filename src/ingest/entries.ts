import type { Rejection, UsageEvent } from '../domain/event.ts';
import { HeadroomError } from '../errors.ts';
import type { Adapter, AdapterInput, CumulativePoint, ParsedRequest } from './adapter.ts';
import {
  describeValue,
  EVENT_FIELDS,
  type EventFields,
  EventReader,
  MAX_CLIENT_LENGTH,
  MAX_ID_LENGTH,
} from './event-fields.ts';
import { type FieldMapper, formatFieldMap, toMapper } from './field-map.ts';
import { hideSecrets, redact, withoutQueries } from './privacy.ts';
import type { SourceOptions } from './source-options.ts';

/** An object from a sender, with unchecked fields. */
export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Returns an object as it is, and an empty one for any other value. */
export function toFields(value: unknown): Fields {
  return isFields(value) ? value : {};
}

/** An entry of a body, read by its adapter. */
export interface Entry {
  fields: EventFields;
  /** Object that the map of a source reads; absent: `fields`. */
  object?: object;
  /** A body with this entry alone, stored if it is rejected so that it can be read again; absent: `object`. */
  sent?: unknown;
  /** How to send the client, in the words of the format, for the error if it is missing. */
  cure?: string | undefined;
  /** Returns the sender's name of a field; absent, or undefined, if it is ours. */
  nameOf?: (field: string) => string | undefined;
  /** True if the format is not fixed: an entry without route or status is rejected if another field looks like one. */
  isOpen?: boolean;
  /** For a cumulative point: the event stands for what it adds to its series. */
  point?: Omit<CumulativePoint, 'index' | 'event'>;
}

/** A part of a body that is not an event, and why. `shown` appears in the list of rejected events. */
export class Fault {
  readonly error: string;
  readonly sent: unknown;
  readonly shown: unknown;

  constructor(error: string, sent?: unknown, shown: unknown = sent) {
    this.error = error;
    this.sent = sent;
    this.shown = shown;
  }
}

/** Result of reading a value of a body. `note` names data that is not about calls; undefined: ignore the value. */
export type Found = Entry | Fault | { note: string } | undefined;

/** The values of a body in order, and the function that reads each. */
interface Reading<T> {
  values: Iterable<T | Fault>;
  toEntry(value: T): Found;
  /** False if texts cannot contain NUL or lone surrogates. */
  escapes?: boolean;
  /** Report unknown fields, so that misspelt names are noticed. */
  tellsUnknown?: boolean;
}

/** Creates an adapter. `open` splits a body into values and says how each is read. */
export function createAdapter<T>(
  name: string,
  open: (input: AdapterInput) => Reading<T>,
  more?: Pick<Adapter, 'rewrap'>,
): Adapter {
  function parse(input: AdapterInput): ParsedRequest {
    const { values, toEntry, escapes, tellsUnknown } = open(input);
    const collector = new Collector(input.options, escapes, tellsUnknown);
    for (const value of values) collector.take(value instanceof Fault ? value : toEntry(value));
    return collector.finish();
  }
  return { name, parse, ...more };
}

/** Turns entries into events. Fields found by the map of a source replace those that the adapter found. */
export class EntryReader {
  readonly mapper: FieldMapper | undefined;
  readonly #reader: EventReader;

  constructor(options: SourceOptions, unsafeText = true) {
    this.mapper = options.map && toMapper(options.map);
    this.#reader = new EventReader(options, unsafeText);
  }

  /** Returns the event, or what is wrong with it. `missed` is called for each path of the map that finds nothing. */
  read({ fields, object = fields, cure, nameOf, isOpen }: Entry, missed?: (path: string) => void): UsageEvent | string {
    const mapped = this.mapper ? this.mapper.read(object, fields, missed) : fields;
    if (isOpen ?? this.mapper) {
      const url = (mapped.url ?? mapped.route) === undefined;
      const status = mapped.status === undefined;
      const unread = url || status ? findUnread(object, { url, status }) : undefined;
      if (unread) return unread;
    }
    const read = withCure(this.#reader.read(mapped), object, cure);
    if (typeof read !== 'string' || !nameOf) return read;
    return read.replace(/^\w+(?= is (?!missing))/, (field) => nameOf(field) ?? field);
  }
}

/** Count 50 names of unread fields in a request: a sender may make up any number of them. */
const MAX_NAMES = 50;
const MAX_NAME_LENGTH = 100;
/** Refuse a body with more rejected entries as a whole: each stays in memory until the answer names it. */
const MAX_REJECTIONS = 100_000;

/** Collects the results of one request, in order. */
class Collector {
  readonly #reader: EntryReader;
  readonly #tellsUnknown: boolean;
  readonly #parsed = { events: [] as UsageEvent[], indexes: [] as number[], rejected: [] as Rejection[] };
  readonly #cumulative: CumulativePoint[] = [];
  /** Counts by unread field: an unknown name, or a path of a map that found nothing (`route=request.path`). */
  readonly #unread = new Map<string, number>();
  /** Values as sent, by index in the request. */
  readonly #sent: unknown[] = [];
  readonly #note = (what: string): void => {
    const count = this.#unread.get(what) ?? 0;
    if (count > 0 || this.#unread.size < MAX_NAMES) this.#unread.set(what, count + 1);
  };

  constructor(options: SourceOptions, escapes?: boolean, tellsUnknown = false) {
    this.#reader = new EntryReader(options, escapes);
    this.#tellsUnknown = tellsUnknown && !this.#reader.mapper;
  }

  take(found: Found): void {
    if (found === undefined) this.#sent.push(undefined);
    else if ('fields' in found) this.#read(found);
    else if (found instanceof Fault) this.#reject(found.sent, found.shown, found.error);
    else {
      this.#note(found.note);
      this.#sent.push(undefined);
    }
  }

  #read(entry: Entry): void {
    const { fields, object = fields, sent = object, point } = entry;
    if (this.#tellsUnknown) for (const name in object) if (!EVENT_FIELDS.has(name)) this.#note(name);
    const event = this.#reader.read(entry, this.#note);
    if (typeof event === 'string') {
      this.#reject(sent, typeof sent === 'string' ? sent : this.#toShown(fields, object), event);
      return;
    }
    const index = this.#sent.push(sent) - 1;
    if (point) this.#cumulative.push({ ...point, index, event });
    else {
      this.#parsed.events.push(event);
      this.#parsed.indexes.push(index);
    }
  }

  #reject(sent: unknown, shown: unknown, error: string): void {
    const { rejected } = this.#parsed;
    if (rejected.length >= MAX_REJECTIONS) {
      throw new HeadroomError(
        'unreadable',
        `More than ${MAX_REJECTIONS} pieces of this body are no events, so none was counted; the first: ${rejected[0]!.error}`,
      );
    }
    rejected.push(toRejection(this.#sent.push(sent) - 1, shown, error));
  }

  /** Returns the fields to show in the list of rejected events, or the whole entry if few fields could be read. */
  #toShown(fields: EventFields, object: object): object {
    const read = this.#reader.mapper?.read(object, fields) ?? fields;
    if (Object.values(read).filter((value) => value !== undefined).length > 1) return read;
    return read.id === undefined ? object : { ...object, id: read.id };
  }

  finish(): ParsedRequest {
    const named = [...this.#unread].map(
      ([name, count]) => [name.slice(0, MAX_NAME_LENGTH).toWellFormed(), count] as const,
    );
    return {
      ...this.#parsed,
      sentAt: (index) => this.#sent[index],
      ...(named.length > 0 ? { unread: Object.fromEntries(named) } : {}),
      ...(this.#cumulative.length > 0 ? { cumulative: this.#cumulative } : {}),
    };
  }
}

/** Makes the rejection of the event at `index`, with its id if that is valid, and an excerpt without secrets. */
function toRejection(index: number, fields: unknown, error: string): Rejection {
  const told = { index, error: hideSecrets(withoutQueries(error)) };
  if (typeof fields === 'string') return { ...told, excerpt: String(redact(fields)).slice(0, 200).toWellFormed() };
  if (!isFields(fields)) return { ...told, excerpt: describeValue(redact(fields)) };
  const { id } = fields;
  const shown = Object.entries(redact(fields, 0, 1) as object)
    .filter(([, value]) => value !== undefined)
    .slice(0, 20)
    .map(([name, value]) => `${name.slice(0, 40).toWellFormed()}: ${describeValue(value)}`);
  return {
    ...told,
    ...(typeof id === 'string' && id !== '' ? { id: id.slice(0, MAX_ID_LENGTH).toWellFormed() } : {}),
    excerpt: shown.join(', ').slice(0, 500).toWellFormed(),
  };
}

/** Search five levels of an entry, and 500 fields, for fields under other names. */
const MAX_DEPTH = 5;
const MAX_SEARCHED = 500;
/** Parts of a log that are not about the call itself: referrers, servers behind a proxy, files on disk. */
const ELSEWHERE = /refer|upstream|origin|backend|file|log|source|script|root|config|tls|ssl|kubernetes|docker|cache/;

const METHOD = /^(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)$/i;

type Searched = 'client' | 'user' | 'url' | 'status' | 'method';

/** Recognises each field by the end of its path (in lower case, letters and dots only) and by its value. */
const SIGNS: Readonly<Record<Searched, { path: RegExp; isValue: (value: string) => boolean }>> = {
  client: {
    path: /(?:consumer|customer|client|tenant|account|partner|app|application|subscriber|subscription|apikey)\.?(?:id|name|username|customid|key)?$/,
    isValue: isName,
  },
  user: { path: /(?:user|caller|principal)\.?(?:id|name)?$/, isValue: isName },
  url: { path: /(?:path|ur[il]|target|endpoint|route)$/, isValue: (value) => /^(?:\/|https?:\/\/)/.test(value) },
  status: { path: /(?:status|statuscode|responsecode)$/, isValue: (value) => /^[1-5]\d\d$/.test(value) },
  method: { path: /(?:method|verb)$/, isValue: (value) => METHOD.test(value) },
};

interface Sighting {
  path: string;
  value: string;
}

/**
 * Finds a missing url or status under a name that we do not know, and describes it, so that the entry is rejected with that name
 * rather than counted without its route or status. Undefined if there is none.
 */
export function findUnread(entry: object, missing: { url: boolean; status: boolean }): string | undefined {
  const names = (['status', 'url'] as const).filter((name) => missing[name]);
  const found = search(entry, names);
  const [name] = names.filter((each) => found[each]);
  if (name === undefined) return undefined;
  const { path, value } = found[name]!;
  const shown = JSON.stringify(value.slice(0, 60).toWellFormed());
  return `${name} is missing, though ${JSON.stringify(path.slice(0, 100))} holds ${shown}: have it sent as ${JSON.stringify(name)}, or read it with --map ${toMap(found)}.`;
}

/** Adds a cure to the error of an entry without a client: how to send it, and the map that would find it. */
function withCure<T>(event: T | string, entry: object, cure = ''): T | string {
  if (typeof event !== 'string' || !event.startsWith('client is missing')) return event;
  // A format with a cure of its own is known: it needs no search for wrapped entries.
  return cure === ''
    ? `${event}${proposeMap(entry, findEntries(entry))}`
    : `client is missing: ${cure}${proposeMap(entry)}`;
}

/** Proposes a map that would read an entry. Empty if nothing in the entry looks like a client. */
function proposeMap(entry: object, wrapped?: ReturnType<typeof findEntries>): string {
  const { user, ...found } = search(wrapped?.first ?? entry, ['client', 'user', 'url', 'status', 'method']);
  if (user && !found.client) found.client = user;
  if (wrapped) {
    const fields = found.client && !('client' in wrapped.first) ? `,${toMap(found)}` : '';
    return ` It holds entries in ${JSON.stringify(wrapped.path)}: read them with --map entries=${wrapped.path}${fields}.`;
  }
  return found.client ? ` This entry could be read with --map ${toMap(found)}.` : '';
}

/** Finds a list of objects in an entry, or in an object of it: the entry is then an unknown wrapper. */
function findEntries(entry: object, prefix = ''): { path: string; first: object } | undefined {
  for (const [name, value] of Object.entries(entry).slice(0, MAX_SEARCHED)) {
    if (Array.isArray(value)) {
      const [first] = value as unknown[];
      if (typeof first === 'object' && first !== null && !Array.isArray(first))
        return { path: `${prefix}${name}`, first };
    } else if (prefix === '' && typeof value === 'object' && value !== null) {
      const found = findEntries(value as object, `${name}.`);
      if (found) return found;
    }
  }
  return undefined;
}

function isName(value: string): boolean {
  return value.length <= MAX_CLIENT_LENGTH;
}

function toMap(found: Partial<Record<Searched, Sighting>>): string {
  const map: Record<string, string> = {};
  for (const [name, each] of Object.entries(found)) {
    // A template is already a route; an address must still be reduced to one.
    const isTemplate = name === 'url' && /[{<]|\/:/.test(each.value);
    map[isTemplate ? 'route' : name] = each.path;
  }
  return formatFieldMap(map);
}

/** Finds for each name the first field that looks like it, level by level from the top. */
function search(entry: object, names: readonly Searched[]): Partial<Record<Searched, Sighting>> {
  const found: Partial<Record<Searched, Sighting>> = {};
  let level: { fields: object; path: string }[] = [{ fields: entry, path: '' }];
  let searched = 0;
  for (let depth = 0; depth < MAX_DEPTH && level.length > 0; depth += 1) {
    const next: typeof level = [];
    for (const { fields, path } of level) {
      for (const [key, value] of Object.entries(fields)) {
        const place = `${path}${key}`;
        const plain = place.toLowerCase().replace(/[^a-z.]/g, '');
        searched += 1;
        if (searched > MAX_SEARCHED) return found;
        if (ELSEWHERE.test(key.toLowerCase())) continue;
        if (typeof value === 'object' && value !== null) {
          if (!Array.isArray(value)) next.push({ fields: value, path: `${place}.` });
        } else if (value !== null && value !== '' && value !== '-' && typeof value !== 'boolean') {
          const name = names.find((each) => SIGNS[each].path.test(plain) && SIGNS[each].isValue(String(value)));
          if (name !== undefined) found[name] ??= { path: place, value: String(value) };
        }
      }
    }
    level = next;
  }
  return found;
}
