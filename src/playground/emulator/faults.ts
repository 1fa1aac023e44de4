/** A fault to inject into a call. Exactly one of those before `delayMs` is set. */
export interface Fault {
  /** Answer with this HTTP status and no JSON. */
  status?: number;
  /** Answer `{"ok": false, "error": …}`. */
  error?: string;
  /** Cut the connection; nothing is done. */
  drop?: boolean;
  /** Do it, then cut the connection before the answer: the outcome is unclear to the caller. */
  dropAfter?: boolean;
  /** Never answer; nothing is done. */
  timeout?: boolean;
  /** Do it, then never answer. */
  timeoutAfter?: boolean;
  /** Answer 200 with this instead, as a proxy between would; nothing is done. */
  garbled?: string;
  /** Do it, then answer 200 with this instead. */
  garbledAfter?: string;
  /** 429 with this Retry-After, seconds. */
  retryAfter?: number;
  /** Answer later by this many milliseconds. Combines with the others. */
  delayMs?: number;
  /** Calls it applies to; default 1. */
  times?: number;
}

interface Armed {
  pattern: string;
  fault: Fault;
  left: number;
}

/**
 * Faults on demand. A method is a Web API name, `upload` (the bytes of a file), `response_url`, a prefix (`chat.*`) or
 * `*`. Faults for the same method are used up in the order they were set.
 */
export class Faults {
  /** Files never become ready: blocks that show them are refused. */
  fileNeverReady = false;
  /** Types of block that this workspace does not take yet: Slack brings new ones to some workspaces before others. */
  readonly unknownBlocks = new Set<string>();
  /** Calls are refused beyond Slack's rates. Off by default. */
  enforceRateLimits = false;
  readonly #buckets = new Map<string, { places: number; at: number }>();
  #armed: Armed[] = [];
  #outage: false | 'drop' | number = false;
  readonly #onOutage: (on: boolean) => void;

  constructor(onOutage: (on: boolean) => void) {
    this.#onOutage = onOutage;
  }

  /** The next `times` calls are answered 429 with Retry-After in seconds. */
  rateLimit(method: string, options: { times?: number; retryAfter?: number } = {}): void {
    this.fail(method, { retryAfter: options.retryAfter ?? 1, times: options.times ?? 1 });
  }

  fail(method: string, fault: Fault): void {
    this.#armed.push({ pattern: method, fault, left: fault.times ?? 1 });
  }

  /** Slack is away: every request is cut (or answered with `how`, an HTTP status), Socket Mode is closed and refused. */
  outage(on: boolean, how: 'drop' | number = 'drop'): void {
    this.#outage = on ? how : false;
    this.#onOutage(on);
  }

  get isOut(): boolean {
    return this.#outage !== false;
  }

  /** Ends every fault and limit. */
  clear(): void {
    this.#armed = [];
    this.fileNeverReady = false;
    this.unknownBlocks.clear();
    this.enforceRateLimits = false;
    if (this.isOut) this.outage(false);
  }

  /** The fault for this call, used up; undefined when it may go on. */
  take(method: string): Fault | undefined {
    if (this.#outage !== false) return this.#outage === 'drop' ? { drop: true } : { status: this.#outage };
    const index = this.#armed.findIndex(({ pattern }) => matches(pattern, method));
    const armed = this.#armed[index];
    if (!armed) return undefined;
    armed.left -= 1;
    if (armed.left <= 0) this.#armed.splice(index, 1);
    return armed.fault;
  }

  /**
   * Seconds that a call must wait by Slack's rates, of the method or, for messages, of the channel; 0 while they are not
   * enforced, and when it may be made now, which uses up one place of a bucket that fills evenly.
   */
  takePlace(method: string, channel: string, perMinute: number, now: number): number {
    if (!this.enforceRateLimits) return 0;
    const post = method === 'chat.postMessage';
    const size = post ? BURST : perMinute;
    const bucket = this.#buckets.getOrInsertComputed(post ? channel : method, () => ({ places: size, at: now }));
    const filled = (Math.max(0, now - bucket.at) * perMinute) / 60_000;
    bucket.places = Math.min(size, bucket.places + filled);
    bucket.at = now;
    if (bucket.places < 1) return Math.ceil(((1 - bucket.places) * 60) / perMinute);
    bucket.places -= 1;
    return 0;
  }
}

function matches(pattern: string, method: string): boolean {
  if (pattern === '*') return true;
  return pattern.endsWith('.*') ? method.startsWith(pattern.slice(0, -1)) : pattern === method;
}

/** Messages that a channel takes at once: about one a second, with short bursts: docs.slack.dev/apis/web-api/rate-limits. */
const BURST = 5;
