import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';
import { CHILD_ENV } from '../support/child-env.ts';
import { type Emulator, startEmulator } from '../support/emulator.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const TOKEN = 'a-token-of-the-test';

let folder: string;
let slack: Emulator;
const children: ChildProcess[] = [];
const servers: Server[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'headroom-start-'));
  slack = await startEmulator({});
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const server of servers.splice(0)) server.close();
  await slack.stop();
  rmSync(folder, { recursive: true });
});

/** Runs `headroom start` as a process, with working settings that `env` can override. */
function start(env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [MAIN, 'start'], {
    cwd: folder,
    env: {
      ...CHILD_ENV,
      SLACK_BOT_TOKEN: slack.botToken,
      SLACK_SIGNING_SECRET: slack.signingSecret,
      SLACK_API_URL: slack.apiUrl,
      DATABASE_URL: `sqlite:${join(folder, 'headroom.db')}`,
      INGEST_TOKEN: TOKEN,
      PORT: '0',
      ...env,
    },
  });
  children.push(child);
  let out = '';
  let err = '';
  const running = Promise.withResolvers<string>();
  child.stdout.on('data', (chunk) => {
    out += chunk;
    const line = out.split('\n').find((text) => text.includes('Headroom is running'));
    if (line) running.resolve(JSON.parse(line).url);
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, out, err }));
  return { child, ended, url: running.promise };
}

describe('files', () => {
  const modes = (names: string[]) =>
    names.map((name) => [name, (statSync(join(folder, name)).mode & 0o777).toString(8)]);

  it('are for this account alone, whatever umask the shell has', () => {
    const { status } = spawnSync(
      'sh',
      ['-c', 'umask 022 && exec "$0" "$@"', process.execPath, MAIN, 'sources', 'add', 'gw'],
      {
        cwd: folder,
        env: CHILD_ENV,
      },
    );
    expect(status).toBe(0);
    expect(modes(['data', ...readdirSync(join(folder, 'data')).map((name) => `data/${name}`)])).toEqual([
      ['data', '700'],
      ['data/headroom.db', '600'],
      ['data/secret.key', '600'],
    ]);
  });

  it('that an older version left open are closed at start', async () => {
    const data = join(folder, 'data');
    mkdirSync(data, { mode: 0o755 });
    await (await createOpen(data)).destroy();
    const { child, ended, url } = start({ DATABASE_URL: `sqlite:${join(data, 'headroom.db')}` });
    await url;
    expect(modes(['data', 'data/headroom.db', 'data/headroom.db-wal'])).toEqual([
      ['data', '700'],
      ['data/headroom.db', '600'],
      ['data/headroom.db-wal', '600'],
    ]);
    child.kill('SIGTERM');
    expect((await ended).out).not.toContain('other accounts');
  });

  it('are closed, and a folder that holds something else is named', async () => {
    const data = join(folder, 'shared');
    mkdirSync(data, { mode: 0o755 });
    writeFileSync(join(data, 'of-somebody-else'), '');
    await (await createOpen(data)).destroy();
    const { child, ended, url } = start({ DATABASE_URL: `sqlite:${join(data, 'headroom.db')}` });
    await url;
    expect(modes(['shared', 'shared/headroom.db'])).toEqual([
      ['shared', '755'],
      ['shared/headroom.db', '600'],
    ]);
    child.kill('SIGTERM');
    expect((await ended).out).toContain(`Files: other accounts of this machine can read ${data}: chmod 700 ${data}.`);
  });

  async function createOpen(data: string) {
    const db = openDatabase(`sqlite:${join(data, 'headroom.db')}`);
    await migrate(db);
    chmodSync(data, 0o755);
    chmodSync(join(data, 'headroom.db'), 0o644);
    return db;
  }
});

