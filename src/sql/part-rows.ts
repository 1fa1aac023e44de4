import { type Calendar, formatDay } from '../domain/calendar.ts';
import type { Definitions } from '../domain/definition.ts';
import { type Dimension, NONE } from '../domain/dimension.ts';
import type { PoolState } from '../domain/scope-state.ts';
import type { TableCell } from '../domain/table.ts';
import type { Span, UsageRow } from '../domain/usage.ts';
import { getClientNames } from '../report/client-names.ts';
import { getScopeStates, listDraws } from '../report/scope-states.ts';
import type { EventColumns, EventPage } from '../usage/raw-events.ts';
import type { FrozenUsage } from '../usage/reader.ts';

export type Cell = TableCell;

/** Identifies a part of a table by the values of its part keys. */
export interface Part {
  day?: number;
  dimension?: Dimension;
  scope?: string;
}

/** Rows in the order of the table's columns. Raw events stay in column form, which is cheap to move to another thread. */
export type Page = { rows: Cell[][] } | { events: EventPage };

/** Data that the tables are read from, all as of one instant. */
export interface Origin {
  frozen: FrozenUsage;
  calendar: Calendar;
  definitions: Definitions;
  nowMs: number;
}

/** Reads the rows of one part of a table (tables.ts), a page at a time. Ids of events are read only if `ids` is set. */
export async function* readPart(
  origin: Origin,
  table: string,
  part: Part,
  { ids }: { ids: boolean },
): AsyncGenerator<Page> {
  if (table === 'events') {
    const span = spanOf(origin, part.day!);
    for await (const events of origin.frozen.pages({ span, filters: [], ids })) yield { events };
  } else yield { rows: await READERS[table]!(origin, part) };
}

const READERS: Readonly<Record<string, (origin: Origin, part: Part) => Promise<Cell[][]>>> = {
  daily: (origin, part) => readTotals(origin, part, 'day'),
  hourly: (origin, part) => readTotals(origin, part, 'hour'),
  minutes: readMinutes,
  pools: readPools,
  draws: readDraws,
  sources: readSources,
};

function spanOf({ calendar }: Origin, day: number): Span {
  return { fromMs: calendar.startOfDay(day), toMs: calendar.startOfDay(day + 1) };
}

async function readTotals(origin: Origin, { day, dimension }: Part, grain: 'day' | 'hour'): Promise<Cell[][]> {
  const { frozen, definitions } = origin;
  const { nameOf } = getClientNames(definitions.clients);
  const groupBy = [dimension!, 'status'] as const;
  const { rows } = await frozen.usage.sum({ span: spanOf(origin, day!), grain, groupBy, filters: [] });
  return rows.map((row) => [
    ...(grain === 'hour' ? [toIsoTime(row.startMs)] : []),
    ...toTotalRow(row, dimension!, nameOf),
  ]);
}

/** Converts a total by a dimension and status to value, shown name of a client, status, requests, ok, failed, credits. */
export function toTotalRow(
  { keys: [value, status], requests, ok, failed, credits }: UsageRow,
  dimension: Dimension,
  nameOf: (id: string) => string,
): Cell[] {
  const name = dimension === 'client' ? nameOf(value!) : null;
  return [value!, name, status === NONE ? null : Number(status), requests, ok, failed, credits];
}

async function readMinutes(origin: Origin, { day, scope }: Part): Promise<Cell[][]> {
  const steps = await origin.frozen.usage.meter({ meter: scope!, span: spanOf(origin, day!), grain: 'minute' });
  return steps.map(({ startMs, singles, bulk, credits }) => [toIsoTime(startMs), singles + bulk, singles, credits]);
}

async function readPools({ frozen, definitions, calendar, nowMs }: Origin): Promise<Cell[][]> {
  const deps = { usage: frozen.usage, definitions: async () => definitions, calendar };
  const states = await getScopeStates(deps, { atMs: nowMs, plain: true });
  return states.flatMap(({ scope, title, pools, limits }) => {
    const toRow = (state: PoolState, kind: string, place: number | null): Cell[] => [
      ...[scope, title, state.name, kind, state.periodKind],
      ...[toIsoTime(state.period.fromMs), toIsoTime(state.period.toMs)],
      ...[state.amount, state.used, state.left, state.percent, state.level],
      ...[place, state.drawnNow ? 1 : 0],
    ];
    return [
      ...pools.map((state, index) => toRow(state, 'pool', index + 1)),
      ...limits.map((state) => toRow(state, 'limit', null)),
    ];
  });
}

