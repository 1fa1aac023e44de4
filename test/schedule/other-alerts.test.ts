import { describe, expect, it } from 'vitest';
import { changeDefinitions } from '../../src/store/configuration-repository.ts';
import { CHANNEL, OWNER } from '../delivery/slack-stage.ts';
import type { EventOfTest } from '../report/memory-usage.ts';
import { setUpDatabases } from '../support/databases.ts';
import { commandOf, openAlerts, pool, scope } from './alert-stage.ts';

const ADMIN = { user: 'U0000000002', zone: 'UTC', admin: true };
const MEMBER = { user: OWNER, zone: 'UTC', admin: false };
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const WEEK = 7 * 24 * HOUR;

describe('other alerts', () => {
  const databases = setUpDatabases();
  it('tell a rate limit that was reached, once an hour, in the thread of the pool', async () => {
    const scopes = [scope([pool('Monthly', 1000)], { rateLimitPerMinute: 100 })];
    const { slack, clock, world, use, run, told } = await openAlerts(databases, scopes);
    // Bulk events do not count towards the rate, because they cannot be placed within a minute.
    await use(800);
    const single = { timeMs: clock.now(), scope: 'crm' };
    world.events.push(...Array.from({ length: 99 }, () => ({ ...single })));
    await run();
    expect(slack.messages(CHANNEL).filter(({ text }) => text.includes('rate limit'))).toEqual([]);
    world.events.push({ ...single });
    await run();
    await run();
    const notes = slack.messages(CHANNEL).filter(({ text }) => text.includes('CRM reached its rate limit'));
    expect(notes).toHaveLength(1);
    expect(notes[0]!.text).toMatch(/100 calls in the minute of <!date.*\|09:0\d UTC>; 100 are allowed\./);
    expect(notes[0]!).toMatchObject({ thread_ts: slack.messages(CHANNEL)[0]!.ts });
    expect(told().some((line) => line.includes('rate limit'))).toBe(false);
    // With a parent, the alert is a line in its thread, without buttons.
    expect(notes[0]!.blocks!.map(({ type }) => type)).toEqual(['rich_text']);
    slack.assertNoProblems();
  });

  it('tell a source that is silent though it used to send at this time, once per silence', async () => {
    const { slack, clock, world, run, told } = await openAlerts(databases, []);
    const lastReceivedMs = clock.now() - 20 * MINUTE;
    const health = { name: 'kong', adapter: 'kong', lastReceivedMs, usualGapMs: 1000 } as never;
    world.sources = [health];
    // The source has never sent at this time of the night.
    world.events = weeks(clock.now() - 8 * HOUR, 5, { source: 'kong' });
    await run();
    expect(told()).toEqual([]);
    world.events.push(...weeks(clock.now() - 10 * MINUTE, 5, { source: 'kong' }));
    await run();
    await run();
    expect(told()).toEqual(['🟠 Source kong is silent']);
    expect(slack.messages(CHANNEL)[0]!.text).toContain('unknown, not zero');
  });

  it('list clients unknown until now in one message an hour, once an admin wants it', async () => {
    const { clock, slack, world, routes, run, told } = await openAlerts(databases, []);
    world.events = [
      { timeMs: clock.now() - WEEK, client: 'old' },
      { timeMs: clock.now() - 30 * MINUTE, client: 'old' },
      { timeMs: clock.now() - 30 * MINUTE, client: 'new <!here>', count: 3 },
      { timeMs: clock.now() - 20 * MINUTE, client: 'newer' },
      { timeMs: clock.now() - 20 * MINUTE, client: '10.1.2.3' },
    ];
    clock.advance(5 * MINUTE);
    await run();
    expect(told()).toEqual([]);
    await expect(routes.change({ kinds: { 'unknown-client': true } }, MEMBER)).rejects.toThrow('admins');
    await routes.change({ kinds: { 'unknown-client': true } }, ADMIN);
    await run();
    await run();
    expect(told()).toEqual(['🔵 2 new clients']);
    expect(slack.messages(CHANNEL)[0]!.text).toContain('new &lt;!here&gt;: 3 requests');
    clock.advance(HOUR);
    world.events.push({ timeMs: clock.now() - 30 * MINUTE, client: 'newest', count: 2 });
    await run();
    const lines = slack.messages(CHANNEL)[1]!.text.split('\n');
    expect(lines[0]).toBe('🔵 New client: newest');
    expect(lines[1]).toMatch(
      /^2 requests, the first in 90 days, Fri 20 Nov 09:00–10:00 \(UTC\)\. If you don’t know it/,
    );
    slack.assertNoProblems();
  });

  it('tell volume and failures far from usual, with expected, observed and what explains most', async () => {
    const { clock, slack, world, routes, run, told } = await openAlerts(databases, []);
    await routes.change({ kinds: { unusual: true } }, ADMIN);
    const at = clock.now() - 30 * MINUTE;
    clock.advance(5 * MINUTE);
    world.events = [
      { timeMs: at - 5 * WEEK, client: 'acme' },
      ...[1, 2, 3, 4].map((week) => ({ timeMs: at - week * WEEK, client: 'acme', count: 1000 + week })),
      { timeMs: at, client: 'acme', count: 1000 },
    ];
    await run();
    expect(told()).toEqual([]);
    world.events.push({ timeMs: at, client: 'globex', count: 500, status: 503, route: '/v1/b' });
    await run();
    await run();
    expect(told().sort()).toEqual([
      '🟠 Unusual errors: 33.3% of calls failed',
      '🟠 Unusual traffic: 1,500 requests in an hour, 1.5× the usual',
    ]);
    const [volume, failures] = ['traffic', 'errors'].map(
      (word) => slack.messages(CHANNEL).find(({ text }) => text.includes(word))!,
    );
    expect(volume!.text).toContain(
      'Expected 1,003 for the hour from Fri 20 Nov 08:00 (UTC), by the last four Fridays.',
    );
    expect(volume!.text).toContain('Check for a new job, or a loop of retries.');
    // The cause is a client and a route, never a status code, a kind or a source.
    for (const each of [volume!, failures!]) expect(each.text).toContain('Mostly globex (+500) on /v1/b.');
    expect(failures!.text).toContain('Expected 0%');
    expect(commandOf(volume!.blocks, 'Top clients')).toBe('top clients 2026-11-20 08:00-09:00');
    expect(commandOf(volume!.blocks, 'Chart')).toBe('day 2026-11-20');
  });

  it('tell of an hour with far less than usual as that, with what to look for', async () => {
    const { clock, slack, world, routes, run, told } = await openAlerts(databases, []);
    await routes.change({ kinds: { unusual: true } }, ADMIN);
    const at = clock.now() - 30 * MINUTE;
    clock.advance(5 * MINUTE);
    world.events = [0, 1, 2, 3, 4, 5].map((week) => ({ timeMs: at - week * WEEK, count: week === 0 ? 20 : 1000 }));
    await run();
    expect(told()).toEqual(['🟠 Unusually little traffic: 20 requests in an hour']);
    const { text } = slack.messages(CHANNEL)[0]!;
    expect(text).toContain('Expected 1,000 for the hour from');
    expect(text).toContain('Check for a job or a sender that stopped.');
  });

  it('tell of failures that fell as what they are, without alarm', async () => {
    const { clock, slack, world, routes, run, told } = await openAlerts(databases, []);
    await routes.change({ kinds: { unusual: true } }, ADMIN);
    const at = clock.now() - 30 * MINUTE;
    clock.advance(5 * MINUTE);
    world.events = [0, 1, 2, 3, 4, 5].flatMap((week) => [
      { timeMs: at - week * WEEK, client: 'acme', count: week === 0 ? 950 : 600 },
      { timeMs: at - week * WEEK, client: 'acme', count: week === 0 ? 50 : 400, status: 503 },
    ]);
    await run();
    expect(told()).toEqual(['🔵 Fewer errors than usual: 5% of calls failed']);
    const { text } = slack.messages(CHANNEL)[0]!;
    expect(text).toContain('Expected 40% for the hour from');
    expect(text).not.toContain('Check credentials');
  });

  it('tell a streak of unusual hours in one thread, and the next streak in another', async () => {
    const { clock, slack, world, routes, run, told } = await openAlerts(databases, []);
    await routes.change({ kinds: { unusual: true } }, ADMIN);
    const at = clock.now() - 30 * MINUTE;
    for (let hour = 0; hour < 5; hour += 1)
      for (const week of [0, 1, 2, 3, 4])
        world.events.push({ timeMs: at + hour * HOUR - week * WEEK, count: week > 0 || hour === 2 ? 1000 : 5000 });
    for (let hour = 0; hour < 5; hour += 1) {
      clock.set(Date.parse('2026-11-20T09:04:00Z') + hour * HOUR);
      await run();
      // Four minutes after an hour it is not judged yet, because calls may still arrive.
      expect(told()).toHaveLength([0, 1, 1, 1, 2][hour]!);
      clock.advance(MINUTE);
      await run();
    }
    expect(told()).toEqual(Array(2).fill('🟠 Unusual traffic: 5,000 requests in an hour, 5.0× the usual'));
    const [first, , second] = slack.messages(CHANNEL);
    const lines = slack.messages(CHANNEL).filter(({ ts, thread_ts: threadTs }) => threadTs && threadTs !== ts);
    expect(lines.map(({ thread_ts: threadTs }) => threadTs)).toEqual([first!.ts, second!.ts]);
    slack.assertNoProblems();
  });

  it('tell a bound on a question, once per hour or day', async () => {
    const { clock, world, alerts, run, told } = await openAlerts(databases, []);
    const question = { report: 'top' as const, filters: [{ key: 'status' as const, patterns: ['429'], not: false }] };
    await alerts.add({ name: 'Throttled', question, over: 10, per: 'hour' }, MEMBER);
    world.events = [
      { timeMs: clock.now(), count: 100 },
      { timeMs: clock.now(), count: 10, status: 429 },
    ];
    clock.advance(1);
    await run();
    expect(told()).toEqual([]);
    world.events.push({ timeMs: clock.now(), status: 429 });
    clock.advance(1);
    await run();
    await run();
    expect(told()).toEqual(['🟠 “Throttled” passed 10 an hour']);
    await alerts.remove('Throttled', MEMBER);
    await expect(alerts.remove('Throttled', MEMBER)).rejects.toThrow('no alert');
  });

  it('tell a bound on what a team does, with the team of now', async () => {
    const { clock, db, world, alerts, run, told } = await openAlerts(databases, []);
    const question = { report: 'top' as const, filters: [{ key: 'team' as const, patterns: ['Sales'], not: false }] };
    await alerts.add({ name: 'Sales', question, over: 10, per: 'hour' }, MEMBER);
    world.events = ['acme', 'globex'].map((client) => ({ timeMs: clock.now(), client, count: 8 }));
    const join = (...ids: string[]) =>
      changeDefinitions(db, { actor: 'test', nowMs: clock.now() }, (current) => ({
        definitions: { ...current, clients: ids.map((id) => ({ id, name: id, team: 'Sales' })) },
        changes: [{ place: 'clients', text: 'named' }],
      }));
    await join('acme');
    clock.advance(1);
    await run();
    expect(told()).toEqual([]);
    await join('acme', 'globex');
    clock.advance(1);
    await run();
    expect(told()).toEqual(['🟠 “Sales” passed 10 an hour']);
  });

  it('tell a bound that was passed in the last minute of an hour, also after it', async () => {
    const { clock, world, alerts, run, told } = await openAlerts(databases, []);
    await alerts.add({ name: 'All', question: { report: 'top' }, over: 10, per: 'hour' }, MEMBER);
    clock.set(Date.parse('2026-11-20T09:59:30Z'));
    await run();
    world.events = [{ timeMs: Date.parse('2026-11-20T09:59:50Z'), count: 11 }];
    clock.set(Date.parse('2026-11-20T10:00:00Z'));
    await run();
    await run();
    expect(told()).toEqual(['🟠 “All” passed 10 an hour']);
  });

  it('tell, once per period, that a pool will run out before its reset', async () => {
    const { clock, world, alerts, routes, run, told } = await openAlerts(databases, [scope([pool('Monthly', 2500)])]);
    await routes.change({ kinds: { 'run-out': true } }, ADMIN);
    await alerts.mute({ what: 'Monthly' }, ADMIN);
    for (let day = 1; day <= 19; day += 1)
      world.events.push({ timeMs: clock.now() - day * 24 * HOUR, scope: 'crm', count: 95 });
    await run();
    expect(told()).toEqual([]);
    await alerts.unmute({ what: 'Monthly' }, ADMIN);
    await run();
    await run();
    expect(told()).toEqual(['🟠 CRM will run out of monthly before the reset']);
  });

  it('tell of an add-on that it runs out before it ends, and of what comes after it', async () => {
    const addOn = pool('Add-on', 2500, { period: { kind: 'once', fromDay: 20_759, untilDay: 20_787 } });
    const later = pool('Reserve', 5000, { priority: 2, order: 1, period: { kind: 'year' } });
    const { clock, slack, world, routes, run, told } = await openAlerts(databases, [scope([addOn, later])]);
    await routes.change({ kinds: { 'run-out': true } }, ADMIN);
    for (let day = 1; day <= 19; day += 1)
      world.events.push({ timeMs: clock.now() - day * 24 * HOUR, scope: 'crm', count: 95 });
    await run();
    const title = '🟠 CRM will run out of add-on before it ends';
    expect(told()).toContain(title);
    const { text } = slack.messages(CHANNEL).find((message) => message.text.startsWith(title))!;
    expect(text).toContain('It runs out on Sat 28 Nov 16:34 (UTC), at the usual 95 a day.');
    expect(text).toContain('Next: the reserve (4,905 left).');
  });
});

function weeks(at: number, count: number, change: Partial<EventOfTest>): EventOfTest[] {
  return Array.from({ length: count }, (_, week) => ({ timeMs: at - (week + 1) * WEEK, ...change }));
}
