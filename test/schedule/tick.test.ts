import { execFileSync } from 'node:child_process';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createLogger } from '../../src/log.ts';
import { assertUtc, Tick } from '../../src/schedule/tick.ts';

const log = createLogger('silent');

it('refuses a process that does not run in UTC, naming the cure', () => {
  expect(() => assertUtc('Europe/Berlin')).toThrow('TZ=UTC');
  expect(() => assertUtc('UTC')).not.toThrow();
  const module = new URL('../../src/schedule/tick.ts', import.meta.url).href;
  const script = `import('${module}').then(({ assertUtc }) => { try { assertUtc(); } catch (e) { console.log(e.code); } })`;
  const run = (TZ: string) =>
    execFileSync(process.execPath, ['-e', script], { env: { ...process.env, TZ }, encoding: 'utf8' }).trim();
  expect(run('America/New_York')).toBe('config');
  expect(run('UTC')).toBe('');
});

it('ticks at every minute of a night in which clocks go back', async () => {
  // Berlin's clocks go back at 01:00 UTC. In a process with that zone, a bug of node-cron loses that hour.
  vi.useFakeTimers({ now: Date.parse('2027-10-31T00:00:30Z') });
  onTestFinished(() => void vi.useRealTimers());
  const minutes: string[] = [];
  const job = { name: 'note', run: async (nowMs: number) => void minutes.push(new Date(nowMs).toISOString()) };
  const tick = new Tick({ log, now: () => Date.now(), jobs: [job] });
  tick.start();
  await vi.advanceTimersByTimeAsync(3 * 3_600_000);
  await tick.stop();
  const expected = Array.from({ length: 180 }, (_, n) => Date.parse('2027-10-31T00:01:00Z') + n * 60_000);
  expect(minutes[0]).toBe('2027-10-31T00:00:30.000Z');
  expect(minutes.slice(1).map((time) => time.slice(0, 16))).toEqual(
    expected.map((ms) => new Date(ms).toISOString().slice(0, 16)),
  );
});

it.each([-3_600_000, 3_600_000])('goes on at every minute after the clock was set by %i ms', async (stepMs) => {
  vi.useFakeTimers({ now: Date.parse('2026-11-20T10:00:30Z') });
  onTestFinished(() => void vi.useRealTimers());
  const warn = vi.spyOn(console, 'warn');
  let ticks = 0;
  const job = {
    name: 'count',
    run: async () => {
      ticks += 1;
    },
  };
  const tick = new Tick({ log, now: () => Date.now(), jobs: [job] });
  tick.start();
  await vi.advanceTimersByTimeAsync(120_000);
  vi.setSystemTime(Date.now() + stepMs);
  ticks = 0;
  await vi.advanceTimersByTimeAsync(600_000);
  await tick.stop();
  expect(ticks).toBeGreaterThanOrEqual(9);
  // The log has JSON lines only, so a library must not write its own.
  expect(warn).not.toHaveBeenCalled();
});

it('does each job in turn, goes on when one fails, and once more when asked while it runs', async () => {
  const done: string[] = [];
  const gate = Promise.withResolvers<void>();
  const tick = new Tick({
    log,
    now: () => 7,
    jobs: [
      { name: 'first', run: async () => void done.push('first') },
      { name: 'failing', run: () => Promise.reject(new Error('no database')) },
      { name: 'last', run: async (nowMs) => gate.promise.then(() => void done.push(`last ${nowMs}`)) },
    ],
  });
  const running = tick.runNow();
  void tick.runNow();
  void tick.runNow();
  gate.resolve();
  await running;
  expect(done).toEqual(['first', 'last 7', 'first', 'last 7']);
  expect(tick.lastMs).toBe(7);
});
