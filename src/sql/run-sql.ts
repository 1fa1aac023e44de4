import { MessageChannel, Worker } from 'node:worker_threads';
import { listNearest } from '../domain/names.ts';
import { HeadroomError } from '../errors.ts';
import { getClientNames } from '../report/client-names.ts';
import type { EventPage } from '../usage/raw-events.ts';
import {
  type Cell,
  type DaysOfTables,
  type EventsMessage,
  type Origin,
  type Page,
  readPart,
  type SqlCall,
  type SqlEnd,
  type SqlReply,
  type SqlTask,
} from './part-rows.ts';
import { TABLES } from './tables.ts';

/** Matches every statement that could ask for ids of events; for other statements they are not read. */
const ID_ASKED = /\bid\b|\*|\bnatural\b/i;

/** Takes a batch of result rows; the next batch is computed once this one is taken. */
export type TakeRows = (columns: readonly string[], rows: readonly (readonly Cell[])[]) => Promise<void>;

/**
 * Runs a SQLite statement over the tables (tables.ts) and passes its rows to `take`, batch by batch; `take` is called at least
 * once, for the names of the columns. Only the parts that the statement asks for are read; `onPart` is called for each. Throws
 * a `question` error with the cure for a statement that cannot be run.
 */
export async function runSql(
  origin: Origin,
  sql: string,
  { take, signal, onPart }: { take: TakeRows; signal?: AbortSignal; onPart?: (table: string) => void },
): Promise<void> {
  const task: SqlTask = {
    sql,
    zone: origin.calendar.zone,
    days: await findDays(origin),
    scopes: await listScopes(origin),
  };
  const { port1: port, port2 } = new MessageChannel();
  const shared = new SharedArrayBuffer(4);
  const bell = new Int32Array(shared);
  const worker = new Worker(new URL('./sql-thread.ts', import.meta.url), {
    workerData: { task, port: port2, shared },
    transferList: [port2],
  });
  const stop = () => void worker.terminate();
  signal?.addEventListener('abort', stop, { once: true });
  const cursors = new Map<number, AsyncGenerator<Page>>();
  const packer = new EventPacker(origin);
  let failure: unknown;

  async function answer(call: SqlCall): Promise<SqlReply> {
    if (call.kind === 'rows') {
      await take(call.columns, call.rows);
      return { end: true };
    }
    if (call.kind === 'close') {
      await cursors.get(call.cursor)?.return(undefined);
      cursors.delete(call.cursor);
      return { end: true };
    }
    const cursor = cursors.getOrInsertComputed(call.cursor, () => {
      onPart?.(call.table);
      return readPart(origin, call.table, call.part, { ids: ID_ASKED.test(sql) });
    });
    const { value, done } = await cursor.next();
    if (done) {
      cursors.delete(call.cursor);
      return { end: true };
    }
    return 'rows' in value ? value : { events: packer.pack(value.events) };
  }

  port.on('message', async (call: SqlCall) => {
    const reply = await answer(call).catch((error): SqlReply => {
      failure ??= error;
      return { error: 'stopped' };
    });
    const moved = 'events' in reply ? Object.values(reply.events.columns).map(({ buffer }) => buffer) : [];
    port.postMessage(reply, moved);
    Atomics.add(bell, 0, 1);
    Atomics.notify(bell, 0);
  });
  try {
    const end = await new Promise<SqlEnd>((resolve, reject) => {
      worker.on('message', resolve);
      worker.on('error', reject);
      worker.on('exit', () => resolve({}));
    });
    if (failure !== undefined) throw failure;
    if (end.fault !== undefined) throw explain(end.fault, sql);
  } finally {
    signal?.removeEventListener('abort', stop);
    port.close();
    await worker.terminate();
    for (const cursor of cursors.values()) await cursor.return(undefined);
  }
}

