import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { afterAll, beforeAll } from 'vitest';

/**
 * Fails a test file that leaves a server, connection, thread, process or interval open. These would keep the process alive and
 * disturb later files in it. Handles get ten seconds to close. Timers that fire once are ignored: they end by themselves, and
 * Slack's Socket Mode client leaves some for half a minute.
 */

const PATIENCE_MS = 10_000;
const ONCE = 'Timeout';
const intervals = new Set<NodeJS.Timeout>();
const threads = new Set<Worker>();
let before: string[] = [];

// Node opens these at their first use and keeps them open: opening them now makes them known before the first test.
void [process.stdin, process.stdout, process.stderr];

const { setInterval: set, clearInterval: clear } = globalThis;
globalThis.setInterval = Object.assign((...args: Parameters<typeof set>) => {
  const interval = set(...args);
  intervals.add(interval);
  return interval;
}, set);
globalThis.clearInterval = (interval) => {
  intervals.delete(interval as NodeJS.Timeout);
  clear(interval);
};

function follow(thread: Worker): void {
  threads.add(thread);
  thread.once('exit', () => threads.delete(thread));
}

beforeAll(() => {
  process.on('worker', follow);
  before = process.getActiveResourcesInfo();
});

afterAll(async () => {
  globalThis.setInterval = set;
  globalThis.clearInterval = clear;
  const untilMs = performance.now() + PATIENCE_MS;
  let left = listLeft();
  while (left.length > 0 && performance.now() < untilMs) {
    await sleep(20);
    left = listLeft();
  }
  process.off('worker', follow);
  if (left.length > 0) throw new Error(`Left open by this file: ${left.join(', ')}. Close it after the test.`);
});

/** Lists the kinds of handles, by Node's names, that are open now and were not at the beginning. */
function listLeft(): string[] {
  const known = [...before];
  const opened = process.getActiveResourcesInfo().filter((kind) => {
    const at = known.indexOf(kind);
    if (at >= 0) known.splice(at, 1);
    return at < 0 && kind !== ONCE;
  });
  const ticking = [...intervals].filter((interval) => interval.hasRef());
  return [...opened, ...ticking.map(() => 'interval'), ...[...threads].map(() => 'thread')];
}
