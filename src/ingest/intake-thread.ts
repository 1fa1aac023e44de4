import { Worker } from 'node:worker_threads';
import type { IngestResult } from '../domain/event.ts';
import { type ErrorCode, HeadroomError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Envelope, EventIntake, IngestRequest } from './adapter.ts';
import type { IntakeSettings } from './intake.ts';

/**
 * Bodies that wait for the thread take at most 128 MiB; further requests are refused. A source may use at most as much as stays
 * free, so that there is always room for another source.
 */
const MAX_WAITING_BYTES = 128 * 1024 * 1024;
const MAX_WAITING_REQUESTS = 20_000;
/** Refuse requests of a source whose oldest one has waited 5 s; an instance that takes this long to answer a check is not ready. */
const MAX_WAIT_MS = 5000;
/** Send gathered requests at 64 KiB, or 16 of them, even while the thread is busy: a batch of this size is worth a message. */
const GATHERED_BYTES = 64 * 1024;
const GATHERED_REQUESTS = 16;
/** Heap for short-lived objects: 16 MB hold the events of one commit (about 1 MiB of bodies); more was no faster. */
const YOUNG_MB = 16;

const STOPPING = 'This instance is stopping; send the request again.';
const TOO_MUCH = 'More requests of this source are waiting than can be stored now; send this one again.';

/** A call or request without an answer yet. */
interface Waiting {
  /** Undefined for a call that is not a request. */
  sourceId: number | undefined;
  bytes: number;
  settle: PromiseWithResolvers<IngestResult>;
}

/** A source's requests without an answer yet. */
interface Backlog {
  bytes: number;
  /** Time of receipt by id, the oldest first. */
  receivedMs: Map<number, number>;
  /** Number of requests that were not sent to the thread yet. */
  gathered: number;
}

/**
 * Intake of this process: a thread that decompresses, parses, commits and folds, so that ingest at full speed never delays an
 * answer to Slack. Requests that arrive during a commit share the next one.
 */
export class IntakeThread implements EventIntake {
  readonly #settings: IntakeSettings;
  readonly #log: Logger;
  readonly #onCommit: () => void;
  #worker: Worker | undefined;
  readonly #waiting = new Map<number, Waiting>();
  readonly #backlogs = new Map<number, Backlog>();
  #waitingBytes = 0;
  #lastId = 0;
  #outbox: NumberedRequest[] = [];
  #outboxBytes = 0;
  #stopping = false;

  /** `onCommit` is called after events have been committed, at most once per answered group. */
  constructor(settings: IntakeSettings, log: Logger, onCommit: () => void) {
    this.#settings = settings;
    this.#log = log;
    this.#onCommit = onCommit;
  }

  async start(): Promise<void> {
    await this.#call({ kind: 'check' });
  }

