import { KEY_WORDS } from './event-key.ts';

/**
 * A remembered id: the words of its key (event-key.ts), the second until which it is remembered (since 1970), and the
 * import that it came with (0: none).
 */
export const ID_WORDS = KEY_WORDS + 2;
export const CONTENT = 4;
const UNTIL = 5;
const IMPORT = 6;

/** Which remembered ids count no more. */
export interface Forgotten {
  /** Those remembered until a second before this one. */
  beforeS: number;
  /** Those of these imports. */
  imports: ReadonlySet<number>;
}

export function isForgotten(ids: Uint32Array, at: number, { beforeS, imports }: Forgotten): boolean {
  return ids[at + UNTIL]! < beforeS || (ids[at + IMPORT] !== 0 && imports.has(ids[at + IMPORT]!));
}

export function sameId(a: Uint32Array, atA: number, b: Uint32Array, atB: number): boolean {
  return a[atA] === b[atB] && a[atA + 1] === b[atB + 1] && a[atA + 2] === b[atB + 2] && a[atA + 3] === b[atB + 3];
}

/** The last second until which any of these ids is remembered. */
export function findLastSecond(ids: Uint32Array): number {
  let last = 0;
  for (let at = 0; at < ids.length; at += ID_WORDS) if (ids[at + UNTIL]! > last) last = ids[at + UNTIL]!;
  return last;
}

const FIRST_IDS = 1 << 12;
/** Larger ones give their memory back when they are emptied. */
const KEPT_IDS = 1 << 20;

/** Ids in the order in which they were added, found by what they are: exact, in memory. */
export class IdSet {
  #ids = new Uint32Array(FIRST_IDS * ID_WORDS);
  /** Place of an id + 1, or 0: linear probing from the id's second word. */
  #slots = new Uint32Array(FIRST_IDS * 2);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** The content word kept with this id, if it is here and not forgotten. */
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

  /** A copy of the ids from this place on. */
  copyFrom(first: number): Uint32Array<ArrayBuffer> {
    return this.#ids.slice(first * ID_WORDS, this.#count * ID_WORDS);
  }

  /** Takes the last ids out again. The last one stands at the end of its row of slots, so no other is lost with it. */
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
