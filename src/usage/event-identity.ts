import type { QueryResult } from 'kysely';
import { setSetting } from '../store/configuration-repository.ts';
import { compileOnce, type Db, type DialectName, send } from '../store/database.ts';
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
 * Decides which events of a commit are new. New ids are stored as a batch, in the transaction that stores their events, and also
 * kept in memory; when many have gathered they are moved into runs on disk (id-runs.ts). If another process has moved ids, this
 * one loads them again.
 */
export class EventIdentity {
  readonly #dialect: DialectName;
  readonly #batchedIds: number;
  readonly #batched = new IdSet();
  readonly #runs = new IdRuns();
  /** How many of `#batched` are in committed batches. */
  #settled = 0;
  /** Id of the newest batch in memory. */
  #newestBatch = 0;
  /** The insert of the last claim's batch; its answer may arrive only with the commit. */
  #pending: Promise<QueryResult<{ id: number }>> | undefined;
  /** Newest run and forgotten ids at the time when the runs in memory were read. */
  #mark = '';
  #forgotten: Forgotten = { beforeS: 0, imports: new Set() };

  /** `batchedIds`: how many new ids gather before they are moved into runs. */
  constructor(dialect: DialectName, batchedIds = BATCHED_IDS) {
    this.#dialect = dialect;
    this.#batchedIds = batchedIds;
  }

  /** Waits until this process may commit, and reads the commit snapshot, with the ids that others have stored since. */
  lock(trx: Db): Promise<CommitSnapshot> {
    return lockCommits(trx, this.#dialect, this.#newestBatch);
  }

  /**
   * Returns a verdict for each event (`NEW`, `DUPLICATE`, `CONFLICT`) and stores the new ids. The first of equal ids wins; an
   * event without id is always new. Call it under the lock, in the transaction that will store the events, and `settle` or
   * `release` after it.
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
    // Ids of imported events are remembered as long as the import can be undone, however old the events are.
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

  /** Keeps the claimed ids: their transaction has committed. */
  async settle(): Promise<void> {
    this.#settled = this.#batched.count;
    const stored = await this.#pending;
    if (stored) this.#newestBatch = stored.rows[0]!.id;
    this.#pending = undefined;
  }

  /** Drops the claimed ids: their transaction has failed. */
  release(): void {
    this.#batched.truncate(this.#settled);
    this.#pending = undefined;
  }

  /** Does one step of work: moves gathered ids into runs, or merges runs. Returns false where there is nothing to do. */
  async tidy(trx: Db): Promise<boolean> {
    const isDue = await isSpreadDue(trx, this.#batchedIds);
    const { forgottenIds } = await this.lock(trx);
    if (!isDue) return mergeRuns(trx, parseForgotten(forgottenIds));
    await spread(trx, parseForgotten(forgottenIds));
    return true;
  }

  /** Loads the remembered ids, so that the first claim is as quick as any. Returns the commit snapshot. */
  async load(trx: Db): Promise<CommitSnapshot> {
    const snapshot = await this.lock(trx);
    await this.#catchUp(trx, snapshot);
    return snapshot;
  }

  /** Forgets the ids of events before this instant. */
  async forgetBefore(trx: Db, ms: number): Promise<void> {
    await this.#forget(trx, ({ beforeS, imports }) => ({ beforeS: Math.max(beforeS, Math.floor(ms / 1000)), imports }));
  }

  /** Forgets the ids of an import, after its events were taken back. */
  async forgetImport(trx: Db, importId: number): Promise<void> {
    await this.#forget(trx, ({ beforeS, imports }) => ({ beforeS, imports: new Set(imports).add(importId) }));
  }

  async #forget(trx: Db, change: (forgotten: Forgotten) => Forgotten): Promise<void> {
    const { forgottenIds } = await this.lock(trx);
    const changed = change(parseForgotten(forgottenIds));
    await setSetting(trx, FORGOTTEN_IDS, formatForgotten(changed));
    await removeForgotten(trx, changed);
  }

  /** Loads what this or another process has committed since the last claim. */
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
