import { ID_WORDS } from './id-set.ts';

/** With so many, one look in some 170 is in vain; a look costs as much as storing several ids. */
const BITS_PER_ID = 12;
/** Words that one id sets a bit in; they lie side by side, so that looking costs one miss of the processor's cache. */
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

/** A split block Bloom filter for so many ids: `mayHold` is never false for one of them, and rarely true for another. */
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
