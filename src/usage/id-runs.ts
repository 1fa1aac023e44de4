import { type Db, send } from '../store/database.ts';
import {
  addToFilter,
  CONTENT,
  createFilter,
  type Forgotten,
  findLastSecond,
  ID_WORDS,
  isForgotten,
  mayHold,
  sameId,
} from './ids.ts';
import { takeFullTiers } from './segment.ts';

/**
 * Ids gather in `id_batch` until there are this many; then they are moved into runs. Each row counts as at least 128 ids, so that
 * small batches do not pile up.
 */
export const BATCHED_IDS = 400_000;
const IDS_PER_ROW = 128;
/** Limits of one transaction: the most ids moved into runs at once, and the most ids that runs are merged up to. */
const MAX_SPREAD = 1 << 19;
const MAX_RUN = 1 << 20;

/** A run holds ids that share their first bits, so that a merge moves only a part of all ids. */
const PART_BITS = 6;
/** About this many ids are in a block, so that it fits into a page of the database. */
const BLOCK_IDS = 120;
/** A merge reads and writes runs in this many pieces, one after the other, so that only one piece is in memory. */
const SLICES = 8;
/** Blocks of a run are numbered from its id times this. */
const BLOCKS = 0x10000;
const CHUNK = 100;
/** Filters read from the database in one query. */
const FILTERS = 8;

interface Run {
  id: number;
  blocks: number;
  filter: Uint32Array;
}

/**
 * Remembered ids on disk, in immutable runs. Within a run an id's first word gives its block; a filter in memory tells, nearly
 * always, which runs need not be read.
 */
export class IdRuns {
  #parts: Run[][] = emptyParts();

