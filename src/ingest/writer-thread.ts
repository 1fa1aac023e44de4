import { parentPort, workerData } from 'node:worker_threads';
import { type ErrorCode, HeadroomError } from '../errors.ts';
import { stepBack } from '../thread-priority.ts';
import { Intake } from './intake.ts';
import {
  type NumberedRequest,
  packAnswers,
  unpackRequests,
  type WriterAnswer,
  type WriterCall,
} from './writer-messages.ts';

/**
 * One commit takes at most this much, so that senders are answered while the next is prepared; a single request may be
 * larger.
 */
const GROUP_BYTES = 1024 * 1024;
const GROUP_REQUESTS = 1000;
/** What is committed waits at most this long to be added to the totals. */
const FOLD_AFTER_MS = 30_000;

stepBack();
const port = parentPort!;
const intake = new Intake(workerData);
const queue: NumberedRequest[] = [];
const controls: Exclude<WriterCall, { kind: 'ingest' }>[] = [];
let working = false;
let foldFailed = false;

port.on('message', (call: WriterCall) => {
  if (call.kind === 'ingest') queue.push(...unpackRequests(call));
  else controls.push(call);
  if (!working) void work();
});

setInterval(() => {
  foldFailed = false;
  controls.push({ kind: 'fold', id: 0 });
  if (!working) void work();
}, FOLD_AFTER_MS).unref();

/**
 * Commits group after group; while one is being written, the next gathers in the port. Whatever else is asked has its
 * turn between two groups, but the end comes after the last.
 */
async function work(): Promise<void> {
  working = true;
  while (queue.length > 0 || controls.length > 0) {
    if (queue.length > 0) answer(await commit(takeGroup()));
    const next = controls.findIndex(({ kind }) => kind !== 'stop' || queue.length === 0);
    if (next >= 0) await control(controls.splice(next, 1)[0]!);
    if (intake.usage.foldIsDue && !foldFailed) await fold();
    await new Promise((resolve) => setImmediate(resolve));
  }
  working = false;
}

/** Events are safe where they are: a fold that fails is said, and tried again at the next regular one. */
async function fold(): Promise<void> {
  try {
    await intake.usage.fold();
  } catch (error) {
    foldFailed = true;
    answer([{ id: 0, error: describe(error as Error) }]);
  }
}

function answer(answers: readonly WriterAnswer[]): void {
  const packed = packAnswers(answers);
  port.postMessage(packed, [packed.numbers.buffer]);
}

function takeGroup(): NumberedRequest[] {
  let bytes = 0;
  let count = 0;
  while (count < queue.length && count < GROUP_REQUESTS) {
    bytes += queue[count]!.request.body.length;
    if (count > 0 && bytes > GROUP_BYTES) break;
    count += 1;
  }
  return queue.splice(0, count);
}

async function commit(group: readonly NumberedRequest[]): Promise<WriterAnswer[]> {
  try {
    const outcomes = await intake.take(group.map(({ request }) => request));
    return outcomes.map((outcome, index) => {
      const { id } = group[index]!;
      return outcome instanceof Error ? { id, error: describe(outcome) } : { id, result: outcome };
    });
  } catch (error) {
    return group.map(({ id }) => ({
      id,
      error: {
        code: 'overloaded',
        message: `Events cannot be stored right now (${(error as Error).message}); send the request again.`,
      },
    }));
  }
}

async function control(call: Exclude<WriterCall, { kind: 'ingest' }>): Promise<void> {
  try {
    if (call.kind === 'check') await intake.check();
    else if (call.kind === 'fold') await intake.usage.foldAll();
    else if (call.kind === 'retain') await intake.usage.retain(call.nowMs);
    else {
      foldFailed = true;
      await intake.close();
    }
    answer([{ id: call.id }]);
  } catch (error) {
    answer([{ id: call.id, error: describe(error as Error) }]);
  }
}

function describe(error: Error): { code: ErrorCode; message: string } {
  if (error instanceof HeadroomError) return { code: error.code, message: error.message };
  return { code: 'database', message: error.message };
}
