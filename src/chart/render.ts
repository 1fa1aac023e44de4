import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isMainThread, parentPort } from 'node:worker_threads';
import { crc32, deflateSync } from 'node:zlib';
import { Resvg } from '@resvg/resvg-js';
import * as vega from 'vega';
import { compile } from 'vega-lite';
import type { Report } from '../domain/report.ts';
import { lowerThreadPriority } from '../threads.ts';
import { buildAltText } from './alt-text.ts';
import { buildSpec, type ChartView } from './spec/build.ts';
import type { ChartSpec } from './spec/frame.ts';
import { type CanDraw, createGlyphProbe, fontOptions, measureText } from './text.ts';
import { CONFIG, MEANT_COLORS, SCALE } from './theme.ts';

interface RenderedChart {
  png: Uint8Array;
  width: number;
  height: number;
  /** Warnings of Vega-Lite; there should be none. */
  warnings: string[];
}

interface TextItem {
  fontSize?: number;
  fontWeight?: number | string;
  limit?: number;
}

// Measure text exactly: without node-canvas Vega guesses 0.8 em per character, a third too wide. `textMetrics` is not part of its
// typed interface.
const { textMetrics } = vega as unknown as { textMetrics: { width(item: TextItem, text: unknown): number } };
textMetrics.width = (item, text) => {
  const width = measureText(String(text ?? ''), item.fontSize ?? 11, Number(item.fontWeight) >= 600 ? 600 : 400);
  return item.limit ? Math.min(width, item.limit) : width;
};

const probeGlyphs = createGlyphProbe();

/** Draws a report in this thread, 880 px wide and opaque; undefined if there is nothing to draw. */
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

/** Returns the SVG of a spec, with the warnings of Vega-Lite and Vega. */
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

/**
 * Collect garbage after this many charts. V8 does not know the size of bitmaps (thx/resvg-js#216) and would keep a hundred of them.
 */
const CHARTS_PER_COLLECTION = 10;
async function draw(report: Report, view: ChartView): Promise<RenderOutcome> {
  try {
    const chart = await renderReport(report, { view });
    return { ok: true, chart: chart && { ...chart, altText: buildAltText(report, view) } };
  } catch (error) {
    return { ok: false, error };
  }
}

/** Runs the thread of the chart renderer: one report in, one outcome out. */
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

/** 16 colours fit two pixels into a byte: half the bytes to compress, and a quarter less after it. */
const MAX_COLORS = 16;
/**
 * Extra shades for soft edges of letters and bars, which take the nearest one. More would make an image larger without a visible
 * difference.
 */
const SHADES = 5;

/**
 * Encodes an opaque image as PNG with a palette: the `meant` colours (`#rrggbb`) that occur, then the most frequent ones. Source:
 * https://www.w3.org/TR/png-3/.
 */
export function encodePng(rgba: Uint8Array, width: number, height: number, meant: readonly string[]): Uint8Array {
  const { palette, rows } = toPalette(rgba, width, height, new Set(meant.map(toPixel)));
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([4, 3], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    toChunk('IHDR', header),
    toChunk('PLTE', palette),
    toChunk('IDAT', deflateSync(rows, { level: 6, memLevel: 9 })),
    toChunk('IEND', new Uint8Array()),
  ]);
}

/**
 * Returns rows of palette indices, each after its filter byte 0. Index 0 is the most frequent colour, which fills most of each row.
 */
function toPalette(
  rgba: Uint8Array,
  width: number,
  height: number,
  meant: ReadonlySet<number>,
): { palette: Uint8Array; rows: Uint8Array } {
  const aligned = rgba.byteOffset % 4 === 0 ? rgba : Uint8Array.from(rgba);
  const pixels = new Uint32Array(aligned.buffer, aligned.byteOffset, width * height);
  const { colors, counts, runs } = findRuns(pixels, width);
  const weightOf = (index: number) => counts[index]! + (meant.has(colors[index]!) ? pixels.length : 0);
  const room = Math.min(MAX_COLORS, colors.filter((color) => meant.has(color)).length + SHADES);
  const kept = [...colors.keys()].sort((a, b) => weightOf(b) - weightOf(a)).slice(0, room);
  const keptColors = kept.map((index) => colors[index]!);
  const nearest = colors.map((color) => findNearest(color, keptColors));
  const stride = 1 + Math.ceil(width / 2);
  const rows = new Uint8Array(stride * height);
  let from = 0;
  for (let run = 0; run < runs.length; run += 2) {
    const to = runs[run + 1]!;
    const row = Math.floor(from / width);
    // Position in half bytes, after the filter byte. A run ends with its row.
    const start = 2 * (row * stride + 1) + from - row * width;
    fillHalves(rows, start, start + to - from, nearest[runs[run]!]!);
    from = to;
  }
  const bytes = new Uint8Array(Uint32Array.from(keptColors).buffer);
  const palette = Uint8Array.from({ length: kept.length * 3 }, (_, at) => bytes[Math.floor(at / 3) * 4 + (at % 3)]!);
  return { palette, rows };
}

/** Writes an index into empty half bytes, the upper half of each byte first. */
function fillHalves(rows: Uint8Array, from: number, to: number, index: number): void {
  if (index === 0) return;
  if (from % 2 === 1) rows[from >> 1]! |= index;
  if (to % 2 === 1) rows[to >> 1]! |= index << 4;
  rows.fill(index * 17, (from + 1) >> 1, to >> 1);
}

/** Finds each colour, how often it occurs, and its runs within rows: pairs of its index and the pixel after the run's last. */
function findRuns(pixels: Uint32Array, width: number): { colors: number[]; counts: number[]; runs: number[] } {
  const known = new Map<number, number>();
  const counts: number[] = [];
  const runs: number[] = [];
  for (let row = 0; row < pixels.length; row += width) {
    for (let start = row, end = row; start < row + width; start = end) {
      const color = pixels[start]!;
      do end++;
      while (end < row + width && pixels[end] === color);
      const index = known.get(color) ?? known.size;
      if (index === known.size) known.set(color, index);
      counts[index] = (counts[index] ?? 0) + end - start;
      runs.push(index, end);
    }
  }
  return { colors: [...known.keys()], counts, runs };
}

/** Converts a colour to the number that the four bytes of an opaque pixel make. */
function toPixel(color: string): number {
  const bytes = Uint8Array.from([...Buffer.from(color.slice(1), 'hex'), 255]);
  return new Uint32Array(bytes.buffer)[0]!;
}

function findNearest(color: number, palette: readonly number[]): number {
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (const [index, other] of palette.entries()) {
    let distance = 0;
    for (let shift = 0; shift < 24; shift += 8) distance += (((color >> shift) & 255) - ((other >> shift) & 255)) ** 2;
    if (distance < least) [best, least] = [index, distance];
  }
  return best;
}

function toChunk(type: string, data: Uint8Array): Buffer {
  const chunk = Buffer.alloc(12 + data.length);
  chunk.writeUInt32BE(data.length, 0);
  chunk.write(type, 4, 'latin1');
  chunk.set(data, 8);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, 8 + data.length)), 8 + data.length);
  return chunk;
}
