import { resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { UsageEvent } from '../domain/event.ts';
import { getAdapter } from '../ingest/adapters.ts';
import { readLogLines, toUtf8 } from '../ingest/body.ts';
import { takePoints } from '../ingest/cumulative.ts';
import { learnFormat, SAMPLE_LINES } from '../ingest/log-presets.ts';
import type { StoredOptions } from '../ingest/source-options.ts';
import { countOf, formatCount } from '../report/format.ts';
import { type CliContext, INCOMPLETE } from './command.ts';
import { readBytes } from './files.ts';

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
