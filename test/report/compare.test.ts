import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildAltText } from '../../src/chart/alt-text.ts';
import { toSvg } from '../../src/chart/render.ts';
import { buildSpec } from '../../src/chart/spec/build.ts';
import { canDrawBundled } from '../../src/chart/text.ts';
import type { Thousandths } from '../../src/domain/event.ts';
import type { CompareReport, Question } from '../../src/domain/report.ts';
import { describeContext } from '../../src/messages/controls.ts';
import { buildNativeCharts } from '../../src/messages/native-chart.ts';
import { toCsv } from '../../src/report/table.ts';
import { listWider } from '../../src/slack/next-questions.ts';
import type { EventOfTest } from './memory-usage.ts';
import { ask, at, NOW } from './setup.ts';

const DAY_MS = 86_400_000;

/** Makes an event of `count` calls at noon, `daysAgo` days before today, Saturday 21 November. */
function calls(client: string, daysAgo: number, count: number, more: Partial<EventOfTest> = {}): EventOfTest {
  return { timeMs: at('2026-11-21T12:00:00Z') - daysAgo * DAY_MS, client, count, ...more };
}

/** Data begins long before the ranges that are compared. */
const LONG_AGO = calls('Elder', 800, 1);

async function compare(events: readonly EventOfTest[], question: Question, options = {}): Promise<CompareReport> {
  const report = await ask(events.length > 0 ? [LONG_AGO, ...events] : [], question, options);
  expect(report).toMatchObject({ kind: 'compare' });
  return report as unknown as CompareReport;
}

const events = [
  ...[calls('Acme', 2, 600), calls('Acme', 9, 400)],
  ...[calls('Portal', 3, 300), calls('Portal', 10, 290)],
  ...[calls('Mobile', 1, 50), calls('Legacy', 8, 10)],
];

