import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Batch, concatenate, gather, sortBy } from '../../src/usage/batch.ts';
import { Grouping } from '../../src/usage/grouping.ts';
import { decodeSegment, encodeSegment, Segment } from '../../src/usage/segment.ts';

/** Tables of three columns: keys, sums that may be large or negative, and one that is left out if it is all 0. */
const batches: fc.Arbitrary<Batch> = fc.integer({ min: 0, max: 60 }).chain((length) => {
  const column = (value: fc.Arbitrary<number>) => fc.array(value, { minLength: length, maxLength: length });
  const keys = fc.oneof(column(fc.constant(7)), column(fc.nat(3)), column(fc.nat(70_000)), column(fc.nat(0xffffffff)));
  const sums = fc.oneof(
    column(fc.constant(0)),
    column(fc.integer({ min: -1000, max: 1000 })),
    column(fc.maxSafeInteger()),
  );
  return fc.tuple(keys, sums, column(fc.nat(2))).map(([client, credits, status]) => ({
    length,
    columns: {
      client: Uint32Array.from(client),
      credits: Float64Array.from(credits),
      status: Uint32Array.from(status),
    },
  }));
});

const rowsOf = (batch: Batch): number[][] =>
  Array.from({ length: batch.length }, (_, row) =>
    (['client', 'credits', 'status'] as const).map((name) => batch.columns[name]?.[row] ?? 0),
  );

describe('a segment', () => {
  it('gives back what was put in, wherever its bytes lie in memory', () => {
    fc.assert(
      fc.property(batches, fc.nat(7), (batch, offset) => {
        const bytes = encodeSegment(batch);
        const moved = new Uint8Array(bytes.length + offset).subarray(offset);
        moved.set(bytes);
        expect(rowsOf(decodeSegment(moved))).toEqual(rowsOf(batch));
      }),
    );
  });

  it('reads chosen rows of a column, and chooses rows by the value of a column', () => {
    fc.assert(
      fc.property(batches, fc.func(fc.boolean()), fc.boolean(), (batch, wanted, beyond) => {
        const segment = new Segment(encodeSegment(batch));
        const rows = Uint32Array.from({ length: batch.length }, (_, row) => row).filter((row) => wanted(row));
        expect([...segment.read('credits', rows)]).toEqual([...rows].map((row) => batch.columns.credits![row]));
        const marks = Uint8Array.of(0, 1, 0, 1);
        const expected = [...rows].filter((row) => {
          const value = batch.columns.client![row]!;
          return value < 4 ? marks[value] === 1 : beyond;
        });
        expect([...segment.select('client', marks, beyond, rows)]).toEqual(expected);
      }),
    );
  });

  it('finds one value of the column that its rows are sorted by as a plain search does', () => {
    fc.assert(
      fc.property(batches, fc.nat(5), (batch, value) => {
        const sorted = sortBy(batch, 'client');
        const marks = new Uint8Array(value + 1);
        marks[value] = 1;
        const found = new Segment(encodeSegment(sorted, 'client')).select('client', marks, false);
        expect([...found]).toEqual([...new Segment(encodeSegment(sorted)).select('client', marks, false)]);
        const plain = rowsOf(batch).filter(([client]) => client === value);
        expect(rowsOf(gather(sorted, found))).toEqual(plain);
      }),
    );
  });

  it('holds long runs and credits that follow from requests in little room, and reads them as plain ones', () => {
    const lengths = fc.array(fc.integer({ min: 20, max: 200 }), { minLength: 1, maxLength: 5 });
    const factors = fc.constantFrom(1000, 250, -1, 7);
    fc.assert(
      fc.property(
        lengths,
        factors,
        fc.func(fc.boolean()),
        fc.uint8Array({ maxLength: 6 }),
        (runs, factor, wanted, marks) => {
          const client = Uint32Array.from(runs.flatMap((length, run) => new Array<number>(length).fill(run * 3)));
          const requests = Float64Array.from(client, (_, row) => 2 * (1 + (row % 7)));
          const credits = requests.map((count) => count * factor);
          const batch: Batch = { length: client.length, columns: { client, requests, credits } };
          const bytes = encodeSegment(batch, 'client');
          expect(bytes.length).toBeLessThan(100 + 2 * batch.length);
          const segment = new Segment(bytes);
          const rows = Uint32Array.from(client, (_, row) => row).filter((row) => wanted(row));
          for (const [name, values] of [
            ['client', client],
            ['credits', credits],
          ] as const) {
            expect([...segment.read(name)]).toEqual([...values]);
            for (const order of [rows, rows.toReversed()])
              expect([...segment.read(name, order)]).toEqual([...order].map((row) => values[row]));
          }
          const accepted = marks.map((mark) => mark % 2);
          const plain = new Segment(encodeSegment(batch));
          for (const beyond of [true, false])
            for (const among of [undefined, rows])
              expect([...segment.select('client', accepted, beyond, among)]).toEqual([
                ...plain.select('client', accepted, beyond, among),
              ]);
        },
      ),
    );
  });

  it('refuses a blob of another format', () => {
    const bytes = encodeSegment({ length: 0, columns: {} });
    bytes[0] = 9;
    expect(() => new Segment(bytes)).toThrow('format 9');
  });

  it('keeps rows together when they are picked and joined', () => {
    fc.assert(
      fc.property(batches, batches, (first, second) => {
        const joined = concatenate([first, second]);
        expect(rowsOf(joined)).toEqual([...rowsOf(first), ...rowsOf(second)]);
        const reversed = Uint32Array.from({ length: joined.length }, (_, row) => joined.length - 1 - row);
        expect(rowsOf(gather(joined, reversed))).toEqual(rowsOf(joined).reverse());
      }),
    );
  });
});

