import { HeadroomError } from '../errors.ts';
import type { EventFields } from './event-fields.ts';

/** Column names that stand for a field of PRODUCT.md §2 besides the field's own name. */
const ALIASES: Readonly<Record<string, keyof EventFields>> = {
  timestamp: 'time',
  date: 'time',
  datetime: 'time',
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

const FIELDS: ReadonlySet<string> = new Set<keyof EventFields>([
  'id',
  'time',
  'client',
  'method',
  'url',
  'route',
  'status',
  'user',
  'ip',
  'module',
  'api_version',
  'function',
  'initiator',
  'kind',
  'scope',
  'count',
  'records',
  'credits',
  'duration_ms',
]);

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

/** The cells of one record (RFC 4180: quotes doubled inside quotes, line ends kept in them). */
function splitCsvRecord(record: string, delimiter: string): string[] {
  const cells: string[] = [];
  let at = 0;
  for (;;) {
    if (record[at] === '"') {
      let end = record.indexOf('"', at + 1);
      while (end >= 0 && record[end + 1] === '"') end = record.indexOf('"', end + 2);
      if (end < 0) end = record.length;
      cells.push(record.slice(at + 1, end).replaceAll('""', '"'));
      at = record.indexOf(delimiter, end + 1);
    } else {
      const end = record.indexOf(delimiter, at);
      cells.push(end < 0 ? record.slice(at) : record.slice(at, end));
      at = end;
    }
    if (at < 0) return cells;
    at += delimiter.length;
  }
}

/** Whether a first line names columns of ours. */
export function looksLikeCsvHeader(line: string): boolean {
  const { fields } = readHeader(line);
  return fields.includes('client') || fields.filter((field) => field !== undefined).length >= 2;
}

/** Throws `unreadable` where no column can be the client, unless `clientFrom` says where it stands. */
export function parseCsvHeader(line: string, clientFrom: string | undefined): CsvHeader {
  const header = readHeader(line);
  if (clientFrom !== undefined || header.fields.includes('client')) return header;
  throw new HeadroomError(
    'unreadable',
    `No column is named client: there are ${header.names.join(', ').slice(0, 300)}. Say which one is the client with --client-from.`,
  );
}

/** The record as fields, with numbers where numbers belong, and under the file's own names. Too many cells are a fault. */
export function toCsvFields(record: string, header: CsvHeader): EventFields | string {
  const cells = splitCsvRecord(record, header.delimiter);
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

function readHeader(line: string): CsvHeader {
  const text = line.replace(/^\ufeff/, '').replace(/\r$/, '');
  const delimiter = [',', ';', '\t'].reduce((best, candidate) =>
    text.split(candidate).length > text.split(best).length ? candidate : best,
  );
  const names = splitCsvRecord(text, delimiter).map((name) => name.trim());
  const fields = names.map((name) => {
    const field = name.toLowerCase().replace(/[\s-]+/g, '_');
    if (FIELDS.has(field)) return field;
    return Object.hasOwn(ALIASES, field) ? ALIASES[field] : undefined;
  });
  return { delimiter, names, fields };
}
