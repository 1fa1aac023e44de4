import { createHmac } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { CREDENTIALS } from '../../src/playground/emulator/core.ts';
import { runHere } from '../support/command-process.ts';
import { setUpDatabases } from '../support/databases.ts';
import { type Emulator, startEmulator } from '../support/emulator.ts';
import { ALERTS, type Bot, startBot, toEnv } from './bot.ts';
import { sendUntilTaken, TOKEN } from './load.ts';

const POOLS = 'scopes: [{ name: crm, pools: [{ name: Month, period: month, base: 100 }] }]';
const WAIT_MS = 40_000;
/** A foreign secret, as a sender may put into its events. */
const FOREIGN = 'eyJhbGciOiJIUzI1NiJ9.Zm9yZWlnbi1zZWNyZXQ.c2lnbmF0dXJl';
const ADMIN = 'U01ADMIN';
const CHANNEL = 'C01USAGE';

const { createUrl } = setUpDatabases('sqlite');
let slack: Emulator;
let endpoint: Server;
let env: Record<string, string>;
let folder: string;
let database: string;
let bot: Bot | undefined;
/** Texts that people or logs got, each with its place. */
let seen: { where: string; text: string }[];
let secrets: Record<string, string>;

beforeEach(async () => {
  slack = await startEmulator();
  endpoint = createServer((request, response) => {
    request.resume();
    response.writeHead(500).end('no');
  });
  await new Promise<void>((resolve) => endpoint.listen(0, '127.0.0.1', resolve));
  folder = mkdtempSync(join(tmpdir(), 'headroom-secrets-'));
  const url = await createUrl();
  database = url.slice('sqlite:'.length);
  const webhookKey = 'webhook-key-in-its-address-0123456789';
  env = {
    ...toEnv(slack, url),
    LOG_LEVEL: 'trace',
    READ_TOKEN: 'read-token-0123456789-abcdefghijk',
    METRICS_TOKEN: 'metrics-token-0123456789-abcdefgh',
    WEBHOOK_URL: `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}/hook?key=${webhookKey}`,
    WEBHOOK_SECRET: `whsec_${Buffer.alloc(32, 3).toString('base64')}`,
  };
  secrets = {
    'the bot token': slack.botToken,
    'the app token': slack.appToken,
    'the Slack signing secret': slack.signingSecret,
    'the verification token': CREDENTIALS.verificationToken,
    'the key of WEBHOOK_URL': webhookKey,
    'a token in an event': FOREIGN,
  };
  for (const name of ['INGEST_TOKEN', 'READ_TOKEN', 'METRICS_TOKEN', 'WEBHOOK_SECRET', 'SECRET_KEY'])
    secrets[name] = env[name]!;
  seen = [];
});
afterEach(async () => {
  await bot?.kill();
  endpoint.close();
  await slack.stop();
  rmSync(folder, { recursive: true });
});

/** Runs a command and adds its output to `seen`, unless the command shows credentials to their owner. */
async function command(...words: string[]): Promise<string[]> {
  const { lines } = await runHere({ words, env, folder });
  const owner = words[0] === 'sources' && ['add', 'rotate'].includes(words[1]!);
  if (!owner) seen.push({ where: `headroom ${words.join(' ')}`, text: lines.join('\n') });
  return lines;
}

/** Reads the token and signing secret that a command printed, and searches for them from now on. */
function remember(source: string, lines: readonly string[]): { token: string; signingSecret: string } {
  const token = /token\s+(\S+)/.exec(lines.find((line) => /^\s+token/.test(line))!)![1]!;
  const signingSecret = /signing secret\s+(\S+)/.exec(lines.find((line) => /signing secret/.test(line))!)![1]!;
  secrets[`the token of ${source} (${token.slice(0, 6)}…)`] = token;
  secrets[`the signing secret of ${source} (${signingSecret.slice(0, 9)}…)`] = signingSecret;
  return { token, signingSecret };
}

