import type { Calendar } from '../domain/calendar.ts';
import { DIMENSIONS, type Dimension, REMOVED } from '../domain/dimension.ts';
import type { RawEvent, Span } from '../domain/usage.ts';
import type { Db } from '../store/database.ts';
import { type Batch, type Column, type ColumnName, EVENT_COLUMNS, type ReusedColumns } from './batch.ts';
import { filterRows, pick, type RowFilter, selectCounted, selectKept } from './row-filter.ts';
import type { Segment } from './segment.ts';
import {
  type InboxSegment,
  loadSentIds,
  type RawSegment,
  type RawSegmentRow,
  type SegmentLoader,
} from './segment-loader.ts';
import type { SentIds } from './sent-ids.ts';
import type { ValueTexts } from './values.ts';

/** Stored usage in one snapshot, and what is needed to read it. */
export interface Store {
  db: Db;
  loader: SegmentLoader;
  calendar: Calendar;
  texts: ValueTexts;
}

/** Raw events of one day that were asked for: some rows of a segment. A column is unpacked when it is read. */
export class RawPart {
  readonly day: number;
  readonly length: number;
  /** Imported from a file instead of sent. */
  readonly imported: boolean;
  /** The database row that holds the segment. */
  readonly row: RawSegment['row'];
  readonly #segment: Segment;
  /** Undefined: all rows. */
  readonly #rows: Uint32Array | undefined;

  constructor(day: number, { segment, row, imported }: RawSegment, rows?: Uint32Array) {
    this.day = day;
    this.row = row;
    this.imported = imported;
    this.#segment = segment;
    this.#rows = rows && rows.length < segment.length ? rows : undefined;
    this.length = rows?.length ?? segment.length;
  }

  /** Columns that are not 0 throughout. */
  get names(): ColumnName[] {
    return this.#segment.names;
  }

  /** Tells whether any value of a column may differ from 0. */
  has(name: ColumnName): boolean {
    return this.#segment.has(name);
  }

  /** Returns the values of a column for each event, or for those at the places `at`. */
  read(name: ColumnName, at?: Uint32Array, reused?: ReusedColumns): Column {
    const rows = this.#rows;
    return this.#segment.read(name, at && rows ? at.map((place) => rows[place]!) : (at ?? rows), reused);
  }

  /** Returns the segment's row of the event at this place. */
  rowAt(place: number): number {
    return this.#rows?.[place] ?? place;
  }

  /** Reads the ids of its events as they were sent; undefined: no event has one. */
  async readIds(db: Db): Promise<SentIds | undefined> {
    const ids = await loadSentIds(db, this.row);
    return this.#rows ? ids?.pick(this.#rows) : ids;
  }
}

interface Wanted {
  span: Span;
  rowFilters: readonly RowFilter[];
  /** Tells which folded segments to read. Default: all. */
  isWanted?: (segment: RawSegmentRow) => boolean;
}

type Source = Pick<Store, 'db' | 'loader' | 'calendar'>;

/**
 * Streams the raw events of a span that pass every filter and that no exclusion rule took out, in the caller's snapshot. Days
 * come in order, the newest first if asked; within a day there is no promised order. Only a few segments are in memory at a time:
 * a caller that leaves the loop early never reads the days behind.
 */
export async function* scanRaw(
  source: Source,
  { newestFirst = false, ...wanted }: Wanted & { newestFirst?: boolean },
): AsyncGenerator<RawPart> {
  const isBefore = (a: number, b: number) => (newestFirst ? a > b : a < b);
  // Unfolded events are few, so they are read at once.
  const unfolded = (await readUnfolded(source, wanted)).sort((a, b) =>
    isBefore(a.day, b.day) ? -1 : a.day === b.day ? 0 : 1,
  );
  for await (const part of scanFolded(source, wanted, newestFirst)) {
    while (unfolded.length > 0 && isBefore(unfolded[0]!.day, part.day)) yield unfolded.shift()!;
    yield part;
  }
  yield* unfolded;
}

/** Reads the wanted events that are not folded into totals yet, in no promised order. */
export async function readUnfolded({ db, loader, calendar }: Source, { span, rowFilters }: Wanted): Promise<RawPart[]> {
  return (await loader.loadInbox(db, span)).flatMap((commit) =>
    splitByDay(commit, calendar, filterRows(commit.segment, rowFilters, selectCounted(commit.segment, span))),
  );
}

/** Streams the wanted events that are folded into totals, day by day. */
export async function* scanFolded(
  { db, loader, calendar }: Source,
  { span, rowFilters, isWanted }: Wanted,
  newestFirst = false,
): AsyncGenerator<RawPart> {
  for await (const raw of loader.loadRaw(db, span, { newestFirst, ...(isWanted && { isWanted }) })) {
    const rows = selectAsked(raw.segment, rowFilters, isWithin(raw.day, span, calendar) ? undefined : span);
    if (rows === undefined || rows.length > 0) yield new RawPart(raw.day, raw, rows);
  }
}

function isWithin(day: number, span: Span, calendar: Calendar): boolean {
  return calendar.startOfDay(day) >= span.fromMs && calendar.startOfDay(day + 1) <= span.toMs;
}

/** Returns the rows that count and pass the filters; undefined: every row. `span`: only events within it. */
function selectAsked(
  segment: Segment,
  rowFilters: readonly RowFilter[],
  span: Span | undefined,
): Uint32Array | undefined {
  if (span) return filterRows(segment, rowFilters, selectCounted(segment, span));
  const kept = segment.has('exclusion') ? selectKept(segment) : undefined;
  return kept === undefined && rowFilters.length === 0 ? undefined : filterRows(segment, rowFilters, kept);
}

