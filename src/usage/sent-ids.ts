/** Length that marks a UUID in lower case, as almost all senders write it; its 16 bytes are stored. */
const UUID = 0xffff;
const UUID_BYTES = 16;
const HEADER_BYTES = 4;
const HYPHEN = 0x2d;
const HYPHENS = [8, 13, 18, 23];
/** Where the two digits of each byte begin in the text of a UUID. */
const PLACES = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];

/** Value of a lower-case hexadecimal digit by its code; 255: no digit. */
const DIGITS = new Uint8Array(128).fill(255);
for (let value = 0; value < 16; value += 1) DIGITS[value.toString(16).charCodeAt(0)] = value;
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/**
 * Ids of a batch of events as their senders gave them, one per row, for people and programs that look up a call. Duplicates are
 * found by hashes of them (ids.ts). Blob: u32 rows, u16 length per row (0: none, 0xffff: a UUID), then the bytes of all rows.
 * Little-endian; empty where no event has an id.
 */
export class SentIds {
  readonly #lengths: Uint16Array<ArrayBuffer>;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  /** Where the bytes of each row begin; computed when a row is first asked for. */
  #starts: Uint32Array | undefined;

  private constructor(lengths: Uint16Array<ArrayBuffer>, bytes: Uint8Array<ArrayBuffer>) {
    this.#lengths = lengths;
    this.#bytes = bytes;
  }

  static pack(ids: readonly (string | undefined)[]): SentIds {
    const packer = new SentIdPacker(ids.length);
    for (const id of ids) packer.add(id);
    return packer.pack();
  }

  /** Wraps these arrays without copying them. */
  static of(lengths: Uint16Array<ArrayBuffer>, bytes: Uint8Array<ArrayBuffer>): SentIds {
    return new SentIds(lengths, bytes);
  }

  /** Reads a blob; undefined: no event has an id. */
  static decode(blob: Uint8Array): SentIds | undefined {
    if (blob.length === 0) return undefined;
    // A driver's buffer may be unaligned: copy it then.
    const own = blob.byteOffset % 4 === 0 ? (blob as Uint8Array<ArrayBuffer>) : new Uint8Array(blob);
    const rows = new DataView(own.buffer, own.byteOffset).getUint32(0, true);
    const lengths = new Uint16Array(own.buffer, own.byteOffset + HEADER_BYTES, rows);
    return new SentIds(lengths, own.subarray(HEADER_BYTES + rows * 2));
  }

