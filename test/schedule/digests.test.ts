import { describe, expect, it } from 'vitest';
import { createCalendar } from '../../src/domain/calendar.ts';
import type { Definitions } from '../../src/domain/definition.ts';
import type { Question } from '../../src/domain/report.ts';
import type { UsageReader } from '../../src/domain/usage.ts';
import { createLogger } from '../../src/log.ts';
import { buildDigestPreview } from '../../src/messages/digest-message.ts';
import { createReporter } from '../../src/report/reporter.ts';
import { createDigestComposer } from '../../src/schedule/digest-composer.ts';
import type { DigestSources } from '../../src/schedule/digest-days.ts';
import { createDigestPosts } from '../../src/schedule/digest-posts.ts';
import { createDigests } from '../../src/schedule/digests.ts';
import { composeNotice, followFailure } from '../../src/schedule/notices.ts';
import { insertCorrection } from '../../src/store/correction-repository.ts';
import type { Db } from '../../src/store/database.ts';
import { deleteSettledDeliveries, listDeliveries } from '../../src/store/delivery-repository.ts';
import { CHANNEL, ECHO, OTHER_CHANNEL, OWNER, openStage } from '../delivery/slack-stage.ts';
import { createMemoryUsage, type EventOfTest } from '../report/memory-usage.ts';
import { NO_DEFINITIONS } from '../report/setup.ts';
import { describeEachDialect, setUpDatabases, type TestDatabases } from '../support/databases.ts';
import { commandOf } from './alert-stage.ts';

const BY = { user: OWNER, zone: 'UTC', admin: false };
const ADMIN = { user: 'U0000000002', zone: 'UTC', admin: true };
const MINUTE = 60_000;
const DAY = 1440 * MINUTE;

