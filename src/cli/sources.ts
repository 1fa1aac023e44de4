import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { listNearest } from '../domain/nearest.ts';
import { HeadroomError } from '../errors.ts';
import { getAdapter, listAdapters } from '../ingest/adapters.ts';
import { SPAN_KINDS } from '../ingest/otlp.ts';
import { addSource, rotateSource } from '../ingest/source-admin.ts';
import type { Db } from '../store/database.ts';
import { findSource, listSourceHealth, revokeSource, type Source } from '../store/source-repository.ts';
import { type CliContext, refuseMore } from './command.ts';
import { readBytes } from './files.ts';
import { withDatabase } from './open.ts';

const VERBS = ['add', 'list', 'rotate', 'remove', 'try'] as const;

/** `headroom sources …`: see the table of commands. */
export async function runSources(args: readonly string[], context: CliContext): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      adapter: { type: 'string' },
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
      const options = {
        ...(values['client-from'] === undefined ? {} : { clientFrom: values['client-from'] }),
        ...(values['route-pattern'] === undefined ? {} : { routePatterns: values['route-pattern'] }),
        ...(values['span-kind'] === undefined ? {} : { spanKind: checkSpanKind(values['span-kind']) }),
        ...(values.metric === undefined ? {} : { metrics: values.metric }),
      };
      const adapter = values.adapter ?? 'native';
      const { token, signingSecret } = await addSource(db, config, { name, adapter, options }, context.now());
      context.out(`Source ${name} (${adapter}) added. Keep these, they are shown only once:`);
      printCredentials(context, { token: token.reveal(), signingSecret: signingSecret.reveal() });
      context.out(`\nSend to ${config.publicUrl ?? `http://${config.host}:${config.port}`}/sources/${name}`);
      return 0;
    }
    const source = await getSource(db, name);
    if (verb === 'try') return tryFile(source, file, values['content-type'], context);
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
  const { events, rejected } = getAdapter(source.adapter).parse({
    body: bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes,
    contentType: type ?? guessType(file),
    headers: {},
    receivedMs: context.now(),
    options: source.options,
  });
  for (const event of events.slice(0, 10)) context.out(JSON.stringify(event));
  if (events.length > 10) context.out(`… and ${events.length - 10} more`);
  for (const { index, error } of rejected.slice(0, 10)) context.err(`event ${index + 1}: ${error}`);
  if (rejected.length > 10) context.err(`… and ${rejected.length - 10} more`);
  context.out(`${events.length} would be counted, ${rejected.length} rejected; nothing was stored.`);
  return rejected.length > 0 ? 1 : 0;
}

function guessType(file: string): string {
  const name = file.replace(/\.gz$/, '');
  if (/\.(ndjson|jsonl)$/.test(name)) return 'application/x-ndjson';
  return name.endsWith('.json') ? 'application/json' : '';
}
