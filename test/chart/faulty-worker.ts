import { parentPort } from 'node:worker_threads';
import type { RenderJob } from '../../src/chart/render.ts';
import '../../src/chart/render.ts';

/** The real thread, but some titles hang it or bring it down before it can answer. */
parentPort?.on('message', ({ report }: RenderJob) => {
  if (report.title === 'hang') for (;;);
  if (report.title === 'exit') process.exit(7);
  if (report.title === 'throw') throw new Error('thrown in the thread');
});
