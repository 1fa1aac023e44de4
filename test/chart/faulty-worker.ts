import { parentPort } from 'node:worker_threads';
import type { RenderJob } from '../../src/chart/render.ts';
import '../../src/chart/render.ts';

/** Runs the real drawing thread, which hangs or crashes on some titles before it answers. */
parentPort?.on('message', ({ report }: RenderJob) => {
  if (report.title === 'hang') for (;;);
  if (report.title === 'exit') process.exit(7);
  if (report.title === 'throw') throw new Error('thrown in the thread');
});
