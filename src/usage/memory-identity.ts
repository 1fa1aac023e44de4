import type { Db } from '../store/database.ts';
import { CONFLICT, claimWithin, DUPLICATE, type EventIdentity, isAbsent, NEW, sameId } from './event-identity.ts';
import { KEY_WORDS, toWords } from './event-key.ts';

const FIRST_SLOTS = 1 << 16;
const MAX_CACHED_KEYS = 2_000_000;

/**
 * SQLite: the ids stand with their events, in the order of the commits; an index in memory (10 bytes a slot, 14 to 27 MB
 * per million ids) tells in which commit to look. It is exact, because a hit is compared with what is stored, and it
 * costs the disk nothing: a unique index over random ids would write a page per event (35,000 events/s at 3 million ids,
 * measured). Commits of other processes on the same file are read inside the write transaction, before deciding.
 */
export class MemoryIdentity implements EventIdentity {
  /** Open addressing: 48 bits of an id and the commit it stands in; commit 0 marks a free slot. */
  #fingerprints = new Uint32Array(FIRST_SLOTS);
  #extras = new Uint16Array(FIRST_SLOTS);
  #seqs = new Uint32Array(FIRST_SLOTS);
  #size = 0;
  #lastSeq = 0;
  #pending: { keys: Uint32Array; rows: number[] } | undefined;
  /** Stored keys by segment, newest use last. */
  readonly #cache = new Map<string, StoredKeys>();
  #cachedKeys = 0;

  async claim(db: Db, keys: Uint32Array, days: Int32Array, lastSeq: number): Promise<Uint8Array> {
    if (lastSeq > this.#lastSeq) await this.#catchUp(db, lastSeq);
    const verdicts = new Uint8Array(days.length);
    const rows = claimWithin(keys, verdicts);
    const fresh: number[] = [];
    for (const row of rows) {
      const candidates = this.#candidates(keys, row * KEY_WORDS);
      const verdict = candidates ? await this.#compare(db, candidates, keys, row * KEY_WORDS) : NEW;
      if (verdict) verdicts[row] = verdict;
      else fresh.push(row);
    }
    this.#pending = { keys, rows: fresh };
    return verdicts;
  }

  settle(seq: number): void {
    for (const row of this.#pending!.rows) this.#insert(this.#pending!.keys, row * KEY_WORDS, seq);
    this.#pending = undefined;
    this.#lastSeq = Math.max(this.#lastSeq, seq);
  }

  release(): void {
    this.#pending = undefined;
  }

  /** A hit is compared with what is stored, and the events are no longer stored. */
  async remove(): Promise<void> {
    this.#cache.clear();
    this.#cachedKeys = 0;
  }

  async prune(_db: Db, _beforeDay: number): Promise<void> {
    this.#allocate(FIRST_SLOTS);
    this.#size = 0;
    this.#lastSeq = 0;
    this.#cache.clear();
    this.#cachedKeys = 0;
  }

  /** Reads the ids of commits that this process has not seen, folded or not. */
  async #catchUp(db: Db, last: number): Promise<void> {
    const from = this.#lastSeq;
    const segments = await db
      .selectFrom('event_segment')
      .select(['id', 'first_seq', 'last_seq'])
      .where('last_seq', '>', from)
      .execute();
    for (const { id, first_seq, last_seq } of segments) {
      const row = await db.selectFrom('event_segment').select('keys').where('id', '=', id).executeTakeFirstOrThrow();
      // Any commit of the segment's range leads to it.
      this.#insertAll(toWords(row.keys), last_seq, first_seq);
    }
    const commits = await db.selectFrom('inbox').select(['seq', 'keys']).where('seq', '>', from).execute();
    for (const { seq, keys } of commits) this.#insertAll(toWords(keys), seq);
    this.#lastSeq = last;
  }

  /** An id that already leads to a commit of the range leads here: a merged segment holds ids that were read before. */
  #insertAll(keys: Uint32Array, seq: number, firstSeq = seq): void {
    for (let at = 0; at < keys.length; at += KEY_WORDS) {
      if (isAbsent(keys, at)) continue;
      if (this.#candidates(keys, at)?.some((known) => known >= firstSeq && known <= seq)) continue;
      this.#insert(keys, at, seq);
    }
  }

  #insert(keys: Uint32Array, at: number, seq: number): void {
    if (this.#size * 4 >= this.#seqs.length * 3) this.#grow();
    this.#place(keys[at + 1]!, keys[at]! & 0xffff, seq);
    this.#size += 1;
  }

  /** Linear probing; the slot comes from `fingerprint` alone, so that growing needs no more than the slots hold. */
  #place(fingerprint: number, extra: number, seq: number): void {
    const mask = this.#seqs.length - 1;
    let slot = slotOf(fingerprint) & mask;
    while (this.#seqs[slot] !== 0) slot = (slot + 1) & mask;
    this.#fingerprints[slot] = fingerprint;
    this.#extras[slot] = extra;
    this.#seqs[slot] = seq;
  }

  #grow(): void {
    const [fingerprints, extras, seqs] = [this.#fingerprints, this.#extras, this.#seqs];
    this.#allocate(seqs.length * 2);
    for (let slot = 0; slot < seqs.length; slot += 1) {
      if (seqs[slot] !== 0) this.#place(fingerprints[slot]!, extras[slot]!, seqs[slot]!);
    }
  }

  #allocate(slots: number): void {
    this.#fingerprints = new Uint32Array(slots);
    this.#extras = new Uint16Array(slots);
    this.#seqs = new Uint32Array(slots);
  }

