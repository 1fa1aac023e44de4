/** Names that are told apart; a sender may make up any number of them. */
const MAX_NAMES = 50;
const MAX_LENGTH = 100;

/** Events by field that was not read of them: a name that nobody knows, or a path of a map (`route=request.path`). */
export class Unread {
  readonly #counts = new Map<string, number>();

  add(name: string): void {
    const count = this.#counts.get(name);
    if (count === undefined && this.#counts.size >= MAX_NAMES) return;
    this.#counts.set(name, (count ?? 0) + 1);
  }

  /** By name, shortened; undefined where everything was read. */
  finish(): Record<string, number> | undefined {
    if (this.#counts.size === 0) return undefined;
    return Object.fromEntries(
      [...this.#counts].map(([name, count]) => [name.slice(0, MAX_LENGTH).toWellFormed(), count]),
    );
  }
}
