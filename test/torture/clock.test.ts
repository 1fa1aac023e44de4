import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { EVERYTHING } from '../../src/domain/digest.ts';
import { latestDue, parseSchedule } from '../../src/domain/schedule-rule.ts';
import { type Emulator, startEmulator } from '../../src/playground/emulator/workspace.ts';
import { openDatabase } from '../../src/store/database.ts';
import { insertSubscription } from '../../src/store/subscription-repository.ts';
import { setUpDatabases } from '../support/databases.ts';
import { tally } from '../support/figures.ts';
import { type Bot, DIGESTS, startBot, toEnv } from './bot.ts';
import { sendUntilTaken } from './load.ts';

/** Where libfaketime lies, which moves the clock of a process; the tests with clocks of our own need no such thing. */
const { HEADROOM_FAKETIME } = process.env;
const ZONE = 'Europe/Berlin';
const WAIT_MS = 40_000;

const { createUrl } = setUpDatabases('sqlite');
let slack: Emulator;
let aheadMs = 0;
let bot: Bot | undefined;

beforeEach(async () => {
  slack = await startEmulator({ now: () => Date.now() + aheadMs });
});
afterEach(async () => {
  await bot?.kill();
  await slack.stop();
});

/** Starts of a bot, two seconds before a full minute, and the day whose digest is then posted. */
const STARTS = [
  ['a day like others', '2028-02-28T01:29:58Z', '2028-02-28'],
  ['a leap day', '2028-02-29T01:29:58Z', '2028-02-29'],
  ['three days later', '2028-03-03T11:59:58Z', '2028-03-03'],
  ['a night without 02:30', '2028-03-26T01:59:58Z', '2028-03-26'],
  ['seven months later', '2028-10-28T11:59:58Z', '2028-10-28'],
  ['the first 02:30 of a night', '2028-10-29T00:29:58Z', '2028-10-29'],
  ['the second', '2028-10-29T01:29:58Z', undefined],
  ['the clock set back by an hour', '2028-10-29T00:29:58Z', undefined],
] as const;

it.runIf(HEADROOM_FAKETIME)(
  'a bot that is killed and comes back at another time posts each digest once, and takes each event once',
  async () => {
    const url = await createUrl();
    const db = openDatabase(url);
    const rule = parseSchedule('daily 02:30', ZONE);
    const nextDueMs = latestDue(rule, Date.parse(STARTS[0][1]) + 10_000).dueMs;
    const digest = { channel: DIGESTS, owner: 'U01ALICE', schedule: rule, what: EVERYTHING, nextDueMs };
    await insertSubscription(db, digest, nextDueMs - 1000);
    const posted: string[] = [];
    for (const [number, [, time, day]] of STARTS.entries()) {
      aheadMs = Date.parse(time) - Date.now();
      bot = await startBot({
        ...toEnv(slack, url),
        REPORT_TIMEZONE: ZONE,
        RAW_RETENTION_DAYS: '400',
        LD_PRELOAD: HEADROOM_FAKETIME!,
        FAKETIME: `@${time.replace('T', ' ').replace('Z', '')}`,
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
      });
      const events = Array.from({ length: 20 }, (_, id) => ({ id: `${number}/${id}`, client: 'a' }));
      const body = JSON.stringify(events);
      expect(await sendUntilTaken(bot.url, { client: 'a', size: 20, body })).toMatchObject({ accepted: 20 });
      expect(await sendUntilTaken(bot.url, { client: 'a', size: 20, body })).toMatchObject({ duplicates: 20 });
      const ticked = Date.parse(time) / 1000 + 2;
      await vi.waitUntil(async () => (await readTick(bot!.url)) >= ticked, { timeout: WAIT_MS, interval: 200 });
      if (day) posted.push(`digest:1:${day}`);
      if (day) await slack.waitFor(() => keys().length >= posted.length, `the digest of ${day}`, WAIT_MS);
      expect([time, keys()]).toEqual([time, posted]);
      await bot.kill();
    }
    await db.destroy();
    tally('sqlite', {
      kills: STARTS.length,
      events: 20 * STARTS.length,
      deliveries: posted.length,
      doubles: keys().length - new Set(keys()).size,
    });
  },
);

/** The keys of the digests, without their replies. */
function keys(): string[] {
  return slack
    .messages(DIGESTS)
    .map(({ metadata }) => (metadata?.event_payload as { key?: string })?.key ?? '')
    .filter((key) => /^digest:\d+:[\d-]+$/.test(key));
}

async function readTick(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^headroom_last_tick_timestamp_seconds (\S+)/m.exec(text)?.[1] ?? 0);
}
