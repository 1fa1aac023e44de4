import { sql } from 'kysely';
import type { Db, DialectName } from '../store/database.ts';
import { setSetting } from '../store/setting-repository.ts';
import type { EventBatchBuilder } from './event-batch.ts';
import {
  BATCHED_IDS,
  findInBlock,
  IdRuns,
  isSpreadDue,
  mergeRuns,
  readBlocks,
  removeForgotten,
  spread,
  toBytes,
  toWords,
} from './id-runs.ts';
import { CONTENT, type Forgotten, IdSet, isAbsent, KEY_WORDS } from './ids.ts';

export const NEW = 0;
export const DUPLICATE = 1;
export const CONFLICT = 2;

/**
 * Decides which events of a commit are met for the first time. Ids are stored in the transaction that stores their
 * events: new ones as a batch of its own, which is also kept in memory; when many have gathered they are spread over
 * runs on disk (id-runs.ts). All that is in memory can be read again, and is, where another process has moved ids.
 */
export class EventIdentity {
  readonly #dialect: DialectName;
  readonly #batchedIds: number;
  readonly #batched = new IdSet();
  readonly #runs = new IdRuns();
  /** Of `#batched`, so many are in committed batches. */
  #settled = 0;
  /** The newest batch in memory. */
  #newestBatch = 0;
  #pendingBatch = 0;
  /** What the runs in memory were read at. */
  #mark = '';
  #forgotten: Forgotten = { beforeS: 0, imports: new Set() };
  #readState: ReturnType<typeof compileState> | undefined;

  /** `batchedIds`: so many new ids gather before they are spread over runs. */
  constructor(dialect: DialectName, batchedIds = BATCHED_IDS) {
    this.#dialect = dialect;
    this.#batchedIds = batchedIds;
  }