  /** Joins the ids of all batches, in their order; undefined: no event has one. */
  static join(batches: readonly { length: number; ids?: SentIds | undefined }[]): SentIds | undefined {
    if (batches.every(({ ids }) => ids === undefined)) return undefined;
    const lengths = new Uint16Array(batches.reduce((sum, { length }) => sum + length, 0));
    const bytes = new Uint8Array(batches.reduce((sum, { ids }) => sum + (ids ? ids.#bytes.length : 0), 0));
    let row = 0;
    let at = 0;
    for (const { length, ids } of batches) {
      if (ids) {
        lengths.set(ids.#lengths, row);
        bytes.set(ids.#bytes, at);
        at += ids.#bytes.length;
      }
      row += length;
    }
    return new SentIds(lengths, bytes);
  }

  encode(): Uint8Array<ArrayBuffer> {
    if (this.#bytes.length === 0) return new Uint8Array();
    const rows = this.#lengths.length;
    const blob = new Uint8Array(HEADER_BYTES + rows * 2 + this.#bytes.length);
    new DataView(blob.buffer).setUint32(0, rows, true);
    new Uint16Array(blob.buffer, HEADER_BYTES, rows).set(this.#lengths);
    blob.set(this.#bytes, HEADER_BYTES + rows * 2);
    return blob;
  }

  /** Undefined: the event has no id. */
  at(row: number): string | undefined {
    const length = this.#lengths[row]!;
    if (length === 0) return undefined;
    this.#starts ??= toStarts(this.#lengths);
    const start = this.#starts[row]!;
    if (length === UUID) return readUuid(this.#bytes, start);
    return Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + start, length).toString();
  }

  /** Copies the ids of these rows, in that order. */
  pick(rows: Uint32Array): SentIds {
    this.#starts ??= toStarts(this.#lengths);
    const lengths = new Uint16Array(rows.length);
    let size = 0;
    for (let i = 0; i < rows.length; i += 1) {
      lengths[i] = this.#lengths[rows[i]!]!;
      size += sizeOf(lengths[i]!);
    }
    const bytes = new Uint8Array(size);
    let at = 0;
    for (let i = 0; i < rows.length; i += 1) {
      const start = this.#starts[rows[i]!]!;
      const end = start + sizeOf(lengths[i]!);
      for (let from = start; from < end; from += 1, at += 1) bytes[at] = this.#bytes[from]!;
    }
    return new SentIds(lengths, bytes);
  }

  /**
   * Removes ids that are not wanted; undefined: all are wanted. Ids without `text` must all be wanted, so that a search of the
   * bytes skips most blobs.
   */
  keep(isWanted: (id: string) => boolean, text: string): SentIds | undefined {
    const bytes = Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.length);
    // The bytes of a UUID do not show the digits of its text.
    if (!/^[0-9a-f-]+$/.test(text) && !bytes.includes(text)) return undefined;
    const ids = Array.from(this.#lengths, (_, row) => this.at(row));
    const kept = ids.map((id) => (id !== undefined && isWanted(id) ? id : undefined));
    return kept.some((id, row) => id !== ids[row]) ? SentIds.pack(kept) : undefined;
  }
}

/** Packs ids one after the other, without keeping them as texts. */
export class SentIdPacker {
  readonly #lengths: Uint16Array<ArrayBuffer>;
  #bytes: Uint8Array<ArrayBuffer>;
  #rows = 0;
  #end = 0;

  constructor(capacity: number) {
    this.#lengths = new Uint16Array(capacity);
    this.#bytes = new Uint8Array(capacity * UUID_BYTES);
  }

  add(id: string | undefined): void {
    const row = this.#rows;
    this.#rows += 1;
    if (id === undefined || id === '') return;
    // A code unit of UTF-16 takes at most three bytes in UTF-8.
    if (this.#end + id.length * 3 > this.#bytes.length) this.#grow(id.length * 3);
    const isUuid = writeUuid(id, this.#bytes, this.#end);
    this.#lengths[row] = isUuid ? UUID : writeText(id, this.#bytes, this.#end);
    this.#end += sizeOf(this.#lengths[row]!);
  }

  pack(): SentIds {
    return SentIds.of(this.#lengths.subarray(0, this.#rows), this.#bytes.subarray(0, this.#end));
  }

  #grow(by: number): void {
    const grown = new Uint8Array(this.#bytes.length * 2 + by);
    grown.set(this.#bytes.subarray(0, this.#end));
    this.#bytes = grown;
  }
}

function sizeOf(length: number): number {
  return length === UUID ? UUID_BYTES : length;
}

function toStarts(lengths: Uint16Array): Uint32Array {
  const starts = new Uint32Array(lengths.length);
  let at = 0;
  for (let row = 0; row < lengths.length; row += 1) {
    starts[row] = at;
    at += sizeOf(lengths[row]!);
  }
  return starts;
}

/** Writes the 16 bytes of a UUID in lower case. Returns false if `id` is none; bytes from `at` on may be changed then. */
function writeUuid(id: string, bytes: Uint8Array, at: number): boolean {
  if (id.length !== 36 || HYPHENS.some((place) => id.charCodeAt(place) !== HYPHEN)) return false;
  for (let byte = 0; byte < UUID_BYTES; byte += 1) {
    const place = PLACES[byte]!;
    const high = DIGITS[id.charCodeAt(place)] ?? 255;
    const low = DIGITS[id.charCodeAt(place + 1)] ?? 255;
    if ((high | low) > 15) return false;
    bytes[at + byte] = (high << 4) | low;
  }
  return true;
}

function readUuid(bytes: Uint8Array, at: number): string {
  let text = '';
  for (let i = 0; i < UUID_BYTES; i += 1) {
    if (i === 4 || i === 6 || i === 8 || i === 10) text += '-';
    text += HEX[bytes[at + i]!]!;
  }
  return text;
}

const encoder = new TextEncoder();

/** Writes UTF-8 and returns the number of bytes. Ids are short and mostly ASCII: a loop is quicker than calling the encoder. */
function writeText(text: string, bytes: Uint8Array<ArrayBuffer>, at: number): number {
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code > 127) return encoder.encodeInto(text, bytes.subarray(at)).written;
    bytes[at + i] = code;
  }
  return text.length;
}
