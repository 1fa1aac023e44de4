import type { WebClient } from '@slack/web-api';
import { HOUR_MS } from '../../domain/calendar.ts';
import type { Logger } from '../../log.ts';
import { callSlack, slackErrorOf } from './errors.ts';

const MOST = 5000;

interface Kept {
  untilMs: number;
  sinceMs: number;
  value: Promise<unknown>;
}

/** Caches Slack's answers, since its methods take only 20 to 100 calls a minute. Failures are not cached. */
export class Memory {
  readonly #now: () => number;
  readonly #known = new Map<string, Kept>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Returns the cached answer if it is at most `keepMs` old, else calls `ask`. `keep` decides which answers are cached. */
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

  /** Removes an answer from the cache. */
  forget(key: string): void {
    this.#known.delete(key);
  }
}

/** Cache accounts and direct conversations for an hour: they seldom change, and `conversations.open` takes 50 calls a minute. */
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

/** Accounts per call, Slack's maximum: `users.list` takes 20 calls a minute, and lists deactivated accounts and bots too. */
const PAGE = 1000;

/** User ids found so far. `complete` false: not all accounts are listed yet. */
export interface Found {
  ids: readonly string[];
  complete: boolean;
}

export interface AccountListOptions<User> {
  client: Pick<WebClient, 'users'>;
  log: Logger;
  now(): number;
  wait(ms: number): Promise<void>;
  /** Tells whether an account is one of those looked for. */
  wanted(user: User): boolean;
}

/**
 * Finds accounts in a workspace of any size. Lists all accounts in the background, caches the result for an hour, and continues
 * after a limit or an outage where it stopped.
 */
export class AccountList<User extends { id?: string }> {
  readonly #options: AccountListOptions<User>;
  #known: { ids: readonly string[]; atMs: number } | undefined;
  #found: string[] = [];
  #cursor: string | undefined;
  /** The call for the next page that is under way. */
  #page: Promise<void> | undefined;

  constructor(options: AccountListOptions<User>) {
    this.#options = options;
  }

  /** Returns the accounts of the last complete listing, else those found so far. Waits for the first; rejects if there is none. */
  async find(): Promise<Found> {
    const age = this.#options.now() - (this.#known?.atMs ?? Number.NEGATIVE_INFINITY);
    if ((age < 0 || age >= KEEP_MS) && !this.#page) void this.#list();
    while (!this.#known && this.#found.length === 0 && this.#page) await this.#page;
    return this.#known ? { ids: this.#known.ids, complete: true } : { ids: [...this.#found], complete: false };
  }

  async #list(): Promise<void> {
    try {
      do {
        this.#page = this.#readPage();
        await this.#page;
      } while (this.#cursor);
      this.#known = { ids: [...new Set(this.#found)], atMs: this.#options.now() };
      this.#found = [];
    } catch (error) {
      this.#options.log.debug({ error: String(error), found: this.#found.length }, 'the accounts are listed later');
      if (slackErrorOf(error) !== 'invalid_cursor') return;
      this.#cursor = undefined;
      this.#found = [];
    } finally {
      this.#page = undefined;
    }
  }

  async #readPage(): Promise<void> {
    const { client, wait, wanted } = this.#options;
    const at = this.#cursor ? { cursor: this.#cursor } : {};
    const page = await callSlack(() => client.users.list({ limit: PAGE, ...at }), { wait, repeatable: true });
    const members = (page.members ?? []) as User[];
    this.#found.push(...members.filter((user) => wanted(user)).map(({ id }) => id!));
    this.#cursor = page.response_metadata?.next_cursor || undefined;
  }
}