describe('a start that cannot be', () => {
  it('says in one line that the port is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    servers.push(server);
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const { code, err } = await start({ PORT: String(port) }).ended;
    expect(code).toBe(1);
    expect(err).toBe(
      `127.0.0.1:${port} cannot be listened on: another program uses it. Stop that, or set PORT to a free one.\n`,
    );
  });

  it('says in one line that the database cannot be opened', async () => {
    writeFileSync(join(folder, 'text.db'), 'this is a text and no database '.repeat(10));
    const faults: Record<string, string>[] = [
      { DATABASE_URL: `sqlite:${folder}` },
      { DATABASE_URL: `sqlite:${join(folder, 'text.db')}` },
      { DATABASE_URL: `sqlite:${join(folder, 'text.db', 'headroom.db')}` },
      { DATABASE_URL: 'postgres://bot:hunter2@127.0.0.1:1/x', SECRET_KEY: Buffer.alloc(32).toString('base64') },
    ];
    for (const fault of faults) {
      const { code, err } = await start(fault).ended;
      expect(code).toBe(1);
      expect(err).toMatch(/^The database cannot be opened \(.+\): check DATABASE_URL\.\n$/);
      expect(err).not.toContain('hunter2');
    }
  });

  it('says in one line that Slack refuses the token', async () => {
    const { code, out, err } = await start({ SLACK_BOT_TOKEN: 'xoxb-of-nobody' }).ended;
    expect([code, out]).toEqual([1, '']);
    expect(err).toBe(
      'Slack refuses SLACK_BOT_TOKEN (invalid_auth): copy it again from OAuth & Permissions of the Slack app.\n',
    );
  });

  it('says in one line that Slack refuses the app-level token', async () => {
    const { code, err } = await start({ SLACK_APP_TOKEN: 'xapp-of-nobody' }).ended;
    expect(code).toBe(1);
    expect(err).toMatch(/^Slack refuses SLACK_APP_TOKEN \(invalid_auth\): .*\n$/);
  });

  it('demands the secret key with PostgreSQL, and a zone that there is', async () => {
    const { code, err } = await start({
      DATABASE_URL: 'postgres://bot@127.0.0.1:1/x',
      REPORT_TIMEZONE: 'Berlin',
    }).ended;
    expect(code).toBe(1);
    expect(err).toMatch(/^2 settings are wrong:\n {2}REPORT_TIMEZONE is "Berlin".*\n {2}SECRET_KEY is missing.*\n$/);
  });

  it('names the bot that runs on the same SQLite file, and takes over once that is gone, however it ended', async () => {
    const first = start();
    await first.url;
    const { code, err } = await start().ended;
    expect(code).toBe(1);
    expect(err).toMatch(
      /^Instance \S+:\d+:\w+ already runs on \S+headroom\.db: stop it first\. For several instances, use PostgreSQL\.\n$/,
    );
    first.child.kill('SIGKILL');
    await first.ended;
    expect(await start().url).toMatch(/^http:/);
  });

  it('will not count in another zone than the database does, and names both ways out', async () => {
    const first = start({ REPORT_TIMEZONE: 'Europe/Berlin' });
    await first.url;
    first.child.kill('SIGTERM');
    expect((await first.ended).code).toBe(0);
    const { code, err } = await start({ REPORT_TIMEZONE: 'Europe/Paris' }).ended;
    expect(code).toBe(1);
    expect(err).toMatch(
      /^REPORT_TIMEZONE is Europe\/Paris.*set Europe\/Berlin, or run "headroom rezone Europe\/Paris"\.\n$/,
    );
  });
});

describe.runIf(process.platform === 'linux')('a start', () => {
  it('begins the process anew, under the same id, with settings that give memory back', async () => {
    const { child, url } = start();
    await url;
    expect(readFileSync(`/proc/${child.pid}/environ`, 'utf8')).toContain('MALLOC_ARENA_MAX=1');
    expect(readFileSync(`/proc/${child.pid}/cmdline`, 'utf8')).toContain(
      '--max-semi-space-size=4\0--max-old-space-size=1024',
    );
  });
});

describe.runIf(process.platform === 'linux')('a start with a heap of one’s own', () => {
  it('keeps what NODE_OPTIONS says of it', async () => {
    const { child, url } = start({ NODE_OPTIONS: '--max-old-space-size=2048' });
    await url;
    const told = readFileSync(`/proc/${child.pid}/cmdline`, 'utf8');
    expect(told).toContain('--max-semi-space-size=4\0');
    expect(told).not.toContain('--max-old-space-size');
  });
});

describe('a stop', () => {
  it('ends with 0 within 10 seconds while requests are under way, and answers those that it took', async () => {
    const { child, ended, url } = start();
    const base = await url;
    const port = Number(new URL(base).port);
    // Sends a request whose body never ends, and many whole ones.
    const endless = connect(port, '127.0.0.1');
    endless.on('error', () => {});
    endless.write(
      `POST /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n[`,
    );
    const answers = Array.from({ length: 50 }, (_, index) =>
      fetch(`${base}/v1/events`, {
        method: 'POST',
        headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
        body: JSON.stringify({ id: `e${index}`, client: 'acme' }),
      }).then(
        async (response) => ({ status: response.status, body: await response.json() }),
        () => undefined,
      ),
    );
    await Promise.race(answers);
    const asked = Date.now();
    child.kill('SIGTERM');
    const { code } = await ended;
    expect(code).toBe(0);
    expect(Date.now() - asked).toBeLessThan(10_000);
    const given = (await Promise.all(answers)).filter((answer) => answer !== undefined);
    expect(given.length).toBeGreaterThan(0);
    for (const { status, body } of given) {
      expect([200, 503]).toContain(status);
      if (status === 200) expect(body).toEqual({ accepted: 1, duplicates: 0, rejected: [] });
    }
    endless.destroy();
  });
});
