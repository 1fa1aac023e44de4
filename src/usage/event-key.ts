/**
 * What an event is recognised by: 128 bits of (source, id), and 32 bits of its content so that the same id with other
 * content can be told from a repetition. Five 32-bit words per event; all 0 where the sender gave no id.
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
