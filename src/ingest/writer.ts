import { Worker } from 'node:worker_threads';
import type { IngestResult } from '../domain/event.ts';
import { HeadroomError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { EventWriter, IngestRequest } from './adapter.ts';
import type { IntakeSettings } from './intake.ts';
import {
  type NumberedRequest,
  type PackedAnswers,
  packRequests,
  unpackAnswers,
  type WriterCall,
  type WriterError,
} from './writer-messages.ts';

/** Requests may wait for the writer up to this; more are refused as a whole, with nothing of them counted. */
const MAX_WAITING_BYTES = 128 * 1024 * 1024;
const MAX_WAITING_REQUESTS = 20_000;
/** So much is handed to the thread whatever it is doing: there is enough to do while the rest arrives. */
const GATHERED_BYTES = 64 * 1024;
/** Parsed events live for one commit: with room for several, few are copied before they are garbage. */
const YOUNG_MB = 96;

/**
 * The writer of this process: a thread that decompresses, parses, commits and folds, so that ingest at full speed never
 * holds up an answer to Slack. Requests that arrive while a commit is under way share the next one.
 */
export class ThreadedWriter implements EventWriter {
  readonly #settings: IntakeSettings;
  readonly #log: Logger;
  readonly #onCommit: () => void;
  #worker: Worker | undefined;
  readonly #waiting = new Map<
    number,
    { isRequest: boolean; bytes: number; settle: PromiseWithResolvers<IngestResult> }
  >();
  #waitingBytes = 0;
  #lastId = 0;
  #outbox: NumberedRequest[] = [];
  #outboxBytes = 0;
  /** Requests that the thread has and has not answered. */
  #handed = 0;
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

  async ingest(request: IngestRequest): Promise<IngestResult> {
    if (this.#stopping) throw new HeadroomError('overloaded', 'This instance is stopping; send the request again.');
    if (this.#waitingBytes + request.body.length > MAX_WAITING_BYTES || this.#waiting.size >= MAX_WAITING_REQUESTS) {
      throw new HeadroomError('overloaded', 'More requests are waiting than can be stored now; send this one again.');
    }
    const { id, settle } = this.#expect(true, request.body.length);
    this.#outbox.push({ id, request });
    this.#outboxBytes += request.body.length;
    if (this.#outboxBytes >= GATHERED_BYTES) this.#flush();
    else if (this.#outbox.length === 1) setImmediate(() => this.#flushIfDue());
    return settle.promise;
  }

  /** Requests that are taken and not yet answered, and the bytes of their bodies. */
  waiting(): { requests: number; bytes: number } {
    return { requests: this.#waiting.size, bytes: this.#waitingBytes };
  }

  /** Rejects where events cannot be committed. */
  check(): Promise<void> {
    return this.#call({ kind: 'check' });
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
    this.#flush();
    await this.#call({ kind: 'stop' });
    await this.#worker.terminate();
  }

  async #call(call: { kind: 'check' | 'fold' | 'rows' | 'stop' } | { kind: 'retain'; nowMs: number }): Promise<void> {
    const { id, settle } = this.#expect(false, 0);
    this.#thread().postMessage({ ...call, id } satisfies WriterCall);
    await settle.promise;
  }

  #expect(isRequest: boolean, bytes: number): { id: number; settle: PromiseWithResolvers<IngestResult> } {
    this.#lastId += 1;
    const settle = Promise.withResolvers<IngestResult>();
    this.#waiting.set(this.#lastId, { isRequest, bytes, settle });
    this.#waitingBytes += bytes;
    return { id: this.#lastId, settle };
  }

  /** While the thread is at work, small requests gather here: waking it up costs more than they do. */
  #flushIfDue(): void {
    if (this.#handed === 0) this.#flush();
  }

  #flush(): void {
    if (this.#outbox.length === 0) return;
    const packed = packRequests(this.#outbox);
    this.#handed += this.#outbox.length;
    this.#outbox = [];
    this.#outboxBytes = 0;
    const call: WriterCall = { kind: 'ingest', ...packed };
    this.#thread().postMessage(call, [packed.bytes.buffer, packed.numbers.buffer]);
  }

  #thread(): Worker {
    if (this.#worker) return this.#worker;
    const worker = new Worker(new URL('./writer-thread.ts', import.meta.url), {
      workerData: this.#settings,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    });
    worker.on('message', (answers: PackedAnswers) => this.#settle(answers));
    worker.on('error', (error) => this.#lose(worker, error as Error));
    worker.on('exit', () => this.#lose(worker, new Error('the writer thread ended')));
    this.#worker = worker;
    return worker;
  }

  #settle(answers: PackedAnswers): void {
    let committed = false;
    for (const { id, result, error } of unpackAnswers(answers)) {
      const waiting = this.#waiting.get(id);
      if (!waiting) {
        if (error)
          this.#log.error({ error: error.message }, 'events could not be added to the totals; it is tried again');
        continue;
      }
      this.#waiting.delete(id);
      this.#waitingBytes -= waiting.bytes;
      if (waiting.isRequest) this.#handed -= 1;
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
    if (!this.#stopping) this.#log.error({ err: error }, 'the writer thread ended; starting another');
    const kept = new Set(this.#outbox.map(({ id }) => id));
    for (const [id, { bytes, settle }] of this.#waiting) {
      if (kept.has(id)) continue;
      this.#waiting.delete(id);
      this.#waitingBytes -= bytes;
      settle.reject(new HeadroomError('overloaded', 'Events cannot be stored right now; send the request again.'));
    }
    this.#handed = 0;
    this.#flush();
  }
}

/** An error of the thread's as it was thrown there: people meet those with a code, the rest is a defect for the log. */
function toError({ code, message, stack }: WriterError): Error {
  return code === undefined ? Object.assign(new Error(message), { stack }) : new HeadroomError(code, message);
}
