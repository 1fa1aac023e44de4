import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createLogger } from '../../src/log.ts';
import { type Demo, startDemo } from '../../src/playground/demo.ts';
import { watch } from '../support/emulator.ts';
import { SlackFaults } from '../support/slack-faults.ts';

let demo: Demo;

afterEach(() => demo.stop());

test.each([
  ['the first night of a year', Date.UTC(2026, 11, 31, 23, 30)],
  ['a Sunday of a clock change', Date.UTC(2026, 9, 25, 1, 30)],
])('on %s it answers, warns after a burst, and goes on for hours without a gap', async (_name, startMs) => {
  const log: string[] = [];
  const logger = createLogger('warn', { write: (line) => void log.push(line) });
  // Another program has the bot's port.
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port: botPort } = other.address() as AddressInfo;
  demo = await startDemo({ faults: new SlackFaults(), log: logger, pagePort: 0, botPort, startMs });
  expect(new URL(demo.botUrl).port).not.toBe(String(botPort));
  other.close();
  const emulator = watch(demo.world.emulator);
  const first = await emulator.waitFor(() => emulator.messages('api-usage')[0], 'there is a first answer', 20_000);
  expect(first.text).toMatch(/CRM API|Integration Service|Public API/);

  await emulator.command({ user: 'alice', channel: 'api-usage', text: 'sources' });
  const isOfSources = ({ text }: { text: string }) => text.includes('from 1 source');
  const sources = await emulator.waitFor(() => emulator.messages('api-usage').find(isOfSources), 'senders are told');
  expect(JSON.stringify(sources)).toMatch(/last received .*accepted/);

  const { percent } = await demo.burst();
  const isLevel = ({ text }: { text: string }) => text.includes(`${percent}%`) && text.includes('CRM API');
  await emulator.waitFor(() => emulator.messages('oncall').find(isLevel), `${percent}% is reported`, 20_000);

  // An hour of calls leaves the window, which drops below the told level. A second press must still go for the next level.
  await demo.moveTo(demo.clock.now() + 3_600_000);
  const next = await demo.burst();
  expect(next.percent).toBeGreaterThan(percent);
  const isNext = ({ text }: { text: string }) =>
    text.includes(next.percent === 100 ? 'out of daily' : `${next.percent}%`);
  await emulator.waitFor(() => emulator.messages('oncall').find(isNext), `${next.percent}% is reported`, 20_000);

  expect(await demo.moveToNextDigest()).toBeUndefined();
  await emulator.command({ user: 'alice', channel: 'general', text: 'digest add daily 09:00 Europe/Berlin' });
  await emulator.waitFor(() => emulator.ephemerals('alice', 'general')[0], 'the digest is set up', 20_000);
  const { dueMs, channel } = (await demo.moveToNextDigest())!;
  expect(channel).toBe('C01GENERAL');
  expect(demo.clock.now()).toBeGreaterThanOrEqual(dueMs);
  const digest = await emulator.waitFor(() => emulator.messages('general')[0], 'the digest is posted', 20_000);
  expect(Number(digest.ts) * 1000).toBeGreaterThanOrEqual(dueMs);
  expect(demo.world.live.sentUntilMs).toBeGreaterThanOrEqual(dueMs);
  emulator.assertNoProblems();
  expect(log).toEqual([]);
});
