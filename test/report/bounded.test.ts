import { describe, expect, it } from 'vitest';
import { toSvg } from '../../src/chart/render.ts';
import { buildSpec } from '../../src/chart/spec/build.ts';
import { canDrawBundled } from '../../src/chart/text.ts';
import type { Bound, Filter } from '../../src/domain/filter.ts';
import { readTexts } from '../chart/read-svg.ts';
import { ask, at } from './setup.ts';

const timeMs = at('2026-11-20T12:00:00Z');
const call = (client: string, count: number, more: object = {}) => ({ timeMs, client, status: 200, count, ...more });
const traffic = [
  call('Acme', 100, { route: '/v1/a', user: 'ana' }),
  call('Acme', 10, { status: 429, route: '/v1/a', user: 'ana' }),
  call('Beta', 20, { route: '/v1/b', user: 'bo' }),
  call('Beta', 1, { status: 500, route: '/v1/b', user: 'bo' }),
  call('Calm', 5, { route: '/v1/b', user: 'cy', credits: 50_000 }),
];
const bound = (sign: Bound['sign'], value: number, column: Bound['column'] = 'requests'): Bound => ({
  sign,
  value,
  column,
});
const where = (key: Filter['key'], ...patterns: string[]): Filter => ({ key, patterns, not: false });
const top = (held: Bound, more: object = {}) => ask(traffic, { report: 'top', bound: held, ...more });
const FAILED = { filters: [where('status', '4xx', '5xx')] };

describe('rows held against a number', () => {
  it.each([
    [bound('under', 100), {}, '2 of 3 clients made fewer than 100 requests: Beta (21) and Calm (5).'],
    [bound('at-most', 5), {}, '1 of 3 clients made at most 5 requests: Calm (5).'],
    [bound('over', 5), {}, '2 of 3 clients made more than 5 requests: Acme (110) and Beta (21).'],
    [bound('at-least', 5), {}, 'All 3 clients made at least 5 requests: Acme (110), Beta (21) and Calm (5).'],
    [bound('over', 1000), {}, 'None of 3 clients made more than 1,000 requests; Acme has the most: 110.'],
    [
      bound('over', 5),
      { dimension: 'user', filters: [where('client', 'Acme', 'Beta')] },
      'All 2 users made more than 5 requests by Acme or Beta: ana (110) and bo (21).',
    ],
    [bound('under', 2), {}, 'None of 3 clients made fewer than 2 requests; Calm has the fewest: 5.'],
    [bound('over', 5, 'failed_percent'), {}, '1 of 3 clients had an error rate of more than 5%: Acme (9.1%).'],
    [
      bound('under', 5, 'failed_percent'),
      {},
      '2 of 3 clients had an error rate of less than 5%: Beta (4.8%) and Calm (0%).',
    ],
    [bound('at-least', 99, 'ok_percent'), {}, '1 of 3 clients had a success rate of at least 99%: Calm (100%).'],
    [bound('over', 50, 'share_percent'), {}, '1 of 3 clients made more than 50% of requests: Acme (80.9%).'],
    [bound('over', 40, 'credits'), {}, '2 of 3 clients used more than 40 credits: Acme (110) and Calm (50).'],
    [bound('at-least', 1), FAILED, '2 of 3 clients had failed requests: Acme (10) and Beta (1).'],
    [bound('over', 3), FAILED, '1 of 3 clients had more than 3 failed requests: Acme (10).'],
    // Clients without any failures also have fewer than 5.
    [bound('under', 5), FAILED, '2 of 3 clients had fewer than 5 failed requests: Beta (1) and Calm (0).'],
  ] as const)('%j under %j: %s', async (held, more, finding) => {
    expect((await top(held, more)).finding).toBe(finding);
  });

  it('without any: those that called, and had none of what is counted, with the numbers of all their calls', async () => {
    const report = await top(bound('under', 1), { filters: [where('status', '429')] });
    expect(report.finding).toBe('2 of 3 clients had no 429s: Beta and Calm.');
    expect(report.rows.map(({ name, requests }) => [name, requests])).toEqual([
      ['Beta', 21],
      ['Calm', 5],
    ]);
    expect(report.notes).toContain('The numbers are of all calls of these clients.');
  });

  it('shows shares of all calls in its picture too, not of the rows that are left', async () => {
    const report = await top(bound('under', 100));
    const { svg } = await toSvg(buildSpec(report, 'graph', canDrawBundled)!);
    expect(readTexts(svg).map(({ text }) => text)).toEqual(expect.arrayContaining(['21 · 15.4%', '5 · 3.7%']));
    expect(report.title).toBe('Clients that made fewer than 100 requests');
  });

  it.each([
    [FAILED.filters, 'client', '1 of 3 clients had no failed requests: Calm.'],
    [[where('status', '404')], 'client', 'None of 3 clients had 404s.'],
    [[where('status', '200')], 'client', 'All 3 clients had 200s; Calm has the fewest: 5.'],
    [[where('route', '/v1/a')], 'client', '2 of 3 clients made no requests to /v1/a: Beta and Calm.'],
    [[where('client', 'Acme')], 'route', '1 of 2 routes got no requests by Acme: /v1/b.'],
    // Counts only the users of Beta.
    [[where('client', 'Beta'), where('status', '429')], 'user', 'The only user, bo, had no 429s.'],
    [[where('client', 'Beta'), where('status', '500')], 'user', 'The only user had 500s; bo has the fewest: 1.'],
    [[where('client', 'Nobody'), where('status', '500')], 'user', 'None: no 500s by Nobody (14–20 Nov 2026).'],
  ] as const)('without %j by %s: %s', async (filters, dimension, finding) => {
    expect((await top(bound('under', 1), { filters, dimension })).finding).toBe(finding);
  });
});

