import { afterAll, afterEach, beforeEach, expect, it } from 'vitest';
import { answerSchema } from '../../src/ask/answer-json.ts';
import { createChartRenderer } from '../../src/chart/renderer.ts';
import { createStoredReporter } from '../../src/cli/stored-reporter.ts';
import { createCalendar } from '../../src/domain/calendar.ts';
import { REPORT_KINDS } from '../../src/domain/report.ts';
import type { AskOptions } from '../../src/http/ask.ts';
import { createLogger } from '../../src/log.ts';
import { toCsv } from '../../src/report/table.ts';
import { Secret } from '../../src/secret.ts';
import { openDatabase } from '../../src/store/database.ts';
import { StoredUsage } from '../../src/usage/reader.ts';
import { setUpDatabases } from '../support/databases.ts';
import { NOW, openStage, type Reply, type Stage, send } from './server-stage.ts';

const READ_TOKEN = 'read-0123456789abcdef';
const CLIENTS = ['Acme CRM', 'billing & "co"', '=cmd()', 'ünï', 'a', 'b', 'c'];
const EVENTS = Array.from({ length: 140 }, (_, index) => ({
  id: String(index),
  time: new Date(NOW - 3_600_000 * (index + 13)).toISOString(),
  client: CLIENTS[index % CLIENTS.length],
  url: '/v1/orders/1',
  status: index % 5 ? 200 : 429,
}));

const databases = setUpDatabases();
const charts = createChartRenderer({ log: createLogger('silent') });
const log: string[] = [];
let stage: Stage;
let ask: AskOptions;
let close: () => Promise<void>;

beforeEach(async () => {
  const url = await databases.createUrl();
  const db = openDatabase(url);
  const calendar = createCalendar('UTC');
  ask = {
    token: new Secret(READ_TOKEN),
    reporter: createStoredReporter(db, new StoredUsage(db, 'sqlite', calendar), calendar),
    render: charts.render,
    now: () => stage.clock.nowMs,
  };
  log.splice(0);
  stage = await openStage(url, { ask, log: createLogger('error', { write: (line) => void log.push(line) }) });
  close = () => db.destroy();
  expect((await send(stage, '/v1/events', EVENTS)).status).toBe(200);
});
afterEach(async () => {
  await stage.close();
  await close();
});
afterAll(() => charts.stop());

/** Asks the question `q`. `more`: further query parameters. */
function get(q: string, more = '', options: Parameters<typeof send>[3] = {}): Promise<Reply> {
  return send({ ...stage, token: READ_TOKEN }, `/v1/ask?q=${encodeURIComponent(q)}${more}`, undefined, options);
}

it('is not there without READ_TOKEN, and closed to everybody but its holder', async () => {
  const closed = await openStage(await databases.createUrl());
  const nothing = await send({ ...closed, token: READ_TOKEN }, '/v1/ask?q=pool');
  await closed.close();
  expect(nothing).toMatchObject({ status: 404, json: { status: 404, detail: expect.stringContaining('READ_TOKEN') } });
  for (const authorization of ['', `Bearer ${stage.token}`, `Bearer ${READ_TOKEN}x`, `Basic ${READ_TOKEN}`, 'Bearer'])
    expect((await get('pool', '', { headers: { authorization } })).status).toBe(401);
  const refused = await get('pool', '', { anonymous: true });
  expect(refused.status).toBe(401);
  expect(refused.headers).toMatchObject({
    'www-authenticate': 'Bearer realm="headroom ask"',
    'content-type': 'application/problem+json',
  });
  // A token in the address is refused, because addresses are written to logs.
  expect((await send(stage, `/v1/ask?q=pool&token=${READ_TOKEN}`, undefined, { anonymous: true })).status).toBe(401);
});

it('answers as JSON, CSV, picture or text, by `as` or by Accept', async () => {
  const json = await get('top 2 clients 7d');
  expect(json.headers['content-type']).toBe('application/json');
  expect(answerSchema.parse(json.json).rows).toHaveLength(2);
  expect((await get('top clients 7d')).json.rows).toHaveLength(7);

  const names = (answer: { json: { rows: { name: string }[] } }) => answer.json.rows.map(({ name }) => name);
  const all = names(await get('top clients 7d'));
  expect(names(await get('top 2 clients 7d skip 3'))).toEqual(all.slice(3, 5));
  expect(names(await get('top clients 7d skip 3'))).toEqual(all.slice(3));

  const question = { report: 'top', range: '7d', limit: 1000 } as const;
  const inSlack = toCsv(await ask.reporter.answer(question, stage.clock.nowMs));
  for (const reply of [
    await get('top clients 7d', '&as=csv'),
    await get('csv top clients 7d'),
    await get('top clients 7d', '', { headers: { accept: 'text/csv' } }),
  ]) {
    expect(reply.headers['content-type']).toBe('text/csv; charset=utf-8');
    expect(reply.text).toBe(inSlack);
  }
  expect(inSlack).toContain("\n'=cmd(),");

  for (const reply of [
    await get('pool', '&as=text'),
    await get('pool', '', { headers: { accept: 'text/plain;q=0.5' } }),
  ])
    expect(reply).toMatchObject({ status: 200, headers: { 'content-type': 'text/plain; charset=utf-8' } });
  const picture = await get('daily 7d', '', { headers: { accept: 'image/avif,image/png;q=0.9,*/*;q=0.1' } });
  expect(picture.headers['content-type']).toBe('image/png');
  expect(Buffer.from(picture.bytes.subarray(1, 4)).toString()).toBe('PNG');
  expect((await get('explain default', '&as=png')).status).toBe(406);
  expect((await get('pool', '', { headers: { accept: 'text/html' } })).status).toBe(406);
  expect((await get('pool', '', { headers: { accept: 'text/html,*/*;q=0.8' } })).headers['content-type']).toMatch(
    /json/,
  );
});