  /** Reads which runs there are now, and the filters of those that are new. */
  async load(db: Db): Promise<void> {
    const known = new Map(this.#parts.flat().map((run) => [run.id, run]));
    const runs = await db.selectFrom('id_run').select(['id', 'part', 'blocks']).execute();
    const missing = runs.map(({ id }) => id).filter((id) => !known.has(id));
    const filters = new Map<number, Uint32Array>();
    for (let at = 0; at < missing.length; at += FILTERS) {
      const ids = missing.slice(at, at + FILTERS);
      const rows = await db.selectFrom('id_run').select(['id', 'filter']).where('id', 'in', ids).execute();
      for (const { id, filter } of rows) filters.set(id, toWords(filter));
    }
    this.#parts = emptyParts();
    for (const { id, part, blocks } of runs)
      this.#parts[part]!.push(known.get(id) ?? { id, blocks, filter: filters.get(id)! });
  }

  /** Finds the blocks that may hold a row's id, and adds the row to the rows wanted of each. */
  wish(keys: Uint32Array, at: number, row: number, wanted: Map<number, number[]>): void {
    const word = keys[at]!;
    for (const { id, blocks, filter } of this.#parts[partOf(word)]!) {
      if (!mayHold(filter, keys, at)) continue;
      const block = id * BLOCKS + blockOf(word, blocks);
      const rows = wanted.get(block);
      if (rows) rows.push(row);
      else wanted.set(block, [row]);
    }
  }
}

function emptyParts(): Run[][] {
  return Array.from({ length: 1 << PART_BITS }, () => []);
}

function partOf(word: number): number {
  return word >>> (32 - PART_BITS);
}

function blockOf(word: number, blocks: number): number {
  return Math.floor((((word << PART_BITS) >>> 0) * blocks) / 0x100000000);
}

/** Reads these blocks, a few at a time. */
export async function* readBlocks(db: Db, blocks: Iterable<number>): AsyncGenerator<{ id: number; ids: Uint32Array }> {
  const wanted = [...blocks];
  for (let at = 0; at < wanted.length; at += CHUNK) {
    const rows = await db
      .selectFrom('id_block')
      .select(['id', 'ids'])
      .where('id', 'in', wanted.slice(at, at + CHUNK))
      .execute();
    for (const { id, ids } of rows) yield { id, ids: toWords(ids) };
  }
}

/** Returns the content word kept with this id in a block; undefined if the id is absent or forgotten. */
export function findInBlock(ids: Uint32Array, keys: Uint32Array, at: number, forgotten: Forgotten): number | undefined {
  for (let place = 0; place < ids.length; place += ID_WORDS) {
    if (sameId(ids, place, keys, at) && !isForgotten(ids, place, forgotten)) return ids[place + CONTENT]!;
  }
  return undefined;
}

/** Tells whether enough ids have gathered to be moved into runs. */
export async function isSpreadDue(db: Db, batchedIds: number): Promise<boolean> {
  const { rows, ids } = await db
    .selectFrom('id_batch')
    .select(({ fn }) => [fn.countAll<number>().as('rows'), fn.sum<number | null>('count').as('ids')])
    .executeTakeFirstOrThrow();
  return Math.max(Number(rows) * IDS_PER_ROW, Number(ids ?? 0)) >= batchedIds;
}

/** Moves gathered ids into runs, the oldest first, in the caller's transaction. */
export async function spread(db: Db, forgotten: Forgotten): Promise<void> {
  const batches = await db.selectFrom('id_batch').select(['id', 'count']).orderBy('id').execute();
  let last = 0;
  let ids = 0;
  for (const batch of batches) {
    if (ids > 0 && ids + batch.count > MAX_SPREAD) break;
    ids += batch.count;
    last = batch.id;
  }
  const rows = await db.selectFrom('id_batch').select('ids').where('id', '<=', last).execute();
  const all = gatherIds(
    rows.map((row) => toWords(row.ids)),
    forgotten,
  );
  for (const [part, own] of divide(all, 1 << PART_BITS, partOf).entries()) {
    if (own.length === 0) continue;
    const run = await RunWriter.begin(db, part, own.length / ID_WORDS);
    await run.write(own);
    await run.end();
  }
  await send(db, db.deleteFrom('id_batch').where('id', '<=', last));
}

/**
 * Merges runs of about one size, in the part that has the most of them, in the caller's transaction. Returns false if no merge is
 * due.
 */
export async function mergeRuns(db: Db, forgotten: Forgotten): Promise<boolean> {
  const runs = await db.selectFrom('id_run').select(['id', 'part', 'count', 'blocks']).orderBy('id', 'desc').execute();
  let most: typeof runs = [];
  for (const [newest, ...older] of Map.groupBy(runs, ({ part }) => part).values()) {
    const full = takeFullTiers(older, ({ count }) => count, newest!.count, MAX_RUN);
    if (full.length >= most.length && full.length > 0) most = [newest!, ...full];
  }
  if (most.length === 0) return false;
  const count = most.reduce((sum, run) => sum + run.count, 0);
  const run = await RunWriter.begin(db, most[0]!.part, count);
  for (let slice = 0; slice < SLICES; slice += 1) {
    const pieces: Uint32Array[] = [];
    for (const { id, blocks } of most) {
      const rows = await db
        .selectFrom('id_block')
        .select('ids')
        .where('id', '>=', id * BLOCKS + Math.floor((slice * blocks) / SLICES))
        .where('id', '<', id * BLOCKS + Math.ceil(((slice + 1) * blocks) / SLICES))
        .execute();
      for (const { ids } of rows) pieces.push(toWords(ids));
    }
    await run.write(gatherIds(pieces, forgotten, (word) => blockOf(word, SLICES) === slice));
  }
  await run.end();
  for (const { id } of most) await deleteRun(db, id);
  return true;
}

/** Removes runs whose ids are all forgotten. */
export async function removeForgotten(db: Db, { beforeS }: Forgotten): Promise<void> {
  const runs = await db.selectFrom('id_run').select('id').where('until_s', '<', beforeS).execute();
  for (const { id } of runs) await deleteRun(db, id);
}

/** Writes a run of at most `count` ids, in pieces. No two pieces may share a block. */
class RunWriter {
  readonly #db: Db;
  readonly #id: number;
  readonly #blocks: number;
  readonly #filter: Uint32Array<ArrayBuffer>;
  #count = 0;
  #untilS = 0;

  private constructor(db: Db, id: number, count: number) {
    this.#db = db;
    this.#id = id;
    this.#blocks = blocksOf(count);
    this.#filter = createFilter(count);
  }

