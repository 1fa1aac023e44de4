import type { Logger } from '../log.ts';
import type { Replaced } from './repair.ts';

/** Blocks that Slack refused since the start, whose text went out instead: for the log, `/metrics` and admins. */
export class RefusedBlocks {
  readonly #log: Logger;
  readonly #seen = new Map<string, Replaced & { count: number }>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Logs each kind of refusal once, with Slack's pointer. `message`: which one it was. */
  note(message: string, replaced: readonly Replaced[]): void {
    for (const one of replaced) {
      const key = `${one.type} ${one.reason}`;
      const known = this.#seen.get(key);
      if (known) known.count += 1;
      else this.#seen.set(key, { ...one, count: 1 });
      const { type: block, pointer, reason } = one;
      const level = known ? 'debug' : 'error';
      this.#log[level]({ message, block, pointer, reason }, 'Slack refused a block; its text was sent instead');
    }
  }

  /** Each kind of refusal with the pointer of its first case and how often it came, the most frequent first. */
  list(): readonly (Replaced & { count: number })[] {
    return [...this.#seen.values()].sort((a, b) => b.count - a.count);
  }
}
