import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { createCalendar } from '../../src/domain/calendar.ts';
import { readLimit, SourceLimits } from '../../src/ingest/source-tally.ts';
import { createReporter } from '../../src/report/reporter.ts';
import { listSourceHealth, type Source } from '../../src/store/source-repository.ts';
import { StoredUsage } from '../../src/usage/reader.ts';
import { openSenderStage, type SenderStage } from './sender-stage.ts';
import { send } from './server-stage.ts';

let stage: SenderStage | undefined;
afterEach(() => stage?.close());

const calls = (count: number) =>
  Array.from({ length: count }, (_, id) => ({ id: `${Math.random()}${id}`, client: 'a' }));

describe('a source with a limit', () => {
  it('is refused what is over it, told when to come again, and shown with it; others are served', async () => {
    stage = await openSenderStage();
    const token = await stage.addSource('native', { limit: '10/s' });
    const other = await stage.addSource('cloudevents');
    const post = (count: number) => send({ ...stage!, token }, '/v1/events', calls(count));
    expect((await post(25)).status).toBe(200);
    const refused = await post(1);
    expect(refused).toMatchObject({
      status: 429,
      headers: { 'retry-after': '2' },
      json: { error: expect.stringContaining('Source native is over its limit of 10/s events') },
    });
    expect((await send({ ...stage, token: other }, '/v1/events', calls(1))).status).toBe(200);
    stage.clock.nowMs += 2000;
    expect((await post(1)).status).toBe(200);
    await stage.tally.flush();
    expect(await stage.listEvents()).toHaveLength(27);
    expect(stage.tally.refusals('native')).toEqual({ requests: 1, code: 'limited' });
    const health = (await listSourceHealth(stage.db)).find(({ name }) => name === 'native');
    expect(health).toMatchObject({ accepted: 26, rejected: 0, limit: '10/s', limited: 1 });
    const reporter = createReporter({
      usage: new StoredUsage(stage.db, 'sqlite', createCalendar('UTC')),
      calendar: createCalendar('UTC'),
      definitions: async () => ({ scopes: [], ruleSets: [], clients: [], holidays: [] }) as never,
      sources: () => listSourceHealth(stage!.db),
    });
    const report = await reporter.answer({ report: 'sources' }, stage.clock.nowMs);
    expect(JSON.stringify(report)).toContain('Limit: 10 events/s. 1 request over it refused.');
  });
});

describe('a limit', () => {
  it.each(['5/s', '60000/min', '1000000/h'])('is events in a span of time: %s', (text) => {
    expect(readLimit(text)?.events).toBe(Number.parseInt(text, 10));
  });

  it.each(['0/s', '-1/s', '5', '5/day', '5 /s', '1.5/s', '99999999999/s'])('is not %s', (text) => {
    expect(readLimit(text)).toBeUndefined();
  });

  it('holds on average, whatever is sent, and lets through all that stays below it', () => {
    const step = fc.record({ waitMs: fc.integer({ min: 0, max: 2000 }), events: fc.integer({ min: 1, max: 30 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const limits = new SourceLimits();
        const source = { id: 1, name: 'x', options: { limit: '10/s' } } as unknown as Source;
        let nowMs = 0;
        let taken = 0;
        for (const { waitMs, events } of steps) {
          nowMs += waitMs;
          const before = taken;
          try {
            limits.admit(source, nowMs)!.settle(events);
            taken += events;
          } catch (error) {
            expect((error as { retryAfterS: number }).retryAfterS).toBeGreaterThan(0);
          }
          // At most a burst of the limit's size, one request beyond it, and what the elapsed time allows.
          expect(before).toBeLessThanOrEqual(10 + 30 + nowMs / 100);
        }
        nowMs += 4000;
        for (let call = 0; call < 20; call += 1) {
          limits.admit(source, nowMs)!.settle(5);
          nowMs += 500;
        }
      }),
    );
  });
});