/** Reads the credits that each pool gave, day by day; rows without a pool are overage. */
async function readDraws({ frozen, definitions, calendar, nowMs }: Origin, { scope }: Part): Promise<Cell[][]> {
  const { usage } = frozen;
  const [fromDay, extent] = await Promise.all([usage.firstMeterDay(), usage.extent()]);
  if (fromDay === undefined) return [];
  const untilDay = Math.max(calendar.dayOf(nowMs), extent?.lastDay ?? 0);
  const deps = { usage, definitions: async () => definitions, calendar };
  const draws = await listDraws(deps, { scope: scope!, fromDay, untilDay, nowMs });
  if (draws)
    return draws.days.flatMap(({ day, drawn, overage }) => [
      ...[...drawn].map(([pool, credits]): Cell[] => [formatDay(day), pool, credits]),
      ...(overage > 0 ? [[formatDay(day), null, overage]] : []),
    ]);
  const span = { fromMs: calendar.startOfDay(fromDay), toMs: calendar.startOfDay(untilDay + 1) };
  const steps = await usage.meter({ meter: scope!, span, grain: 'day' });
  return steps
    .filter(({ credits }) => credits > 0)
    .map(({ startMs, credits }) => [formatDay(calendar.dayOf(startMs)), null, credits]);
}

async function readSources({ frozen }: Origin): Promise<Cell[][]> {
  const rows = await frozen.db
    .selectFrom('source')
    .select(['name', 'adapter', 'created_ms', 'revoked_ms', 'last_received_ms', 'last_event_ms'])
    .select(['accepted', 'duplicates', 'conflicts', 'rejected', 'without_id', 'late'])
    .orderBy('name')
    .execute();
  const time = (ms: number | null) => (ms === null ? null : toIsoTime(ms));
  return rows.map((row) => [
    ...[row.name, row.adapter, time(row.created_ms), time(row.revoked_ms)],
    ...[time(row.last_received_ms), time(row.last_event_ms)],
    ...[row.accepted, row.duplicates, row.conflicts, row.rejected, row.without_id, row.late],
  ]);
}

const [timeOf, receivedOf] = [createIsoTimes(), createIsoTimes()];

/** Converts one raw event to a row of the table `events`, in the order of its columns (tables.ts), without its part keys. */
export function toEventRow(
  columns: EventColumns,
  row: number,
  texts: {
    textOf(id: number): string | null;
    nameOf(id: number): string | null;
    idAt(row: number): string | undefined;
  },
): Cell[] {
  const text = (dimension: Dimension): string | null => texts.textOf(columns[dimension][row]!);
  const [status, records, duration] = [columns.status[row]!, columns.records[row]!, columns.duration[row]!];
  return [
    timeOf(columns.time[row]!),
    text('client'),
    texts.nameOf(columns.client[row]!),
    text('method'),
    text('route'),
    status === 0 ? null : status,
    text('user'),
    text('ip'),
    text('module'),
    text('version'),
    text('function'),
    text('initiator'),
    text('kind'),
    text('scope'),
    text('source'),
    columns.count[row]!,
    records === 0 ? null : records - 1,
    columns.credits[row]!,
    duration === 0 ? null : (duration - 1) / 1000,
    receivedOf(columns.received[row]!),
    texts.idAt(row) ?? null,
  ];
}

const MINUTE_MS = 60_000;
const SECONDS = Array.from({ length: 60 }, (_, number) => `${String(number).padStart(2, '0')}.`);
const MILLISECONDS = Array.from({ length: 1000 }, (_, number) => `${String(number).padStart(3, '0')}Z`);

/**
 * Makes a formatter with the output of `Date.toISOString`. It is faster if a time often lies in the same minute as the one
 * before, so keep one formatter for each column.
 */
export function createIsoTimes(): (ms: number) => string {
  let knownMs = Number.NaN;
  let known = '';
  let knownMinute = Number.NaN;
  let start = '';
  return (ms) => {
    if (ms === knownMs) return known;
    const minute = Math.floor(ms / MINUTE_MS);
    if (minute !== knownMinute) {
      start = new Date(minute * MINUTE_MS).toISOString().slice(0, -7);
      knownMinute = minute;
    }
    const rest = ms - minute * MINUTE_MS;
    const second = Math.floor(rest / 1000);
    knownMs = ms;
    known = start + SECONDS[second]! + MILLISECONDS[rest - second * 1000]!;
    return known;
  };
}

/** `2026-11-05T09:30:00.000Z`. */
export const toIsoTime = createIsoTimes();

/** First and last day of each table that is divided by days; absent if it holds none. */
export type DaysOfTables = Readonly<Record<string, { first: number; last: number } | undefined>>;

/** Start data for the thread that runs a statement. */
export interface SqlTask {
  sql: string;
  zone: string;
  days: DaysOfTables;
  scopes: readonly string[];
}

/** A call to the main thread, which the statement's thread waits for. `cursor` numbers a part that is being read. */
export type SqlCall =
  | { kind: 'next'; cursor: number; table: string; part: Part }
  | { kind: 'close'; cursor: number }
  | { kind: 'rows'; columns: readonly string[]; rows: readonly Cell[][] };

/** A page of events. Each text comes with the first page that needs it; `names` has shown names of clients that differ from the id. */
export interface EventsMessage {
  length: number;
  columns: EventColumns;
  texts: readonly (readonly [number, string])[];
  names: readonly (readonly [number, string])[];
  /** Ids of the events as `SentIds` encodes them. */
  ids: Uint8Array<ArrayBuffer>;
}

export type SqlReply = { rows: Cell[][] } | { events: EventsMessage } | { end: true } | { error: string };

/** Last message of the thread; `fault`: the error of SQLite, or why the statement was refused. */
export type SqlEnd = { fault?: string };
