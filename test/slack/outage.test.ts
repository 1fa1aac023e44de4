import { expect, it } from 'vitest';
import { startRig } from './support.ts';

it('one line tells that Socket Mode is away, and one that it is back; none holds a token', async () => {
  let pauses = 0;
  const { slack, log } = await startRig({
    socketMode: true,
    wait: async () => {
      pauses += 1;
      await new Promise((resolve) => setTimeout(resolve, 5));
    },
  });
  await slack.waitFor(() => slack.connected === 2, 'two connections stand');
  const from = log.length;
  slack.faults.outage(true);
  const before = pauses;
  await slack.waitFor(() => pauses > before + 10, 'ten attempts');
  slack.faults.outage(false);
  await slack.waitFor(() => slack.connected === 2, 'two connections stand again');
  const told = log.slice(from);
  expect(told.length).toBeGreaterThan(10);
  expect(told.filter(({ level }) => level !== 'debug').map(({ level, msg }) => `${level}: ${msg}`)).toEqual([
    'warn: there is no Socket Mode connection; trying until there is one',
    'info: Socket Mode is connected again',
  ]);
  const text = JSON.stringify(log);
  for (const secret of [slack.appToken, slack.botToken]) expect(text).not.toContain(secret);
  expect(text).not.toMatch(/"stack"/);
});
