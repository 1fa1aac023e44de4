import { toDecimal } from '../domain/definition.ts';
import type { Dimension } from '../domain/dimension.ts';
import type { Thousandths } from '../domain/event.ts';
import { toJsonNumber } from '../domain/thousandths.ts';
import type { ClientNames } from '../report/client-names.ts';
import { toCsvCell } from '../report/table.ts';
import { type Cell, createIsoTimes, type Page, toEventRow } from '../sql/part-rows.ts';
import { getTable, rowColumns, type SqlColumn } from '../sql/tables.ts';
import type { EventPage } from '../usage/raw-events.ts';

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

/** Encodes RFC 4180 with one header row. A text that a spreadsheet would take for a formula gets a leading `'`. */
export function encodeCsv(what: Exported, names: Pick<ClientNames, 'nameOf'>): Encoder {
  const columns = columnsOf(what);
  const toCell = (cell: Cell, place: number) =>
    cell !== null && columns[place]!.type === 'credits' ? toDecimal(cell as Thousandths) : toCsvCell(cell);
  let text = `${columns.map(({ name }) => name).join(',')}\r\n`;
  return {
    *add(page) {
      for (const row of rowsOf(page, names)) {
        text += `${row.map(toCell).join(',')}\r\n`;
        if (text.length < PIECE) continue;
        yield text;
        text = '';
      }
    },
    *end() {
      yield text;
    },
  };
}

/** Dimensions that may be absent, in the order of their fields. */
const OPTIONAL = 'method route user ip module version function initiator kind scope source'.split(' ') as Dimension[];

/** Encodes one JSON object a line; events have the fields that `headroom import` takes. Absent fields are left out. */
export function encodeNdjson(what: Exported, names: Pick<ClientNames, 'nameOf'>): Encoder {
  const columns = columnsOf(what);
  const toValue = (cell: Cell, { type }: SqlColumn) =>
    cell !== null && type === 'credits' ? toJsonNumber(toDecimal(cell as Thousandths)) : cell;
  const writeEvents = createEventLines(names);
  return {
    *add(page) {
      if ('events' in page) {
        yield* writeEvents(page.events);
        return;
      }
      for (const row of rowsOf(page, names)) {
        const present = columns
          .map((column, place) => [column.name, toValue(row[place]!, column)])
          .filter(([, value]) => value !== null);
        yield `${JSON.stringify(Object.fromEntries(present))}\n`;
      }
    },
    *end() {},
  };
}

/**
 * Creates a writer of event lines. Millions of events have few different texts, so each is turned into JSON once, with its key, and
 * lines are joined from these.
 */
function createEventLines({ nameOf }: Pick<ClientNames, 'nameOf'>): (page: EventPage) => Generator<string> {
  const known = new Map<number, string>();
  const [timeOf, receivedOf] = [createIsoTimes(), createIsoTimes()];
  function learn({ columns, texts, length }: EventPage): void {
    for (const dimension of ['client' as const, ...OPTIONAL]) {
      const field = dimension === 'version' ? 'api_version' : dimension;
      const ids = columns[dimension];
      for (let row = 0; row < length; row += 1) {
        const id = ids[row]!;
        if (id === 0 || known.has(id)) continue;
        const text = texts.get(id)!;
        const name = dimension === 'client' ? nameOf(text) : text;
        const shown = name === text ? '' : `,"client_name":${JSON.stringify(name)}`;
        known.set(id, `,"${field}":${JSON.stringify(text)}${shown}`);
      }
    }
  }
  return function* write(page) {
    if (known.size > MOST_KNOWN) known.clear();
    learn(page);
    const { columns, ids: sentIds } = page;
    const { time, received, client, status, count, records, credits, duration } = columns;
    const ids = OPTIONAL.map((dimension) => columns[dimension]);
    let text = '';
    for (let row = 0; row < page.length; row += 1) {
      text += `{"time":"${timeOf(time[row]!)}"${known.get(client[row]!) ?? ''}`;
      for (let field = 0; field < ids.length; field += 1) {
        const id = ids[field]![row]!;
        if (id !== 0) text += known.get(id)!;
      }
      if (status[row] !== 0) text += `,"status":${status[row]}`;
      text += `,"count":${count[row]}`;
      if (records[row] !== 0) text += `,"records":${records[row]! - 1}`;
      text += `,"credits":${credits[row]! / 1000}`;
      if (duration[row] !== 0) text += `,"duration_ms":${(duration[row]! - 1) / 1000}`;
      const id = sentIds?.at(row);
      if (id !== undefined) text += `,"id":${JSON.stringify(id)}`;
      text += `,"received_time":"${receivedOf(received[row]!)}"}\n`;
      if (text.length < PIECE) continue;
      yield text;
      text = '';
    }
    if (text !== '') yield text;
  };
}

const MOST_KNOWN = 1_000_000;
