import type { QueryResult } from 'kysely';
import { compileOnce, type Db, type DialectName, send } from '../store/database.ts';
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
import { type CommitSnapshot, FORGOTTEN_IDS, lockCommits } from './snapshot.ts';

export const NEW = 0;
const DUPLICATE = 1;
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
  /** The answer to the insert of the last claim's batch, which is committed with it. */
  #pending: Promise<QueryResult<{ id: number }>> | undefined;
  /** What the runs in memory were read at. */
  #mark = '';
  #forgotten: Forgotten = { beforeS: 0, imports: new Set() };

  /** `batchedIds`: so many new ids gather before they are spread over runs. */
  constructor(dialect: DialectName, batchedIds = BATCHED_IDS) {
    this.#dialect = dialect;
    this.#batchedIds = batchedIds;
  }

  /** Waits until this process may commit, and reads what it then stands on, the ids that others have stored included. */
  lock(trx: Db): Promise<CommitSnapshot> {
    return lockCommits(trx, this.#dialect, this.#newestBatch);
  }

  /**
   * Inside the transaction that will store the events, under the lock: a verdict for each (`NEW`, `DUPLICATE`, `CONFLICT`),
   * the first of equal ids winning, and the new ids stored. Events without id are always new.
   */
  async claim(
    trx: Db,
    snapshot: CommitSnapshot,
    events: EventBatchBuilder,
    importId: number | undefined,
  ): Promise<Uint8Array> {
    await this.#catchUp(trx, snapshot);
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
  async settle(): Promise<void> {
    this.#settled = this.#batched.count;
    const stored = await this.#pending;
    if (stored) this.#newestBatch = stored.rows[0]!.id;
    this.#pending = undefined;
  }

  /** Nothing of the last claim was stored. */
  release(): void {
    this.#batched.truncate(this.#settled);
    this.#pending = undefined;
  }

  /** Brings what has gathered on disk into order, one step; false: there is nothing to do. */
  async tidy(trx: Db): Promise<boolean> {
    const isDue = await isSpreadDue(trx, this.#batchedIds);
    const { forgottenIds } = await this.lock(trx);
    if (!isDue) return mergeRuns(trx, parseForgotten(forgottenIds));
    await spread(trx, parseForgotten(forgottenIds));
    return true;
  }

  /** Reads into memory what a claim needs, so that the first is as quick as any. Answers what it stands on. */
  async load(trx: Db): Promise<CommitSnapshot> {
    const snapshot = await this.lock(trx);
    await this.#catchUp(trx, snapshot);
    return snapshot;
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
    const { forgottenIds } = await this.lock(trx);
    const changed = change(parseForgotten(forgottenIds));
    await setSetting(trx, FORGOTTEN_IDS, formatForgotten(changed));
    await removeForgotten(trx, changed);
  }

  /** Follows what other processes, or this one, have committed since the last claim. */
  async #catchUp(trx: Db, { run, forgottenIds, batches }: CommitSnapshot): Promise<void> {
    let newer = batches;
    const mark = `${run} ${forgottenIds}`;
    if (mark !== this.#mark) {
      this.#forgotten = parseForgotten(forgottenIds);
      await this.#runs.load(trx);
      this.#batched.clear();
      this.#newestBatch = 0;
      this.#mark = mark;
      newer = undefined;
    }
    newer ??= await trx
      .selectFrom('id_batch')
      .select(['id', 'ids'])
      .where('id', '>', this.#newestBatch)
      .orderBy('id')
      .execute();
    for (const { id, ids } of newer) {
      this.#batched.addAll(toWords(ids));
      this.#newestBatch = id;
    }
    this.#settled = this.#batched.count;
  }

  async #store(trx: Db): Promise<void> {
    const ids = this.#batched.copyFrom(this.#settled);
    if (ids.length === 0) return;
    const { answer } = await send(trx, insertBatch(trx, this.#batched.count - this.#settled, toBytes(ids)));
    this.#pending = answer;
  }
}

const insertBatch = compileOnce((db) =>
  db.insertInto('id_batch').values({ count: 0, ids: new Uint8Array() }).returning('id').compile(),
);

function formatForgotten({ beforeS, imports }: Forgotten): string {
  return [beforeS, ...imports].join(' ');
}

function parseForgotten(text: string): Forgotten {
  const [beforeS = 0, ...imports] = text.split(' ').map(Number);
  return { beforeS, imports: new Set(imports) };
}
