import { describe, expect, it } from 'vitest';
import { CHANNEL } from '../delivery/slack-stage.ts';
import { describeEachDialect, setUpDatabases } from '../support/databases.ts';
import { openAlerts, pool, scope } from './alert-stage.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const WEEK = 7 * DAY;
const MONTHLY = scope([pool('Monthly credits', 1000)]);
const DAILY = scope([pool('Daily credits', 1000, { period: { kind: 'day' } })]);
const ROLLING = scope([pool('Daily credits', 1000, { period: { kind: 'rolling-24h' } })]);

type Stage = Awaited<ReturnType<typeof openAlerts>>;

/** Returns the lines of the channel's message number `at`, with the instants of its history as seconds. */
function read({ slack }: Stage, at: number): string[] {
  return slack
    .messages(CHANNEL)
    .at(at)!
    .text.replaceAll(/<!date\^(\d+)\^.*?>/g, '$1')
    .split('\n');
}

/** Tells whether a message can be acknowledged. */
function asks({ slack }: Stage, at: number): boolean {
  return JSON.stringify(slack.messages(CHANNEL).at(at)!.blocks).includes('Acknowledge');
}

describeEachDialect('the end of an alert', (databases) => {
  it('stays told when the next episode is reached after a restart, as a message of its own', async () => {
    const stage = await openAlerts(databases, [ROLLING]);
    const { use, run, clock, reopen, posted, world } = stage;
    await use(760);
    clock.advance(DAY);
    await run();
    clock.advance(HOUR);
    await run();
    const ended = read(stage, 0);
    expect(ended[0]).toBe('🔵 CRM has used 0% of its daily credits (0 of 1,000)');
    expect(ended[1]).toMatch(/^75% \d+ · below 75% since \d+$/);
    const { evaluator, sender } = reopen();
    world.events.push({ timeMs: clock.now(), scope: 'crm', count: 910 });
    clock.advance(1);
    await evaluator.evaluateAll(clock.now());
    await sender.settle();
    expect(posted()).toHaveLength(2);
    expect(read(stage, 0)).toEqual(ended);
    expect(read(stage, 1)[0]).toContain('CRM has used 91% of its daily credits');
    expect(asks(stage, 0)).toBe(false);
    expect(asks(stage, 1)).toBe(true);
    stage.slack.assertNoProblems();
  });

  it.each([
    ['of a month', MONTHLY],
    ['of any 24 hours', ROLLING],
  ])('is taken back, without a word, where a pool %s is declared again', async (_, declared) => {
    const stage = await openAlerts(databases, [declared]);
    const { use, run, declare, posted, clock } = stage;
    await use(760);
    const told = read(stage, 0);
    await declare([scope([pool('Other credits', 5000)])]);
    await run();
    expect(read(stage, 0)[0]).toMatch(/^🔵 CRM: (Monthly|Daily) credits is no longer in force$/);
    clock.advance(5 * MINUTE);
    await declare([declared]);
    await run();
    expect(read(stage, 0)).toEqual(told);
    expect(asks(stage, 0)).toBe(true);
    // A further level is told as usual.
    await use(150);
    expect(posted()).toHaveLength(2);
    expect(read(stage, 0)[0]).toContain('CRM has used 91%');
    stage.slack.assertNoProblems();
  });

  it('is taken back where a correction was, and told again once use falls anew', async () => {
    const stage = await openAlerts(databases, [MONTHLY]);
    const { use, run, world, posted } = stage;
    await use(760);
    const [event] = world.events;
    for (const [count, sign] of [
      [700, '🔵'],
      [760, '🟠'],
      [700, '🔵'],
    ] as const) {
      world.events[0] = { ...event!, count };
      await run();
      expect(read(stage, 0)[0]).toBe(`${sign} CRM has used ${count / 10}% of its monthly credits (${count} of 1,000)`);
    }
    expect(posted()).toHaveLength(1);
    stage.slack.assertNoProblems();
  });

  it('leaves a level that a lowered amount brings back to be told, with that amount', async () => {
    const stage = await openAlerts(databases, [MONTHLY]);
    const { use, run, declare, clock } = stage;
    await use(760);
    await declare([scope([pool('Monthly credits', 2000)])]);
    await run();
    expect(read(stage, 0)[0]).toBe('🔵 CRM has used 38% of its monthly credits (760 of 2,000)');
    clock.advance(5 * MINUTE);
    await declare([MONTHLY]);
    await run();
    expect(stage.told().at(-1)).toContain('76% of monthly credits used (760 of 1,000)');
    expect(read(stage, 0).at(-1)).toMatch(/^75% \d+ · 75% of 1,000 \d+$/);
    stage.slack.assertNoProblems();
  });

  it.each([
    ['the first of its period', [], 910, '🔴 CRM has used 91% of its monthly credits (910 of 1,000)'],
    ['a further level', [760], 1000, '⛔ CRM is out of monthly credits (1,000 of 1,000)'],
  ])('is not seen in what was counted before it was told: %s', async (_, before, used, told) => {
    const stage = await openAlerts(databases, [MONTHLY]);
    const { use, run, world, clock, evaluator } = stage;
    for (const count of before) await use(count);
    if (before.length > 0) {
      // A credit brings the use below every level, so that the alert would end.
      world.events.push({ timeMs: clock.now(), scope: 'crm', count: 0, credits: -300_000 });
    }
    // The sources are read after the pools, so this runs in the middle of the evaluation.
    const meanwhile = async () => {
      delete (world as Partial<typeof world>).sources;
      world.sources = [];
      world.events = [{ timeMs: clock.now(), scope: 'crm', count: used }];
      await evaluator.evaluate(clock.now());
      return world.sources;
    };
    Object.defineProperty(world, 'sources', { get: meanwhile, configurable: true });
    await run();
    expect(read(stage, 0)[0]).toBe(told);
    expect(asks(stage, 0)).toBe(true);
    await run();
    expect(read(stage, 0)[0]).toBe(told);
  });

  it('is at the end of the period, however late it is noticed', async () => {
    const stage = await openAlerts(databases, [DAILY]);
    const { use, run, clock } = stage;
    await use(760);
    const midnight = (Math.floor(clock.now() / DAY) + 1) * DAY;
    clock.advance(3 * DAY);
    await run();
    expect(read(stage, 0)[1]).toMatch(new RegExp(`^75% \\d+ · reset ${midnight / 1000}$`));
  });

  it('is no reset where the pool has another period from now on', async () => {
    const stage = await openAlerts(databases, [DAILY]);
    const { use, run, declare } = stage;
    await use(760);
    await declare([scope([pool('Daily credits', 5000)])]);
    await run();
    expect(read(stage, 0)[0]).toBe('🔵 CRM has used 15.2% of its daily credits (760 of 5,000)');
    expect(read(stage, 0)[1]).toMatch(/^75% \d+ · another period since \d+$/);
  });
});