async function findDays({ frozen }: Origin): Promise<DaysOfTables> {
  const [extent, firstMeterDay] = await Promise.all([frozen.usage.extent(), frozen.usage.firstMeterDay()]);
  if (!extent) return firstMeterDay === undefined ? {} : { minutes: { first: firstMeterDay, last: firstMeterDay } };
  const { firstDay, lastDay: last, firstRawDay, firstHourDay } = extent;
  return {
    events: { first: firstRawDay, last },
    hourly: { first: firstHourDay, last },
    daily: { first: firstDay, last },
    minutes: { first: Math.min(firstDay, firstMeterDay ?? firstDay), last },
  };
}

/** Lists declared scopes, then scopes that senders name without a declaration. */
async function listScopes({ frozen, definitions, calendar }: Origin): Promise<string[]> {
  const extent = await frozen.usage.extent();
  const declared = definitions.scopes.map(({ name }) => name);
  if (!extent) return declared;
  const span = { fromMs: calendar.startOfDay(extent.firstDay), toMs: calendar.startOfDay(extent.lastDay + 1) };
  const used = await frozen.usage.values({ key: 'scope', span, limit: Number.POSITIVE_INFINITY });
  return [...new Set([...declared, ...used.map(({ value }) => value)])];
}

/** Turns pages of events into messages for the thread; each text is sent only once. */
class EventPacker {
  readonly #sent = new Set<number>();
  readonly #nameOf: (id: string) => string;

  constructor({ definitions }: Origin) {
    this.#nameOf = getClientNames(definitions.clients).nameOf;
  }

  pack({ length, columns, texts, ids }: EventPage): EventsMessage {
    const added: [number, string][] = [];
    for (const [id, text] of texts) {
      if (this.#sent.has(id)) continue;
      this.#sent.add(id);
      added.push([id, text]);
    }
    const clients = new Set(columns.client);
    const names = added
      .filter(([id]) => clients.has(id))
      .map(([id, text]): [number, string] => [id, this.#nameOf(text)])
      .filter(([id, name]) => texts.get(id) !== name);
    return { length, columns, texts: added, names, ids: ids?.encode() ?? new Uint8Array() };
  }
}

/** Turns SQLite's message into an error that says what to do. */
function explain(fault: string, sql: string): HeadroomError {
  const table = /^no such table: (?:main\.)?(.+)$/.exec(fault)?.[1];
  if (table !== undefined) {
    const names = TABLES.map(({ name }) => name);
    return toError(`There is no table ${table}. ${suggest(table, names)}There are: ${names.join(', ')}.`);
  }
  const column = /^no such column: (?:.*\.)?(.+?)(?: - .*)?$/.exec(fault)?.[1];
  if (column !== undefined) {
    const asked = TABLES.filter(({ name }) => new RegExp(`\\b${name}\\b`, 'i').test(sql));
    const names = [...new Set(asked.flatMap(({ columns }) => columns.map(({ name }) => name)))];
    const lists = asked.map(({ name, columns }) => `${name}: ${columns.map((each) => each.name).join(', ')}`);
    return toError(
      `There is no column ${column}. ${suggest(column, names)}${lists.length > 0 ? `Columns of ${lists.join('; of ')}.` : 'Put texts in single quotes.'}`,
    );
  }
  if (/more than one statement/.test(fault)) return toError('Give one statement at a time, without a ; in its middle.');
  if (/contains no statements/.test(fault)) return toError('Write a statement: headroom sql "select … from events".');
  if (/because it is a view|Nothing can be written/.test(fault))
    return toError('Nothing can be written here: begin with SELECT (or WITH, VALUES, EXPLAIN QUERY PLAN).');
  const near = /^near "(.*)": syntax error$/s.exec(fault)?.[1];
  if (near !== undefined) {
    const at = sql.indexOf(near);
    const place = at > 0 ? `, after ${JSON.stringify(sql.slice(Math.max(0, at - 40), at).trim())}` : '';
    return toError(`SQLite does not understand ${JSON.stringify(near)}${place}. "headroom help sql" shows examples.`);
  }
  return toError(`SQLite says: ${fault}. "headroom help sql" shows examples.`);
}

function suggest(word: string, names: readonly string[]): string {
  const [nearest] = listNearest(word, names);
  return nearest === undefined ? '' : `Did you mean ${nearest}? `;
}

function toError(message: string): HeadroomError {
  return new HeadroomError('question', message);
}
