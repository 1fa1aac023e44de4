import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { listNearest } from '../domain/nearest.ts';
import { HeadroomError } from '../errors.ts';
import { getAdapter, listAdapters } from '../ingest/adapters.ts';
import { readBodyLines, toUtf8 } from '../ingest/body-lines.ts';
import { getLogFormats, learnFormat, SAMPLE_LINES } from '../ingest/log-presets.ts';
import { SPAN_KINDS } from '../ingest/otlp.ts';
import { addSource, rotateSource } from '../ingest/source-admin.ts';
import type { Db } from '../store/database.ts';
import {
  findSource,
  listSourceHealth,
  revokeSource,
  type Source,
  updateSourceOptions,
} from '../store/source-repository.ts';
import { type CliContext, refuseMore } from './command.ts';
import { readBytes } from './files.ts';
import { withDatabase } from './open.ts';

const VERBS = ['add', 'set', 'list', 'rotate', 'remove', 'try'] as const;

/** `headroom sources …`: see the table of commands. */
export async function runSources(args: readonly string[], context: CliContext): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      adapter: { type: 'string' },
      format: { type: 'string' },
      'client-from': { type: 'string' },
      'route-pattern': { type: 'string', multiple: true },
      'span-kind': { type: 'string' },
      metric: { type: 'string', multiple: true },
      'content-type': { type: 'string' },
    },
  });
  const [verb = 'list', name, file] = positionals;
  if (!(VERBS as readonly string[]).includes(verb)) {
    const [nearest] = listNearest(verb, VERBS);
    throw new HeadroomError('source', `There is no "sources ${verb}": use ${nearest ?? VERBS.join(', ')}.`);
  }
  refuseMore(positionals, verb === 'list' ? 1 : verb === 'try' ? 3 : 2);
  if (verb === 'list') return withDatabase(context, (db) => list(db, context));
  if (name === undefined) throw new HeadroomError('source', `Name the source: headroom sources ${verb} NAME.`);

  return withDatabase(context, async (db, config) => {
    if (verb === 'add') {
      const adapter = values.adapter ?? (values.format === undefined ? 'native' : 'access-log');
      const options = readOptions(values, adapter);
      const { token, signingSecret } = await addSource(db, config, { name, adapter, options }, context.now());
      context.out(`Source ${name} (${adapter}) added. Keep these, they are shown only once:`);
      printCredentials(context, { token: token.reveal(), signingSecret: signingSecret.reveal() });
      context.out(`\nSend to ${config.publicUrl ?? `http://${config.host}:${config.port}`}/sources/${name}`);
      return 0;
    }
    const source = await getSource(db, name);
    const options = { ...source.options, ...readOptions(values, source.adapter) };
    if (verb === 'try') return tryFile({ ...source, options }, file, values['content-type'], context);
    if (verb === 'set') {
      await updateSourceOptions(db, source.id, options);
      context.out(`Source ${name} changed; what comes in from now on is read so.`);
      return 0;
    }
    if (verb === 'rotate') {
      const { token, signingSecret } = await rotateSource(db, config, source);
      context.out(`Source ${name} has new credentials; the old ones stop working within 2 seconds:`);
      printCredentials(context, { token: token.reveal(), signingSecret: signingSecret.reveal() });
      return 0;
    }
    await revokeSource(db, source.id, context.now());
    context.out(`Source ${name} removed; it is refused within 2 seconds. What it sent stays counted.`);
    return 0;
  });
}

