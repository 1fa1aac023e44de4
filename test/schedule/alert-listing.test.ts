import { describe, expect, it } from 'vitest';
import { CHANNEL } from '../delivery/slack-stage.ts';
import { setUpDatabases } from '../support/databases.ts';
import { openAlerts, pool, scope } from './alert-stage.ts';

const ADMIN = { user: 'U0000000002', zone: 'UTC', admin: true };
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const WEEK = 7 * 24 * HOUR;

type Stage = Awaited<ReturnType<typeof openAlerts>>;

async function listed({ alerts }: Stage, sort: string) {
  return (await alerts.list()).filter((alert) => alert.sort === sort);
}

describe('the list of alerts', () => {
  const databases = setUpDatabases();
  it('tells of a pool its present level and figures, once, however many levels were told', async () => {
    const stage = await openAlerts(databases, [scope([pool('Monthly', 1000)])]);
    await stage.use(800);
    await stage.use(120);
    await stage.use(10);
    expect(await listed(stage, 'raised')).toMatchObject([
      { title: 'CRM has used 93% of its monthly (930 of 1,000)', sign: '🔴' },
    ]);
    // A correction lowers the use below 90% again.
    await stage.use(-100);
    expect(await listed(stage, 'raised')).toMatchObject([{ title: 'CRM has used 83% of its monthly (830 of 1,000)' }]);
    expect(await listed(stage, 'past')).toEqual([]);
  });

  it('is as calm as the alert where another pool goes on', async () => {
    const annual = pool('Annual', 5000, { priority: 2, order: 1, period: { kind: 'year' } });
    const stage = await openAlerts(databases, [scope([pool('Monthly', 1000), annual])]);
    await stage.use(1050);
    expect(await listed(stage, 'raised')).toMatchObject([{ sign: '🔵', detail: expect.stringContaining('now draw') }]);
  });

  it('has what was alerted in a range, newest first, also what is over', async () => {
    const stage = await openAlerts(databases, [scope([pool('Monthly', 1000)])]);
    const { alerts, clock } = stage;
    await stage.use(760);
    clock.advance(24 * HOUR);
    await stage.use(200);
    const [newest, oldest] = (await alerts.told(undefined)).alerts;
    expect(newest).toMatchObject({ title: 'CRM has used 96% of its monthly (960 of 1,000)', sign: '🔴' });
    expect(oldest).toMatchObject({ title: 'CRM has used 76% of its monthly (760 of 1,000)', sign: '🟠' });
    expect(newest!.atMs - oldest!.atMs).toBeGreaterThan(23 * HOUR);
    expect((await alerts.told('yesterday')).alerts).toEqual([oldest]);
    expect((await alerts.told('today')).alerts).toEqual([newest]);
    expect((await alerts.told('this-month')).alerts).toEqual([newest, oldest]);
    expect((await alerts.told('last-month')).alerts).toEqual([]);
  });

  it('tells a level as over once the amount was raised above it', async () => {
    const stage = await openAlerts(databases, [scope([pool('Monthly', 1000)])]);
    await stage.use(936);
    await stage.declare([scope([pool('Monthly', 1600)])]);
    await stage.run();
    expect(await listed(stage, 'raised')).toEqual([]);
    expect(await listed(stage, 'past')).toMatchObject([{ title: 'CRM has used 93.6% of its monthly (936 of 1,000)' }]);
  });

  it('tells the daily limit of yesterday as ended at midnight', async () => {
    const limit = pool('Daily', 100, { period: { kind: 'day' } });
    const stage = await openAlerts(databases, [scope([pool('Monthly', 1000)], { limits: [limit] })]);
    await stage.use(95);
    expect(await listed(stage, 'raised')).toHaveLength(1);
    const midnight = Date.parse(`${new Date(stage.clock.now() + 24 * HOUR).toISOString().slice(0, 10)}T00:00:00Z`);
    stage.clock.set(midnight + 9 * HOUR);
    await stage.run();
    expect(await listed(stage, 'raised')).toEqual([]);
    expect(await listed(stage, 'past')).toMatchObject([{ overSinceMs: midnight }]);
  });

  it('tells a source that is silent once, and one that sends again as over', async () => {
    const stage = await openAlerts(databases, []);
    const { clock, world, run } = stage;
    world.events = Array.from({ length: 5 }, (_, week) =>
      Array.from({ length: 60 }, (_, at) => ({
        timeMs: clock.now() - (week + 1) * WEEK - HOUR + at * 3 * MINUTE,
        source: 'kong',
      })),
    ).flat();
    const hear = (ms: number) => {
      world.sources = [{ name: 'kong', adapter: 'kong', lastReceivedMs: ms, usualGapMs: 1000 } as never];
    };
    hear(clock.now() - 20 * MINUTE);
    await run();
    hear(clock.now());
    clock.advance(20 * MINUTE);
    await run();
    expect(stage.slack.messages(CHANNEL)).toHaveLength(2);
    expect(await listed(stage, 'raised')).toMatchObject([{ title: 'Source kong is silent' }]);
    expect(await listed(stage, 'past')).toEqual([]);
    hear(clock.now());
    expect(await listed(stage, 'raised')).toEqual([]);
    expect(await listed(stage, 'past')).toMatchObject([{ title: 'Source kong is silent' }]);
  });

  it('tells a switch by the pool that is drawn from now', async () => {
    const annual = pool('Annual', 5000, { priority: 2, order: 1, period: { kind: 'year' } });
    const stage = await openAlerts(databases, [scope([pool('Monthly', 1000), annual])]);
    await stage.use(1050);
    await stage.use(50);
    expect(await listed(stage, 'raised')).toContainEqual(
      expect.objectContaining({
        title: 'CRM is out of monthly (1,000 of 1,000)',
        detail: 'Calls now draw from the annual (4,900 left). Nothing is blocked.',
      }),
    );
  });

  it('names every mute, by whom and until when, also of what has reached nothing, and ends it by that name', async () => {
    const stage = await openAlerts(databases, [scope([pool('Monthly', 1000)])]);
    const { alerts, clock } = stage;
    const untilMs = clock.now() + 2 * HOUR;
    // People see titles, so they may type them.
    expect(await alerts.mute({ what: 'CRM', untilMs }, ADMIN)).toBe('CRM');
    expect(await alerts.mute({ what: 'Monthly' }, ADMIN)).toBe('CRM: Monthly');
    const mutes = await listed(stage, 'mute');
    expect(mutes).toHaveLength(2);
    expect(mutes).toContainEqual(
      expect.objectContaining({ id: 'crm', title: 'CRM', mutedUntilMs: untilMs, mutedBy: ADMIN.user }),
    );
    // An alert covered by several mutes comes back when the last of them ends.
    await alerts.mute({ what: '*', untilMs }, ADMIN);
    await alerts.mute({ what: 'level', untilMs: untilMs + HOUR }, ADMIN);
    expect((await listed(stage, 'kind')).find(({ id }) => id === 'level')!.mutedUntilMs).toBe(untilMs + HOUR);
    for (const what of ['level', '*']) await alerts.unmute({ what }, ADMIN);
    // The scope is gone, but its mute can still be ended.
    await stage.declare([]);
    for (const { id } of mutes) await alerts.unmute({ what: id }, ADMIN);
    expect(await listed(stage, 'mute')).toEqual([]);
  });
});

describe('the alert of a limit', () => {
  const databases = setUpDatabases();
  it.each([80, 100])('says at %i percent that it only counts, and what raises it', async (percent) => {
    const stage = await openAlerts(databases, [scope([], { limits: [pool('Writes', 1000)] })]);
    await stage.use(10 * percent);
    const { text } = stage.slack.messages(CHANNEL)[0]!;
    expect(text).toMatch(/CRM has (used 80% of|reached) its limit Writes/);
    expect(text).toContain('A limit only counts: nothing is blocked');
    expect(text).not.toMatch(/count as overage|raise the pool|used up \(/);
  });
});
