import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import type { Config } from '../config.ts';
import { listClosed } from '../ingest/source-admin.ts';
import { Secret } from '../secret.ts';
import { type Db, getFreeBytes, parseDatabaseUrl } from '../store/database.ts';
import { listInstances, SEEN_WITHIN_MS } from '../store/instance-repository.ts';
import { listOpenFiles, type OpenFile } from '../store/private-files.ts';
import { listSources } from '../store/source-repository.ts';
import { bad, type Finding, good } from './finding.ts';

/** Warn below 1 GiB of free disk: a busy month of events and totals may not fit. */
const MIN_FREE_BYTES = 1024 ** 3;

/** Checks what the bot needs of this machine: the key for signing secrets, disk space, the port. */
export async function checkMachine({ config, db, now }: { config: Config; db: Db; now(): number }): Promise<Finding[]> {
  return [
    ...(await checkSecretKey(config, db)),
    ...(await checkDisk(config)),
    await checkPort(config, async () => {
      // The answer does not name the instance, so look for heartbeats of this host.
      const instances = await listInstances(db, now() - SEEN_WITHIN_MS);
      return instances.some(({ id }) => id.startsWith(`${hostname()}:`));
    }),
  ];
}

async function checkSecretKey(config: Config, db: Db): Promise<Finding[]> {
  const sealed = (await listSources(db)).filter(({ sealedSecret }) => sealedSecret !== undefined);
  const place = config.secretKey ? 'SECRET_KEY' : config.secretKeyPath;
  if (!config.secretKey && !existsSync(config.secretKeyPath)) {
    return sealed.length === 0
      ? [good(`Secret key: none yet; the first start makes ${place}.`)]
      : [
          bad(
            `Secret key: ${place} is missing, and ${sealed.length} signing secrets are sealed with it: put it back from the backup, or run "headroom sources rotate NAME" for each source.`,
          ),
        ];
  }
  const key = config.secretKey ?? new Secret(readFileSync(config.secretKeyPath, 'utf8').trim());
  const closed = listClosed(sealed, key);
  return [
    closed.length === 0
      ? good(`Secret key: ${place} opens the signing secrets of all sources.`)
      : bad(
          `Secret key: ${place} does not open the signing secrets of ${closed.join(', ')}: set the key they were sealed with, or run "headroom sources rotate NAME".`,
        ),
  ];
}

async function checkDisk({ databaseUrl }: Config): Promise<Finding[]> {
  const database = parseDatabaseUrl(databaseUrl.reveal());
  if (database.dialect === 'postgres' || database.path === ':memory:') return [];
  const folder = dirname(database.path);
  try {
    const free = (await getFreeBytes(databaseUrl.reveal()))!;
    const gigabytes = `${(free / 1024 ** 3).toFixed(1)} GiB`;
    return [
      free >= MIN_FREE_BYTES
        ? good(`Disk: ${gigabytes} free in ${folder}.`)
        : bad(`Disk: only ${gigabytes} free in ${folder}: make room, or events cannot be stored.`),
    ];
  } catch (error) {
    return [bad(`Disk: ${folder} cannot be looked at (${(error as Error).message}); check DATABASE_URL.`)];
  }
}

/** Checks that the port is free, or used by an instance on this database. */
async function checkPort({ host, port }: Config, isOurs: () => Promise<boolean>): Promise<Finding> {
  if (port === 0) return good('Port: any free one.');
  const place = `${host}:${port}`;
  const code = await tryListening(host, port);
  if (code === undefined) return good(`Port: ${place} is free.`);
  if (code !== 'EADDRINUSE') return bad(`Port: ${place} cannot be listened on (${code}): correct HOST and PORT.`);
  if (!(await isHeadroom(port))) return bad(`Port: another program uses ${place}: stop it, or set PORT to a free one.`);
  if (await isOurs()) return good(`Port: Headroom answers at ${place}.`);
  return bad(
    `Port: another Headroom, not of this database, uses ${place}: stop it (a demo?), or set PORT to a free one.`,
  );
}

function tryListening(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(port, host, () => server.close(() => resolve(undefined)));
  });
}

async function isHeadroom(port: number): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(3000) });
    const body = (await response.json()) as { writer?: unknown; tick?: unknown };
    return body.writer !== undefined && body.tick !== undefined;
  } catch {
    return false;
  }
}

/** Checks that other accounts of this machine cannot read the settings, the key or the data; not on Windows. */
export function checkFiles(config: Config, folder: string): Finding[] {
  if (process.platform === 'win32') return [];
  const open = listOpenFiles(config, [join(folder, '.env')]);
  return [
    open.length === 0 ? good('Files: only this account can read settings, key and data.') : bad(describeOpen(open)),
  ];
}

/** Names files that other accounts can read, with the commands that close them. */
export function describeOpen(open: readonly OpenFile[]): string {
  const cures = open.map(({ path, mode }) => `chmod ${mode} ${path}`).join('; ');
  return `Files: other accounts of this machine can read ${open.map(({ path }) => path).join(', ')}: ${cures}.`;
}
