import { crc32, deflateSync } from 'node:zlib';

/**
 * An opaque picture as PNG: exact, with a palette where it has at most 256 colours (charts have; a tenth of the bytes, and
 * faster than a general encoder), else in true colour. Source: https://www.w3.org/TR/png-3/.
 */
export function encodePng(rgba: Uint8Array, width: number, height: number): Uint8Array {
  const indexed = toPalette(rgba, width, height);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, indexed ? 3 : 2], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    toChunk('IHDR', header),
    ...(indexed ? [toChunk('PLTE', indexed.palette)] : []),
    toChunk('IDAT', deflateSync(indexed ? indexed.rows : toRgbRows(rgba, width, height), { level: indexed ? 6 : 4 })),
    toChunk('IEND', new Uint8Array()),
  ]);
}

/** Rows of indices, each led by its filter byte 0. Undefined beyond 256 colours. */
function toPalette(
  rgba: Uint8Array,
  width: number,
  height: number,
): { palette: Uint8Array; rows: Uint8Array } | undefined {
  const aligned = rgba.byteOffset % 4 === 0 ? rgba : Uint8Array.from(rgba);
  const pixels = new Uint32Array(aligned.buffer, aligned.byteOffset, width * height);
  const indices = new Map<number, number>();
  const rows = new Uint8Array((width + 1) * height);
  let last = -1;
  let index = 0;
  for (let y = 0, from = 0, to = 0; y < height; y++) {
    to++;
    for (let x = 0; x < width; x++) {
      const pixel = pixels[from++]!;
      if (pixel !== last) {
        const known = indices.get(pixel);
        if (known === undefined && indices.size === 256) return undefined;
        index = known ?? indices.size;
        if (known === undefined) indices.set(pixel, index);
        last = pixel;
      }
      rows[to++] = index;
    }
  }
  const colors = new Uint8Array(Uint32Array.from(indices.keys()).buffer);
  const palette = Uint8Array.from({ length: indices.size * 3 }, (_, at) => colors[Math.floor(at / 3) * 4 + (at % 3)]!);
  return { palette, rows };
}

function toRgbRows(rgba: Uint8Array, width: number, height: number): Uint8Array {
  const rows = new Uint8Array((width * 3 + 1) * height);
  for (let y = 0, from = 0, to = 0; y < height; y++) {
    to++;
    for (let x = 0; x < width; x++, from += 4) {
      rows[to++] = rgba[from]!;
      rows[to++] = rgba[from + 1]!;
      rows[to++] = rgba[from + 2]!;
    }
  }
  return rows;
}

function toChunk(type: string, data: Uint8Array): Buffer {
  const chunk = Buffer.alloc(12 + data.length);
  chunk.writeUInt32BE(data.length, 0);
  chunk.write(type, 4, 'latin1');
  chunk.set(data, 8);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, 8 + data.length)), 8 + data.length);
  return chunk;
}
