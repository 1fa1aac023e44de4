import { crc32, deflateSync } from 'node:zlib';

/** The shades beyond are soft edges of letters and bars, which take the nearest. Twice as many cost 8% more bytes and look the same. */
const MAX_COLORS = 24;

/**
 * An opaque picture as PNG with a palette: of what it has, first the `meant` colours (`#rrggbb`), then the most frequent ones.
 * Source: https://www.w3.org/TR/png-3/.
 */
export function encodePng(rgba: Uint8Array, width: number, height: number, meant: readonly string[] = []): Uint8Array {
  const { palette, rows } = toPalette(rgba, width, height, new Set(meant.map(toPixel)));
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    toChunk('IHDR', header),
    toChunk('PLTE', palette),
    toChunk('IDAT', deflateSync(rows, { level: 6, memLevel: 9 })),
    toChunk('IEND', new Uint8Array()),
  ]);
}

/** Rows of indices, each led by its filter byte 0. */
function toPalette(
  rgba: Uint8Array,
  width: number,
  height: number,
  meant: ReadonlySet<number>,
): { palette: Uint8Array; rows: Uint8Array } {
  const aligned = rgba.byteOffset % 4 === 0 ? rgba : Uint8Array.from(rgba);
  const pixels = new Uint32Array(aligned.buffer, aligned.byteOffset, width * height);
  const { colors, counts, indices } = indexColors(pixels);
  const weightOf = (index: number) => counts[index]! + (meant.has(colors[index]!) ? pixels.length : 0);
  const kept = [...colors.keys()].sort((a, b) => weightOf(b) - weightOf(a)).slice(0, MAX_COLORS);
  const keptColors = kept.map((index) => colors[index]!);
  const nearest = Uint8Array.from(colors, (color) => findNearest(color, keptColors));
  const rows = new Uint8Array((width + 1) * height);
  for (let y = 0, from = 0, to = 0; y < height; y++) {
    to++;
    for (let x = 0; x < width; x++) rows[to++] = nearest[indices[from++]!]!;
  }
  const bytes = new Uint8Array(Uint32Array.from(keptColors).buffer);
  const palette = Uint8Array.from({ length: kept.length * 3 }, (_, at) => bytes[Math.floor(at / 3) * 4 + (at % 3)]!);
  return { palette, rows };
}

/** As four bytes of an opaque pixel are read. */
function toPixel(color: string): number {
  const bytes = Uint8Array.from([...Buffer.from(color.slice(1), 'hex'), 255]);
  return new Uint32Array(bytes.buffer)[0]!;
}

/** Each colour once, how often it occurs, and which one each pixel has; by runs, since most pixels are like the one before. */
function indexColors(pixels: Uint32Array): { colors: number[]; counts: number[]; indices: Uint32Array } {
  const known = new Map<number, number>();
  const counts: number[] = [];
  const indices = new Uint32Array(pixels.length);
  for (let start = 0, end = 1; start < pixels.length; start = end++) {
    const color = pixels[start]!;
    while (end < pixels.length && pixels[end] === color) end++;
    const index = known.get(color) ?? known.size;
    if (index === known.size) known.set(color, index);
    counts[index] = (counts[index] ?? 0) + end - start;
    if (index > 0) indices.fill(index, start, end);
  }
  return { colors: [...known.keys()], counts, indices };
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
