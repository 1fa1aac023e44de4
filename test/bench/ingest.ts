import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { startBot, TOKEN } from './bot.ts';
import { createEventSource } from './events.ts';
import { runLoad } from './load.ts';
import type { Row, Settings } from './row.ts';

/**
 * Measures events per second over HTTP to disk, also as a share of the rows that a plain table takes in the same run. The
 * processes of the bot, the emulated Slack and the sender share this machine's cores.
 */
export async function* measureIngest({ folder, share, database }: Settings): AsyncGenerator<Row> {
  const plain = measurePlainTable(join(folder, 'plain.db'), 300_000 * share);
  yield { eventsPerRequest: 'plain table', connections: '', eventsPerSecond: plain, ofPlain: 1 };
  for (const [eventsPerRequest, connections, events] of [
    [1, 64, 400_000],
    [100, 16, 1_500_000],
    [1000, 8, 4_000_000],
  ] as const) {
    const bot = await startBot(database ?? `sqlite:${join(folder, `ingest-${eventsPerRequest}.db`)}`);
    try {
      const requests = Math.ceil((events * share) / eventsPerRequest);
      const settings = {
        port: bot.port,
        token: TOKEN,
        eventsPerRequest,
        connections,
        requests,
        seed: eventsPerRequest,
      };
      const { events: stored, seconds, p50Ms, p99Ms, refused } = await runLoad(settings);
      const eventsPerSecond = stored / seconds;
      yield { eventsPerRequest, connections, eventsPerSecond, ofPlain: eventsPerSecond / plain, p50Ms, p99Ms, refused };
    } finally {
      await bot.stop();
    }
  }
}

/** Measures the yardstick: rows per second into a plain table with a unique text id, 1,000 per transaction, just as durable. */
function measurePlainTable(path: string, events: number): number {
  const sqlite = new Sqlite(path);
  sqlite.pragma('journal_mode = WAL');
  sqlite.pragma('synchronous = FULL');
  sqlite.exec(
    'create table event (id text unique, time text, client text, method text, route text, status integer, user text, ip text, module text)',
  );
  const insert = sqlite.prepare('insert or ignore into event values (?, ?, ?, ?, ?, ?, ?, ?, ?)');
  const next = createEventSource(3);
  const rows = Array.from({ length: events }, () => Object.values(next(Date.now())));
  const startedMs = performance.now();
  for (let at = 0; at < rows.length; at += 1000) {
    sqlite.transaction(() => {
      for (const row of rows.slice(at, at + 1000)) insert.run(...row);
    })();
  }
  const seconds = (performance.now() - startedMs) / 1000;
  sqlite.close();
  return events / seconds;
}
