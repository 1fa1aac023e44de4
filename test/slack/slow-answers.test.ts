import { expect, it } from 'vitest';
import { createLogger } from '../../src/log.ts';
import type { SlackContext } from '../../src/slack/context.ts';
import { serveIfAllowed } from '../../src/slack/listen.ts';

it('tells of answers that took long, with what was asked', async () => {
  const lines: Record<string, unknown>[] = [];
  let clock = 0;
  const ctx = {
    people: { find: async (id: string) => ({ id, zone: 'UTC', fullMember: true, mayView: true, admin: false }) },
    bot: { name: 'headroom' },
    log: createLogger('info', { write: (line) => void lines.push(JSON.parse(line)) }),
    now: () => clock,
  } as unknown as SlackContext;
  const serve = (what: string, ms: number) =>
    serveIfAllowed({ ctx, asked: { user: 'U01ANN', channel: 'C01GEN', what, atMs: clock } }, async () => {
      clock += ms;
    });
  await serve('top clients', 4999);
  await serve('why Acme 90d', 5000);
  expect(lines.map(({ msg, user, channel, what, tookMs }) => [msg, user, channel, what, tookMs])).toEqual([
    ['an answer took long', 'U01ANN', 'C01GEN', 'why Acme 90d', 5000],
  ]);
});
