import type { Selection } from 'kysely';
import { type Db, didChange } from './database.ts';
import type { Database } from './schema.ts';

const IMPORT_FILE = [
  ...(['id', 'source_id as sourceId', 'name', 'format', 'bytes', 'hash', 'lines', 'events', 'duplicates'] as const),
  ...(['rejected', 'first_event_ms as firstEventMs', 'last_event_ms as lastEventMs'] as const),
  ...(['started_ms as startedMs', 'updated_ms as updatedMs'] as const),
] as const;

/** A file that was imported in part or whole, known by its content (`hash`, see schema.ts). A CSV record may be several `lines`. */
export type ImportFile = Selection<Database, 'import_file', (typeof IMPORT_FILE)[number]>;

/** One more imported part of a file: counts are of that part, other fields are the file's state after it. */
export interface ImportStep
  extends Omit<ImportFile, 'id' | 'sourceId' | 'name' | 'format' | 'startedMs' | 'updatedMs'> {
  nowMs: number;
}

export async function insertImportFile(
  db: Db,
  file: { sourceId: number; name: string; format: string; hash: string; nowMs: number },
): Promise<ImportFile> {
  const nothing = { bytes: 0, lines: 0, events: 0, duplicates: 0, rejected: 0 };
  return db
    .insertInto('import_file')
    .values({
      ...{ source_id: file.sourceId, name: file.name, format: file.format, hash: file.hash },
      ...{ ...nothing, started_ms: file.nowMs, updated_ms: file.nowMs },
    })
    .returning(IMPORT_FILE)
    .executeTakeFirstOrThrow();
}

/** Replaces the hash of a file whose import is being undone: no content has this hash, so no run continues the import. */
const UNDONE = 'undone';

/**
 * Records one more part of a file that has been imported up to `from` bytes. False if another run was faster or the import is
 * being undone: then do not store the events of this part.
 */
export function updateImportFile(db: Db, id: number, from: number, step: ImportStep): Promise<boolean> {
  return didChange(
    db
      .updateTable('import_file')
      .set((eb) => ({
        bytes: step.bytes,
        hash: step.hash,
        lines: eb('lines', '+', step.lines),
        events: eb('events', '+', step.events),
        duplicates: eb('duplicates', '+', step.duplicates),
        rejected: eb('rejected', '+', step.rejected),
        updated_ms: step.nowMs,
        first_event_ms: step.firstEventMs,
        last_event_ms: step.lastEventMs,
      }))
      .where('id', '=', id)
      .where('bytes', '=', from)
      .where('hash', '<>', UNDONE),
  );
}

/** Lists files of a source, or of all, with at least one imported part, in the order in which they were begun. */
export async function listImportFiles(db: Db, sourceId?: number): Promise<ImportFile[]> {
  let query = db.selectFrom('import_file').select(IMPORT_FILE).where('bytes', '>', 0).orderBy('id');
  if (sourceId !== undefined) query = query.where('source_id', '=', sourceId);
  return query.execute();
}

export async function findImportFile(db: Db, id: number): Promise<ImportFile | undefined> {
  return db.selectFrom('import_file').select(IMPORT_FILE).where('id', '=', id).executeTakeFirst();
}

/** Counts the events of an import that are still kept raw. */
export async function countRawEvents(db: Db, id: number): Promise<number> {
  const kept = db.selectFrom('event_segment').select('events').where('import_id', '=', id);
  const all = kept.unionAll(db.selectFrom('inbox').select('events').where('import_id', '=', id));
  const { events } = await db
    .selectFrom(all.as('raw'))
    .select(({ fn }) => fn.sum<number | null>('events').as('events'))
    .executeTakeFirstOrThrow();
  return Number(events ?? 0);
}

export function isBeingUndone(file: ImportFile): boolean {
  return file.hash === UNDONE;
}

export async function beginImportUndo(db: Db, id: number): Promise<void> {
  await db.updateTable('import_file').set({ hash: UNDONE }).where('id', '=', id).execute();
}

/** Forgets a file, so that it can be imported again. */
export async function deleteImportFile(db: Db, id: number): Promise<void> {
  await db.deleteFrom('import_file').where('id', '=', id).execute();
}