  /** The commits in which this id may stand; nearly always none. */
  #candidates(keys: Uint32Array, at: number): number[] | undefined {
    const mask = this.#seqs.length - 1;
    const fingerprint = keys[at + 1]!;
    const extra = keys[at]! & 0xffff;
    let found: number[] | undefined;
    for (let slot = slotOf(fingerprint) & mask; this.#seqs[slot] !== 0; slot = (slot + 1) & mask) {
      if (this.#fingerprints[slot] !== fingerprint || this.#extras[slot] !== extra) continue;
      if (found) found.push(this.#seqs[slot]!);
      else found = [this.#seqs[slot]!];
    }
    return found;
  }

  async #compare(db: Db, seqs: readonly number[], keys: Uint32Array, at: number): Promise<number> {
    for (const seq of seqs) {
      for (const stored of await this.#load(db, seq)) {
        const same = stored.find(keys, at);
        if (same !== undefined) return same === keys[at + 4] ? DUPLICATE : CONFLICT;
      }
    }
    return NEW;
  }

  /** The keys stored by a commit, wherever they stand now. */
  async #load(db: Db, seq: number): Promise<StoredKeys[]> {
    // Looked up each time: another process may have folded it or taken it back.
    const commit = await db.selectFrom('inbox').select('seq').where('seq', '=', seq).executeTakeFirst();
    if (commit) {
      const cached = this.#cached(`c${seq}`);
      if (cached) return [cached];
      const { keys } = await db.selectFrom('inbox').select('keys').where('seq', '=', seq).executeTakeFirstOrThrow();
      return [this.#keep(`c${seq}`, toWords(keys))];
    }
    const segments = await db
      .selectFrom('event_segment')
      .select('id')
      .where('last_seq', '>=', seq)
      .where('first_seq', '<=', seq)
      .execute();
    const found: StoredKeys[] = [];
    for (const { id } of segments) {
      const cached = this.#cached(`s${id}`);
      if (cached) found.push(cached);
      else {
        const row = await db.selectFrom('event_segment').select('keys').where('id', '=', id).executeTakeFirst();
        if (row) found.push(this.#keep(`s${id}`, toWords(row.keys)));
      }
    }
    return found;
  }

  #cached(name: string): StoredKeys | undefined {
    const keys = this.#cache.get(name);
    if (keys) {
      this.#cache.delete(name);
      this.#cache.set(name, keys);
    }
    return keys;
  }

  #keep(name: string, words: Uint32Array): StoredKeys {
    const keys = new StoredKeys(words);
    this.#cache.set(name, keys);
    this.#cachedKeys += keys.count;
    for (const [oldest, dropped] of this.#cache) {
      if (this.#cachedKeys <= MAX_CACHED_KEYS || oldest === name) break;
      this.#cache.delete(oldest);
      this.#cachedKeys -= dropped.count;
    }
    return keys;
  }
}

/** The keys of one commit or segment, findable by id: a retried batch asks for all of them. */
class StoredKeys {
  readonly count: number;
  readonly #words: Uint32Array;
  #rowsByWord: Map<number, number[]> | undefined;

  constructor(words: Uint32Array) {
    this.#words = words;
    this.count = words.length / KEY_WORDS;
  }

  /** The content fingerprint stored with this id. */
  find(keys: Uint32Array, at: number): number | undefined {
    if (!this.#rowsByWord) {
      this.#rowsByWord = new Map();
      for (let row = 0; row < this.count; row += 1) {
        const word = this.#words[row * KEY_WORDS]!;
        const rows = this.#rowsByWord.get(word);
        if (rows) rows.push(row);
        else this.#rowsByWord.set(word, [row]);
      }
    }
    const row = this.#rowsByWord.get(keys[at]!)?.find((other) => sameId(this.#words, other * KEY_WORDS, keys, at));
    return row === undefined ? undefined : this.#words[row * KEY_WORDS + 4];
  }
}

function slotOf(fingerprint: number): number {
  return Math.imul(fingerprint, 0x9e3779b1) ^ (fingerprint >>> 15);
}
