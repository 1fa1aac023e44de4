import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FairQueue } from '../../src/ingest/intake.ts';

interface Item {
  source: number;
  place: number;
}

describe('a queue in which sources take turns', () => {
  it('lets one that has nothing waiting in after one of each other, whatever their backlog', () => {
    const queue = new FairQueue<Item>(({ source }) => source);
    for (let place = 0; place < 1000; place += 1) queue.push({ source: 1, place });
    queue.drop(queue.peek(3));
    queue.push({ source: 2, place: 0 });
    expect(queue.peek(3)).toEqual([
      { source: 1, place: 3 },
      { source: 2, place: 0 },
      { source: 1, place: 4 },
    ]);
    queue.drop(queue.peek(1));
    queue.push({ source: 3, place: 0 });
    expect(queue.peek(2).map(({ source }) => source)).toEqual([2, 1]);
  });

  it('loses nothing, keeps the order of each source, and goes on where it stopped', () => {
    const step = fc.oneof(
      fc.record({ push: fc.integer({ min: 1, max: 4 }) }),
      fc.record({ take: fc.integer({ min: 0, max: 6 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const queue = new FairQueue<Item>(({ source }) => source);
        const pushed = new Map<number, number>();
        const taken = new Map<number, number>();
        let left = 0;
        for (const done of steps) {
          if ('push' in done) {
            const place = pushed.get(done.push) ?? 0;
            queue.push({ source: done.push, place });
            pushed.set(done.push, place + 1);
            left += 1;
            continue;
          }
          const next = queue.peek(done.take + 1);
          const group = next.slice(0, done.take);
          queue.drop(group);
          left -= group.length;
          for (const { source, place } of group) {
            expect(place).toBe(taken.get(source) ?? 0);
            taken.set(source, place + 1);
          }
          if (next.length > done.take && done.take > 0) expect(queue.peek(1)).toEqual(next.slice(done.take));
          expect(queue.size).toBe(left);
        }
        expect(queue.peek(1000)).toHaveLength(left);
      }),
    );
  });
});
