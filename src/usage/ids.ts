/**
 * Words of the key by which an event is recognised: the first four hash its source and id (128 bits) and are 0 where the sender
 * gave no id; the fifth hashes its content, so that the same id with other content is told from a repetition.
 */
export const KEY_WORDS = 5;

export function isAbsent(keys: Uint32Array, at: number): boolean {
  return keys[at] === 0 && keys[at + 1] === 0 && keys[at + 2] === 0 && keys[at + 3] === 0;
}

/**
 * MurmurHash3 (x86, 128 bit; Austin Appleby, public domain) over the UTF-16 code units of `text`, two to a word. Writes four words at
 * `at`. The seed is random per deployment, so nobody outside can prepare colliding ids.
 */
export function hashText(text: string, seed: number, into: Uint32Array, at: number): void {
  let h1 = seed;
  let h2 = seed ^ 0x9e3779b9;
  let h3 = seed ^ 0x7f4a7c15;
  let h4 = seed ^ 0x3c6ef372;
  const { length } = text;
  let i = 0;
  for (; i + 8 <= length; i += 8) {
    h1 ^= scramble(text.charCodeAt(i) | (text.charCodeAt(i + 1) << 16), 0x239b961b, 15, 0xab0e9789);
    h1 = Math.imul(rotate(h1, 19) + h2, 5) + 0x561ccd1b;
    h2 ^= scramble(text.charCodeAt(i + 2) | (text.charCodeAt(i + 3) << 16), 0xab0e9789, 16, 0x38b34ae5);
    h2 = Math.imul(rotate(h2, 17) + h3, 5) + 0x0bcaa747;
    h3 ^= scramble(text.charCodeAt(i + 4) | (text.charCodeAt(i + 5) << 16), 0x38b34ae5, 17, 0xa1e38b93);
    h3 = Math.imul(rotate(h3, 15) + h4, 5) + 0x96cd1c35;
    h4 ^= scramble(text.charCodeAt(i + 6) | (text.charCodeAt(i + 7) << 16), 0xa1e38b93, 18, 0x239b961b);
    h4 = Math.imul(rotate(h4, 13) + h1, 5) + 0x32ac3b17;
  }
  for (let word = 0; i < length; i += 1, word += 1) {
    const unit = text.charCodeAt(i) | ((word + 1) << 16);
    if (word % 4 === 0) h1 = Math.imul(rotate(h1 ^ scramble(unit, 0x239b961b, 15, 0xab0e9789), 19), 5) + 0x561ccd1b;
    else if (word % 4 === 1)
      h2 = Math.imul(rotate(h2 ^ scramble(unit, 0xab0e9789, 16, 0x38b34ae5), 17), 5) + 0x0bcaa747;
    else if (word % 4 === 2)
      h3 = Math.imul(rotate(h3 ^ scramble(unit, 0x38b34ae5, 17, 0xa1e38b93), 15), 5) + 0x96cd1c35;
    else h4 = Math.imul(rotate(h4 ^ scramble(unit, 0xa1e38b93, 18, 0x239b961b), 13), 5) + 0x32ac3b17;
  }
  h1 ^= length;
  h2 ^= length;
  h3 ^= length;
  h4 ^= length;
  h1 = (h1 + h2 + h3 + h4) | 0;
  h2 = (h2 + h1) | 0;
  h3 = (h3 + h1) | 0;
  h4 = (h4 + h1) | 0;
  h1 = finish(h1);
  h2 = finish(h2);
  h3 = finish(h3);
  h4 = finish(h4);
  h1 = (h1 + h2 + h3 + h4) | 0;
  into[at] = h1;
  into[at + 1] = h2 + h1;
  into[at + 2] = h3 + h1;
  into[at + 3] = h4 + h1;
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

function scramble(word: number, first: number, bits: number, second: number): number {
  return Math.imul(rotate(Math.imul(word, first), bits), second);
}

function finish(hash: number): number {
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/** Mixes one more number into a 32-bit fingerprint. */
export function mixNumber(fingerprint: number, value: number): number {
  return (
    Math.imul(fingerprint ^ (value >>> 0) ^ Math.imul((value / 0x100000000) | 0, 0x9e3779b9), 0x01000193) ^
    (fingerprint >>> 15)
  );
}

/**
 * Words of a remembered id: its key, the second (since 1970) until which it is remembered, and the import that it came with (0:
 * none).
 */
export const ID_WORDS = KEY_WORDS + 2;
export const CONTENT = 4;
const UNTIL = 5;
const IMPORT = 6;

/** Ids that no longer count although they may still be stored; the next merge of their run removes them. */
export interface Forgotten {
  /** Ids remembered only until a second before this one. */
  beforeS: number;
  /** Ids that came with one of these imports, which were undone. */
  imports: ReadonlySet<number>;
}

export function isForgotten(ids: Uint32Array, at: number, { beforeS, imports }: Forgotten): boolean {
  return ids[at + UNTIL]! < beforeS || (ids[at + IMPORT] !== 0 && imports.has(ids[at + IMPORT]!));
}

export function sameId(a: Uint32Array, atA: number, b: Uint32Array, atB: number): boolean {
  return a[atA] === b[atB] && a[atA + 1] === b[atB + 1] && a[atA + 2] === b[atB + 2] && a[atA + 3] === b[atB + 3];
}

/** Returns the last second until which any of these ids is remembered. */
export function findLastSecond(ids: Uint32Array): number {
  let last = 0;
  for (let at = 0; at < ids.length; at += ID_WORDS) if (ids[at + UNTIL]! > last) last = ids[at + UNTIL]!;
  return last;
}

const FIRST_IDS = 1 << 12;
/** A set with room for more than this gives its memory back when it is emptied. */
const KEPT_IDS = 1 << 20;

/** An exact set of ids in memory, which keeps the order in which they were added. */
export class IdSet {
  #ids = new Uint32Array(FIRST_IDS * ID_WORDS);
  /** Hash table: the place of an id + 1, or 0 for a free slot. Linear probing from the id's second word. */
  #slots = new Uint32Array(FIRST_IDS * 2);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Returns the content word kept with this id; undefined if the id is absent or forgotten. */
  find(keys: Uint32Array, at: number, forgotten: Forgotten): number | undefined {
    const mask = this.#slots.length - 1;
    for (let slot = keys[at + 1]! & mask; this.#slots[slot] !== 0; slot = (slot + 1) & mask) {
      const place = (this.#slots[slot]! - 1) * ID_WORDS;
      if (sameId(this.#ids, place, keys, at) && !isForgotten(this.#ids, place, forgotten))
        return this.#ids[place + CONTENT]!;
    }
    return undefined;
  }

  add(keys: Uint32Array, at: number, untilMs: number, importId: number): void {
    this.#reserve(this.#count + 1);
    const place = this.#count * ID_WORDS;
    for (let word = 0; word < KEY_WORDS; word += 1) this.#ids[place + word] = keys[at + word]!;
    this.#ids[place + UNTIL] = Math.min(Math.max(Math.floor(untilMs / 1000), 0), 0xffffffff);
    this.#ids[place + IMPORT] = importId;
    this.#place(this.#count);
    this.#count += 1;
  }

  addAll(ids: Uint32Array): void {
    const first = this.#count;
    this.#reserve(first + ids.length / ID_WORDS);
    this.#ids.set(ids, first * ID_WORDS);
    this.#count += ids.length / ID_WORDS;
    for (let id = first; id < this.#count; id += 1) this.#place(id);
  }

  /** Copies the ids from this place on. */
  copyFrom(first: number): Uint32Array<ArrayBuffer> {
    return this.#ids.slice(first * ID_WORDS, this.#count * ID_WORDS);
  }

  /**
   * Removes the ids added last, newest first. The newest is always at the end of its chain of slots, so freeing its slot hides no
   * other id.
   */
  truncate(count: number): void {
    const mask = this.#slots.length - 1;
    while (this.#count > count) {
      let slot = this.#ids[(this.#count - 1) * ID_WORDS + 1]! & mask;
      while (this.#slots[slot] !== this.#count) slot = (slot + 1) & mask;
      this.#slots[slot] = 0;
      this.#count -= 1;
    }
  }

  clear(): void {
    this.#count = 0;
    if (this.#ids.length > KEPT_IDS * ID_WORDS) {
      this.#ids = new Uint32Array(FIRST_IDS * ID_WORDS);
      this.#slots = new Uint32Array(FIRST_IDS * 2);
    } else this.#slots.fill(0);
  }

  #reserve(count: number): void {
    let capacity = this.#slots.length / 2;
    if (count <= capacity) return;
    while (capacity < count) capacity *= 2;
    const ids = new Uint32Array(capacity * ID_WORDS);
    ids.set(this.#ids.subarray(0, this.#count * ID_WORDS));
    this.#ids = ids;
    this.#slots = new Uint32Array(capacity * 2);
    for (let id = 0; id < this.#count; id += 1) this.#place(id);
  }

  #place(id: number): void {
    const mask = this.#slots.length - 1;
    let slot = this.#ids[id * ID_WORDS + 1]! & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = id + 1;
  }
}

/**
 * At 12 bits, about 1 in 170 unknown ids passes the filter and a block is read in vain. Reading a block costs as much as storing
 * several ids.
 */
const BITS_PER_ID = 12;
/** Each id sets one bit in each of these many neighbouring words, so that a lookup costs one miss of the processor's cache. */
const WORDS = 8;

const SALTS = Uint32Array.of(
  0x47b6137b,
  0x44974d91,
  0x8824ad5b,
  0xa2b7289d,
  0x705495c7,
  0x2df1424b,
  0x9efc4947,
  0x5c6bfb31,
);

/** Creates a split block Bloom filter for `count` ids: `mayHold` is never false for an added id, and rarely true for another. */
export function createFilter(count: number): Uint32Array<ArrayBuffer> {
  return new Uint32Array(Math.ceil((count * BITS_PER_ID) / (WORDS * 32)) * WORDS);
}

export function addToFilter(filter: Uint32Array, ids: Uint32Array): void {
  for (let at = 0; at < ids.length; at += ID_WORDS) {
    const place = placeOf(filter, ids[at + 1]!);
    const bits = ids[at + 2]!;
    for (let word = 0; word < WORDS; word += 1) filter[place + word]! |= 1 << (Math.imul(bits, SALTS[word]!) >>> 27);
  }
}

export function mayHold(filter: Uint32Array, keys: Uint32Array, at: number): boolean {
  const place = placeOf(filter, keys[at + 1]!);
  const bits = keys[at + 2]!;
  for (let word = 0; word < WORDS; word += 1) {
    if ((filter[place + word]! & (1 << (Math.imul(bits, SALTS[word]!) >>> 27))) === 0) return false;
  }
  return true;
}

function placeOf(filter: Uint32Array, word: number): number {
  return Math.floor((word * (filter.length / WORDS)) / 0x100000000) * WORDS;
}
