import { Worker } from 'node:worker_threads';
import type { IngestResult } from '../domain/event.ts';
import { HeadroomError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { EventIntake, IngestRequest } from './adapter.ts';
import type { IntakeSettings } from './intake.ts';
import {
  type IntakeCall,
  type IntakeError,
  type NumberedRequest,
  type PackedAnswers,
  packRequests,
  unpackAnswers,
} from './intake-messages.ts';

/**
 * Bodies that wait for the thread may take this much memory; a request beyond it is refused whole. No source takes more than it
 * leaves free, so there is always room for another.
 */
const MAX_WAITING_BYTES = 128 * 1024 * 1024;
const MAX_WAITING_REQUESTS = 20_000;
/** A source whose oldest request waits longer than this is to come again; and no instance that keeps others waiting so long is ready. */
const MAX_WAIT_MS = 5000;
/** Requests gather while the thread is busy, but no more than this: a batch of this size is worth a message of its own. */
const GATHERED_BYTES = 64 * 1024;
const GATHERED_REQUESTS = 16;
/** Heap for short-lived objects: the events of one commit (about 1 MiB of bodies) fit in it; more was no faster. */
const YOUNG_MB = 16;

const STOPPING = 'This instance is stopping; send the request again.';
const TOO_MUCH = 'More requests of this source are waiting than can be stored now; send this one again.';

/** A call or request that has not been answered. */
interface Waiting {
  /** Of a request. */
  sourceId: number | undefined;
  bytes: number;
  settle: PromiseWithResolvers<IngestResult>;
}

/** A source's requests that have not been answered. */
interface Backlog {
  bytes: number;
  /** When each came, the oldest first. */
  receivedMs: Map<number, number>;
  /** Those of them that the thread does not have yet. */
  gathered: number;
}

/**
 * The intake of this process: a thread that decompresses, parses, commits and folds, so that ingest at full speed never
 * holds up an answer to Slack. Requests that arrive while a commit is under way share the next one.
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

  /** Requests that are taken and not yet answered, and the bytes of their bodies. */
  waiting(): { requests: number; bytes: number } {
    return { requests: this.#waiting.size, bytes: this.#waitingBytes };
  }

  /** Rejects where events cannot be committed, or one of a source that has nothing waiting would wait for long. */
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

  /** Begins to write the rows of `usage_daily` of days that changed; it goes on between requests until none is left. */
  writeDailyRows(): Promise<void> {
    return this.#call({ kind: 'rows' });
  }

  /** Removes what is past its time. */
  retain(nowMs: number): Promise<void> {
    return this.#call({ kind: 'retain', nowMs });
  }

  /** Stores what was taken, then ends the thread. */
  async stop(): Promise<void> {
    if (!this.#worker || this.#stopping) return;
    this.#stopping = true;
    await this.#call({ kind: 'stop' });
    await this.#worker.terminate();
  }

  async #call(call: { kind: 'check' | 'fold' | 'rows' | 'stop' } | { kind: 'retain'; nowMs: number }): Promise<void> {
    // It comes after what was taken before it.
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

  /** Takes the call of this number off the list of those that wait. */
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
   * While the thread is at work for a source, small requests of it gather here: waking it up costs more than they do. A source
   * that it has nothing of does not wait for others here; there, sources take turns.
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
    // First of all that follows, so that the thread is at work while these senders are answered.
    this.#flushIfDue();
    if (committed) this.#onCommit();
  }

  /** The thread is gone: what it had is refused (its senders try again), and what it had not yet starts another. */
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

/** An error of the thread's as it was thrown there: people meet those with a code, the rest is a defect for the log. */
function toError({ code, message, stack }: IntakeError): Error {
  return code === undefined ? Object.assign(new Error(message), { stack }) : new HeadroomError(code, message);
}
