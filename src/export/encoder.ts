import type { ClientNames } from '../report/client-names.ts';
import { toEventRow } from '../sql/event-row.ts';
import type { Cell, Page } from '../sql/part-rows.ts';
import { getTable, rowColumns, type SqlColumn } from '../sql/tables.ts';

export const EXPORT_FORMATS = ['ndjson', 'csv', 'parquet'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];
export type Exported = 'events' | 'daily';

/** Turns pages into the bytes of a file, in pieces that are small enough to be written at once. */
export interface Encoder {
  add(page: Page): Iterable<string | Uint8Array>;
  end(): Iterable<string | Uint8Array>;
}

/** A piece has about this many characters. */
export const PIECE = 256 * 1024;

/** Returns the columns of an export: those of the table, except for the day of events, which follows from their time. */
export function columnsOf(what: Exported): readonly SqlColumn[] {
  const table = getTable(what);
  return what === 'events' ? rowColumns(table) : table.columns;
}

/** Yields the rows of a page, each in the order of `columnsOf`. */
export function* rowsOf(page: Page, { nameOf }: Pick<ClientNames, 'nameOf'>): Generator<readonly Cell[]> {
  if ('rows' in page) {
    yield* page.rows;
    return;
  }
  const { length, columns, texts, ids } = page.events;
  const textOf = (id: number): string | null => texts.get(id) ?? null;
  const of = { textOf, nameOf: (id: number) => nameOf(texts.get(id)!), idAt: (row: number) => ids?.at(row) };
  for (let row = 0; row < length; row += 1) yield toEventRow(columns, row, of);
}
