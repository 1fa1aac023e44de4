import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Table } from '../../src/domain/table.ts';
import { toCsv } from '../../src/report/table.ts';

const columns: Table['columns'] = [
  { key: 'name', label: 'Name', type: 'text' },
  { key: 'bar', label: '', type: 'bar' },
  { key: 'credits', label: 'Credits', type: 'credits' },
  { key: 'share_percent', label: '%', type: 'percent' },
  { key: 'at', label: 'At', type: 'time' },
  { key: 'count', label: 'Count', type: 'count', csvOnly: true },
];

it('writes every type of cell exactly, ends each line with CRLF, and leaves bars out', () => {
  const table: Table = {
    columns,
    rows: [
      ['a b', 0.5, -1250, 100 / 3, Date.parse('2026-11-20T12:00:00Z'), -3],
      ['', 1, null, 0, null, 1e15],
    ],
  };
  expect(toCsv({ table })).toBe(
    'name,credits,share_percent,at,count\r\na b,-1.25,33.333333333333336,2026-11-20T12:00:00Z,-3\r\n,,0,,1000000000000000\r\n',
  );
});

it('is read back as written by a reader of RFC 4180, but for the quote before formulas', () => {
  const text = fc.string({
    unit: fc.constantFrom('a', '"', ',', '\r', '\n', '=', '+', '-', '@', '\t', "'", ' ', 'é', '🎉'),
  });
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text), { maxLength: 5 }), (rows) => {
      const two = { columns: columns.slice(0, 1).flatMap((column) => [column, { ...column, key: 'second' }]), rows };
      const guard = (cell: string) => (/^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell);
      expect(readCsv(toCsv({ table: two }))).toEqual([['name', 'second'], ...rows.map((row) => row.map(guard))]);
    }),
  );
});

/** The grammar of RFC 4180, section 2. */
function readCsv(csv: string): string[][] {
  const records: string[][] = [[]];
  const field = /("(?:[^"]|"")*"|[^",\r\n]*)(,|\r\n)/y;
  while (field.lastIndex < csv.length) {
    const [, cell, end] = field.exec(csv)!;
    records.at(-1)!.push(cell!.startsWith('"') ? cell!.slice(1, -1).replaceAll('""', '"') : cell!);
    if (end === '\r\n') records.push([]);
  }
  return records.slice(0, -1);
}
