/** A queue in which sources take turns: first come, first served within a source, and no source waits for another's backlog. */
export class FairQueue<T> {
  readonly #sourceOf: (item: T) => number;
  /** In the order of their turns; none is empty. */
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

  /** The next ones, at most so many, in the order of their turns. They stay until they are dropped. */
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

  /** Takes away what `peek` answered, or the first of it. */
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
        // Its turn is over until the others have had theirs.
        this.#waiting.delete(source);
        this.#waiting.set(source, own);
      }
      this.#size -= taken;
    }
  }
}
