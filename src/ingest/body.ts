import { isUtf8 } from 'node:buffer';
import {
  brotliDecompressSync,
  constants,
  gunzipSync,
  inflateRawSync,
  inflateSync,
  zstdDecompressSync,
} from 'node:zlib';
import { HeadroomError } from '../errors.ts';

type Decoder = (body: Uint8Array, options: { maxOutputLength: number }) => Uint8Array;

const DECODERS: Readonly<Record<string, Decoder>> = {
  gzip: gunzipSync,
  'x-gzip': gunzipSync,
  br: brotliDecompressSync,
  zstd: zstdDecompressSync,
  deflate: inflateEither,
};

/** Refuse more than three layers of encoding: no sender uses as many, and each costs up to `maxBytes` of memory. */
const MAX_LAYERS = 3;

/**
 * Undoes the `Content-Encoding` of a body (`gzip`, `br`, `zstd`, `deflate`; several in the order they were applied). Never makes
 * more than `maxBytes`, at any layer. Throws `unsupported` for an unknown encoding, `too_large`, and `unreadable` for bytes that
 * are not in the named encoding or end early.
 */
export function decompress(body: Uint8Array, encoding: string | undefined, maxBytes: number): Uint8Array {
  const layers = (encoding ?? '')
    .toLowerCase()
    .split(',')
    .map((layer) => layer.trim())
    .filter((layer) => layer !== '' && layer !== 'identity');
  const unknown = layers.find((layer) => !Object.hasOwn(DECODERS, layer));
  if (unknown !== undefined || layers.length > MAX_LAYERS) {
    throw new HeadroomError(
      'unsupported',
      `Content-Encoding ${JSON.stringify(encoding?.slice(0, 100))} is not supported: use gzip, br, zstd, deflate or none.`,
    );
  }
  for (const layer of layers.reverse()) body = decode(layer, body, maxBytes);
  if (body.length > maxBytes) throw tooLarge(maxBytes);
  return body;
}

/** Makes the error for a body over `MAX_BODY_BYTES`, as sent or decompressed; `cure` is for places with another limit. */
export function tooLarge(
  maxBytes: number,
  cure = 'send less per request, or let who runs Headroom raise MAX_BODY_BYTES',
): HeadroomError {
  return new HeadroomError(
    'too_large',
    `The body is larger than ${maxBytes} bytes (before or after decompression): ${cure}.`,
  );
}

function decode(layer: string, body: Uint8Array, maxBytes: number): Uint8Array {
  try {
    return DECODERS[layer]!(body, { maxOutputLength: Math.max(1, maxBytes) });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(maxBytes);
    throw new HeadroomError(
      'unreadable',
      `The body is not ${layer}, though Content-Encoding says so (${message}; ${body.length} bytes): send it whole, or leave the header out.`,
      { cause: error },
    );
  }
}

/** `deflate` means the zlib format (RFC 9110 §8.4.1.2), but some senders leave its two-byte header out. */
function inflateEither(body: Uint8Array, options: { maxOutputLength: number }): Uint8Array {
  try {
    return inflateSync(body, options);
  } catch (error) {
    const header = (error as NodeJS.ErrnoException & { errno?: number }).errno === constants.Z_DATA_ERROR;
    if (!header) throw error;
    return inflateRawSync(body, options);
  }
}

/** Limit of all unpacked gzip parts of a request together. MAX_BODY_BYTES is checked while they are still packed. */
const MAX_UNPACKED_BYTES = 64 * 1024 * 1024;

/** Unpacks the parts of one request that are gzip although no header says so. */
export class Unpacker {
  #leftBytes = MAX_UNPACKED_BYTES;

  /** Returns bytes that are not gzip as they are. Throws `unreadable` or, over 64 MiB for all parts, `too_large`. */
  unpack(bytes: Uint8Array): Uint8Array {
    if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
    if (this.#leftBytes <= 0) throw tooMuch();
    try {
      const unpacked = decompress(bytes, 'gzip', this.#leftBytes);
      this.#leftBytes -= unpacked.length;
      return unpacked;
    } catch (error) {
      throw (error as HeadroomError).code === 'too_large' ? tooMuch() : error;
    }
  }
}

function tooMuch(): HeadroomError {
  return new HeadroomError(
    'too_large',
    `The gzip inside the body unpacks to more than ${MAX_UNPACKED_BYTES} bytes: send less per request.`,
  );
}

/** Converts UTF-16 with a byte order mark, as files from Windows have it, to UTF-8; returns other bytes as they are. */
export function toUtf8(bytes: Uint8Array): Uint8Array {
  const encoding = findUtf16(bytes);
  return encoding === undefined ? bytes : Buffer.from(new TextDecoder(encoding).decode(bytes));
}

/** Finds the form of UTF-16 that a byte order mark names. */
export function findUtf16(bytes: Uint8Array): 'utf-16le' | 'utf-16be' | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  return bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : undefined;
}

/**
 * Yields the lines of a body, empty ones too, without line ends and byte order mark. A line that is not UTF-8 is yielded as its
 * bytes; the others are not affected by it.
 */
export function* readBodyLines(body: Uint8Array): Generator<string | Uint8Array> {
  if (isUtf8(body)) {
    yield* splitLines(new TextDecoder('utf-8').decode(body));
    return;
  }
  for (const line of splitLines(toLatin1(body))) {
    const bytes = Buffer.from(line, 'latin1');
    yield isUtf8(bytes) ? bytes.toString() : bytes;
  }
}

/** Reads a line that is not UTF-8 as Latin-1, which old logs contain. */
export function toLatin1(line: string | Uint8Array): string {
  return typeof line === 'string' ? line : Buffer.from(line.buffer, line.byteOffset, line.length).toString('latin1');
}

/** Yields the lines of a text log that are not blank. A carriage return ends a line too: servers escape those in requests. */
export function* readLogLines(body: Uint8Array): Generator<string> {
  for (const line of readBodyLines(body)) {
    const text = toLatin1(line);
    if (!text.includes('\r')) {
      if (text.trim() !== '') yield text;
    } else for (const part of text.split('\r')) if (part.trim() !== '') yield part;
  }
}

/** Yields lines one by one, instead of a list that may have 20 million entries: the reader may stop early. */
export function* splitLines(text: string): Generator<string> {
  const separator = text.includes('\n') ? '\n' : '\r';
  for (let start = 0; start <= text.length; ) {
    const found = text.indexOf(separator, start);
    const end = found < 0 ? text.length : found;
    yield text.slice(start, end > start && text[end - 1] === '\r' ? end - 1 : end);
    start = end + 1;
  }
}
