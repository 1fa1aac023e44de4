import { spawnSync } from 'node:child_process';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Sender } from '../../src/delivery/sender.ts';
import { createWebhookTransport, signWebhook } from '../../src/delivery/webhook-transport.ts';
import { createLogger } from '../../src/log.ts';
import { followFailure } from '../../src/schedule/notices.ts';
import { Secret } from '../../src/secret.ts';
import { insertDelivery, listDeliveries } from '../../src/store/delivery-repository.ts';
import { CHANNEL } from '../delivery/slack-stage.ts';
import { describeEachDialect } from '../support/databases.ts';
import { openAlerts, pool, scope } from './alert-stage.ts';

const SECRET = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;
const HOUR_MS = 3_600_000;

interface Received {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

let endpoint: Server;
let url: string;
let received: Received[];
/** Status codes of the next answers; then 200. */
let answers: number[];

beforeEach(async () => {
  received = [];
  answers = [];
  endpoint = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      received.push({ path: request.url ?? '', headers: request.headers, body });
      const status = answers.shift() ?? 200;
      response.writeHead(status, status === 429 ? { 'retry-after': '60' } : {}).end();
    });
  });
  await new Promise<void>((resolve) => void endpoint.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}/events`;
});
afterEach(() => {
  vi.useRealTimers();
  endpoint.close();
});

/** Verifies a request as a receiver would, with the specification's library and the test's clock. */
function verify({ headers, body }: Received, nowMs: number): { type: string; data: Record<string, unknown> } {
  vi.useFakeTimers({ now: nowMs, toFake: ['Date'] });
  const event = new Webhook(SECRET).verify(body, headers as Record<string, string>);
  vi.useRealTimers();
  return event as ReturnType<typeof verify>;
}

it('is refused by a relay that has no secret', () => {
  const path = fileURLToPath(new URL('../../.deploy/webhook-relay.mjs', import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [path], { env: {}, encoding: 'utf8' });
  expect([status, stderr]).toEqual([1, 'Set WEBHOOK_SECRET to what Headroom has, whsec_….\n']);
});

it('is passed on to PagerDuty and Opsgenie by the relay of .deploy, and by nobody else', async () => {
  const relays = await import(new URL('../../.deploy/webhook-relay.mjs', import.meta.url).href);
  const event = (type: string, level: number) => {
    const data = {
      alert: 'crm/Calls:2026',
      kind: 'level',
      severity: 'critical',
      title: 'CRM at 90%',
      text: 'Act.',
      level,
    };
    return { type, timestamp: '2026-11-20T12:00:00.000Z', data };
  };
  const place = url.replace('/events', '');
  const settings = { key: 'k', url: place };
  const relay: Server = relays.createRelay({
    secret: SECRET,
    toRequest: (each: { data: { level: number } }) =>
      each.data.level === 90 ? relays.toPagerDuty(each, settings) : relays.toOpsgenie(each, settings),
  });
  await new Promise<void>((resolve) => void relay.listen(0, '127.0.0.1', resolve));
  const to = `http://127.0.0.1:${(relay.address() as AddressInfo).port}`;
  const send = async (body: string, headers = signWebhook('msg_1', body, new Secret(SECRET), Date.now())) =>
    (await fetch(to, { method: 'POST', body, headers })).status;
  const events = [90, 100].flatMap((level) =>
    ['raised', 'acknowledged', 'over'].map((what) => JSON.stringify(event(`alert.${what}`, level))),
  );
  for (const body of events) expect(await send(body)).toBe(204);
  expect(await send(events[0]!, signWebhook('msg_1', events[1]!, new Secret(SECRET), Date.now()))).toBe(401);
  answers = [500];
  expect(await send(events[0]!)).toBe(502);
  relay.close();
  const bodies = received.map(({ body }) => JSON.parse(body));
  expect(bodies.slice(0, 3)).toMatchObject([
    {
      routing_key: 'k',
      event_action: 'trigger',
      dedup_key: 'crm/Calls:2026',
      payload: { summary: 'CRM at 90%', severity: 'critical' },
    },
    { event_action: 'acknowledge', dedup_key: 'crm/Calls:2026' },
    { event_action: 'resolve', dedup_key: 'crm/Calls:2026' },
  ]);
  expect(bodies[3]).toMatchObject({ message: 'CRM at 90%', alias: 'crm/Calls:2026', priority: 'P1' });
  expect(received.slice(3, 6).map(({ path }) => path)).toEqual([
    '/v2/alerts',
    '/v2/alerts/crm%2FCalls%3A2026/acknowledge?identifierType=alias',
    '/v2/alerts/crm%2FCalls%3A2026/close?identifierType=alias',
  ]);
  expect(received[3]!.headers.authorization).toBe('GenieKey k');
});

