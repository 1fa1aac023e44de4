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

/** The refusal of a body over `MAX_BODY_BYTES`, as sent or decompressed. */
export function tooLarge(maxBytes: number): HeadroomError {
  return new HeadroomError(
    'too_large',
    `The body is larger than ${maxBytes} bytes (before or after decompression): send fewer events per request, or raise MAX_BODY_BYTES.`,
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
