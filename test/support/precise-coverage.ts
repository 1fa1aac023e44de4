import { Session } from 'node:inspector';
import { isMainThread, threadId, workerData } from 'node:worker_threads';

/**
 * Finds the functions of `src` that were called, by V8's precise coverage. Loaded with `node --import`, it runs in every thread
 * of a process. https://chromedevtools.github.io/devtools-protocol/tot/Profiler/#method-takePreciseCoverage
 */

/** Functions that a thread called since the last request, as `file name@offset`. Loading a module does not count as a call. */
export interface Called {
  /** `main`; for other threads the first key of their `workerData`, or `charts` if they have none. */
  thread: string;
  functions: string[];
}

interface Coverage {
  result: { url: string; functions: { functionName: string; ranges: { startOffset: number; count: number }[] }[] }[];
}

interface Told extends Called {
  id: number;
}

const SRC = new URL('../../src/', import.meta.url).href;
const ASKING = 'precise coverage';
const THREAD = isMainThread ? 'main' : (Object.keys(workerData ?? {})[0] ?? 'charts');

const session = new Session();
session.connect();
post('Profiler.enable');
post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });

const asked = new BroadcastChannel(ASKING) as BroadcastChannel & { unref(): void };
asked.onmessage = ({ data }) => {
  if (data === ASKING) asked.postMessage({ ...takeHere(), id: threadId } satisfies Told);
};
asked.unref();

/** Returns the functions that each thread called since the last request. `threads`: number of threads besides this one. */
export async function takeCalled(threads: number): Promise<Called[]> {
  const asking = new BroadcastChannel(ASKING);
  const told = new Map<number, Told>();
  await new Promise<void>((resolve) => {
    asking.onmessage = ({ data }) => {
      told.set(data.id, data);
      if (told.size === threads + 1) resolve();
    };
    asking.postMessage(ASKING);
  });
  asking.close();
  return [...told.values()].map(({ thread, functions }) => ({ thread, functions }));
}

function takeHere(): Called {
  const { result } = post('Profiler.takePreciseCoverage') as Coverage;
  const functions = result
    .filter(({ url }) => url.startsWith(SRC))
    .flatMap(({ url, functions: all }) =>
      all
        .map(({ functionName, ranges }) => ({ functionName, ...ranges[0]! }))
        .filter(({ startOffset, count }) => startOffset > 0 && count > 0)
        .map(({ functionName, startOffset }) => `${url.slice(SRC.length)} ${functionName}@${startOffset}`),
    );
  return { thread: THREAD, functions };
}

function post(method: string, parameters?: object): unknown {
  let answer: unknown;
  // Within its own thread, the session calls back before `post` returns.
  session.post(method as 'Profiler.enable', parameters as never, (error: Error | null, result?: unknown) => {
    if (error) throw error;
    answer = result;
  });
  return answer;
}
