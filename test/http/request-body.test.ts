import { createHmac } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addSource } from '../../src/ingest/source-admin.ts';
import { EVENT, holdIntake, NOW, openStage, type Stage, send, TAKES_ALL } from './server-stage.ts';

it('leaves room for others beside whole bodies of one source that wait to be stored', async () => {
  const { intake, entered, release } = holdIntake();
  const stage = await openStage('sqlite::memory:', { intake, maxHeldBytes: 1000 });
  const body = `${JSON.stringify(EVENT)}${' '.repeat(200)}`;
  const statuses: number[] = [];
  const sent = Array.from({ length: 9 }, async () => statuses.push((await send(stage, '/v1/events', body)).status));
  await entered;
  await expect.poll(() => statuses).toEqual(Array(7).fill(503));
  const key = { secretKey: stage.secretKey, secretKeyPath: '' };
  const other = await addSource(stage.db, key, { name: 'other', adapter: 'native', options: {} }, NOW);
  stage.clock.nowMs += 2000;
  const others = send({ ...stage, token: other.token.reveal() }, '/v1/events', body);
  release();
  expect((await others).status).toBe(200);
  await Promise.all(sent);
  expect(statuses.slice(7)).toEqual([200, 200]);
  await stage.close();
});

it('holds no more bodies at once than it has room for', async () => {
  const { intake, entered, release } = holdIntake();
  const stage = await openStage('sqlite::memory:', { intake, maxHeldBytes: 100 });
  const first = send(stage, '/v1/events', EVENT);
  await entered;
  expect((await send(stage, '/v1/events', EVENT)).status).toBe(503);
  release();
  expect((await first).status).toBe(200);
  expect((await send(stage, '/v1/events', EVENT)).status).toBe(200);
  await stage.close();
});

it('lets one body be larger than all may be together, in however many pieces it comes', async () => {
  const stage = await openStage('sqlite::memory:', { intake: TAKES_ALL, maxHeldBytes: 100 });
  const { port } = new URL(stage.server.url);
  const body = `${JSON.stringify(EVENT)}${' '.repeat(200)}`;
  const socket = connect(Number(port), '127.0.0.1');
  socket.write(
    `POST /v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${stage.token}\r\nexpect: 100-continue\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n`,
  );
  await new Promise((resolve) => socket.once('data', resolve));
  for (let at = 0; at < body.length; at += 90) {
    await new Promise((resolve) => socket.write(body.slice(at, at + 90), resolve));
  }
  const answer = await new Promise<string>((resolve) => socket.once('data', (bytes) => resolve(String(bytes))));
  expect(answer).toMatch(/^HTTP\/1.1 200 /);
  socket.destroy();
  await stage.close();
});

it.each([
  ['a wrong token', () => 'authorization: Bearer hr_wrong', '401'],
  ['a wrong signature', () => 'x-hub-signature-256: sha256=00', '100'],
  ['a right token', (token: string) => `authorization: Bearer ${token}`, '100'],
])('keeps nobody out for bodies that are announced with %s and do not come', async (_, header, status) => {
  const size = 16 * 1024 * 1024;
  const stage = await openStage('sqlite::memory:', { intake: TAKES_ALL, maxBodyBytes: size });
  const { port } = new URL(stage.server.url);
  const sockets = Array.from({ length: 16 }, () => {
    const socket = connect(Number(port), '127.0.0.1');
    const expectation = 'expect: 100-continue\r\n';
    socket.write(
      `POST /sources/default HTTP/1.1\r\nhost: x\r\n${header(stage.token)}\r\n${expectation}content-length: ${size}\r\n\r\n`,
    );
    return socket;
  });
  const heads = await Promise.all(
    sockets.map((socket) => new Promise<string>((resolve) => socket.once('data', (bytes) => resolve(String(bytes))))),
  );
  expect(new Set(heads.map((head) => head.split(' ')[1]))).toEqual(new Set([status]));
  expect((await send(stage, '/v1/events', EVENT)).status).toBe(200);
  const announced = { expect: '100-continue', 'content-length': String(size + 1) };
  expect((await send(stage, '/v1/events', '', { headers: announced })).status).toBe(413);
  for (const socket of sockets) socket.destroy();
  await stage.close();
});

