import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { createHttpServer } from '../../src/http/server.ts';
import { IntakeThread } from '../../src/ingest/intake-thread.ts';
import { addSource } from '../../src/ingest/source-admin.ts';
import { SourceDirectory } from '../../src/ingest/source-directory.ts';
import { SourceLimits } from '../../src/ingest/source-limit.ts';
import { SourceTally } from '../../src/ingest/source-tally.ts';
import { createLogger } from '../../src/log.ts';
import { Secret } from '../../src/secret.ts';
import { openDatabase } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';
import { createEventSource } from './events.ts';
import { type LoadResult, type LoadSettings, runLoad } from './load.ts';
import type { Row, Settings } from './row.ts';

/**
 * Events a second through HTTP to disk, and as a share of what a plain table takes in the same run. Senders are processes of
 * their own on the same cores. `heldUpMs`: the longest that the thread which answers Slack was held up meanwhile.
 */
export async function* measureIngest({ folder, share, database }: Settings): AsyncGenerator<Row> {
  const plain = measurePlainTable(join(folder, 'plain.db'), 300_000 * share);
  yield { eventsPerRequest: 'plain table', connections: '', eventsPerSecond: plain, ofPlain: 1 };
  for (const [eventsPerRequest, connections, events] of [
    [1, 64, 150_000],
    [100, 16, 600_000],
    [1000, 8, 1_500_000],
  ] as const) {
    const url = database ?? `sqlite:${join(folder, `ingest-${eventsPerRequest}.db`)}`;
    const { load, heldUpMs } = await sendTo(url, eventsPerRequest, connections, events * share);
    const eventsPerSecond = load.events / load.seconds;
    const { p50Ms, p99Ms, refused } = load;
    yield {
      eventsPerRequest,
      connections,
      eventsPerSecond,
      ofPlain: eventsPerSecond / plain,
      p50Ms,
      p99Ms,
      heldUpMs,
      refused,
    };
  }
}

/** Each run begins with a source of its own. */
async function sendTo(
  url: string,
  eventsPerRequest: number,
  connections: number,
  events: number,
): Promise<{ load: LoadResult; heldUpMs: number }> {
  const log = createLogger('warn');
  const db = openDatabase(url, { thread: true });
  await migrate(db);
  const key = new Secret(Buffer.alloc(32, 7).toString('base64'));
  const source = { name: `bench-${eventsPerRequest}`, adapter: 'native', options: {} };
  const { token } = await addSource(db, { secretKey: key, secretKeyPath: '' }, source, Date.now());
  const intake = new IntakeThread(
    { databaseUrl: url, zone: 'UTC', rawRetentionDays: 30, maxBodyBytes: 20 * 1024 * 1024 },
    log,
    () => {},
  );
  await intake.start();
  const server = createHttpServer({
    host: '127.0.0.1',
    port: 0,
    maxBodyBytes: 20 * 1024 * 1024,
    sources: new SourceDirectory(db, key),
    tally: new SourceTally(db, () => {}),
    limits: new SourceLimits(),
    intake,
    now: Date.now,
    readiness: () => ({ slack: 'none' }),
    log,
  });
  await server.start();
  const settings: LoadSettings = {
    port: Number(new URL(server.url).port),
    token: token.reveal(),
    eventsPerRequest,
    connections,
    requests: Math.ceil(events / eventsPerRequest),
    seed: eventsPerRequest,
  };
  let heldUpMs = 0;
  let lastMs = performance.now();
  const probe = setInterval(() => {
    const now = performance.now();
    heldUpMs = Math.max(heldUpMs, now - lastMs - 20);
    lastMs = now;
  }, 20);
  const load = await runLoad(settings);
  clearInterval(probe);
  await server.stop();
  await intake.stop();
  await db.destroy();
  return { load, heldUpMs };
}

/** Rows a second that a plain table with a unique text id takes in one process, 1,000 a transaction, as durably: the yardstick. */
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