function splitByDay(commit: InboxSegment, calendar: Calendar, rows: Uint32Array): RawPart[] {
  const { segment, firstDay, lastDay } = commit;
  if (rows.length === 0) return [];
  if (firstDay === lastDay) return [new RawPart(firstDay, commit, rows)];
  const days = Int32Array.from(segment.read('time', rows), (ms) => calendar.dayOf(ms));
  return [...new Set(days)].map((day) => {
    const ofDay = pick(rows.length, (at) => days[at] === day).map((at) => rows[at]!);
    return new RawPart(day, commit, ofDay);
  });
}

/** Columns of a page; value ids for dimensions (0: the sender gave none). */
export type EventColumns = Record<(typeof EVENT_COLUMNS)[number], Column>;

/** Raw events as columns, encoded as in segments, with the texts of all their value ids. */
export interface EventPage {
  length: number;
  columns: EventColumns;
  texts: ReadonlyMap<number, string>;
  /** Ids as senders gave them; undefined: not asked for, or no event has one. */
  ids: SentIds | undefined;
}

/** Streams all raw events of a span that count and pass every filter, a page at a time, in the order of days. */
export async function* readPages(
  store: Store,
  renames: string | undefined,
  wanted: Wanted & { ids: boolean },
): AsyncGenerator<EventPage> {
  for await (const part of scanRaw(store, wanted)) {
    const columns = Object.fromEntries(EVENT_COLUMNS.map((name) => [name, part.read(name)])) as EventColumns;
    const ids = listIds(columns);
    const known = await store.texts.resolve(store.db, renames, ids);
    const texts = new Map(ids.map((id) => [id, known.get(id) ?? REMOVED]));
    yield { length: part.length, columns, texts, ids: wanted.ids ? await part.readIds(store.db) : undefined };
  }
}

/** Lists the distinct value ids. An array of marks is quicker here than a set of a million. */
function listIds(columns: EventColumns): number[] {
  let most = 0;
  for (const dimension of DIMENSIONS) for (const id of columns[dimension]) if (id > most) most = id;
  const marks = new Uint8Array(most + 1);
  for (const dimension of DIMENSIONS) for (const id of columns[dimension]) marks[id] = 1;
  const ids: number[] = [];
  for (let id = 1; id <= most; id += 1) if (marks[id] === 1) ids.push(id);
  return ids;
}

interface Found {
  batch: Batch;
  row: number;
  timeMs: number;
  part: RawPart;
  place: number;
}

/** Reads the newest raw events that pass every filter, at most `limit`, in order of time. Earlier days are not read. */
export async function readNewest(
  store: Store,
  renames: string | undefined,
  { limit, ids, ...wanted }: Wanted & { limit: number; ids?: boolean },
): Promise<RawEvent[]> {
  const found: Found[] = [];
  let day: number | undefined;
  for await (const part of scanRaw(store, { ...wanted, newestFirst: true })) {
    if (part.day !== day && found.length >= limit) break;
    day = part.day;
    found.push(...pickNewest(part, limit));
    if (found.length > limit * 4) keepNewest(found, limit);
  }
  keepNewest(found, limit);
  const texts = await store.texts.resolveMany(store.db, renames, new Set(found.map(({ batch }) => batch)));
  const events: RawEvent[] = [];
  const sentIds = new Map<RawPart, SentIds | undefined>();
  for (const each of found.reverse()) {
    const { part, place } = each;
    if (ids && !sentIds.has(part)) sentIds.set(part, await loadSentIds(store.db, part.row));
    const id = sentIds.get(part)?.at(part.rowAt(place));
    const event = toEvent(each, texts);
    events.push(id === undefined ? event : { ...event, id });
  }
  return events;
}

/** Unpacks only the events of a part that may be among the newest `limit`. */
function pickNewest(part: RawPart, limit: number): Found[] {
  const time = part.read('time');
  // Time of the `limit`-th newest event, by the native sort of numbers. Events that share this time are all candidates.
  const leastMs = time.length > limit ? time.toSorted().at(-limit)! : Number.NEGATIVE_INFINITY;
  const newest = pick(time.length, (event) => time[event]! >= leastMs);
  const batch: Batch = { length: newest.length, columns: {} };
  for (const name of part.names) batch.columns[name] = part.read(name, newest);
  return Array.from(newest, (at, row) => ({ batch, row, timeMs: time[at]!, part, place: at }));
}

function keepNewest(found: Found[], limit: number): void {
  found.sort((a, b) => b.timeMs - a.timeMs);
  if (found.length > limit) found.length = limit;
}

function toEvent({ batch, row, timeMs, part }: Found, texts: ReadonlyMap<number, string>): RawEvent {
  const value = (name: ColumnName): number => batch.columns[name]?.[row] ?? 0;
  const text = (name: Dimension): string => (value(name) === 0 ? '' : (texts.get(value(name)) ?? REMOVED));
  return {
    client: text('client'),
    route: text('route'),
    user: text('user'),
    ip: text('ip'),
    module: text('module'),
    method: text('method'),
    function: text('function'),
    version: text('version'),
    kind: text('kind'),
    initiator: text('initiator'),
    source: text('source'),
    scope: text('scope'),
    timeMs,
    receivedMs: value('received'),
    status: value('status'),
    count: value('count'),
    credits: value('credits'),
    ...(value('duration') === 0 ? {} : { durationMs: (value('duration') - 1) / 1000 }),
    imported: part.imported,
  };
}