/** The options given; those left out are not there. */
function readOptions(values: OptionValues, adapter: string): Readonly<Record<string, unknown>> {
  const { format, metric } = values;
  if (format !== undefined) {
    if (adapter !== 'access-log') {
      throw new HeadroomError('source', `--format is for adapter access-log, not ${adapter}: leave it out.`);
    }
    getLogFormats(format);
  }
  const given = {
    format,
    clientFrom: values['client-from'],
    routePatterns: values['route-pattern'],
    spanKind: values['span-kind'] === undefined ? undefined : checkSpanKind(values['span-kind']),
    metrics: metric,
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

interface OptionValues {
  format?: string | undefined;
  'client-from'?: string | undefined;
  'route-pattern'?: string[] | undefined;
  'span-kind'?: string | undefined;
  metric?: string[] | undefined;
}

function checkSpanKind(kind: string): string {
  if ((SPAN_KINDS as readonly string[]).includes(kind)) return kind;
  throw new HeadroomError('source', `There is no span kind ${JSON.stringify(kind)}: use ${SPAN_KINDS.join(', ')}.`);
}

function printCredentials(context: CliContext, shown: { token: string; signingSecret: string }): void {
  context.out(`  token           ${shown.token}`);
  context.out(`  signing secret  ${shown.signingSecret}`);
}

async function getSource(db: Db, name: string): Promise<Source> {
  const source = await findSource(db, name);
  if (source && source.revokedMs === undefined) return source;
  const names = (await listSourceHealth(db)).map((known) => known.name);
  const [nearest] = listNearest(name, names);
  const cure = nearest
    ? `did you mean ${nearest}?`
    : names.length > 0
      ? `there are ${names.join(', ')}.`
      : 'make one with "headroom sources add NAME".';
  throw new HeadroomError('source', `There is no source ${JSON.stringify(name)}: ${cure}`);
}

async function list(db: Db, context: CliContext): Promise<number> {
  const sources = await listSourceHealth(db);
  if (sources.length === 0) {
    context.out(
      `There are no sources. Make one with "headroom sources add NAME --adapter ${listAdapters().join('|')}".`,
    );
    return 0;
  }
  const rows = sources.map((source) => [
    source.name,
    source.adapter,
    String(source.accepted),
    String(source.duplicates),
    String(source.conflicts),
    String(source.rejected),
    source.lastReceivedMs === undefined ? 'never' : new Date(source.lastReceivedMs).toISOString(),
  ]);
  const table = [['name', 'adapter', 'accepted', 'duplicates', 'conflicts', 'rejected', 'last received'], ...rows];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  for (const row of table) {
    context.out(
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    );
  }
  return 0;
}

/** Shows how a file would be read, event by event; nothing is stored. */
function tryFile(source: Source, file: string | undefined, type: string | undefined, context: CliContext): number {
  if (file === undefined) throw new HeadroomError('source', 'Name the file: headroom sources try NAME FILE.');
  const bytes = readBytes(resolve(context.folder, file));
  const body = toUtf8(bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes);
  const options = source.adapter === 'access-log' ? learnOptions(source, body, context) : source.options;
  const { events, rejected } = getAdapter(source.adapter).parse({
    body,
    contentType: type ?? guessType(file),
    headers: {},
    receivedMs: context.now(),
    options,
  });
  for (const event of events.slice(0, 10)) context.out(JSON.stringify(event));
  if (events.length > 10) context.out(`… and ${events.length - 10} more`);
  for (const { index, error } of rejected.slice(0, 10)) context.err(`event ${index + 1}: ${error}`);
  if (rejected.length > 10) context.err(`… and ${rejected.length - 10} more`);
  context.out(`${events.length} would be counted, ${rejected.length} rejected; nothing was stored.`);
  return rejected.length > 0 ? 1 : 0;
}

/** Where no format was given, the preset that the sample fits best. */
function learnOptions(source: Source, body: Uint8Array, context: CliContext): Source['options'] {
  if (source.options.format !== undefined) return source.options;
  const lines = readBodyLines(body)
    .map(({ text }) => text)
    .filter((text) => text.trim() !== '')
    .take(SAMPLE_LINES);
  const format = learnFormat([...lines]);
  if (format === undefined) return source.options;
  context.out(
    `These lines fit the format ${format}. Keep it with "headroom sources set ${source.name} --format ${format}".`,
  );
  return { ...source.options, format };
}

function guessType(file: string): string {
  const name = file.replace(/\.gz$/, '');
  if (/\.(ndjson|jsonl)$/.test(name)) return 'application/x-ndjson';
  return name.endsWith('.json') ? 'application/json' : '';
}
