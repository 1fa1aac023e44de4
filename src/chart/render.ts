import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isMainThread, parentPort } from 'node:worker_threads';
import { Resvg } from '@resvg/resvg-js';
import * as vega from 'vega';
import { compile } from 'vega-lite';
import type { Report } from '../domain/report.ts';
import { lowerThreadPriority } from '../thread-priority.ts';
import { buildAltText } from './alt-text.ts';
import { encodePng } from './png.ts';
import { buildSpec, type ChartView } from './spec/build.ts';
import type { ChartSpec } from './spec/frame.ts';
import { type CanDraw, createGlyphProbe, fontOptions, measureText } from './text.ts';
import { CONFIG, MEANT_COLORS, SCALE } from './theme.ts';

interface RenderedChart {
  png: Uint8Array;
  width: number;
  height: number;
  /** Warnings of Vega-Lite; none is expected. */
  warnings: string[];
}

interface TextItem {
  fontSize?: number;
  fontWeight?: number | string;
  limit?: number;
}

// Without node-canvas vega guesses 0.8 em a character, a third too wide. Not part of its typed interface.
const { textMetrics } = vega as unknown as { textMetrics: { width(item: TextItem, text: unknown): number } };
textMetrics.width = (item, text) => {
  const width = measureText(String(text ?? ''), item.fontSize ?? 11, Number(item.fontWeight) >= 600 ? 600 : 400);
  return item.limit ? Math.min(width, item.limit) : width;
};

const probeGlyphs = createGlyphProbe();

/** Draws a report in this thread, 880 px wide and opaque; undefined where there is nothing to draw. */
export async function renderReport(
  report: Report,
  { view = 'graph', canDraw = probeGlyphs }: { view?: ChartView; canDraw?: CanDraw } = {},
): Promise<RenderedChart | undefined> {
  const spec = buildSpec(report, view, canDraw);
  if (!spec) return undefined;
  const { svg, warnings } = await toSvg(spec);
  const image = new Resvg(svg, {
    fitTo: { mode: 'zoom', value: SCALE },
    font: fontOptions(svg),
  }).render();
  // `.pixels`, not `.asPng()`: that leaks until garbage collection in resvg-js 2.6.2 (thx/resvg-js#216).
  const { width, height, pixels } = image;
  return { png: encodePng(pixels, width, height, MEANT_COLORS), width, height, warnings };
}

/** SVG text of a spec, and what Vega-Lite or Vega warned about on the way. */
export async function toSvg(spec: ChartSpec): Promise<{ svg: string; warnings: string[] }> {
  const warnings: string[] = [];
  const logger = collectWarnings(warnings);
  const { spec: compiled } = compile(spec, {
    logger,
    config: CONFIG,
  });
  const view = new vega.View(vega.parse(compiled), { renderer: 'none', logger });
  try {
    return { svg: await view.toSVG(), warnings };
  } finally {
    view.finalize();
  }
}

function collectWarnings(warnings: string[]): vega.LoggerInterface {
  const keep = (...parts: readonly unknown[]) => {
    warnings.push(parts.map(String).join(' '));
    return logger;
  };
  const logger = {
    level: () => logger,
    warn: keep,
    error: keep,
    info: () => logger,
    debug: () => logger,
  } as unknown as vega.LoggerInterface;
  return logger;
}

export interface RenderJob {
  report: Report;
  view: ChartView;
}

export type RenderOutcome =
  | { ok: true; chart: (RenderedChart & { altText: string }) | undefined }
  | { ok: false; error: unknown };

/** Bitmaps are freed with their wrappers, whose size V8 does not know (thx/resvg-js#216): left alone it keeps a hundred. */
const CHARTS_PER_COLLECTION = 10;
async function draw(report: Report, view: ChartView): Promise<RenderOutcome> {
  try {
    const chart = await renderReport(report, { view });
    return { ok: true, chart: chart && { ...chart, altText: buildAltText(report, view) } };
  } catch (error) {
    return { ok: false, error };
  }
}

/** Thread of the chart renderer: one report in, one outcome out. */
if (!isMainThread) {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  lowerThreadPriority();
  let drawn = 0;
  parentPort?.on('message', async ({ report, view }: RenderJob) => {
    parentPort!.postMessage(await draw(report, view));
    drawn++;
    if (drawn % CHARTS_PER_COLLECTION === 0) setImmediate(collectGarbage);
  });
}
