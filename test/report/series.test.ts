import { describe, expect, it } from 'vitest';
import { createCalendar } from '../../src/domain/calendar.ts';
import type { Pool } from '../../src/domain/definition.ts';
import type { Question } from '../../src/domain/report.ts';
import { toCsv } from '../../src/report/table.ts';
import { createMemoryUsage, type EventOfTest } from './memory-usage.ts';
import { ask, at } from './setup.ts';

describe('daily', () => {
  it('has a bar for every day, also for empty ones, and averages over complete days', async () => {
    const report = await ask(
      [
        { timeMs: at('2026-11-14T00:00:00Z'), count: 5 },
        { timeMs: at('2026-11-20T23:59:59.999Z'), count: 9, status: 500 },
        { timeMs: at('2026-11-21T00:00:00Z'), count: 1000 },
        { timeMs: at('2026-11-13T23:59:59.999Z'), count: 1000 },
      ],
      { report: 'daily' },
    );
    expect(report.bars.map(({ requests }) => requests)).toEqual([5, 0, 0, 0, 0, 0, 9]);
    expect(report.bars.every(({ partial }) => !partial)).toBe(true);
    expect(report.totals).toMatchObject({ requests: 14, ok: 5, failed: 9 });
    expect(report.finding).toBe('14 requests, 2 a day; busiest on 20 Nov with 9.');
    expect(toCsv(report).split('\r\n').slice(0, 2)).toEqual([
      'day,requests,ok,failed,none,credits,partial,start',
      '2026-11-14,5,5,0,0,5,no,2026-11-14T00:00:00Z',
    ]);
  });

  it('names the year of a day where the range has its date twice', async () => {
    const events = [
      { timeMs: at('2025-11-20T09:00:00Z'), client: 'Acme', count: 30 },
      { timeMs: at('2026-11-20T09:00:00Z'), client: 'Acme', count: 2 },
    ];
    const told = async (range: string) => (await ask(events, { report: 'daily', range, step: 'day' })).finding;
    expect(await told('2025-11-15..2026-11-20')).toContain('busiest on 20 Nov 2025 with 30.');
    expect(await told('2025-11-15..2025-11-30')).toContain('busiest on 20 Nov with 30.');
  });

  it('marks the alerts that were told, the gravest where there are many, and none of other scopes', async () => {
    const events = [{ timeMs: at('2026-11-18T12:00:00Z'), scope: 'crm' }];
    const told = Array.from({ length: 12 }, (_, n) => ({
      atMs: at('2026-11-18T00:00:00Z') + n * 3_600_000,
      content: { kind: 'level' as const, level: n === 3 ? 90 : 75, scope: n === 5 ? 'other' : 'crm' },
    }));
    const alerts = async () => [...told, { atMs: at('2026-11-19T00:00:00Z'), content: { kind: 'view' as const } }];
    const report = await ask(events, { report: 'daily' }, { deps: { alerts } });
    expect(report.marks).toHaveLength(8);
    expect(report.marks!.filter(({ label }) => label === 'crm 90%')).toEqual([
      { atMs: told[3]!.atMs, label: 'crm 90%' },
    ]);
    const filters = [{ key: 'scope' as const, patterns: ['other'], not: false }];
    const status = await ask(events, { report: 'status', filters }, { deps: { alerts } });
    expect(status.marks).toEqual([{ atMs: told[5]!.atMs, label: 'other 75%' }]);
    const ofClient = [{ key: 'client' as const, patterns: ['acme'], not: false }];
    expect((await ask(events, { report: 'daily', filters: ofClient }, { deps: { alerts } })).marks).toBeUndefined();
  });

  it('names the pool of an alert: by the title of its scope, or by its own name beside others', async () => {
    const plan = (name: string): Pool => ({
      ...{ name, period: { kind: 'year' }, priority: 0, thresholds: [75, 90], fromDay: 0, order: 0 },
      amounts: [{ fromDay: 0, base: 100_000, grants: [] }],
    });
    const scopes = [
      { name: 'crm', title: 'CRM API', links: {}, pools: [plan('Daily')], limits: [] },
      { name: 'erp', title: 'ERP API', links: {}, pools: [plan('Licences'), plan('Add-on')], limits: [] },
    ];
    const told = (['level', 'level', 'rate', 'silent'] as const).map((kind, n) => ({
      atMs: at('2026-11-18T00:00:00Z') + n * 3_600_000,
      content: { kind, level: 75, ...(kind !== 'silent' && { scope: n === 1 ? 'erp' : 'crm', pool: 'Add-on' }) },
    }));
    const events = [{ timeMs: at('2026-11-18T12:00:00Z'), scope: 'crm' }];
    const options = { definitions: { scopes }, deps: { alerts: async () => told } };
    const { marks } = await ask(events, { report: 'daily' }, options);
    expect(marks!.map(({ label }) => label)).toEqual([
      'CRM API 75%',
      'Add-on 75%',
      'CRM API: rate limit',
      'Silent source',
    ]);
  });

  it('marks deploys whatever is asked about, before alerts and among them in order of time', async () => {
    const events = [{ timeMs: at('2026-11-18T12:00:00Z'), client: 'acme' }];
    const deploy = { atMs: at('2026-11-18T14:00:00Z'), label: 'v2.5.0' };
    const alert = { atMs: at('2026-11-18T15:00:00Z'), content: { kind: 'level' as const, level: 75 } };
    const deps = {
      marks: async (_: unknown, limit: number) => [deploy].slice(0, limit),
      alerts: async () => Array.from({ length: 8 }, () => alert),
    };
    const report = await ask(events, { report: 'daily' }, { deps });
    expect(report.marks).toHaveLength(8);
    expect(report.marks![0]).toEqual(deploy);
    const many = { ...deps, marks: async (_: unknown, limit: number) => Array(20).fill(deploy).slice(0, limit) };
    const both = (await ask(events, { report: 'daily' }, { deps: many })).marks!;
    expect(both.map(({ label }) => label)).toEqual([...Array(4).fill('v2.5.0'), ...Array(4).fill('Alert 75%')]);
    const filters = [{ key: 'client' as const, patterns: ['acme'], not: false }];
    expect((await ask(events, { report: 'day', range: '2026-11-18', filters }, { deps })).marks).toEqual([deploy]);
  });

  it('averages over days and months of which all was counted, not over those in which data began', async () => {
    const { finding } = await ask(
      [
        { timeMs: at('2026-11-17T18:00:00Z'), count: 4 },
        { timeMs: at('2026-11-18T00:00:00Z'), count: 10 },
        { timeMs: at('2026-11-19T12:00:00Z'), count: 20 },
        { timeMs: at('2026-11-20T12:00:00Z'), count: 30 },
      ],
      { report: 'daily' },
    );
    expect(finding).toContain('64 requests, 20 a day; busiest on 20 Nov with 30.');
    const hours = [12, 13, 14, 15].map((hour) => ({ timeMs: at(`2026-11-20T${hour}:30:00Z`), count: 10 }));
    const first = await ask(hours, { report: 'day', focus: 'quietest' });
    expect(first.finding).toMatch(/^Quietest at 16:00 with 0, and 7 other hours; 40 requests in all, 3 an hour\./);
    const year = await ask(
      [
        { timeMs: at('2026-08-15T00:00:00Z'), count: 7 },
        { timeMs: at('2026-09-15T00:00:00Z'), count: 10 },
        { timeMs: at('2026-10-15T00:00:00Z'), count: 20 },
      ],
      { report: 'daily', range: '12-months' },
    );
    expect(year.finding).toContain('37 requests, 15 a month; busiest in Oct 2026 with 20.');
  });

  it('names the quietest step, of those that are over and of which all was counted', async () => {
    const day = (date: string, count: number) => ({ timeMs: at(`2026-11-${date}T12:00:00Z`), count });
    const events = [day('16', 1), day('17', 8), day('18', 5), day('19', 5), day('20', 9), day('21', 2)];
    const month = await ask(events, { report: 'daily', range: 'this-month', focus: 'quietest' });
    expect(month.finding).toMatch(/^Quietest on 18 Nov with 5, and 1 other day; 28 requests in all, 7 a day\./);
    const tied = await ask(events, { report: 'daily', range: '2026-11-17..2026-11-21', focus: 'quietest' });
    expect(tied.finding).toMatch(/^Quietest on 18 Nov with 5, and 1 other day; 29 requests in all, 7 a day\./);
    const early = { nowMs: at('2026-11-21T00:30:00Z') };
    const today = { report: 'day', range: 'today', focus: 'quietest' } as const;
    expect((await ask([{ timeMs: early.nowMs }], today, early)).finding).toBe('No hour is over yet; 1 request in all.');
  });

  it('says how many other steps are as busy, and names hours of the day and weekdays that are', async () => {
    const hours = ['19T09:10', '19T11:10', '20T09:10', '20T11:10'].map((time) => ({
      timeMs: at(`2026-11-${time}:00Z`),
    }));
    const day = await ask(hours, { report: 'day', range: '2026-11-20', focus: 'busiest' });
    expect(day.finding).toBe('Busiest at 09:00 with 1, and 1 other hour; 2 requests in all.');
    const events = [{ timeMs: at('2026-11-18T12:00:00Z') }, ...hours];
    const folded = await ask(events, { report: 'day', step: 'hour-of-day', range: '2026-11-19..2026-11-20' });
    expect(folded.finding).toBe(
      'Busiest at 09:00 and 11:00 with 1 request on average, quietest at 00:00, 01:00, 02:00 and 19 more with 0.',
    );
  });

  it('tells all calls of days that had none of what was asked for', async () => {
    const on = (date: string, status: number, count: number, client = 'acme') => ({
      ...{ timeMs: at(`2026-11-${date}T12:00:00Z`), status, count, client },
    });
    const events = [on('17', 200, 1), on('18', 200, 40), on('19', 200, 5), on('19', 500, 2), on('20', 404, 7, 'other')];
    const range = '2026-11-18..2026-11-20';
    const bound = { sign: 'under', value: 1, column: 'requests' } as const;
    const without = (key: 'status' | 'client', pattern: string) =>
      ask(events, { report: 'daily', range, bound, filters: [{ key, patterns: [pattern], not: false }] });
    const calm = await without('status', '500');
    expect(calm.finding).toBe('2 of 3 days had no 500s: 18 Nov and 20 Nov.');
    expect(calm.table.rows.map((row) => row.slice(1, 5))).toEqual([
      ['18 Nov', 40, 40, 0],
      ['20 Nov', 7, 0, 7],
    ]);
    expect(calm.notes).toContain('The table has all calls of these days.');
    const silent = await without('client', 'acme');
    expect(silent.finding).toBe('1 of 3 days had no requests by acme: 20 Nov.');
    expect(silent.table.rows.map((row) => row.slice(1, 5))).toEqual([['20 Nov', 7, 0, 7]]);
  });

  it('begins with what was asked for: the sum, the average or the busiest step', async () => {
    const events = [
      { timeMs: at('2026-11-13T12:00:00Z') },
      { timeMs: at('2026-11-14T12:00:00Z'), count: 5, status: 500 },
      { timeMs: at('2026-11-20T12:00:00Z'), count: 9 },
    ];
    const told = async (focus?: 'average' | 'busiest', of: Partial<Question> = {}) =>
      (await ask(events, { report: 'daily', ...(focus && { focus }), ...of })).finding;
    expect(await told()).toBe('14 requests, 2 a day; busiest on 20 Nov with 9.');
    expect(await told('average')).toBe('2 requests a day on average; 14 in all, busiest on 20 Nov with 9.');
    expect(await told('busiest')).toBe('Busiest on 20 Nov with 9; 14 requests in all, 2 a day.');
    const failed = { filters: [{ key: 'status' as const, patterns: ['500'], not: false }] };
    expect(await told(undefined, failed)).toBe('5 requests that ended in 500, all on 14 Nov.');
    expect(await told('busiest', failed)).toBe('Most on 14 Nov with 5; 5 failed requests in all, 1 a day.');
    const fewest = { focus: 'quietest', ...failed } as const;
    expect(await told(undefined, fewest)).toMatch(
      /^Fewest on 15 Nov with 0, and 5 other days; 5 failed requests in all/,
    );
  });

  it('draws a year by the month, and marks the running one partial', async () => {
    const events = [
      { timeMs: at('2025-11-30T23:00:00Z'), count: 3 },
      { timeMs: at('2026-10-31T23:00:00Z'), count: 4 },
      { timeMs: at('2026-11-20T12:00:00Z'), count: 6 },
    ];
    const year = await ask(events, { report: 'daily', range: '12-months' });
    expect(year.title).toBe('Requests per month');
    expect(year.bars.map(({ label, requests, partial }) => [label, requests, partial])).toMatchObject([
      ['Nov 2025', 3, false],
      ...Array.from({ length: 10 }, () => [expect.any(String), 0, false]),
      ['Oct 2026', 4, false],
    ]);
    const cut = await ask(events, { report: 'daily', range: '2025-11-10..2026-11-20' });
    expect(cut.bars[0]).toMatchObject({ label: 'Nov 2025', partial: true, requests: 3 });
    expect(cut.bars.at(-1)).toMatchObject({ label: 'Nov 2026', partial: true, requests: 6 });
  });

  it('takes the usual from the same weekday of four weeks, where the data go back that far', async () => {
    const friday = (week: number, count: number) => ({
      timeMs: at('2026-11-20T12:00:00Z') - week * 7 * 86_400_000,
      count,
    });
    const report = await ask([friday(0, 99), friday(1, 10), friday(2, 30), friday(3, 20)], { report: 'daily' });
    // The data begins on Fri 30 Oct, so Fridays have three weeks to compare with, other weekdays two or fewer.
    expect(report.usual!.at(-1)).toEqual({ median: 20, low: 10, high: 30, isOdd: true });
    const nothing = { median: 0, low: 0, high: 0, isOdd: false };
    expect(report.usual!.slice(0, -1)).toEqual(Array.from({ length: 6 }, () => nothing));
    const young = await ask([friday(0, 99), friday(1, 10)], { report: 'daily' });
    expect(young.usual).toBeUndefined();
    const cut = [7, 14].flatMap((days) => [{ timeMs: at('2026-11-20T18:00:00Z') - days * 86_400_000, count: 100 }]);
    const atNoon = { timeMs: at('2026-11-13T12:00:00Z'), count: 100 };
    // Data of the 6th begins at 18:00: a day that is cut off is not counted as usual.
    expect((await ask([...cut, atNoon], { report: 'daily' })).usual).toBeUndefined();
    const unusual = async (...counts: number[]) => {
      const events = counts.map((count, week) => friday(week, count));
      return (await ask(events, { report: 'daily', focus: 'odd' })).finding;
    };
    const failed = 'All 99 requests succeeded.';
    expect(await unusual(99, 10, 30, 20)).toBe(`Unusual: 20 Nov had 99 requests (usually 20). ${failed}`);
    expect(await unusual(99, 100, 90, 99)).toBe(`Nothing unusual: requests and failures are about as usual. ${failed}`);
    expect(await unusual(99, 10)).toMatch(/^I can't say what is usual in 14–20 Nov 2026: too little is known/);
  });

  describe('asked whether anything is unusual', () => {
    const WEEK_MS = 7 * 86_400_000;
    /** The same count every day at noon, from `from` to `to` days before today, Saturday 21 November. */
    const steady = (from: number, to: number, count = 100, status = 200) =>
      Array.from({ length: to - from + 1 }, (_, n) => ({
        ...{ timeMs: at('2026-11-21T12:00:00Z') - (from + n) * 86_400_000, count, status },
      }));
    const odd = async (events: readonly EventOfTest[], range = '7d', report: 'daily' | 'day' = 'daily') =>
      (await ask(events, { report, focus: 'odd', range })).finding;

    it('says how busy it was beside the usual, of the steps that are over and have one', async () => {
      const busy = async (events: readonly EventOfTest[], range: string, report: 'daily' | 'day' = 'day') =>
        (await ask(events, { report, focus: 'busy', range })).finding;
      const before = steady(2, 40);
      expect(await busy([...before, ...steady(1, 1, 114)], 'yesterday')).toBe(
        'Busier than usual: 114 requests, 14% over the usual 100.',
      );
      expect(await busy([...before, ...steady(1, 1, 60)], 'yesterday')).toBe(
        'Quieter than usual: 60 requests, 40% under the usual 100.',
      );
      expect(await busy([...before, ...steady(1, 1, 98)], '7d', 'daily')).toBe(
        'As busy as usual: 698 requests, usually 700.',
      );
      expect(await busy([...steady(8, 40), ...steady(1, 1)], '3d', 'daily')).toBe(
        'Quieter than usual: 100 requests, 67% under the usual 300.',
      );
      expect(await busy(steady(1, 18), '7d', 'daily')).toBe(
        'As busy as usual: 300 requests in 3 of 7 days, usually 300.',
      );
      expect(await busy(steady(0, 40), 'today')).toBe('As busy as usual: 100 requests in 14 of 15 hours, usually 100.');
      expect(await busy(steady(1, 9), 'yesterday')).toBe(
        "I can't say what is usual in Fri 20 Nov 2026: too little is known of the weeks before. 100 requests in all.",
      );
    });

    it('takes the usual of a whole day from days, as daily does', async () => {
      // 100 calls on this weekday in each of four weeks, each time at another hour, so that no hour has usual calls.
      const before = [1, 2, 3, 4].map((week) => ({
        timeMs: at('2026-11-20T00:30:00Z') + week * 3_600_000 - week * WEEK_MS,
        ...{ count: 100, status: 200 },
      }));
      const events = [{ timeMs: at('2026-09-01T12:00:00Z'), count: 1 }, ...before, ...steady(1, 1, 50)];
      const { finding } = await ask(events, { report: 'day', focus: 'busy', range: 'yesterday' });
      expect(finding).toBe('Quieter than usual: 50 requests, 50% under the usual 100.');
    });

    it('names who made it so, as the digest does', async () => {
      const hour = (timeMs: number, client: string, count: number, status = 200) => ({ timeMs, client, count, status });
      const noon = at('2026-11-20T12:10:00Z');
      const weeks = [0, 1, 2, 3, 4].flatMap((week) => [
        hour(noon - week * WEEK_MS, 'Acme', 40),
        hour(noon - week * WEEK_MS, 'Portal', 60),
      ]);
      const began = hour(at('2026-10-01T12:00:00Z'), 'Acme', 1);
      const spike = [began, ...weeks, hour(noon, 'Acme', 500)];
      expect(await odd(spike, 'yesterday', 'day')).toMatch(
        /^Unusual: 12:00 had 600 requests \(usually 100\)\. Mostly Acme \(\+500\).*\. All 600 requests succeeded\.$/,
      );
      expect(await odd(spike)).toMatch(/^Unusual: 20 Nov had 600 requests \(usually 100\)\. Mostly Acme \(\+500\)/);
      const failing = [began, ...weeks, hour(noon, 'Portal', 90, 500)].filter(
        (each) => each.timeMs !== noon || each.client !== 'Portal' || each.status === 500,
      );
      expect(await odd(failing, 'yesterday', 'day')).toContain('Mostly Portal (+90)');
    });

    it('says yes in a total outage', async () => {
      expect(await odd(steady(8, 40))).toBe(
        'Unusual: 14 Nov had 0 requests (usually 100), the furthest of 7 unusual days. No requests (14–20 Nov 2026).',
      );
    });

    it('judges failures too, as the alert does, a rise and a fall', async () => {
      const failing = [...steady(1, 2, 60), ...steady(3, 40, 98), ...steady(3, 40, 2, 500), ...steady(1, 2, 40, 500)];
      expect(await odd(failing)).toBe(
        'Unusual: 40% of requests failed on 19 Nov (usually 2%), the furthest of 2 such days. 12.9% of 700 requests failed.',
      );
      const mended = [...steady(1, 40, 60), ...steady(2, 40, 40, 500), ...steady(1, 1, 38)];
      expect(await odd(mended)).toMatch(/^Unusual: 0% of requests failed on 20 Nov \(usually 40%\)\. /);
      const rare = [...steady(1, 40, 60), ...steady(1, 1, 19, 500)];
      expect(await odd(rare)).toMatch(/^Nothing unusual: requests and failures are about as usual\. /);
      const both = [...steady(1, 40, 100), ...steady(2, 2, 900), ...steady(1, 1, 30, 503)];
      expect(await odd(both)).toMatch(
        /^Unusual: 19 Nov had 1,000 requests \(usually 100\); 23\.1% of requests failed on 20 Nov \(usually 0%\)\. /,
      );
    });

    it('says how many steps it could judge; one that runs or is cut is never low', async () => {
      // The data begins during the 3rd, so from the 18th on there are two whole weeks before each day.
      expect(await odd(steady(1, 18))).toMatch(
        /^Nothing unusual: requests and failures are about as usual in 3 of 7 days; of the others too little is known\. /,
      );
      expect(await odd(steady(1, 40), 'yesterday', 'daily')).toBe(
        'Nothing unusual: requests and failures are about as usual. All 100 requests succeeded.',
      );
      expect(await odd(steady(0, 40), '24h', 'day')).toMatch(
        /^Nothing unusual: requests and failures are about as usual so far\. /,
      );
      const nowMs = at('2026-11-21T00:05:00Z');
      const hourly = [1, 2, 3, 4].map((week) => ({ timeMs: nowMs - week * WEEK_MS, count: 100 }));
      const today = async (count: number) => {
        const events = [...hourly, { timeMs: nowMs - 60_000, count }];
        return (await ask(events, { report: 'day', focus: 'odd', range: 'today' }, { nowMs })).finding;
      };
      expect(await today(1)).toBe(
        "I can't say what is usual in Sat 21 Nov 2026: its calls are still coming in. The only request succeeded.",
      );
      expect(await today(500)).toMatch(/^Unusual: 00:00 had 500 requests \(usually 100\)\. /);
    });

    it.each([
      ['40d', 'only ranges of up to 35 days are compared with their usual'],
      ['12-months', 'only ranges of up to 35 days are compared with their usual'],
      ['30min', 'only whole hours and days are compared with their usual'],
      ['2026-11-10 14:00 .. 2026-11-20 15:00', 'only whole hours and days are compared with their usual'],
    ])('gives the reason why it cannot say: %s', async (range, reason) => {
      expect(await odd(steady(0, 200), range)).toContain(`: ${reason}. `);
    });
  });

  it('draws the daily limit of the scope, not under other filters', async () => {
    const pool = (name: string, amount: number, kind: 'day' | 'rolling-24h' | 'year'): Pool => ({
      name,
      period: { kind },
      priority: 1,
      fromDay: 0,
      amounts: [
        { fromDay: 0, base: amount * 500, grants: [] },
        { fromDay: 100, base: 0, grants: [{ name: 'Users', quantity: 10, each: amount * 100 }] },
        { fromDay: 99_999, base: 1, grants: [] },
      ],
      thresholds: [75, 90],
      order: 0,
    });
    const scope = {
      name: 'crm',
      title: 'CRM',
      links: {},
      pools: [pool('Year', 1, 'year'), pool('Daily credits', 20, 'rolling-24h')],
      limits: [pool('Fair use', 10, 'day')],
    };
    const definitions = { scopes: [scope] };
    const dayOf = (day: number) => at(`2026-11-${day}T00:00:00Z`) / 86_400_000;
    const events = [{ timeMs: at('2026-11-20T12:00:00Z'), count: 11, scope: 'crm' }];
    const report = await ask(events, { report: 'daily' }, { definitions });
    expect(report.limit).toEqual({ name: 'Fair use', value: 10 });
    expect(report.finding).toContain('11 requests; busiest on 20 Nov with 11. 1 day went over Fair use (10 credits).');
    const over = async (...sent: [day: number, count: number, credits: number][]) => {
      const given = sent.map(([day, count, credits]) => ({
        ...{ timeMs: at(`2026-11-${day}T12:00:00Z`), count, scope: 'crm', credits: credits * 1000 },
      }));
      return (await ask(given, { report: 'daily' }, { definitions })).finding;
    };
    expect(await over([20, 11, 5.5])).not.toContain('went over');
    expect(await over([20, 4, 10.5], [19, 4, 10])).toContain(' 1 day went over Fair use (10 credits).');
    const raised = [
      { fromDay: 0, base: 4000, grants: [] },
      { ...scope.limits[0]!.amounts[1]!, fromDay: dayOf(20) },
    ];
    scope.limits[0] = { ...scope.limits[0]!, amounts: raised };
    expect(await over([19, 5, 5], [20, 5, 5])).toContain(
      ' 1 day went over Fair use (by the amount of its day, at last 10 credits).',
    );
    scope.limits[0] = { ...scope.limits[0]!, fromDay: dayOf(20) };
    expect(await over([19, 50, 50], [20, 5, 5])).not.toContain('went over');
    const filtered = await ask(
      events,
      { report: 'daily', filters: [{ key: 'client', patterns: ['acme'], not: false }] },
      { definitions },
    );
    expect(filtered.limit).toBeUndefined();
  });
});

describe('day', () => {
  it('is yesterday by the hour, unless another day is asked for', async () => {
    const report = await ask([{ timeMs: at('2026-11-20T13:59:59Z') }], { report: 'day' });
    expect(report).toMatchObject({ kind: 'day', title: 'Requests per hour', range: { text: 'yesterday' } });
    expect(report.bars).toHaveLength(24);
    expect(report.bars[13]).toMatchObject({ label: '13:00', requests: 1 });
  });

  it('has the hours of up to a week, the busiest with its day', async () => {
    const events = ['14T09:10', '18T09:10', '18T09:20'].map((time) => ({ timeMs: at(`2026-11-${time}:00Z`) }));
    const report = await ask(events, { report: 'day', range: '7d' });
    expect(report.bars).toHaveLength(7 * 24);
    expect(report.finding).toBe('3 requests; busiest on 18 Nov 09:00 with 2.');
    await expect(ask(events, { report: 'day', range: '14d' })).rejects.toMatchObject({
      code: 'question',
      suggestions: [{ command: 'daily 14d' }, { command: 'day 7d' }],
    });
  });

  it('ends a running day with the running hour, marked partial', async () => {
    const report = await ask([{ timeMs: at('2026-11-21T14:01:00Z') }], { report: 'day', range: 'today' });
    expect(report.bars).toHaveLength(15);
    expect(report.bars.at(-1)).toMatchObject({ label: '14:00', requests: 1, partial: true });
    expect(report.bars.at(-2)).toMatchObject({ partial: false });
  });

  it('has 25 hours when the clock goes back, the doubled one told apart, and 23 when it goes forward', async () => {
    const zone = 'Europe/Berlin';
    const events = [{ timeMs: at('2026-10-25T00:30:00Z') }, { timeMs: at('2026-10-25T01:30:00Z'), count: 2 }];
    const back = await ask(events, { report: 'day', range: '2026-10-25' }, { zone });
    expect(back.bars).toHaveLength(25);
    expect(back.bars.slice(1, 4).map(({ label, requests }) => [label, requests])).toEqual([
      ['01:00', 0],
      ['02:00+02:00', 1],
      ['02:00+01:00', 2],
    ]);
    expect(new Set(back.table.rows.map(([hour]) => hour)).size).toBe(25);
    expect(
      (await ask(events, { report: 'day', range: '2026-03-29' }, { zone })).bars.map(({ label }) => label),
    ).not.toContain('02:00');
  });

  it('covers 24 hours over two dates', async () => {
    const report = await ask([{ timeMs: at('2026-11-20T14:00:00Z') }, { timeMs: at('2026-11-20T13:59:59Z') }], {
      report: 'day',
      range: '24h',
    });
    expect(report.totals.requests).toBe(1);
    expect(report.bars[0]).toMatchObject({ label: '20 Nov 14:00', requests: 1 });
    expect(report.bars).toHaveLength(25);
  });

  it('is one bar where hourly totals do not go back that far', async () => {
    const calendar = createCalendar('UTC');
    const usage = createMemoryUsage([{ timeMs: at('2026-01-10T12:00:00Z'), count: 7 }], calendar);
    const withoutHours: typeof usage = {
      ...usage,
      async sum(query) {
        if (query.grain !== 'hour') return usage.sum(query);
        const shortened = { fromMs: at('2026-08-24T00:00:00Z'), reason: 'no-hours' as const, nearest: [] };
        return { ...(await usage.sum(query)), rows: [], shortened };
      },
    };
    const report = await ask([], { report: 'day', range: '2026-01-10' }, { deps: { usage: withoutHours } });
    expect(report.bars).toMatchObject([{ label: '10 Jan', requests: 7 }]);
    expect(report.notes).toContain('Hourly totals do not reach back this far: the day is one bar.');
    expect(report.usual).toBeUndefined();
  });

  it.each(['day', 'status'] as const)(
    'before all data is one step of nothing, and says when data begin (%s)',
    async (report) => {
      const events = [{ timeMs: at('2026-11-05T12:00:00Z') }];
      const before = await ask(events, { report, range: '2026-10-10' });
      expect(before.notes).toEqual(['Data begins on Thu 5 Nov 2026.']);
      expect(before.kind === 'day' ? before.bars : before.kind === 'status' ? before.steps : []).toHaveLength(1);
    },
  );

  it('of which the data cover a part says when they begin; a range within them says nothing', async () => {
    const events = [{ timeMs: at('2026-11-18T12:00:00Z') }];
    expect((await ask(events, { report: 'daily' })).notes).toEqual(['Data begins on Wed 18 Nov 2026.']);
    expect((await ask(events, { report: 'day', range: '2026-11-18' })).notes).toEqual([]);
  });
});
