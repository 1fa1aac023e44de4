import { HeadroomError } from '../errors.ts';
import type { Entry } from './entries.ts';
import { type FieldMap, FieldMapper, OWN_NAMES } from './field-map.ts';
import type { Cutter, FileRecord } from './import-content.ts';

/** Names of columns by field of an event (src/domain/README.md). Earlier names go first: `time` before `date`, which has no clock. */
const MAP: FieldMap = {
  ...OWN_NAMES,
  time: 'time|timestamp|datetime|date',
  client: 'client|client_id',
  url: 'url|path|uri',
  status: 'status|status_code',
  user: 'user|user_id',
  ip: 'ip|ip_address|client_ip',
  api_version: 'api_version|version',
  count: 'count|requests|calls',
  duration_ms: 'duration_ms|duration|latency_ms',
};
const COLUMNS = Object.entries(MAP).map(([field, names]) => ({ field, names: names.split('|') }));

/** Delimiter and column names of a file. */
interface CsvHeader {
  delimiter: string;
  names: readonly string[];
}

/** Cells of a record. `doubt`: a cell is not closed (`open`), or has a single quotation mark `inside`. */
interface CsvCells {
  cells: string[];
  doubt?: 'open' | 'inside';
}

/** Splits a record by RFC 4180: a quoted cell may have doubled quotes and line ends. In other cells a quote is a character. */
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

/** A record spans at most 30 lines: a quotation mark that is never closed must not swallow the file. */
const MAX_RECORD_LINES = 30;

/**
 * Joins lines to one record if a quoted cell spans them. If that makes no valid record, the first line is a record by itself, so
 * that a stray quotation mark spoils no other row.
 */
export function createCsvCutter(headerLine: string): Cutter {
  const { delimiter, names } = readHeader(headerLine);
  let waiting: FileRecord[] = [];

  function* settle(isLast: boolean): Generator<FileRecord> {
    for (let count = 1; count <= waiting.length; ) {
      const text = waiting
        .slice(0, count)
        .map((line) => line.text)
        .join('\n');
      const { cells, doubt } = splitCsvRecord(text, delimiter);
      if (doubt === 'open' && count < MAX_RECORD_LINES) {
        count += 1;
        if (count <= waiting.length) continue;
        if (!isLast) return;
      }
      const isWhole = !text.includes('"') || (doubt === undefined && cells.length === names.length);
      const taken = waiting.slice(0, isWhole ? count : 1);
      const size = taken.reduce((sum, line) => sum + line.size, 0);
      yield { ...taken.at(-1)!, text: isWhole ? text : taken[0]!.text, size, lines: taken.length };
      waiting = waiting.slice(taken.length);
      count = 1;
    }
  }

  return function* cut(lines, isLast) {
    for (const line of lines) {
      if (waiting.length === 0 && !line.text.includes('"')) {
        yield line;
        continue;
      }
      waiting.push(line);
      yield* settle(false);
    }
    if (isLast) yield* settle(true);
  };
}

/** Tells whether a first line names columns that we know. */
export function looksLikeCsvHeader(line: string): boolean {
  const known = listKnown(readHeader(line));
  return known.length >= 2 || known.some(({ field }) => field === 'client');
}

/**
 * Creates a reader for the records after a header; it returns an entry or what is wrong with the record. Throws `unreadable` if
 * no column is the client, unless `clientFrom` names one, or if several columns may be the same field.
 */
export function createCsvReader(headerLine: string, clientFrom?: string): (record: string) => Entry | string {
  const header = readHeader(headerLine);
  const { delimiter, names } = header;
  const known = listKnown(header);
  const shown = names.join(', ').slice(0, 300);
  const twice = known.find(({ field, columns }) => {
    const isNamed = field === 'time' || columns[0]!.plain === field;
    return new Set(columns.map(({ plain }) => plain)).size < columns.length || (columns.length > 1 && !isNamed);
  });
  if (twice) {
    const cure = `there are ${shown}. Name one of them ${twice.field}.`;
    throw new HeadroomError('unreadable', `More than one column is ${twice.field}: ${cure}`);
  }
  if (clientFrom === undefined && !known.some(({ field }) => field === 'client')) {
    const cure = `there are ${shown}. Say which one is the client with --map client=COLUMN.`;
    throw new HeadroomError('unreadable', `No column is named client: ${cure}`);
  }
  const map = known.map(({ field, columns }) => [field, columns.map(({ name }) => name).join('|')] as const);
  const mapper = new FieldMapper(Object.fromEntries(map));

  return (record) => {
    const { cells, doubt } = splitCsvRecord(record, delimiter);
    if (doubt === 'open') return 'a cell begins with a quotation mark and is not closed; double those inside a cell';
    if (doubt === 'inside') return 'a quotation mark stands inside a quoted cell; double it';
    if (cells.length !== names.length) return `the record has ${cells.length} cells, the header ${names.length}`;
    const object: Record<string, string> = {};
    for (let column = 0; column < cells.length; column += 1) object[names[column]!] = cells[column]!;
    return { fields: mapper.read(object), object };
  };
}

/** Reads the columns of a first line, with the delimiter that gives the most known fields, then the most columns. */
function readHeader(line: string): CsvHeader {
  const text = line.replace(/^\ufeff/, '').replace(/\r$/, '');
  const [first, ...others] = [',', ';', '\t', '|'].map((delimiter): CsvHeader => {
    return { delimiter, names: splitCsvRecord(text, delimiter).cells.map((name) => name.trim()) };
  });
  return others.reduce((best, next) => {
    const more = listKnown(next).length - listKnown(best).length || next.names.length - best.names.length;
    return more > 0 ? next : best;
  }, first!);
}

/** Lists the known fields among these columns, each with its columns, the best name first. */
function listKnown({ names }: CsvHeader): { field: string; columns: { name: string; plain: string }[] }[] {
  const named = names.map((name) => ({ name, plain: name.toLowerCase().replace(/[\s-]+/g, '_') }));
  return COLUMNS.map(({ field, names: known }) => ({
    field,
    columns: known.flatMap((each) => named.filter(({ plain }) => plain === each)),
  })).filter(({ columns }) => columns.length > 0);
}
