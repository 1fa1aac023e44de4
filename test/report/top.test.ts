import { describe, expect, it } from 'vitest';
import { createCalendar, parseDay } from '../../src/domain/calendar.ts';
import type { Filter } from '../../src/domain/filter.ts';
import { describeContext } from '../../src/messages/controls.ts';
import { toCsv } from '../../src/report/table.ts';
import { listWider } from '../../src/slack/next-questions.ts';
import { createMemoryUsage, type EventOfTest } from './memory-usage.ts';
import { ask, at, NOW } from './setup.ts';

const noon = at('2026-11-20T12:00:00Z');

function calls(client: string, count: number, more: Partial<EventOfTest> = {}): EventOfTest {
  return { timeMs: noon, client, count, ...more };
}

const traffic = [
  calls('a', 50),
  calls('b', 30, { status: 500 }),
  calls('c', 10, { status: 0 }),
  calls('d', 6),
  calls('e', 3),
  calls('f', 1),
];

describe('top', () => {
  it('ranks clients by requests, five at first, with the rest as others', async () => {
    const report = await ask(traffic, { report: 'top' });
    expect(report.rows.map(({ name, requests }) => [name, requests])).toEqual([
      ['a', 50],
      ['b', 30],
      ['c', 10],
      ['d', 6],
      ['e', 3],
    ]);
    expect(report.totals).toEqual({ requests: 100, ok: 60, failed: 30, none: 10, credits: 100_000 });
    expect(report.others).toMatchObject({ count: 1, requests: 1 });
    expect(report.rows[1]).toMatchObject({ sharePercent: 30, failed: 30, ok: 0 });
    expect(report).toMatchObject({ distinct: 6, population: '6 clients', asOfMs: noon, zone: 'UTC' });
    expect(report.finding).toBe('a made 50% of 100 requests.');
  });

  it('tells scopes by their titles, which filters understand too, and keeps their names as ids', async () => {
    const scopes = [
      { name: 'crm', title: 'CRM API', links: {}, pools: [], limits: [] },
      { name: 'a', title: 'Twin', links: {}, pools: [], limits: [] },
      { name: 'b', title: 'Twin', links: {}, pools: [], limits: [] },
    ];
    const events = [calls('x', 3, { scope: 'crm' }), calls('x', 2, { scope: 'a' }), calls('x', 1, { scope: 'b' })];
    const definitions = { scopes };
    const report = await ask(events, { report: 'top', dimension: 'scope' }, { definitions });
    // Two scopes with the same title are listed by their names.
    expect(report.rows.map(({ name, ids }) => [name, ids])).toEqual([
      ['CRM API', ['crm']],
      ['a', undefined],
      ['b', undefined],
    ]);
    for (const typed of ['CRM API', 'crm api', 'CRM*', 'crm']) {
      const filters = [{ key: 'scope' as const, patterns: [typed], not: false }];
      const found = await ask(events, { report: 'top', filters }, { definitions });
      expect([typed, found.totals.requests, found.notes.join()]).toEqual([
        ...[typed, 3],
        expect.not.stringMatching(/No scope|nearest/),
      ]);
    }
    const filters = [{ key: 'scope' as const, patterns: ['crm', 'a'], not: false }];
    expect(describeContext(await ask(events, { report: 'top', filters }, { definitions }))).toContain(
      'Filters: scope:CRM API or a',
    );
    expect((await ask([calls('x', 1)], { report: 'top' })).finding).toBe('x made the only request.');
  });

  it('finds methods however they are written, since they are kept in upper case', async () => {
    const events = [calls('a', 2, { method: 'POST' }), calls('b', 5, { method: 'GET' })];
    const filters = [{ key: 'method' as const, patterns: ['po*'], not: false }];
    expect((await ask(events, { report: 'top', filters })).totals.requests).toBe(2);
  });

  it('gives three users unless asked for more, and counts calls without one apart, last', async () => {
    const users = ['u1', 'u2', 'u3', 'u4'].map((user, n) => calls('a', 4 - n, { user }));
    const report = await ask([...users, calls('a', 100)], { report: 'top', dimension: 'user' });
    expect(report.rows.map(({ name }) => name)).toEqual(['u1', 'u2', 'u3']);
    expect(report.distinct).toBe(4);
    expect(report.others).toMatchObject({ count: 2, requests: 101 });
    const all = await ask([...users, calls('a', 100)], { report: 'top', dimension: 'user', limit: 1000 });
    expect(all.rows.at(-1)).toMatchObject({ name: '(none)', requests: 100 });
    expect(all.notes).toContain('100 requests had no user: (none) in the table.');
  });

  it('has, under a filter, shares of the filtered and of all', async () => {
    const report = await ask(traffic, {
      report: 'top',
      filters: [{ key: 'status', patterns: ['5xx', '(none)'], not: false }],
    });
    expect(report.rows).toMatchObject([
      { name: 'b', requests: 30, sharePercent: 75, shareOfAllPercent: 30 },
      { name: 'c', requests: 10, sharePercent: 25, shareOfAllPercent: 10 },
    ]);
    expect(toCsv(report)).toBe(
      'name,requests,share_percent,ok,failed,share_of_all_percent,none,credits,ids\r\n' +
        'b,30,75,0,30,30,0,30,\r\n' +
        'c,10,25,0,0,10,10,10,\r\n',
    );
  });

  it('ranks by the share that failed, and says so', async () => {
    const timeMs = at('2026-11-20T12:00:00Z');
    const calls = [
      { timeMs, client: 'Big', status: 200, count: 90 },
      { timeMs, client: 'Big', status: 500, count: 10 },
      { timeMs, client: 'Small', status: 500, count: 3 },
      { timeMs, client: 'Small', status: 200, count: 1 },
    ];
    const told = async (sort: string) => (await ask(calls, { report: 'top', sort })).finding;
    expect(await told('-failed_percent')).toBe('Small has the highest error rate: 75% of its 4 calls failed.');
    expect(await told('failed_percent')).toBe('Big has the lowest error rate: 10% of its 100 calls failed.');
    expect(await told('-ok_percent')).toBe('Big has the highest success rate: 90% of its 100 calls succeeded.');
    expect(await told('ok_percent')).toBe('Small has the lowest success rate: 25% of its 4 calls succeeded.');
    // Calls without a status have no rate.
    calls.push({ timeMs, client: 'Mute', status: 0, count: 9 });
    for (const sort of ['ok_percent', '-ok_percent', 'failed_percent', '-failed_percent'])
      expect((await ask(calls, { report: 'top', sort })).rows.at(-1)!.name).toBe('Mute');
    calls.push({ timeMs, client: 'Calm', status: 200, count: 2 });
    expect(await told('failed_percent')).toBe('Calm has the lowest error rate: 0% of its 2 calls failed.');
  });

  it('pages, sorts by any column, and refuses one that there is not', async () => {
    const page = await ask(traffic, { report: 'top', limit: 2, offset: 2, sort: 'name' });
    expect(page.rows.map(({ name }) => name)).toEqual(['c', 'd']);
    expect(page.others).toMatchObject({ count: 4, requests: 84 });
    const failed = await ask(traffic, { report: 'top', limit: 1, sort: '-failed' });
    expect(failed.finding).toBe('b has all 30 failures.');
    expect(failed.rows[0]!.name).toBe('b');
    await expect(ask(traffic, { report: 'top', sort: 'toString' })).rejects.toThrow('Cannot sort by “toString”');
  });

  it('speaks of failures where the filter lets nothing else through', async () => {
    const filters = [{ key: 'status' as const, patterns: ['5xx', '429'], not: false }];
    const report = await ask([calls('a', 5, { status: 503 }), calls('b', 3, { status: 429 })], {
      report: 'top',
      filters,
    });
    expect(report.finding).toBe('a has 5 of the 8 failures.');
    const own = await ask([calls('a', 5, { status: 503 }), calls('b', 3, { status: 429 }), calls('b', 2)], {
      ...{ report: 'top', filters: [...filters, { key: 'client', patterns: ['b'], not: false }] },
    });
    expect(own.finding).toBe('b has 3 of the 8 failures.');
    const fewest = await ask([calls('a', 5, { status: 503 }), calls('b', 3, { status: 429 }), calls('c', 9)], {
      ...{ report: 'top', filters, sort: 'requests' },
    });
    const one = await ask([calls('a', 30, { status: 429 }), calls('b', 3, { status: 503 })], {
      ...{ report: 'top', filters: [{ key: 'status', patterns: ['429'], not: false }] },
    });
    expect(one.finding).toBe('a has all 30 requests that ended in 429.');
    // c has no failures and so no row. Of the clients with failures, b has the fewest.
    expect(fewest.finding).toBe('Of the 2 clients with failures, b has the fewest: 3.');
  });

  it('names all that have equally few', async () => {
    const events = [calls('a', 5), ...['b', 'c', 'd', 'e'].map((client) => calls(client, 1))];
    const finding = async (sent: typeof events) => (await ask(sent, { report: 'top', sort: 'requests' })).finding;
    expect(await finding(events)).toBe('b, c, d and 1 more made the fewest: 1 each of 9 requests.');
    expect(await finding(events.slice(0, 2))).toBe('b made the fewest: 1 of 6 requests.');
  });

  it('measures credits exactly', async () => {
    const report = await ask([calls('a', 2, { credits: 500 }), calls('b', 1, { credits: 1001 })], {
      report: 'top',
      measure: 'credits',
    });
    expect(report.rows.map(({ name, credits }) => [name, credits])).toEqual([
      ['b', 1001],
      ['a', 500],
    ]);
    expect(report.finding).toContain('b used 66.7% of 1.501 credits.');
    expect(toCsv(report)).toContain('b,1,66.68887408394404,1,0,0,1.001,\r\n');
  });

  it('puts ids with one shown name into one row, and finds them by name or id', async () => {
    const definitions = {
      clients: [
        { id: 'b9c1*', name: 'Acme CRM' },
        { id: 'b9*', name: 'Acme ERP' },
        { id: 'old-crm', name: 'Acme CRM' },
      ],
    };
    const events = [calls('b9c1-x', 5), calls('old-crm', 3), calls('b9d', 2), calls('zed', 1)];
    const all = await ask(events, { report: 'top' }, { definitions });
    expect(all.rows.map(({ name, requests, ids }) => [name, requests, ids])).toEqual([
      ['Acme CRM', 8, ['b9c1-x', 'old-crm']],
      ['Acme ERP', 2, ['b9d']],
      ['zed', 1, undefined],
    ]);
    const find = async (pattern: string, not = false) =>
      (await ask(events, { report: 'top', filters: [{ key: 'client', patterns: [pattern], not }] }, { definitions }))
        .totals.requests;
    expect(await find('Acme CRM')).toBe(8);
    // Declarations overlap: an id belongs to the earlier one.
    expect(await find('Acme ERP')).toBe(2);
    expect(await find('Acme ERP', true)).toBe(9);
    expect(await find('Acme*')).toBe(10);
    expect(await find('b9c1-x')).toBe(5);
    expect(await find('acme crm')).toBe(8);
    expect(await find('ACME*')).toBe(10);
  });

  it('keeps hostile names as they are, and harmless in a CSV', async () => {
    const hostile = [
      '=cmd()',
      '+1',
      '-1',
      '@x',
      '\tt',
      '\rr',
      '<!channel>',
      '*b*',
      'a,"b"\nc',
      '__proto__',
      '(other)x',
      '日本 🎉',
    ];
    const report = await ask(
      hostile.map((name) => calls(name, 1)),
      { report: 'top', limit: 100 },
    );
    expect(report.rows.map(({ name }) => name).sort()).toEqual([...hostile].sort());
    const csv = toCsv(report);
    for (const cell of [
      "'=cmd(),",
      "'+1,",
      "'-1,",
      "'@x,",
      "'\tt,",
      '"\'\rr",',
      '<!channel>,',
      '"a,""b""\nc",',
      '__proto__,',
    ]) {
      expect(csv).toContain(cell);
    }
  });

  it('says that nothing was received, that nothing fits, or that the month is young', async () => {
    const empty = await ask([], { report: 'top' });
    expect(empty).toMatchObject({ finding: 'No usage has been received yet.', rows: [], asOfMs: 0, distinct: 0 });
    const none = await ask(traffic, { report: 'top', filters: [{ key: 'client', patterns: ['nobody'], not: false }] });
    expect(none.finding).toBe('None: no requests by nobody (14–20 Nov 2026).');
    const telling = async (...filters: Filter[]) => (await ask(traffic, { report: 'daily', filters })).finding;
    const of = (key: Filter['key'], ...patterns: string[]): Filter => ({ key, patterns, not: false });
    const where = '(14–20 Nov 2026).';
    expect(await telling(of('status', '429'), of('client', 'a', 'b'))).toBe(`None: no 429s by a or b ${where}`);
    expect(await telling(of('status', '4xx', '5xx'), of('route', '/x'))).toBe(
      `None: no failed requests to /x ${where}`,
    );
    expect(await telling(of('status', '3xx'))).toBe(`None: no 3xx responses ${where}`);
    expect(await telling(of('ip', '192.0.2.9'), { ...of('user', 'ana'), not: true })).toBe(
      `None: no requests with IP address 192.0.2.9 not by ana ${where}`,
    );
    expect(await telling(of('client', 'x'.repeat(200)))).toBe(`None: no requests match these filters ${where}`);
    const first = await ask(traffic, { report: 'top', range: 'this-month' }, { nowMs: at('2026-11-01T09:00:00Z') });
    expect(first.finding).toBe('This month has no whole day yet. Today so far: No requests (Sun 1 Nov 2026).');
    expect(first.rows).toEqual([]);
    const monday = [
      calls('a', 1, { timeMs: at('2026-11-16T08:00:00Z') }),
      calls('b', 1, { timeMs: at('2026-11-15T08:00:00Z') }),
    ];
    const week = await ask(monday, { report: 'top', range: 'this-week' }, { nowMs: at('2026-11-16T09:00:00Z') });
    expect(week.finding).toBe('This week has no whole day yet. Today so far: a made the only request.');
    expect(week.rows).toEqual([]);
    expect(listWider(week)).toEqual([{ label: 'Today so far', question: { ...week.question, range: 'today' } }]);
  });

  it('marks a live range, and says what over-full days leave out', async () => {
    const live = await ask([calls('a', 1, { timeMs: NOW - 1000 })], { report: 'top', range: 'today' });
    expect(live.totals.requests).toBe(1);
    expect(live.notes).toEqual([]);
    expect(live.range!.partial).toBe(true);
    const calendar = createCalendar('UTC');
    const usage = createMemoryUsage([...traffic, calls('(other)', 900)], calendar);
    const capped: typeof usage = {
      ...usage,
      sum: async (query) => ({ ...(await usage.sum(query)), capped: ['client'] }),
    };
    const report = await ask([], { report: 'top', limit: 1000 }, { deps: { usage: capped } });
    expect(report.rows.at(-1)).toMatchObject({ name: '(other)', requests: 900 });
    expect(report).toMatchObject({ distinct: 6, totals: { requests: 1000 } });
    expect(report.finding).toContain('a made 5% of 1,000 requests.');
    expect(report.notes.join()).toContain(
      'Data begins on Fri 20 Nov 2026.,Rare clients are counted together as (other); totals are exact.',
    );
  });

  it('computes all shares over the days that raw events cover, and offers what totals hold', async () => {
    const calendar = createCalendar('UTC');
    const rawFrom = at('2026-11-18T00:00:00Z');
    const old = calls('a', 1000, { timeMs: at('2026-11-15T12:00:00Z'), module: 'm', user: 'u' });
    const usage = createMemoryUsage([old, calls('a', 3, { module: 'm', user: 'u', ip: '1' }), calls('b', 1)], calendar);
    const shortened: typeof usage = {
      ...usage,
      async sum(query) {
        if (query.filters.length < 2) return usage.sum(query);
        const answer = await usage.sum({
          ...query,
          span: { ...query.span, fromMs: Math.max(query.span.fromMs, rawFrom) },
        });
        return query.span.fromMs >= rawFrom
          ? answer
          : { ...answer, shortened: { fromMs: rawFrom, reason: 'no-total', nearest: ['ip', 'user'] } };
      },
    };
    const filters = [
      { key: 'module', patterns: ['m'], not: false },
      { key: 'user', patterns: ['u'], not: false },
    ] as const;
    const report = await ask([], { report: 'top', dimension: 'ip', filters }, { deps: { usage: shortened } });
    expect(report.rows).toMatchObject([{ name: '1', requests: 3, shareOfAllPercent: 75 }]);
    expect(report.notes.join(' ')).toContain(
      'Data begins on Sun 15 Nov 2026. This combination is only kept since Wed 18 Nov 2026; earlier days are left out. The whole range can be answered by IP address and user.',
    );
    expect(report.offers).toMatchObject([{ label: 'Whole range, by user only', question: { filters: [filters[1]] } }]);
  });

  it('names the day that raw events begin on, also where the whole range is older', async () => {
    const old = calls('a', 5, { timeMs: at('2026-09-15T12:00:00Z'), module: 'm', user: 'u' });
    const usage = createMemoryUsage([old, calls('b', 1)], createCalendar('UTC'));
    const cut: typeof usage = {
      ...usage,
      extent: async () => ({ ...(await usage.extent())!, firstRawDay: parseDay('2026-10-21') }),
      sum: async (query) =>
        query.filters.length === 0
          ? usage.sum(query)
          : {
              ...(await usage.sum({ ...query, span: { ...query.span, fromMs: query.span.toMs } })),
              shortened: { fromMs: query.span.toMs, reason: 'no-total', nearest: ['user'] },
            },
    };
    const filters = [
      { key: 'module', patterns: ['m'], not: false },
      { key: 'user', patterns: ['u'], not: false },
    ] as const;
    const question = { report: 'top', dimension: 'ip', range: '2026-09-10..2026-09-20', filters } as const;
    const report = await ask([], question, { deps: { usage: cut } });
    expect(report.notes.join(' ')).toContain(
      'Data begins on Tue 15 Sep 2026. This combination is only kept since Wed 21 Oct 2026, after the range asked for. The whole range can be answered by user.',
    );
  });
});