describe('digests', () => {
  const databases = setUpDatabases();
  it('post at their time, once, with the day’s numbers, and none when added', async () => {
    const { slack, clock, digests, posts, tick } = await open(databases, { events: YESTERDAY });
    const added = await digests.add({ channel: CHANNEL, schedule: 'daily 10:00 Europe/Berlin' }, BY);
    expect(added).toMatchObject({ schedule: 'daily 10:00 Europe/Berlin', paused: false });
    // It is 10:00 in Berlin now: the first run is tomorrow's.
    expect(added.nextRuns.map(iso)).toEqual(['2026-11-21T09:00Z', '2026-11-22T09:00Z', '2026-11-23T09:00Z']);
    await tick();
    expect(slack.messages(CHANNEL)).toEqual([]);
    clock.set(Date.parse('2026-11-21T09:00:00Z'));
    for (let again = 0; again < 3; again += 1) await tick();
    const [message, ...replies] = slack.messages(CHANNEL);
    expect(message!.text).toMatch(/^API usage · Fri 20 Nov\n4 requests · 75% succeeded\n/);
    expect(message!.blocks!.map(({ type }) => type)).toEqual([
      'header',
      'rich_text',
      'rich_text',
      'context',
      'actions',
    ]);
    // A preview has no thread; its text names what the thread of the post will have.
    expect(message!.text).toContain('more in the thread');
    const preview = buildDigestPreview(await posts.compose({ channel: CHANNEL }));
    expect(preview.text).not.toContain('in the thread');
    expect(preview.text).toContain('When it is posted, its thread has: Top clients · Top routes');
    expect(JSON.stringify(preview.blocks)).toContain('Preview without its thread');
    // Each section is one message in the thread.
    expect(replies.map(({ text }) => text.split('\n')[0])).toEqual([
      'Top clients',
      'Top routes',
      'Status codes and why',
      'What to do',
    ]);
    expect(replies.every(({ thread_ts, subtype }) => thread_ts === message!.ts && !subtype)).toBe(true);
    slack.assertNoProblems();
  });

  it('ask every question once, whatever sections need its answer', async () => {
    const { clock, digests, tick, asked } = await open(databases, {
      events: YESTERDAY.flatMap((event) => [0, 7, 14].map((days) => ({ ...event, timeMs: event.timeMs - days * DAY }))),
    });
    await digests.add({ channel: CHANNEL, schedule: 'daily 10:00 Europe/Berlin' }, BY);
    clock.set(Date.parse('2026-11-21T09:00:00Z'));
    await tick();
    const about = asked.map((question) => JSON.stringify(question));
    // Days, hours, top clients and routes, status codes, new clients, advice.
    expect(about).toHaveLength(7);
    expect(about).toEqual([...new Set(about)]);
  });

  it('are posted once per local date through clock steps and both nights of a clock change', async () => {
    const { slack, clock, digests, tick } = await open(databases);
    await digests.add({ channel: CHANNEL, schedule: 'daily 02:30 Europe/Berlin' }, BY);
    const dates = (): string[] => parentsIn(slack).map(({ ts }) => iso(Number(ts) * 1000));
    const over = async (from: string, to: string) => {
      for (let ms = Date.parse(from); ms < Date.parse(to); ms += 10 * MINUTE) {
        clock.set(ms);
        await tick();
      }
    };
    await over('2027-03-27T20:00Z', '2027-03-29T05:00Z');
    // 02:30 does not exist on the 28th: it is 03:30, as Temporal's `compatible` says.
    expect(dates().slice(-2)).toEqual(['2027-03-28T01:30Z', '2027-03-29T00:30Z']);
    await over('2027-10-30T20:00Z', '2027-11-01T05:00Z');
    expect(dates().slice(-2)).toEqual(['2027-10-31T00:30Z', '2027-11-01T01:30Z']);
    const posted = dates().length;
    clock.set(Date.parse('2027-10-31T00:00Z'));
    await tick();
    await over('2027-10-31T00:00Z', '2027-11-01T02:00Z');
    expect(dates()).toHaveLength(posted);
  });

  it('come on every date though the clock was days ahead for a while', async () => {
    const { slack, clock, digests, tick } = await open(databases);
    await digests.add({ channel: CHANNEL, schedule: 'daily 10:00' }, BY);
    for (const now of ['20T10:00', '23T10:30', '20T10:01', '21T10:00', '22T10:00', '23T10:31', '24T10:00']) {
      clock.set(at(`2026-11-${now}Z`));
      await tick();
    }
    const days = parentsIn(slack).map(({ metadata }) => (metadata!.event_payload as { key: string }).key.slice(-2));
    expect(days.sort()).toEqual(['20', '21', '22', '23', '24']);
  });

  it('after downtime post the latest missed one, marked late', async () => {
    const { slack, clock, digests, tick } = await open(databases);
    await digests.add({ channel: CHANNEL, schedule: 'daily 10:00' }, BY);
    clock.set(Date.parse('2026-11-24T13:00:00Z'));
    await tick();
    expect(parentsIn(slack)).toHaveLength(1);
    expect(parentsIn(slack)[0]!.text).toContain('Mon 23 Nov');
    expect(parentsIn(slack)[0]!.text).toContain('posted late: due Tue 24 Nov 10:00');
  });

  it('replace an unsent older one', async () => {
    const { slack, clock, digests, posts, tick } = await open(databases);
    await digests.add({ channel: CHANNEL, schedule: 'daily 10:00' }, BY);
    slack.faults.outage(true);
    for (const day of [20, 21, 22]) {
      clock.set(Date.parse(`2026-11-${day}T10:00:00Z`));
      await tick();
    }
    slack.faults.outage(false);
    for (let second = 0; second < 60; second += 1) {
      clock.advance(1000);
      await tick();
    }
    expect(parentsIn(slack).map(({ text }) => /on (\w+ \d+)/.exec(text)?.[1])).toEqual(['Sat 21']);
    expect((await posts.history({ channel: CHANNEL })).slice(1)).toEqual([
      'Digest 1 of Sat 21 Nov 2026: replaced by a newer one before it could be posted',
      'Digest 1 of Fri 20 Nov 2026: replaced by a newer one before it could be posted',
    ]);
  });

  it('say a quiet day in one line, and never take a silent sender for one', async () => {
    const quiet = await open(databases, {
      events: ['10', '17'].map((day) => ({ timeMs: at(`2026-11-${day}T12:00Z`), count: 700 })),
    });
    await quiet.digests.add({ channel: CHANNEL, schedule: 'daily 10:00' }, BY);
    quiet.clock.set(at('2026-11-20T10:00Z'));
    await quiet.tick();
    expect(parentsIn(quiet.slack)[0]!.text.split('\n')[0]).toBe(
      'Quiet day: no requests on Thu 19 Nov (UTC); the week before had 100 a day.',
    );
    const silent = await open(databases, {
      events: [{ timeMs: at('2026-11-17T12:00Z'), source: 'kong', count: 700 }],
      sources: [{ name: 'kong', lastReceivedMs: at('2026-11-18T23:55Z') }],
    });
    await silent.digests.add({ channel: CHANNEL, schedule: 'daily 10:00' }, BY);
    silent.clock.set(at('2026-11-20T10:00Z'));
    await silent.tick();
    expect(parentsIn(silent.slack)[0]!.text).toContain('nothing came from kong since Wed 18 Nov 23:55');
    expect(parentsIn(silent.slack)[0]!.text).not.toContain('Quiet day');
  });

  it('compare with whole days alone: the day on which data began is none', async () => {
    const began = { timeMs: at('2026-11-13T22:00Z'), count: 5 };
    const whole = Array.from({ length: 8 }, (_, n) => ({ timeMs: at('2026-11-14T12:00Z') + n * DAY, count: 100 }));
    const { slack, clock, digests, tick, replies } = await open(databases, { events: [began, ...whole] });
    await digests.add({ channel: CHANNEL, schedule: 'daily 10:00' }, BY);
    await digests.add({ channel: CHANNEL, schedule: 'weekly sat 10:00' }, BY);
    const digestsOf = async (date: string) => {
      clock.set(at(`${date}T10:00Z`));
      await tick();
      return parentsIn(slack).map(({ text }) => text);
    };
    const [friday = '', week = ''] = (await digestsOf('2026-11-21')).toSorted((a, b) => a.length - b.length);
    expect(friday).toContain('100 requests, unchanged vs. Thursday · ');
    expect(replies('Biggest movers')).toBe('');
    expect(week).toContain('Last 7 days: 700 requests, 100 a day');
    expect(week).not.toContain('the 7 before');
    const saturday = (await digestsOf('2026-11-22')).at(-1)!;
    expect(saturday).toContain('100 requests, unchanged vs. Friday, unchanged vs. a usual Saturday · ');
  });

  it('tell movers against the same weekday, with their route, and new clients', async () => {
    const events: EventOfTest[] = [5, 6, 13].map((day) => ({
      ...{ timeMs: at(`2026-11-${String(day).padStart(2, '0')}T12:00Z`), client: 'old', route: '/a', count: 100 },
    }));
    // The day before was five times as busy, which says nothing about a usual Friday.
    events.push({ timeMs: at('2026-11-19T12:00Z'), client: 'old', route: '/a', count: 500 });
    events.push(
      { timeMs: at('2026-11-20T12:00Z'), client: 'old', route: '/a', count: 98 },
      { timeMs: at('2026-11-20T12:00Z'), client: 'old', route: '/b', count: 60 },
      { timeMs: at('2026-11-20T13:00Z'), client: 'fresh <!channel>', route: '/b' },
    );
    const { slack, clock, digests, tick, replies } = await open(databases, { events });
    await digests.add({ channel: CHANNEL, schedule: 'daily 10:00' }, BY);
    clock.set(at('2026-11-21T10:00Z'));
    await tick();
    expect(replies('Biggest movers')).toContain('old made 58 more requests than on a usual Friday, mostly on /b.');
    expect(replies('New and silent clients')).toContain('New: fresh &lt;!channel&gt;, 1 request');
    slack.assertNoProblems();
  });

  it('take no client for silent, or for a mover, because others are busier', async () => {
    const busy = Array.from({ length: 1000 }, (_, n) => ({ client: `busy-${n}`, count: 70 }));
    const events = [5, 6, 13, 20].flatMap((day) =>
      [...busy, { client: 'small', count: day === 20 ? 50 : 80 }].map((each) => ({
        ...{ ...each, timeMs: at(`2026-11-${String(day).padStart(2, '0')}T12:00Z`) },
      })),
    );
    const { clock, digests, tick, replies } = await open(databases, { events });
    await digests.add({ channel: CHANNEL, schedule: 'daily 10:00' }, BY);
    clock.set(at('2026-11-21T10:00Z'));
    await tick();
    expect(replies('Biggest movers')).toContain('small made 30 fewer requests than on a usual Friday.');
    expect(replies('New and silent clients')).toBe('');
  });

  it('tell what changed since an earlier digest once, and again only where it changed again', async () => {
    const events: EventOfTest[] = [{ timeMs: at('2026-11-19T12:00Z'), count: 100 }];
    const { clock, digests, tick, replies } = await open(databases, { events });
    await digests.add({ channel: CHANNEL, schedule: 'daily 10:00' }, BY);
    const late = { timeMs: at('2026-11-19T23:00Z') };
    const arriving = [[], [late], [], [late, late], []];
    const told: (string | undefined)[] = [];
    for (const [index, more] of arriving.entries()) {
      events.push(...more, { timeMs: at(`2026-11-${19 + index}T13:00Z`) });
      clock.set(at(`2026-11-${20 + index}T10:00Z`));
      await tick();
      told.push(/19 Nov now has [^\n]*digest/.exec(replies('Corrections and late calls', index))?.[0]);
    }
    expect(told).toEqual([
      undefined,
      '19 Nov now has 102 requests: +1 since its digest',
      undefined,
      '19 Nov now has 104 requests: +2 since its digest',
      undefined,
    ]);
  });

  it('tell every correction in the first digest after it was entered, whatever day it applies to', async () => {
    const events = [19, 20, 21].map((day) => ({ timeMs: at(`2026-11-${day}T12:00Z`) }));
    const { slack, clock, db, digests, tick, replies } = await open(databases, { events });
    const told = (digest: number) => replies('Corrections and late calls', digest);
    await digests.add({ channel: CHANNEL, schedule: 'daily 10:00' }, BY);
    await digests.add({ channel: OTHER_CHANNEL, schedule: 'daily 10:00', scope: 'erp' }, BY);
    const correct = (meter: string, day: number, enteredDay: number) =>
      insertCorrection(db, {
        ...{ meter, timeMs: at(`2026-11-${String(day).padStart(2, '0')}T00:00Z`), credits: -50_000 },
        ...{ reason: `for the ${day}th`, actor: 'ana', enteredMs: at(`2026-11-${enteredDay}T11:00Z`) },
      });
    await correct('crm', 19, 19);
    clock.set(at('2026-11-20T10:00Z'));
    await tick();
    expect(told(0)).toContain('crm, 19 Nov: -50 credits, for the 19th (ana)');
    await correct('crm', 3, 20);
    await correct('erp/Fair use', 20, 20);
    clock.set(at('2026-11-21T10:00Z'));
    await tick();
    const text = told(1);
    expect(text).toContain('crm, 3 Nov: -50 credits, for the 3th (ana)');
    expect(text).toContain('erp/Fair use, 20 Nov');
    expect(text).not.toContain('19th');
    await correct('crm', 21, 21);
    clock.set(at('2026-11-22T10:00Z'));
    await tick();
    expect(told(2)).toContain('crm, 21 Nov');
    expect(told(2)).not.toContain('crm, 3 Nov');
    // The digest of a quiet day has one line. Corrections of that day are told in the next digest.
    await correct('crm', 5, 22);
    clock.set(at('2026-11-23T10:00Z'));
    await tick();
    events.push({ timeMs: at('2026-11-23T12:00Z') });
    clock.set(at('2026-11-24T10:00Z'));
    await tick();
    expect(parentsIn(slack)[3]!.text).toMatch(/^Quiet day/);
    expect(told(3)).toBe('');
    expect(told(4)).toContain('crm, 5 Nov');
    expect(told(4)).not.toContain('crm, 21 Nov');
  });

  it('tell corrections since the last digest, also where its delivery was forgotten meanwhile', async () => {
    const events: EventOfTest[] = [{ timeMs: at('2026-11-19T12:00Z') }, { timeMs: at('2026-12-30T12:00Z') }];
    const { clock, db, digests, posts, tick, replies } = await open(databases, { events });
    await digests.add({ channel: CHANNEL, schedule: 'daily 10:00' }, BY);
    const correct = (reason: string, enteredMs: number) =>
      insertCorrection(db, {
        ...{ meter: 'crm', timeMs: at('2026-11-18T00:00Z'), credits: -50_000 },
        ...{ reason, actor: 'ana', enteredMs },
      });
    clock.set(at('2026-11-20T10:00Z'));
    await tick();
    const [id] = (await digests.list()).map((one) => one.id);
    await digests.pause(id!, true, BY);
    await correct('entered while it was paused', at('2026-11-25T11:00Z'));
    clock.set(at('2026-12-31T09:59Z'));
    await digests.pause(id!, false, BY);
    clock.set(at('2026-12-31T10:00Z'));
    // The next digest is due and waits for Slack while the old delivery is deleted.
    await posts.runDue(clock.now());
    expect(await deleteSettledDeliveries(db, clock.now())).toBeGreaterThan(0);
    await tick();
    expect(replies('Corrections and late calls')).toBe('');
    expect(replies('Corrections and late calls', 1)).toContain(
      'crm, 18 Nov: -50 credits, entered while it was paused (ana)',
    );
  });

  it('tell what a digest that never went out would have told, also once its delivery is forgotten', async () => {
    const events: EventOfTest[] = [19, 20].map((day) => ({ timeMs: at(`2026-11-${day}T12:00Z`) }));
    events.push({ timeMs: at('2026-12-30T12:00Z') });
    const { slack, clock, db, digests, posts, tick, replies } = await open(databases, { events });
    await digests.add({ channel: CHANNEL, schedule: 'daily 10:00' }, BY);
    clock.set(at('2026-11-20T10:00Z'));
    await tick();
    await insertCorrection(db, {
      ...{ meter: 'crm', timeMs: at('2026-11-18T00:00Z'), credits: -50_000 },
      ...{ reason: 'never told so far', actor: 'ana', enteredMs: at('2026-11-20T11:00Z') },
    });
    clock.set(at('2026-11-21T10:00Z'));
    slack.faults.fail('chat.postMessage', { error: 'is_archived' });
    await tick();
    const [digest] = await digests.list();
    expect(digest).toMatchObject({ paused: true });
    clock.set(at('2026-12-31T09:59Z'));
    await digests.pause(digest!.id, false, BY);
    clock.set(at('2026-12-31T10:00Z'));
    await posts.runDue(clock.now());
    expect(await deleteSettledDeliveries(db, clock.now())).toBeGreaterThan(0);
    await tick();
    expect(parentsIn(slack)).toHaveLength(2);
    expect(replies('Corrections and late calls', 1)).toContain('crm, 18 Nov: -50 credits, never told so far (ana)');
  });

  it('tell what belongs to the day of a silent sender once there is a day to tell of', async () => {
    const send = (day: number, source: string): EventOfTest => ({
      timeMs: at(`2026-11-${day}T12:00Z`),
      source,
      count: 100,
    });
    const week = [16, 17, 18, 19, 20, 21, 22];
    const events = week.flatMap((day) => [send(day, 'kong'), send(day, 'erp')]);
    const sources = ['kong', 'erp'].map((name) => ({ name, lastReceivedMs: at('2026-11-22T12:00Z') }));
    const { slack, clock, db, digests, tick, replies } = await open(databases, { events, sources });
    await digests.add({ channel: CHANNEL, schedule: 'daily 10:00' }, BY);
    const correct = (reason: string, day: number) =>
      insertCorrection(db, {
        ...{ meter: 'crm', timeMs: at(`2026-11-${day}T12:00Z`), credits: -50_000 },
        ...{ reason, actor: 'ana', enteredMs: at(`2026-11-${day}T13:00Z`) },
      });
    const digestOf = async (day: number) => {
      clock.set(at(`2026-11-${day + 1}T10:00Z`));
      await tick();
      const parents = parentsIn(slack);
      return { text: parents.at(-1)!.text, corrections: replies('Corrections and late calls', parents.length - 1) };
    };
    await correct('both are silent', 23);
    const unknown = await digestOf(23);
    expect(unknown.text).toMatch(
      /^🔴 Usage of Mon 23 Nov \(UTC\) is unknown: nothing came from kong .* and erp since /,
    );
    expect(unknown.corrections).toBe('');
    // One source sends again, and its delayed calls come too.
    events.push(send(23, 'erp'), send(24, 'erp'));
    sources[1]!.lastReceivedMs = at('2026-11-24T12:00Z');
    await correct('one is silent', 24);
    const partial = await digestOf(24);
    expect(partial.text).toContain('🔴 The numbers are not complete: nothing came from kong');
    expect(partial.corrections.split('\n').slice(1)).toEqual([
      expect.stringContaining('23 Nov now has 100 requests: +100 since its digest'),
      expect.stringContaining('crm, 23 Nov: -50 credits, both are silent (ana)'),
      expect.stringContaining('crm, 24 Nov: -50 credits, one is silent (ana)'),
    ]);
    events.push(send(25, 'erp'));
    expect((await digestOf(25)).corrections).toBe('');
  });

  it('tell a sender that is silent on a day on which it used to send, and no rest as silence', async () => {
    const days = Array.from({ length: 28 }, (_, n) => at('2026-11-01T12:00Z') + n * 24 * 60 * MINUTE);
    const isWeekend = (ms: number) => [0, 6].includes(new Date(ms).getUTCDay());
    const events: EventOfTest[] = days.flatMap((timeMs) => [
      ...(isWeekend(timeMs) ? [] : [{ timeMs, source: 'office', client: 'desk', count: 100 }]),
      ...(timeMs === at('2026-11-26T12:00Z') ? [] : [{ timeMs, source: 'kong', client: 'shop', scope: 'erp' }]),
    ]);
    const sources = [
      { name: 'office', lastReceivedMs: at('2026-11-27T12:00Z') },
      { name: 'kong', lastReceivedMs: at('2026-11-28T12:00Z') },
      { name: 'retired', lastReceivedMs: at('2026-10-01T12:00Z') },
    ];
    const { slack, clock, digests, tick, replies } = await open(databases, { events, sources });
    await digests.add({ channel: CHANNEL, schedule: 'daily 10:00' }, BY);
    const digestOf = async (day: string) => {
      clock.set(at(`${day}T10:00Z`) + 24 * 60 * MINUTE);
      await tick();
      return parentsIn(slack).at(-1)!.text;
    };
    const thursday = await digestOf('2026-11-26');
    expect(thursday).toContain('🔴 The numbers are not complete: nothing came from kong that day.');
    expect(replies('New and silent clients')).toContain('Silent: shop, 1 request a week before');
    const saturday = await digestOf('2026-11-28');
    expect(saturday).toContain('1 request, ↓ 99% vs. Friday, unchanged vs. a usual Saturday');
    expect(saturday).toContain('Nothing needs attention.');
    events.splice(0, events.length, ...events.filter(({ source }) => source === 'office'));
    expect((await digestOf('2026-11-29')).split('\n')[0]).toBe(
      'Quiet day: no requests on Sun 29 Nov (UTC); the week before had 71 a day.',
    );
    expect((await digestOf('2026-11-30')).split('\n')[0]).toBe(
      '🔴 Usage of Mon 30 Nov (UTC) is unknown: nothing came from office since Fri 27 Nov 12:00. See /usage sources.',
    );
    slack.assertNoProblems();
  });

  it('offer what they are about: their own day, calls and scope, whenever the button is clicked', async () => {
    const { slack, clock, digests, tick } = await open(databases, { events: YESTERDAY });
    const filters = [{ key: 'client' as const, patterns: ['ac*'], not: false }];
    await digests.add({ channel: CHANNEL, schedule: 'daily 10:00', filters, scope: 'default' }, BY);
    clock.set(at('2026-11-21T10:00Z'));
    await tick();
    const { blocks } = parentsIn(slack)[0]!;
    expect(['Top clients', 'Status codes', 'Pools'].map((text) => commandOf(blocks, text))).toEqual([
      'top clients 2026-11-20 client:ac* scope:default',
      'status 2026-11-20 client:ac* scope:default',
      'pool default',
    ]);
  });

  it('of a team are about its clients alone', async () => {
    const events = [0, 7, 14, 21].flatMap((days) =>
      [...YESTERDAY, { ...YESTERDAY[0]!, client: 'initech', count: 40 }].map((event) => ({
        ...event,
        count: (event.count ?? 1) * (days === 0 ? 10 : 1),
        timeMs: event.timeMs - days * DAY,
      })),
    );
    const clients = ['acme', 'globex'].map((id) => ({ id, name: id.toUpperCase(), team: 'Sales' }));
    const { slack, clock, digests, tick, replies } = await open(databases, {
      events,
      definitions: { ...NO_DEFINITIONS, clients },
    });
    const filters = [{ key: 'team' as const, patterns: ['Sales'], not: false }];
    await digests.add({ channel: CHANNEL, schedule: 'daily 10:00', filters }, BY);
    clock.set(at('2026-11-21T10:00Z'));
    await tick();
    const [message] = parentsIn(slack);
    expect(message!.text).toContain('40 requests');
    expect(message!.text).toContain('team Sales');
    expect(replies('Top clients')).toContain('ACME');
    expect(JSON.stringify(slack.messages(CHANNEL))).not.toContain('initech');
    expect(commandOf(message!.blocks, 'Top clients')).toBe('top clients 2026-11-20 team:Sales');
  });

  it('of a week or a month sum that too', async () => {
    const events = Array.from({ length: 30 }, (_, n) => ({
      timeMs: at(`2026-11-${String(n + 1).padStart(2, '0')}T12:00Z`),
      count: n + 1,
    }));
    const { slack, clock, digests, tick } = await open(databases, { events });
    await digests.add({ channel: CHANNEL, schedule: 'weekly mon 10:00' }, BY);
    await digests.add({ channel: CHANNEL, schedule: 'monthly 1 11:00' }, BY);
    await digests.add({ channel: CHANNEL, schedule: 'monthly 24 10:00' }, BY);
    clock.set(at('2026-11-23T10:00Z'));
    await tick();
    clock.set(at('2026-11-24T10:00Z'));
    await tick();
    clock.set(at('2026-12-01T11:00Z'));
    await tick();
    await tick();
    const texts = parentsIn(slack).map(({ text }) => text);
    expect(texts[0]).toContain('Last 7 days: 133 requests, 19 a day, ↑ 58% vs. the 7 before');
    expect(texts[1]).toContain('\n1–23 Nov 2026: 276 requests, 13 a day');
    expect(texts.at(-1)).toContain('\nNov 2026: 465 requests, 16 a day');
  });

  it('say where a running month leads, and once it is over what it came to', async () => {
    const events = Array.from({ length: 30 }, (_, n) => ({ timeMs: at('2026-11-01T12:00Z') + n * DAY, count: 10 }));
    const { slack, clock, digests, tick, replies } = await open(databases, { events });
    await digests.add({ channel: CHANNEL, schedule: 'daily 10:00' }, BY);
    for (const time of ['2026-11-29T10:00Z', '2026-12-01T00:30Z']) {
      clock.set(at(time));
      await tick();
    }
    expect(parentsIn(slack)[1]!.text).toContain('posted late: due Mon 30 Nov 10:00');
    const [running, over] = [0, 1].map((digest) => replies('Pools and run-out', digest));
    expect(running).toContain('Nov 2026: 280 requests so far, about 300 by its end.');
    expect(over).toContain('Nov 2026 came to 300 requests.');
    expect(over).not.toContain('so far');
  });

  it('pause until a date, resume, and leave out what was missed', async () => {
    const { slack, clock, digests, tick } = await open(databases);
    const { id } = await digests.add({ channel: CHANNEL, schedule: 'daily 10:00' }, BY);
    await digests.pause(id, at('2026-11-22T00:00Z'), BY);
    expect(await digests.list(CHANNEL)).toMatchObject([{ paused: true, pausedUntilMs: at('2026-11-22T00:00Z') }]);
    clock.set(at('2026-11-21T12:00Z'));
    await tick();
    expect(parentsIn(slack)).toEqual([]);
    clock.set(at('2026-11-22T10:00Z'));
    await tick();
    expect(parentsIn(slack)).toHaveLength(1);
    await digests.pause(id, true, BY);
    clock.set(at('2026-11-24T12:00Z'));
    await tick();
    await digests.pause(id, false, BY);
    await tick();
    expect(parentsIn(slack)).toHaveLength(1);
  });

  it('sent by hand post at once, say by whom, stand in the history, and leave the scheduled one of the date', async () => {
    const { slack, clock, digests, posts, tick } = await open(databases, { events: YESTERDAY });
    const { id } = await digests.add({ channel: CHANNEL, schedule: 'daily 10:00' }, BY);
    expect(await posts.send({ channel: CHANNEL }, BY)).toMatchObject({ id });
    await tick();
    expect(parentsIn(slack)[0]!.text).toContain(`Sent by <@${OWNER}>`);
    expect(await posts.history({ channel: CHANNEL })).toEqual([
      expect.stringMatching(/^Digest 1, sent by hand: posted Fri 20 Nov 09:00/),
    ]);
    clock.set(at('2026-11-20T10:00Z'));
    await tick();
    expect(parentsIn(slack)).toHaveLength(2);
    await expect(posts.send({ channel: OTHER_CHANNEL }, BY)).rejects.toThrow('no digest');
    // A digest of another channel can be sent there by people who may change it.
    const stranger = { ...BY, user: 'U0000000009' };
    await expect(posts.send({ id, channel: OTHER_CHANNEL }, stranger)).rejects.toThrow('belongs to');
    slack.assertNoProblems();
  });

  it('of which a channel has several are sent one by one: it is asked which', async () => {
    const { slack, digests, posts, tick } = await open(databases, { events: YESTERDAY });
    await digests.add({ channel: CHANNEL, schedule: 'daily 10:00' }, BY);
    await digests.add({ channel: CHANNEL, schedule: 'weekly mon 09:00' }, BY);
    await expect(posts.send({ channel: CHANNEL }, BY)).rejects.toMatchObject({
      message: 'This channel has 2 digests. Which one?',
      suggestions: [{ command: 'digest send 1' }, { command: 'digest send 2' }],
    });
    await posts.send({ id: 2, channel: CHANNEL }, BY);
    await tick();
    expect(parentsIn(slack)).toHaveLength(1);
  });

  it('stay one per date when the hour is changed after the post', async () => {
    const { slack, clock, digests, tick } = await open(databases);
    const { id } = await digests.add({ channel: CHANNEL, schedule: 'daily 10:00' }, BY);
    clock.set(at('2026-11-20T10:00Z'));
    await tick();
    await digests.change(id, { schedule: 'daily 12:00' }, BY);
    clock.set(at('2026-11-20T12:00Z'));
    await tick();
    expect(parentsIn(slack)).toHaveLength(1);
    clock.set(at('2026-11-21T12:00Z'));
    await tick();
    expect(parentsIn(slack)).toHaveLength(2);
  });

  it('pause themselves where their channel refuses them, and tell the owner how to go on', async () => {
    const { slack, clock, digests, tick } = await open(databases);
    const { id } = await digests.add({ channel: CHANNEL, schedule: 'daily 10:00' }, BY);
    await slack.archive(CHANNEL);
    clock.set(at('2026-11-20T10:00Z'));
    await tick();
    await tick();
    expect(await digests.list()).toMatchObject([{ paused: true, pausedReason: expect.stringContaining('unarchive') }]);
    const [notice, ...more] = slack.directMessages(OWNER);
    expect(more).toEqual([]);
    expect(notice!.text).toContain(`<#${CHANNEL}>`);
    expect(notice!.text).toContain(`/usage digest resume ${id}`);
  });

  it('belong to their owner and to admins; the same one asked for twice is one', async () => {
    const { digests } = await open(databases);
    const first = await digests.add({ channel: CHANNEL, schedule: 'weekdays 9am' }, BY);
    expect((await digests.add({ channel: CHANNEL, schedule: 'weekdays 09:00 UTC' }, BY)).id).toBe(first.id);
    const other = { ...BY, user: 'U0000000009' };
    await expect(digests.remove(first.id, other)).rejects.toThrow('belongs to');
    await expect(digests.change(first.id, { owner: other.user }, other)).rejects.toThrow('belongs to');
    expect(await digests.change(first.id, { owner: ADMIN.user }, ADMIN)).toMatchObject({ owner: ADMIN.user });
    await digests.remove(first.id, ADMIN);
    expect(await digests.list()).toEqual([]);
    await expect(digests.add({ channel: CHANNEL, schedule: 'daily 9:00', sections: ['weather'] }, BY)).rejects.toThrow(
      'no section “weather”',
    );
  });
});

