import { inflateSync } from 'node:zlib';

export interface Pixels {
  width: number;
  height: number;
  /** Returns the colour of a pixel as `#rrggbb`. */
  at(x: number, y: number): string;
}

/** Reads our own PNGs, which have a palette, two pixels per byte and no filters. */
export function readPng(png: Uint8Array): Pixels {
  const bytes = Buffer.from(png);
  const chunks = new Map<string, Buffer>();
  for (let at = 8; at < bytes.length; ) {
    const size = bytes.readUInt32BE(at);
    chunks.set(bytes.toString('latin1', at + 4, at + 8), bytes.subarray(at + 8, at + 8 + size));
    at += size + 12;
  }
  const header = chunks.get('IHDR')!;
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const rows = inflateSync(chunks.get('IDAT')!);
  const palette = chunks.get('PLTE')!;
  return {
    width,
    height,
    at(x, y) {
      const byte = rows[y * (1 + Math.ceil(width / 2)) + 1 + (x >> 1)]!;
      const index = x % 2 === 0 ? byte >> 4 : byte & 15;
      return `#${palette.toString('hex', index * 3, index * 3 + 3)}`;
    },
  };
}