describe('grouping', () => {
  const small = fc.array(
    fc.record({
      client: fc.nat(3),
      route: fc.nat(2),
      user: fc.nat(2),
      status: fc.nat(1),
      slot: fc.nat(1),
      requests: fc.integer({ min: 0, max: 9 }),
    }),
    { maxLength: 200 },
  );
  const toBatch = (rows: readonly Record<string, number>[]): Batch => {
    const pick = (name: string): number[] => rows.map((row) => row[name]!);
    const keys = ['client', 'route', 'user', 'status', 'slot'] as const;
    const columns: Batch['columns'] = { requests: Float64Array.from(pick('requests')) };
    for (const name of keys) columns[name] = Uint32Array.from(pick(name));
    return { length: rows.length, columns };
  };

  it('sums what a plain map sums, for any number of keys and any division into batches', () => {
    const keySets = fc.subarray(['client', 'route', 'user', 'status', 'slot'] as const);
    fc.assert(
      fc.property(small, small, keySets, (first, second, keys) => {
        const grouping = new Grouping(keys, ['requests']);
        grouping.add(toBatch(first));
        grouping.add(toBatch(second));
        const plain = new Map<string, number>();
        for (const row of [...first, ...second]) {
          const name = keys.map((key) => row[key]).join();
          plain.set(name, (plain.get(name) ?? 0) + row.requests);
        }
        const cells = grouping.toBatch();
        const found = Array.from({ length: cells.length }, (_, row) => [
          keys.map((key) => cells.columns[key]![row]).join(),
          cells.columns.requests![row],
        ]);
        expect(new Map(found as [string, number][])).toEqual(
          new Map([...plain].filter(([, requests]) => requests !== 0)),
        );
      }),
    );
  });

  it('leaves nothing of rows that are taken out again, among many groups', () => {
    const rows = Array.from({ length: 5000 }, (_, row) => ({
      client: row,
      route: row % 7,
      user: row % 3,
      status: 200,
      slot: 0,
      requests: 1,
    }));
    const grouping = new Grouping(['client', 'route', 'status'], ['requests']);
    grouping.add(toBatch(rows.slice(0, 10)));
    grouping.add(toBatch(rows));
    expect(grouping.size).toBe(5000);
    grouping.add(toBatch(rows), { sign: -1 });
    expect(grouping.toBatch().length).toBe(10);
  });
});