  static async begin(db: Db, part: number, count: number): Promise<RunWriter> {
    const { id } = await db
      .insertInto('id_run')
      .values({ part, count, blocks: blocksOf(count), until_s: 0, filter: new Uint8Array() })
      .returning('id')
      .executeTakeFirstOrThrow();
    return new RunWriter(db, id, count);
  }

  async write(ids: Uint32Array<ArrayBuffer>): Promise<void> {
    addToFilter(this.#filter, ids);
    this.#count += ids.length / ID_WORDS;
    this.#untilS = Math.max(this.#untilS, findLastSecond(ids));
    const rows = divide(ids, this.#blocks, (word) => blockOf(word, this.#blocks)).flatMap((own, block) =>
      own.length > 0 ? [{ id: this.#id * BLOCKS + block, ids: toBytes(own) }] : [],
    );
    for (let at = 0; at < rows.length; at += CHUNK)
      await send(this.#db, this.#db.insertInto('id_block').values(rows.slice(at, at + CHUNK)));
  }

  async end(): Promise<void> {
    if (this.#count === 0) return deleteRun(this.#db, this.#id);
    const run = { count: this.#count, until_s: this.#untilS, filter: toBytes(this.#filter) };
    await send(this.#db, this.#db.updateTable('id_run').set(run).where('id', '=', this.#id));
  }
}

/** Returns a multiple of SLICES, so that each piece of a run ends where a block does. */
function blocksOf(count: number): number {
  return Math.min(Math.ceil(count / BLOCK_IDS / SLICES) * SLICES, BLOCKS);
}

async function deleteRun(db: Db, id: number): Promise<void> {
  const ofRun = db.deleteFrom('id_block').where('id', '>=', id * BLOCKS);
  await send(db, ofRun.where('id', '<', (id + 1) * BLOCKS));
  await send(db, db.deleteFrom('id_run').where('id', '=', id));
}

/** Joins the ids that are wanted and not forgotten. */
function gatherIds(
  parts: readonly Uint32Array[],
  forgotten: Forgotten,
  isWanted: (word: number) => boolean = () => true,
): Uint32Array<ArrayBuffer> {
  const all = new Uint32Array(parts.reduce((words, part) => words + part.length, 0));
  let end = 0;
  for (const part of parts) {
    for (let at = 0; at < part.length; at += ID_WORDS) {
      if (!isWanted(part[at]!) || isForgotten(part, at, forgotten)) continue;
      for (let word = 0; word < ID_WORDS; word += 1) all[end + word] = part[at + word]!;
      end += ID_WORDS;
    }
  }
  return all.subarray(0, end);
}

/** Divides ids into groups by their first word. */
function divide(
  ids: Uint32Array<ArrayBuffer>,
  groups: number,
  groupOf: (word: number) => number,
): Uint32Array<ArrayBuffer>[] {
  const ends = new Uint32Array(groups);
  for (let at = 0; at < ids.length; at += ID_WORDS) ends[groupOf(ids[at]!)]! += ID_WORDS;
  for (let group = 1; group < groups; group += 1) ends[group]! += ends[group - 1]!;
  const starts = Uint32Array.from(ends, (_, group) => ends[group - 1] ?? 0);
  const next = starts.slice();
  const sorted = new Uint32Array(ids.length);
  for (let at = 0; at < ids.length; at += ID_WORDS) {
    const group = groupOf(ids[at]!);
    const place = next[group]!;
    for (let word = 0; word < ID_WORDS; word += 1) sorted[place + word] = ids[at + word]!;
    next[group] = place + ID_WORDS;
  }
  return Array.from({ length: groups }, (_, group) => sorted.subarray(starts[group], ends[group]));
}

/** Returns stored bytes as words; copies them if a driver's buffer is not aligned. */
export function toWords(stored: Uint8Array): Uint32Array<ArrayBuffer> {
  if (stored.byteOffset % 4 === 0)
    return new Uint32Array(stored.buffer as ArrayBuffer, stored.byteOffset, stored.byteLength / 4);
  return new Uint32Array(new Uint8Array(stored).buffer);
}

export function toBytes(words: Uint32Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}