it.each(REPORT_KINDS)('answers a %s report', async (kind) => {
  const words =
    kind === 'client' || kind === 'why' ? `${kind} "Acme CRM"` : kind === 'route' ? 'route /v1/orders/{id}' : kind;
  const { status, json } = await get(words);
  expect(status, JSON.stringify(json)).toBe(200);
  expect(answerSchema.parse(json).report).toBe(kind);
});

it('sends nothing again that the caller has', async () => {
  const first = await get('top clients 7d');
  const { etag } = first.headers;
  expect(first.headers).toMatchObject({ vary: 'Accept', 'cache-control': 'private, no-cache' });
  for (const tags of [etag!, `"x", W/${etag}`, '*']) {
    const same = await get('top clients 7d', '', { headers: { 'if-none-match': tags } });
    expect(same).toMatchObject({ status: 304, text: '', headers: { etag } });
  }
  expect((await get('top clients 7d', '&as=csv', { headers: { 'if-none-match': etag! } })).status).toBe(200);
  await send(stage, '/v1/events', [{ id: 'late', time: new Date(NOW - 90_000_000).toISOString(), client: 'late' }]);
  expect((await get('top clients 7d', '', { headers: { 'if-none-match': etag! } })).status).toBe(200);
  const head = await get('top clients 7d', '', { method: 'HEAD' });
  expect(head).toMatchObject({ status: 200, text: '' });
  expect(Number(head.headers['content-length'])).toBe((await get('top clients 7d')).bytes.length);
  expect((await get('pool', '', { method: 'POST' })).status).toBe(405);
});

it('names the nearest words that it can read, and they are answered', async () => {
  const refused = await get('top clinets 7d');
  expect(refused).toMatchObject({
    status: 400,
    headers: { 'content-type': 'application/problem+json' },
    json: { title: 'Bad Request', status: 400, detail: expect.stringContaining('clinets') },
  });
  expect(refused.json.nearest[0]).toBe('top clients 7d');
  for (const words of refused.json.nearest) expect((await get(words)).status).toBe(200);
  // `nearest` repeats the words of the question, without the rows of a whole ranking.
  const later = await get('top clients 2027-01-01');
  expect(later.json.nearest).toEqual(['top clients today', 'top clients yesterday', 'top clients 7d']);
  expect((await get('new clients 7d')).json.next).toContainEqual({ label: 'All clients', question: 'top clients 7d' });
  for (const words of ['digest add daily 09:00', 'help', 'pool edit', 'top clients 31 feb 2026', 'client nobody', '"'])
    expect(await get(words)).toMatchObject({ status: 400, json: { nearest: expect.any(Array) } });
  for (const path of ['/v1/ask', '/v1/ask?q=pool&q=status', '/v1/ask?q=pool&as=xml', '/v1/ask?q=pool&range=7d'])
    expect((await send({ ...stage, token: READ_TOKEN }, path)).status, path).toBe(400);
  expect((await get('')).json.report).toBe('summary');
});

it('answers so many questions a minute, then says when to come again', async () => {
  for (let asked = 0; asked < 120; asked++) expect((await get('"')).status).toBe(400);
  const refused = await get('pool');
  expect(refused.status).toBe(429);
  expect(Number(refused.headers['retry-after'])).toBe(60 - ((NOW / 1000) % 60));
  stage.clock.nowMs += Number(refused.headers['retry-after']) * 1000;
  expect((await get('pool')).status).toBe(200);
});

it('never shows what went wrong inside', async () => {
  const answer = ask.reporter.answer;
  ask.reporter.answer = () => Promise.reject(new Error('secret/path.ts:1'));
  const failed = await get('pool');
  ask.reporter.answer = answer;
  expect(failed.status).toBe(500);
  expect(failed.text).not.toMatch(/secret|path|at /);
  const [, id] = /look for (\w+) in the log/.exec(failed.json.detail)!;
  expect(log.join('')).toContain(id);
});

it('answers junk with a problem, not with a fault', async () => {
  const pieces = [
    'top',
    'clients',
    '7d',
    '\0',
    '\ud800',
    '"',
    "'",
    '%',
    'status:',
    'not',
    '..',
    '🙂',
    '<!here>',
    '&amp;',
  ];
  const junk = ['\u202e', '{{', '$(x)', '=1', ':', '2026-99-99', '--', '\n\n', '-1', '99999999999999999999d', '|', '`'];
  let seed = 7;
  const random = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed % below;
  };
  const all = [...pieces, ...junk];
  for (let round = 0; round < 60; round++) {
    stage.clock.nowMs += 1000;
    const words = Array.from({ length: 1 + random(6) }, () => all[random(all.length)]!).join([' ', ''][random(2)]);
    const reply = await send(
      { ...stage, token: READ_TOKEN },
      `/v1/ask?q=${words.replace(/[^a-z0-9]/gi, (c) => [encodeURIComponent(c.toWellFormed()), '%', '+', '%FF'][random(40) > 2 ? 0 : 1 + random(3)]!)}`,
    );
    expect([200, 400], words).toContain(reply.status);
    if (reply.status === 400) expect(reply.json.detail, words).toMatch(/\S/);
  }
  expect(log).toEqual([]);
  expect((await get('x'.repeat(10_000))).status).toBe(400);
});