describeEachDialect('WEBHOOK_URL', (databases) => {
  const open = async () => {
    const stage = await openAlerts(databases, [scope([pool('Calls', 1000, { period: { kind: 'day' } })])], {
      channel: CHANNEL,
      webhook: true,
    });
    const { db, clock } = stage;
    const compose = async (content: unknown) => content as object;
    const webhooks = new Sender({
      ...{ db, clock, log: createLogger('silent'), admins: async () => ['U01ADA'], onFailed: followFailure },
      transport: createWebhookTransport({ url, secret: new Secret(SECRET), clock, compose }),
    });
    return { ...stage, webhooks };
  };
  const ids = () => received.map(({ headers }) => headers['webhook-id']);

  it('hears of an alert from its first level to its end, signed, each event once', async () => {
    const { use, run, clock, alerts, webhooks } = await open();
    for (const count of [760, 150]) {
      await use(count);
      await webhooks.settle();
    }
    await alerts.acknowledge({}, { user: 'U01BOB', zone: 'UTC', admin: false });
    await webhooks.settle();
    clock.advance(24 * HOUR_MS);
    await run();
    await webhooks.settle();
    await run();
    await webhooks.settle();
    const events = received.map((one) => verify(one, Number(one.headers['webhook-timestamp']) * 1000));
    expect(events.map(({ type, data }) => [type, data.level, data.used, data.severity])).toEqual([
      ['alert.raised', 75, 760, 'warning'],
      ['alert.level', 90, 910, 'critical'],
      ['alert.acknowledged', 90, 910, 'critical'],
      ['alert.over', 90, 910, 'critical'],
    ]);
    expect(events[0]!.data.text).toMatch(/^Runs out around \w{3} \d+ Nov \d\d:\d\d UTC at /);
    expect(new Set(events.map(({ data }) => data.alert)).size).toBe(1);
    expect(events[2]!.data).toMatchObject({ acknowledged_by: 'U01BOB', scope: 'crm', pool: 'Calls', amount: 1000 });
    expect(new Set(ids()).size).toBe(4);
    expect(() => verify({ ...received[0]!, body: received[0]!.body.replace('760', '761') }, clock.now())).toThrow();
  });

  it('hears once more of a level that holds again after its end, with no call to on-call', async () => {
    const { use, run, declare, webhooks } = await open();
    await use(910);
    const declared = scope([pool('Calls', 1000, { period: { kind: 'day' } })]);
    for (const scopes of [[scope([pool('Other', 5000)])], [declared]]) {
      await declare(scopes);
      await run();
    }
    await webhooks.settle();
    expect(received.map(({ body }) => JSON.parse(body)).map(({ type, data }) => [type, data.calls_oncall])).toEqual([
      ['alert.raised', true],
      ['alert.over', true],
      ['alert.level', false],
    ]);
  });

  it('is tried again with the same id, and nothing overtakes what waits in its conversation', async () => {
    const { use, clock, webhooks } = await open();
    answers = [500, 302, 429];
    await use(760);
    await webhooks.settle();
    await use(150);
    for (let minute = 0; minute < 3; minute += 1) {
      await webhooks.settle();
      clock.advance(60_000);
    }
    await webhooks.settle();
    expect(received.map(({ body }) => JSON.parse(body).type)).toEqual([
      ...Array(4).fill('alert.raised'),
      'alert.level',
    ]);
    expect(new Set(ids().slice(0, 4)).size).toBe(1);
    expect(ids()[4]).not.toBe(ids()[0]);
    const [again, before] = [received[3]!, received[2]!].map(({ headers }) => Number(headers['webhook-timestamp']));
    expect(again! - before!).toBeGreaterThanOrEqual(60);
  });

  it('is given up after 24 hours, which the admins hear, and what followed goes out', async () => {
    const { use, clock, db, webhooks } = await open();
    answers = Array(100).fill(503);
    await use(760);
    await webhooks.settle();
    clock.advance(24 * HOUR_MS);
    await webhooks.settle();
    answers = [];
    expect((await listDeliveries(db, { kind: 'webhook', limit: 9 })).map(({ state }) => state)).toEqual(['failed']);
    const [notice] = await listDeliveries(db, { kind: 'notice', limit: 9 });
    expect(notice).toMatchObject({
      channel: 'U01ADA',
      content: { lines: [expect.stringMatching(/^WEBHOOK_URL did not take an event for 24 hours \(HTTP 503\)/)] },
    });
    await insertDelivery(db, {
      ...{ key: 'next', kind: 'webhook', channel: 'webhook:x', content: { type: 'x' }, dueMs: clock.now() },
    });
    // A receiver that does not answer is tried again every few seconds.
    clock.advance(2000);
    await webhooks.settle();
    expect(received.at(-1)!.body).toBe('{"type":"x"}');
  });

  it('waits for nothing of Slack’s, nor Slack for it', async () => {
    const { use, slack, webhooks, db } = await open();
    answers = Array(100).fill(500);
    await use(760);
    await webhooks.settle();
    expect(slack.messages(CHANNEL)).toHaveLength(1);
    expect((await listDeliveries(db, { kind: 'webhook', limit: 9 })).map(({ state }) => state)).toEqual(['pending']);
  });

  it('hears nothing of the end of an alert that it did not hear of', async () => {
    const stage = await openAlerts(databases, [scope([pool('Calls', 1000, { period: { kind: 'day' } })])]);
    await stage.use(760);
    stage.clock.advance(24 * HOUR_MS);
    await stage.run();
    expect(await listDeliveries(stage.db, { kind: 'webhook', limit: 9 })).toEqual([]);
    const open = await stage.db.selectFrom('alert').select('over_ms').execute();
    expect(open.map(({ over_ms: overMs }) => overMs !== null)).toEqual([true]);
  });
});
