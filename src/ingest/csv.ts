import { HeadroomError } from '../errors.ts';
import { EVENT_FIELDS, type EventFields } from './event-fields.ts';

/** Column names that stand for a field of an event (src/domain/README.md) besides the field's own name. */
const ALIASES: Readonly<Record<string, keyof EventFields>> = {
  timestamp: 'time',
  datetime: 'time',
  date: 'time',
  client_id: 'client',
  path: 'url',
  uri: 'url',
  status_code: 'status',
  user_id: 'user',
  ip_address: 'ip',
  client_ip: 'ip',
  version: 'api_version',
  requests: 'count',
  calls: 'count',
  duration: 'duration_ms',
  latency_ms: 'duration_ms',
};

const NUMBERS: ReadonlySet<string> = new Set(['status', 'count', 'records', 'credits', 'duration_ms']);
const NUMBER = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** How the rows of one CSV file are read. */
export interface CsvHeader {
  delimiter: string;
  /** The file's own names, for `--client-from`. */
  names: readonly string[];
  /** The field that each column stands for; undefined: ignored. */
  fields: readonly (string | undefined)[];
}

/** The cells of a record, and what makes them doubtful: a cell that is not closed, or a quotation mark inside one. */
interface CsvCells {
  cells: string[];
  doubt?: 'open' | 'inside';
}

/** RFC 4180: quotes doubled inside quotes, line ends kept in them. In a cell that begins with none, a quote is itself. */
function splitCsvRecord(record: string, delimiter: string): CsvCells {
  const cells: string[] = [];
  let doubt: CsvCells['doubt'];
  let at = 0;
  for (;;) {
    let end = record.indexOf(delimiter, at);
    if (record[at] !== '"') cells.push(end < 0 ? record.slice(at) : record.slice(at, end));
    else {
      let quote = record.indexOf('"', at + 1);
      for (; quote >= 0 && !closes(record, quote, delimiter); quote = record.indexOf('"', quote + 1)) {
        if (record[quote + 1] === '"') quote += 1;
        else doubt = 'inside';
      }
      if (quote < 0) return { cells: [...cells, record.slice(at)], doubt: 'open' };
      cells.push(record.slice(at + 1, quote).replaceAll('""', '"'));
      end = quote + 1 < record.length ? quote + 1 : -1;
    }
    if (end < 0) return doubt ? { cells, doubt } : { cells };
    at = end + delimiter.length;
  }
}

function closes(record: string, quote: number, delimiter: string): boolean {
  return quote + 1 === record.length || record.startsWith(delimiter, quote + 1);
}

/** Tells whether lines are one whole record, the beginning of one whose cell goes on in the next line, or neither. */
export function judgeCsvRecord(lines: string, header: CsvHeader): 'whole' | 'open' | 'broken' {
  if (!lines.includes('"')) return 'whole';
  const { cells, doubt } = splitCsvRecord(lines, header.delimiter);
  if (doubt === 'open') return 'open';
  return doubt === undefined && cells.length === header.names.length ? 'whole' : 'broken';
}

/** Whether a first line names columns of ours. */
export function looksLikeCsvHeader(line: string): boolean {
  const { fields } = readHeader(line);
  return fields.includes('client') || fields.filter((field) => field !== undefined).length >= 2;
}

/** Throws `unreadable` where no column can be the client, unless `clientFrom` says where it stands. */
export function parseCsvHeader(line: string, clientFrom: string | undefined): CsvHeader {
  const header = readHeader(line);
  const [twice] = header.twice;
  if (twice) {
    throw new HeadroomError(
      'unreadable',
      `More than one column is ${twice}: there are ${header.names.join(', ').slice(0, 300)}. Name one of them ${twice}.`,
    );
  }
  if (clientFrom !== undefined || header.fields.includes('client')) return header;
  throw new HeadroomError(
    'unreadable',
    `No column is named client: there are ${header.names.join(', ').slice(0, 300)}. Say which one is the client with --map client=COLUMN.`,
  );
}

/** The record as fields, with numbers where numbers belong, and under the file's own names. Too many cells are a fault. */
export function toCsvFields(record: string, header: CsvHeader): EventFields | string {
  const { cells, doubt } = splitCsvRecord(record, header.delimiter);
  if (doubt === 'open') return 'a cell begins with a quotation mark and is not closed; double those inside a cell';
  if (doubt === 'inside') return 'a quotation mark stands inside a quoted cell; double it';
  if (cells.length !== header.names.length) {
    return `the record has ${cells.length} cells, the header ${header.names.length}`;
  }
  const fields: Record<string, unknown> = {};
  cells.forEach((cell, column) => {
    fields[header.names[column]!] = cell;
  });
  cells.forEach((cell, column) => {
    const field = header.fields[column];
    if (field === undefined) return;
    if (cell === '') fields[field] = undefined;
    else fields[field] = NUMBERS.has(field) && NUMBER.test(cell) ? Number(cell) : cell;
  });
  return fields;
}

/** The columns of a first line, and the fields that more than one of them stands for. */
export function readHeader(line: string): CsvHeader & { twice: string[] } {
  const text = line.replace(/^\ufeff/, '').replace(/\r$/, '');
  const [first, ...others] = [',', ';', '\t', '|'].map((delimiter) => readNames(text, delimiter));
  // The delimiter that gives most known fields wins, or else the one that gives most columns.
  const { delimiter, names, plain, meant } = others.reduce((best, next) => {
    const more = countKnown(next.meant) - countKnown(best.meant) || next.names.length - best.names.length;
    return more > 0 ? next : best;
  }, first!);
  const twice: string[] = [];
  const fields = meant.map((field, column) => {
    if (field === undefined) return undefined;
    const columns = meant.flatMap((other, at) => (other === field ? [at] : []));
    if (columns.length === 1) return field;
    const named = columns.filter((at) => plain[at] === field);
    // A time of day is finer than its date.
    const best = named.length === 0 && field === 'time' ? [findFinest(columns, plain)] : named;
    if (best.length !== 1) twice.push(field);
    return best[0] === column ? field : undefined;
  });
  return { delimiter, names, fields, twice };
}

function readNames(text: string, delimiter: string) {
  const names = splitCsvRecord(text, delimiter).cells.map((name) => name.trim());
  const plain = names.map((name) => name.toLowerCase().replace(/[\s-]+/g, '_'));
  const meant = plain.map((name) =>
    EVENT_FIELDS.has(name) ? name : Object.hasOwn(ALIASES, name) ? ALIASES[name] : undefined,
  );
  return { delimiter, names, plain, meant };
}

function countKnown(fields: readonly (string | undefined)[]): number {
  return fields.filter((field) => field !== undefined).length;
}

function findFinest(columns: readonly number[], plain: readonly string[]): number {
  const order = Object.keys(ALIASES);
  return columns.reduce((best, at) => (order.indexOf(plain[at]!) < order.indexOf(plain[best]!) ? at : best));
}
