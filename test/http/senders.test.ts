import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findSource, listRejectedEvents, listSourceHealth } from '../../src/store/source-repository.ts';
import { readFixture } from '../ingest/fixtures.ts';
import { openSenderStage, RECORDED_MS, type SenderStage } from './sender-stage.ts';
import { send } from './server-stage.ts';

let stage: SenderStage;

beforeEach(async () => {
  stage = await openSenderStage();
});

afterEach(() => stage.close());

async function health(name: string) {
  await stage.tally.flush();
  return (await listSourceHealth(stage.db)).find((source) => source.name === name)!;
}

describe('Kong', () => {
  const json = { 'content-type': 'application/json; charset=utf-8' };

  it('delivers single entries and batches; what is delivered again counts once', async () => {
    const token = await stage.addSource('kong');
    const headers = { ...json, authorization: `Basic ${btoa(`${token}:`)}` };
    const deliver = (file: string) => send(stage, '/sources/kong', readFixture(`senders/${file}`), { headers });
    expect((await deliver('kong-http-log-single.json')).json).toEqual({ accepted: 1, duplicates: 0, rejected: [] });
    const batch = await deliver('kong-http-log-batch.json');
    expect([batch.status, batch.json.accepted + batch.json.duplicates]).toEqual([200, 3]);
    expect((await deliver('kong-http-log-batch.json')).json).toEqual({ accepted: 0, duplicates: 3, rejected: [] });
    const events = await stage.listEvents();
    expect(events.map(({ client, status, module }) => [client, status, module])).toContainEqual([
      'client-beta',
      500,
      'crm',
    ]);
  });

  it('is never told to send again what cannot be counted, and no header of a call is kept', async () => {
    const token = await stage.addSource('kong');
    const [entry] = JSON.parse(readFixture('senders/kong-http-log-batch.json').toString());
    entry.request.headers.authorization = 'Bearer customer-secret';
    entry.request.uri = '/v2/contacts?api_key=customer-secret';
    const anonymous = await send({ ...stage, token }, '/sources/kong', { ...entry, consumer: undefined });
    expect(anonymous.status).toBe(200);
    expect(anonymous.json.rejected).toMatchObject([{ index: 0, id: entry.request.id }]);
    expect(anonymous.json.rejected[0].error).toMatch(/no consumer.username.*--map client=/);
    await stage.tally.flush();
    const { id } = (await findSource(stage.db, 'kong'))!;
    const kept = await listRejectedEvents(stage.db, id);
    expect(kept).toHaveLength(1);
    expect(JSON.stringify(kept)).not.toContain('customer-secret');
    expect((await send({ ...stage, token }, '/sources/kong', '[{')).status).toBe(400);
  });
});

