import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { createCalendar, formatDay } from '../domain/calendar.ts';
import { toNumberOrText } from '../domain/definition.ts';
import { DIMENSIONS } from '../domain/dimension.ts';
import type { Thousandths } from '../domain/event.ts';
import { addCredits, fromBigInt, multiplyCredits, subtractCredits } from '../domain/thousandths.ts';
import { openMemory, type QuerySqlite } from '../store/sqlite.ts';
import { SentIds } from '../usage/sent-ids.ts';
import {
  type Cell,
  type EventsMessage,
  type Part,
  type SqlCall,
  type SqlEnd,
  type SqlReply,
  type SqlTask,
  toEventRow,
} from './part-rows.ts';
import { rowColumns, type SqlTable, TABLES } from './tables.ts';
import { findTimeBounds } from './time-bounds.ts';

/** Send rows to the main thread in batches of 500. */
const BATCH = 500;
const DAY_MS = 86_400_000;

/**
 * This thread runs one statement in SQLite; the main thread supplies the rows of its tables while it waits. Each table is a view
 * that joins ordinary tables of its part keys (days, dimensions, scopes) with a virtual table that takes the keys as parameters.
 * SQLite's planner thus asks only for the parts that the statement needs, in the order in which it needs them.
 */
const { task, port, shared } = workerData as { task: SqlTask; port: MessagePort; shared: SharedArrayBuffer };
const signal = new Int32Array(shared);
const texts = new Map<number, string>();
const names = new Map<number, string>();
let cursors = 0;

/** Sends a call to the main thread and blocks until it has answered. */
function ask(call: SqlCall): SqlReply {
  const before = Atomics.load(signal, 0);
  port.postMessage(call);
  Atomics.wait(signal, 0, before);
  const reply = receiveMessageOnPort(port)!.message as SqlReply;
  if ('error' in reply) throw new Error(reply.error);
  return reply;
}

function* readRows(table: SqlTable, part: Part): Generator<Cell[]> {
  cursors += 1;
  const cursor = cursors;
  let isOpen = true;
  const credits = rowColumns(table).flatMap(({ type }, place) => (type === 'credits' ? [place] : []));
  const toCells = (row: Cell[]): Cell[] => {
    for (const place of credits) if (row[place] !== null) row[place] = toNumberOrText(row[place] as Thousandths);
    return row;
  };
  try {
    for (;;) {
      const reply = ask({ kind: 'next', cursor, table: table.name, part });
      if ('rows' in reply) yield* reply.rows.map(toCells);
      else if ('events' in reply) for (const row of toRows(reply.events)) yield toCells(row);
      else break;
    }
    isOpen = false;
  } finally {
    if (isOpen) ask({ kind: 'close', cursor });
  }
}

function* toRows(page: EventsMessage): Generator<Cell[]> {
  for (const [id, text] of page.texts) texts.set(id, text);
  for (const [id, name] of page.names) names.set(id, name);
  const textOf = (id: number): string | null => texts.get(id) ?? null;
  const nameOf = (id: number): string | null => names.get(id) ?? textOf(id);
  const ids = SentIds.decode(page.ids);
  const idAt = (row: number) => ids?.at(row);
  for (let row = 0; row < page.length; row += 1) yield toEventRow(page.columns, row, { textOf, nameOf, idAt });
}

/** Names the hidden column through which SQLite passes a part key to the virtual table. */
const hidden = (name: string): string => `of_${name}`;

function createTables(db: QuerySqlite): void {
  db.exec(`
    create table _days (day text primary key, number integer) without rowid;
    create table _dimensions (dimension text primary key) without rowid;
    create table _scopes (scope text primary key) without rowid`);
  const bounds = findTimeBounds(task.sql, (expression) => db.prepare(`select ${expression}`).pluck().get());
  const calendar = createCalendar(task.zone);
  const dayOf = (text: string, after: number): number =>
    calendar.dayOf(Date.parse(`${text.slice(0, 10)}T00:00:00Z`) + after);
  const kept = Object.values(task.days).filter((days) => days !== undefined);
  const addDay = db.prepare('insert into _days values (?, ?)');
  const first = Math.min(...kept.map((days) => days.first));
  const last = Math.max(...kept.map((days) => days.last));
  for (let day = first; day <= last; day += 1) addDay.run(formatDay(day), day);
  for (const dimension of DIMENSIONS) db.prepare('insert into _dimensions values (?)').run(dimension);
  for (const scope of task.scopes) db.prepare('insert into _scopes values (?)').run(scope);

  for (const table of TABLES) {
    const { name, parts, columns } = table;
    db.table(`_${name}`, {
      columns: rowColumns(table).map((column) => column.name),
      parameters: parts.map(hidden),
      *rows(...values: unknown[]) {
        yield* readRows(table, Object.fromEntries(parts.map((key, index) => [key, values[index]])) as Part);
      },
    });
    const days = { ...(task.days[name] ?? { first: 0, last: -1 }) };
    if (bounds?.table === name) {
      if (bounds.from !== undefined) days.first = Math.max(days.first, dayOf(bounds.from, 0) || days.first);
      if (bounds.until !== undefined) days.last = Math.min(days.last, dayOf(bounds.until, DAY_MS) || days.last);
    }
    const selected = columns.map((column) => {
      const part = parts.find((key) => key === column.name);
      if (part) return `_${part}s."${part}" as "${part}"`;
      const value = `_${name}."${column.name}"`;
      return `${column.type === 'integer' ? `cast(${value} as integer)` : value} as "${column.name}"`;
    });
    // SQLite never reorders a cross join: keys come first, and the rows are read by them.
    const sources = [...parts.map((key) => `_${key}s`), `_${name}`].join(' cross join ');
    const terms = parts.map((key) => `_${name}.${hidden(key)} = _${key}s.${key === 'day' ? 'number' : key}`);
    if (parts.includes('day')) terms.unshift(`_days.number between ${days.first} and ${days.last}`);
    const where = terms.length > 0 ? ` where ${terms.join(' and ')}` : '';
    db.exec(`create view "${name}" as select ${selected.join(', ')} from ${sources}${where}`);
  }
}