describe('steps held against a number', () => {
  const days = [
    ...['14', '15', '16', '17', '18', '19'].map((day) => ({
      timeMs: at(`2026-11-${day}T12:00:00Z`),
      client: 'Acme',
      count: 10,
      status: 200,
    })),
    { timeMs: at('2026-11-01T12:00:00Z'), client: 'Acme', status: 200 },
    { timeMs, client: 'Acme', count: 30, status: 500 },
  ];
  it.each([
    [{ bound: bound('over', 20) }, '1 of 7 days had more than 20 requests: 20 Nov.'],
    [
      { bound: bound('under', 1), filters: [where('status', '500')] },
      '6 of 7 days had no 500s: 14 Nov, 15 Nov, 16 Nov, 17 Nov, 18 Nov and 19 Nov.',
    ],
    [{ bound: bound('under', 1), filters: [where('status', '404')] }, 'None of 7 days had 404s.'],
    [{ bound: bound('under', 1), filters: [where('client', 'Acme')] }, 'All 7 days had requests by Acme.'],
    [{ bound: bound('over', 50, 'failed_percent') }, '1 of 7 days had an error rate of more than 50%: 20 Nov.'],
  ])('%j: %s', async (question, finding) => {
    const report = await ask(days, { report: 'daily', ...question });
    expect(report.finding).toBe(finding);
    expect(report.bars).toHaveLength(7);
  });

  it('lists the steps that are so in the table, and never a running one that has not reached it', async () => {
    const report = await ask(days, { report: 'daily', bound: bound('under', 20), range: '2026-11-18..2026-11-21' });
    expect(report.finding).toBe('2 of 3 days had fewer than 20 requests: 18 Nov and 19 Nov.');
    expect((await ask(days, { report: 'daily', bound: bound('over', 20) })).table.rows).toHaveLength(1);
  });

  it('says which names take longer than a time', async () => {
    const timed = [
      { timeMs, client: 'Slow', durationMs: 900 },
      { timeMs, client: 'Fast', durationMs: 9 },
    ];
    const told = async (held: Bound) => (await ask(timed, { report: 'latency', bound: held })).finding;
    expect(await told(bound('over', 500, 'p95'))).toBe('1 of 2 clients had a p95 of more than 500 ms: Slow (900 ms).');
    expect(await told(bound('over', 1000, 'p95'))).toBe(
      'None of 2 clients had a p95 of more than 1 s; Slow has the most: 900 ms.',
    );
  });
});

