import { HeadroomError } from '../errors.ts';
import { countOf, formatCount } from '../report/format.ts';
import { insertAudit } from '../store/audit-repository.ts';
import { transact } from '../store/database.ts';
import {
  beginImportUndo,
  countRawEvents,
  deleteImportFile,
  findImportFile,
  isBeingUndone,
} from '../store/import-repository.ts';
import { subtractSourceCounts } from '../store/source-repository.ts';
import { describePerson, takes } from './command.ts';
import { withIntake } from './open.ts';

/**
 * `headroom import undo ID`: removes an import from all totals and forgets the file, so that it can be imported again. Can be
 * stopped and run again. Refuses if raw events of it are gone.
 */
export const undoImport = takes('ID', {}, async ([text], _flags, context) => {
  const id = Number(text);
  if (!Number.isInteger(id))
    throw new HeadroomError(
      'question',
      'Name the import by its number, as in "headroom import list": headroom import undo ID.',
    );
  return withIntake(context, async ({ db, intake }) => {
    const file = await findImportFile(db, id);
    if (!file) throw new HeadroomError('source', `There is no import ${id}: see "headroom import list".`);
    const kept = await countRawEvents(db, id);
    if (!isBeingUndone(file) && kept < file.events) {
      throw new HeadroomError(
        'source',
        `Of the ${countOf(file.events, 'event')} of import ${id} (${file.name}), only ${formatCount(kept)} are still kept raw, so it cannot be undone exactly: use "headroom correct" instead.`,
      );
    }
    await beginImportUndo(db, id);
    const events = await intake.usage.undoImport(id);
    const actor = describePerson();
    await transact(db, async (trx) => {
      await subtractSourceCounts(trx, file.sourceId, file);
      await deleteImportFile(trx, id);
      await insertAudit(trx, { atMs: context.now(), actor, action: 'import.undo', detail: `${id}: ${file.name}` });
    });
    context.out(`Import ${id} (${file.name}) undone: ${countOf(events, 'event')} removed.`);
  });
});