describe('a digest of some calls alone', () => {
  const databases = setUpDatabases();
  it('counts them alone and says so; it is not the digest of all calls', async () => {
    const { slack, clock, digests, tick } = await open(databases, { events: YESTERDAY });
    const filters = [{ key: 'client' as const, patterns: ['acme'], not: false }];
    const all = await digests.add({ channel: CHANNEL, schedule: 'daily 10:00' }, BY);
    const some = await digests.add({ channel: CHANNEL, schedule: 'daily 10:00', filters }, BY);
    expect(some.id).not.toBe(all.id);
    expect((await digests.add({ channel: CHANNEL, schedule: 'daily 10:00', filters }, BY)).id).toBe(some.id);
    clock.set(at('2026-11-21T10:00Z'));
    await tick();
    const [first, second] = parentsIn(slack).map(({ text }) => text);
    expect(first).toContain('4 requests ·');
    expect(first).not.toContain('only calls');
    expect(second).toContain('3 requests ·');
    expect(second).toContain('only calls with client acme');
    slack.assertNoProblems();
  });
});

describeEachDialect('digests of several instances', (databases) => {
  it('are one post per date for several instances that tick together, and after restarts', async () => {
    const { slack, clock, digests, tick, db, reopen } = await open(databases, { events: YESTERDAY });
    await digests.add({ channel: CHANNEL, schedule: 'daily 10:00' }, BY);
    clock.set(Date.parse('2026-11-20T10:00:00Z'));
    const others = [reopen(), reopen()];
    await Promise.all([tick(), ...others.map((other) => other.tick())]);
    await reopen().tick();
    expect(parentsIn(slack)).toHaveLength(1);
    const deliveries = await listDeliveries(db, { kind: 'digest', limit: 50 });
    expect(deliveries.filter(({ thread }) => !thread)).toHaveLength(1);
    expect(new Set(deliveries.map(({ key }) => key)).size).toBe(deliveries.length);
  });
});

