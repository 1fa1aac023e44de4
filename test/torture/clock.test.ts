import { globSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createCalendar, DAY_MS, MINUTE_MS } from '../../src/domain/calendar.ts';
import { EVERYTHING } from '../../src/domain/digest.ts';
import { latestDue, parseSchedule } from '../../src/domain/schedule-rule.ts';
import { openDatabase } from '../../src/store/database.ts';
import { insertSubscription } from '../../src/store/subscription-repository.ts';
import { StoredUsage } from '../../src/usage/reader.ts';
import { runHere } from '../support/command-process.ts';
import { setUpDatabases } from '../support/databases.ts';
import { type Emulator, startEmulator } from '../support/emulator.ts';
import { tally, tallyPost } from '../support/figures.ts';
import { isLong } from '../support/size.ts';
import { ALERTS, type Bot, DIGESTS, startBot, toEnv } from './bot.ts';
import { checkPosts } from './ledger.ts';
import { sendUntilTaken } from './load.ts';

/**
 * Path of libfaketime, which moves the clock of a process: from the setting, or where distributions install it. Only the tests
 * that start a process need it.
 */
const FAKETIME = process.env.HEADROOM_FAKETIME ?? globSync('/usr/lib{,64,/*}/faketime/libfaketimeMT.so.1')[0];
const ZONE = 'Europe/Berlin';
const WAIT_MS = 40_000;
const POOLS = 'scopes: [{ name: crm, pools: [{ name: Month, period: month, base: 100 }] }]';

const { createUrl } = setUpDatabases('sqlite');
let slack: Emulator;
let aheadMs = 0;
let bot: Bot | undefined;

beforeEach(async () => {
  slack = await startEmulator({ now: () => Date.now() + aheadMs });
});
afterEach(async () => {
  tally('sqlite', { doubles: checkPosts([], [ALERTS, DIGESTS].flatMap(listKeys)).doubles });
  await bot?.kill();
  await slack.stop();
});

/** Instants at which a bot starts, two seconds before a full minute, and the day of the digest that is posted then. */
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

