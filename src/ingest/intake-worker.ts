import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parentPort, workerData } from 'node:worker_threads';
import { HeadroomError } from '../errors.ts';
import { lowerThreadPriority } from '../threads.ts';
import { FairQueue } from './fair-queue.ts';
import { Intake } from './intake.ts';
import {
  type IntakeAnswer,
  type IntakeCall,
  type IntakeError,
  type NumberedRequest,
  packAnswers,
  unpackRequests,
} from './intake-messages.ts';

/** One commit takes at most so many; it is closed by what they hold, too (intake.ts). */
const GROUP_REQUESTS = 1000;
/** What is committed waits at most this long to be added to the totals. */
const FOLD_AFTER_MS = 30_000;
/** Gives memory back after ten seconds without a request. */
const REST_AFTER_MS = 10_000;
/** Requests wait so long for the rows of `usage_daily`, or for those of one day. */
const ROWS_MS = 50;
/** As long again the database is left to others, which SQLite lets in only where nobody writes: answers wait for it too. */
const ROWS_PAUSE_MS = 50;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

type Control = Exclude<IntakeCall, { kind: 'ingest' }>;
type Queued = NumberedRequest | Control;

/** In the queue, whoever asks whether events can be committed is a source of its own: no source has this id. */
const CHECKS = 0;

lowerThreadPriority();
const port = parentPort!;
const intake = new Intake(workerData);
const queue = new FairQueue<Queued>((queued) => (isRequest(queued) ? queued.request.envelope.sourceId : CHECKS));
/** What goes on beside the groups, where the database lets it. */
const beside = new Set<Promise<void>>();
let working = false;
let folding: Promise<void> | undefined;
let foldFailed = false;
let stop: Control | undefined;
/** When a request came last; undefined: memory has been given back since. */
let cameMs: number | undefined;

port.on('message', (call: IntakeCall) => {
  if (call.kind === 'ingest') {
    cameMs = performance.now();
    for (const request of unpackRequests(call)) queue.push(request);
  } else if (call.kind === 'check') queue.push(call);
  else if (call.kind === 'stop') stop = call;
  else return begin(call);
  if (!working) void work();
});

setInterval(() => {
  foldFailed = false;
  begin({ kind: 'fold', id: 0 });
}, FOLD_AFTER_MS).unref();

setInterval(() => {
  if (stop || cameMs === undefined || performance.now() - cameMs < REST_AFTER_MS) return;
  cameMs = undefined;
  begin({ kind: 'rest', id: 0 });
}, REST_AFTER_MS).unref();

/** Commits group after group; while one is being written, the next gathers in the port. The end comes after the last. */
async function work(): Promise<void> {
  working = true;
  while (queue.size > 0) {
    const [first] = queue.peek(1);
    if (isRequest(first!)) answer(await commit());
    else {
      // It has waited as an event would, so its answer holds for the next one.
      queue.drop([first!]);
      begin(first!);
    }
    if (intake.usage.foldsDue > 0 && !foldFailed) folding ??= fold();
    // Another is due before this one has ended: commits must not be faster than folds for long.
    if (intake.usage.foldsDue > 1) await folding;
    await new Promise((resolve) => setImmediate(resolve));
  }
  working = false;
  if (stop) await end(stop);
}

function isRequest(queued: Queued): queued is NumberedRequest {
  return 'request' in queued;
}

function begin(call: Control): void {
  const done = control(call).finally(() => beside.delete(done));
  beside.add(done);
}

async function end(call: Control): Promise<void> {
  await Promise.all([folding, ...beside]);
  await control(call);
}

/** Events are safe where they are: a fold that fails is said, and tried again at the next regular one. */
async function fold(): Promise<void> {
  try {
    await intake.usage.fold();
  } catch (error) {
    foldFailed = true;
    answer([{ id: 0, error: describeDatabase(error as Error) }]);
  } finally {
    folding = undefined;
  }
}

function answer(answers: readonly IntakeAnswer[]): void {
  const packed = packAnswers(answers);
  port.postMessage(packed, [packed.numbers.buffer]);
}

/** Commits what is next in the queue; the rest has its turn in the next group. */
async function commit(): Promise<IntakeAnswer[]> {
  let next: NumberedRequest[] = [];
  const outcomes = await intake.take(() => {
    next = queue.peek(GROUP_REQUESTS).filter(isRequest);
    return next.map(({ request }) => request);
  });
  const group = next.slice(0, outcomes.length);
  queue.drop(group);
  return group.map(({ id }, index) => {
    const outcome = outcomes[index]!;
    return outcome instanceof Error ? { id, error: describe(outcome) } : { id, result: outcome };
  });
}

async function control(call: Control): Promise<void> {
  try {
    if (call.kind === 'check') await intake.check();
    else if (call.kind === 'fold') await intake.usage.foldAll();
    else if (call.kind === 'rest') await rest();
    else if (call.kind === 'rows') await writeDailyRows(call);
    else if (call.kind === 'retain') await intake.usage.retain(call.nowMs);
    else await intake.close();
    answer([{ id: call.id }]);
  } catch (error) {
    answer([{ id: call.id, error: describeDatabase(error as Error) }]);
  }
}

/** Collects garbage too: V8 does not by itself while the thread is idle, and the last fold of a busy hour leaves much behind. */
async function rest(): Promise<void> {
  await intake.rest();
  collectGarbage();
}

/** Writes daily rows for a short while, and goes on later, so that requests are not held up. The caller waits for the first part only. */
async function writeDailyRows({ id }: { id: number }): Promise<void> {
  if (id !== 0) await intake.usage.foldAll();
  const isLeft = await intake.usage.writeDailyRows(ROWS_MS);
  if (isLeft) setTimeout(goOnWithRows, ROWS_PAUSE_MS).unref();
}

function goOnWithRows(): void {
  if (!stop) begin({ kind: 'rows', id: 0 });
}

function describe(error: Error): IntakeError {
  const { message, stack } = error;
  return error instanceof HeadroomError ? { code: error.code, message } : { message, stack };
}

/** Of what only asks the database: whatever fails, fails there. */
function describeDatabase(error: Error): IntakeError {
  return { code: 'database', ...describe(error) };
}
