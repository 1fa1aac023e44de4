import type { EventColumns } from '../usage/raw-events.ts';
import type { Cell, Part } from './part-rows.ts';

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
