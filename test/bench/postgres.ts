import { readdirSync, readFileSync } from 'node:fs';
import pg from 'pg';
import { startPostgresServer } from '../support/postgres-server.ts';
import { type BenchBot, startBot, TOKEN } from './bot.ts';
import { createEventSource } from './events.ts';
import { type LoadResult, runLoad } from './load.ts';
import type { Row, Settings } from './row.ts';

const TICKS_PER_SECOND = 100;

/**
 * Measures events per second over HTTP to a durable PostgreSQL, with one instance and with several. Each has its own process and
 * sender; all share this machine's cores. `botMicros` and `serverMicros`: processor time per event of the instances and of the
 * server. The plain table to compare with has a unique text id, as many rows per transaction, and the same durability.
 */
export async function* measurePostgres({ folder, share }: Settings): AsyncGenerator<Row> {
  const server = await startPostgresServer(folder, { durable: true });
  try {
    for (const [eventsPerRequest, connections, events] of [
      [1000, 8, 3_000_000 * share],
      [1, 64, 400_000 * share],
    ] as const) {
      const plainPerSecond = await measurePlainRows(
        await server.create('empty'),
        eventsPerRequest,
        connections,
        events / 15,
      );
      for (const instances of [1, 3]) {
        const url = await server.create('migrated');
        const bots: BenchBot[] = [];
        try {
          for (let index = 0; index < instances; index += 1) bots.push(await startBot(url, index));
          const { load, botSeconds, serverSeconds } = await measureLoad(bots, server.pid, (port, seed) => ({
            port,
            token: TOKEN,
            eventsPerRequest,
            connections,
            requests: Math.ceil(events / instances / eventsPerRequest),
            seed,
          }));
          const sent = load.reduce((sum, part) => sum + part.events, 0);
          const eventsPerSecond = load.reduce((sum, part) => sum + part.events / part.seconds, 0);
          yield {
            instances,
            eventsPerRequest,
            eventsPerSecond,
            ofPlain: eventsPerSecond / plainPerSecond,
            p50Ms: Math.max(...load.map(({ p50Ms }) => p50Ms)),
            p99Ms: Math.max(...load.map(({ p99Ms }) => p99Ms)),
            botMicros: (botSeconds / sent) * 1e6,
            serverMicros: (serverSeconds / sent) * 1e6,
            refused: load.reduce((sum, { refused }) => sum + refused, 0),
          };
        } finally {
          for (const bot of bots) await bot.stop();
        }
      }
    }
  } finally {
    await server.stop();
  }
}

async function measureLoad(
  bots: readonly BenchBot[],
  serverPid: number,
  settings: (port: number, seed: number) => Parameters<typeof runLoad>[0],
): Promise<{ load: LoadResult[]; botSeconds: number; serverSeconds: number }> {
  const readAll = (): { bot: number; server: number } => ({
    bot: bots.reduce((sum, { pid }) => sum + readSeconds(pid), 0),
    server: listTree(serverPid).reduce((sum, pid) => sum + readSeconds(pid), 0),
  });
  let before = readAll();
  let begun = 0;
  const load = await Promise.all(
    bots.map(({ port }, index) =>
      runLoad(settings(port, index + 1), () => {
        begun += 1;
        if (begun === bots.length) before = readAll();
      }),
    ),
  );
  const after = readAll();
  return { load, botSeconds: after.bot - before.bot, serverSeconds: after.server - before.server };
}

/** Measures the yardstick: rows per second into a plain table, `rowsPerInsert` per transaction, with the same durability. */
async function measurePlainRows(
  url: string,
  rowsPerInsert: number,
  connections: number,
  rows: number,
): Promise<number> {
  const pool = new pg.Pool({ connectionString: url, max: connections });
  await pool.query(
    'create table event (id text unique, time text, client text, method text, route text, status integer, "user" text, ip text, module text)',
  );
  const next = createEventSource(3);
  const inserts = Array.from({ length: Math.ceil(rows / rowsPerInsert) }, () =>
    Array.from({ length: rowsPerInsert }, () => Object.values(next(Date.now()))),
  );
  const places = Array.from({ length: rowsPerInsert }, (_, row) => {
    const columns = Array.from({ length: 9 }, (_, column) => `$${row * 9 + column + 1}`);
    return `(${columns.join()})`;
  });
  const text = `insert into event values ${places.join()} on conflict do nothing`;
  const startedMs = performance.now();
  await Promise.all(
    Array.from({ length: connections }, async () => {
      for (let insert = inserts.pop(); insert; insert = inserts.pop())
        await pool.query({ name: 'insert', text, values: insert.flat() });
    }),
  );
  const seconds = (performance.now() - startedMs) / 1000;
  await pool.end();
  return rows / seconds;
}

/** Reads the processor time of a process in seconds, including children that have ended. */
function readSeconds(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ')
      .map(Number);
    return fields.slice(11, 15).reduce((sum, ticks) => sum + ticks, 0) / TICKS_PER_SECOND;
  } catch {
    return 0;
  }
}

function listTree(root: number): number[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return {
          pid: Number(pid),
          parent: Number(
            readFileSync(`/proc/${pid}/stat`, 'utf8')
              .replace(/^.*\) /, '')
              .split(' ')[1],
          ),
        };
      } catch {
        return { pid: Number(pid), parent: -1 };
      }
    });
  return [root, ...parents.filter(({ parent }) => parent === root).map(({ pid }) => pid)];
}
