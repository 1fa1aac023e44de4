import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createCalendar } from '../../src/domain/calendar.ts';
import { dialectOf, openDatabase } from '../../src/store/database.ts';
import { StoredUsage } from '../../src/usage/reader.ts';

export const TOKEN = 'torture-token-of-enough-length-0123456789';

/** Events of one request. They have a client of their own, so that the totals show whether the request was counted. */
export interface Request {
  client: string;
  size: number;
  body: string;
}

export interface Outcome {
  status: number;
  accepted: number;
  duplicates: number;
  retryAfter: string | null;
}

/** Makes `numbers` requests. Each has texts that no other has, so that every commit adds new values. */
export function makeRequests(name: string, numbers: number, nowMs = Date.now()): Request[] {
  return Array.from({ length: numbers }, (_, number) => {
    const client = `${name}-${number}`;
    const size = 1 + ((number * 7) % 40);
    const events = Array.from({ length: size }, (_, index) => ({
      id: `${client}/${index}`,
      client,
      user: index % 3 === 0 ? `user ${client}` : undefined,
      module: `module ${(number * index) % 11}`,
      time: nowMs - ((number * 977 + index) % (3 * 86_400_000)),
      status: index % 5 === 0 ? 429 : 200,
    }));
    return { client, size, body: JSON.stringify(number % 2 === 0 ? events : events.toReversed()) };
  });
}

/** Sends a request. Undefined if the connection broke, so that the outcome is unknown. */
export async function send(url: string, request: Pick<Request, 'body'>): Promise<Outcome | undefined> {
  try {
    const response = await fetch(`${url}/v1/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      body: request.body,
    });
    const answer = (await response.json()) as { accepted?: number; duplicates?: number };
    return {
      status: response.status,
      accepted: answer.accepted ?? 0,
      duplicates: answer.duplicates ?? 0,
      retryAfter: response.headers.get('retry-after'),
    };
  } catch {
    return undefined;
  }
}

/** Sends a request until it is answered with 200. A 503 means that nothing was counted. */
export async function sendUntilTaken(url: string, request: Request): Promise<Outcome> {
  for (;;) {
    const outcome = await send(url, request);
    if (outcome?.status === 200) return outcome;
    if (outcome && outcome.status !== 503) throw new Error(`answered with ${outcome.status}`);
  }
}

/** Runs `work` on every item, `lanes` at a time. */
export async function inParallel<T>(
  items: readonly T[],
  lanes: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const left = items.values();
  await Promise.all(
    Array.from({ length: lanes }, async () => {
      for (const item of left) await work(item);
    }),
  );
}

export interface Victim {
  url: string;
  process: ChildProcess;
  /** Faults that the process reported. */
  faults: string[];
  /** Sends SIGKILL. Resolves once the process has ended. */
  kill(): Promise<void>;
}

export async function startVictim(databaseUrl: string): Promise<Victim> {
  const child = fork(fileURLToPath(new URL('./victim.ts', import.meta.url)), [databaseUrl, TOKEN], {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const faults: string[] = [];
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const url = await new Promise<string>((resolve, reject) => {
    child.on('message', (message: { url?: string; fault?: string }) => {
      if (message.url) resolve(message.url);
      else faults.push(message.fault!);
    });
    child.once('exit', (code) => reject(new Error(`the victim ended with ${code} before it listened: ${faults}`)));
  });
  return {
    url,
    process: child,
    faults,
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** Counts the calls per client twice: from totals and from raw events. */
export async function countByClient(
  databaseUrl: string,
): Promise<{ totals: Record<string, number>; raw: Record<string, number>; requests: number }> {
  const db = openDatabase(databaseUrl);
  const calendar = createCalendar('Europe/Berlin');
  const reader = new StoredUsage(db, dialectOf(databaseUrl), calendar);
  const today = calendar.dayOf(Date.now());
  const span = { fromMs: calendar.startOfDay(today - 7), toMs: calendar.startOfDay(today + 2) };
  const count = async (raw: boolean): Promise<Record<string, number>> => {
    const { rows } = await reader.sum({ span, grain: 'all', groupBy: ['client'], filters: [], raw });
    return Object.fromEntries(rows.map((row) => [row.keys[0]!, row.requests]));
  };
  const all = await reader.sum({ span, grain: 'day', groupBy: [], filters: [] });
  const counts = { totals: await count(false), raw: await count(true) };
  await db.destroy();
  return { ...counts, requests: all.rows.reduce((sum, row) => sum + row.requests, 0) };
}
