import { expect, it } from 'vitest';
import { ensureDefaultSource } from '../../src/ingest/source-admin.ts';
import { Secret } from '../../src/secret.ts';
import {
  beginImportUndo,
  findImportFile,
  insertImportFile,
  isBeingUndone,
  updateImportFile,
} from '../../src/store/import-repository.ts';
import { describeEachDialect } from '../support/databases.ts';

describeEachDialect('files that are imported', ({ open }) => {
  it('go on from where they stand, but not once they are being taken back', async () => {
    const db = await open();
    await ensureDefaultSource(db, new Secret('import-0123456789abcdef'), 0);
    const { id: sourceId } = await db.selectFrom('source').select('id').executeTakeFirstOrThrow();
    const { id } = await insertImportFile(db, { sourceId, name: 'a.log', format: 'common', hash: 'h0', nowMs: 1 });
    const step = {
      bytes: 100,
      hash: 'h1',
      lines: 2,
      events: 2,
      duplicates: 0,
      rejected: 0,
      firstEventMs: 5,
      lastEventMs: 6,
      updatedMs: 2,
      nowMs: 2,
    };
    expect(await updateImportFile(db, id, 0, step)).toBe(true);
    expect(await updateImportFile(db, id, 0, step)).toBe(false);
    await beginImportUndo(db, id);
    expect(await updateImportFile(db, id, 100, { ...step, bytes: 200, hash: 'h2' })).toBe(false);
    const file = await findImportFile(db, id);
    expect(file).toMatchObject({ bytes: 100, events: 2 });
    expect(isBeingUndone(file!)).toBe(true);
  });
});
