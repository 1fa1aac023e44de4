/** A queue in which sources take turns: first in, first out within a source, and no source waits for another's backlog. */
export class FairQueue<T> {
  readonly #sourceOf: (item: T) => number;
  /** Items by source, in the order of turns; no list is empty. */
  readonly #waiting = new Map<number, T[]>();
  #size = 0;

  constructor(sourceOf: (item: T) => number) {
    this.#sourceOf = sourceOf;
  }

  get size(): number {
    return this.#size;
  }

  push(item: T): void {
    const source = this.#sourceOf(item);
    this.#waiting.getOrInsertComputed(source, () => []).push(item);
    this.#size += 1;
  }

  /** Returns at most `count` next items in the order of turns. They stay in the queue until they are dropped. */
  peek(count: number): T[] {
    const next: T[] = [];
    let sources = [...this.#waiting.values()];
    for (let place = 0; sources.length > 0; place += 1) {
      for (const own of sources) {
        if (next.length === count) return next;
        next.push(own[place]!);
      }
      sources = sources.filter((own) => own.length > place + 1);
    }
    return next;
  }

  /** Removes the items that `peek` returned, or the first of them. */
  drop(items: readonly T[]): void {
    const counts = new Map<number, number>();
    for (const item of items) {
      const source = this.#sourceOf(item);
      counts.set(source, (counts.get(source) ?? 0) + 1);
    }
    let rounds = 0;
    for (const taken of counts.values()) rounds = Math.max(rounds, taken);
    for (const [source, taken] of counts) {
      const own = this.#waiting.get(source)!;
      own.splice(0, taken);
      if (own.length === 0) this.#waiting.delete(source);
      else if (taken === rounds) {
        // The source has had its turn: move it behind the others.
        this.#waiting.delete(source);
        this.#waiting.set(source, own);
      }
      this.#size -= taken;
    }
  }
}
