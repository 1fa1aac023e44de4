import { describe, expect, it } from 'vitest';
import { parse, readFixture } from './fixtures.ts';

const MESSAGE = {
  type: 'track',
  event: 'api_request',
  userId: 'acme',
  messageId: 'm1',
  timestamp: '2026-11-20T12:00:00Z',
};

describe('messages of Segment', () => {
  it('are read from the recorded batch', () => {
    const { events, rejected } = parse('segment', readFixture('senders/segment-batch.json'));
    expect(rejected).toEqual([]);
    expect(events).toHaveLength(3);
    expect(events[0]).toEqual({
      id: 'node-next-1795224667800-bf68fc39-0594-47fe-b7f5-a15cc6e1e4fd',
      timeMs: 1795176000000,
      client: 'client-acme',
      method: 'GET',
      route: '/v2/contacts',
      status: 200,
      kind: 'api_request',
      count: 1,
      credits: 1000,
    });
  });

  it('are the same events in an attempt with other bytes', () => {
    const [first, second] = [1, 2].map((attempt) => readFixture(`senders/segment-attempt-${attempt}.json`));
    expect(first!.equals(second!)).toBe(false);
    expect(parse('segment', second).events).toEqual(parse('segment', first).events);
  });

  it('count where they track something, whatever else a batch holds', () => {
    const batch = [{ ...MESSAGE, type: 'identify' }, MESSAGE, { ...MESSAGE, userId: undefined }, 7];
    const { indexes, rejected } = parse('segment', { batch });
    expect(indexes).toEqual([1]);
    expect(rejected).toMatchObject([
      { index: 2, id: 'm1', error: expect.stringMatching(/no userId.*--map client=/) },
      { index: 3, error: expect.stringContaining('7 (a number)') },
    ]);
    const { type: _, ...single } = MESSAGE;
    expect(parse('segment', single).events).toMatchObject([{ id: 'm1', client: 'acme' }]);
    expect(parse('segment', { batch: {} }).rejected).toMatchObject([{ error: expect.stringMatching(/no userId/) }]);
  });

  it('name userId as client, whatever the properties say, or what the source says', () => {
    const message = {
      ...MESSAGE,
      anonymousId: 'a-1',
      userId: 42,
      properties: { client: 'x', id: 'y', kind: 'import', status: '429' },
    };
    expect(parse('segment', message).events).toMatchObject([{ id: 'm1', client: '42', kind: 'import', status: 429 }]);
    const options = { map: { client: 'anonymousId' } };
    expect(parse('segment', message, { options }).events).toMatchObject([{ client: 'a-1' }]);
  });
});
