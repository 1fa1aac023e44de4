import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { HeadroomError } from '../errors.ts';
import { type ImportOutcome, importFile } from '../ingest/import-file.ts';
import { IMPORT_FORMATS, type ImportFormat } from '../ingest/import-records.ts';
import { Intake, toIntakeSettings } from '../ingest/intake.ts';
import { getLogFormats } from '../ingest/log-presets.ts';
import { checkSource, getOrCreateSource } from '../ingest/source-admin.ts';
import { parseOptions } from '../ingest/source-options.ts';
import { countOf, formatCount } from '../report/format.ts';
import { redact } from '../secret.ts';
import { insertAudit } from '../store/audit-repository.ts';
import { transact } from '../store/database.ts';
import {
  beginImportUndo,
  countRawEvents,
  deleteImportFile,
  findImportFile,
  isBeingUndone,
  listImportFiles,
} from '../store/import-repository.ts';
import { findSource, listSources, subtractSourceCounts } from '../store/source-repository.ts';
import { describePerson, FAILED, INCOMPLETE, oneOf, readFlags, STOPPED, takes } from './command.ts';
import { requireFile } from './files.ts';
import { withDatabase, withIntake, withStored } from './open.ts';
import { createProgress } from './progress.ts';
import { applyFlags, SOURCE_FLAGS } from './source-flags.ts';

/** Print ten lines with the same reason; count the others. */
const NAMED_LINES = 10;

const FLAGS = {
  source: { type: 'string' },
  format: { type: 'string' },
  map: SOURCE_FLAGS.map,
  id: SOURCE_FLAGS.id,
  zone: SOURCE_FLAGS.zone,
  'client-from': SOURCE_FLAGS['client-from'],
  'dry-run': { type: 'boolean', default: false },
} as const;

const importFiles = takes('FILE…', FLAGS, async (words, values, context) => {
  const { kind, lines } = readFlags(() => readFormat(values.format));
  const dryRun = values['dry-run'];
  const files = words.map((name) => ({ name, path: name === '-' ? name : resolve(context.folder, name) }));
  for (const { path } of files) if (path !== '-') requireFile(path);
  return withStored(context, async ({ db, config, calendar: { zone } }) => {
    const name = values.source ?? 'import';
    const known = (await findSource(db, name)) ?? { id: 0, name, adapter: 'native', options: {} };
    const flags = { ...values, format: undefined };
    const options = readFlags(() => {
      checkSource(name, known.adapter);
      return applyFlags(parseOptions(known.options, name), flags, known.adapter);
    });
    const source = dryRun ? known : await getOrCreateSource(db, name, 'native', context.now());
    const intake = new Intake(toIntakeSettings(config, zone));
    let exitCode = 0;
    try {
      for (const file of files) {
        const progress = createProgress(file.name, context);
        const reasons = new Reasons();
        const run = withFile(file.path, (path) =>
          importFile(path, {
            db,
            writer: intake,
            source,
            zone,
            dryRun,
            options: lines === undefined ? options : { ...options, format: lines },
            ...(kind === undefined ? {} : { format: kind }),
            now: context.now,
            signal: context.signal,
            onProgress: progress.move,
            onFault: (line, error) => {
              if (reasons.add(line, error) <= NAMED_LINES) progress.say(`${file.name}:${line}: ${error}`);
            },
          }),
        );
        const outcome = await run.finally(progress.end).catch((error: HeadroomError) => {
          // Skip a file that cannot be read, and go on with the others.
          if (error.code !== 'unreadable') throw error;
          context.err(redact(error.message));
        });
        if (!outcome) {
          exitCode = FAILED;
          continue;
        }
        if (outcome.events > 0 && !dryRun) {
          const detail = `${outcome.file.id}: ${countOf(outcome.events, 'event')} of ${file.name} as source ${name}`;
          await insertAudit(db, { atMs: context.now(), actor: describePerson(), action: 'import', detail });
        }
        context.out(summarise(file.name, outcome, dryRun));
        for (const line of reasons.describe()) context.out(line);
        if (outcome.rejected > 0 && exitCode === 0) exitCode = INCOMPLETE;
        if (outcome.stopped || context.signal.aborted) return STOPPED;
      }
    } finally {
      if (!dryRun) await intake.usage.foldAll();
      if (!dryRun && !context.signal.aborted) await intake.usage.writeDailyRows();
      await intake.close();
    }
    return exitCode;
  });
});