describe('a digest whose owner has left', () => {
  const databases = setUpDatabases();
  it('goes on; its channel is told once, and anyone there may take it over or stop it', async () => {
    const gone = new Set<string>();
    const { slack, clock, digests, tick } = await open(databases, { gone });
    const { id } = await digests.add({ channel: CHANNEL, schedule: 'daily 10:00' }, BY);
    const other = { ...BY, user: 'U0000000009' };
    await expect(digests.remove(id, other)).rejects.toThrow('belongs to');
    gone.add(OWNER);
    for (const day of ['2026-11-20', '2026-11-21']) {
      clock.set(at(`${day}T10:00Z`));
      await tick();
    }
    const notices = parentsIn(slack).filter(({ text }) => text.includes('has left'));
    expect(parentsIn(slack)).toHaveLength(3);
    expect(notices).toHaveLength(1);
    expect(JSON.stringify(notices[0]!.blocks)).toMatch(/digest_take_over.*digest_remove/);
    expect(await digests.change(id, { owner: other.user }, other)).toMatchObject({ owner: other.user });
    await expect(digests.remove(id, { ...BY, user: 'U0000000008' })).rejects.toThrow('belongs to');
    slack.assertNoProblems();
  });
});

const YESTERDAY: EventOfTest[] = [
  { timeMs: Date.parse('2026-11-20T10:00Z'), client: 'acme', status: 200, count: 3 },
  { timeMs: Date.parse('2026-11-20T11:00Z'), client: 'globex', status: 500 },
];

