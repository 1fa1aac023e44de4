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

/** More layers than any sender uses; each costs up to `maxBytes` of memory. */
const MAX_LAYERS = 3;

/**
 * The body without its `Content-Encoding` (`gzip`, `br`, `zstd`, `deflate`; several in the order they were applied).
 * Never makes more than `maxBytes`, at any layer. Throws `unsupported` for an unknown encoding, `too_large` and, for
 * bytes that are not of the named encoding or end early, `unreadable`.
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

/** The refusal of a body over `MAX_BODY_BYTES`, as sent or decompressed; with another cure where another limit holds. */
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

/** Limit of all gzip parts of a request together, unpacked. MAX_BODY_BYTES does not bound them: they are still packed when it is checked. */
const MAX_UNPACKED_BYTES = 64 * 1024 * 1024;

/** Undoes gzip that no header tells of, for the parts of one request. */
export class Unpacker {
  #leftBytes = MAX_UNPACKED_BYTES;

  /** The bytes themselves where they are not gzip. Throws `unreadable` or, over 64 MiB for all parts, `too_large`. */
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

/** The bytes as UTF-8 where a byte order mark says UTF-16, as files from Windows have it; else as they are. */
export function toUtf8(bytes: Uint8Array): Uint8Array {
  const encoding = findUtf16(bytes);
  return encoding === undefined ? bytes : Buffer.from(new TextDecoder(encoding).decode(bytes));
}

/** The form of UTF-16 that a byte order mark names. */
export function findUtf16(bytes: Uint8Array): 'utf-16le' | 'utf-16be' | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  return bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : undefined;
}

/**
 * The lines of a body, empty ones too, without their ends and a byte order mark. Each is decoded by itself, so that an odd
 * byte stays in its line: one that is no UTF-8 comes as its bytes.
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

/** Old logs hold Latin-1; their lines count all the same. */
export function toLatin1(line: string | Uint8Array): string {
  return typeof line === 'string' ? line : Buffer.from(line.buffer, line.byteOffset, line.length).toString('latin1');
}

/** The lines of a text log that hold anything. A return ends one too: servers escape those that senders send. */
export function* readLogLines(body: Uint8Array): Generator<string> {
  for (const line of readBodyLines(body)) {
    const text = toLatin1(line);
    if (!text.includes('\r')) {
      if (text.trim() !== '') yield text;
    } else for (const part of text.split('\r')) if (part.trim() !== '') yield part;
  }
}

/** A list of 20 million lines is never made: whoever reads them may stop before. */
export function* splitLines(text: string): Generator<string> {
  const separator = text.includes('\n') ? '\n' : '\r';
  for (let start = 0; start <= text.length; ) {
    const found = text.indexOf(separator, start);
    const end = found < 0 ? text.length : found;
    yield text.slice(start, end > start && text[end - 1] === '\r' ? end - 1 : end);
    start = end + 1;
  }
}