/** Reads `--format`: the kind of a file, or the format of an access log. Throws a `source` error for anything else. */
function readFormat(given: string | undefined): { kind?: ImportFormat; lines?: string } {
  if (given === undefined) return {};
  const kind = IMPORT_FORMATS.find((name) => name === given);
  if (kind) return { kind };
  try {
    getLogFormats(given);
  } catch (error) {
    throw new HeadroomError(
      'source',
      `--format takes ${IMPORT_FORMATS.join(', ')}, or the format of an access log. ${(error as Error).message}`,
    );
  }
  return { kind: 'access-log', lines: given };
}

/** Calls `run` with the path of the file; standard input, `-`, is first copied to a temporary file. */
async function withFile<T>(path: string, run: (path: string) => Promise<T>): Promise<T> {
  if (path !== '-') return run(path);
  const folder = await mkdtemp(join(tmpdir(), 'headroom-'));
  try {
    const spool = join(folder, 'standard input');
    await pipeline(process.stdin, createWriteStream(spool, { mode: 0o600 }));
    return await run(spool);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Counts rejected lines by reason. */
class Reasons {
  readonly #byText = new Map<string, { lines: number; first: number }>();

  /** Adds a line. Returns how many lines have had this reason so far. */
  add(line: number, error: string): number {
    // Remove values and positions, which differ from line to line.
    const text = error
      .replace(/"(?:[^"\\]|\\.)*"|\d{4}-\d\d-\d\dT[\d:.]+Z|-?\d[\d.]*(?= \(a number)/g, '…')
      .replace(/\b(character|column|position|has) \d+/g, '$1 n');
    const reason = this.#byText.get(text) ?? { lines: 0, first: line };
    reason.lines += 1;
    this.#byText.set(text, reason);
    return reason.lines;
  }

  describe(): string[] {
    const sorted = [...this.#byText].sort(([, a], [, b]) => b.lines - a.lines);
    const shown = sorted.slice(0, 20).map(([text, { lines, first }]) => {
      return `  ${countOf(lines, 'line')} (the first is line ${first}): ${text}`;
    });
    return sorted.length > 20 ? [...shown, `  … and ${sorted.length - 20} more reasons`] : shown;
  }
}

function summarise(name: string, outcome: ImportOutcome, dryRun: boolean): string {
  const { file, events, duplicates, rejected, skippedBytes, stopped, unfinished } = outcome;
  const parts = [`${countOf(events, 'event')} ${dryRun ? 'would be counted' : 'counted'}`];
  if (duplicates > 0) parts.push(`${duplicates} known already`);
  if (rejected > 0) parts.push(`${countOf(rejected, 'line')} not taken`);
  const before = skippedBytes > 0 ? `, ${skippedBytes} bytes taken before` : '';
  const rest = unfinished ? '. It ends inside a line or a list, whose rest is left for the next run' : '';
  const again =
    skippedBytes > 0 && file.rejected > 0 && rejected === 0
      ? `. What was not taken before (${countOf(file.rejected, 'line')}) is read again after "headroom import undo ${file.id}"`
      : '';
  const end = stopped ? '. Stopped; run the same command again to go on' : '';
  const run = dryRun ? `dry run: nothing was stored${before}` : `import ${file.id}${before}`;
  return `${name}: ${parts.join(', ')} (${run})${rest}${again}${end}.`;
}

const listImports = takes('', {}, (_words, _flags, context) =>
  withDatabase(context, async (db) => {
    const sources = new Map((await listSources(db, { revoked: true })).map((source) => [source.id, source.name]));
    const files = await listImportFiles(db);
    if (files.length === 0) context.out('Nothing imported yet. Try: headroom import FILE…');
    for (const file of files) {
      const times = [file.firstEventMs, file.lastEventMs].map((ms) => (ms === null ? '–' : new Date(ms).toISOString()));
      context.out(
        `${file.id}  ${file.name}  ${sources.get(file.sourceId) ?? file.sourceId}  ${file.format}  ${countOf(file.events, 'event')} of ${countOf(file.lines, 'line')}, ${formatCount(file.rejected)} not taken  ${times.join(' … ')}`,
      );
    }
  }),
);

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

/** `headroom import …`: see the table of commands. */
export const runImport = oneOf({ list: listImports, undo: undoImport }, { takesWords: importFiles });
