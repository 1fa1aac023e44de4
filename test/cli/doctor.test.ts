import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createApp } from '../../src/app.ts';
import { runCli } from '../../src/cli/run.ts';
import { parseConfig } from '../../src/config.ts';
import { createLogger } from '../../src/log.ts';
import { runBeside } from '../support/command-process.ts';
import { type Emulator, startEmulator } from '../support/emulator.ts';

let folder: string;
let slack: Emulator;
const ends: (() => unknown)[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'headroom-doctor-'));
  slack = await startEmulator({
    seed: {
      userGroups: [
        { id: 'S01FULL', handle: 'on-call', name: 'On-call', users: ['U01ALICE'] },
        { id: 'S01NOBODY', handle: 'nobody', name: 'Nobody', users: [] },
      ],
    },
  });
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  await slack.stop();
  rmSync(folder, { recursive: true });
});

function settings(more: Record<string, string>): Record<string, string> {
  return {
    SLACK_BOT_TOKEN: slack.botToken,
    SLACK_APP_TOKEN: slack.appToken,
    SLACK_API_URL: slack.apiUrl,
    DATABASE_URL: `sqlite:${join(folder, 'headroom.db')}`,
    PORT: '0',
    LOG_LEVEL: 'silent',
    ...more,
  };
}

async function run(words: string[], more: Record<string, string> = {}): Promise<{ code: number; lines: string[] }> {
  const lines: string[] = [];
  const code = await runCli(words, {
    env: settings(more),
    folder,
    out: (line) => lines.push(line),
    err: (line) => lines.push(line),
    isTerminal: false,
    now: Date.now,
    signal: new AbortController().signal,
  });
  return { code, lines };
}

