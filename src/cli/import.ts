import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Presets, SingleBar } from 'cli-progress';
import { HeadroomError } from '../errors.ts';
import { type ImportOutcome, importFile } from '../ingest/import-file.ts';
import { IMPORT_FORMATS, type ImportFormat } from '../ingest/import-records.ts';
import { Intake, toIntakeSettings } from '../ingest/intake.ts';
import { getOrCreateSource } from '../ingest/source-admin.ts';
import { parseOptions } from '../ingest/source-options.ts';
import { countOf } from '../report/format.ts';
import type { Db } from '../store/database.ts';
import { listImportFiles } from '../store/import-repository.ts';
import { getReportZone } from '../store/report-zone.ts';
import { listSources } from '../store/source-repository.ts';
import { type CliContext, refuseMore, STOPPED } from './command.ts';
import { requireFile } from './files.ts';
import { undoImport } from './import-undo.ts';
import { withDatabase } from './open.ts';
import { applyFlags, SOURCE_FLAGS } from './source-flags.ts';

/** `headroom import …`: see the table of commands. Exit code 1 if any line was not taken. */
export async function runImport(args: readonly string[], context: CliContext): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      source: { type: 'string' },
      format: { type: 'string' },
      map: SOURCE_FLAGS.map,
      id: SOURCE_FLAGS.id,
      'client-from': SOURCE_FLAGS['client-from'],
    },
  });
  if (positionals.length === 0) throw new HeadroomError('source', 'Name the files: headroom import FILE…');
  const format = values.format as ImportFormat | undefined;
  if (format !== undefined && !IMPORT_FORMATS.includes(format)) {
    throw new HeadroomError('source', `--format is ${JSON.stringify(format)}: use ${IMPORT_FORMATS.join(', ')}.`);
  }
  const [verb, id] = positionals;
  if (verb === 'undo') {
    refuseMore(positionals, 2);
    return undoImport(id, context);
  }
  if (verb === 'list') {
    refuseMore(positionals, 1);
    return withDatabase(context, (db) => list(db, context));
  }

  const files = positionals.map((name) => ({ name, path: resolve(context.folder, name) }));
  for (const { path } of files) requireFile(path);
  return withDatabase(context, async (db, config) => {
    const source = await getOrCreateSource(db, values.source ?? 'import', 'native', context.now());
    const zone = await getReportZone(db, config.reportTimezone);
    const intake = new Intake(toIntakeSettings(config, zone));
    let exitCode = 0;
    try {
      for (const { name, path } of files) {
        const progress = createProgress(name, context);
        const outcome = await importFile(path, {
          db,
          writer: intake,
          source,
          zone,
          options: applyFlags(
            parseOptions(source.options, source.name),
            { ...values, format: undefined },
            source.adapter,
          ),
          ...(format === undefined ? {} : { format }),
          now: context.now,
          signal: context.signal,
          onProgress: progress.move,
          onFault: (line, error) => progress.say(`${name}:${line}: ${error}`),
        }).finally(progress.end);
        context.out(summarise(name, outcome));
        if (outcome.rejected > 0) exitCode = 1;
        if (outcome.stopped || context.signal.aborted) return STOPPED;
      }
    } finally {
      await intake.usage.foldAll();
      if (!context.signal.aborted) await intake.usage.writeDailyRows();
      await intake.close();
    }
    return exitCode;
  });
}

function summarise(name: string, { file, events, duplicates, rejected, skippedBytes, stopped }: ImportOutcome): string {
  const parts = [`${countOf(events, 'event')} counted`];
  if (duplicates > 0) parts.push(`${duplicates} known already`);
  if (rejected > 0) parts.push(`${countOf(rejected, 'line')} not taken`);
  const before = skippedBytes > 0 ? `, ${skippedBytes} bytes taken before` : '';
  const end = stopped ? '. Stopped; run the same command again to go on' : '';
  return `${name}: ${parts.join(', ')} (import ${file.id}${before})${end}.`;
}

async function list(db: Db, context: CliContext): Promise<number> {
  const sources = new Map((await listSources(db, { revoked: true })).map((source) => [source.id, source.name]));
  const files = await listImportFiles(db);
  if (files.length === 0) context.out('Nothing imported yet. Try: headroom import FILE…');
  for (const file of files) {
    const times = [file.firstEventMs, file.lastEventMs].map((ms) =>
      ms === undefined ? '–' : new Date(ms).toISOString(),
    );
    context.out(
      `${file.id}  ${file.name}  ${sources.get(file.sourceId) ?? file.sourceId}  ${file.format}  ${file.events} events of ${file.lines} lines, ${file.rejected} not taken  ${times.join(' … ')}`,
    );
  }
  return 0;
}

/** A bar for people who watch, a line per tenth otherwise. `say` prints a line without tearing the bar. */
function createProgress(
  name: string,
  context: CliContext,
): { move(read: number, total: number): void; say(line: string): void; end(): void } {
  if (!context.isTerminal) {
    let tenth = 0;
    return {
      move(read, total) {
        const reached = Math.floor((read * 10) / Math.max(1, total));
        if (reached > tenth && reached < 10) context.out(`${name}: ${reached * 10}% read`);
        tenth = Math.max(tenth, reached);
      },
      say: context.err,
      end: () => {},
    };
  }
  const bar = new SingleBar(
    { format: `${name} {bar} {percentage}% | {eta_formatted}`, hideCursor: true },
    Presets.shades_classic,
  );
  bar.start(1, 0);
  return {
    move(read, total) {
      bar.setTotal(Math.max(1, total));
      bar.update(read);
    },
    say(line) {
      process.stderr.write('\r\x1b[K');
      context.err(line);
    },
    end: () => bar.stop(),
  };
}