describe('bodies that never end', () => {
  let stage: Stage;
  const sockets: Socket[] = [];
  beforeEach(async () => {
    stage = await openStage('sqlite::memory:', {
      intake: TAKES_ALL,
      maxHeldBytes: 10_000,
      maxUnknownHeldBytes: 10_000,
      maxSlackHeldBytes: 10_000,
      slack: async () => ({ status: 200 }),
    });
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await stage.close();
  });

  const begin = (path: string, header: string, sentBytes: number): Socket => {
    const socket = connect(Number(new URL(stage.server.url).port), '127.0.0.1');
    sockets.push(socket);
    socket.write(`POST ${path} HTTP/1.1\r\nhost: x\r\n${header}\r\ncontent-length: 900000\r\n\r\n`);
    socket.write('x'.repeat(sentBytes));
    return socket;
  };
  const status = (socket: Socket): Promise<string> =>
    new Promise((resolve) => socket.once('data', (bytes) => resolve(String(bytes).split(' ')[1]!)));
  /** Sends bodies until one of them finds no room. */
  const hog = async (path: string, header: string): Promise<void> => {
    expect(await Promise.any(Array.from({ length: 30 }, () => status(begin(path, header, 900))))).toBe('503');
  };
  const addOther = async (name: string): Promise<{ token: string; signingSecret: string }> => {
    const key = { secretKey: stage.secretKey, secretKeyPath: '' };
    const added = await addSource(stage.db, key, { name, adapter: 'native', options: {} }, NOW);
    stage.clock.nowMs += 2000;
    return { token: added.token.reveal(), signingSecret: added.signingSecret.reveal() };
  };

  it('of one address keep out nothing smaller of it: behind a proxy Slack has the same', async () => {
    await hog('/slack/events', 'x-slack-signature: none');
    expect((await send(stage, '/slack/events', 'x'.repeat(900))).status).toBe(503);
    expect((await send(stage, '/slack/events', 'x'.repeat(600))).status).toBe(200);
  });

  it('of a sender with a token keep out no other source, also when several send them', async () => {
    const large = `${JSON.stringify(EVENT)}${' '.repeat(900)}`;
    const [second, third] = [await addOther('second'), await addOther('third')];
    await hog('/v1/events', `authorization: Bearer ${stage.token}`);
    expect((await send(stage, '/v1/events', large)).status).toBe(503);
    expect((await send({ ...stage, ...second }, '/v1/events', large)).status).toBe(200);
    await hog('/sources/second', `authorization: Bearer ${second.token}`);
    expect((await send({ ...stage, ...third }, '/v1/events', large)).status).toBe(200);
    // A connection's room is free again as soon as the connection ends.
    for (const socket of sockets.splice(0)) socket.destroy();
    await expect.poll(async () => (await send(stage, '/v1/events', large)).status).toBe(200);
  });

  it('keep out no source that takes no more than its share, however many hold bodies, and give their room back', async () => {
    for (let number = 0; number < 6; number += 1) {
      const { token } = await addOther(`hog${number}`);
      await hog('/v1/events', `authorization: Bearer ${token}`);
    }
    let gaveWay = 0;
    for (const socket of sockets) socket.once('data', () => (gaveWay += 1));
    const large = `${JSON.stringify(EVENT)}${' '.repeat(900)}`;
    expect((await send(stage, '/v1/events', large)).status).toBe(200);
    await expect.poll(() => gaveWay).toBeGreaterThan(0);
  });

  it('keep out no signature for another source, however many sources they name', async () => {
    const signature = `x-hub-signature-256: sha256=${'0'.repeat(64)}`;
    for (let number = 0; number < 6; number += 1) {
      await addOther(`hog${number}`);
      await hog(`/sources/hog${number}`, signature);
    }
    const body = `${JSON.stringify(EVENT)}${' '.repeat(900)}`;
    const { signingSecret } = await addOther('other');
    const signed = `sha256=${createHmac('sha256', signingSecret).update(body).digest('hex')}`;
    const headers = { 'x-hub-signature-256': signed };
    expect((await send(stage, '/sources/other', body, { anonymous: true, headers })).status).toBe(200);
  });

  // Only Linux has a second address, such as 127.0.0.2, without a setup.
  it.runIf(process.platform === 'linux')('keep out no signature for the same source from another address', async () => {
    const { signingSecret } = await addOther('other');
    await hog('/sources/other', `x-hub-signature-256: sha256=${'0'.repeat(64)}`);
    const body = `${JSON.stringify(EVENT)}${' '.repeat(900)}`;
    const signed = createHmac('sha256', signingSecret).update(body).digest('hex');
    const head = `POST /sources/other HTTP/1.1\r\nhost: x\r\nx-hub-signature-256: sha256=${signed}\r\ncontent-length: ${body.length}`;
    const sendFrom = (localAddress: string): Promise<string> => {
      const { port } = new URL(stage.server.url);
      const socket = connect({ port: Number(port), host: '127.0.0.1', localAddress });
      sockets.push(socket);
      socket.write(`${head}\r\n\r\n${body}`);
      return status(socket);
    };
    expect([await sendFrom('127.0.0.1'), await sendFrom('127.0.0.2')]).toEqual(['503', '200']);
  });

  it('of callers with a signature alone keep out nobody with a token, and nobody who signs for another source', async () => {
    const signature = `x-hub-signature-256: sha256=${'0'.repeat(64)}`;
    const other = await addOther('other');
    expect(await status(begin('/sources/nobody', signature, 10))).toBe('401');
    await hog('/sources/default', signature);
    expect((await send(stage, '/v1/events', EVENT)).status).toBe(200);
    const body = JSON.stringify(EVENT);
    const signed = (secret: string) => ({
      anonymous: true,
      headers: { 'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}` },
    });
    expect((await send(stage, '/sources/other', body, signed(other.signingSecret))).status).toBe(200);
    // The same source finds room too, because its body is smaller than those held.
    expect((await send(stage, '/sources/default', body, signed(stage.signingSecret))).status).toBe(200);
  });
});
