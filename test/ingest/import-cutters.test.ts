import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCsvCutter } from '../../src/ingest/csv.ts';
import { type Cutter, createJsonCutter, type FileRecord, LineCutter } from '../../src/ingest/import-content.ts';

function* chunksOf(content: Uint8Array, sizes: readonly number[]): Generator<Uint8Array> {
  for (let at = 0, turn = 0; at < content.length; turn += 1) {
    const size = sizes[turn % sizes.length]!;
    yield content.subarray(at, at + size);
    at += size;
  }
}

function cut(content: Uint8Array, sizes: readonly number[], isTextLog: boolean, cutter?: Cutter): FileRecord[] {
  const lines = new LineCutter(1 << 20, isTextLog);
  const records: FileRecord[] = [];
  const join: Cutter = cutter ?? ((found) => found);
  for (const chunk of chunksOf(content, sizes)) records.push(...join(lines.push(chunk), false));
  return [...records, ...join(lines.end(), true)];
}

const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 });
const sizeOf = (records: readonly FileRecord[]): number => records.reduce((sum, { size }) => sum + size, 0);

describe('records of a file', () => {
  it('take each of its bytes once, however it is read', () => {
    const byte = fc.constantFrom(...Buffer.from('a" ,\r\n\n\u00e9'), 0xff, 0x22);
    fc.assert(
      fc.property(fc.array(byte), sizes, (bytes, chunks) => {
        const content = Buffer.from([120, 10, ...bytes]);
        for (const cutter of [undefined, createCsvCutter('a,b')]) {
          const records = cut(content, chunks, cutter === undefined, cutter);
          expect(sizeOf(records)).toBe(content.length);
          const whole = cut(content, [1000], cutter === undefined, cutter && createCsvCutter('a,b'));
          expect(records.map(({ text }) => text)).toEqual(whole.map(({ text }) => text));
        }
      }),
    );
  });

  it('of JSON are each entry once, wherever the file ends at first and whatever it becomes', () => {
    const note = fc.string({ unit: fc.constantFrom('{', '}', '[', ']', '"', ',', '\\', '\n', 'é') });
    const entry = fc.record({ client: fc.constantFrom('a', 'b'), note, tags: fc.array(fc.nat(9)) });
    const styles: ((all: object[]) => string)[] = [
      (all) => JSON.stringify(all),
      (all) => `${JSON.stringify(all, null, 2)}\n`,
      (all) => `[${all.map((each) => JSON.stringify(each)).join(',\n')}]\n`,
      (all) => `[\r\n${all.map((each) => JSON.stringify(each)).join(',\r\n')}\r\n]`,
      (all) => JSON.stringify({ events: all, next: 'x' }),
      (all) => JSON.stringify({ total: 1, events: all, next: 'x' }, null, 2),
      (all) => all.map((each) => `${JSON.stringify(each, null, 2)}\n`).join(''),
    ];
    fc.assert(
      fc.property(
        fc.array(entry, { minLength: 1 }),
        fc.constantFrom(...styles),
        fc.nat(),
        sizes,
        (all, write, at, chunks) => {
          const text = write(all);
          const content = Buffer.from(text);
          const end = at % (content.length + 1);
          const first = cut(
            content.subarray(0, end),
            chunks,
            false,
            createJsonCutter(content.toString('utf8', 0, end), true),
          );
          const taken = sizeOf(first);
          const second = cut(content.subarray(taken), chunks, false, createJsonCutter(text, taken === 0));
          const values = [...first, ...second].filter(({ finished }) => finished).flatMap(({ value }) => value ?? []);
          expect(values).toEqual(all);
          expect(second.every(({ text: left, value }) => value !== undefined || left === '')).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });
});
