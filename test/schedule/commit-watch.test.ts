import { expect, it } from 'vitest';
import { createLogger } from '../../src/log.ts';
import { CommitWatch } from '../../src/schedule/commit-watch.ts';

it('calls once for each change that others made, and goes on after a failed look', async () => {
  const marks = ['1', '1', new Error('database is locked'), '2', '2'];
  let commits = 0;
  const watch = new CommitWatch({
    findMark: async () => {
      const mark = marks.shift()!;
      if (mark instanceof Error) throw mark;
      return mark;
    },
    onCommit: () => {
      commits += 1;
    },
    clock: { now: () => 0, sleep: async () => {} },
    log: createLogger('silent'),
  });
  const seen: number[] = [];
  while (marks.length > 0) {
    await watch.look();
    seen.push(commits);
  }
  expect(seen).toEqual([1, 1, 1, 2, 2]);
});
