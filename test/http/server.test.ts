import { createHmac } from 'node:crypto';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { OpenMeter } from '@openmeter/sdk';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { HeadroomError } from '../../src/errors.ts';
import { createHttpServer } from '../../src/http/server.ts';
import { seal } from '../../src/ingest/credentials.ts';
import { addSource, rotateSource } from '../../src/ingest/source-admin.ts';
import { createLogger } from '../../src/log.ts';
import { Secret } from '../../src/secret.ts';
import {
  findSource,
  listRejectedEvents,
  listSourceHealth,
  revokeSource,
  updateCredentials,
} from '../../src/store/source-repository.ts';
import { readFixture } from '../ingest/fixtures.ts';
import { describeEachDialect } from '../support/databases.ts';
import { EVENT, holdIntake, NOW, openStage, type Stage, send, TAKES_ALL } from './server-stage.ts';

describeEachDialect('the HTTP server', (databases) => {
  let stage: Stage;

  beforeEach(async () => {
    stage = await openStage(await databases.createUrl());
  });

  afterEach(() => stage.close());

  it('answers events with what became of each, and counts them once', async () => {
    const first = await send(stage, '/v1/events', [EVENT, { ...EVENT, id: 'e2' }, { id: 'bad' }, EVENT]);
    expect(first.status).toBe(200);
    expect(first.json).toEqual({
      accepted: 2,
      duplicates: 1,
      rejected: [{ index: 2, id: 'bad', error: expect.stringContaining('client is missing') }],
    });
    const again = await send(stage, '/v1/events', [EVENT, { ...EVENT, id: 'e2' }]);
    expect(again.json).toEqual({ accepted: 0, duplicates: 2, rejected: [] });
    expect(again.status).toBe(200);
    expect((await send(stage, '/v1/events', [])).json).toEqual({ accepted: 0, duplicates: 0, rejected: [] });
  });

  it('forgets changed credentials within two seconds', async () => {
    expect((await send(stage, '/v1/events', EVENT)).status).toBe(200);
    const source = (await findSource(stage.db, 'default'))!;
    const { token } = await rotateSource(stage.db, { secretKey: stage.secretKey, secretKeyPath: '' }, source);
    stage.clock.nowMs += 1999;
    expect((await send(stage, '/v1/events', EVENT)).status).toBe(401);
    expect((await send({ ...stage, token: token.reveal() }, '/v1/events', EVENT)).status).toBe(200);
    await revokeSource(stage.db, source.id, stage.clock.nowMs);
    stage.clock.nowMs += 1999;
    expect((await send({ ...stage, token: token.reveal() }, '/v1/events', EVENT)).status).toBe(401);
  });

  it('takes the credentials of before a rotation for as long as was said, by token and by signature', async () => {
    const source = (await findSource(stage.db, 'default'))!;
    const key = { secretKey: stage.secretKey, secretKeyPath: '' };
    const fresh = await rotateSource(stage.db, key, source, NOW + 3_600_000);
    stage.clock.nowMs += 1000;
    expect(await tryBoth(fresh)).toEqual([200, 200, 200, 200]);
    stage.clock.nowMs = NOW + 3_600_000;
    expect(await tryBoth(fresh)).toEqual([401, 200, 401, 200]);
  });

  it('keeps the token of before a rotation where the key of its signing secret is lost, and takes the new signature', async () => {
    const source = (await findSource(stage.db, 'default'))!;
    const other = new Secret(Buffer.alloc(32, 9).toString('base64'));
    const sealedSecret = seal(stage.signingSecret, other, 'source default');
    await updateCredentials(stage.db, source.id, { tokenHash: source.tokenHash, sealedSecret });
    const key = { secretKey: stage.secretKey, secretKeyPath: '' };
    const fresh = await rotateSource(stage.db, key, { ...source, sealedSecret }, NOW + 3_600_000);
    expect(fresh.lostSecret).toBe(true);
    stage.clock.nowMs += 1000;
    expect(await tryBoth(fresh)).toEqual([200, 200, 401, 200]);
  });

  /** Tries the old and the new token, then signatures with the old and the new secret. Returns the statuses. */
  async function tryBoth(fresh: { token: Secret; signingSecret: Secret }): Promise<number[]> {
    const time = String(Math.floor(stage.clock.nowMs / 1000));
    const body = JSON.stringify(EVENT);
    const sign = (secret: string) => {
      const signed = createHmac('sha256', Buffer.from(secret.slice('whsec_'.length), 'base64'));
      const signature = `v1,${signed.update(`m1.${time}.${body}`).digest('base64')}`;
      return { 'webhook-id': 'm1', 'webhook-timestamp': time, 'webhook-signature': signature };
    };
    const replies = [
      await send(stage, '/v1/events', EVENT),
      await send({ ...stage, token: fresh.token.reveal() }, '/v1/events', EVENT),
      await send(stage, '/sources/default', body, { anonymous: true, headers: sign(stage.signingSecret) }),
      await send(stage, '/sources/default', body, { anonymous: true, headers: sign(fresh.signingSecret.reveal()) }),
    ];
    return replies.map(({ status }) => status);
  }

  it('answers 503 while its sources cannot be looked up, with nothing counted', async () => {
    await stage.db.schema.alterTable('source').renameTo('source_away').execute();
    stage.clock.nowMs += 2000;
    const refused = await send(stage, '/v1/events', EVENT);
    expect(refused.status).toBe(503);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    await stage.db.schema.alterTable('source_away').renameTo('source').execute();
    const taken = await send(stage, '/v1/events', EVENT);
    expect(taken).toMatchObject({ status: 200, json: { accepted: 1 } });
  });

  it('keeps what each source sent, and why events were rejected', async () => {
    await send(stage, '/v1/events', [EVENT, EVENT, { id: 'bad\0', status: 1 }]);
    await stage.tally.flush();
    const [health] = await listSourceHealth(stage.db);
    expect(health).toMatchObject({
      name: 'default',
      accepted: 1,
      duplicates: 1,
      rejected: 1,
      lastReceivedMs: NOW,
      medianLagMs: 300_000,
    });
    expect(health!.reasons).toMatchObject([{ events: 1 }]);
    const { id } = (await findSource(stage.db, 'default'))!;
    expect(await listRejectedEvents(stage.db, id)).toMatchObject([
      { atMs: NOW, excerpt: expect.stringContaining('status: 1') },
    ]);
  });

  // The rules for requests are the same on both databases.
  if (databases.dialect === 'postgres') return;

  it('answers 422 where every event is rejected, 400 where nothing can be read', async () => {
    const rejected = await send(stage, '/v1/events', [{ id: 'x' }, { ...EVENT, time: '2026-11-20T12:30:00Z' }]);
    expect(rejected.status).toBe(422);
    expect(rejected.json).toMatchObject({
      accepted: 0,
      rejected: [
        { index: 0, id: 'x' },
        { index: 1, error: expect.stringContaining('5 minutes ahead') },
      ],
    });
    const unreadable = await send(stage, '/v1/events', '{"client": "a",}');
    expect(unreadable.status).toBe(400);
    expect(unreadable.json.error).toMatch(/line 1, column 16/);
    expect((await send(stage, '/v1/events', '')).status).toBe(400);
  });

  it('answers 401 to no token and to a wrong one, before anything of the body', async () => {
    const none = await send(stage, '/v1/events', [EVENT], { anonymous: true });
    expect(none.status).toBe(401);
    expect(none.headers['www-authenticate']).toMatch(/^Bearer/);
    expect(none.json.error).toMatch(/no credentials/);
    const wrong = await send(stage, '/v1/events', 'not even JSON', { headers: { authorization: 'Bearer hr_wrong' } });
    expect(wrong.status).toBe(401);
    expect(wrong.json.error).toMatch(/check the token/);
    // The token is right for another way of sending it; only this way is wrong.
    const basic = { authorization: `Basic ${btoa(`${stage.token}:`)}` };
    expect(await send(stage, '/v1/events', [EVENT], { headers: basic })).toMatchObject({
      status: 401,
      json: { error: expect.stringMatching(/that count here: send "Authorization: Bearer/) },
    });
  });

  it('takes compressed, chunked and announced bodies', async () => {
    const gzip = { 'content-encoding': 'gzip' };
    expect((await send(stage, '/v1/events', gzipSync(JSON.stringify(EVENT)), { headers: gzip })).json.accepted).toBe(1);
    expect((await send(stage, '/v1/events', { ...EVENT, id: '2' }, { chunked: true })).json.accepted).toBe(1);
    expect(
      (await send(stage, '/v1/events', { ...EVENT, id: '3' }, { headers: { expect: '100-continue' } })).json.accepted,
    ).toBe(1);
    const cut = gzipSync(JSON.stringify(EVENT)).subarray(0, 30);
    expect((await send(stage, '/v1/events', cut, { headers: gzip })).status).toBe(400);
    expect((await send(stage, '/v1/events', EVENT, { headers: { 'content-encoding': 'snappy' } })).status).toBe(415);
    expect((await send(stage, '/v1/events', EVENT, { headers: { 'content-type': 'text/xml' } })).status).toBe(415);
  });

  it('answers 413 to a body over the limit, declared or not, before or after decompression', async () => {
    const large = Buffer.alloc(1_000_001, ' ');
    for (const chunked of [false, true]) expect((await send(stage, '/v1/events', large, { chunked })).status).toBe(413);
    const bomb = await send(stage, '/v1/events', gzipSync(large), { headers: { 'content-encoding': 'gzip' } });
    expect(bomb.status).toBe(413);
    expect(bomb.json.error).toMatch(/larger than 1000000 bytes.*MAX_BODY_BYTES/);
    const refused = await send(stage, '/v1/events', '', {
      headers: { expect: '100-continue', 'content-length': '1000001' },
    });
    expect(refused.status).toBe(413);
  });

  it('answers like OpenMeter, to its SDK', async () => {
    const client = new OpenMeter({ baseUrl: stage.server.url, apiKey: stage.token });
    const event = {
      type: 'request',
      subject: 'customer-1',
      source: 'gw',
      id: 'om-1',
      data: { method: 'GET', route: '/hello' },
      time: new Date(NOW),
    };
    await client.events.ingest(event);
    await client.events.ingest([event, { ...event, id: 'om-2' }]);
    await stage.tally.flush();
    expect(await listSourceHealth(stage.db)).toMatchObject([{ accepted: 2, duplicates: 1 }]);
    const body = JSON.parse(readFixture('senders/openmeter-sdk-batch.json').toString());
    const bad = await send(stage, '/api/v1/events', [{ ...body[0], id: undefined }]);
    expect(bad.status).toBe(400);
    expect(bad.headers['content-type']).toBe('application/problem+json');
    expect(bad.json).toMatchObject({
      status: 400,
      title: 'Bad Request',
      detail: expect.stringContaining('id is missing'),
    });
    expect((await send(stage, '/api/v1/events', [{ ...body[0], time: EVENT.time }])).status).toBe(204);
    expect((await send(stage, '/api/v1/events', body, { anonymous: true })).headers['content-type']).toBe(
      'application/problem+json',
    );
  });

  it('takes CloudEvents at /v1/events in every mode', async () => {
    const type = { 'content-type': 'application/cloudevents+json' };
    const event = { specversion: '1.0', id: '1', source: '/s', type: 't', subject: 'acme', time: EVENT.time };
    expect((await send(stage, '/v1/events', event, { headers: type })).json.accepted).toBe(1);
    const binary = {
      'ce-specversion': '1.0',
      'ce-id': '1',
      'ce-source': '/s',
      'ce-type': 't',
      'ce-subject': 'acme',
      'ce-time': EVENT.time,
    };
    expect((await send(stage, '/v1/events', {}, { headers: binary })).json).toMatchObject({ duplicates: 1 });
  });

  it('takes at /sources/{name} that source’s credentials alone', async () => {
    const config = { secretKey: stage.secretKey, secretKeyPath: '' };
    const { token, signingSecret } = await addSource(
      stage.db,
      config,
      { name: 'web', adapter: 'access-log', options: {} },
      NOW,
    );
    stage.clock.nowMs += 1500;
    const line = '203.0.113.7 - u [20/Nov/2026:12:00:00 +0000] "GET /a HTTP/1.1" 200 1';
    const text = { 'content-type': 'text/plain' };
    const take = (headers: Record<string, string>, path = '/sources/web') =>
      send(stage, path, line, { anonymous: true, headers: { ...text, ...headers } });

    expect((await take({ authorization: `Bearer ${token.reveal()}` })).json.accepted).toBe(1);
    expect((await take({ authorization: `Basic ${btoa(`${token.reveal()}:`)}` })).json.accepted).toBe(1);
    expect((await take({ 'x-amz-firehose-access-key': token.reveal() })).json.accepted).toBe(1);

    const timestamp = String(Math.floor(stage.clock.nowMs / 1000));
    const key = Buffer.from(signingSecret.reveal().slice(6), 'base64');
    const signed = createHmac('sha256', key).update(`m1.${timestamp}.${line}`).digest('base64');
    const webhook = { 'webhook-id': 'm1', 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signed}` };
    expect((await take(webhook)).json.accepted).toBe(1);
    const hub = createHmac('sha256', signingSecret.reveal()).update(line).digest('hex');
    expect((await take({ 'x-hub-signature-256': `sha256=${hub}` })).json.accepted).toBe(1);

    expect((await take({ ...webhook, 'webhook-id': 'm2' })).status).toBe(401);
    expect((await take({ authorization: `Bearer ${stage.token}` })).status).toBe(401);
    expect((await take({ authorization: `Bearer ${token.reveal()}` }, '/sources/other')).status).toBe(401);
    expect((await take({ authorization: `Bearer ${token.reveal()}` }, '/sources/default')).status).toBe(401);
    expect((await take({})).status).toBe(401);
    expect((await take({}, '/sources/%E0%A4%A')).status).toBe(401);
  });

  it('counts the requests of a source that it refused whole, and none in the name of a source that is not there', async () => {
    const post = (path: string, token: string, body: string) => send({ ...stage, token }, path, body);
    for (const name of ['default', 'nobody', '__proto__']) await post(`/sources/${name}`, 'wrong', '[]');
    expect(stage.tally.refusals('default')).toEqual({ requests: 1, code: 'unauthorised' });
    expect(stage.tally.refusals('nobody')).toBeUndefined();
    expect(stage.tally.refusals('__proto__')).toBeUndefined();
    await post('/v1/events', stage.token, 'no JSON');
    await post('/v1/events', stage.token, '[]');
    expect(stage.tally.refusals('default')).toEqual({ requests: 2, code: 'unreadable' });
  });

  it('is told where it is asked for something else', async () => {
    expect((await send(stage, '/v1/event', EVENT)).json.error).toMatch(
      /nothing at \/v1\/event: events go to \/v1\/events/,
    );
    const get = await send(stage, '/v1/events');
    expect(get.status).toBe(405);
    expect(get.headers.allow).toBe('POST, OPTIONS');
    expect((await send(stage, '/v1/events', undefined, { method: 'OPTIONS' })).status).toBe(204);
    expect((await send(stage, '/metrics', EVENT)).status).toBe(405);
    expect((await send(stage, '/v1/events?x=1', EVENT)).status).toBe(200);
    // A request target with scheme and host, as proxies may send it.
    const target = `${stage.server.url}/v1/events?x=1`;
    expect((await send({ ...stage, target }, '', EVENT)).status).toBe(200);
    expect((await send(stage, '/slack/events', EVENT)).status).toBe(404);
    expect((await send(stage, '/__proto__')).status).toBe(404);
    expect((await send(stage, '/v1/events/', EVENT)).status).toBe(200);
    // A path that a proxy guards must have no second spelling.
    for (const path of ['/metrics/', '/metrics//', '//metrics', '/metrics/.', '/%6detrics'])
      expect([path, (await send(stage, path)).status]).toEqual([path, 404]);
  });

  it('says that it is alive and ready', async () => {
    expect((await send(stage, '/healthz')).json).toEqual({ status: 'alive' });
    expect((await send(stage, '/readyz')).json).toMatchObject({ status: 'ready', writer: 'ok', slack: 'connected' });
    const head = await send(stage, '/healthz', undefined, { method: 'HEAD' });
    expect([head.status, head.text]).toEqual([200, '']);
  });

  it('counts what it answered', async () => {
    await send(stage, '/v1/events', [EVENT, EVENT]);
    const { text, headers } = await send(stage, '/metrics');
    expect(headers['content-type']).toMatch(/^text\/plain; version=0.0.4/);
    expect(text).toContain('# TYPE headroom_events_total counter\nheadroom_events_total{result="accepted"} 1\n');
    expect(text).toContain('headroom_http_requests_total{route="/v1/events",status="200"} 1');
  });
});

it('tells once a minute why no events can be taken, however many come', async () => {
  const lines: Record<string, unknown>[] = [];
  const log = createLogger('error', { write: (line) => void lines.push(JSON.parse(line)) });
  const intake = { ingest: () => Promise.reject(new HeadroomError('database', 'The disk is full.')) };
  const stage = await openStage('sqlite::memory:', { log, intake });
  for (let i = 0; i < 3; i += 1) expect((await send(stage, '/v1/events', EVENT)).status).toBe(503);
  expect(lines).toMatchObject([{ msg: 'events could not be taken', problem: 'HeadroomError: The disk is full.' }]);
  stage.clock.nowMs += 60_000;
  await send(stage, '/v1/events', EVENT);
  expect(lines[1]).toMatchObject({ since: 3 });
  await stage.close();
});

it('says how long it took, and names a refused request by its id, in the log once a minute', async () => {
  const lines: Record<string, unknown>[] = [];
  const log = createLogger('warn', { write: (line) => void lines.push(JSON.parse(line)) });
  const stage = await openStage('sqlite::memory:', { log });
  for (let i = 0; i < 3; i += 1) {
    const { status, headers } = await send(stage, '/v1/events', EVENT, { anonymous: true });
    expect([status, headers['x-request-id']]).toEqual([401, expect.stringMatching(/^[0-9a-f]{8}-\d+$/)]);
  }
  expect(lines).toEqual([
    expect.objectContaining({ id: expect.stringMatching(/^[0-9a-f]{8}-\d+$/), from: '127.0.0.1' }),
  ]);
  stage.clock.nowMs += 60_000;
  const own = await send(stage, '/v1/events', EVENT, {
    anonymous: true,
    headers: { 'x-request-id': 'gw-77', 'x-forwarded-for': '203.0.113.9' },
  });
  expect(own.headers['x-request-id']).toBe('gw-77');
  expect(lines.map(({ path, status, since, msg }) => [path, status, since, msg])).toEqual([
    ['/v1/events', 401, undefined, 'senders are refused'],
    ['/v1/events', 401, 3, 'senders are refused'],
  ]);
  // The line has the id of the newest request, which a complaining sender finds in its answer.
  expect(lines[1]).toMatchObject({ id: 'gw-77', from: '127.0.0.1', for: '203.0.113.9' });
  const { text } = await send(stage, '/metrics');
  expect(text).toContain('# TYPE headroom_ingest_seconds histogram\n');
  expect(text).toContain('headroom_ingest_seconds_bucket{le="+Inf"} 4\n');
  expect(text).toMatch(/headroom_ingest_seconds_sum [\d.]+\nheadroom_ingest_seconds_count 4\n/);
  await stage.close();
});

it('tells of requests that took long, with their id, and of no whole address where none is to be stored', async () => {
  const lines: Record<string, unknown>[] = [];
  const log = createLogger('info', { write: (line) => void lines.push(JSON.parse(line)) });
  const stage = await openStage('sqlite::memory:', { log, slowMs: 0, truncateAddresses: true, intake: TAKES_ALL });
  const headers = { 'x-request-id': 'slow-1', 'x-forwarded-for': '203.0.113.9, 2001:db8:1:2::9' };
  await send(stage, '/v1/events', EVENT, { headers });
  await send(stage, '/healthz');
  await send(stage, '/healthz');
  expect(lines.map(({ msg, path, status }) => [msg, path, status])).toEqual([
    ['requests take long', '/v1/events', 200],
    ['requests take long', '/healthz', 200],
  ]);
  expect(lines[0]).toMatchObject({
    id: 'slow-1',
    from: '127.0.0.0',
    for: '203.0.113.0, 2001:db8:1::',
    tookMs: expect.any(Number),
  });
  await stage.close();
});

it('tells of what needs no database while that is gone, and that the rest is missing', async () => {
  const gone = { collect: () => Promise.reject(new Error('connect ECONNREFUSED')) };
  const there = { collect: () => [{ name: 'there', help: '', type: 'gauge' as const, samples: [{ value: 7 }] }] };
  const stage = await openStage('sqlite::memory:', { metrics: [gone, there] });
  const { status, text } = await send(stage, '/metrics');
  expect(status).toBe(200);
  expect(text).toMatch(/^there 7$/m);
  expect(text).toMatch(/^headroom_metrics_missing 1$/m);
  await stage.close();
});

it('shows private metrics to callers of this machine, or with the token where one is set', async () => {
  const pools = {
    private: true,
    collect: () => [
      {
        name: 'headroom_pool_used',
        help: 'Used.',
        type: 'gauge' as const,
        samples: [{ labels: { pool: 'a"\n\\' }, value: 1 }],
      },
    ],
  };
  const open = await openStage('sqlite::memory:', { metrics: [pools] });
  expect((await send(open, '/metrics', undefined, { anonymous: true })).text).toContain(
    'headroom_pool_used{pool="a\\"\\n\\\\"} 1',
  );
  for (const name of ['X-Forwarded-For', 'X-Forwarded-Proto', 'Forwarded', 'Via', 'X-Real-IP', 'CF-Connecting-IP']) {
    const proxied = await send(open, '/metrics', undefined, { headers: { [name]: '203.0.113.7' } });
    expect([name, proxied.status]).toEqual([name, 200]);
    expect(proxied.text, name).not.toContain('headroom_pool_used');
  }
  await open.close();

  const closed = await openStage('sqlite::memory:', { metrics: [pools], metricsToken: new Secret('metrics-token') });
  expect((await send(closed, '/metrics')).status).toBe(401);
  const allowed = { authorization: 'Bearer metrics-token', 'x-forwarded-for': '203.0.113.7' };
  expect((await send(closed, '/metrics', undefined, { headers: allowed })).text).toContain('headroom_pool_used');
  await closed.close();
});

it('says 503 while events cannot be committed, and tells senders to come again', async () => {
  const intake = {
    ingest: () =>
      Promise.reject(new HeadroomError('overloaded', 'Not now (connect ECONNREFUSED 10.0.0.5:5432); again.')),
  };
  const stage = await openStage('sqlite::memory:', {
    intake,
    readiness: () => ({ writerFault: 'getaddrinfo ENOTFOUND db.internal', slack: 'connected' }),
  });
  const ready = await send(stage, '/readyz');
  // The address of the database is not shown.
  expect([ready.status, ready.json.writer]).toEqual([503, 'getaddrinfo ENOTFOUND']);
  const events = await send(stage, '/v1/events', EVENT);
  expect([events.status, events.json.error]).toEqual([503, 'Not now (connect ECONNREFUSED); again.']);
  expect(Number(events.headers['retry-after'])).toBeGreaterThan(0);
  await stage.close();
});

it('finishes what is taken when it stops, and takes no more', async () => {
  const { intake, entered, release } = holdIntake();
  const stage = await openStage('sqlite::memory:', { intake });
  const taken = send(stage, '/v1/events', EVENT);
  await entered;
  const { url } = stage.server;
  const stopped = stage.server.stop();
  await expect(send({ server: { url }, token: stage.token }, '/v1/events', EVENT)).rejects.toThrow(/ECONNREFUSED/);
  release();
  expect((await taken).status).toBe(200);
  await stopped;
  await stage.close();
});

it('gives up on a body that does not come', async () => {
  const stage = await openStage('sqlite::memory:', {
    requestTimeoutMs: 200,
    intake: TAKES_ALL,
  });
  const { port } = new URL(stage.server.url);
  const socket = connect(Number(port), '127.0.0.1');
  socket.write(
    `POST /v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${stage.token}\r\ncontent-length: 100\r\n\r\n{"cl`,
  );
  let answer = '';
  socket.on('data', (chunk) => {
    answer += chunk;
  });
  await new Promise((resolve) => socket.on('close', resolve));
  expect(answer).toMatch(/^HTTP\/1.1 408 /);
  expect((await send(stage, '/v1/events', EVENT)).status).toBe(200);
  await stage.close();
});

it('says in one line that its port is taken', async () => {
  const stage = await openStage('sqlite::memory:');
  const { port } = new URL(stage.server.url);
  const second = createHttpServer({
    host: '127.0.0.1',
    port: Number(port),
    maxBodyBytes: 1,
    sources: undefined as never,
    intake: undefined as never,
    tally: undefined as never,
    limits: {} as never,
    now: () => 0,
    readiness: () => ({ slack: '' }),
    log: createLogger('silent'),
  });
  await expect(second.start()).rejects.toThrow(`127.0.0.1:${port} cannot be listened on: another program uses it.`);
  await stage.close();
});

it('hands Slack’s requests on', async () => {
  const stage = await openStage('sqlite::memory:', {
    slack: async ({ headers, body }) => ({ status: 200, body: `${headers['x-slack-retry-num']} ${body.length}` }),
  });
  const headers = { headers: { 'x-slack-retry-num': '1' } };
  expect((await send(stage, '/slack/events', 'abc', headers)).text).toBe('1 3');
  expect((await send(stage, '/slack/events')).status).toBe(405);
  expect((await send(stage, '/slack/events', 'x'.repeat(4 * 1024 * 1024 + 1))).status).toBe(413);
  await stage.close();
});

it('holds only so much of Slack’s requests at once, and says nothing of callers who went away', async () => {
  const lines: string[] = [];
  const log = createLogger('debug', { write: (line) => void lines.push(line) });
  const stage = await openStage('sqlite::memory:', { slack: async () => ({ status: 200 }), log });
  const { port } = new URL(stage.server.url);
  const size = 4 * 1024 * 1024;
  const head = `POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: ${size}\r\n\r\n`;
  const callers = Array.from({ length: 18 }, () => connect(Number(port), '127.0.0.1'));
  let refused = 0;
  const answers = callers.map((caller) => {
    caller.write(head);
    caller.write(Buffer.alloc(size - 1));
    return new Promise<string>((resolve) =>
      caller.once('data', (data) => {
        refused += 1;
        resolve(String(data));
      }),
    );
  });
  // 64 MiB hold 8 bodies of 4 MiB from one address.
  expect(await Promise.race(answers)).toMatch(/^HTTP\/1.1 503 /);
  await expect.poll(() => refused).toBeGreaterThanOrEqual(10);
  // Slack's requests are smaller and still find room, even from the same address, as behind a proxy.
  expect((await send(stage, '/slack/events', 'x'.repeat(9000))).status).toBe(200);
  const gone = callers.map((caller) => new Promise((resolve) => caller.once('close', resolve)));
  for (const caller of callers) caller.destroy();
  await Promise.all(gone);
  await expect.poll(async () => (await send(stage, '/slack/events', 'x'.repeat(size))).status).toBe(200);
  expect(lines.filter((line) => line.includes('aborted') || line.includes('failed'))).toEqual([]);
  await stage.close();
});
