import { describe, expect, it } from 'vitest';
import type { Limit } from '../../src/domain/definition.ts';
import { claimAlert } from '../../src/schedule/alert-claims.ts';
import { CHANNEL, OWNER } from '../delivery/slack-stage.ts';
import { describeEachDialect, setUpDatabases } from '../support/databases.ts';
import { commandOf, ONCALL, openAlerts, pool, scope } from './alert-stage.ts';

const ADMIN = { user: 'U0000000002', zone: 'UTC', admin: true };
const MEMBER = { user: OWNER, zone: 'UTC', admin: false };
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const MENTION = `<!subteam^${ONCALL}>`;
const MONTHLY = scope([pool('Monthly credits', 1000)]);
const ROLLING = scope([pool('Daily credits', 1000, { period: { kind: 'rolling-24h' } })]);

describe('alerts on levels', () => {
  const databases = setUpDatabases();
  it('come once per level; a later one adds a line that is shown in the channel, and updates the parent', async () => {
    const { slack, use, run, told } = await openAlerts(databases, [MONTHLY]);
    await use(749);
    expect(told()).toEqual([]);
    await use(1);
    expect(told()).toEqual(['🟠 CRM has used 75% of its monthly credits (750 of 1,000)']);
    await run();
    await use(100);
    expect(told()).toHaveLength(1);
    await use(50);
    await use(100);
    const channel = slack.messages(CHANNEL);
    const parent = channel[0]!;
    const lines = channel.filter(({ subtype }) => subtype === 'thread_broadcast');
    expect(channel).toHaveLength(3);
    expect(lines.map(({ text }) => text.replace(/<!date.*?>/, 'TIME'))).toEqual([
      `${MENTION} 🔴 CRM: 90% of monthly credits used (900 of 1,000), runs out around TIME`,
      `${MENTION} ⛔ CRM is out of monthly credits (1,000 of 1,000). Calls now count as overage.`,
    ]);
    for (const line of lines) {
      expect(line.thread_ts).toBe(parent.ts);
      expect(line.blocks?.map(({ type }) => type)).toEqual(['rich_text']);
    }
    expect(parent.text).toContain('CRM is out of monthly credits (1,000 of 1,000)');
    // The line in the thread has mentioned on-call, so the edit does not.
    expect(JSON.stringify(parent)).not.toContain(ONCALL);
    expect(
      parent.text
        .split('\n')
        .at(-1)!
        .replaceAll(/<!date.*?>/g, 'TIME'),
    ).toBe('75% TIME · 90% TIME · used up TIME');
    slack.assertNoProblems();
  });

  it('have their chart on the parent, after its text, and renew it with each level', async () => {
    const { slack, use } = await openAlerts(databases, [MONTHLY], { channel: CHANNEL, picture: true });
    await use(800);
    const types = () => slack.messages(CHANNEL)[0]!.blocks!.map(({ type }) => type);
    expect(types()).toEqual(['rich_text', 'actions', 'image', 'context']);
    expect(JSON.stringify(slack.calls.find(({ method }) => method === 'chat.postMessage')!.args)).not.toContain(
      'slack_file',
    );
    await use(150);
    expect(slack.messages(CHANNEL)).toHaveLength(2);
    expect(types()).toEqual(['rich_text', 'actions', 'image', 'context']);
    slack.assertNoProblems();
  });

  it('have a picture that states what their words do, whatever was used until it was drawn', async () => {
    const { evaluator, sender, world, clock, drawn } = await openAlerts(databases, [ROLLING]);
    world.events.push({ timeMs: clock.now(), scope: 'crm', count: 760 });
    await evaluator.evaluate(clock.now());
    for (let second = 0; second < 4; second += 1) {
      clock.advance(1000);
      world.events.push({ timeMs: clock.now(), scope: 'crm' });
      await sender.settle();
    }
    expect(drawn.at(-1)).toMatchObject({
      ...{ title: 'Pools of CRM', asOfMs: Date.parse('2026-11-20T09:00:00Z') },
      finding: 'CRM has used 76% of its daily credits (760 of 1,000).',
      scopes: [{ pools: [{ used: 760_000, amount: 1_000_000, level: 'approaching' }] }],
    });
  });

  it('offer who used the period up to today, today included', async () => {
    const { slack, use, clock, world } = await openAlerts(databases, [MONTHLY]);
    world.events.push({ timeMs: clock.now() - 2 * DAY, scope: 'crm', count: 740 });
    await use(10);
    const today = new Date(clock.now()).toISOString().slice(0, 10);
    const first = `${today.slice(0, 7)}-01`;
    expect(first).not.toBe(today);
    expect(commandOf(slack.messages(CHANNEL)[0]!.blocks, 'Top clients')).toBe(
      `top clients ${first}..${today} scope:crm`,
    );
  });

  it('name who made a burst, and offer its hours', async () => {
    const { slack, use, clock, world } = await openAlerts(databases, [MONTHLY]);
    const at = clock.now();
    world.events.push({ timeMs: at - 3 * DAY, scope: 'crm', count: 500, client: 'erp' });
    world.events.push({ timeMs: at - 1000, scope: 'crm', count: 40, client: 'erp' });
    await use(260, { client: 'acme <!here>' });
    const { text, blocks } = slack.messages(CHANNEL)[0]!;
    expect(text).toMatch(/Mostly acme &lt;!here&gt; \(\+260 since <!date\^\d+\^\{time\}\|08:00 UTC>\)\./);
    const day = new Date(at).toISOString().slice(0, 10);
    expect(commandOf(blocks, 'Top clients')).toBe(`top clients ${day} 08:00-10:00 scope:crm`);
  });

  it('name who used most of the period where there was no burst', async () => {
    const { slack, use, clock, world } = await openAlerts(databases, [MONTHLY]);
    for (const [client, count] of [
      ['erp', 500],
      ['acme', 245],
    ] as const)
      world.events.push({ timeMs: clock.now() - 3 * DAY, scope: 'crm', count, client });
    await use(5);
    expect(slack.messages(CHANNEL)[0]!.text).toContain('Mostly erp (66.7%).');
  });

  it('of a limit with rules of its own offer who used what it counts', async () => {
    const limit = (name: string, match: Limit['match']) => ({ ...pool(name, 1000), match: match! });
    const limits = [
      limit('Writes', [{ method: 'post', route: '/v1/*' }]),
      limit('Bots', [{ client: 'bot-*' }, { client: 'crawler' }]),
      limit('Acme', [{ client: 'Acme CRM' }]),
      limit('Mixed', [{ client: 'a' }, { route: '/b' }]),
    ];
    const { slack, use, clock } = await openAlerts(databases, [scope([], { limits })]);
    for (const { name } of limits) await use(800, { scope: `crm/${name}` });
    const days = `2026-11-01..${new Date(clock.now()).toISOString().slice(0, 10)}`;
    const offered = slack
      .messages(CHANNEL)
      .map(({ blocks }) => commandOf(blocks, 'Top clients') ?? commandOf(blocks, 'What it called'));
    expect(offered.filter((command) => command !== undefined)).toEqual([
      `top clients ${days} scope:crm method:post route:/v1/*`,
      `top clients ${days} scope:crm client:bot-* client:crawler`,
      `client "Acme CRM" ${days} scope:crm`,
      `top clients ${days} scope:crm`,
    ]);
    slack.assertNoProblems();
  });

  it('foretell by the usual pace, or by that of today where a pool runs out sooner at it', async () => {
    const { slack, use, world, clock } = await openAlerts(databases, [
      MONTHLY,
      { ...MONTHLY, name: 'erp', title: 'ERP' },
    ]);
    for (let day = 1; day <= 10; day += 1)
      for (const name of ['crm', 'erp'])
        world.events.push({ timeMs: clock.now() - day * DAY, scope: name, count: name === 'crm' ? 75 : 30 });
    await use(1);
    expect(slack.messages(CHANNEL)[0]!.text).toContain('Runs out on Mon 23 Nov 16:40 (UTC).');
    await use(450, { scope: 'erp' });
    const erp = slack.messages(CHANNEL).find(({ text }) => text.includes('ERP has used 75%'))!;
    expect(erp.text).toMatch(/Runs out around .* at today’s pace\./);
  });

  it('foretell of 24 hours by the pace of the last hour, and what leaves the window meanwhile', async () => {
    const { slack, use, world, clock } = await openAlerts(databases, [
      ROLLING,
      { ...ROLLING, name: 'erp', title: 'ERP' },
    ]);
    const at = clock.now();
    world.events.push({ timeMs: at - 10 * HOUR, scope: 'crm', count: 540 });
    // As many credits as are left will soon leave the window.
    world.events.push({ timeMs: at - 23 * HOUR, scope: 'erp', count: 740 });
    await use(210);
    const soon = Math.floor((at + (250 / 210) * HOUR) / 1000);
    const [, told] = /Runs out around <!date\^(\d+)\^\{time\}/.exec(slack.messages(CHANNEL)[0]!.text)!;
    expect(Math.abs(Number(told) - soon)).toBeLessThan(180);
    await use(10, { scope: 'erp' });
    expect(slack.messages(CHANNEL).at(-1)!.text).toContain('It will not run out at the pace of the last hour.');
  });

  it('tell the highest alone when several are passed at once', async () => {
    const { use, posted, told } = await openAlerts(databases, [MONTHLY]);
    await use(950);
    await use(10);
    // The chart was added by an edit, which mentions nobody.
    expect(told()).toEqual(['🔴 CRM has used 95% of its monthly credits (950 of 1,000)']);
    expect(posted()).toEqual([`${MENTION} 🔴 CRM has used 95% of its monthly credits (950 of 1,000)`]);
  });

  it('mention nobody while a later pool has something left, and say which one goes on', async () => {
    const annual = pool('Annual add-on', 5000, { priority: 2, order: 1, period: { kind: 'year' } });
    const { slack, use, told } = await openAlerts(databases, [scope([pool('Monthly credits', 1000), annual])]);
    await use(950);
    expect(slack.messages(CHANNEL)[0]!.text).toContain('Next: the annual add-on (5,000 left).');
    await use(100);
    expect(told()).toEqual([
      '🔵 CRM is out of monthly credits (1,000 of 1,000)',
      '🔵 CRM: monthly credits used up (1,000 of 1,000); calls now draw from the annual add-on (4,950 left). Nothing is blocked.',
    ]);
    expect(slack.messages(CHANNEL).every(({ text }) => !text.includes('subteam'))).toBe(true);
    expect(slack.messages(CHANNEL)).toHaveLength(2);
  });

  it('leave the switch to be told in the thread where levels are off', async () => {
    const annual = pool('Annual add-on', 5000, { priority: 2, order: 1, period: { kind: 'year' } });
    const { routes, use, told } = await openAlerts(databases, [scope([pool('Monthly credits', 1000), annual])]);
    await routes.change({ kinds: { level: false } }, ADMIN);
    await use(1050);
    expect(told()).toEqual(['🔵 CRM: monthly credits used up (1,000)']);
  });

  it('are armed again by a raised amount for the levels that it takes back, and by nothing else', async () => {
    const { declare, use, run, told } = await openAlerts(databases, [MONTHLY]);
    await use(950);
    // A correction lowers the use below the level, and the level is reached again.
    await use(-200);
    await use(200);
    expect(told()).toHaveLength(1);
    await declare([scope([pool('Monthly credits', 1200)])]);
    await run();
    expect(told()).toHaveLength(1);
    await use(150);
    expect(
      told()
        .slice(1)
        .map((line) => line.replace(/, runs out.*/, '')),
    ).toEqual([`${MENTION} 🔴 CRM: 91.7% of monthly credits used (1,100 of 1,200)`]);
    await use(10);
    expect(told()).toHaveLength(2);
  });

  it('follow from amounts and use, not from having been looked at between a raise and a crossing', async () => {
    const { world, clock, declare, use, run, told, slack } = await openAlerts(databases, [MONTHLY]);
    await use(950);
    clock.advance(HOUR);
    await declare([scope([pool('Monthly credits', 1100)])]);
    clock.advance(HOUR);
    await use(45);
    expect(told()).toHaveLength(2);
    expect(told()[1]).toContain('90.5% of monthly credits used (995 of 1,100)');
    expect(slack.messages(CHANNEL)[0]!.text).toContain('90% of 1,100');
    // The amount was raised far above and lowered again between two evaluations: that armed the levels again.
    clock.advance(HOUR);
    await declare([scope([pool('Monthly credits', 5000)])]);
    clock.advance(1000);
    await declare([scope([pool('Monthly credits', 1100)])]);
    await run();
    expect(told()).toHaveLength(3);
    // The level stays reached under the raised amount, so it is not armed again.
    world.events.push({ timeMs: clock.now(), scope: 'crm', count: 5 });
    clock.advance(HOUR);
    await declare([scope([pool('Monthly credits', 1105)])]);
    clock.advance(HOUR);
    await use(10);
    expect(told()).toHaveLength(3);
  });

  it('come at once under a lowered amount that use has passed', async () => {
    const { declare, use, run, told } = await openAlerts(databases, [MONTHLY]);
    await use(500);
    expect(told()).toEqual([]);
    await declare([scope([pool('Monthly credits', 500)])]);
    await run();
    expect(told()).toHaveLength(1);
  });

  it('begin anew with the next period, and late calls of the last one alert nobody', async () => {
    const { clock, use, told } = await openAlerts(databases, [MONTHLY]);
    await use(800);
    clock.set(Date.parse('2026-12-01T00:00:30Z'));
    await use(150, { timeMs: Date.parse('2026-11-30T23:00:00Z') });
    expect(told()).toHaveLength(1);
    await use(800);
    expect(told()).toHaveLength(2);
  });

  it('say on their message that they are over, with nothing to acknowledge any more', async () => {
    const { slack, use, run, clock, posted } = await openAlerts(databases, [ROLLING]);
    await use(760);
    clock.advance(2 * HOUR);
    await use(260);
    const before = posted().length;
    const parent = () => slack.messages(CHANNEL)[0]!;
    expect(parent().text).toContain('Calls now count as overage');
    expect(JSON.stringify(parent().blocks)).toContain('Acknowledge');
    // The first calls leave the window; the episode ends an hour after that.
    clock.advance(22 * HOUR);
    await run();
    const below = Math.floor(clock.now() / 60_000);
    expect(parent().text).toContain('Calls now count as overage');
    clock.advance(HOUR);
    await run();
    const [title, history, ...more] = parent().text.split('\n');
    expect(title).toBe('🔵 CRM has used 26% of its daily credits (260 of 1,000)');
    expect(history!.replaceAll(/<!date.*?>/g, 'TIME')).toBe('75% TIME · used up TIME · below 75% since TIME');
    expect(Number(/below 75% since <!date\^(\d+)/.exec(history!)![1])).toBeCloseTo(below * 60, -2);
    // The message may be read days later: its first time has a date, and so has the first of each further day.
    const shapes = [...history!.matchAll(/<!date\^\d+\^([^|]+)\|([^>]+)>/g)].map(([, shape, fallback]) => [
      shape,
      fallback,
    ]);
    expect(shapes.map(([shape]) => shape)).toEqual(['{date_short} {time}', '{time}', '{date_short} {time}']);
    for (const at of [0, 2]) expect(shapes[at]![1]).toMatch(/^[A-Z][a-z]{2} \d+ [A-Z][a-z]{2} \d\d:\d\d UTC$/);
    expect(more).toEqual([]);
    expect(JSON.stringify(parent().blocks)).not.toMatch(/Acknowledge|overage/);
    // The message was only edited, which notifies nobody.
    expect(posted()).toHaveLength(before);
    // A level that is reached again later is a new alert.
    await use(600);
    expect(posted()).toHaveLength(before + 1);
    expect(parent().text).toContain('below 75% since');
    slack.assertNoProblems();
  });

  it('are over with their period, with a raised amount, and with their pool; a level told after that reopens them', async () => {
    const { slack, use, run, clock, declare } = await openAlerts(databases, [MONTHLY]);
    const first = () => slack.messages(CHANNEL)[0]!.text;
    await use(900);
    await declare([scope([pool('Monthly credits', 2000)])]);
    await run();
    expect(first()).toMatch(/^🔵 CRM has used 45% of its monthly credits \(900 of 2,000\)\n90% .* · below 75% since /);
    await use(650);
    expect(first()).toMatch(/^🟠 CRM has used 77.5% of its monthly credits/);
    expect(first()).not.toContain('below');
    expect(JSON.stringify(slack.messages(CHANNEL)[0]!.blocks)).toContain('Acknowledge');
    clock.advance(20 * DAY);
    await run();
    expect(first()).toMatch(/^🔵 CRM has used 0% of its monthly credits \(0 of 2,000\)\n.* · reset <!date/);
    await use(1600);
    const newest = () => slack.messages(CHANNEL).at(-1)!.text;
    expect(newest()).toMatch(/^🟠 CRM has used 80%/);
    await declare([scope([pool('Other credits', 2000)])]);
    await run();
    const texts = slack.messages(CHANNEL).map(({ text }) => text);
    expect(texts.filter((text) => /^🔵 CRM: Monthly credits is no longer in force\n/.test(text))).toHaveLength(1);
    slack.assertNoProblems();
  });

  it('of a rolling pool come once per episode, which ends after an hour below the lowest threshold', async () => {
    const { world, clock, use, run, told } = await openAlerts(databases, [ROLLING]);
    await use(760);
    expect(told()).toEqual(['🟠 CRM has used 76% of its daily credits (760 of 1,000)']);
    // Half an hour below does not end the episode.
    world.events[0] = { ...world.events[0]!, count: 700 };
    await run();
    clock.advance(HOUR / 2);
    await use(60);
    expect(told()).toHaveLength(1);
    world.events[0] = { ...world.events[0]!, count: 600 };
    await run();
    clock.advance(HOUR);
    await run();
    await use(200);
    expect(told()).toHaveLength(2);
  });

  it('of a rolling pool are told again after a lull in which nobody looked', async () => {
    const { world, clock, use, told, reopen } = await openAlerts(databases, [ROLLING]);
    await use(760);
    // While the bot is down, the calls leave the window and as many new ones arrive.
    clock.advance(26 * HOUR);
    world.events.push({ timeMs: clock.now() - 1000, scope: 'crm', count: 800 });
    const { evaluator, sender } = reopen();
    await evaluator.evaluate(clock.now());
    await sender.settle();
    expect(told()).toEqual([
      '🟠 CRM has used 76% of its daily credits (760 of 1,000)',
      '🟠 CRM has used 80% of its daily credits (800 of 1,000)',
    ]);
  });

  it('of a rolling pool behind another are told again after a lull of its own, however busy the scope was', async () => {
    const bundle = pool('Bundle', 1000);
    const daily = pool('Daily credits', 1000, { period: { kind: 'rolling-24h' }, priority: 2, order: 1 });
    const { world, clock, use, told, reopen } = await openAlerts(databases, [scope([bundle, daily])]);
    clock.set(Date.parse('2026-11-30T08:00:00Z'));
    world.events.push({ timeMs: clock.now() - DAY, scope: 'crm', count: 1000 });
    await use(760);
    expect(told().at(-1)).toBe('🟠 CRM has used 76% of its daily credits (760 of 1,000)');
    // No evaluation runs while the new month's bundle gives everything; then it is empty too.
    world.events.push({ timeMs: Date.parse('2026-12-01T07:00:00Z'), scope: 'crm', count: 1000 });
    world.events.push({ timeMs: Date.parse('2026-12-02T06:00:00Z'), scope: 'crm', count: 800 });
    clock.set(Date.parse('2026-12-02T06:00:01Z'));
    const { evaluator, sender } = reopen();
    await evaluator.evaluate(clock.now());
    for (let second = 0; second < 4; second += 1) {
      await sender.settle();
      clock.advance(1000);
    }
    expect(told()).toContain('🟠 CRM has used 80% of its daily credits (800 of 1,000)');
  });

  it('foretell nothing of a pool that calls do not draw from now', async () => {
    const once = { kind: 'once' as const, fromDay: 20_454, untilDay: 20_818 };
    const addon = (base: number) => pool('Add-on', base, { period: once, priority: 2, order: 1 });
    const { slack, clock, world, declare, run } = await openAlerts(databases, [
      scope([pool('Bundle', 1000), addon(5000)]),
    ]);
    world.events.push({ timeMs: Date.parse('2026-10-05T08:00:00Z'), scope: 'crm', count: 1500 });
    world.events.push({ timeMs: clock.now() - 1000, scope: 'crm', count: 300 });
    await declare([scope([pool('Bundle', 1000), addon(600)])]);
    await run();
    const { text } = slack.messages(CHANNEL)[0]!;
    expect(text).toContain('CRM has used 83.3% of its add-on (500 of 600)');
    expect(text).not.toMatch(/Runs out around/);
  });

  it('have their links at amber and red, whatever goes on behind, and none once another pool goes on', async () => {
    const annual = pool('Annual add-on', 5000, { priority: 2, order: 1, period: { kind: 'year' } });
    const links = { addon: 'https://example.com/add-on', upgrade: 'https://example.com/plans' };
    const { slack, use } = await openAlerts(databases, [scope([pool('Monthly credits', 1000), annual], { links })], {
      ...{ channel: CHANNEL, picture: true },
    });
    const signsIn = (value: unknown) => [...new Set(JSON.stringify(value).match(/🔵|🟠|🔴|⛔/gu))];
    const parent = () => slack.messages(CHANNEL)[0]!;
    for (const [used, sign, offered] of [
      [750, '🟠', Object.values(links)],
      [150, '🔴', Object.values(links)],
      [100, '🔵', []],
    ] as const) {
      await use(used);
      const { text, blocks = [] } = parent();
      expect(Object.values(links).filter((url) => JSON.stringify(blocks).includes(`"url":"${url}"`))).toEqual(offered);
      // The text for screen readers has the same level as the blocks.
      expect([signsIn(text), signsIn(blocks)]).toEqual([[sign], [sign]]);
    }
    slack.assertNoProblems();
  });

  it('take their thresholds from the pool; an amount of nothing is used up by the first call', async () => {
    const { use, told } = await openAlerts(databases, [
      scope([pool('Half', 1000, { thresholds: [50] })]),
      scope([pool('None', 0)], { name: 'free', title: 'Free' }),
    ]);
    await use(500);
    expect(told()).toEqual(['🟠 CRM has used 50% of its half (500 of 1,000)']);
    await use(1, { scope: 'free' });
    expect(told()[1]).toContain('⛔ Free is o');
  });

  it('go to the admins by direct message where there is no channel', async () => {
    const { slack, use } = await openAlerts(databases, [MONTHLY], { channel: undefined, admins: [ADMIN.user, OWNER] });
    await use(800);
    await use(100);
    for (const admin of [ADMIN.user, OWNER])
      expect(slack.directMessages(admin).filter(({ text }) => text.includes('credits'))).toHaveLength(2);
    slack.assertNoProblems();
  });

  it('have somewhere to go while Slack cannot say who the admins are', async () => {
    const asked = { fails: false };
    const admins = {
      channel: undefined,
      get admins(): string[] {
        if (asked.fails) throw new Error('Slack is away');
        return [ADMIN.user];
      },
    };
    const { slack, run, use } = await openAlerts(databases, [MONTHLY], admins);
    await run();
    asked.fails = true;
    await use(800);
    expect(slack.directMessages(ADMIN.user)[0]!.text).toContain('CRM has used 80%');
  });

  it('tell the admins when their channel refuses them, with the cure', async () => {
    const { slack, use, run } = await openAlerts(databases, [MONTHLY], { channel: CHANNEL, admins: [ADMIN.user] });
    await slack.archive(CHANNEL);
    await use(800);
    await run();
    const [notice, ...more] = slack.directMessages(ADMIN.user);
    expect(more).toEqual([]);
    expect(notice!.text).toContain('CRM has used 80%');
    expect(notice!.text).toContain('unarchive');
  });

  it('are acknowledged once, by whoever was first; the history of the parent says so', async () => {
    const { slack, use, alerts, run } = await openAlerts(databases, [MONTHLY]);
    await use(800);
    await use(100);
    const [newest] = await alerts.list();
    await alerts.acknowledge({ what: newest!.id }, MEMBER);
    await alerts.acknowledge({ what: newest!.id }, ADMIN);
    await run();
    const shown = slack.messages(CHANNEL).filter(({ text }) => text.includes('acknowledged'));
    expect(shown).toHaveLength(1);
    expect(shown[0]!.text).toMatch(/^75% .* · 90% .* · acknowledged by <@U0000000001> <!date/m);
    expect(commandOf(shown[0]!.blocks, 'Acknowledge')).toBeUndefined();
    expect((await alerts.list())[0]).toMatchObject({ acknowledgedBy: OWNER });
    slack.assertNoProblems();
  });

  it('are acknowledged at each level: the parent asks for it again once a further one is told', async () => {
    const { slack, use, alerts, run } = await openAlerts(databases, [MONTHLY]);
    const acknowledge = async () => {
      const [newest] = await alerts.list();
      await alerts.acknowledge({ what: newest!.id }, MEMBER);
      await run();
    };
    await use(800);
    await acknowledge();
    await use(100);
    const parent = () => slack.messages(CHANNEL)[0]!;
    expect(parent().text).toContain('CRM has used 90%');
    expect(commandOf(parent().blocks, 'Acknowledge')).toBeDefined();
    await acknowledge();
    // Only the last acknowledgement is shown.
    expect(parent().text.match(/acknowledged/g)).toHaveLength(1);
    expect(commandOf(parent().blocks, 'Acknowledge')).toBeUndefined();
  });

  it('mention on-call from 90 percent on, wherever the thresholds are', async () => {
    const scopes = [[90], [75, 90, 95], [50, 70]].map((thresholds, n) =>
      scope([pool('Monthly', 1000, { thresholds })], { name: `s${n}`, title: `S${n}` }),
    );
    const { use, posted } = await openAlerts(databases, scopes);
    for (const used of [510, 200, 50, 145]) for (const { name } of scopes) await use(used, { scope: name });
    const mentioned = posted().filter((line) => line.startsWith('<!subteam'));
    expect(mentioned.map((line) => /S\d\b.*?\d%/.exec(line)![0]).sort()).toEqual([
      'S0 has used 90.5%',
      'S1: 90.5%',
      'S2: 71%',
    ]);
  });

  it('say of the last pool when calls have one again: at the next reset of the stack, or never', async () => {
    const once = { kind: 'once' as const, fromDay: 20_454, untilDay: 20_818 };
    const last = pool('Add-on', 500, { period: once, priority: 2, order: 1 });
    const { slack, use } = await openAlerts(databases, [
      scope([pool('Monthly', 1000), last]),
      scope([last], { name: 'erp', title: 'ERP' }),
    ]);
    await use(1500);
    await use(500, { scope: 'erp' });
    const used = (title: string) =>
      slack.messages(CHANNEL).find(({ text }) => text.includes(`${title} is out of add-on`))!.text;
    expect(used('CRM')).toMatch(/Calls now count as overage until the reset of monthly \(1.+30 Nov 2026\)\. Pause/);
    expect(used('ERP')).toContain('Calls now count as overage; no pool of this scope resets. Pause');
  });

  it('are muted by admins until a time; what was reached meanwhile is told then, the highest alone', async () => {
    const { clock, use, alerts, run, posted } = await openAlerts(databases, [MONTHLY]);
    await expect(alerts.mute({ what: 'crm' }, MEMBER)).rejects.toThrow('admins');
    await alerts.mute({ what: 'crm', untilMs: clock.now() + HOUR }, ADMIN);
    await use(800);
    await use(120);
    expect(posted()).toEqual([]);
    clock.advance(HOUR);
    await run();
    expect(posted()).toEqual([`${MENTION} 🔴 CRM has used 92% of its monthly credits (920 of 1,000)`]);
    await expect(alerts.mute({ what: 'no such pool' }, ADMIN)).rejects.toThrow('no alert');
  });

  it('are acknowledged all at once where none is named: those that hold, each told by its title', async () => {
    const scopes = ['crm', 'erp'].map((name) => scope([pool('Monthly', 1000)], { name, title: name.toUpperCase() }));
    const { alerts, use } = await openAlerts(databases, scopes);
    await expect(alerts.acknowledge({}, MEMBER)).rejects.toThrow('nothing to acknowledge');
    for (const { name } of scopes) await use(800, { scope: name });
    expect(await alerts.acknowledge({}, MEMBER)).toEqual([
      expect.stringMatching(/^ERP has used 80%/),
      expect.stringMatching(/^CRM has used 80%/),
    ]);
    expect(await alerts.acknowledge({}, ADMIN)).toEqual([]);
  });

  it('can be tested the same way as real ones', async () => {
    const { routes, run, told } = await openAlerts(databases, []);
    await routes.test(ADMIN);
    await run();
    expect(told()).toEqual(['TEST 🔴 This is how an alert arrives']);
  });
});