describe('vs', () => {
  it('compares with the days that there is data of, and says from when', async () => {
    const young = [calls('Acme', 2, 70), calls('Acme', 8, 10), calls('Acme', 9, 10)];
    const report = await ask(young, { report: 'daily', versus: 'previous' });
    expect(report.finding).toBe('Requests stayed the same at 10 a day.');
    expect(report.notes).toEqual(['Compared per day, 7 days with 2 (data begins on Thu 12 Nov 2026).']);
    const alike = await ask(young, { report: 'top', range: '2d', versus: '2026-11-09..2026-11-13' });
    expect(alike.notes).toContain('9–13 Nov 2026: Data begins on Thu 12 Nov 2026.');
    const none = await ask(young, { report: 'daily', range: '2026', versus: '2024' });
    expect(none.finding).toMatch(/^90 requests.* There is nothing to compare with: data begins on Thu 12 Nov 2026\.$/);
  });

  it('says who moved most where that is what it is sorted by', async () => {
    const moved = [...events, calls('Portal', 11, 40)];
    const told = async (sort: string) => (await compare(moved, { report: 'top', versus: 'previous', sort })).finding;
    expect(await told('-change')).toBe('Acme went up most, by 200 to 600. Requests went up 28% to 950.');
    expect(await told('change')).toBe('Portal went down most, by 30 to 300. Requests went up 28% to 950.');
  });

  it('tells the later of two ranges, whichever is named first', async () => {
    const weeks = ['2026-11-14..2026-11-20', '2026-11-07..2026-11-13'] as const;
    const told = async (report: 'top' | 'daily', range: string | undefined, versus: string) => {
      const made = await compare(events, { report, range, versus });
      const { finding, range: later, versus: earlier, notes } = made;
      return { finding, later: later!.label, earlier: earlier.label, notes, alt: buildAltText(made) };
    };
    for (const report of ['top', 'daily'] as const) {
      const forward = await told(report, ...weeks);
      expect(await told(report, weeks[1], weeks[0])).toEqual(forward);
      expect(forward).toMatchObject({ later: '14–20 Nov 2026', earlier: '7–13 Nov 2026' });
      expect(forward.finding).toMatch(/^Requests went up 36% to 950/);
      expect(forward.alt).toMatch(/Before: 7–13 Nov 2026\./);
    }
    const running = await told('top', 'yesterday', 'today');
    expect(running).toEqual(await told('top', 'today', 'yesterday'));
    expect((await told('daily', undefined, 'today')).later).toBe('Sat 21 Nov 2026');
    // Of two ranges that overlap, neither counts as the later one.
    expect((await told('top', 'this-week', '30d')).later).toBe('16–20 Nov 2026');
    const gone: Question = { report: 'top', only: 'gone', range: weeks[1], versus: weeks[0] };
    expect((await ask([LONG_AGO, ...events], gone)).finding).toMatch(/^Legacy is gone/);
  });

  it('puts two rankings side by side and says who caused the change', async () => {
    const report = await compare(events, { report: 'top', versus: 'previous' });
    expect(report.finding).toBe('Requests went up 36% to 950; Acme caused most of it.');
    expect(report.sections[0]!.rows).toEqual([
      { name: 'Acme', now: 600, before: 400, change: 200, changePercent: 50 },
      { name: 'Portal', now: 300, before: 290, change: 10, changePercent: (10 / 290) * 100 },
      { name: 'Mobile', now: 50, before: 0, change: 50, state: 'new' },
      { name: 'Legacy', now: 0, before: 10, change: -10, changePercent: -100, state: 'gone' },
    ]);
    expect(report).toMatchObject({
      range: { label: '14–20 Nov 2026' },
      versus: { label: '7–13 Nov 2026' },
      notes: ['Mobile is new; Legacy is gone.'],
    });
    expect(toCsv(report).split('\r\n').slice(0, 2)).toEqual([
      'name,requests,requests_before,requests_per_day,requests_per_day_before,change,change_percent,state,dimension,name_before',
      'Acme,600,400,,,200,50,,client,',
    ]);
  });

  it('names who stands first where that is asked for, and then what changed', async () => {
    const leading = async (sort: string, more: Partial<Question> = {}) =>
      (await compare(events, { report: 'top', versus: 'previous', sort, ...more })).finding;
    const change = 'Requests went up 36% to 950; Acme caused most of it.';
    expect(await leading('-requests')).toBe(`Acme made the most: 600, after 400. ${change}`);
    expect(await leading('requests')).toBe(`Legacy made the fewest: 0, after 10. ${change}`);
    expect(await leading('-change')).toBe('Acme went up most, by 200 to 600. Requests went up 36% to 950.');
    expect(await leading('-requests', { range: 'this-month', versus: 'last-month' })).toMatch(
      /^Acme made the most: 50 a day/,
    );
  });

  it('sorts by the change in either direction, and names columns that there are', async () => {
    const names = async (sort: string) =>
      (await compare(events, { report: 'top', versus: 'previous', sort })).sections[0]!.rows.map(({ name }) => name);
    expect(await names('-change')).toEqual(['Acme', 'Mobile', 'Portal', 'Legacy']);
    expect(await names('change')).toEqual(['Legacy', 'Portal', 'Mobile', 'Acme']);
    await expect(names('failed')).rejects.toThrow('Cannot sort a comparison by “failed”; the columns are change');
  });

  it('compares ranges of unequal length per day, and says so', async () => {
    const report = await compare([calls('a', 1, 70), calls('a', 25, 310)], {
      report: 'top',
      range: '7d',
      versus: 'last-month',
    });
    expect(report.per).toEqual({ now: 7, before: 31, isDay: true });
    expect(report.total).toMatchObject({ now: 70, before: 310, change: 0, changePercent: 0 });
    expect(report.finding).toBe('Requests stayed the same at 10 a day.');
    expect(report.notes[0]).toBe('Compared per day, 7 days with 31.');
    expect(toCsv(report).split('\r\n')[1]).toBe('a,70,310,10,10,0,0,,client,');
  });

  it('sets a day that still runs beside as much of the day before', async () => {
    const running = [
      { timeMs: at('2026-11-21T09:00:00Z'), count: 30 },
      { timeMs: at('2026-11-20T09:00:00Z'), count: 20 },
      { timeMs: at('2026-11-20T20:00:00Z'), count: 500 },
    ];
    for (const versus of ['previous', 'yesterday']) {
      const report = await compare(running, { report: 'day', range: 'today', versus });
      expect(report.total).toMatchObject({ now: 30, before: 20, change: 10 });
      expect(report.per.isDay).toBe(false);
    }
    const cards = await compare(running, { report: 'summary', versus: 'previous' });
    expect(cards.sections[0]).toMatchObject({ dimension: 'scope', rows: [{ name: 'default', now: 30, before: 20 }] });
  });

  it('draws days as two lines from the first day on, and names the client behind the change', async () => {
    const weeks = { range: '2026-11-16..2026-11-20', versus: '2026-11-09..2026-11-15' };
    const report = await compare(events, { report: 'daily', ...weeks });
    expect(report.steps!.map(({ now, before }) => [now, before])).toEqual([
      [0, 0],
      [0, 0],
      [300, 290],
      [600, 400],
      [50, 10],
      [undefined, 0],
      [undefined, 0],
    ]);
    expect(report.table.rows).toHaveLength(7);
    expect(report.table.rows[3]!.slice(0, 3)).toEqual(['2026-11-19', 600, 400]);
    expect(report.table.rows[3]!.at(-1)).toBe('19 Nov');
    expect(report.table.rows[5]!.slice(0, 8)).toEqual(['2026-11-21', null, 0, null, null, null, null, null]);
    const shown = report.table.columns.filter(({ csvOnly }) => !csvOnly).map(({ key }) => key);
    expect(shown).toEqual(['requests', 'requests_before', 'change', 'change_percent', 'label']);
    expect(report.finding).toMatch(/^Requests went up .* a day; Acme caused/);
    const native = JSON.stringify(buildNativeCharts(report));
    expect(native).toContain('600');
    expect(native).not.toContain('21 Nov');
    expect(buildAltText(report)).toContain('20 Nov 50 requests (10 before, +40, +400%); 21 Nov –; 22 Nov –.');
    expect(buildAltText(report)).toMatch(/Before: 9–15 Nov 2026\.$/);
  });

  it('sets days beside the same weekdays where the range before is not named, and says so', async () => {
    const days = async (question: Partial<Question>) => {
      const report = await compare(events, { report: 'daily', versus: 'previous', ...question });
      return [report.versus.label, describeContext(report).split(' · ')[0]];
    };
    // A range of days is compared with the same weekdays: Thursday to Saturday is no match for Monday to Wednesday.
    const weekdays = ['11–13 Nov 2026', '18–20 Nov 2026 vs 11–13 Nov 2026 (same weekdays)'];
    expect(await days({ range: '3d' })).toEqual(weekdays);
    expect(await days({ range: '3d', report: 'latency', overTime: true })).toEqual(weekdays);
    expect(await days({ range: '10d' })).toEqual([
      '28 Oct – 6 Nov 2026',
      '11–20 Nov 2026 vs 28 Oct – 6 Nov 2026 (same weekdays)',
    ]);
    expect(await days({ range: '7d' })).toEqual(['7–13 Nov 2026', '14–20 Nov 2026 vs 7–13 Nov 2026']);
    // Reports without days, and ranges named in the question, are not moved to the same weekdays.
    expect(await days({ range: '3d', report: 'top' })).toEqual(['15–17 Nov 2026', '18–20 Nov 2026 vs 15–17 Nov 2026']);
    expect((await days({ range: 'this-month', versus: 'last-month' }))[0]).toBe('Oct 2026');
    const months = await compare(events, { report: 'daily', range: 'this-month', versus: 'last-month' });
    expect(months.notes.join(' ')).toContain(
      'Compared per day, 20 days with 31; Acme, Portal, Mobile and 1 more are new. Days are paired in order, not by weekday.',
    );
    const named = await compare(events, { report: 'daily', range: '7d', versus: '2026-11-02..2026-11-09' });
    expect(named.notes).toContain('Days are paired in order, not by weekday.');
    const weeks = await compare(events, { report: 'daily', range: 'this-week', versus: 'last-week' });
    expect(weeks.notes.join()).not.toContain('paired');
  });

  describe('of a day with a clock change', () => {
    const zone = 'Europe/Berlin';
    /** On each day, an hour by the wall clock has its number plus one calls. */
    const byClock = (...days: string[]) =>
      days.flatMap((day) => {
        const start = Temporal.PlainDate.from(day).toZonedDateTime(zone);
        return Array.from({ length: start.hoursInDay }, (_, n) => start.add({ hours: n })).map((hour) => ({
          ...{ timeMs: hour.epochMilliseconds + 1, count: hour.hour + 1 },
        }));
      });
    const steps = async (range: string, versus: string) => {
      const sent = byClock(range, versus);
      const report = await compare(sent, { report: 'day', range, versus }, { zone });
      const labelAt = report.table.columns.findIndex(({ key }) => key === 'label');
      return report.steps!.map(({ now, before }, index) => [report.table.rows[index]![labelAt], now, before]);
    };
    const same = (from: number, to: number) =>
      Array.from({ length: to - from + 1 }, (_, n) => {
        const hour = from + n;
        return [`${String(hour).padStart(2, '0')}:00`, hour + 1, hour + 1];
      });

    it('pairs hours by the clock: the doubled one has its own place', async () => {
      const doubled = (now?: number, before?: number) => ['02:00', now, before];
      expect(await steps('2026-10-25', '2026-10-24')).toEqual([...same(0, 2), doubled(3), ...same(3, 23)]);
      expect(await steps('2026-10-26', '2026-10-25')).toEqual([...same(0, 2), doubled(undefined, 3), ...same(3, 23)]);
    });

    it('pairs hours by the clock: the skipped one is beside nothing', async () => {
      expect(await steps('2026-03-29', '2026-03-28')).toEqual([...same(0, 1), ['02:00', undefined, 3], ...same(3, 23)]);
      expect(await steps('2026-03-30', '2026-03-29')).toEqual([...same(0, 1), ['02:00', 3, undefined], ...same(3, 23)]);
    });

    it('pairs the hours of ranges that begin at other times of day in order', async () => {
      const sent = byClock('2026-11-20');
      const question: Question = { report: 'day', range: '2026-11-20 12:00-18:00', versus: '2026-11-20 00:00-06:00' };
      expect((await compare(sent, question, { zone })).steps!.map(({ now, before }) => [now, before])).toEqual([
        ...[0, 1, 2, 3, 4, 5].map((hour) => [hour + 13, hour + 1]),
      ]);
    });
  });

  it('goes on by the steps that there are, past those of the range asked for', async () => {
    const timed = [1, 2, 3, 4, 5].map((hour) => ({
      ...{ timeMs: at('2026-11-21T00:00:00Z') + hour * 3_600_000, durationMs: 100 },
    }));
    const report = await compare(timed, {
      ...{ report: 'latency', overTime: true, range: '2026-11-21 01:00-03:00', versus: '2026-11-21 00:00-06:00' },
    });
    expect(report.steps!.map(({ startMs }) => new Date(startMs).getUTCHours())).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('lists status codes by their change, failures first', async () => {
    const coded = [
      ...[
        calls('a', 1, 900),
        calls('a', 8, 500),
        calls('a', 1, 20, { status: 429 }),
        calls('a', 8, 60, { status: 429 }),
      ],
      ...[calls('a', 1, 35, { status: 404 }), calls('a', 8, 30, { status: 404 })],
    ];
    const codes = async (sort?: string) =>
      (await compare(coded, { report: 'status', versus: 'previous', sort })).sections[0]!.rows.map(({ name }) => name);
    expect(await codes()).toEqual(['429', '404', '200']);
    expect(await codes('-requests')).toEqual(['200', '404', '429']);
  });

  it('tells the share that failed, and the code behind its change', async () => {
    const coded = [
      ...[calls('a', 1, 950), calls('a', 1, 50, { status: 429 })],
      ...[calls('a', 8, 470), calls('a', 8, 20, { status: 429 }), calls('a', 8, 10, { status: 500 })],
    ];
    const report = await compare(coded, { report: 'status', versus: 'previous' });
    expect(report.finding).toBe(
      '5% of requests failed, down from 6%; most of the change is in 500s. No error code is new.',
    );
    const succeeded = await compare(coded, { report: 'status', focus: 'succeeded', versus: 'previous' });
    expect(succeeded.finding).toMatch(/^95% of requests succeeded, up from 94%; most of the change is in 500s\./);
    const codes = [400, 401, 403, 404, 500].map((status, n) => calls('a', 1, 50 - n, { status }));
    const many = await compare([...codes, calls('a', 8, 500)], { report: 'status', versus: 'previous' });
    expect(many.finding).toMatch(/ 400s, 401s, 403s and 2 more are new\.$/);
    const filters = [{ key: 'status' as const, patterns: ['429'], not: false }];
    const narrowed = await compare(coded, { report: 'daily', versus: 'previous', filters });
    expect(narrowed.finding).toBe('429s went up 150% to 50.');
  });

  it('compares all dimensions of one client, also one that is new', async () => {
    const routed = [
      ...[calls('Acme', 1, 8, { route: '/a' }), calls('Acme', 1, 2, { route: '/b' })],
      ...[calls('Acme', 8, 3, { route: '/a' }), calls('Fresh', 1, 5)],
    ];
    const report = await compare(routed, { report: 'client', name: 'acme', versus: 'previous' });
    expect(report.finding).toBe('Requests by Acme went up 233% to 10; /a caused most of it.');
    expect(report.sections.map(({ dimension }) => dimension)).toContain('route');
    expect(report.sections.find(({ dimension }) => dimension === 'route')!.rows[1]).toMatchObject({
      name: '/b',
      state: 'new',
    });
    const fresh = await compare(routed, { report: 'client', name: 'Fresh', versus: 'previous' });
    expect(fresh.finding).toBe('Requests by Fresh: 5, and none in 7–13 Nov 2026.');
  });

  it('compares how long calls took, ranked and step by step', async () => {
    const timed = (route: string, daysAgo: number, durationMs: number) =>
      calls('Acme', daysAgo, 1, { route, durationMs });
    const sent = [...[timed('/a', 2, 300), timed('/b', 2, 40)], ...[timed('/a', 9, 200), timed('/b', 9, 50)]];
    const report = await compare(sent, { report: 'latency', dimension: 'route', versus: 'previous' });
    expect(report.finding).toBe('Latency (p95) went up 50% to 300 ms; /a went up most, by 100 ms.');
    expect(report.sections[0]!.rows.map(({ name, now, before, change }) => [name, now, before, change])).toEqual([
      ['/a', 300, 200, 100],
      ['/b', 40, 50, -10],
    ]);
    expect(toCsv(report)).toMatch(/^name,p95_ms,p95_ms_before,/);
    const series = await compare(sent, { report: 'latency', overTime: true, versus: 'previous' });
    expect(series.steps!.filter(({ now }) => now !== undefined)).toMatchObject([{ now: 300, before: 200 }]);
    const alone = { report: 'latency', dimension: 'route', versus: 'previous' } as const;
    const first = await compare([timed('/a', 2, 300), calls('Acme', 9, 5, { route: '/a' })], alone);
    expect(first.finding).toBe('Latency (p95) is 300 ms; 7–13 Nov 2026 has no durations to compare with.');
    expect(first.notes.join(' ')).not.toMatch(/\b(is|are) (new|gone)\b/);
    expect(toCsv(first).split('\r\n')[1]).toBe('/a,300,,,,,,,route,');
    expect(buildAltText(first)).toContain('/a p95 300 ms.');
    const none = await compare([calls('Acme', 1, 1)], { report: 'latency', versus: 'previous' });
    expect(none.finding).not.toMatch(/none in/);
  });

  it('says of equal, absent and empty ranges what they are', async () => {
    const question: Question = { report: 'top', versus: 'previous' };
    expect((await compare([calls('a', 30, 1)], question)).finding).toBe(
      'Requests: none in 14–20 Nov 2026, and none in 7–13 Nov 2026.',
    );
    expect((await compare([], question)).finding).toBe('No usage has been received yet.');
    const first = at('2026-12-01T10:00:00Z');
    const empty = await compare([calls('a', 1, 1)], { ...question, range: 'this-month' }, { nowMs: first });
    expect(empty.finding).toBe(
      'This month has no whole day yet. Today so far: Requests: none in Tue 1 Dec 2026, and none in 1 Nov, 00:00–10:00.',
    );
  });

  it('sets this week beside the same weekdays of the last, not beside its weekend too', async () => {
    const week = Array.from({ length: 12 }, (_, day) => calls('a', day + 1, 10));
    // On a Tuesday this week has one whole day, its Monday. It is compared with last week's Monday only.
    for (const report of ['top', 'daily', 'status'] as const) {
      const question: Question = { report, range: 'this-week', versus: 'last-week' };
      const told = await compare([...week, calls('a', 4, 900)], question, { nowMs: at('2026-11-17T09:00:00Z') });
      expect([told.range!.label, told.versus.label]).toEqual(['Mon 16 Nov 2026', 'Mon 9 Nov 2026']);
      expect(told.total).toMatchObject({ now: 10, before: 10 });
      expect(describeContext(told)).toContain('vs Mon 9 Nov 2026 (same weekdays)');
    }
    const friday = await compare(events, { report: 'daily', range: 'this-week', versus: 'last-week' });
    expect(friday.finding).toMatch(/^Requests went up 36% to 950; Acme caused/);
    expect(friday.versus.label).toBe('9–13 Nov 2026');
  });

  it('of the same days of two years leaves out those before data began, and says so', async () => {
    // Data of 15 Nov 2025 until 20 Nov 2026, the day before now.
    const days = Array.from({ length: 371 }, (_, day) => calls('a', 371 - day, day > 270 ? 20 : 10));
    const asked = async (question: Question) => (await ask(days, question)) as unknown as CompareReport;
    for (const [range, versus] of [
      ['2026-11', '2025-11'],
      ['this-year', 'year-before'],
    ]) {
      const told = await asked({ report: 'daily', range: range!, versus: versus! });
      expect([told.range!.label, told.versus.label]).toEqual(['15–20 Nov 2026', '15–20 Nov 2025']);
      expect(told.total).toMatchObject({ now: 120, before: 60 });
      expect(told.finding).toBe('Requests went up 100% to 120.');
      expect(told.notes).toContain('Data begins on Sat 15 Nov 2025: both sides leave out the days before.');
      expect(told.per.isDay).toBe(false);
    }
    // Where no day has data in both years, the days before data have no number instead of 0.
    const none = await asked({ report: 'daily', range: '2026-11-01..2026-11-05', versus: 'year-before' });
    expect(none.finding).toMatch(/There is nothing to compare with: data begins on Sat 15 Nov 2025\.$/);
    expect(none.steps!.map(({ now, before }) => [now, before])).toEqual(Array(5).fill([20, undefined]));
  });

  it('of a week or month that has no whole day yet is empty, and tells of today so far beside the first day of the one before', async () => {
    const days = Array.from({ length: 40 }, (_, day) => calls('a', day - 15, 10));
    const told = (nowMs: string, question: Question) => compare(days, question, { nowMs: at(nowMs) });
    const top: Question = { report: 'top', dimension: 'client' };
    const monday = '2026-11-30T14:00:00Z';
    for (const question of [
      { ...top, range: 'this-week', versus: 'last-week' },
      { ...top, range: 'this-week', versus: 'previous' },
      { ...top, versus: 'last-week' },
    ]) {
      const week = await told(monday, question);
      expect(week.finding).toMatch(/^This week has no whole day yet\. Today so far: Requests stayed the same at 10/);
      expect([week.range!.label, week.versus.label]).toEqual(['30 Nov 2026: no whole day yet', '23–29 Nov 2026']);
      expect(week.question).toMatchObject(question);
      expect(toCsv(week).trim().split('\r\n')).toHaveLength(1);
      expect(listWider(week)[0]).toEqual({
        label: 'Today vs. a week ago',
        question: { ...week.question, range: 'today', versus: 'week-before' },
      });
    }
    const first = '2026-12-01T14:00:00Z';
    for (const [range, versus] of [
      ['this-month', 'last-month'],
      ['last-month', 'this-month'],
      ['dec', 'nov'],
      ['this-month', 'previous'],
      ['this-month', 'month-before'],
    ] as const) {
      const month = await told(first, { ...top, range, versus });
      expect(listWider(month)[0]!.label).toBe('Today vs. a month ago');
      expect(month.finding).toMatch(/^This month has no whole day yet\. Today so far: Requests stayed the same at 10/);
    }
    const other = await told(first, { ...top, range: 'this-month', versus: '2026-11-16..2026-11-20' });
    expect(other.finding).toMatch(/^This month has no whole day yet\. Today so far: .*17 a day/);
    const quarter = await told('2027-01-01T14:00:00Z', { ...top, range: 'this-quarter', versus: 'last-quarter' });
    expect(quarter.finding).toMatch(/^This quarter has no whole day yet\. Today so far: /);
    // A range that is only compared with has no first day to show.
    const today = await told(first, { ...top, range: 'today', versus: 'this-month' });
    expect(today.finding).toMatch(/^This month has no whole day yet\. Tue 1 Dec 2026: /);
    expect(toCsv(today).trim().split('\r\n')).toHaveLength(1);
    expect(buildSpec(today, 'graph', canDrawBundled)).toBeUndefined();
    expect(listWider(today)[0]).toEqual({
      label: 'Today vs. a week ago',
      question: { ...top, range: 'today', versus: 'week-before' },
    });
  });
});

it('is drawn as pairs of bars or two lines without warnings, and says the numbers in words', async () => {
  const drawn = async (question: Question) => {
    const report = await compare(events, { ...question, versus: 'previous' });
    const { svg, warnings } = await toSvg(buildSpec(report, 'graph', canDrawBundled)!);
    expect(warnings).toEqual([]);
    return { svg, alt: buildAltText(report) };
  };
  const bars = await drawn({ report: 'top' });
  expect(bars.svg).toContain('600 · ↑ 50%');
  expect(bars.svg).toContain('14–20 Nov 2026 vs 7–13 Nov 2026');
  expect(bars.alt).toContain('Paired bar chart: Top clients, 14–20 Nov 2026');
  expect(bars.alt).toContain(
    'Acme 600 requests (400 before, +200, +50%); Portal 300 requests (290 before, +10, +3.4%); Mobile 50 requests (+50, new)',
  );
  expect(bars.alt).toContain('Before: 7–13 Nov 2026.');
  const lines = await drawn({ report: 'daily' });
  expect(lines.alt).toContain('Line chart: Requests per day');
  expect(lines.alt).toContain('19 Nov 600 requests (400 before, +200, +50%)');
  for (const report of ['status', 'summary'] as const) await drawn({ report });
});

const arbitraryEvents = fc.array(
  fc.record({
    timeMs: fc.integer({ min: NOW - 20 * DAY_MS, max: NOW }),
    client: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g'),
    route: fc.constantFrom('/x', '/y', ''),
    count: fc.integer({ min: 1, max: 5 }),
  }),
  { maxLength: 40 },
);

it('adds up: changes are differences, sums are the totals, new and gone are those of one range alone', async () => {
  await fc.assert(
    fc.asyncProperty(
      arbitraryEvents,
      fc.constantFrom('7d', '3d', 'yesterday', 'today', '2026-11-02..2026-11-10'),
      fc.constantFrom('previous', 'week-before', '2026-11-01..2026-11-10', '2026-11-12'),
      fc.constantFrom('client', 'route') as fc.Arbitrary<'client' | 'route'>,
      async (sent, range, versus, dimension) => {
        const report = await compare(sent, { report: 'top', dimension, range, versus, limit: 1000 });
        const count = (within: CompareReport['range'], name?: string) =>
          sent
            .filter(({ timeMs }) => timeMs >= within.fromMs && timeMs < (within.partial ? NOW + 1 : within.toMs))
            .filter((event) => name === undefined || (event[dimension] || '(none)') === name)
            .reduce((sum, event) => sum + event.count, 0);
        if (sent.length === 0) return;
        const { rows } = report.sections[0]!;
        const rate = (row: { now: Thousandths; before: Thousandths }) =>
          Number(row.now) / report.per.now - Number(row.before) / report.per.before;
        for (const row of [...rows, report.total]) expect(row.change).toBeCloseTo(rate(row), 9);
        for (const row of rows) {
          expect([row.now, row.before]).toEqual([count(report.range, row.name), count(report.versus, row.name)]);
          expect(row.state).toBe(row.before === 0 ? 'new' : row.now === 0 ? 'gone' : undefined);
        }
        const sum = (side: 'now' | 'before') => rows.reduce((all, row) => all + Number(row[side]), 0);
        expect([sum('now'), sum('before')]).toEqual([report.total.now, report.total.before]);
        expect([report.total.now, report.total.before]).toEqual([count(report.range), count(report.versus)]);
      },
    ),
    { numRuns: 100 },
  );
});
