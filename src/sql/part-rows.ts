import type { Calendar } from '../domain/calendar.ts';
import { formatDay } from '../domain/calendar.ts';
import type { Definitions } from '../domain/definition.ts';
import { type Dimension, NONE } from '../domain/dimension.ts';
import type { PoolState } from '../domain/scope-state.ts';
import type { TableCell } from '../domain/table.ts';
import type { Span, UsageRow } from '../domain/usage.ts';
import { getClientNames } from '../report/client-names.ts';
import { getScopeStates, listDraws } from '../report/scope-states.ts';
import type { EventPage } from '../usage/raw-events.ts';
import type { FrozenUsage } from '../usage/reader.ts';
import { toIsoTime } from './iso-time.ts';

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
