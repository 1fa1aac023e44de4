import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decompress } from '../../src/ingest/body.ts';

const BODY = Buffer.from('{"client":"acme"}'.repeat(1000));
const MAX = 20 * 1024 * 1024;
const ENCODERS = {
  gzip: gzipSync,
  'x-gzip': gzipSync,
  br: brotliCompressSync,
  zstd: zstdCompressSync,
  deflate: deflateSync,
};

describe('a body', () => {
  it.each(Object.entries(ENCODERS))('comes out of %s as it went in', (encoding, encode) => {
    expect(Buffer.from(decompress(encode(BODY), encoding, MAX))).toEqual(BODY);
    expect(Buffer.from(decompress(encode(BODY), encoding.toUpperCase(), MAX))).toEqual(BODY);
  });

  it('comes out of deflate without its header, and of several layers', () => {
    expect(Buffer.from(decompress(deflateRawSync(BODY), 'deflate', MAX))).toEqual(BODY);
    expect(Buffer.from(decompress(brotliCompressSync(gzipSync(BODY)), 'gzip, br', MAX))).toEqual(BODY);
    expect(decompress(BODY, undefined, MAX)).toBe(BODY);
    expect(decompress(BODY, 'identity', MAX)).toBe(BODY);
  });

  it('of an unknown encoding, or of too many, is unsupported', () => {
    for (const encoding of ['snappy', 'gzip, lzma', 'gzip,gzip,gzip,gzip', '__proto__']) {
      expect(() => decompress(BODY, encoding, MAX), encoding).toThrow(expect.objectContaining({ code: 'unsupported' }));
    }
  });

  it.each(Object.entries(ENCODERS))('that is no %s, or ends early, is unreadable', (encoding, encode) => {
    const whole = encode(BODY);
    for (const body of [BODY, whole.subarray(0, whole.length - 5), whole.subarray(0, 3), Buffer.alloc(0)]) {
      expect(() => decompress(body, encoding, MAX)).toThrow(
        expect.objectContaining({ code: 'unreadable', message: expect.stringContaining(encoding) }),
      );
    }
  });

  it.each(Object.entries(ENCODERS))('that is a bomb in %s is cut off', (encoding, encode) => {
    const bomb = encode(Buffer.alloc(64 * 1024 * 1024));
    expect(() => decompress(bomb, encoding, MAX)).toThrow(expect.objectContaining({ code: 'too_large' }));
  });

  it('may be as large as the limit, and no larger', () => {
    expect(decompress(gzipSync(Buffer.alloc(1000)), 'gzip', 1000)).toHaveLength(1000);
    expect(() => decompress(gzipSync(Buffer.alloc(1001)), 'gzip', 1000)).toThrow(/larger than 1000 bytes/);
    expect(() => decompress(Buffer.alloc(1001), undefined, 1000)).toThrow(
      expect.objectContaining({ code: 'too_large' }),
    );
  });
});
