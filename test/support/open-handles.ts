import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { afterAll, beforeAll } from 'vitest';

/**
 * Fails a test file that leaves something open: a server, connection, thread, process or interval that would keep the process
 * alive, and that later files in the same process would meet. What is about to close is waited for. Timers that fire once are
 * left out: they end by themselves, and Slack's Socket Mode client leaves some for half a minute.
 */

const PATIENCE_MS = 10_000;
const ONCE = 'Timeout';
const intervals = new Set<NodeJS.Timeout>();
const threads = new Set<Worker>();
let before: string[] = [];

// Opened at their first use, for as long as the process lives.
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

/** Kinds of what is open now and was not at the beginning, as Node calls them. */
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