  ingest(request: IngestRequest): Promise<IngestResult> {
    const { sourceId } = request.envelope;
    const refusal = this.#stopping ? STOPPING : this.#isTooMuch(this.#backlogs.get(sourceId), request) && TOO_MUCH;
    if (refusal) return Promise.reject(new HeadroomError('overloaded', refusal));
    const { id, settle } = this.#expect(request.body.length, sourceId);
    const backlog = this.#backlogs.getOrInsertComputed(sourceId, () => ({
      ...{ bytes: 0, gathered: 0 },
      receivedMs: new Map(),
    }));
    backlog.bytes += request.body.length;
    backlog.receivedMs.set(id, request.receivedMs);
    backlog.gathered += 1;
    this.#outbox.push({ id, request });
    this.#outboxBytes += request.body.length;
    if (this.#outboxBytes >= GATHERED_BYTES || this.#outbox.length >= GATHERED_REQUESTS) this.#flush();
    else if (backlog.receivedMs.size === 1) setImmediate(() => this.#flush());
    return settle.promise;
  }

  /** Counts requests that are not answered yet, and the bytes of their bodies. */
  waiting(): { requests: number; bytes: number } {
    return { requests: this.#waiting.size, bytes: this.#waitingBytes };
  }

  /** Rejects if events cannot be committed, or if an event of an idle source would have to wait longer than 5 s. */
  async check(): Promise<void> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => late.reject(new HeadroomError('overloaded', `Events wait longer than ${MAX_WAIT_MS / 1000} s.`)),
      MAX_WAIT_MS,
    );
    try {
      await Promise.race([this.#call({ kind: 'check' }), late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Adds everything committed to the totals. */
  fold(): Promise<void> {
    return this.#call({ kind: 'fold' });
  }

  /** Starts writing the rows of `usage_daily` for changed days; the thread continues between requests until all are written. */
  writeDailyRows(): Promise<void> {
    return this.#call({ kind: 'rows' });
  }

  /** Deletes data that is older than the retention allows. */
  retain(nowMs: number): Promise<void> {
    return this.#call({ kind: 'retain', nowMs });
  }

  /** Stores the requests that were accepted, then ends the thread. */
  async stop(): Promise<void> {
    if (!this.#worker || this.#stopping) return;
    this.#stopping = true;
    await this.#call({ kind: 'stop' });
    await this.#worker.terminate();
  }

  async #call(call: { kind: 'check' | 'fold' | 'rows' | 'stop' } | { kind: 'retain'; nowMs: number }): Promise<void> {
    // Send earlier requests first, to keep the order.
    this.#flush();
    const { id, settle } = this.#expect(0, undefined);
    this.#thread().postMessage({ ...call, id } satisfies IntakeCall);
    await settle.promise;
  }

  #isTooMuch(backlog: Backlog | undefined, { body, receivedMs }: IngestRequest): boolean {
    const { value: oldestMs = receivedMs } = backlog?.receivedMs.values().next() ?? {};
    const bytes = (backlog?.bytes ?? 0) + body.length;
    const requests = backlog?.receivedMs.size ?? 0;
    return (
      (this.#waitingBytes > 0 && bytes > MAX_WAITING_BYTES - this.#waitingBytes) ||
      requests >= MAX_WAITING_REQUESTS - this.#waiting.size ||
      receivedMs - oldestMs > MAX_WAIT_MS
    );
  }

  #expect(bytes: number, sourceId: number | undefined): { id: number; settle: PromiseWithResolvers<IngestResult> } {
    this.#lastId += 1;
    const settle = Promise.withResolvers<IngestResult>();
    this.#waiting.set(this.#lastId, { sourceId, bytes, settle });
    this.#waitingBytes += bytes;
    return { id: this.#lastId, settle };
  }

  /** Removes a call from those that wait, and returns it. */
  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    if (!waiting) return undefined;
    this.#waiting.delete(id);
    this.#waitingBytes -= waiting.bytes;
    if (waiting.sourceId === undefined) return waiting;
    const backlog = this.#backlogs.get(waiting.sourceId)!;
    backlog.bytes -= waiting.bytes;
    backlog.receivedMs.delete(id);
    if (backlog.receivedMs.size === 0) this.#backlogs.delete(waiting.sourceId);
    return waiting;
  }

  /**
   * Sends gathered requests if the thread has none of some source. While it works on a source's requests, further small ones
   * gather here, because waking it up costs more than they do. In the thread, sources take turns.
   */
  #flushIfDue(): void {
    const isDue = this.#outbox.some(({ request }) => {
      const { gathered, receivedMs } = this.#backlogs.get(request.envelope.sourceId)!;
      return gathered === receivedMs.size;
    });
    if (isDue) this.#flush();
  }

  #flush(): void {
    if (this.#outbox.length === 0) return;
    const packed = packRequests(this.#outbox);
    for (const { request } of this.#outbox) this.#backlogs.get(request.envelope.sourceId)!.gathered = 0;
    this.#outbox = [];
    this.#outboxBytes = 0;
    const call: IntakeCall = { kind: 'ingest', ...packed };
    this.#thread().postMessage(call, [packed.bytes.buffer, packed.numbers.buffer]);
  }

  #thread(): Worker {
    if (this.#worker) return this.#worker;
    const worker = new Worker(new URL('./intake-worker.ts', import.meta.url), {
      workerData: this.#settings,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    });
    worker.on('message', (answers: PackedAnswers) => this.#settle(answers));
    worker.on('error', (error) => this.#lose(worker, error as Error));
    worker.on('exit', () => this.#lose(worker, new Error('the intake thread ended')));
    this.#worker = worker;
    return worker;
  }

  #settle(answers: PackedAnswers): void {
    let committed = false;
    for (const { id, result, error } of unpackAnswers(answers)) {
      const waiting = this.#take(id);
      if (!waiting) {
        if (error)
          this.#log.error({ error: error.message }, 'events could not be added to the totals; it is tried again');
        continue;
      }
      if (error) waiting.settle.reject(toError(error));
      else waiting.settle.resolve(result!);
      committed ||= (result?.accepted ?? 0) > 0;
    }
    // Do this first, so that the thread works while these senders are answered.
    this.#flushIfDue();
    if (committed) this.#onCommit();
  }

  /** Handles the end of the thread: refuses the requests that it had (senders retry), and sends the others to a new thread. */
  #lose(worker: Worker, error: Error): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    if (!this.#stopping) this.#log.error({ err: error }, 'the intake thread ended; starting another');
    const kept = new Set(this.#outbox.map(({ id }) => id));
    for (const id of [...this.#waiting.keys()]) {
      if (kept.has(id)) continue;
      this.#take(id)?.settle.reject(
        new HeadroomError('overloaded', 'Events cannot be stored right now; send the request again.'),
      );
    }
    this.#flush();
  }
}

/** Rebuilds an error of the thread: one with a code is shown to people, any other is a defect for the log. */
function toError({ code, message, stack }: IntakeError): Error {
  return code === undefined ? Object.assign(new Error(message), { stack }) : new HeadroomError(code, message);
}

/**
 * Messages from the server's thread to the thread that commits; it replies with `IntakeAnswer`. Requests travel as one block of
 * bytes with a few numbers each, and plain results as numbers, since copying an object between threads costs more than its event.
 */
export type IntakeCall =
  | ({ kind: 'ingest' } & PackedRequests)
  | { kind: 'check' | 'fold' | 'rest' | 'rows' | 'stop'; id: number }
  | { kind: 'retain'; id: number; nowMs: number };

export type IntakeAnswer = { id: number; result?: IngestResult; error?: IntakeError };

/** An error without a code is a defect of ours. */
export interface IntakeError {
  code?: ErrorCode;
  message: string;
  stack?: string | undefined;
}

export interface NumberedRequest {
  id: number;
  request: IngestRequest;
}

export interface PackedRequests {
  envelopes: Envelope[];
  bytes: Uint8Array<ArrayBuffer>;
  /** Four numbers per request: its id, index of its envelope, offset of its body in `bytes`, time of receipt. */
  numbers: Float64Array<ArrayBuffer>;
}

const REQUEST_NUMBERS = 4;

export function packRequests(requests: readonly NumberedRequest[]): PackedRequests {
  const places = new Map<Envelope, number>();
  const numbers = new Float64Array(requests.length * REQUEST_NUMBERS);
  const bytes = new Uint8Array(requests.reduce((size, { request }) => size + request.body.length, 0));
  let at = 0;
  let number = 0;
  for (const { id, request } of requests) {
    let place = places.get(request.envelope);
    if (place === undefined) {
      place = places.size;
      places.set(request.envelope, place);
    }
    numbers[number] = id;
    numbers[number + 1] = place;
    numbers[number + 2] = at;
    numbers[number + 3] = request.receivedMs;
    number += REQUEST_NUMBERS;
    bytes.set(request.body, at);
    at += request.body.length;
  }
  return { envelopes: [...places.keys()], bytes, numbers };
}

export function unpackRequests({ envelopes, bytes, numbers }: PackedRequests): NumberedRequest[] {
  const requests: NumberedRequest[] = [];
  for (let at = 0; at < numbers.length; at += REQUEST_NUMBERS) {
    const end = numbers[at + REQUEST_NUMBERS + 2] ?? bytes.length;
    requests.push({
      id: numbers[at]!,
      request: {
        envelope: envelopes[numbers[at + 1]!]!,
        body: bytes.subarray(numbers[at + 2]!, end),
        receivedMs: numbers[at + 3]!,
      },
    });
  }
  return requests;
}

export interface PackedAnswers {
  /** RESULT_NUMBERS for each request without rejected events or unread fields. */
  numbers: Float64Array<ArrayBuffer>;
  /** All other answers, as they are. */
  others: IntakeAnswer[];
}

const RESULT_NUMBERS = 7;

export function packAnswers(answers: readonly IntakeAnswer[]): PackedAnswers {
  const others = answers.filter(isMore);
  const numbers = new Float64Array((answers.length - others.length) * RESULT_NUMBERS);
  let at = 0;
  for (const { id, result } of answers) {
    if (!result || isMore({ id, result })) continue;
    const { accepted, duplicates, conflicts, withoutId = 0, late = 0, lastEventMs = Number.NaN } = result;
    numbers[at] = id;
    numbers[at + 1] = accepted;
    numbers[at + 2] = duplicates;
    numbers[at + 3] = conflicts;
    numbers[at + 4] = withoutId;
    numbers[at + 5] = late;
    numbers[at + 6] = lastEventMs;
    at += RESULT_NUMBERS;
  }
  return { numbers, others };
}

/** Tells whether an answer holds more than numbers. */
function isMore({ result }: IntakeAnswer): boolean {
  return !result || result.rejected.length > 0 || result.unread !== undefined;
}

export function unpackAnswers({ numbers, others }: PackedAnswers): IntakeAnswer[] {
  const answers: IntakeAnswer[] = [];
  for (let at = 0; at < numbers.length; at += RESULT_NUMBERS) {
    const result: IngestResult = {
      accepted: numbers[at + 1]!,
      duplicates: numbers[at + 2]!,
      conflicts: numbers[at + 3]!,
      withoutId: numbers[at + 4]!,
      late: numbers[at + 5]!,
      rejected: [],
    };
    if (!Number.isNaN(numbers[at + 6])) result.lastEventMs = numbers[at + 6]!;
    answers.push({ id: numbers[at]!, result });
  }
  return [...answers, ...others];
}
