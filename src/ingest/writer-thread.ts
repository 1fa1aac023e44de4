import { parentPort, workerData } from 'node:worker_threads';
import { HeadroomError } from '../errors.ts';
import { lowerThreadPriority } from '../thread-priority.ts';
import { FairQueue } from './fair-queue.ts';
import { Intake } from './intake.ts';
import {
  type NumberedRequest,
  packAnswers,
  unpackRequests,
  type WriterAnswer,
  type WriterCall,
  type WriterError,
} from './writer-messages.ts';

/** One commit takes at most so many; it is closed by what they hold, too (intake.ts). */
const GROUP_REQUESTS = 1000;
/** What is committed waits at most this long to be added to the totals. */
const FOLD_AFTER_MS = 30_000;
/** Requests wait so long for the rows of `usage_daily`, or for those of one day. */
const ROWS_MS = 50;
/** As long again the database is left to others, which SQLite lets in only where nobody writes: answers wait for it too. */
const ROWS_PAUSE_MS = 50;

lowerThreadPriority();
const port = parentPort!;
const intake = new Intake(workerData);
const queue = new FairQueue<NumberedRequest>(({ request }) => request.envelope.sourceId);
const controls: Exclude<WriterCall, { kind: 'ingest' }>[] = [];
let working = false;
let foldFailed = false;
let ended = false;

port.on('message', (call: WriterCall) => {
  if (call.kind === 'ingest') for (const request of unpackRequests(call)) queue.push(request);
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
  while (queue.size > 0 || controls.length > 0) {
    if (queue.size > 0) answer(await commit());
    const next = controls.findIndex(({ kind }) => kind !== 'stop' || queue.size === 0);
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
    answer([{ id: 0, error: describeDatabase(error as Error) }]);
  }
}

function answer(answers: readonly WriterAnswer[]): void {
  const packed = packAnswers(answers);
  port.postMessage(packed, [packed.numbers.buffer]);
}

/** Commits what is next in the queue; the rest has its turn in the next group. */
async function commit(): Promise<WriterAnswer[]> {
  const next = queue.peek(GROUP_REQUESTS);
  const outcomes = await intake.take(next.map(({ request }) => request));
  const group = next.slice(0, outcomes.length);
  queue.drop(group);
  return group.map(({ id }, index) => {
    const outcome = outcomes[index]!;
    return outcome instanceof Error ? { id, error: describe(outcome) } : { id, result: outcome };
  });
}

async function control(call: Exclude<WriterCall, { kind: 'ingest' }>): Promise<void> {
  try {
    if (call.kind === 'check') await intake.check();
    else if (call.kind === 'fold') await intake.usage.foldAll();
    else if (call.kind === 'rows') await writeDailyRows(call);
    else if (call.kind === 'retain') await intake.usage.retain(call.nowMs);
    else {
      foldFailed = true;
      ended = true;
      await intake.close();
    }
    answer([{ id: call.id }]);
  } catch (error) {
    answer([{ id: call.id, error: describeDatabase(error as Error) }]);
  }
}

/** Writes daily rows for a short while, and goes on later, so that requests are not held up. The caller waits for the first part only. */
async function writeDailyRows({ id }: { id: number }): Promise<void> {
  if (id !== 0) await intake.usage.foldAll();
  const isLeft = await intake.usage.writeDailyRows(ROWS_MS);
  if (isLeft) setTimeout(goOnWithRows, ROWS_PAUSE_MS).unref();
}

function goOnWithRows(): void {
  if (ended || controls.some(({ kind }) => kind === 'rows' || kind === 'stop')) return;
  controls.push({ kind: 'rows', id: 0 });
  if (!working) void work();
}

function describe(error: Error): WriterError {
  const { message, stack } = error;
  return error instanceof HeadroomError ? { code: error.code, message } : { message, stack };
}

/** Of what only asks the database: whatever fails, fails there. */
function describeDatabase(error: Error): WriterError {
  return { code: 'database', ...describe(error) };
}
