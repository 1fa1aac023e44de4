import { inflateSync } from 'node:zlib';

export interface Pixels {
  width: number;
  height: number;
  /** `#rrggbb` at a pixel. */
  at(x: number, y: number): string;
}

/** Reads the PNGs that we write: 8 bits, palette or true colour, no filters. */
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
  const palette = chunks.get('PLTE');
  const size = palette ? 1 : 3;
  return {
    width,
    height,
    at(x, y) {
      const from = y * (width * size + 1) + 1 + x * size;
      const rgb = palette ? palette.subarray(rows[from]! * 3, rows[from]! * 3 + 3) : rows.subarray(from, from + 3);
      return `#${rgb.toString('hex')}`;
    },
  };
}
