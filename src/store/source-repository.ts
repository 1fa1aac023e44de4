import type { Selectable } from 'kysely';
import type { SourceHealth } from '../domain/source-health.ts';
import { type Db, transact } from './database.ts';
import { COUNTS, OPTIONS, readColumn, SAMPLES } from './json-columns.ts';
import { countReasons } from './rejected-event-repository.ts';
import type { Database } from './schema.ts';

/** A configured sender. */
export interface Source {
  id: number;
  name: string;
  adapter: string;
  options: Readonly<Record<string, unknown>>;
  tokenHash: string;
  /** Still sealed. */
  sealedSecret: string | undefined;
  /** Credentials from before a rotation, still accepted until `untilMs`. */
  old: { tokenHash: string; sealedSecret: string | undefined; untilMs: number } | undefined;
  createdMs: number;
  revokedMs: number | undefined;
}

export interface NewSource {
  name: string;
  adapter: string;
  options: Readonly<Record<string, unknown>>;
  tokenHash: string;
  sealedSecret?: string | undefined;
}

/** Counts of a source to add to the stored ones. */
export interface SourceCounts {
  accepted: number;
  duplicates: number;
  conflicts: number;
  rejected: number;
  withoutId: number;
  late: number;
  /** Requests that were refused because the source was over its limit. */
  limited?: number | undefined;
  receivedMs: number;
  lastEventMs?: number | undefined;
  /** For each field that is not read, the number of events that had it. */
  unread?: Readonly<Record<string, number>> | undefined;
  /** Set by imports, whose time says nothing about how often or how late the sender sends. */
  imported?: true;
}

/** Keep the latest 50 samples of the time between receipts and of the lag; the median needs at least 5 gaps. */
const SAMPLES_KEPT = 50;
const SAMPLES_NEEDED = 5;
/** Keep 50 names of fields that are not read: a sender may make up any number of them. */
const UNREAD_KEPT = 50;

const SOURCE = [
  ...(['id', 'name', 'adapter', 'options', 'token_hash', 'secret', 'created_ms', 'revoked_ms'] as const),
  ...(['old_token_hash', 'old_secret', 'old_until_ms'] as const),
];

const NO_OLD = { old_token_hash: null, old_secret: null, old_until_ms: null };

/**
 * Adds a source, or changes the one of that name: it gets these credentials and is no longer revoked. It keeps its id, and with
 * it the events that it sent before.
 */
export async function upsertSource(db: Db, source: NewSource, nowMs: number): Promise<Source> {
  const row = {
    adapter: source.adapter,
    options: JSON.stringify(source.options),
    token_hash: source.tokenHash,
    secret: source.sealedSecret ?? null,
    ...NO_OLD,
    revoked_ms: null,
  };
  const stored = await db
    .insertInto('source')
    .values({ name: source.name, ...row, created_ms: nowMs })
    .onConflict((conflict) => conflict.column('name').doUpdateSet(row))
    .returning(SOURCE)
    .executeTakeFirstOrThrow();
  return toSource(stored);
}

/** Gives a source new credentials. With `old`, its present token and that secret are accepted until `untilMs`; otherwise not. */
export async function updateCredentials(
  db: Db,
  id: number,
  { tokenHash, sealedSecret }: { tokenHash: string; sealedSecret: string | undefined },
  old?: { sealedSecret: string | undefined; untilMs: number },
): Promise<void> {
  await db
    .updateTable('source')
    .set((eb) => ({
      ...(old
        ? { old_token_hash: eb.ref('token_hash'), old_secret: old.sealedSecret ?? null, old_until_ms: old.untilMs }
        : NO_OLD),
      token_hash: tokenHash,
      secret: sealedSecret ?? null,
    }))
    .where('id', '=', id)
    .execute();
}

/** Changes how a source's bodies are read; running instances see it within a second. */
export async function updateSourceOptions(
  db: Db,
  id: number,
  options: Readonly<Record<string, unknown>>,
): Promise<void> {
  await db
    .updateTable('source')
    .set({ options: JSON.stringify(options) })
    .where('id', '=', id)
    .execute();
}

/** Revokes a source: it accepts nothing any more, and its events stay counted. */
export async function revokeSource(db: Db, id: number, nowMs: number): Promise<void> {
  await db.updateTable('source').set({ revoked_ms: nowMs }).where('id', '=', id).execute();
}

/** Finds a source by name, revoked ones included. */
export async function findSource(db: Db, name: string): Promise<Source | undefined> {
  const row = await db.selectFrom('source').select(SOURCE).where('name', '=', name).executeTakeFirst();
  return row && toSource(row);
}

/** Lists sources by name; revoked ones only if asked for. */
export async function listSources(db: Db, options: { revoked?: boolean } = {}): Promise<Source[]> {
  let query = db.selectFrom('source').select(SOURCE).orderBy('name');
  if (!options.revoked) query = query.where('revoked_ms', 'is', null);
  return (await query.execute()).map(toSource);
}

/**
 * Adds to a source's counts, in the caller's transaction or in a new one. Safe with several instances: the first statement locks
 * the row, so that the values it returns are still true when the second writes.
 */
