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

export interface IngestFigures extends LoadResult {
  eventsPerRequest: number;
  connections: number;
  /** Longest the thread that answers Slack was held up meanwhile. */
  stallMs: number;
}

/** Events a second through HTTP to disk, sender and writer in processes of their own on the same cores. Each run begins with an empty database. */
export async function measureIngest(
  url: string,
  eventsPerRequest: number,
  connections: number,
  events: number,
): Promise<IngestFigures> {
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
  let stallMs = 0;
  let lastMs = performance.now();
  const probe = setInterval(() => {
    const now = performance.now();
    stallMs = Math.max(stallMs, now - lastMs - 20);
    lastMs = now;
  }, 20);
  const result = await runLoad(settings);
  clearInterval(probe);
  await server.stop();
  await intake.stop();
  await db.destroy();
  return { ...result, eventsPerRequest, connections, stallMs };
}

/** What a plain table with a unique text id takes in one process, 1,000 rows a transaction, same durability: the yardstick. */
export function measurePlainTable(path: string, events: number): number {
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
