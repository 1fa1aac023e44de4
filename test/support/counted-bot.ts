import type { Worker } from 'node:worker_threads';
import cron from 'node-cron';
import { createApp } from '../../src/app.ts';
import { parseConfig } from '../../src/config.ts';
import { IntakeThread } from '../../src/ingest/intake-thread.ts';
import { DemoClock } from '../../src/playground/clock.ts';
import { AlertEvaluator } from '../../src/schedule/alert-evaluator.ts';
import { takeCalled } from './precise-coverage.ts';

// Runs the bot in a child process that tells its parent which functions were called. Jobs of the clock run when the parent
// asks. Repeated work, such as heartbeats and looking for work of other processes, is sped up so that a second shows all of it.

/** Requests of the parent. Each is answered once it is done. */
export type Asked =
  | { what: 'start' | 'take' | 'fold' | 'stop' }
  /** Runs the jobs of a minute, without alerts: these are started by commits. */
  | { what: 'tick'; atMs: number };

const OFTEN_MS = 50;
/** Pauses up to this are between two rounds of repeated work and are shortened. Longer ones wait for something, and stay. */
const LONGEST_LOOK_MS = 1000;
/** After this many pauses, every repeated job has run. */
const LOOKS = 20;

const { setInterval: set } = globalThis;
globalThis.setInterval = Object.assign(
  (work: () => void, ms: number) => set(work, Math.min(ms, OFTEN_MS)),
  set,
) as typeof set;
cron.schedule = (() => ({ destroy() {} })) as unknown as typeof cron.schedule;
AlertEvaluator.prototype.evaluateAll = async () => true;

const threads = new Set<Worker>();
process.on('worker', (thread) => {
  threads.add(thread);
  thread.once('exit', () => threads.delete(thread));
});
let intake: IntakeThread | undefined;
const { start } = IntakeThread.prototype;
IntakeThread.prototype.start = function () {
  intake = this;
  return start.call(this);
};

const clock = new DemoClock(Number(process.argv[2]));
let looks = 0;
const app = createApp(parseConfig(process.env, 'slack'), {
  clock: {
    now: clock.now,
    sleep: async (ms, signal) => {
      await clock.sleep(ms > LONGEST_LOOK_MS ? ms : Math.min(ms, OFTEN_MS), signal);
      looks += 1;
    },
  },
});

async function answer(asked: Asked): Promise<unknown> {
  switch (asked.what) {
    case 'start':
      await app.start();
      return app.url;
    case 'take':
      for (const until = looks + LOOKS; looks < until; ) await clock.sleep(OFTEN_MS);
      return takeCalled(threads.size);
    case 'fold':
      return intake!.fold();
    case 'tick':
      clock.moveTo(asked.atMs);
      return app.tick();
    case 'stop':
      return app.stop();
  }
}

process.on('message', (asked: Asked) => {
  answer(asked)
    .then(
      (done) => process.send!({ done }),
      (error) => process.send!({ fault: String(error) }),
    )
    .then(() => asked.what === 'stop' && process.disconnect?.());
});
