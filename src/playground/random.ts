/** Numbers from 0 up to 1, the same for the same words. FNV-1a seeds mulberry32, both in the public domain. */
export function createRandom(...words: (string | number)[]): () => number {
  let seed = 0x811c9dc5;
  for (const char of words.join('\u0000')) seed = Math.imul(seed ^ char.codePointAt(0)!, 0x01000193);
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), seed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One of the entries, each as likely as its weight says. */
export function pick<T extends { weight: number }>(entries: readonly T[], random: () => number): T {
  let left = random() * entries.reduce((sum, { weight }) => sum + weight, 0);
  for (const entry of entries) {
    left -= entry.weight;
    if (left < 0) return entry;
  }
  return entries.at(-1)!;
}
