import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import type { WebClient } from '@slack/web-api';
import type { Config } from '../config.ts';
import { listClosed } from '../ingest/source-admin.ts';
import { createLogger } from '../log.ts';
import { Secret } from '../secret.ts';
import { slackErrorOf } from '../slack/client/errors.ts';
import type { RefusedBlocks } from '../slack/client/post.ts';
import { createWebClient } from '../slack/client/web-client.ts';
import { type Db, getFreeBytes, parseDatabaseUrl } from '../store/database.ts';
import { listInstances, SEEN_WITHIN_MS } from '../store/instance-repository.ts';
import { listOpenFiles, type OpenFile } from '../store/private-files.ts';
import { listSources } from '../store/source-repository.ts';

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

/** One line of `headroom doctor` and `/usage debug`: right, or wrong with its cure. */
export interface Finding {
  ok: boolean;
  line: string;
}

export function good(line: string): Finding {
  return { ok: true, line };
}

export function bad(line: string): Finding {
  return { ok: false, line };
}

const ANSWER_WITHIN_MS = 5000;

/**
 * Checks that Slack's requests can arrive: opens a Socket Mode connection, or fetches the public address like Slack. `isRunning`:
 * a bot runs on this database; a second connection could take its events, so only the token is tried.
 */
export async function checkReach(config: Config, isRunning: boolean): Promise<Finding[]> {
  const { appToken, signingSecret } = config.slack;
  if (appToken) return [await checkSocketMode(config, isRunning)];
  if (!signingSecret) return [];
  if (config.publicUrl) return [await checkPublicUrl(config.publicUrl)];
  return [
    bad('HTTP mode without PUBLIC_URL: Slack cannot reach this machine; set it, or SLACK_APP_TOKEN for Socket Mode.'),
  ];
}

async function checkSocketMode({ slack }: Config, isRunning: boolean): Promise<Finding> {
  const client = createWebClient(slack.appToken!.reveal(), { apiUrl: slack.apiUrl, log: createLogger('silent') });
  try {
    const { url } = await client.apps.connections.open({});
    if (isRunning) return good('Socket Mode: Slack takes SLACK_APP_TOKEN, and the bot is running.');
    await connect(url ?? '');
    return good('Socket Mode: connected to Slack.');
  } catch (error) {
    const code = slackErrorOf(error);
    if (code !== undefined) {
      return bad(
        `Slack refuses SLACK_APP_TOKEN (${code}): make one with connections:write under Basic Information, and turn Socket Mode on.`,
      );
    }
    return bad(`Socket Mode: no connection (${(error as Error).message}): let this machine reach wss://*.slack.com.`);
  }
}

/** Connects, and resolves once Slack sends its first message. */
function connect(url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url);
    const fail = (reason: string) => {
      clearTimeout(timer);
      socket.close();
      reject(new Error(reason));
    };
    const timer = setTimeout(() => fail(`no answer in ${ANSWER_WITHIN_MS / 1000} s`), ANSWER_WITHIN_MS);
    socket.onmessage = () => {
      clearTimeout(timer);
      socket.close();
      resolve();
    };
    socket.onerror = () => fail('the connection was refused');
  });
}

async function checkPublicUrl(publicUrl: string): Promise<Finding> {
  const cure = 'start Headroom, and check DNS, certificate and proxy';
  try {
    const response = await fetch(`${publicUrl}/healthz`, {
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      redirect: 'manual',
    });
    const text = await response.text();
    return response.status === 200 && text.includes('"alive"')
      ? good(`HTTP mode: Headroom answers at ${publicUrl}; Slack sends to ${publicUrl}/slack/events.`)
      : bad(`PUBLIC_URL: ${publicUrl}/healthz is answered with ${response.status}, not by Headroom: ${cure}.`);
  } catch (error) {
    const { message, cause } = error as Error;
    const reason = cause instanceof Error ? cause.message || message : message;
    return bad(`PUBLIC_URL: ${publicUrl}/healthz cannot be fetched (${reason}): ${cure}.`);
  }
}

/** Checks that Slack knows the people in the settings and those whom alerts mention, and that their groups are not empty. */
export async function checkPeople(client: WebClient, config: Config, mention: string | undefined): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [setting, ids] of [
    ['ADMINS', config.admins],
    ['VIEWERS', config.viewers],
    [mention === config.oncall ? 'ONCALL' : 'On-call', mention === undefined ? [] : [mention]],
  ] as const) {
    const faults: string[] = [];
    for (const id of ids) faults.push(...(await findFault(client, id)));
    if (faults.length > 0) findings.push(bad(`${setting}: ${faults.join('; ')}: correct it.`));
    else if (ids.length > 0) findings.push(good(`${setting}: Slack knows ${ids.join(', ')}.`));
  }
  return findings;
}

async function findFault(client: WebClient, id: string): Promise<string[]> {
  try {
    if (id.startsWith('S')) {
      const { users } = await client.usergroups.users.list({ usergroup: id });
      return users && users.length > 0 ? [] : [`the group ${id} is empty`];
    }
    const { user } = await client.users.info({ user: id });
    if (user?.deleted) return [`${id} (${user.name}) is deactivated`];
    return user?.is_restricted || user?.is_ultra_restricted
      ? [`${id} (${user.name}) is a guest, whom Headroom refuses`]
      : [];
  } catch (error) {
    const reason = slackErrorOf(error) ?? (error as Error).message;
    return [`${id} cannot be found (${reason})`];
  }
}

/** Reports blocks that Slack refused since this instance started; nothing in another process, which cannot know. */
export function checkRefused(refused: RefusedBlocks | undefined): Finding[] {
  if (!refused) return [];
  const kinds = refused.list();
  if (kinds.length === 0) return [good('Messages: Slack took every block since the start.')];
  return kinds.map(({ type, pointer, reason, count }) => {
    const times = count === 1 ? 'once' : `${count} times`;
    return bad(
      `Messages: Slack refused a ${type} ${times} (${reason} at ${pointer}), so its text was sent instead: run "headroom doctor --messages" and report what it says.`,
    );
  });
}
