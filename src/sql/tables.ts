/** Keys that divide a table into parts (a day, a dimension, a scope): a query reads only the parts that it asks for. */
type PartKey = 'day' | 'dimension' | 'scope';

export interface SqlColumn {
  name: string;
  /** `credits` are thousandths in rows of a part, and decimals in the table. */
  type: 'text' | 'integer' | 'real' | 'credits';
}

export interface SqlTable {
  name: string;
  /** Columns that identify a part; rows of a part hold the other columns. */
  parts: readonly PartKey[];
  columns: readonly SqlColumn[];
}

const columns = (type: SqlColumn['type'], names: string): SqlColumn[] =>
  names.split(' ').map((name) => ({ name, type }));

const COUNTS = [...columns('integer', 'status requests ok failed'), ...columns('credits', 'credits')];

/**
 * Tables of `headroom sql`, with columns named like the fields of an event. `day` is a day of the report zone, times are ISO
 * 8601 in UTC, `client` is the id as sent and `client_name` the shown name.
 */
export const TABLES: readonly SqlTable[] = [
  {
    name: 'events',
    parts: ['day'],
    columns: [
      ...columns('text', 'time day client client_name method route'),
      ...columns('integer', 'status'),
      ...columns('text', 'user ip module api_version function initiator kind scope source'),
      ...columns('integer', 'count records'),
      ...columns('credits', 'credits'),
      ...columns('real', 'duration_ms'),
      ...columns('text', 'received_time id'),
    ],
  },
  {
    name: 'hourly',
    parts: ['day', 'dimension'],
    columns: [...columns('text', 'time day dimension value client_name'), ...COUNTS],
  },
  {
    name: 'daily',
    parts: ['day', 'dimension'],
    columns: [...columns('text', 'day dimension value client_name'), ...COUNTS],
  },
  {
    name: 'minutes',
    parts: ['day', 'scope'],
    columns: [
      ...columns('text', 'time day scope'),
      ...columns('integer', 'requests single_requests'),
      ...columns('credits', 'credits'),
    ],
  },
  {
    name: 'pools',
    parts: [],
    columns: [
      ...columns('text', 'scope scope_title pool kind period period_from period_until'),
      ...columns('credits', 'amount used left'),
      ...columns('real', 'percent'),
      ...columns('text', 'level'),
      ...columns('integer', 'draw_order drawn_now'),
    ],
  },
  {
    name: 'draws',
    parts: ['scope'],
    columns: [...columns('text', 'day scope pool'), ...columns('credits', 'credits')],
  },
  {
    name: 'sources',
    parts: [],
    columns: [
      ...columns('text', 'name adapter created_time revoked_time last_received_time last_event_time'),
      ...columns('integer', 'accepted duplicates conflicts rejected without_id late'),
    ],
  },
];

/** Lists the columns that rows of a part hold, in order. */
export function rowColumns({ parts, columns: all }: SqlTable): SqlColumn[] {
  return all.filter(({ name }) => !parts.includes(name as PartKey));
}

export function getTable(name: string): SqlTable {
  return TABLES.find((table) => table.name === name)!;
}
