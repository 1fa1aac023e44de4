import { createLocalJWKSet, createRemoteJWKSet, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Intake } from '../../src/ingest/intake.ts';
import { retryRejected } from '../../src/ingest/retry.ts';
import { isIdentityOf } from '../../src/ingest/source-directory.ts';
import {
  findSource,
  listRejectedEvents,
  listSourceHealth,
  updateSourceOptions,
} from '../../src/store/source-repository.ts';
import { readFixture } from '../ingest/fixtures.ts';
import { openSenderStage, RECORDED_MS, type SenderStage } from './sender-stage.ts';
import { send } from './server-stage.ts';

let stage: SenderStage;

beforeEach(async () => {
  stage = await openSenderStage();
});

afterEach(() => stage.close());

const json = { 'content-type': 'application/json' };

describe('senders that cannot choose how they show their token', () => {
  it('show it as they do, at the address that they make', async () => {
    const splunk = await stage.addSource('splunk-hec');
    const datadog = await stage.addSource('datadog');
    const google = await stage.addSource('google-lb');
    const moesif = await stage.addSource('moesif');
    const batch = readFixture('senders/moesif-events-batch.json');
    const post = (path: string, body: Uint8Array | object, headers: Record<string, string>) =>
      send(stage, path, body, { anonymous: true, headers: { ...json, ...headers } });
    const sent = await post('/sources/moesif/v1/events/batch', batch, { 'x-moesif-application-id': moesif });
    expect([sent.status, sent.json.accepted]).toEqual([200, 3]);

    const event = { time: 1795225000, event: '192.0.2.7 - - [21/Nov/2026:01:00:00 +0000] "GET /a HTTP/1.1" 200 1' };
    const path = '/sources/splunk-hec/services/collector/event';
    expect(await post(path, event, { authorization: `Splunk ${splunk}` })).toMatchObject({
      status: 200,
      json: { text: 'Success', code: 0 },
    });
    expect(await post(path, event, { authorization: 'Splunk x' })).toMatchObject({ status: 401, json: { code: 4 } });

    const log = [{ message: event.event }, { message: 'started' }];
    expect((await post('/sources/datadog/api/v2/logs', log, { 'dd-api-key': datadog })).status).toBe(202);

    const entry = {
      insertId: '1',
      timestamp: '2026-11-21T01:00:00Z',
      httpRequest: { remoteIp: '192.0.2.7', status: 200 },
    };
    const message = { message: { data: Buffer.from(JSON.stringify(entry)).toString('base64'), messageId: '1' } };
    expect((await post(`/sources/google-lb?token=${google}`, message, {})).json.accepted).toBe(1);
    expect((await post('/sources/google-lb?token=x', message, {})).status).toBe(401);
  });
});

describe('shippers that know no address but a host', () => {
  const LINE = '192.0.2.7 - - [21/Nov/2026:01:00:00 +0000] "GET /a HTTP/1.1" 200 1';
  const post = (path: string, body: Uint8Array | object | string, headers: Record<string, string>) =>
    send(stage, path, body, { anonymous: true, headers: { ...json, ...headers } });
  const get = (path: string, headers = {}) => send(stage, path, undefined, { method: 'GET', anonymous: true, headers });

  it('are known by their token', async () => {
    const splunk = { authorization: `Splunk ${await stage.addSource('splunk-hec')}` };
    const datadog = { 'dd-api-key': await stage.addSource('datadog') };
    for (const path of ['', '/event', '/event/1.0', '/1.0']) {
      expect(await post(`/services/collector${path}`, { event: LINE }, splunk)).toMatchObject({
        status: 200,
        json: { text: 'Success', code: 0 },
      });
    }
    await post('/services/collector/raw', `${LINE}\n{"user":"ana","path":"/b","status":200}\n`, splunk);
    expect(await post('/services/collector', { event: LINE }, { authorization: 'Splunk x' })).toMatchObject({
      status: 401,
      json: { code: 4 },
    });
    expect(await post('/api/v2/logs', [{ message: LINE }], datadog)).toMatchObject({ status: 202, json: {} });
    expect((await post('/api/v2/logs', [{ message: LINE }], { 'dd-api-key': 'x' })).status).toBe(401);
    expect((await stage.listEvents()).map(({ source, client }) => `${source} ${client}`).sort()).toEqual([
      'datadog 192.0.2.7',
      ...Array(5).fill('splunk-hec 192.0.2.7'),
      'splunk-hec ana',
    ]);
  });

  it('hear that all is well before they send', async () => {
    const datadog = await stage.addSource('datadog');
    for (const base of ['', '/sources/datadog']) {
      expect(await get(`${base}/services/collector/health/1.0`)).toMatchObject({ status: 200, json: { code: 17 } });
      expect(await get(`${base}/api/v1/validate`, { 'dd-api-key': datadog })).toMatchObject({ json: { valid: true } });
      expect((await get(`${base}/api/v1/validate`, { 'dd-api-key': 'x' })).status).toBe(403);
    }
  });

  it('are read by the format of their source: the pump of Tyk', async () => {
    const authorization = `Splunk ${await stage.addSource('tyk')}`;
    const event = { method: 'GET', path: '/orders/7', response_code: 200, alias: 'acme', time_stamp: RECORDED_MS };
    const sent = [1, 2]
      .map((at) => JSON.stringify({ time: at, event: { ...event, response_code: 200 + at } }))
      .join('');
    expect((await post('/services/collector/event/1.0', sent, { authorization })).status).toBe(200);
    expect((await stage.listEvents()).map(({ client, route, status }) => [client, route, status])).toEqual([
      ['acme', '/orders/{id}', 202],
      ['acme', '/orders/{id}', 201],
    ]);
  });
});

