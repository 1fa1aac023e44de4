import type { Calendar } from '../domain/calendar.ts';
import { DIMENSIONS, type Dimension } from '../domain/dimension.ts';
import type { UsageEvent } from '../domain/event.ts';
import type { Assignment } from '../domain/rules.ts';
import type { Batch, Column } from './batch.ts';
import { hashText, KEY_WORDS, mixNumber } from './ids.ts';
import { SentIdPacker } from './sent-ids.ts';
import type { ValueDictionary, Vocabulary } from './values.ts';

export type Assign = (event: UsageEvent, source: string, day: number) => Assignment;

const EVENT_DIMENSIONS = DIMENSIONS.filter(
  (d): d is Exclude<Dimension, 'source' | 'scope'> => d !== 'source' && d !== 'scope',
);
const VOCABULARIES: readonly Vocabulary[] = [...DIMENSIONS, 'meters', 'exclusion'];
/** How many columns take eight bytes a row, and how many take four. */
const WIDE = 6;
const NARROW = VOCABULARIES.length + 2;

/** Bits of the column `own`. */
export const OWN_SCOPE = 1;
export const OWN_CREDITS = 2;

/** Separates the names of meters in a combination; no name can contain it. */
export const METER_SEPARATOR = '\u001f';

/**
 * Turns events into columns, one event at a time, and sets aside the texts that the dictionary does not know yet. The hot path of
 * ingest: one pass, no object per event.
 */
export class EventBatchBuilder {
  readonly batch: Batch;
  readonly keys: Uint32Array;
  /** Ids as their senders gave them. */
  readonly sentIds: SentIdPacker;
  /** Local day of each event. */
  readonly days: Int32Array;
  readonly #columns: Record<
    Vocabulary | 'status' | 'own' | 'time' | 'received' | 'count' | 'records' | 'credits' | 'duration',
    Column
  >;
  readonly #ids: Record<Vocabulary, Map<string, number>>;
  readonly #missing = new Map<Vocabulary, Map<string, number[]>>();
  readonly #calendar: Calendar;
  readonly #assign: Assign;
  readonly #seed: number;
  /** 1 where the event brought a time of its own. */
  readonly #timed: Uint8Array;
  #rows = 0;

