import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { sendJson, toRecord } from './http.ts';
import type { WorkspaceState } from './state.ts';
import type { JsonObject } from './types.ts';

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

export interface Answer {
  status: number;
  body: JsonObject;
  headers?: Record<string, string>;
}

/** An answer that a fault has spoilt: cut off (status 0), held back (status -1), or another one. */
interface Spoilt {
  fault: string;
  status: number;
  text?: string;
  headers?: Record<string, string>;
}

function spoil(fault: Fault, done: boolean): Spoilt | undefined {
  const { drop, timeout, garbled } = done
    ? { drop: fault.dropAfter, timeout: fault.timeoutAfter, garbled: fault.garbledAfter }
    : fault;
  if (drop) return { fault: done ? 'dropAfter' : 'drop', status: 0 };
  if (timeout) return { fault: done ? 'timeoutAfter' : 'timeout', status: -1 };
  if (garbled !== undefined) return { fault: 'garbled', status: 200, text: garbled };
  if (!done && fault.status !== undefined) return { fault: 'status', status: fault.status, text: 'emulated fault' };
  return undefined;
}

/**
 * Answers a request and records it, or fails to in the way that a fault for `method` says. `run` does the work, and is not
 * called when the fault comes before it. A cut or missing answer is recorded as status 0.
 */
export async function answer(
  { faults, state }: { faults: Faults; state: WorkspaceState },
  response: ServerResponse,
  { method, args }: { method: string; args: JsonObject },
  run: () => Answer,
): Promise<void> {
  const fault = faults.take(method) ?? {};
  if (fault.delayMs) await delay(fault.delayMs, undefined, { ref: false });
  const record = (status: number, said: JsonObject) =>
    state.record({ method, args: toRecord(args), answer: toRecord(said), status: Math.max(0, status) });
  const refused = fault.error !== undefined || fault.retryAfter !== undefined;
  let spoilt = spoil(fault, false);
  let done: Answer = { status: 0, body: {} };
  if (!spoilt) {
    done = refused ? refuse(fault) : run();
    spoilt = spoil(fault, true);
  }
  if (!spoilt) {
    record(done.status, done.body);
    sendJson(response, done.status, done.body, done.headers);
    return;
  }
  record(spoilt.status, { fault: spoilt.fault, ...done.body });
  if (spoilt.text !== undefined) response.writeHead(spoilt.status, { 'content-type': 'text/plain' }).end(spoilt.text);
  else if (spoilt.status === 0) response.destroy();
}

function refuse({ error = 'ratelimited', retryAfter }: Fault): Answer {
  const body = { ok: false, error };
  return retryAfter === undefined
    ? { status: 200, body }
    : { status: 429, body, headers: { 'retry-after': String(retryAfter) } };
}
