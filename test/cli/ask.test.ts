import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { answerSchema } from '../../src/ask/answer-json.ts';
import { createCommandLine } from '../support/command-line.ts';

const NOW = Date.UTC(2026, 10, 20, 12);
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'headroom-ask-'));
  const events = Array.from({ length: 70 }, (_, index) => ({
    id: String(index),
    time: new Date(NOW - 86_400_000 - index * 3_600_000).toISOString(),
    client: ['Acme CRM', 'billing', 'ünï & <co>'][index % 3],
    url: '/v1/orders/1',
    status: index % 5 ? 200 : 429,
    count: 1 + (index % 2),
  }));
  writeFileSync(join(folder, 'a.ndjson'), events.map((event) => JSON.stringify(event)).join('\n'));
  expect((await run('import', 'a.ndjson')).code).toBe(0);
});
afterAll(() => rmSync(folder, { recursive: true }));

const run = (...words: string[]) =>
  createCommandLine({ folder, now: () => NOW, isTerminal: true, width: 80 })(...words);

it('answers in the terminal, without Slack', async () => {
  const { code, out, err } = await run('ask', 'top clients 7d');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toBe(`Acme CRM made 34.3% of 105 requests; 19.4% of its calls failed.

Client      Requests      %  OK  Failed  Share
──────────  ────────  ─────  ──  ──────  ──────────
Acme CRM          36  34.3%  29       7  ██████████
billing           35  33.3%  29       6  █████████▊
ünï & <co>        34  32.4%  26       8  █████████▌

13–19 Nov 2026 · UTC · 3 clients
Data begins on Mon 16 Nov 2026.`);
  expect((await run('ask')).out.split('\n')[0]).toBe('default has no pool yet; it used 105 credits this month.');
});

it('reads several words as one question, names of several words among them', async () => {
  const one = await run('ask', 'top clients 7d client:"ünï & <co>" status:429', '--json');
  const several = await run('ask', 'top', 'clients', '7d', 'client:ünï & <co>', 'status:429', '--json');
  expect(several).toEqual(one);
  const answer = answerSchema.parse(JSON.parse(one.out));
  expect(answer.question).toBe('top clients 7d client:"ünï & <co>" status:429');
  expect(answer.rows).toMatchObject([{ name: 'ünï & <co>', requests: 8, failed: 8 }]);
  expect((await run('ask', answer.question, '--json')).out).toBe(one.out);
});

it('gives the CSV byte for byte, all rows of a ranking', async () => {
  const { out } = await run('ask', 'top clients 7d', '--csv');
  expect(out).toMatch(/^name,requests,share_percent,ok,failed,none,credits,ids\r\n(.*\r\n){2}.*\r$/);
  expect((await run('ask', 'csv top clients 7d')).out).toBe(out);
});

it('draws the answer', async () => {
  const { code, out, err } = await run('ask', 'daily 7d', '--csv', '--png', 'a.png');
  expect(code).toBe(0);
  expect(out).toMatch(/^day,/);
  expect(err).toMatch(/^Picture of \d+ × \d+ pixels: a\.png$/);
  expect(readFileSync(join(folder, 'a.png')).subarray(1, 4).toString()).toBe('PNG');
  const words = await run('ask', 'explain default', '--png', 'b.png');
  expect(words).toMatchObject({ code: 2, err: expect.stringContaining('nothing to draw') });
  expect((await run('ask', 'daily 7d', '--png', 'no/such/folder/a.png')).err).toMatch(/cannot be written .*: choose/);
});

it.each([
  ['top clinets 7d', /“clinets”.*\nTry:\n {2}headroom ask "top clients 7d"\n/],
  ['digest add daily 09:00', /Digests belong to channels.*type it after \/usage in Slack/],
  ['pool edit crm', /headroom pools apply FILE/],
  ['correct crm +5 because it was late', /headroom correct/],
  ['save mine', /Saved views belong/],
  ['debug', /headroom doctor/],
  ['help', /any other question that \/usage answers/],
  ['top clients 7d share', /leave “share” out/],
  ['top clients 31 feb 2026', /Try:/],
  ['client nobody', /nobody/],
])('refuses %j with the cure, and what it suggests is answered', async (words, message) => {
  const { code, out, err } = await run('ask', words);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toMatch(message);
  for (const [, suggestion] of err.matchAll(/headroom ask "(.*)"/g))
    expect(await run('ask', suggestion!)).toMatchObject({ code: 0, err: '' });
});

it('refuses two forms at once, and an option that there is not', async () => {
  expect(await run('ask', 'pool', '--json', '--csv')).toMatchObject({ code: 2, err: expect.stringMatching(/exclude/) });
  expect(await run('ask', 'pool', '--xml')).toMatchObject({ code: 2 });
});