  /**
   * Inside the transaction that will store the events: a verdict for each (`NEW`, `DUPLICATE`, `CONFLICT`), the first of
   * equal ids winning, and the new ids stored. Events without id are always new.
   */
  async claim(trx: Db, events: EventBatchBuilder, importId: number | undefined): Promise<Uint8Array> {
    await this.#lock(trx);
    await this.#catchUp(trx);
    const { keys, length } = events;
    const verdicts = new Uint8Array(length);
    const compare = (row: number, content: number): void => {
      verdicts[row] = keys[row * KEY_WORDS + CONTENT] === content ? DUPLICATE : CONFLICT;
    };
    const { time, received } = events.batch.columns;
    // What came with a file is remembered as long as the file can be taken back, however old its events are.
    const rememberedUntil = (row: number): number =>
      importId === undefined ? time![row]! : Math.max(time![row]!, received![row]!);
    const wanted = new Map<number, number[]>();
    for (let row = 0; row < length; row += 1) {
      const at = row * KEY_WORDS;
      if (isAbsent(keys, at)) continue;
      const known = this.#batched.find(keys, at, this.#forgotten);
      if (known !== undefined) compare(row, known);
      else this.#runs.wish(keys, at, row, wanted);
    }
    for await (const { id, ids } of readBlocks(trx, wanted.keys())) {
      for (const row of wanted.get(id)!) {
        const known = findInBlock(ids, keys, row * KEY_WORDS, this.#forgotten);
        if (known !== undefined) compare(row, known);
      }
    }
    for (let row = 0; row < length; row += 1) {
      const at = row * KEY_WORDS;
      if (verdicts[row] !== NEW || isAbsent(keys, at)) continue;
      const known = this.#batched.find(keys, at, this.#forgotten);
      if (known !== undefined) compare(row, known);
      else this.#batched.add(keys, at, rememberedUntil(row), importId ?? 0);
    }
    await this.#store(trx);
    return verdicts;
  }

  /** The claimed ids are on disk. */
  settle(): void {
    this.#settled = this.#batched.count;
    this.#newestBatch = Math.max(this.#newestBatch, this.#pendingBatch);
    this.#pendingBatch = 0;
  }

  /** Nothing of the last claim was stored. */
  release(): void {
    this.#batched.truncate(this.#settled);
    this.#pendingBatch = 0;
  }

  /** Brings what has gathered on disk into order, one step; false: there is nothing to do. */
  async tidy(trx: Db): Promise<boolean> {
    const isDue = await isSpreadDue(trx, this.#batchedIds);
    await this.#lock(trx);
    const { forgotten } = await this.#readNow(trx);
    if (!isDue) return mergeRuns(trx, parseForgotten(forgotten));
    await spread(trx, parseForgotten(forgotten));
    return true;
  }

  /** Reads into memory what a claim needs, so that the first is as quick as any. */
  async load(trx: Db): Promise<void> {
    await this.#lock(trx);
    await this.#catchUp(trx);
  }

  /** Ids of events before this instant are forgotten. */
  async forgetBefore(trx: Db, ms: number): Promise<void> {
    await this.#forget(trx, ({ beforeS, imports }) => ({ beforeS: Math.max(beforeS, Math.floor(ms / 1000)), imports }));
  }

  /** Ids of an import are forgotten: its events were taken back. */
  async forgetImport(trx: Db, importId: number): Promise<void> {
    await this.#forget(trx, ({ beforeS, imports }) => ({ beforeS, imports: new Set(imports).add(importId) }));
  }

  async #forget(trx: Db, change: (forgotten: Forgotten) => Forgotten): Promise<void> {
    await this.#lock(trx);
    const { forgotten } = await this.#readNow(trx);
    const changed = change(parseForgotten(forgotten));
    await setSetting(trx, FORGOTTEN_IDS, formatForgotten(changed));
    await removeForgotten(trx, changed);
  }

  /** On PostgreSQL one instance at a time decides, and sees what all before it have committed; SQLite has one writer anyway. */
  async #lock(trx: Db): Promise<void> {
    if (this.#dialect === 'postgres') await sql`select pg_advisory_xact_lock(${IDS_LOCK})`.execute(trx);
  }

  async #readNow(trx: Db): Promise<StateRow> {
    this.#readState ??= compileState(trx);
    return (await trx.executeQuery<StateRow>(this.#readState)).rows[0]!;
  }

  /** Follows what other processes, or this one, have committed since the last claim. */
  async #catchUp(trx: Db): Promise<void> {
    const { run, batch, forgotten } = await this.#readNow(trx);
    const mark = `${run} ${forgotten}`;
    if (mark !== this.#mark) {
      this.#forgotten = parseForgotten(forgotten);
      await this.#runs.load(trx);
      this.#batched.clear();
      this.#newestBatch = 0;
      this.#settled = 0;
      this.#mark = mark;
    }
    if ((batch ?? 0) <= this.#newestBatch) return;
    const rows = await trx
      .selectFrom('id_batch')
      .select('ids')
      .where('id', '>', this.#newestBatch)
      .orderBy('id')
      .execute();
    for (const { ids } of rows) this.#batched.addAll(toWords(ids));
    this.#settled = this.#batched.count;
    this.#newestBatch = batch!;
  }

  async #store(trx: Db): Promise<void> {
    const ids = this.#batched.copyFrom(this.#settled);
    if (ids.length === 0) return;
    const { id } = await trx
      .insertInto('id_batch')
      .values({ count: this.#batched.count - this.#settled, ids: toBytes(ids) })
      .returning('id')
      .executeTakeFirstOrThrow();
    this.#pendingBatch = id;
  }
}

interface StateRow {
  run: number | null;
  batch: number | null;
  forgotten: string | null;
}

function compileState(db: Db) {
  return db
    .selectNoFrom((of) => [
      of.selectFrom('id_run').select('id').orderBy('id', 'desc').limit(1).as('run'),
      of.selectFrom('id_batch').select('id').orderBy('id', 'desc').limit(1).as('batch'),
      of.selectFrom('setting').select('value').where('name', '=', FORGOTTEN_IDS).as('forgotten'),
    ])
    .compile();
}

function formatForgotten({ beforeS, imports }: Forgotten): string {
  return [beforeS, ...imports].join(' ');
}

function parseForgotten(text: string | null): Forgotten {
  const [beforeS = 0, ...imports] = (text ?? '0').split(' ').map(Number);
  return { beforeS, imports: new Set(imports) };
}

/** Setting that tells which ids are remembered no more: those before a second, and those of imports. */
const FORGOTTEN_IDS = 'forgotten_ids';

/** Any number that no other advisory lock of ours has. */
const IDS_LOCK = 0x4845_4149;
