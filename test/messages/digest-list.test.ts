import { expect, it } from 'vitest';
import { describeDigest } from '../../src/messages/digest-message.ts';

const DIGEST = {
  ...{ id: 7, channel: 'C01USAGE', owner: 'U01ALICE', schedule: 'daily 09:00 Europe/Berlin', sections: [] },
  ...{ paused: false, limits: [], nextRuns: [Date.UTC(2026, 10, 30, 8)] },
};

it('a digest that is paused says until when, in its own zone', () => {
  const until = { ...DIGEST, paused: true, pausedUntilMs: Date.UTC(2026, 10, 29, 23) };
  expect(describeDigest(until).lines).toEqual([
    'daily 09:00 Europe/Berlin · paused until Mon 30 Nov 00:00',
    'Next: Mon 30 Nov 09:00 (Europe/Berlin)',
  ]);
  expect(describeDigest({ ...DIGEST, paused: true, nextRuns: [] }).lines).toEqual([
    'daily 09:00 Europe/Berlin · paused',
  ]);
});

it('a digest about some calls only says which', () => {
  expect(describeDigest({ ...DIGEST, limits: ['only calls with scope crm'] }).lines[0]).toBe(
    'daily 09:00 Europe/Berlin · only calls with scope crm',
  );
});