describe('Firehose', () => {
  const REQUEST_ID = 'ed4acda5-034f-9f42-bba1-f29aea6d7d8f';
  const deliver = (token: string, body: Uint8Array | object, requestId = REQUEST_ID) =>
    send(stage, '/sources/firehose', body, {
      anonymous: true,
      headers: {
        'x-amz-firehose-protocol-version': '1.0',
        'x-amz-firehose-request-id': requestId,
        'x-amz-firehose-access-key': token,
      },
    });

  it('is answered with its request id and nothing else, also when it tries again', async () => {
    const token = await stage.addSource('firehose');
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const reply = await deliver(token, readFixture('senders/firehose-request-body.json'));
      expect(reply.status).toBe(200);
      expect(reply.headers['content-type']).toBe('application/json');
      expect(reply.json).toEqual({ requestId: REQUEST_ID, timestamp: RECORDED_MS });
    }
    expect(await health('firehose')).toMatchObject({ accepted: 3, duplicates: 3, rejected: 0 });
    expect((await stage.listEvents()).map(({ client, route, status }) => [client, route, status])).toEqual([
      ['ak_acme', '/v2/contacts/{id}', 200],
      ['ak_acme', '/v2/contacts/{id}', 429],
      ['ak_acme', '/v2/contacts/{id}', 200],
    ]);
  });

  it('is told in its own words what is wrong', async () => {
    const token = await stage.addSource('firehose');
    const body = readFixture('senders/firehose-request-body.json');
    const cases: [number, RegExp, Promise<Awaited<ReturnType<typeof deliver>>>][] = [
      [
        400,
        /requestId is "ed4acda5.*must be that of X-Amz-Firehose-Request-Id, "other"/,
        deliver(token, body, 'other'),
      ],
      [401, /not those of a source/, deliver('hr_wrong', body)],
      [422, /Record 0: its data is not base64/, deliver(token, { requestId: REQUEST_ID, records: [{ data: '*' }] })],
      [
        422,
        /Every event was rejected: .*apiKeyId/,
        deliver(token, { requestId: REQUEST_ID, records: [{ data: btoa('{"status":"200"}') }] }),
      ],
    ];
    for (const [status, message, answer] of cases) {
      const reply = await answer;
      expect(reply.status).toBe(status);
      expect(reply.json).toEqual({
        requestId: expect.any(String),
        timestamp: RECORDED_MS,
        errorMessage: expect.stringMatching(message),
      });
    }
    const without = await send({ ...stage, token }, '/sources/firehose', body);
    expect(without.status).toBe(400);
    expect(without.json.errorMessage).toMatch(/x-amz-firehose-request-id is missing/);
    expect(await stage.listEvents()).toEqual([]);
  });

  it('delivers what CloudWatch Logs packs in gzip', async () => {
    const token = await stage.addSource('firehose');
    const body = readFixture('senders/firehose-cloudwatch-gzip-record.json');
    const { requestId } = JSON.parse(body.toString());
    expect((await deliver(token, body, requestId)).json).toEqual({ requestId, timestamp: RECORDED_MS });
    expect((await health('firehose')).accepted).toBeGreaterThan(0);
  });
});

describe('Segment', () => {
  it('delivers batches with its write key; an attempt repeated with other bytes counts once', async () => {
    const token = await stage.addSource('segment');
    const headers = { authorization: `Basic ${Buffer.from(`${token}:`).toString('base64')}` };
    const deliver = (file: string, path = '/sources/segment/v1/batch') =>
      send(stage, path, readFixture(`senders/${file}`), { headers });
    expect((await deliver('segment-batch.json')).json).toEqual({ accepted: 3, duplicates: 0, rejected: [] });
    expect((await deliver('segment-attempt-1.json')).json).toMatchObject({ accepted: 1 });
    expect((await deliver('segment-attempt-2.json', '/sources/segment')).json).toMatchObject({
      accepted: 0,
      duplicates: 1,
    });
    expect(await health('segment')).toMatchObject({ accepted: 4, duplicates: 1, conflicts: 0 });
    expect((await stage.listEvents())[0]).toMatchObject({
      client: 'client-acme',
      route: '/v2/contacts',
      credits: 1000,
    });
  });
});

describe('Logpush', () => {
  it('is accepted when it checks the destination, and delivers gzip of no stated type', async () => {
    const token = await stage.addSource('logpush');
    const deliver = (file: string, headers: Record<string, string>) =>
      send({ ...stage, token }, '/sources/logpush', readFixture(`senders/${file}`), { headers });
    const check = 'cloudflare-logpush-validation-test.txt.gz';
    const nothing = { accepted: 0, duplicates: 0, rejected: [] };
    expect(await deliver(check, { 'content-encoding': 'gzip', 'content-type': '' })).toMatchObject({
      status: 200,
      json: nothing,
    });
    expect(await deliver(check, { 'content-type': 'application/octet-stream' })).toMatchObject({
      status: 200,
      json: nothing,
    });
    const gzip = { 'content-encoding': 'gzip', 'content-type': 'text/plain' };
    expect((await deliver('cloudflare-logpush.ndjson.gz', gzip)).json.accepted).toBe(3);
    expect((await deliver('cloudflare-logpush.ndjson.gz', { 'content-type': '' })).json.duplicates).toBe(3);
    expect((await stage.listEvents()).map(({ client, ip, status }) => [client, ip, status])).toEqual([
      ['acme-sync/3.1', '203.0.113.7', 200],
      ['acme-sync/3.1', '203.0.113.7', 429],
      ['acme-sync/3.1', '203.0.113.7', 200],
    ]);
  });
});
