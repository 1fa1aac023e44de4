import { expect, test } from 'vitest';
import { DemoClock } from '../../src/playground/clock.ts';

test('the clock moves on, never back, and goes on from there', () => {
  const clock = new DemoClock();
  const start = clock.now();
  clock.moveTo(start + 3_600_000);
  expect(clock.now()).toBeGreaterThanOrEqual(start + 3_600_000);
  clock.moveTo(start);
  expect(clock.now()).toBeGreaterThanOrEqual(start + 3_600_000);
});

test('a move wakes those who sleep until then, an abort whoever sleeps', async () => {
  const clock = new DemoClock();
  const until = clock.sleep(60_000);
  const stop = new AbortController();
  const later = clock.sleep(24 * 3_600_000, stop.signal);
  clock.moveTo(clock.now() + 120_000);
  await until;
  stop.abort();
  await later;
  await clock.sleep(60_000, stop.signal);
});
