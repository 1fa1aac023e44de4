import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runCli } from '../../src/cli/run.ts';
import { EVERYTHING } from '../../src/domain/digest.ts';
import { latestDue, parseSchedule } from '../../src/domain/schedule-rule.ts';
import { openDatabase } from '../../src/store/database.ts';
import { insertSubscription } from '../../src/store/subscription-repository.ts';
import { describeEachDialect } from '../support/databases.ts';
import { type Emulator, startEmulator } from '../support/emulator.ts';
import { tally, tallyPost } from '../support/figures.ts';
import { ALERTS, type Bot, DIGESTS, startBot, toEnv } from './bot.ts';
import { checkPosts } from './ledger.ts';
import { sendUntilTaken, TOKEN } from './load.ts';

const POOLS = 'scopes: [{ name: crm, pools: [{ name: Month, period: month, base: 100 }] }]';
const WAIT_MS = 40_000;
/** Levels in percent, each with the number of events that reaches it. */
const LEVELS = [
  [75, 76],
  [90, 92],
  [100, 101],
] as const;

describeEachDialect('what must be posted once', ({ dialect, createUrl }) => {
  let slack: Emulator;
  let env: Record<string, string>;
  const bots: Bot[] = [];
  const start = async (): Promise<Bot> => {
    const bot = await startBot(env);
    bots.push(bot);
    return bot;
  };
  /** Sends the events from number `from` to `to` to every instance, with the same ids. */
  const use = (from: number, to: number): Promise<unknown> => {
    const events = Array.from({ length: to - from }, (_, i) => ({ id: `e${from + i}`, client: 'a', scope: 'crm' }));
    return Promise.all(
      bots.map((bot) => sendUntilTaken(bot.url, { client: 'a', size: 0, body: JSON.stringify(events) })),
    );
  };
  /** Lists the delivery keys of the bot's messages in a channel, replies included. */
  const keys = (channel: string): string[] =>
    slack.messages(channel).flatMap(({ metadata }) => (metadata?.event_payload as { key?: string })?.key ?? []);
  /** Tells whether a level was posted. The first level is the parent, with its period as key; later levels have keys of their own. */
  const has = (level: number): boolean =>
    keys(ALERTS).some(
      (key) => !key.includes('#') && (level === 75 ? !key.includes(':0@') : key.includes(`:${level}:`)),
    );
  const countPosts = (): number => slack.calls.filter(({ method }) => method === 'chat.postMessage').length;

  beforeEach(async () => {
    slack = await startEmulator();
    env = toEnv(slack, await createUrl());
    const folder = mkdtempSync(join(tmpdir(), 'headroom-torture-'));
    writeFileSync(join(folder, 'pools.yaml'), POOLS);
    const code = await runCli(['pools', 'apply', join(folder, 'pools.yaml')], {
      env,
      folder,
      out: () => {},
      err: (line) => console.log(line),
      isTerminal: false,
      now: Date.now,
      signal: new AbortController().signal,
    });
    expect(code).toBe(0);
    rmSync(folder, { recursive: true });
  });
  afterEach(async () => {
    tally(dialect, { doubles: checkPosts([], [...keys(ALERTS), ...keys(DIGESTS)]).doubles });
    for (const bot of bots.splice(0)) await bot.kill();
    await slack.stop();
  });

  it('levels and a due digest, by as many instances as there are, whoever took the events', async () => {
    const db = openDatabase(env.DATABASE_URL!);
    const rule = parseSchedule('daily 00:00', 'UTC');
    const nextDueMs = latestDue(rule, Date.now()).dueMs;
    await insertSubscription(
      db,
      { channel: DIGESTS, owner: 'U01ALICE', schedule: rule, what: EVERYTHING, nextDueMs },
      nextDueMs,
    );
    await Promise.all([start(), ...(dialect === 'postgres' ? [start()] : [])]);
    const isDigest = () => keys(DIGESTS).find((key) => key.startsWith('digest:'));
    await tallyPost(dialect, slack.waitFor(isDigest, 'the digest', WAIT_MS));
    let used = 0;
    for (const [level, until] of LEVELS) {
      await use(used, until);
      used = until;
      const takenMs = performance.now();
      await tallyPost(
        dialect,
        slack.waitFor(() => has(level), `the alert at ${level} %`, WAIT_MS),
      );
      console.log(`${level} % on ${dialect}: posted ${Math.round(performance.now() - takenMs)} ms after the answer`);
    }
    for (const channel of [ALERTS, DIGESTS]) expect(new Set(keys(channel)).size).toBe(keys(channel).length);
    expect(keys(DIGESTS).filter((key) => /^digest:\d+:[\d-]+$/.test(key))).toHaveLength(1);
    const logged = bots.flatMap(({ lines }) => lines).join('\n');
    for (const secret of [TOKEN, slack.botToken, slack.signingSecret, env.SECRET_KEY!])
      expect(logged).not.toContain(secret);
    const { rows } = await sql<{ digests: number }>`select count(*) as digests from digest`.execute(db);
    expect(Number(rows[0]!.digests)).toBe(1);
    await db.destroy();
  });

  // Claims and deliveries survive a process in the same way on both databases, as test/delivery proves.
  if (dialect !== 'sqlite') return;

  it('an alert whose bot is killed between the claim and Slack’s answer: after a restart it is there, and not twice', async () => {
    await start();
    // The first level is not posted before the kill, the second is posted without an answer, the third goes through.
    const faults = [{ timeout: true }, { timeoutAfter: true }];
    let used = 0;
    for (const [level, until] of LEVELS) {
      const fault = faults.shift();
      if (fault) slack.faults.fail('chat.postMessage', fault);
      const calls = countPosts();
      await use(used, until);
      used = until;
      if (fault) {
        await slack.waitFor(() => countPosts() > calls, `the bot posts ${level} %`, WAIT_MS);
        await bots.pop()!.kill();
        tally(dialect, { kills: 1, cuts: 1 });
        await start();
      }
      await tallyPost(
        dialect,
        slack.waitFor(() => has(level), `the alert at ${level} %`, WAIT_MS),
      );
    }
    expect(new Set(keys(ALERTS)).size).toBe(keys(ALERTS).length);
  });
});
