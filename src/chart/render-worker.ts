import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parentPort } from 'node:worker_threads';
import type { Report } from '../domain/report.ts';
import { lowerThreadPriority } from '../thread-priority.ts';
import { buildAltText } from './alt-text.ts';
import { type RenderedChart, renderReport } from './render.ts';
import type { ChartView } from './spec/build.ts';

export interface RenderJob {
  report: Report;
  view: ChartView;
}

export type RenderOutcome =
  | { ok: true; chart: (RenderedChart & { altText: string }) | undefined }
  | { ok: false; error: unknown };

/** Bitmaps are freed with their wrappers, whose size V8 does not know (thx/resvg-js#216): left alone it keeps a hundred. */
const CHARTS_PER_COLLECTION = 10;
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

let drawn = 0;

/** Thread of the chart renderer: one report in, one outcome out. */
lowerThreadPriority();
parentPort?.on('message', async ({ report, view }: RenderJob) => {
  parentPort!.postMessage(await draw(report, view));
  drawn++;
  if (drawn % CHARTS_PER_COLLECTION === 0) setImmediate(collectGarbage);
});

async function draw(report: Report, view: ChartView): Promise<RenderOutcome> {
  try {
    const chart = await renderReport(report, { view });
    return { ok: true, chart: chart && { ...chart, altText: buildAltText(report, view) } };
  } catch (error) {
    return { ok: false, error };
  }
}