describe('the end of a silence', () => {
  const databases = setUpDatabases('sqlite');

  async function openSilent() {
    const stage = await openAlerts(databases, []);
    const { clock, world, run } = stage;
    world.events = [1, 2, 3, 4, 5].map((week) => ({ timeMs: clock.now() - week * WEEK - 10 * MINUTE, source: 'kong' }));
    const hear = (lastReceivedMs: number) => {
      world.sources = [{ name: 'kong', adapter: 'kong', lastReceivedMs, usualGapMs: 1000 } as never];
    };
    hear(clock.now() - 20 * MINUTE);
    await run();
    expect(read(stage, 0)[0]).toBe('🟠 Source kong is silent');
    expect(asks(stage, 0)).toBe(true);
    return { ...stage, hear };
  }

  it('stands on its message: the source is heard again', async () => {
    const stage = await openSilent();
    const { clock, hear, run, posted } = stage;
    clock.advance(10 * MINUTE);
    const atMs = clock.now();
    hear(atMs);
    await run();
    expect(read(stage, 0)).toEqual(['🔵 Source kong sends again', `heard again ${Math.floor(atMs / 1000)}`]);
    expect(asks(stage, 0)).toBe(false);
    expect(posted()).toHaveLength(1);
    stage.slack.assertNoProblems();
  });

  it('stands on its message: the source is gone', async () => {
    const stage = await openSilent();
    stage.world.sources = [];
    await stage.run();
    expect(read(stage, 0)[0]).toBe('🔵 Source kong was removed');
    expect(read(stage, 0)[1]).toMatch(/^removed \d+$/);
    expect(read(stage, 0)).toHaveLength(2);
    stage.slack.assertNoProblems();
  });
});
