import { HeadroomError } from '../errors.ts';
import { decompress } from './decompress.ts';

/** What gzip inside a request may become in all; a request is bounded by MAX_BODY_BYTES, but that by nothing. */
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
    `The gzip inside the body unpacks to more than ${MAX_UNPACKED_BYTES} bytes: send fewer events per request.`,
  );
}
