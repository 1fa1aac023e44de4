import { isMainThread, Worker, workerData } from 'node:worker_threads';
import type { UsageReader } from '../domain/usage.ts';
import { answerCalls, lowerThreadPriority, ThreadCalls } from '../threads.ts';

type Method = keyof UsageReader;
type Call = { method: Method; argument: unknown };

const METHODS = Object.keys({
  sum: true,
  meter: true,
  values: true,
  latency: true,
  events: true,
  excluded: true,
  late: true,
  firstMeterDay: true,
  extent: true,
} satisfies Record<Method, true>) as Method[];

/** A reader of usage in a thread of its own; `stop` ends the thread. */
type ThreadedUsage = UsageReader & { stop(): Promise<void> };

/**
 * Reads stored usage in a thread with its own connection, so that a question over raw events holds up neither ingest nor the
 * thread that acknowledges Slack. A thread that has ended is replaced at the next question.
 */
export function createThreadedUsage(settings: { databaseUrl: string; zone: string }): ThreadedUsage {
  let calls: ThreadCalls | undefined;

  function call(method: Method, argument: unknown): Promise<unknown> {
    if (!calls || calls.ended)
      calls = new ThreadCalls(new Worker(new URL(import.meta.url), { workerData: { reader: settings } }), 'reading');
    return calls.call({ method, argument } satisfies Call);
  }

  const methods = METHODS.map((method) => [method, (argument: unknown) => call(method, argument)] as const);
  return {
    ...(Object.fromEntries(methods) as unknown as UsageReader),
    async stop() {
      await calls?.end();
    },
  };
}

if (!isMainThread && workerData?.reader) {
  // Imported only here, so that the thread that asks does not load the code that answers.
  const [{ createCalendar }, { dialectOf, openDatabase }, { StoredUsage }] = await Promise.all([
    import('../domain/calendar.ts'),
    import('../store/database.ts'),
    import('./reader.ts'),
  ]);
  lowerThreadPriority();
  const { databaseUrl, zone } = workerData.reader as { databaseUrl: string; zone: string };
  const usage = new StoredUsage(openDatabase(databaseUrl), dialectOf(databaseUrl), createCalendar(zone));
  answerCalls(({ method, argument }: Call) =>
    (usage[method] as (argument: unknown) => Promise<unknown>).call(usage, argument),
  );
}