it('lists who does nothing else', async () => {
  const timeMs = at('2026-11-20T12:00:00Z');
  const events = [
    { timeMs, client: 'New', version: 'v2', count: 5 },
    { timeMs, client: 'Both', version: 'v2' },
    { timeMs, client: 'Both', version: 'v1' },
    { timeMs, client: 'Old', version: 'v1' },
  ];
  const filters = [{ ...where('version', 'v2'), not: true }];
  const question = { report: 'top', bound: { sign: 'under', value: 1, column: 'requests' }, filters } as const;
  const only = await ask(events, question);
  expect(only.finding).toBe('1 of 3 clients made only requests with API version v2: New.');
  expect(only.title).toBe('Clients that made only requests with API version v2');
  expect((await ask(events.slice(1), question)).finding).toMatch(
    /^All 2 clients made other requests than with API version v2/,
  );
});

describe('steps that are averages, or longer', () => {
  // Four weeks to Friday 20 November: Mondays have 40 calls, Tuesdays 8 failures more, other days 20.
  const calls = Array.from({ length: 40 }, (_, ago) => {
    const ms = at('2026-11-20T14:00:00Z') - ago * 86_400_000;
    const weekday = new Date(ms).getUTCDay();
    return [
      { timeMs: ms, client: 'Acme', status: 200, count: weekday === 1 ? 40 : 20 },
      ...(weekday === 2 ? [{ timeMs: ms - 3_600_000, client: 'Acme', status: 500, count: 8 }] : []),
    ];
  }).flat();

  it('weekdays: the average of whole days of four weeks', async () => {
    const report = await ask(calls, { report: 'daily', step: 'weekday' });
    expect(report.finding).toBe(
      'Busiest on Mondays with 40 requests on average, quietest on Wednesdays, Thursdays, Fridays and 2 more with 20. Mon–Fri: 26 a day; Sat and Sun: 20.',
    );
    expect(report.range!.text).toBe('28d');
    expect(report.bars.map(({ label, requests }) => [label, requests])).toEqual([
      ['Mon', 40],
      ['Tue', 28],
      ...['Wed', 'Thu', 'Fri', 'Sat', 'Sun'].map((label) => [label, 20]),
    ]);
    const failed = await ask(calls, { report: 'daily', step: 'weekday', filters: [where('status', '5xx')] });
    expect(failed.finding).toBe(
      'Most on Tuesdays with 8 failed requests on average, fewest on Mondays, Wednesdays, Thursdays and 3 more with 0. Mon–Fri: 1.6 a day; Sat and Sun: 0.',
    );
  });

  it('hours of the day: the average of a week', async () => {
    const { finding, bars } = await ask(calls, { report: 'day', step: 'hour-of-day' });
    expect(finding).toBe(
      'Busiest at 14:00 with 23 requests on average, quietest at 00:00, 01:00, 02:00 and 19 more with 0.',
    );
    expect(bars).toHaveLength(24);
  });

  it('weeks from Monday, and months of less than a year', async () => {
    const weeks = await ask(calls, { report: 'daily', step: 'week', range: '2026-11-04..2026-11-20' });
    expect(weeks.bars.map(({ label, requests, partial }) => [label, requests, partial])).toEqual([
      ['week of 2 Nov', 100, true],
      ['week of 9 Nov', 168, false],
      ['week of 16 Nov', 128, true],
    ]);
    expect(weeks.finding).toBe('396 requests; busiest in the week of 9 Nov with 168.');
    const months = await ask(calls, { report: 'daily', step: 'month', range: '2026-10-20..2026-11-20' });
    expect(months.bars.map(({ label }) => label)).toEqual(['Oct 2026', 'Nov 2026']);
    const status = await ask(calls, { report: 'status', step: 'week', range: '2026-11-09..2026-11-15' });
    expect(status.steps.map(({ label, counts }) => [label, counts])).toEqual([
      ['week of 9 Nov', { '2xx': 160, '5xx': 8 }],
    ]);
  });

  it('has hours of up to a week', async () => {
    await expect(ask(calls, { report: 'status', step: 'hour', range: '8d' })).rejects.toThrow('too many hours');
    expect((await ask(calls, { report: 'status', step: 'hour', range: '7d' })).steps).toHaveLength(168);
  });
});
