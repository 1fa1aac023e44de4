import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { startWholeApp } from './whole-app.ts';

const DAY = Date.UTC(2026, 10, 20, 12);
const SECRET = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;

it('a digest that is posted goes to the webhook with the numbers of its day', async () => {
  const received = Promise.withResolvers<Record<string, unknown>>();
  const endpoint = createServer(async (request, response) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk);
    response.end();
    received.resolve(JSON.parse(Buffer.concat(chunks).toString()));
  });
  await new Promise<void>((resolve) => void endpoint.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void endpoint.close());
  const url = `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}/`;
  const whole = await startWholeApp({ nowMs: DAY, env: { WEBHOOK_URL: url, WEBHOOK_SECRET: SECRET } });
  onTestFinished(() => whole.stop());
  const call = { time: '2026-11-20T10:00:00Z', client: 'acme', status: 200 };
  await whole.send([
    call,
    { ...call, status: 429 },
    ...['19', '18'].map((day) => ({ ...call, time: `2026-11-${day}T10:00:00Z` })),
  ]);
  await whole.slack.command({ user: 'alice', channel: 'C01USAGE', text: 'digest add daily 09:00' });
  await expect.poll(() => whole.slack.ephemerals('alice').some(({ text }) => text.includes('Added'))).toBe(true);
  whole.setNow(Date.UTC(2026, 10, 21, 12));
  await whole.app.tick();
  expect(await received.promise).toMatchObject({
    type: 'digest.posted',
    data: {
      every: 'day',
      day: '2026-11-20',
      zone: 'UTC',
      requests: 2,
      ok: 1,
      failed: 1,
      requests_day_before: 1,
      clients: 1,
      pools: [],
      findings: expect.any(Array),
    },
  });
});
