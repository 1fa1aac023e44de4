import type { Config } from '../config.ts';
import { HOUR_MS } from '../domain/calendar.ts';
import { describeUnknown } from '../domain/names.ts';
import { HeadroomError } from '../errors.ts';
import { listAdapters } from '../ingest/adapters.ts';
import { addSource, checkSource, rotateSource } from '../ingest/source-admin.ts';
import { parseOptions, type StoredOptions } from '../ingest/source-options.ts';
import type { Secret } from '../secret.ts';
import { insertAudit } from '../store/audit-repository.ts';
import { type Db, transact } from '../store/database.ts';
import {
  findSource,
  listSourceHealth,
  listSources,
  revokeSource,
  type Source,
  updateSourceOptions,
} from '../store/source-repository.ts';
import { type CliContext, describePerson, oneOf, readFlags, takes } from './command.ts';
import { withDatabase, withIntake } from './open.ts';
import { applyFlags, describeOptions, type FlagValues, SOURCE_FLAGS } from './source-flags.ts';
import { listRejected, retryListed } from './sources-rejected.ts';
import { tryFile } from './sources-try.ts';

/** Returns the address of a source, if it is known, and its options with the changes of flags. */
function toOptions(
  config: Config,
  { name, adapter, options }: { name: string; adapter: string; options: StoredOptions },
  flags: FlagValues,
): { address: string | undefined; options: StoredOptions } {
  const address = config.publicUrl === undefined ? undefined : `${config.publicUrl}/sources/${name}`;
  return { address, options: readFlags(() => applyFlags(options, flags, adapter, address)) };
}

const add = takes('NAME', { adapter: { type: 'string' }, ...SOURCE_FLAGS }, async ([given], flags, context) =>
  withDatabase(context, async (db, config) => {
    const name = given!;
    const adapter = flags.adapter ?? (flags.format === undefined ? 'native' : 'access-log');
    readFlags(() => checkSource(name, adapter));
    const { address, options } = toOptions(config, { name, adapter, options: {} }, flags);
    const credentials = await transact(db, async (trx) => {
      const added = await addSource(trx, config, { name, adapter, options }, context.now());
      await audit(trx, 'source.add', [`${name} (${adapter})`, describeOptions(options)], context);
      return added;
    });
    context.out(`Source ${name} (${adapter}) added. Keep these, they are shown only once:`);
    printCredentials(context, credentials);
    context.out(`\nSend to ${address ?? `http://${config.host}:${config.port}/sources/${name}`}`);
  }),
);

const set = takes('NAME', SOURCE_FLAGS, async ([name], flags, context) =>
  withDatabase(context, async (db, config) => {
    const source = await getSource(db, name!);
    const { options } = toOptions(config, { ...source, options: parseOptions(source.options, source.name) }, flags);
    await transact(db, async (trx) => {
      await updateSourceOptions(trx, source.id, options);
      await audit(trx, 'source.set', [source.name, describeOptions(options) || 'no options'], context);
    });
    context.out(`Source ${name} changed, in effect within 2 seconds: ${describeOptions(options) || 'no options'}.`);
  }),
);

const tryOut = takes(
  'NAME FILE',
  { ...SOURCE_FLAGS, 'content-type': { type: 'string' } },
  async ([name, file], flags, context) =>
    withDatabase(context, async (db, config) => {
      const source = await getSource(db, name!);
      const { options } = toOptions(config, { ...source, options: parseOptions(source.options, source.name) }, flags);
      return tryFile({ ...source, options }, file!, flags['content-type'], context);
    }),
);

const rejected = takes('NAME', { retry: { type: 'boolean' } }, async ([name], { retry }, context) =>
  retry
    ? withIntake(context, async (ports) => retryListed(ports, await getSource(ports.db, name!), context))
    : withDatabase(context, async (db) => listRejected(db, await getSource(db, name!), context)),
);

const rotate = takes('NAME', { overlap: { type: 'string' } }, async ([name], { overlap }, context) =>
  withDatabase(context, async (db, config) => {
    const source = await getSource(db, name!);
    const oldUntilMs = overlap === undefined ? undefined : context.now() + parseOverlap(overlap);
    const end = oldUntilMs === undefined ? undefined : new Date(oldUntilMs).toISOString();
    const credentials = await transact(db, async (trx) => {
      const made = await rotateSource(trx, config, source, oldUntilMs);
      const until = end && `the old ${made.lostSecret ? 'token holds' : 'credentials hold'} until ${end}`;
      await audit(trx, 'source.rotate', [source.name, until ?? ''], context);
      return made;
    });
    const { closed, lostSecret } = credentials;
    const isKept = end === undefined || !lostSecret;
    const stop = `${isKept ? 'the old ones stop' : 'the old token stops'} working ${end ? `at ${end}` : 'within 2 seconds'}`;
    context.out(`Source ${name} has new credentials; ${stop}:`);
    printCredentials(context, credentials);
    if (!isKept) {
      context.out(
        'The old signing secret was sealed with another key, so it cannot be kept: give senders that sign the new one now.',
      );
    }
    if (closed.length === 0) return;
    context.out(`The key does not open the signing secrets of ${closed.join(', ')}: rotate them too.`);
  }),
);

const remove = takes('NAME', {}, async ([name], _flags, context) =>
  withDatabase(context, async (db) => {
    const source = await getSource(db, name!);
    await transact(db, async (trx) => {
      await revokeSource(trx, source.id, context.now());
      await audit(trx, 'source.remove', [source.name], context);
    });
    context.out(`Source ${name} removed; it is refused within 2 seconds. What it sent stays counted.`);
  }),
);

function audit(db: Db, action: string, parts: readonly string[], { now }: CliContext): Promise<void> {
  const detail = parts.filter((part) => part !== '').join(': ');
  return insertAudit(db, { atMs: now(), actor: describePerson(), action, detail });
}

const OVERLAP = /^(\d{1,4})(h|d)$/;

/** Parses `24h` or `7d` to milliseconds. */
function parseOverlap(text: string): number {
  const [, count, unit] = OVERLAP.exec(text) ?? [];
  if (count === undefined || Number(count) === 0) {
    throw new HeadroomError('question', `--overlap is ${JSON.stringify(text)}: use hours or days, such as 24h or 7d.`);
  }
  return Number(count) * HOUR_MS * (unit === 'd' ? 24 : 1);
}

function printCredentials(
  { out }: CliContext,
  { token, signingSecret }: Record<'token' | 'signingSecret', Secret>,
): void {
  out(`  token           ${token.reveal()}`);
  out(`  signing secret  ${signingSecret.reveal()}`);
}

async function getSource(db: Db, name: string): Promise<Source> {
  const source = await findSource(db, name);
  if (source && source.revokedMs === undefined) return source;
  const names = (await listSourceHealth(db)).map((known) => known.name);
  const cure = 'make one with "headroom sources add NAME".';
  throw new HeadroomError('source', describeUnknown('source', name, names, cure));
}

const list = takes('', {}, (_words, _flags, context) =>
  withDatabase(context, async (db) => {
    const sources = await listSourceHealth(db);
    if (sources.length === 0) {
      context.out(
        `There are no sources. Make one with "headroom sources add NAME --adapter ${listAdapters().join('|')}".`,
      );
      return;
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
  }),
);

/** `headroom sources …`: see the table of commands. */
export const runSources = oneOf({ add, set, list, rejected, rotate, remove, try: tryOut }, 'list');