  constructor(capacity: number, dictionary: ValueDictionary, calendar: Calendar, assign: Assign, seed: number) {
    // One block of memory for all columns: allocating each of them costs more than the events of a small commit.
    const block = new ArrayBuffer(capacity * (WIDE * 8 + (NARROW + KEY_WORDS + 1) * 4 + 1));
    let at = 0;
    const wide = (): Column => {
      at += capacity * 8;
      return new Float64Array(block, at - capacity * 8, capacity);
    };
    const narrow = (width = 1): Uint32Array<ArrayBuffer> => {
      at += capacity * width * 4;
      return new Uint32Array(block, at - capacity * width * 4, capacity * width);
    };
    const numbers = {
      ...{ time: wide(), received: wide(), count: wide(), records: wide(), credits: wide(), duration: wide() },
      ...{ status: narrow(), own: narrow() },
    };
    const texts = Object.fromEntries(VOCABULARIES.map((name) => [name, narrow()])) as Record<Vocabulary, Column>;
    this.#columns = { ...texts, ...numbers };
    this.batch = { length: 0, columns: this.#columns };
    this.keys = narrow(KEY_WORDS);
    this.days = new Int32Array(block, at, capacity);
    this.#timed = new Uint8Array(block, at + capacity * 4, capacity);
    this.sentIds = new SentIdPacker(capacity);
    this.#ids = Object.fromEntries(VOCABULARIES.map((name) => [name, dictionary.idsOf(name)])) as Record<
      Vocabulary,
      Map<string, number>
    >;
    this.#calendar = calendar;
    this.#assign = assign;
    this.#seed = seed;
  }

  get length(): number {
    return this.#rows;
  }

  add(event: UsageEvent, source: { id: number; name: string }, receivedMs: number): void {
    const row = this.#rows;
    this.#rows += 1;
    const columns = this.#columns;
    const timeMs = event.timeMs ?? receivedMs;
    const day = this.#calendar.dayOf(timeMs);
    this.days[row] = day;
    this.#timed[row] = event.timeMs === undefined ? 0 : 1;
    const assignment = this.#assign(event, source.name, day);
    for (const dimension of EVENT_DIMENSIONS) {
      const text = event[dimension];
      if (text !== undefined) this.#setText(dimension, text, row);
    }
    this.#setText('source', source.name, row);
    this.#setText('scope', assignment.scope, row);
    const { meters } = assignment;
    if (meters.length > 0)
      this.#setText('meters', meters.length === 1 ? meters[0]! : meters.join(METER_SEPARATOR), row);
    if (assignment.exclusion !== undefined) this.#setText('exclusion', assignment.exclusion, row);
    columns.status[row] = event.status ?? 0;
    columns.own[row] = (event.scope === undefined ? 0 : OWN_SCOPE) | (event.credits === undefined ? 0 : OWN_CREDITS);
    columns.time[row] = timeMs;
    columns.received[row] = receivedMs;
    columns.count[row] = event.count;
    columns.records[row] = event.records === undefined ? 0 : event.records + 1;
    columns.credits[row] = assignment.credits;
    columns.duration[row] = event.durationMs === undefined ? 0 : Math.round(event.durationMs * 1000) + 1;
    this.sentIds.add(event.shownId ?? event.id);
    if (event.id !== undefined)
      hashText(event.id, (this.#seed + Math.imul(source.id, 0x9e3779b1)) | 0, this.keys, row * KEY_WORDS);
  }

  /** Lists the texts that have no number yet. */
  missing(): Map<Vocabulary, ReadonlySet<string>> {
    return new Map([...this.#missing].map(([name, texts]) => [name, new Set(texts.keys())]));
  }

  /** Fills in the numbers of the missing texts. Call `addContent` afterwards. */
  finish(found: ReadonlyMap<Vocabulary, ReadonlyMap<string, number>>): void {
    for (const [name, texts] of this.#missing) {
      const ids = found.get(name)!;
      const column = this.#columns[name];
      for (const [text, rows] of texts) for (const row of rows) column[row] = ids.get(text)!;
    }
    this.batch.length = this.#rows;
  }

  /**
   * Adds the content words to the keys of these rows: a hash of what the sender gave, without what rules made of it, so that an
   * event sent again after a change of the rules is no conflict.
   */
  addContent(from: number, to: number): void {
    const { time, status, count, credits, records, duration, own, scope } = this.#columns;
    for (let row = from; row < to; row += 1) {
      let content = 0x811c9dc5;
      for (const dimension of EVENT_DIMENSIONS) content = mixNumber(content, this.#columns[dimension][row]!);
      content = mixNumber(content, status[row]!);
      content = mixNumber(content, count[row]!);
      content = mixNumber(content, records[row]!);
      content = mixNumber(content, duration[row]!);
      content = mixNumber(content, own[row]!);
      if (own[row]! & OWN_SCOPE) content = mixNumber(content, scope[row]!);
      if (own[row]! & OWN_CREDITS) content = mixNumber(content, credits[row]!);
      // Without a time of its own an event gets the time of receipt, which differs when it is sent again: no conflict.
      if (this.#timed[row]) content = mixNumber(content, time[row]!);
      this.keys[row * KEY_WORDS + 4] = content;
    }
  }

  #setText(name: Vocabulary, text: string, row: number): void {
    const id = this.#ids[name].get(text);
    if (id !== undefined) {
      this.#columns[name][row] = id;
      return;
    }
    let texts = this.#missing.get(name);
    if (!texts) {
      texts = new Map();
      this.#missing.set(name, texts);
    }
    const rows = texts.get(text);
    if (rows) rows.push(row);
    else texts.set(text, [row]);
  }
}