async function ask(path: string, headers: Record<string, string> = {}, body?: string): Promise<number> {
  const sent = body === undefined ? {} : { method: 'POST', body };
  const response = await fetch(`${bot!.url}${path}`, {
    headers: { 'content-type': 'application/json', ...headers },
    ...sent,
  });
  const told = [...response.headers].map((pair) => pair.join(': ')).join('\n');
  seen.push({ where: `the answer of ${path.slice(0, 30)}`, text: `${told}\n${await response.text()}` });
  return response.status;
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

it('stand in no log, answer, metric, command line, message or byte of the database, after everything was done', async () => {
  writeFileSync(join(folder, 'pools.yaml'), POOLS);
  await command('pools', 'apply', join(folder, 'pools.yaml'));
  const gateway = remember('gateway', await command('sources', 'add', 'gateway'));
  remember('kong', await command('sources', 'add', 'kong', '--adapter', 'kong'));
  const logs: string[] = [];

  for (const mode of ['http', 'socket'] as const) {
    bot = await startBot(mode === 'socket' ? { ...env, SLACK_APP_TOKEN: slack.appToken } : env);
    slack.eventsUrl = `${bot.url}/slack/events`;
    seen.push({ where: 'the command line', text: readFileSync(`/proc/${bot.pid}/cmdline`, 'utf8') });

    // Right and wrong requests of senders, some with a token in a wrong place.
    const good = JSON.stringify([{ client: 'a', scope: 'crm', id: `${mode}-1`, url: `/v1/x?token=${FOREIGN}` }]);
    await sendUntilTaken(bot.url, { client: 'a', size: 1, body: good });
    const signature = `sha256=${createHmac('sha256', gateway.signingSecret).update(good).digest('hex')}`;
    expect(await ask('/sources/gateway', { 'x-hub-signature-256': signature }, good)).toBe(200);
    expect(await ask('/sources/gateway', bearer(`${gateway.token}x`), good)).toBe(401);
    expect(await ask('/v1/events', bearer(env.READ_TOKEN!), good)).toBe(401);
    await ask(`/sources/gateway?token=${gateway.token}`, {}, good);
    await ask(`/sources/${TOKEN}`, bearer(TOKEN), good);
    // If a caller puts a token into the address, the answer may repeat it; the log may not.
    for (const path of [`/${env.READ_TOKEN}`, `/v1/ask?q=${env.READ_TOKEN}`])
      await fetch(`${bot.url}${path}`, { headers: { ...bearer(env.READ_TOKEN!), 'x-request-id': TOKEN } });
    await ask(`/v1/events/${gateway.token}`, {}, good);
    const rejected = [
      { client: 'a', time: 'never', authorization: `Bearer ${FOREIGN}`, api_key: FOREIGN, note: `Bearer ${FOREIGN}` },
      { client: 'a', time: `never ${gateway.token}`, headers: [{ name: 'Authorization', value: FOREIGN }] },
      { client: 'a', status: 'x', url: `https://api.example.com/v1?access_token=${FOREIGN}`, note: gateway.token },
      { token: gateway.token, secret: gateway.signingSecret, text: `authorization: Bearer ${TOKEN}` },
    ];
    for (const path of ['/v1/events', '/sources/kong', '/sources/gateway']) {
      const token =
        path === '/v1/events'
          ? TOKEN
          : Object.entries(secrets).find(([name]) => name.startsWith(`the token of ${path.slice(9)}`))![1];
      await ask(path, bearer(token), JSON.stringify(rejected));
      await ask(path, bearer(token), `{"client":"a","authorization":"Bearer ${FOREIGN}"`);
      await ask(path, bearer(token), `{"client":"a","time":1}\n{"authorization":"Bearer ${TOKEN}" "client":"b"}\n`);
    }

    // Questions by HTTP, and metrics.
    expect(await ask('/v1/ask?q=pool', bearer(env.READ_TOKEN!))).toBe(200);
    expect(await ask('/v1/ask?q=pool', bearer(TOKEN))).toBe(401);
    expect(await ask('/metrics', bearer(env.METRICS_TOKEN!))).toBe(200);
    await ask('/metrics', bearer(TOKEN));

    // Slack: questions, forms, refusals and failures.
    for (const text of ['pool', 'top clients', 'sources', 'debug', 'nonsense', 'digest add', 'status 7d', 'filters']) {
      const { status } = await slack.command({ user: ADMIN, channel: CHANNEL, text });
      expect([text, status]).toEqual([text, 200]);
    }
    await slack.mention({ user: ADMIN, channel: CHANNEL, text: 'pool' });
    await slack.openHome(ADMIN);
    if (mode === 'http') {
      const forged = {
        'x-slack-signature': 'v0=00',
        'x-slack-request-timestamp': String(Math.floor(Date.now() / 1000)),
      };
      await ask('/slack/events', { ...forged }, `{"token":"${slack.botToken}"}`);
    } else slack.disconnectSockets('drop');
    slack.faults.fail('chat.postMessage', { status: 500 });
    slack.faults.fail('chat.postMessage', { error: 'invalid_auth' });
    slack.faults.fail('users.info', { garbled: `<html>${slack.botToken}</html>` });
    const used = Array.from({ length: 80 }, (_, id) => ({ client: 'a', scope: 'crm', id: `${mode}/${id}` }));
    await sendUntilTaken(bot.url, { client: 'a', size: 80, body: JSON.stringify(used) });
    const calls = () => slack.calls.filter(({ method }) => method === 'chat.postMessage').length;
    await slack.waitFor(() => calls() > 0, `an alert is tried in ${ALERTS}`, WAIT_MS);

    await command('sources', 'list');
    await command('sources', 'rejected', 'default');
    await command('sources', 'rejected', 'kong');
    await command('sources', 'rejected', 'gateway', '--retry');
    if (mode === 'http') await command('doctor');
    await command('pools', 'show', '--yaml');
    await command('no-such-command');
    Object.assign(gateway, remember('gateway', await command('sources', 'rotate', 'gateway', '--overlap', '1h')));
    await expect
      .poll(() => bot!.lines.some((line) => line.includes('WEBHOOK_URL takes no events')), { timeout: WAIT_MS })
      .toBe(true);
    await bot.kill();
    logs.push(...bot.lines);
  }
  await command('backup', join(folder, 'copy.db'));

  seen.push(...logs.map((text) => ({ where: 'the log', text })));
  seen.push({
    where: 'Slack',
    text: JSON.stringify([...slack.calls].map(({ method, args }) => [method, { ...args, token: undefined }])),
  });
  for (const name of readdirSync(join(database, '..')).filter((each) => each.startsWith('headroom.db')))
    seen.push({ where: name, text: readFileSync(join(database, '..', name), 'latin1') });
  seen.push({ where: 'a backup', text: readFileSync(join(folder, 'copy.db'), 'latin1') });

  expect(logs.length).toBeGreaterThan(50);
  expect(seen.some(({ where }) => where === 'headroom.db-wal')).toBe(true);
  const found = Object.entries(secrets).flatMap(([name, value]) =>
    seen
      .filter(({ text }) => text.includes(value))
      .map(({ where, text }) => {
        const at = text.indexOf(value);
        return `${name}: ${where}: …${text.slice(Math.max(0, at - 120), at + value.length + 20)}`;
      }),
  );
  expect(found).toEqual([]);
});