describe('Pub/Sub', () => {
  const EMAIL = 'pusher@project.iam.gserviceaccount.com';
  const AUDIENCE = 'https://headroom.example.org/sources/google-lb';
  const entry = { insertId: '1', httpRequest: { remoteIp: '192.0.2.7', status: 200 } };
  const body = { message: { data: Buffer.from(JSON.stringify(entry)).toString('base64'), messageId: '1' } };

  it('pushes with the token that Google signs for its service account', async () => {
    const { publicKey, privateKey } = await generateKeyPair('RS256');
    const other = await generateKeyPair('RS256');
    const keys = createLocalJWKSet({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k1', alg: 'RS256' }] });
    const google = await openSenderStage({
      isIdentityOf: (...given) => isIdentityOf(given[0], given[1], given[2], keys),
    });
    try {
      await google.addSource('google-lb', { push: { email: EMAIL, audience: AUDIENCE } });
      await google.addSource('kong');
      const seconds = RECORDED_MS / 1000;
      const sign = (claims: object, { key = privateKey, kid = 'k1' } = {}) =>
        new SignJWT({
          ...{ iss: 'https://accounts.google.com', aud: AUDIENCE, email: EMAIL, email_verified: true },
          ...{ iat: seconds, exp: seconds + 3600, ...claims },
        })
          .setProtectedHeader({ alg: 'RS256', kid })
          .sign(key);
      const push = async (token: string, path = '/sources/google-lb') => {
        const headers = { ...json, authorization: `Bearer ${token}` };
        return (await send(google, path, body, { anonymous: true, headers })).status;
      };
      expect(await push(await sign({}))).toBe(200);
      for (const claims of [
        { email: 'other@project.iam.gserviceaccount.com' },
        { email_verified: false },
        { aud: 'https://other.example.org' },
        { iss: 'https://other.example.org' },
        { exp: seconds - 3600 },
      ])
        expect([claims, await push(await sign(claims))]).toEqual([claims, 401]);
      expect(await push(await sign({}, { key: other.privateKey }))).toBe(401);
      expect(await push(await sign({}, { kid: 'k2' }))).toBe(401);
      expect(await push(await sign({}), '/sources/kong')).toBe(401);
      expect(await google.listEvents()).toHaveLength(1);
    } finally {
      await google.close();
    }
  });

  it('is told to come again while the keys cannot be had', async () => {
    const { privateKey } = await generateKeyPair('RS256');
    const token = await new SignJWT({}).setProtectedHeader({ alg: 'RS256', kid: 'k' }).sign(privateKey);
    const keys = createRemoteJWKSet(new URL(`${stage.server.url}/nothing`));
    await expect(isIdentityOf(token, { email: EMAIL, audience: AUDIENCE }, RECORDED_MS, keys)).rejects.toMatchObject({
      code: 'overloaded',
      message: expect.stringMatching(/keys cannot be looked up/),
    });
  });
});

describe('rejected events', () => {
  const ENTRY = {
    app: { name: 'acme' },
    path: '/v1/a?api_key=secret',
    code: 500,
    headers: { cookie: 'secret' },
    ip: '192.0.2.7',
  };

  async function retry(name = 'native') {
    const source = (await findSource(stage.db, name))!;
    const intake = new Intake({ databaseUrl: stage.url, zone: 'UTC', rawRetentionDays: 30, maxBodyBytes: 1e6 });
    const outcome = await retryRejected(stage.db, intake, source);
    await intake.close();
    return outcome;
  }

  it('are sent again once their map is mended: each counts once, and is gone from the list', async () => {
    const token = await stage.addSource('native');
    await send({ ...stage, token }, '/sources/native', [ENTRY, { ...ENTRY, code: 'x' }, { client: 'b' }, 'x']);
    await stage.tally.flush();
    const { id } = (await findSource(stage.db, 'native'))!;
    const kept = await listRejectedEvents(stage.db, id);
    expect(kept).toHaveLength(3);
    expect(JSON.stringify(kept)).not.toContain('secret');
    expect((await listSourceHealth(stage.db)).find(({ name }) => name === 'native')!.reasons).toContainEqual(
      expect.objectContaining({ events: 2, excerpt: expect.stringContaining('ip: "192.0.2.7"') }),
    );

    expect(await retry()).toMatchObject({ counted: 0, stillRejected: 3 });
    await updateSourceOptions(stage.db, id, { map: { client: 'app.name', url: 'path', status: 'code' } });
    expect(await retry()).toMatchObject({ counted: 1, stillRejected: 2 });
    expect(await retry()).toMatchObject({ counted: 0, stillRejected: 2 });
    expect((await stage.listEvents()).map(({ client, route, status }) => [client, route, status])).toEqual([
      ['acme', '/v1/a', 500],
      ['b', '', 0],
    ]);
    expect((await listRejectedEvents(stage.db, id)).map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/^The event is "x"/),
      expect.stringMatching(/^status is "x"/),
    ]);
    const health = (await listSourceHealth(stage.db)).find(({ name }) => name === 'native')!;
    expect([health.accepted, health.rejected]).toEqual([2, 2]);
  });

  it('count what a cumulative point adds to its series', async () => {
    const token = await stage.addSource('otlp');
    const metrics = JSON.parse(readFixture('senders/otlp-metrics-cumulative.json').toString());
    metrics.resourceMetrics[0].resource.attributes = [{ key: 'app', value: { stringValue: 'acme' } }];
    expect((await send({ ...stage, token }, '/v1/metrics', metrics)).json.partialSuccess.rejectedDataPoints).toBe('2');
    await stage.tally.flush();
    const { id } = (await findSource(stage.db, 'otlp'))!;
    await updateSourceOptions(stage.db, id, { map: { client: 'app' } });
    expect(await retry('otlp')).toMatchObject({ counted: 2, passedOver: 0, stillRejected: 0 });
    const { dataPoints } = metrics.resourceMetrics[0].scopeMetrics[0].metrics[0].histogram;
    expect((await stage.listEvents()).map(({ count }) => count).sort()).toEqual(
      dataPoints.map(({ count }: { count: string }) => Number(count)).sort(),
    );
  });
});

describe('what is kept of a line', () => {
  it('holds no query, whatever is wrong with it', async () => {
    const token = await stage.addSource('access-log');
    const body = 'GET /v1/a?api_key=secret 404 - 0.048 ms\n192.0.2.7 - - [x] "GET /b?key=secret HTTP/1.1" 200 1\n';
    await send({ ...stage, token }, '/sources/access-log', body, { headers: { 'content-type': 'text/plain' } });
    await stage.tally.flush();
    const { id } = (await findSource(stage.db, 'access-log'))!;
    const kept = await listRejectedEvents(stage.db, id);
    expect(kept).toHaveLength(2);
    expect(JSON.stringify(kept)).not.toContain('secret');
  });
});

describe('fields that are not read', () => {
  it('are counted by name', async () => {
    for (let at = 0; at < 2; at += 1) await send(stage, '/v1/events', [{ client: 'a', statuss: 500 }, { client: 'b' }]);
    await stage.tally.flush();
    const [health] = await listSourceHealth(stage.db);
    expect(health!.unread).toEqual([{ name: 'statuss', events: 2 }]);
  });
});
