import { expect, it } from 'vitest';
import { backoffMs } from '../../src/domain/calendar.ts';

it('pauses grow from the first to the longest, however many failures', () => {
  const pause = (failures: number) => backoffMs(failures, { firstMs: 250, longestMs: 5000 });
  expect([1, 2, 3, 4, 5, 6, 7, 1000].map(pause)).toEqual([250, 500, 1000, 2000, 4000, 5000, 5000, 5000]);
});