function run(): void {
  const db = openMemory();
  replaceSum(db);
  createTables(db);
  const statement = db.prepare(task.sql);
  if (!statement.reader || !statement.readonly)
    throw new Error('Nothing can be written here: begin with SELECT (or WITH, VALUES, EXPLAIN QUERY PLAN).');
  const columns = statement.columns().map(({ name }) => name);
  let rows: Cell[][] = [];
  for (const row of statement.raw().safeIntegers().iterate() as Iterable<Cell[]>) {
    rows.push(row.map((cell) => (typeof cell === 'bigint' ? fromBigInt(cell) : cell)));
    if (rows.length < BATCH) continue;
    ask({ kind: 'rows', columns, rows });
    rows = [];
  }
  ask({ kind: 'rows', columns, rows });
}

/** Running sums of a group: whole numbers, numbers with up to three decimals (in thousandths), and all other numbers. */
interface Sums {
  count: number;
  whole: Thousandths;
  thousandths: Thousandths;
  floats: number;
  hasDecimals: boolean;
  hasFloats: boolean;
}

/**
 * Replaces SQLite's `sum`, which adds decimals as floats, with an exact one, so that credits and milliseconds add up to the last
 * digit. A sum with more digits than a float holds is returned as text.
 */
function replaceSum(db: QuerySqlite): void {
  const change = (sums: Sums, value: unknown, sign: 1 | -1): Sums => {
    if (value === null) return sums;
    const add = sign === 1 ? addCredits : subtractCredits;
    sums.count += sign;
    if (typeof value === 'bigint') sums.whole = add(sums.whole, fromBigInt(value));
    else {
      const exact = toThousandths(value);
      sums.hasDecimals = true;
      if (exact !== undefined) sums.thousandths = add(sums.thousandths, exact);
      else {
        sums.hasFloats = true;
        sums.floats += sign * (Number.parseFloat(String(value)) || 0);
      }
    }
    return sums;
  };
  db.aggregate('sum', {
    safeIntegers: true,
    deterministic: true,
    start: (): Sums => ({ count: 0, whole: 0, thousandths: 0, floats: 0, hasDecimals: false, hasFloats: false }),
    step: (sums: Sums, value: unknown) => change(sums, value, 1),
    inverse: (sums: Sums, value: unknown) => change(sums, value, -1),
    result(sums: Sums): bigint | number | string | null {
      if (sums.count === 0) return null;
      if (!sums.hasDecimals) return BigInt(sums.whole);
      const exact = toNumberOrText(addCredits(multiplyCredits(sums.whole, 1000), sums.thousandths));
      return sums.hasFloats ? Number(exact) + sums.floats : exact;
    },
  });
}

/** Up to 10¹² a float distinguishes every number with three decimals; larger ones are added as floats. */
const EXACT = 1e12;

function toThousandths(value: unknown): Thousandths | undefined {
  if (typeof value === 'number') {
    const thousandths = Math.round(value * 1000);
    return Math.abs(value) <= EXACT && thousandths / 1000 === value ? thousandths : undefined;
  }
  const parts = typeof value === 'string' ? /^(-?\d+)\.(\d{1,3})$/.exec(value) : null;
  return parts ? fromBigInt(BigInt(parts[1]! + parts[2]!.padEnd(3, '0'))) : undefined;
}

let end: SqlEnd = {};
try {
  run();
} catch (error) {
  end = { fault: (error as Error).message };
}
parentPort!.postMessage(end);