it.runIf(FAKETIME)(
  'a bot that is killed and comes back at another time posts each digest once, and takes each event once',
  async () => {
    const url = await createUrl();
    const db = openDatabase(url);
    const rule = parseSchedule('daily 02:30', ZONE);
    // The short form runs only the night that has 02:30 twice.
    const starts = isLong ? STARTS : STARTS.slice(-3, -1);
    const nextDueMs = latestDue(rule, Date.parse(starts[0]![1]) + 10_000).dueMs;
    const digest = { channel: DIGESTS, owner: 'U01ALICE', schedule: rule, what: EVERYTHING, nextDueMs };
    await insertSubscription(db, digest, nextDueMs - 1000);
    const posted: string[] = [];
    for (const [number, [, time, day]] of starts.entries()) {
      aheadMs = Date.parse(time) - Date.now();
      bot = await startBot({
        ...toEnv(slack, url),
        REPORT_TIMEZONE: ZONE,
        RAW_RETENTION_DAYS: '400',
        LD_PRELOAD: FAKETIME!,
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
      const isPosted = () => keys().length >= posted.length;
      if (day) await tallyPost('sqlite', slack.waitFor(isPosted, `the digest of ${day}`, WAIT_MS));
      expect([time, keys()]).toEqual([time, posted]);
      await bot.kill();
    }
    await db.destroy();
    tally('sqlite', { kills: starts.length, events: 20 * starts.length });
  },
);

it.runIf(FAKETIME && isLong)(
  'an hour without Slack, the clock set forth and back in it: everything is posted once when Slack is there again',
  async () => {
    const url = await createUrl();
    const db = openDatabase(url);
    const folder = mkdtempSync(join(tmpdir(), 'headroom-clock-'));
    const clock = join(folder, 'clock');
    const startMs = Date.parse('2028-05-10T11:55:00Z');
    const setClock = (ms: number): void => {
      aheadMs = ms - Date.now();
      // Replaces the file in one step, because the bot may read it at any time.
      writeFileSync(`${clock}.new`, `${aheadMs < 0 ? '' : '+'}${Math.round(aheadMs / 1000)}`);
      renameSync(`${clock}.new`, clock);
    };
    setClock(startMs);
    const env = { ...toEnv(slack, url), RAW_RETENTION_DAYS: '400' };
    writeFileSync(join(folder, 'pools.yaml'), POOLS);
    expect((await runHere({ words: ['pools', 'apply', 'pools.yaml'], env, folder })).code).toBe(0);
    const rule = parseSchedule('daily 12:20', 'UTC');
    const nextDueMs = latestDue(rule, startMs + DAY_MS).dueMs;
    const digest = { channel: DIGESTS, owner: 'U01ALICE', schedule: rule, what: EVERYTHING, nextDueMs };
    await insertSubscription(db, digest, startMs);
    bot = await startBot({
      ...env,
      LD_PRELOAD: FAKETIME!,
      FAKETIME_TIMESTAMP_FILE: clock,
      FAKETIME_CACHE_DURATION: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    });
    let sent = 0;
    const use = async (until: number): Promise<void> => {
      const events = Array.from({ length: until - sent }, (_, i) => ({ id: `${sent + i}`, client: 'a', scope: 'crm' }));
      sent = until;
      await sendUntilTaken(bot!.url, { client: 'a', size: events.length, body: JSON.stringify(events) });
    };
    const tickAt = async (ms: number): Promise<void> => {
      setClock(ms);
      await vi.waitUntil(async () => Math.abs((await readTick(bot!.url)) * 1000 - ms) < 120_000, {
        timeout: 100_000,
        interval: 500,
      });
    };

    slack.faults.outage(true);
    await use(76);
    for (const minutes of [15, 10, 30, 20, 45]) {
      setClock(startMs + minutes * MINUTE_MS);
      await use(sent + 14);
    }
    await tickAt(startMs + 60 * MINUTE_MS);
    expect(slack.messages(ALERTS)).toEqual([]);
    slack.faults.outage(false);
    const isOut = () => slack.messages(ALERTS).some(({ text }) => text.includes('out of month'));
    await tallyPost('sqlite', slack.waitFor(isOut, 'the alert', 60_000));
    await tallyPost(
      'sqlite',
      slack.waitFor(() => keys().length > 0, 'the digest', 60_000),
    );
    // Nothing is posted twice either when the clock goes forward and back again.
    for (const minutes of [180, 65]) setClock(startMs + minutes * MINUTE_MS);
    await tickAt(startMs + 181 * MINUTE_MS);
    const posted = [ALERTS, DIGESTS].flatMap(listKeys);
    tally('sqlite', { events: sent });
    expect(new Set(posted).size).toBe(posted.length);
    expect(keys()).toEqual(['digest:1:2028-05-10']);
    const { rows } = await new StoredUsage(db, 'sqlite', createCalendar('UTC')).sum({
      span: { fromMs: startMs - DAY_MS, toMs: startMs + 2 * DAY_MS },
      grain: 'all',
      groupBy: [],
      filters: [],
    });
    expect(rows[0]!.requests).toBe(sent);
    await db.destroy();
    rmSync(folder, { recursive: true });
  },
);

function listKeys(channel: string): string[] {
  return slack
    .messages(channel)
    .flatMap(({ metadata }) => (metadata?.event_payload as { key?: string } | undefined)?.key ?? []);
}

/** Lists the keys of the posted digests, without their replies. */
function keys(): string[] {
  return listKeys(DIGESTS).filter((key) => /^digest:\d+:[\d-]+$/.test(key));
}

async function readTick(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^headroom_last_tick_timestamp_seconds (\S+)/m.exec(text)?.[1] ?? 0);
}
