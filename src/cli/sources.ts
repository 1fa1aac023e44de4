import { resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Config } from '../config.ts';
import { HOUR_MS } from '../domain/calendar.ts';
import type { UsageEvent } from '../domain/event.ts';
import { describeUnknown } from '../domain/names.ts';
import { HeadroomError } from '../errors.ts';
import { getAdapter, listAdapters } from '../ingest/adapters.ts';
import { readLogLines, toUtf8 } from '../ingest/body.ts';
import { takePoints } from '../ingest/cumulative.ts';
import type { Intake } from '../ingest/intake.ts';
import { learnFormat, SAMPLE_LINES } from '../ingest/log-presets.ts';
import { retryRejected } from '../ingest/retry.ts';
import { addSource, checkSource, rotateSource } from '../ingest/source-admin.ts';
import { parseOptions, type StoredOptions } from '../ingest/source-options.ts';
import { countOf, formatCount } from '../report/format.ts';
import type { Secret } from '../secret.ts';
import { insertAudit } from '../store/audit-repository.ts';
import { type Db, transact } from '../store/database.ts';
import {
  findSource,
  listRejectedEvents,
  listSourceHealth,
  listSources,
  REJECTED_EVENTS_KEPT,
  revokeSource,
  type Source,
  updateSourceOptions,
} from '../store/source-repository.ts';
import { type CliContext, describePerson, INCOMPLETE, oneOf, readFlags, takes } from './command.ts';
import { readBytes } from './files.ts';
import { withDatabase, withIntake } from './open.ts';
import { applyFlags, describeOptions, type FlagValues, SOURCE_FLAGS } from './source-flags.ts';

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

const MAX_SHOWN = 50;

/** Prints the rejected events of a source: when, why, and an excerpt. */
export async function listRejected(db: Db, source: Source, context: CliContext): Promise<number> {
  const rejected = await listRejectedEvents(db, source.id);
  if (rejected.length === 0) {
    context.out(`Source ${source.name} has no rejected events.`);
    return 0;
  }
  for (const { atMs, eventId, reason, excerpt, sent } of rejected.slice(0, MAX_SHOWN)) {
    context.out(`${new Date(atMs).toISOString()}  ${reason}`);
    const id = eventId === null ? [] : [`id ${JSON.stringify(eventId)}`];
    const shown = excerpt ?? sent?.slice(0, 200);
    context.out(`  ${[...id, ...(shown === undefined ? [] : [shown])].join('  ') || '(nothing of it was kept)'}`);
  }
  if (rejected.length > MAX_SHOWN) context.out(`… and ${rejected.length - MAX_SHOWN} older ones`);
  const whole = rejected.filter(({ sent }) => sent !== null).length;
  context.out(
    `${countOf(rejected.length, 'event')} rejected (the newest ${REJECTED_EVENTS_KEPT} are kept). ` +
      (whole > 0
        ? `Mend what is wrong ("headroom sources set ${source.name} --map …"), then send ${whole} of them again with --retry.`
        : 'None was kept whole: have the sender send them again.'),
  );
  return 0;
}

/** Reads rejected events again and counts those that can be read now. Returns INCOMPLETE if any are left. */
export async function retryListed(
  { db, intake }: { db: Db; intake: Intake },
  source: Source,
  context: CliContext,
): Promise<number> {
  const { counted, duplicates, passedOver, stillRejected, notKept } = await retryRejected(db, intake, source);
  await insertAudit(db, {
    ...{ atMs: context.now(), actor: describePerson(), action: 'source.retry' },
    detail: `${source.name}: ${countOf(counted, 'event')} counted`,
  });
  await intake.usage.foldAll();
  const parts = [`${countOf(counted, 'event')} counted`];
  if (duplicates > 0) parts.push(`${duplicates} known already`);
  if (passedOver > 0) parts.push(`${passedOver} that say nothing of calls`);
  if (stillRejected > 0) parts.push(`${stillRejected} still rejected`);
  if (notKept > 0) parts.push(`${notKept} were kept only in part`);
  context.out(`${parts.join(', ')}.`);
  return stillRejected + notKept > 0 ? INCOMPLETE : 0;
}

/** Shows how a file would be read and counted; stores nothing. */
export function tryFile(
  source: { name: string; adapter: string; options: StoredOptions },
  file: string,
  type: string | undefined,
  context: CliContext,
): number {
  const bytes = readBytes(resolve(context.folder, file));
  const body = toUtf8(bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes);
  const options = source.adapter === 'access-log' ? learnOptions(source, body, context) : source.options;
  const parsed = getAdapter(source.adapter).parse({
    body,
    contentType: type ?? guessType(file),
    headers: {},
    receivedMs: context.now(),
    options,
  });
  const { rejected, unread = {}, cumulative = [] } = parsed;
  const events = [...parsed.events, ...takePoints(cumulative, new Map()).counted.map(({ event }) => event)];
  for (const event of events.slice(0, 10)) context.out(JSON.stringify(event));
  if (events.length > 10) context.out(`… and ${events.length - 10} more`);
  for (const { index, error } of rejected.slice(0, 10)) context.err(`event ${index + 1}: ${error}`);
  if (rejected.length > 10) context.err(`… and ${rejected.length - 10} more`);
  for (const [name, count] of Object.entries(unread)) context.out(`Not read: ${name} (${countOf(count, 'event')}).`);
  if (events.length > 0) context.out(describeIds(events));
  if (options.format === 'haproxy' && options.zone === undefined) {
    context.out(
      'HAProxy writes times without a zone: they are read as UTC. Set another with --zone, such as Europe/Berlin.',
    );
  }
  context.out(
    `${formatCount(events.length)} would be counted, ${formatCount(rejected.length)} rejected; nothing was stored.`,
  );
  return rejected.length > 0 ? INCOMPLETE : 0;
}

/** Adds the format that the lines fit best, if none was given. */
function learnOptions(
  { name, options }: { name: string; options: StoredOptions },
  body: Uint8Array,
  context: CliContext,
): StoredOptions {
  if (options.format !== undefined) return options;
  const format = learnFormat([...readLogLines(body).take(SAMPLE_LINES)]);
  if (format === undefined) return options;
  context.out(`These lines fit the format ${format}. Keep it with "headroom sources set ${name} --format ${format}".`);
  return { ...options, format };
}

/** Says whether a body that is sent twice would count twice, as events without an id do. */
function describeIds(events: readonly UsageEvent[]): string {
  const ids = events.flatMap(({ id }) => (id === undefined ? [] : [id]));
  const without = events.length - ids.length;
  const repeated = ids.length - new Set(ids).size;
  const twice =
    repeated > 0 ? ` ${countOf(repeated, 'event')} here share an id with one before, and would not count.` : '';
  if (without === 0) return `Each event has an id: a resent body counts once.${twice}`;
  const who = ids.length === 0 ? 'No event has an id' : `${countOf(without, 'event')} of ${events.length} have no id`;
  return `${who}: a resent body counts twice. Say what makes an event unique with --id FIELD or --id FIELD+FIELD.${twice}`;
}

function guessType(file: string): string {
  const name = file.replace(/\.gz$/, '');
  if (/\.(ndjson|jsonl)$/.test(name)) return 'application/x-ndjson';
  return name.endsWith('.json') ? 'application/json' : '';
}
