import { request } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { createPlayground } from '../../src/playground/playground.ts';
import { findPort } from '../../src/playground/world.ts';
import { type Emulator, startEmulator } from '../support/emulator.ts';

let slack: Emulator;
const done: string[] = [];

afterEach(async () => {
  done.length = 0;
  await slack.stop();
});

async function start(): Promise<string> {
  const pages = createPlayground({
    emulator: () => slack,
    zone: 'Europe/Berlin',
    now: () => Date.UTC(2026, 10, 20, 8),
    actions: {
      burst: async () => done.push('burst'),
      fail: async () => {
        throw new Error('no luck');
      },
    },
  });
  slack = await startEmulator({ pages });
  return slack.url;
}

interface Shown {
  user: string;
  people: { id: string; role: string }[];
  channels: { id: string }[];
  channel: { id: string };
  messages: { html: string; hidden: boolean }[];
  thread: { html: string }[] | null;
}

async function see(url: string, query: Record<string, string>): Promise<Shown> {
  const response = await fetch(`${url}/playground/state?${new URLSearchParams(query)}`);
  return (await response.json()) as Shown;
}

test('the page needs nothing from elsewhere, and every part that it names is there', async () => {
  const url = await start();
  const page = await fetch(url);
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
  const html = await page.text();
  const parts = [...html.matchAll(/(?:src|href)="([^"#]+)"/g)].map(([, path]) => path!);
  expect(parts.length).toBeGreaterThan(4);
  const seen = new Set<string>();
  const queue = [...parts];
  while (queue.length > 0) {
    const path = queue.pop()!;
    expect(path).toMatch(/^\/playground\//);
    if (seen.has(path)) continue;
    seen.add(path);
    const part = await fetch(url + path);
    expect([path, part.status]).toEqual([path, 200]);
    const text = await part.text();
    queue.push(...[...text.matchAll(/from '\.\/([^']+)'/g)].map(([, name]) => `/playground/${name}`));
    expect(text.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/url\(['"]?https?:|@import|from 'http/);
  }
});

test('each person sees what is theirs to see', async () => {
  const url = await start();
  await slack.say({ user: 'alice', channel: 'leads', text: 'between *us*' });
  const alice = await see(url, { user: 'U01ALICE', channel: 'C01LEADS' });
  expect(alice.messages[0]!.html).toContain('between <strong>us</strong>');
  const boris = await see(url, { user: 'U01BORIS', channel: 'C01LEADS' });
  expect(boris.channels.map(({ id }) => id)).not.toContain('C01LEADS');
  expect(JSON.stringify(boris)).not.toContain('between');
  const guest = await see(url, { user: 'U01GUEST', channel: 'C01USAGE' });
  expect(guest.channels.map(({ id }) => id).filter((id) => id.startsWith('C'))).toEqual(['C01GENERAL', 'C01USAGE']);
  expect(guest.people.find(({ id }) => id === 'U02OUTSIDE')!.role).toBe('from outside');
});

test('a reply stands in its thread, and the channel counts it', async () => {
  const url = await start();
  const parent = await slack.say({ user: 'alice', channel: 'api-usage', text: 'parent' });
  await slack.say({ user: 'boris', channel: 'api-usage', text: 'child', thread_ts: parent.ts });
  const shown = await see(url, { user: 'U01ALICE', channel: 'C01USAGE', thread: parent.ts });
  expect(shown.messages).toHaveLength(1);
  expect(shown.messages[0]!.html).toContain('1 reply');
  expect(shown.thread!.map(({ html }) => /parent|child/.exec(html)![0])).toEqual(['parent', 'child']);
});

test('hints are the commands of the help, each once', async () => {
  const url = await start();
  const hints = (await (await fetch(`${url}/playground/hints`)).json()) as { command: string }[];
  const commands = hints.map(({ command }) => command);
  expect(commands[0]).toBe('/usage');
  expect(commands).toContain('/usage top clients 7d');
  expect(new Set(commands).size).toBe(commands.length);
});

test('actions are done for the page alone: other sites and unknown names are refused', async () => {
  const url = await start();
  const post = (name: string, type = 'application/json') =>
    fetch(`${url}/playground/${name}`, { method: 'POST', headers: { 'content-type': type }, body: '{}' });
  expect(await (await post('burst')).json()).toMatchObject({ ok: true });
  expect(await (await post('fail')).json()).toEqual({ ok: false, error: 'no luck' });
  expect((await post('burst', 'text/plain')).status).toBe(415);
  expect((await post('dance')).status).toBe(404);
  expect((await post('constructor')).status).toBe(404);
  const foreign = new Promise((resolve) => {
    request(`${url}/playground/state`, { headers: { host: 'evil.example' } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).end();
  });
  expect(await foreign).toBe(403);
  expect(done).toEqual(['burst']);
});

test('a taken port is replaced by a free one', async () => {
  const taken = Number(new URL(await start()).port);
  expect(await findPort(taken)).toBe(0);
});
