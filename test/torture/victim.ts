import { createHttpServer } from '../../src/http/server.ts';
import { IntakeThread } from '../../src/ingest/intake-thread.ts';
import { ensureDefaultSource } from '../../src/ingest/source-admin.ts';
import { SourceDirectory } from '../../src/ingest/source-directory.ts';
import { SourceLimits, SourceTally } from '../../src/ingest/source-tally.ts';
import { createLogger } from '../../src/log.ts';
import { Secret } from '../../src/secret.ts';
import { openDatabase } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';

// A process to be killed or frozen. It takes events over HTTP as the bot does, and folds after every commit, so that a kill may
// come at any point of the work. It sends its parent its address and each fault.

const [databaseUrl, token] = process.argv.slice(2) as [string, string];
const log = createLogger('fatal');
const report = (error: unknown): void => void process.send?.({ fault: String(error) });
process.on('uncaughtException', (error) => {
  report(error);
  process.exit(70);
});

const db = openDatabase(databaseUrl, { thread: true });
await migrate(db);
await ensureDefaultSource(db, new Secret(token), Date.now());
const intake = new IntakeThread(
  { databaseUrl, zone: 'Europe/Berlin', rawRetentionDays: 30, maxBodyBytes: 1 << 20 },
  log,
  () => void fold(),
);
let folding = false;
await intake.start();
const server = createHttpServer({
  host: '127.0.0.1',
  port: 0,
  maxBodyBytes: 1 << 20,
  sources: new SourceDirectory(db, new Secret(Buffer.alloc(32, 7).toString('base64'))),
  tally: new SourceTally(db, report),
  limits: new SourceLimits(),
  intake,
  now: Date.now,
  readiness: () =>
    intake.check().then(
      () => ({ slack: 'none' }),
      (error: Error) => ({ slack: 'none', writerFault: error.message }),
    ),
  log,
});
await server.start();
process.send?.({ url: server.url });

async function fold(): Promise<void> {
  if (folding) return;
  folding = true;
  // A fold may fail while another process holds the database; a later one does the work.
  await intake.fold().catch(() => {});
  folding = false;
}
