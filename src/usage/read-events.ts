import { type Dimension, REMOVED } from '../domain/dimension.ts';
import type { RawEvent, Span } from '../domain/usage.ts';
import { type RawPart, type Store, scanRaw } from './raw-scan.ts';
import type { Test } from './row-selection.ts';
import type { Batch, ColumnName } from './segment.ts';

interface Found {
  batch: Batch;
  row: number;
  timeMs: number;
  imported: boolean;
}

/** The newest raw events that pass every test, at most `limit`, in order of time. Days before those are not read. */
export async function readNewest(
  store: Store,
  renames: string | undefined,
  { span, tests, limit }: { span: Span; tests: readonly Test[]; limit: number },
): Promise<RawEvent[]> {
  const found: Found[] = [];
  let day: number | undefined;
  for await (const part of scanRaw(store, { span, tests, newestFirst: true })) {
    if (part.day !== day && found.length >= limit) break;
    day = part.day;
    found.push(...pickNewest(part, limit));
    if (found.length > limit * 4) keepNewest(found, limit);
  }
  keepNewest(found, limit);
  const texts = await store.texts.resolveMany(store.db, renames, found);
  return found.reverse().map((each) => toEvent(each, texts));
}

/** The events of a part that could be among the newest: only these are unpacked. */
function pickNewest(part: RawPart, limit: number): Found[] {
  const time = part.read('time');
  const order = Uint32Array.from(time.keys());
  const newest = time.length > limit ? order.sort((a, b) => time[b]! - time[a]!).subarray(0, limit) : order;
  const batch: Batch = { length: newest.length, columns: {} };
  for (const name of part.names) batch.columns[name] = part.read(name, newest);
  return Array.from(newest, (at, row) => ({ batch, row, timeMs: time[at]!, imported: part.imported }));
}

function keepNewest(found: Found[], limit: number): void {
  found.sort((a, b) => b.timeMs - a.timeMs);
  if (found.length > limit) found.length = limit;
}

function toEvent({ batch, row, timeMs, imported }: Found, texts: ReadonlyMap<number, string>): RawEvent {
  const value = (name: ColumnName): number => batch.columns[name]?.[row] ?? 0;
  const text = (name: Dimension): string => (value(name) === 0 ? '' : (texts.get(value(name)) ?? REMOVED));
  return {
    client: text('client'),
    route: text('route'),
    user: text('user'),
    ip: text('ip'),
    module: text('module'),
    method: text('method'),
    function: text('function'),
    version: text('version'),
    kind: text('kind'),
    initiator: text('initiator'),
    source: text('source'),
    scope: text('scope'),
    timeMs,
    receivedMs: value('received'),
    status: value('status'),
    count: value('count'),
    credits: value('credits'),
    ...(value('duration') === 0 ? {} : { durationMs: (value('duration') - 1) / 1000 }),
    imported,
  };
}