function at(text: string): number {
  return Date.parse(text);
}

function iso(ms: number): string {
  return new Date(ms).toISOString().replace(/:\d\d\.\d+Z$/, 'Z');
}

type Slack = Awaited<ReturnType<typeof openStage>>['slack'];

function parentsIn(slack: Slack) {
  return slack.messages(CHANNEL).filter(({ ts, thread_ts }) => (thread_ts ?? ts) === ts);
}

/** Opens digests over these events. `tick` runs those that are due and sends them. */
async function open(
  databases: TestDatabases,
  given: {
    events?: EventOfTest[];
    sources?: { name: string; lastReceivedMs: number }[];
    gone?: Set<string>;
    definitions?: Definitions;
  } = {},
) {
  const stage = await openStage();
  const db = await databases.open();
  const { clock, slack } = stage;
  const asked: Question[] = [];
  const first = connect(db);
  /** Returns the text of a section in a digest's thread, or '' if there is none. `digest`: index among the parents. */
  const replies = (title: string, digest = 0): string => {
    const parent = parentsIn(slack)[digest];
    return (
      slack.messages(CHANNEL).find(({ thread_ts, text }) => thread_ts === parent?.ts && text.startsWith(title))?.text ??
      ''
    );
  };
  return { slack, clock, db, asked, replies, ...first, reopen: () => connect(db) };

  function connect(handle: Db) {
    const calendar = createCalendar('UTC');
    const definitions = async () => given.definitions ?? NO_DEFINITIONS;
    const deps = () => ({ usage: createMemoryUsage(given.events ?? [], calendar), definitions, calendar });
    const ports: DigestSources = {
      ...{ db: handle, calendar, definitions },
      usage: new Proxy({} as UsageReader, { get: (_target, name) => deps().usage[name as 'sum'] }),
      reporter: {
        answer(question, nowMs) {
          asked.push(question);
          return createReporter(deps()).answer(question, nowMs);
        },
      },
      sources: async () => (given.sources ?? []) as never,
    };
    const log = createLogger('silent');
    const common = {
      ...{ db: handle, now: () => clock.now() },
      isGone: async (user: string) => given.gone?.has(user) ?? false,
    };
    const digests = createDigests(common);
    const posts = createDigestPosts({ ...ports, ...common, log, wakeSender() {}, webhook: false });
    const sender = stage.openSender(handle, {
      composers: { ...ECHO, digest: createDigestComposer(ports), notice: composeNotice },
      ...{ onFailed: followFailure, render: async () => undefined },
    });
    async function tick(): Promise<void> {
      await posts.runDue(clock.now());
      await sender.settle();
      // Replies of the thread are sent one per second.
      for (
        let second = 0;
        second < 12 && (await listDeliveries(handle, { state: 'pending', limit: 1 })).length;
        second += 1
      ) {
        clock.advance(1000);
        await sender.settle();
      }
    }
    return { digests, posts, tick };
  }
}
