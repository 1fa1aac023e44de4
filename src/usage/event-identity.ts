import { sql } from 'kysely';
import type { Db } from '../store/database.ts';
import { KEY_WORDS } from './event-key.ts';

export const NEW = 0;
export const DUPLICATE = 1;
export const CONFLICT = 2;

/** Decides which events of a commit are met for the first time. One implementation per dialect, one meaning. */
export interface EventIdentity {
  /**
   * Inside the transaction that will store the events: a verdict per key (`NEW`, `DUPLICATE`, `CONFLICT`), the first of
   * equal keys winning. Keys of zeros (no id) are always new. `days`: the day after which each may be forgotten; `lastSeq`:
   * the newest commit that this transaction sees.
   */
  claim(db: Db, keys: Uint32Array, days: Int32Array, lastSeq: number): Promise<Uint8Array>;
  /** The claimed keys are stored in the commit `seq`. */
  settle(seq: number): void;
  /** Nothing of the last claim was stored. */
  release(): void;
  /** These ids are new again: their events were taken back. */
  remove(db: Db, keys: Uint32Array): Promise<void>;
  /** Ids of segments that retention removed are forgotten. */
  prune(db: Db, beforeDay: number): Promise<void>;
}

/** First occurrences within one commit: verdicts for repetitions, and the rows left to compare with what is stored. */
export function claimWithin(keys: Uint32Array, verdicts: Uint8Array): number[] {
  const first = new Map<number, number[]>();
  const left: number[] = [];
  for (let row = 0; row < verdicts.length; row += 1) {
    const at = row * KEY_WORDS;
    if (isAbsent(keys, at)) continue;
    const near = keys[at]! * 0x200000 + (keys[at + 1]! >>> 11);
    const rows = first.get(near);
    const same = rows?.find((other) => sameId(keys, other * KEY_WORDS, keys, at));
    if (same !== undefined) {
      verdicts[row] = keys[same * KEY_WORDS + 4] === keys[at + 4] ? DUPLICATE : CONFLICT;
      continue;
    }
    if (rows) rows.push(row);
    else first.set(near, [row]);
    left.push(row);
  }
  return left;
}

export function isAbsent(keys: Uint32Array, at: number): boolean {
  return keys[at] === 0 && keys[at + 1] === 0 && keys[at + 2] === 0 && keys[at + 3] === 0;
}

export function sameId(a: Uint32Array, atA: number, b: Uint32Array, atB: number): boolean {
  return a[atA] === b[atB] && a[atA + 1] === b[atB + 1] && a[atA + 2] === b[atB + 2] && a[atA + 3] === b[atB + 3];
}

/** Rows that one statement claims; what is prepared for it is so little that the connection is never long idle. */
const CHUNK = 5000;

/** PostgreSQL: a table with a unique key, since other instances commit at the same time. */
export function createPostgresIdentity(): EventIdentity {
  return {
    async claim(db, keys, days) {
      const verdicts = new Uint8Array(days.length);
      // One order for all instances, so that they wait for each other instead of deadlocking.
      const rows = sortById(keys, days.length);
      for (let at = 0; at < rows.length; at += CHUNK) {
        const ids = new Map<string, number>();
        for (const row of rows.subarray(at, at + CHUNK)) {
          const id = toUuid(keys, row * KEY_WORDS);
          const first = ids.get(id);
          if (first === undefined) ids.set(id, row);
          else verdicts[row] = compareContent(keys, row, keys[first * KEY_WORDS + 4]!);
        }
        await claimChunk(db, ids, keys, days, verdicts);
      }
      return verdicts;
    },
    settle() {},
    release() {},
    async remove(db, keys) {
      for (let at = 0; at < keys.length; at += CHUNK * KEY_WORDS) {
        const ids: string[] = [];
        for (let key = at; key < Math.min(keys.length, at + CHUNK * KEY_WORDS); key += KEY_WORDS)
          ids.push(toUuid(keys, key));
        await sql`delete from event_id where id = any(${ids}::uuid[])`.execute(db);
      }
    },
    async prune(db, beforeDay) {
      await sql`delete from event_id where day < ${beforeDay}`.execute(db);
    },
  };
}

/** Inserts ids, in their order; those that are there already get their verdict. */
async function claimChunk(
  db: Db,
  rowsById: ReadonlyMap<string, number>,
  keys: Uint32Array,
  days: Int32Array,
  verdicts: Uint8Array,
): Promise<void> {
  const ids = [...rowsById.keys()];
  const rows = [...rowsById.values()];
  const contents = rows.map((row) => keys[row * KEY_WORDS + 4]! | 0);
  const until = rows.map((row) => days[row]!);
  const inserted = await sql<{ id: string }>`
    insert into event_id (id, content, day)
    select * from unnest(${ids}::uuid[], ${contents}::int[], ${until}::int[])
    on conflict (id) do nothing returning id`.execute(db);
  if (inserted.rows.length === ids.length) return;
  const fresh = new Set(inserted.rows.map(({ id }) => id));
  const repeated = ids.filter((id) => !fresh.has(id));
  const known = await sql<{ id: string; content: number }>`
    select id, content from event_id where id = any(${repeated}::uuid[])`.execute(db);
  const contentOf = new Map(known.rows.map(({ id, content }) => [id, content >>> 0]));
  for (const id of repeated) {
    const row = rowsById.get(id)!;
    verdicts[row] = compareContent(keys, row, contentOf.get(id));
  }
}

function compareContent(keys: Uint32Array, row: number, known: number | undefined): number {
  return keys[row * KEY_WORDS + 4] === known ? DUPLICATE : CONFLICT;
}

/** The rows that have ids, in the order of these, equal ones in their own. */
function sortById(keys: Uint32Array, length: number): Uint32Array {
  // First word and row in one exact double, so that the native sort of numbers does the work.
  const order = new Float64Array(length);
  let count = 0;
  for (let row = 0; row < length; row += 1) {
    if (isAbsent(keys, row * KEY_WORDS)) continue;
    order[count] = keys[row * KEY_WORDS]! * length + row;
    count += 1;
  }
  const rows = Uint32Array.from(order.subarray(0, count).sort(), (place) => place % length);
  // Rows of the same first word are few: repetitions, and one other id in 2^32.
  for (let from = 0, end = 0; from < count; from = end) {
    const first = keys[rows[from]! * KEY_WORDS];
    for (end = from + 1; end < count && keys[rows[end]! * KEY_WORDS] === first; ) end += 1;
    if (end - from > 1) rows.subarray(from, end).sort((a, b) => compareIds(keys, a, b));
  }
  return rows;
}

function compareIds(keys: Uint32Array, a: number, b: number): number {
  for (let word = 0; word < 4; word += 1) {
    const difference = keys[a * KEY_WORDS + word]! - keys[b * KEY_WORDS + word]!;
    if (difference !== 0) return difference;
  }
  return a - b;
}

function toUuid(keys: Uint32Array, at: number): string {
  let hex = '';
  for (let word = 0; word < 4; word += 1) hex += keys[at + word]!.toString(16).padStart(8, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