describe('headroom doctor', () => {
  it('finds nothing wrong with an installation that is right', async () => {
    await run(['sources', 'add', 'gw']);
    const { code, lines } = await run(['doctor'], { ONCALL: 'S01FULL', ADMINS: 'U01ALICE' });
    expect(lines.filter((line) => line.startsWith('✗'))).toEqual([]);
    expect(code).toBe(0);
    for (const start of [
      '✓ Database: open, schema up to date.',
      '✓ Report zone: UTC.',
      '✓ Secret key: ',
      '✓ Disk: ',
      '✓ Slack: signed in as ',
      '✓ Slack: all scopes',
      '✓ Clock: agrees with Slack.',
      '✓ Socket Mode: connected to Slack.',
      '✓ Files: only this account can read',
      '✓ ADMINS: Slack knows U01ALICE.',
      '✓ ONCALL: Slack knows S01FULL.',
    ])
      expect(lines.filter((line) => line.startsWith(start))).toHaveLength(1);
    expect(lines.at(-1)).toBe('All is well.');
  });

  it('names each thing that is wrong, with its cure', async () => {
    const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
    ends.push(() => server.close());
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    await run(['sources', 'add', 'gw']);
    const { code, lines } = await run(['doctor'], {
      PORT: String(port),
      ONCALL: 'S01NOBODY',
      ADMINS: 'U01GONE,S01MISSING',
      ALERT_CHANNEL: 'C0NOWHERE',
      REPORT_TIMEZONE: 'UTC',
      SECRET_KEY: Buffer.alloc(32, 1).toString('base64'),
    });
    expect(code).toBe(1);
    const wrong = lines.filter((line) => line.startsWith('✗')).join('\n');
    expect(wrong).toMatch(/✗ Secret key: SECRET_KEY does not open the signing secrets of gw: .*sources rotate/);
    expect(wrong).toMatch(new RegExp(`✗ Port: another program uses 127\\.0\\.0\\.1:${port}: stop it, or set PORT`));
    expect(wrong).toMatch(/✗ ALERT_CHANNEL C0NOWHERE cannot be seen \(channel_not_found\)/);
    expect(wrong).toMatch(/✗ ADMINS: U01GONE cannot be found \(user_not_found\); S01MISSING cannot be found \(.+\)/);
    expect(wrong).toMatch(/✗ ONCALL: the group S01NOBODY is empty/);
    expect(lines.at(-1)).toMatch(/^5 of \d+ need attention\.$/);
  });

  it('says so where the token is refused, where there is none, and where the database cannot be opened', async () => {
    const refused = await run(['doctor'], { SLACK_BOT_TOKEN: 'xoxb-of-nobody' });
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.lines.join('\n')).toMatch(/✗ Slack refuses SLACK_BOT_TOKEN \(invalid_auth\): copy it again/);
    writeFileSync(join(folder, 'text.db'), 'this is a text and no database '.repeat(10));
    const closed = await run(['doctor'], { DATABASE_URL: `sqlite:${join(folder, 'text.db')}` });
    expect(closed.code).toBe(1);
    expect(closed.lines.filter((line) => line.includes('Database'))).toEqual([
      expect.stringMatching(/^✗ Database: .*not a database.*check DATABASE_URL/),
    ]);
    const nowhere = await run(['doctor'], { DATABASE_URL: `sqlite:${join(folder, 'text.db', 'x.db')}` });
    expect(nowhere.lines.filter((line) => line.includes('Database'))).toEqual([
      expect.stringMatching(/^✗ Database: .* cannot be used \(E.*\): check its path, its owner/),
    ]);
  });

  it('has Slack check every kind of message and form, and posts nothing', async () => {
    const { code, lines } = await run(['doctor', '--messages']);
    expect(lines).toEqual([expect.stringMatching(/^Slack checks [1-9]\d\d messages/), '✓ Slack takes them all.']);
    expect(code).toBe(0);
    expect(slack.calls.filter(({ method }) => /^(chat|views)\./.test(method))).toEqual([]);
    const [file] = slack.workspace.files.values();
    expect(file).toMatchObject({ mimetype: 'image/png', deleted: true, shares: [] });
    slack.assertNoProblems();
  });

  it('names what Slack would refuse, with its place', async () => {
    slack.faults.unknownBlocks.add('data_visualization');
    slack.faults.fail('files.getUploadURLExternal', { error: 'file_uploads_disabled' });
    const { code, lines } = await run(['doctor', '--messages']);
    expect(code).toBe(1);
    expect(lines).toContain('✗ Pictures are not checked: none could be uploaded (file_uploads_disabled).');
    const refused = 'data_visualization at /blocks/1/type: unsupported type: data_visualization';
    expect(lines).toContain(`✗ Answer: summary, private: ${refused}`);
    expect(lines.at(-1)).toMatch(/^Slack would refuse \d\d of them: please report these lines/);
    slack.faults.clear();
    slack.faults.fail('blocks.validate', { error: 'unknown_method' });
    expect((await run(['doctor', '--messages'])).lines.at(-1)).toBe(
      '✗ Slack could not check the messages (unknown_method): try again later.',
    );
    expect((await run(['doctor', '--messages'], { SLACK_BOT_TOKEN: '' })).lines).toEqual([
      '✗ SLACK_BOT_TOKEN is not set: without it Slack checks nothing.',
    ]);
  });

  it('proves that Slack can reach it, and refuses credentials in an address', async () => {
    const wrong = async (more: Record<string, string>) =>
      (await run(['doctor'], more)).lines.filter((line) => line.startsWith('✗'));
    expect(await wrong({ SLACK_APP_TOKEN: 'xapp-wrong' })).toEqual([
      '✗ Slack refuses SLACK_APP_TOKEN (invalid_auth): make one with connections:write under Basic Information, and turn Socket Mode on.',
    ]);
    const http = { SLACK_APP_TOKEN: '', SLACK_SIGNING_SECRET: 'shh' };
    const server = createHttpServer((_, response) => response.end('a page')).listen(0, '127.0.0.1');
    ends.push(() => server.close());
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    expect(await wrong({ ...http, PUBLIC_URL: `http://127.0.0.1:${port}` })).toEqual([
      `✗ PUBLIC_URL: http://127.0.0.1:${port}/healthz is answered with 200, not by Headroom: start Headroom, and check DNS, certificate and proxy.`,
    ]);
    const [away] = await wrong({ ...http, PUBLIC_URL: 'http://127.0.0.1:9' });
    expect(away).toMatch(/^✗ PUBLIC_URL: http:\/\/127\.0\.0\.1:9\/healthz cannot be fetched/);
    const refused = await run(['doctor'], { SLACK_API_URL: 'http://me:hunter2@127.0.0.1:9/api/' });
    expect(refused.lines.join()).toContain(
      'SLACK_API_URL is "http://me:<secret>@127.0.0.1:9/api/", but must be without',
    );
  });

  it('names misspelt settings, and files that others can read', async () => {
    writeFileSync(join(folder, '.env'), 'ALERT_CHANEL=C01\n', { mode: 0o644 });
    chmodSync(join(folder, '.env'), 0o644);
    const { lines } = await run(['doctor'], {
      REPORT_TIMEZON: 'UTC',
      SLACK_CHANEL: 'C01',
      HOSTNAME: 'here',
      PATH: '/bin',
    });
    const wrong = lines.filter((line) => line.startsWith('✗'));
    expect(wrong).toEqual([
      '✗ ALERT_CHANEL is no setting: did you mean ALERT_CHANNEL?',
      '✗ REPORT_TIMEZON is no setting: did you mean REPORT_TIMEZONE?',
      '✗ SLACK_CHANEL is no setting: the README lists those that there are.',
      `✗ Files: other accounts of this machine can read ${join(folder, '.env')}: chmod 600 ${join(folder, '.env')}.`,
    ]);
  });

  it('names the same missing settings of Slack as start', async () => {
    for (const [more, count] of [
      [{ SLACK_BOT_TOKEN: '', SLACK_APP_TOKEN: '' }, 2],
      [{ SLACK_BOT_TOKEN: '' }, 1],
      [{ SLACK_APP_TOKEN: '', PUBLIC_URL: 'https://usage.example.com' }, 1],
    ] as const) {
      const start = (await run(['start'], more)).lines.join('\n').split('\n').slice(1);
      expect(start).toHaveLength(count);
      const { code, lines } = await run(['doctor'], more);
      expect(code).toBe(1);
      expect(lines.filter((line) => line.startsWith('✗'))).toEqual(start.map((line) => `✗ ${line.trim()}`));
      expect(lines.join('\n')).not.toContain('Slack reaches Headroom');
    }
  });

  it('knows its own port while the bot runs, and that of another database’s', async () => {
    const { port } = await new Promise<{ port: number }>((resolve) => {
      const probe = createServer().listen(0, '127.0.0.1', () => {
        const address = probe.address() as { port: number };
        probe.close(() => resolve(address));
      });
    });
    const app = createApp(parseConfig(settings({ PORT: String(port) }), 'slack'), { log: createLogger('silent') });
    ends.push(() => app.stop());
    await app.start();
    const runDoctor = (more: Record<string, string>) =>
      runBeside({ words: ['doctor'], env: settings({ PORT: String(port), ...more }), folder });
    const { lines } = await runDoctor({});
    expect(lines).toContain(`✓ Port: Headroom answers at 127.0.0.1:${port}.`);
    const other = await runDoctor({ DATABASE_URL: `sqlite:${join(folder, 'other.db')}` });
    expect(other.code).toBe(1);
    expect(other.lines).toContain(
      `✗ Port: another Headroom, not of this database, uses 127.0.0.1:${port}: stop it (a demo?), or set PORT to a free one.`,
    );
  });
});
