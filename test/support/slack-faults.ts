import { setTimeout as delay } from 'node:timers/promises';
import type { Answer, Call, Faults } from '../../src/playground/emulator/core.ts';
import { sendJson, toRecord } from '../../src/playground/emulator/http.ts';
import type { WorkspaceState } from '../../src/playground/emulator/state.ts';
import type { JsonObject } from '../../src/playground/emulator/types.ts';

/** A fault to inject into a call. Set exactly one of the fields before `delayMs`. */
export interface Fault {
  /** Answer with this HTTP status and no JSON. */
  status?: number;
  /** Answer `{"ok": false, "error": …}`. */
  error?: string;
  /** Cut the connection before the call is made. */
  drop?: boolean;
  /** Make the call, then cut the connection before the answer, so that the caller does not know the outcome. */
  dropAfter?: boolean;
  /** Never make the call, never answer. */
  timeout?: boolean;
  /** Make the call, then never answer. */
  timeoutAfter?: boolean;
  /** Answer 200 with this text without making the call, as a broken proxy may. */
  garbled?: string;
  /** Make the call, then answer 200 with this text. */
  garbledAfter?: string;
  /** Answer 429 with this Retry-After, in seconds. */
  retryAfter?: number;
  /** Delay the call by this many milliseconds. Combines with the other fields. */
  delayMs?: number;
  /** Number of calls that the fault applies to; default 1. */
  times?: number;
}

/** A Web API, response_url or upload request with its answer. Tokens are replaced by `<token>`. */
export interface RecordedCall {
  method: string;
  args: JsonObject;
  answer: JsonObject;
  status: number;
  /** Time by the workspace's clock, epoch ms. */
  at: number;
}

/** Calls of a method that Slack accepts in a minute at least: Tiers 2 to 4, by its page in docs.slack.dev/reference/methods. */
const CALLS_A_MINUTE: readonly [calls: number, methods: RegExp][] = [
  [20, /^(users\.list|usergroups\..+)$/],
  [50, /^(conversations\..+|users\.conversations|chat\.(update|delete)|files\.delete)$/],
  [100, /^(chat\.postEphemeral|files\..+|views\..+|users\.info)$/],
];

interface Armed {
  pattern: string;
  fault: Fault;
  left: number;
}

/**
 * Faults on demand. A method is a Web API name, `upload` (the bytes of a file), `response_url`, a prefix (`chat.*`) or
 * `*`. Several faults for a method are used up in the order in which they were set.
 */
export class SlackFaults implements Faults {
  /** True if files never become ready, so that blocks that show them are refused. */
  fileNeverReady = false;
  /** Time that Slack takes to process an uploaded file, in real milliseconds. */
  fileDelayMs = 0;
  readonly unknownBlocks = new Set<string>();
  /** True if calls beyond Slack's limit per minute are answered 429. */
  keepRates = false;
  /** Calls so far, with their answers. */
  readonly calls: RecordedCall[] = [];
  #armed: Armed[] = [];
  #outage: false | 'drop' | number = false;
  /** Called at the start of an outage. Cuts the connections of Socket Mode. */
  onOutage: () => void = () => {};

  /** Answers the next `times` calls with 429 and a Retry-After in seconds. */
  rateLimit(method: string, options: { times?: number; retryAfter?: number } = {}): void {
    this.fail(method, { retryAfter: options.retryAfter ?? 1, times: options.times ?? 1 });
  }

  fail(method: string, fault: Fault): void {
    this.#armed.push({ pattern: method, fault, left: fault.times ?? 1 });
  }

  /** Begins or ends an outage. During it, every request is cut (or answered with the HTTP status `how`), and Socket Mode refused. */
  outage(on: boolean, how: 'drop' | number = 'drop'): void {
    this.#outage = on ? how : false;
    if (on) this.onOutage();
  }

  get isOut(): boolean {
    return this.#outage !== false;
  }

  /** Ends all faults and outages. */
  clear(): void {
    this.#armed = [];
    this.fileNeverReady = false;
    this.unknownBlocks.clear();
    if (this.isOut) this.outage(false);
  }

  scan(finish: () => void): void {
    const end = () => {
      if (!this.fileNeverReady) finish();
    };
    if (this.fileDelayMs > 0) setTimeout(end, this.fileDelayMs).unref();
    else end();
  }

  #record(state: WorkspaceState, call: Omit<RecordedCall, 'at'>): void {
    this.calls.push({ ...call, at: state.now() });
    state.changed('call');
  }

  /** Returns a 429 if the method was called too often in the last minute. */
  #limit(method: string, nowMs: number): Fault | undefined {
    const most = CALLS_A_MINUTE.find(([, methods]) => methods.test(method))?.[0];
    if (!this.keepRates || most === undefined) return undefined;
    const recent = this.calls.filter(
      (call) => call.method === method && call.at > nowMs - 60_000 && call.status === 200,
    );
    return recent.length < most ? undefined : { retryAfter: Math.ceil((recent.at(-most)!.at + 60_000 - nowMs) / 1000) };
  }

  /** Takes the fault for this call and uses it up; undefined if there is none. */
  #take(method: string): Fault | undefined {
    if (this.#outage !== false) return this.#outage === 'drop' ? { drop: true } : { status: this.#outage };
    const index = this.#armed.findIndex(({ pattern }) => matches(pattern, method));
    const armed = this.#armed[index];
    if (!armed) return undefined;
    armed.left -= 1;
    if (armed.left <= 0) this.#armed.splice(index, 1);
    return armed.fault;
  }

  /** Answers a call, or fails it with a fault. `run` makes the call, unless the fault comes first. Without an answer, status is 0. */
  async answer(state: WorkspaceState, call: Call, run: () => Answer): Promise<void> {
    const fault = this.#take(call.method) ?? this.#limit(call.method, state.now()) ?? {};
    if (fault.delayMs) await delay(fault.delayMs, undefined, { ref: false });
    const refused = fault.error !== undefined || fault.retryAfter !== undefined;
    let spoilt = spoil(fault, false);
    let done: Answer = { status: 0, body: {} };
    if (!spoilt) {
      done = refused ? refuse(fault) : run();
      spoilt = spoil(fault, true);
    }
    const { method, args, response } = call;
    if (!spoilt) {
      this.#record(state, { method, args: toRecord(args), answer: toRecord(done.body), status: done.status });
      return sendJson(response, done.status, done.body, done.headers);
    }
    const said = { fault: spoilt.fault, ...done.body };
    this.#record(state, { method, args: toRecord(args), answer: toRecord(said), status: Math.max(0, spoilt.status) });
    if (spoilt.text !== undefined) response.writeHead(spoilt.status, { 'content-type': 'text/plain' }).end(spoilt.text);
    else if (spoilt.status === 0) response.destroy();
  }
}

function matches(pattern: string, method: string): boolean {
  if (pattern === '*') return true;
  return pattern.endsWith('.*') ? method.startsWith(pattern.slice(0, -1)) : pattern === method;
}

/** An answer spoilt by a fault: cut off (status 0), held back (status -1), or replaced. */
interface Spoilt {
  fault: string;
  status: number;
  text?: string;
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

function refuse({ error = 'ratelimited', retryAfter }: Fault): Answer {
  const body = { ok: false, error };
  return retryAfter === undefined
    ? { status: 200, body }
    : { status: 429, body, headers: { 'retry-after': String(retryAfter) } };
}
