import { parseArgs } from 'node:util';
import { HOUR_MS } from '../domain/calendar.ts';
import { listNearest } from '../domain/names.ts';
import { HeadroomError } from '../errors.ts';
import { listAdapters } from '../ingest/adapters.ts';
import { addSource, rotateSource } from '../ingest/source-admin.ts';
import { parseOptions } from '../ingest/source-options.ts';
import type { Db } from '../store/database.ts';
import {
  findSource,
  listSourceHealth,
  listSources,
  revokeSource,
  type Source,
  updateSourceOptions,
} from '../store/source-repository.ts';
import { type CliContext, refuseMore } from './command.ts';
import { withUsage } from './intake.ts';
import { withDatabase } from './open.ts';
import { applyFlags, describeOptions, SOURCE_FLAGS } from './source-flags.ts';
import { listRejected, retryListed } from './sources-rejected.ts';
import { tryFile } from './sources-try.ts';

const VERBS = ['add', 'set', 'list', 'rejected', 'rotate', 'remove', 'try'] as const;

/** `headroom sources …`: see the table of commands. */
export async function runSources(args: readonly string[], context: CliContext): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      adapter: { type: 'string' },
      ...SOURCE_FLAGS,
      'content-type': { type: 'string' },
      overlap: { type: 'string' },
      retry: { type: 'boolean' },
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

  if (verb === 'rejected' && values.retry) {
    return withUsage(context, async (ports) => retryListed(ports, await getSource(ports.db, name), context));
  }
  return withDatabase(context, async (db, config) => {
    const address = config.publicUrl === undefined ? undefined : `${config.publicUrl}/sources/${name}`;
    if (verb === 'add') {
      const adapter = values.adapter ?? (values.format === undefined ? 'native' : 'access-log');
      const options = applyFlags({}, values, adapter, address);
      const { token, signingSecret } = await addSource(db, config, { name, adapter, options }, context.now());
      context.out(`Source ${name} (${adapter}) added. Keep these, they are shown only once:`);
      printCredentials(context, { token: token.reveal(), signingSecret: signingSecret.reveal() });
      context.out(`\nSend to ${address ?? `http://${config.host}:${config.port}/sources/${name}`}`);
      return 0;
    }
    const source = await getSource(db, name);
    if (verb === 'try' || verb === 'set') {
      const options = applyFlags(parseOptions(source.options, name), values, source.adapter, address);
      if (verb === 'try') return tryFile({ ...source, options }, file, values['content-type'], context);
      await updateSourceOptions(db, source.id, options);
      context.out(`Source ${name} changed, in effect within 2 seconds: ${describeOptions(options) || 'no options'}.`);
      return 0;
    }
    if (verb === 'rejected') return listRejected(db, source, context);
    if (verb === 'rotate') {
      const oldUntilMs = values.overlap === undefined ? undefined : context.now() + parseOverlap(values.overlap);
      const { token, signingSecret } = await rotateSource(db, config, source, oldUntilMs);
      const end = oldUntilMs === undefined ? 'within 2 seconds' : `at ${new Date(oldUntilMs).toISOString()}`;
      context.out(`Source ${name} has new credentials; the old ones stop working ${end}:`);
      printCredentials(context, { token: token.reveal(), signingSecret: signingSecret.reveal() });
      return 0;
    }
    await revokeSource(db, source.id, context.now());
    context.out(`Source ${name} removed; it is refused within 2 seconds. What it sent stays counted.`);
    return 0;
  });
}

const OVERLAP = /^(\d{1,4})(h|d)$/;

/** `24h` or `7d`, in ms. */
function parseOverlap(text: string): number {
  const [, count, unit] = OVERLAP.exec(text) ?? [];
  if (count === undefined || Number(count) === 0) {
    throw new HeadroomError('source', `--overlap is ${JSON.stringify(text)}: use hours or days, such as 24h or 7d.`);
  }
  return Number(count) * HOUR_MS * (unit === 'd' ? 24 : 1);
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
  const options = new Map((await listSources(db)).map((source) => [source.name, source.options]));
  const rows = sources.map((source) => [
    source.name,
    source.adapter,
    String(source.accepted),
    String(source.duplicates),
    String(source.conflicts),
    String(source.rejected),
    source.lastReceivedMs === undefined ? 'never' : new Date(source.lastReceivedMs).toISOString(),
    describeOptions(options.get(source.name) ?? {}),
  ]);
  const table = [
    ['name', 'adapter', 'accepted', 'duplicates', 'conflicts', 'rejected', 'last received', 'options'],
    ...rows,
  ];
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