export function addSourceCounts(db: Db, sourceId: number, counts: SourceCounts): Promise<void> {
  return transact(db, async (trx) => {
    const known = await trx
      .updateTable('source')
      .set((eb) => ({
        accepted: eb('accepted', '+', counts.accepted),
        duplicates: eb('duplicates', '+', counts.duplicates),
        conflicts: eb('conflicts', '+', counts.conflicts),
        rejected: eb('rejected', '+', counts.rejected),
        without_id: eb('without_id', '+', counts.withoutId),
        late: eb('late', '+', counts.late),
        limited: eb('limited', '+', counts.limited ?? 0),
      }))
      .where('id', '=', sourceId)
      .returning(['last_received_ms', 'last_event_ms', 'gaps_ms', 'lags_ms', 'unread'])
      .executeTakeFirst();
    if (!known) return;
    const { last_received_ms: lastMs, last_event_ms: lastEventMs } = known;
    const { receivedMs, imported } = counts;
    const gap = imported || lastMs === null || receivedMs <= lastMs ? undefined : receivedMs - lastMs;
    const lag = imported || counts.lastEventMs === undefined ? undefined : Math.max(0, receivedMs - counts.lastEventMs);
    await trx
      .updateTable('source')
      .set({
        last_received_ms: Math.max(lastMs ?? 0, receivedMs),
        last_event_ms: counts.lastEventMs === undefined ? lastEventMs : Math.max(lastEventMs ?? 0, counts.lastEventMs),
        gaps_ms: addSample(known.gaps_ms, gap),
        lags_ms: addSample(known.lags_ms, lag),
        unread: addUnread(known.unread, counts.unread),
      })
      .where('id', '=', sourceId)
      .execute();
  });
}

/** Subtracts an import from its source's counts. Its conflicts are not known; they are capped at the remaining duplicates. */
export async function subtractSourceCounts(
  db: Db,
  sourceId: number,
  counts: { events: number; duplicates: number; rejected: number },
): Promise<void> {
  await db
    .updateTable('source')
    .set((eb) => {
      const duplicates = eb('duplicates', '-', counts.duplicates);
      const conflicts = eb.ref('conflicts');
      return {
        accepted: eb('accepted', '-', counts.events),
        duplicates,
        conflicts: eb.case().when(conflicts, '>', duplicates).then(duplicates).else(conflicts).end(),
        rejected: eb('rejected', '-', counts.rejected),
      };
    })
    .where('id', '=', sourceId)
    .execute();
}

/** Returns the health of each source that is not revoked, by name. */
export async function listSourceHealth(db: Db): Promise<SourceHealth[]> {
  const rows = await db
    .selectFrom('source')
    .select(['id', 'name', 'adapter', 'last_received_ms', 'gaps_ms', 'lags_ms'])
    .select(['accepted', 'duplicates', 'conflicts', 'rejected', 'without_id', 'late', 'limited', 'unread', 'options'])
    .where('revoked_ms', 'is', null)
    .orderBy('name')
    .execute();
  const reasons = await countReasons(db);
  return rows.map((row) => ({
    name: row.name,
    adapter: row.adapter,
    lastReceivedMs: row.last_received_ms ?? undefined,
    usualGapMs: median(row.gaps_ms),
    accepted: row.accepted,
    duplicates: row.duplicates,
    conflicts: row.conflicts,
    rejected: row.rejected,
    reasons: reasons.filter(({ sourceId }) => sourceId === row.id).slice(0, 5),
    unread: readColumn('source.unread', COUNTS, row.unread).map(([name, events]) => ({ name, events })),
    withoutId: row.without_id,
    late: row.late,
    limit: toLimit(readColumn('source.options', OPTIONS, row.options)),
    limited: row.limited,
    medianLagMs: median(row.lags_ms, 1),
  }));
}

function toSource(row: Pick<Selectable<Database['source']>, (typeof SOURCE)[number]>): Source {
  return {
    id: row.id,
    name: row.name,
    adapter: row.adapter,
    options: readColumn('source.options', OPTIONS, row.options),
    tokenHash: row.token_hash,
    sealedSecret: row.secret ?? undefined,
    old:
      row.old_token_hash === null || row.old_until_ms === null
        ? undefined
        : {
            tokenHash: row.old_token_hash,
            sealedSecret: row.old_secret ?? undefined,
            untilMs: row.old_until_ms,
          },
    createdMs: row.created_ms,
    revokedMs: row.revoked_ms ?? undefined,
  };
}

function toLimit({ limit }: Source['options']): string | undefined {
  return typeof limit === 'string' ? limit : undefined;
}

function addSample(samples: string, sample: number | undefined): string {
  if (sample === undefined) return samples;
  return JSON.stringify([...readColumn('samples of source', SAMPLES, samples), sample].slice(-SAMPLES_KEPT));
}

/** Adds counts of fields that are not read; keeps the names with the most events. */
function addUnread(known: string, added: Readonly<Record<string, number>> | undefined): string {
  if (added === undefined) return known;
  const sums = new Map(readColumn('source.unread', COUNTS, known));
  for (const [sent, count] of Object.entries(added)) {
    const name = sent.replaceAll('\0', '\ufffd');
    sums.set(name, (sums.get(name) ?? 0) + count);
  }
  return JSON.stringify(Object.fromEntries([...sums].sort(([, a], [, b]) => b - a).slice(0, UNREAD_KEPT)));
}

function median(samples: string, needed = SAMPLES_NEEDED): number | undefined {
  const sorted = readColumn('samples of source', SAMPLES, samples).sort((a, b) => a - b);
  return sorted.length < needed ? undefined : sorted[Math.floor((sorted.length - 1) / 2)];
}
