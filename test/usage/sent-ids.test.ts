import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SentIds } from '../../src/usage/sent-ids.ts';
import { size } from '../support/size.ts';

const ids = fc.array(
  fc.option(
    fc.oneof(
      fc.uuid(),
      fc.uuid().map((id) => id.toUpperCase()),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 256 }),
    ),
    { nil: undefined },
  ),
  { maxLength: 40 },
);
const read = (stored: SentIds | undefined, rows: number) => Array.from({ length: rows }, (_, row) => stored?.at(row));

it('gives back every id as it came, stored, chosen from and joined', () => {
  fc.assert(
    fc.property(ids, ids, (first, second) => {
      const stored = (sent: typeof first) => SentIds.decode(SentIds.pack(sent).encode());
      expect(read(stored(first), first.length)).toEqual(first);
      const backwards = Uint32Array.from(first, (_, row) => first.length - 1 - row);
      expect(read(SentIds.pack(first).pick(backwards), first.length)).toEqual(first.toReversed());
      const [one, other] = [first, second].map((sent) => ({ length: sent.length, ids: stored(sent) }));
      expect(read(SentIds.join([one!, other!]), first.length + second.length)).toEqual([...first, ...second]);
    }),
    { numRuns: size(300, 5000) },
  );
});

it('stores a UUID in 18 bytes, and nothing where no event has an id', () => {
  const id = '7d3f0c1e-9a4b-4c2d-8e5f-0123456789ab';
  expect(SentIds.pack([id, id]).encode()).toHaveLength(4 + 2 * 18);
  expect(SentIds.pack([undefined, undefined]).encode()).toHaveLength(0);
});

it('lets go of ids that are not wanted', () => {
  const stored = SentIds.pack(['a-jo', 'b-al', undefined]);
  expect(
    read(
      stored.keep((id) => !id.includes('jo'), 'jo'),
      3,
    ),
  ).toEqual([undefined, 'b-al', undefined]);
  expect(stored.keep((id) => !id.includes('max'), 'max')).toBeUndefined();
  const uuids = SentIds.pack(['7d3f0c1e-9a4b-4c2d-8e5f-0123456789ab', 'b-al']);
  const left = uuids.keep((id) => !id.includes('7d3f0c1e'), '7d3f0c1e');
  expect(read(left, 2)).toEqual([undefined, 'b-al']);
});
