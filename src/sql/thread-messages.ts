import type { EventColumns } from '../usage/raw-events.ts';
import type { Cell, Part } from './part-rows.ts';

/** First and last day of each table that is read by days; absent: it holds none. */
export type DaysOfTables = Readonly<Record<string, { first: number; last: number } | undefined>>;

/** Data that the thread of a statement starts with. */
export interface SqlTask {
  sql: string;
  zone: string;
  days: DaysOfTables;
  scopes: readonly string[];
}

/** Asked of the main thread, and waited for. `cursor` numbers a part that is being read. */
export type SqlCall =
  | { kind: 'next'; cursor: number; table: string; part: Part }
  | { kind: 'close'; cursor: number }
  | { kind: 'rows'; columns: readonly string[]; rows: readonly Cell[][] };

/** Texts come with the first page that needs them; `names` are shown names of clients, where they differ. */
export interface EventsMessage {
  length: number;
  columns: EventColumns;
  texts: readonly (readonly [number, string])[];
  names: readonly (readonly [number, string])[];
  /** Ids of the events as `SentIds` encodes them. */
  ids: Uint8Array<ArrayBuffer>;
}

export type SqlReply = { rows: Cell[][] } | { events: EventsMessage } | { end: true } | { error: string };

/** The thread's last word; `fault`: SQLite's, or the words of a refusal, for the person who wrote the statement. */
export type SqlEnd = { fault?: string };