describeEachDialect('alerts of several instances', (databases) => {
  it('do not come again after a restart, nor from two instances at once', async () => {
    const { world, clock, reopen, told, sender, evaluator } = await openAlerts(databases, [MONTHLY]);
    world.events.push({ timeMs: clock.now() - 1, scope: 'crm', count: 800 });
    const [second, third] = [reopen(), reopen()];
    await Promise.all([evaluator, second.evaluator, third.evaluator].map((each) => each.evaluate(clock.now())));
    await Promise.all([sender.settle(), second.sender.settle(), third.sender.settle()]);
    await reopen().evaluator.evaluate(clock.now());
    await sender.settle();
    expect(told()).toEqual(['🟠 CRM has used 80% of its monthly credits (800 of 1,000)']);
  });

  it('lose none where two instances claim different levels at the same moment', async () => {
    const { db, clock, sender, told, slack } = await openAlerts(databases, []);
    const claim = (level: number) => ({
      ...{ key: `alert:crm/Monthly:now:${level}:0`, subject: 'crm/Monthly', period: 'now' },
      content: {
        ...{ kind: 'level' as const, sign: '🟠' as const, title: `reached ${level}%`, lines: [] },
        ...{ mention: false, level },
      },
    });
    const raised = await Promise.all(
      [75, 90, 75, 90].map((level) =>
        db
          .transaction()
          .execute((trx) => claimAlert(trx, claim(level), { targets: [CHANNEL], webhook: false, nowMs: clock.now() })),
      ),
    );
    expect(raised.filter(Boolean)).toHaveLength(2);
    for (let second = 0; second < 4; second += 1) {
      await sender.settle();
      clock.advance(1000);
    }
    expect(slack.messages(CHANNEL).filter(({ thread_ts, ts }) => thread_ts && thread_ts !== ts)).toHaveLength(1);
    expect(told()).toHaveLength(2);
  });

  it('of a rolling pool stay one episode, whichever instance looked when', async () => {
    const { world, clock, told, reopen, evaluator, sender } = await openAlerts(databases, [ROLLING]);
    const [first, second] = [evaluator, reopen().evaluator];
    const look = async (who: typeof evaluator, used: number) => {
      world.events = [{ timeMs: clock.now() - HOUR, scope: 'crm', count: used }];
      await who.evaluate(clock.now());
      await sender.settle();
    };
    await look(first, 760);
    await look(second, 700);
    clock.advance(HOUR / 6);
    // The level is reached again within the hour; the first instance saw nothing in between.
    await look(first, 770);
    clock.advance(HOUR);
    await look(first, 700);
    clock.advance(1000);
    await look(first, 760);
    expect(told()).toEqual(['🟠 CRM has used 76% of its daily credits (760 of 1,000)']);
  });
});
