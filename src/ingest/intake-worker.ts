import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parentPort, workerData } from 'node:worker_threads';
import { HeadroomError } from '../errors.ts';
import { lowerThreadPriority } from '../threads.ts';
import { FairQueue, Intake } from './intake.ts';
import {
  type IntakeAnswer,
  type IntakeCall,
  type IntakeError,
  type NumberedRequest,
  packAnswers,
  unpackRequests,
} from './intake-thread.ts';

/** One commit takes at most 1000 requests; their events and bytes limit it too (intake.ts). */
const GROUP_REQUESTS = 1000;
/** Add committed events to the totals after 30 s at the latest. */
const FOLD_AFTER_MS = 30_000;
/** Free memory after ten seconds without a request. */
const REST_AFTER_MS = 10_000;
/** Write rows of `usage_daily` for at most 50 ms at a time, but at least one day: requests wait for it. */
const ROWS_MS = 50;
/** Then pause for as long: SQLite takes one writer at a time, and answers wait for it too. */
const ROWS_PAUSE_MS = 50;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

type Control = Exclude<IntakeCall, { kind: 'ingest' }>;
type Queued = NumberedRequest | Control;

/** Checks whether events can be committed take turns in the queue like a source; no source has the id 0. */
const CHECKS = 0;

lowerThreadPriority();
const port = parentPort!;
const intake = new Intake(workerData);
const queue = new FairQueue<Queued>((queued) => (isRequest(queued) ? queued.request.envelope.sourceId : CHECKS));
/** Work that runs beside the commits, as far as the database allows. */
const beside = new Set<Promise<void>>();
let working = false;
let folding: Promise<void> | undefined;
let foldFailed = false;
let stop: Control | undefined;
/** Time of the last request; undefined once memory was freed after it. */
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

/** Commits one group after the other; meanwhile the next gathers in the port. Stops after the last if asked to. */
async function work(): Promise<void> {
  working = true;
  while (queue.size > 0) {
    const [first] = queue.peek(1);
    if (isRequest(first!)) answer(await commit());
    else {
      // The check has waited in the queue like an event, so its answer is true for the next event.
      queue.drop([first!]);
      begin(first!);
    }
    if (intake.usage.foldsDue > 0 && !foldFailed) folding ??= fold();
    // Wait if the next fold is already due: commits must not be faster than folds for long.
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

/** Folds. A failure is reported, and the next regular fold tries again: the events are safe in the inbox. */
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

/** Commits the next group of the queue; requests that do not fit go into a later one. */
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

/** Frees memory. V8 does not collect garbage while the thread is idle, and the last fold of a busy hour leaves much behind. */
async function rest(): Promise<void> {
  await intake.rest();
  collectGarbage();
}

/** Writes daily rows for a short while and continues later, so as not to delay requests. The caller waits for the first part. */
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

/** Describes an error of work that only uses the database: any failure is one of the database. */
function describeDatabase(error: Error): IntakeError {
  return { code: 'database', ...describe(error) };
}
