import { expect, it } from 'vitest';
import type { Limit } from '../../src/domain/definition.ts';
import { claimAlert } from '../../src/schedule/alert-claims.ts';
import { CHANNEL, OWNER } from '../delivery/slack-stage.ts';
import { describeEachDialect } from '../support/databases.ts';
import { commandOf, ONCALL, openAlerts, pool, scope } from './alert-stage.ts';

const ADMIN = { user: 'U0000000002', zone: 'UTC', admin: true };
const MEMBER = { user: OWNER, zone: 'UTC', admin: false };
const HOUR = 3_600_000;

describeEachDialect('alerts on levels', (databases) => {
  it('come once per level; a later one replies, is shown in the channel, and updates the parent', async () => {
    const { slack, use, run, told } = await openAlerts(databases, [scope([pool('Monthly', 1000)])]);
    await use(749);
    expect(told()).toEqual([]);
    await use(1);
    expect(told()).toEqual(['🟠 Monthly of CRM reached 75%']);
    await run();
    await use(100);
    expect(told()).toHaveLength(1);
    await use(50);
    await use(100);
    const channel = slack.messages(CHANNEL);
    const parent = channel[0]!;
    const broadcasts = channel.filter(({ subtype }) => subtype === 'thread_broadcast');
    expect(broadcasts.map(({ text }) => text.split('\n')[0])).toEqual([
      `<!subteam^${ONCALL}> 🔴 Monthly of CRM reached 90%`,
      `<!subteam^${ONCALL}> ⛔ Monthly of CRM is used up: 100%`,
    ]);
    expect(broadcasts.every(({ thread_ts }) => thread_ts === parent.ts)).toBe(true);
    expect(parent.text).toContain('is used up: 100%');
    // The line in the thread has mentioned on-call: the edit does not again.
    expect(JSON.stringify(parent)).not.toContain(ONCALL);
    expect(parent.text).toContain('1,000 of 1,000 used (100%), 0 left');
    slack.assertNoProblems();
  });

  it('offer who used the period up to today, today included', async () => {
    const { slack, use, clock } = await openAlerts(databases, [scope([pool('Monthly', 1000)])]);
    await use(800);
    const today = new Date(clock.now()).toISOString().slice(0, 10);
    const first = `${today.slice(0, 7)}-01`;
    expect(first).not.toBe(today);
    expect(JSON.stringify(slack.messages(CHANNEL)[0]!.blocks)).toContain(
      JSON.stringify(`top clients ${first}..${today} scope:crm`),
    );
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
    const offered = slack.messages(CHANNEL).map(({ blocks }) => commandOf(blocks, 'Who did it'));
    expect(offered.filter((command) => command !== undefined)).toEqual([
      `top clients ${days} scope:crm method:post route:/v1/*`,
      `top clients ${days} scope:crm client:bot-* client:crawler`,
      `client "Acme CRM" ${days} scope:crm`,
      `top clients ${days} scope:crm`,
    ]);
    slack.assertNoProblems();
  });

  it('foretell nothing from a single day, and that a pool lasts where its usual pace says so', async () => {
    const { slack, use, world, clock } = await openAlerts(databases, [scope([pool('Monthly', 1000)])]);
    await use(800);
    expect(slack.messages(CHANNEL)[0]!.text).not.toContain('Forecast');
    const DAY = 24 * HOUR;
    for (let day = 1; day <= 10; day += 1)
      world.events.push({ timeMs: clock.now() - day * DAY, scope: 'crm', count: 1 });
    await use(95);
    expect(slack.messages(CHANNEL).map(({ text }) => text)).toContainEqual(
      expect.stringContaining('Forecast: will last until the reset (UTC).'),
    );
  });

  it('tell the highest alone when several are passed at once', async () => {
    const { use, told } = await openAlerts(databases, [scope([pool('Monthly', 1000)])]);
    await use(950);
    await use(10);
    expect(told()).toEqual([`<!subteam^${ONCALL}> 🔴 Monthly of CRM reached 90%`]);
  });

  it('do not come again after a restart, nor from two instances at once', async () => {
    const { world, clock, reopen, told, sender, alerts } = await openAlerts(databases, [
      scope([pool('Monthly', 1000)]),
    ]);
    world.events.push({ timeMs: clock.now() - 1, scope: 'crm', count: 800 });
    const [second, third] = [reopen(), reopen()];
    await Promise.all([alerts, second.alerts, third.alerts].map((each) => each.evaluate(clock.now())));
    await Promise.all([sender.settle(), second.sender.settle(), third.sender.settle()]);
    await reopen().alerts.evaluate(clock.now());
    await sender.settle();
    expect(told()).toEqual(['🟠 Monthly of CRM reached 75%']);
  });

  it('lose none where two instances claim different levels at the same moment', async () => {
    const { db, clock, sender, told, slack } = await openAlerts(databases, []);
    const claim = (level: number) => ({
      ...{ key: `alert:crm/Monthly:now:${level}:0`, kind: 'level', subject: 'crm/Monthly', period: 'now', level },
      content: { kind: 'level' as const, title: `reached ${level}%`, lines: [], mention: false, level },
    });
    const raised = await Promise.all(
      [75, 90, 75, 90].map((level) =>
        db.transaction().execute((trx) => claimAlert(trx, claim(level), [CHANNEL], clock.now())),
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

  it('mention nobody while a later pool has something left, and tell the switch in the thread', async () => {
    const annual = pool('Annual', 5000, { priority: 2, order: 1, period: { kind: 'year' } });
    const { slack, use, told } = await openAlerts(databases, [scope([pool('Monthly', 1000), annual])]);
    await use(950);
    await use(100);
    expect(told()).toEqual(['⛔ Monthly of CRM is used up: 100%', '⛔ Monthly of CRM is used up: 100%']);
    expect(slack.messages(CHANNEL).every(({ text }) => !text.includes('subteam'))).toBe(true);
    const notes = slack.messages(CHANNEL).filter(({ text }) => text.includes('now draws from Annual'));
    expect(notes).toHaveLength(1);
    expect(notes[0]!).toMatchObject({ thread_ts: slack.messages(CHANNEL)[0]!.ts });
    expect(notes[0]!.subtype).toBeUndefined();
    expect(notes[0]!.text).toContain('Annual has 4,950 left');
  });

  it('are armed again by a raised amount for the levels that it takes back, and by nothing else', async () => {
    const { declare, use, run, told } = await openAlerts(databases, [scope([pool('Monthly', 1000)])]);
    await use(950);
    // A correction takes use back below the level, and it is reached again.
    await use(-200);
    await use(200);
    expect(told()).toHaveLength(1);
    await declare([scope([pool('Monthly', 1200)])]);
    await run();
    expect(told()).toHaveLength(1);
    await use(150);
    expect(told().slice(1)).toEqual([`<!subteam^${ONCALL}> 🔴 Monthly of CRM reached 90%`]);
    await use(10);
    expect(told()).toHaveLength(2);
  });

  it('follow from amounts and use, not from having been looked at between a raise and a crossing', async () => {
    const { world, clock, declare, use, run, told } = await openAlerts(databases, [scope([pool('Monthly', 1000)])]);
    await use(950);
    clock.advance(HOUR);
    await declare([scope([pool('Monthly', 1100)])]);
    clock.advance(HOUR);
    await use(45);
    expect(told()).toHaveLength(2);
    expect(told()[1]).toContain('90%');
    // Raised far above and taken back before anybody looked: the levels were armed in between.
    clock.advance(HOUR);
    await declare([scope([pool('Monthly', 5000)])]);
    clock.advance(1000);
    await declare([scope([pool('Monthly', 1100)])]);
    await run();
    expect(told()).toHaveLength(3);
    // Reached under the raised amount too: not armed again.
    world.events.push({ timeMs: clock.now(), scope: 'crm', count: 5 });
    clock.advance(HOUR);
    await declare([scope([pool('Monthly', 1105)])]);
    clock.advance(HOUR);
    await use(10);
    expect(told()).toHaveLength(3);
  });

  it('come at once under a lowered amount that use has passed', async () => {
    const { declare, use, run, told } = await openAlerts(databases, [scope([pool('Monthly', 1000)])]);
    await use(500);
    expect(told()).toEqual([]);
    await declare([scope([pool('Monthly', 500)])]);
    await run();
    expect(told()).toHaveLength(1);
  });

  it('begin anew with the next period, and late calls of the last one alert nobody', async () => {
    const { clock, use, told } = await openAlerts(databases, [scope([pool('Monthly', 1000)])]);
    await use(800);
    clock.set(Date.parse('2026-12-01T00:00:30Z'));
    await use(150, { timeMs: Date.parse('2026-11-30T23:00:00Z') });
    expect(told()).toHaveLength(1);
    await use(800);
    expect(told()).toHaveLength(2);
  });

  it('of a rolling pool come once per episode, which ends after an hour below the lowest threshold', async () => {
    const rolling = pool('Daily', 1000, { period: { kind: 'rolling-24h' } });
    const { world, clock, use, run, told } = await openAlerts(databases, [scope([rolling])]);
    await use(760);
    expect(told()).toEqual(['🟠 Daily of CRM reached 75%']);
    // Below for half an hour, then reached again: the same episode.
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

  it('take their thresholds from the pool; an amount of nothing is used up by the first call', async () => {
    const pools = [pool('Half', 1000, { thresholds: [50] })];
    const { use, told } = await openAlerts(databases, [
      scope(pools),
      scope([pool('None', 0)], { name: 'free', title: 'Free' }),
    ]);
    await use(500);
    expect(told()).toEqual(['🟠 Half of CRM reached 50%']);
    await use(1, { scope: 'free' });
    expect(told()[1]).toContain('None of Free is used up');
  });

  it('go to the admins by direct message where there is no channel', async () => {
    const { slack, use } = await openAlerts(databases, [scope([pool('Monthly', 1000)])], {
      channel: undefined,
      admins: [ADMIN.user, OWNER],
    });
    await use(800);
    await use(100);
    for (const admin of [ADMIN.user, OWNER]) {
      const texts = slack.directMessages(admin).filter(({ text }) => text.includes('reached'));
      expect(texts).toHaveLength(2);
    }
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
    const { slack, run, use } = await openAlerts(databases, [scope([pool('Monthly', 1000)])], admins);
    await run();
    asked.fails = true;
    await use(800);
    expect(slack.directMessages(ADMIN.user)[0]!.text).toContain('reached 75%');
  });

  it('tell the admins when their channel refuses them, with the cure', async () => {
    const { slack, use, run } = await openAlerts(databases, [scope([pool('Monthly', 1000)])], {
      channel: CHANNEL,
      admins: [ADMIN.user],
    });
    await slack.archive(CHANNEL);
    await use(800);
    await run();
    const [notice, ...more] = slack.directMessages(ADMIN.user);
    expect(more).toEqual([]);
    expect(notice!.text).toContain('Monthly of CRM reached 75%');
    expect(notice!.text).toContain('unarchive');
  });

  it('are acknowledged once, by whoever was first, in every message of the period', async () => {
    const { slack, use, alerts, run } = await openAlerts(databases, [scope([pool('Monthly', 1000)])]);
    await use(800);
    await use(100);
    const [newest] = await alerts.list();
    await alerts.acknowledge({ what: newest!.id }, MEMBER);
    await alerts.acknowledge({ what: newest!.id }, ADMIN);
    for (let pass = 0; pass < 3; pass += 1) await run();
    const shown = slack.messages(CHANNEL).filter(({ text }) => text.includes(`Acknowledged by <@${OWNER}>`));
    expect(shown).toHaveLength(2);
    expect((await alerts.list())[0]).toMatchObject({ acknowledgedBy: OWNER });
    slack.assertNoProblems();
  });

  it('are acknowledged at each level: the parent says so again after it was raised', async () => {
    const { slack, use, alerts, run } = await openAlerts(databases, [scope([pool('Monthly', 1000)])]);
    const acknowledge = async () => {
      const [newest] = await alerts.list();
      await alerts.acknowledge({ what: newest!.id }, MEMBER);
      for (let pass = 0; pass < 3; pass += 1) await run();
    };
    await use(800);
    await acknowledge();
    await use(100);
    expect(slack.messages(CHANNEL)[0]!.text).toContain('reached 90%');
    expect(slack.messages(CHANNEL)[0]!.text).not.toContain('Acknowledged');
    await acknowledge();
    const told = slack.messages(CHANNEL).filter(({ text }) => text.includes('reached 90%'));
    expect(told).toHaveLength(2);
    for (const { text } of told) expect(text).toContain(`Acknowledged by <@${OWNER}>`);
  });

  it('of a rolling pool stay one episode, whichever instance looked when', async () => {
    const rolling = pool('Daily', 1000, { period: { kind: 'rolling-24h' } });
    const { world, clock, told, reopen, alerts, sender } = await openAlerts(databases, [scope([rolling])]);
    const [first, second] = [alerts, reopen().alerts];
    const look = async (who: typeof alerts, used: number) => {
      world.events = [{ timeMs: clock.now() - HOUR, scope: 'crm', count: used }];
      await who.evaluate(clock.now());
      await sender.settle();
    };
    await look(first, 760);
    await look(second, 700);
    clock.advance(HOUR / 6);
    // Reached again within the hour, and the first has seen nothing else.
    await look(first, 770);
    clock.advance(HOUR);
    await look(first, 700);
    clock.advance(1000);
    await look(first, 760);
    expect(told()).toEqual(['🟠 Daily of CRM reached 75%']);
  });

  it('mention on-call from 90 percent on, wherever the thresholds are', async () => {
    const scopes = [[90], [75, 90, 95], [50, 70]].map((thresholds, n) =>
      scope([pool('Monthly', 1000, { thresholds })], { name: `s${n}`, title: `S${n}` }),
    );
    const { use, told } = await openAlerts(databases, scopes);
    for (const used of [510, 200, 50, 145]) for (const { name } of scopes) await use(used, { scope: name });
    const mentioned = told().filter((line) => line.startsWith('<!subteam'));
    const levels = new Set(mentioned.map((line) => line.replace(/^.* Monthly of /, '')));
    expect([...levels].sort()).toEqual(['S0 reached 90%', 'S1 reached 90%', 'S2 reached 70%']);
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
      slack.messages(CHANNEL).find(({ text }) => text.includes(`Add-on of ${title} is used up`))!.text;
    expect(used('CRM')).toContain('Further calls count as overage until the reset of Monthly (1 – 30 Nov 2026): pause');
    expect(used('ERP')).toContain('Further calls count as overage, and no pool of this scope begins anew: pause');
  });

  it('are muted by admins until a time; what was reached meanwhile is told then, the highest alone', async () => {
    const { clock, use, alerts, run, told } = await openAlerts(databases, [scope([pool('Monthly', 1000)])]);
    await expect(alerts.mute({ what: 'crm' }, MEMBER)).rejects.toThrow('admins');
    await alerts.mute({ what: 'crm', untilMs: clock.now() + HOUR }, ADMIN);
    await use(800);
    await use(120);
    expect(told()).toEqual([]);
    clock.advance(HOUR);
    await run();
    expect(told()).toEqual([`<!subteam^${ONCALL}> 🔴 Monthly of CRM reached 90%`]);
    await expect(alerts.mute({ what: 'no such pool' }, ADMIN)).rejects.toThrow('no alert');
  });

  it('say so where there is none to acknowledge', async () => {
    const { alerts } = await openAlerts(databases, []);
    await expect(alerts.acknowledge({}, MEMBER)).rejects.toThrow('nothing to acknowledge');
  });

  it('can be tested by the way that real ones go', async () => {
    const { alerts, run, told } = await openAlerts(databases, []);
    await alerts.test(ADMIN);
    await run();
    expect(told()).toEqual(['TEST: 🔴 This is how an alert arrives']);
  });
});
