import type { WebClient } from '@slack/web-api';
import { HOUR_MS } from '../../domain/calendar.ts';
import { callSlack } from './errors.ts';

const MOST = 5000;

interface Kept {
  untilMs: number;
  sinceMs: number;
  value: Promise<unknown>;
}

/** Answers of Slack, kept for a while: its methods take 20 to 100 calls a minute. Failures are not kept. */
export class Memory {
  readonly #now: () => number;
  readonly #known = new Map<string, Kept>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Returns what `ask` answered at most `keepMs` ago, else asks. `keep` says which answers are worth keeping. */
  ask<T>(key: string, keepMs: number, ask: () => Promise<T>, keep: (value: T) => boolean = () => true): Promise<T> {
    const nowMs = this.#now();
    const entry = this.#known.get(key);
    // The clock may have been set back.
    if (entry && nowMs >= entry.sinceMs && nowMs < entry.untilMs) return entry.value as Promise<T>;
    if (this.#known.size >= MOST) this.#known.clear();
    const value = ask();
    this.#known.set(key, { sinceMs: nowMs, untilMs: nowMs + keepMs, value });
    const drop = () => {
      if (this.#known.get(key)?.value === value) this.#known.delete(key);
    };
    value.then((one) => keep(one) || drop(), drop);
    return value;
  }

  /** Asks anew next time. */
  forget(key: string): void {
    this.#known.delete(key);
  }
}

/** It stays the same; `conversations.open` takes 50 calls a minute. */
const KEEP_MS = HOUR_MS;

/** Returns the id of the direct conversation with a person. */
export function openDirect(
  { client, memory, wait }: { client: WebClient; memory: Memory; wait(ms: number): Promise<void> },
  user: string,
): Promise<string> {
  return memory.ask(`direct:${user}`, KEEP_MS, async () => {
    const { channel } = await callSlack(() => client.conversations.open({ users: user }), { wait, repeatable: true });
    return channel!.id!;
  });
}
