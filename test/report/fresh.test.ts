import { describe, expect, it } from 'vitest';
import { buildAltText } from '../../src/chart/alt-text.ts';
import { toSvg } from '../../src/chart/render.ts';
import { buildSpec } from '../../src/chart/spec/build.ts';
import { canDrawBundled } from '../../src/chart/text.ts';
import { createCalendar } from '../../src/domain/calendar.ts';
import type { Span, UsageAnswer, UsageReader } from '../../src/domain/usage.ts';
import { buildNativeCharts } from '../../src/messages/native-chart.ts';
import { toCsv } from '../../src/report/table.ts';
import { createMemoryUsage, type EventOfTest } from './memory-usage.ts';
import { ask, at } from './setup.ts';

const DAY_MS = 86_400_000;

/** Makes an event of `count` calls at noon, `daysAgo` days before today, Saturday 21 November. */
function calls(client: string, daysAgo: number, count: number, more: Partial<EventOfTest> = {}): EventOfTest {
  return { timeMs: at('2026-11-21T12:00:00Z') - daysAgo * DAY_MS, client, count, ...more };
}

const events = [
  ...[calls('Acme', 2, 600), calls('Acme', 40, 400), calls('Beta', 3, 20), calls('Beta', 1, 30)],
  ...[calls('Old', 9, 70), calls('Old', 60, 10), calls('Older', 100, 5), calls('Older', 4, 1)],
];

describe('what is new, and what is gone', () => {
  it('has calls in the range and none in the 90 days before, with its first day', async () => {
    const report = await ask(events, { report: 'top', only: 'new' });
    // Older called 100 days ago, which is too long ago to be known.
    expect(report.rows.map(({ name, requests }) => [name, requests])).toEqual([
      ['Beta', 50],
      ['Older', 1],
    ]);
    expect(report.finding).toBe('2 clients are new: Beta and Older.');
    expect(report).toMatchObject({ title: 'New clients', versus: { label: '16 Aug – 13 Nov 2026' }, distinct: 2 });
    expect(toCsv(report).split('\r\n').slice(0, 2)).toEqual([
      'name,requests,share_percent,ok,failed,share_of_all_percent,none,credits,ids,first_call',
      'Beta,50,98.0392156862745,50,0,7.680491551459294,0,50,,2026-11-18',
    ]);
    const filters = [{ key: 'client' as const, patterns: ['Beta'], not: false }];
    expect((await ask(events, { report: 'top', only: 'new', filters })).finding).toMatch(/^Beta is new: 50 requests/);
    const one = await ask(events.slice(0, 4), { report: 'top', only: 'new' });
    expect(one.finding).toBe('Beta is new: 50 requests in 18–20 Nov 2026. Only 33 days before are known.');
    expect(buildAltText(one)).toContain('Beta 50');
    // Only a range that reaches now is called “since”.
    const live = await ask(events.slice(0, 4), { report: 'top', only: 'new', range: '2026-11-16..today' });
    expect(live.finding).toMatch(/^Beta is new: 50 requests since 18 Nov\./);
  });

  it('had calls before and has none in the range, with its last day', async () => {
    const report = await ask(events, { report: 'top', only: 'gone' });
    expect(report.finding).toBe('Old is gone: 80 requests before, the last on 12 Nov.');
    expect(report.offers!.map(({ label }) => label)).toEqual(['New clients', 'All clients']);
  });

  it('is measured against another range where one is named', async () => {
    const report = await ask(events, { report: 'top', only: 'new', versus: 'last-week' });
    expect(report.rows.map(({ name }) => name)).toEqual(['Acme', 'Beta', 'Older']);
    const sent = [calls('Acme', 10, 1), calls('Acme', 2, 1), calls('Beta', 1, 1)];
    const part = await ask(sent, { report: 'top', only: 'new', versus: 'last-week' });
    expect(part.finding).toBe('Beta is new: 1 request on 20 Nov 2026. Only 5 days of 9–15 Nov 2026 are known.');
  });

  it('says why there is none', async () => {
    const finding = async (only: 'new' | 'gone', sent = events, range = '7d') =>
      (await ask(sent, { report: 'top', only, range })).finding;
    const steady = [calls('Acme', 2, 1), calls('Acme', 20, 1)];
    expect(await finding('new', steady)).toBe(
      'No client is new: the only one was seen in the 13 days before too. Only 13 days before are known.',
    );
    expect(await finding('gone', steady)).toBe(
      'No client is gone: all clients of the 13 days before were seen in 14–20 Nov 2026 too. Only 13 days before are known.',
    );
    const old = [...steady, calls('Acme', 99, 1)];
    expect(await finding('new', old)).toBe('No client is new: the only one was seen in the 90 days before too.');
    expect(await finding('gone', old)).toBe(
      'No client is gone: all clients of the 90 days before were seen in 14–20 Nov 2026 too.',
    );
    const day = [calls('Acme', 2, 1), calls('Acme', 8, 1)];
    expect(await finding('new', day)).toBe(
      'No client is new: the only one was seen in the day before too. Only 1 day before is known.',
    );
    expect(await finding('new', [...day, calls('Beta', 2, 1), calls('Gamma', 2, 1)])).toBe(
      '2 clients are new: Beta and Gamma. Only 1 day before is known.',
    );
    expect(await finding('new', [calls('Acme', 2, 1)])).toBe(
      'Nothing is known of the time before 14–20 Nov 2026, so nothing can be new.',
    );
    expect(await finding('new', [calls('Acme', 20, 1)])).toBe('No client made a call in 14–20 Nov 2026.');
  });

  it('says what it does not know of either range', async () => {
    const calendar = createCalendar('UTC');
    const usage = createMemoryUsage(events, calendar);
    const fresh = (only: 'new' | 'gone', change: (span: Span) => Partial<UsageAnswer>) => {
      const sum: UsageReader['sum'] = async (query) => ({ ...(await usage.sum(query)), ...change(query.span) });
      return ask([], { report: 'top', only }, { deps: { usage: { ...usage, sum } } });
    };
    const isBefore = ({ toMs }: Span) => toMs <= at('2026-11-14T00:00:00Z');
    const rare = await fresh('new', (span) => (isBefore(span) ? { capped: ['client'] } : {}));
    const capped = 'Rare clients are counted together as (other); totals are exact.';
    expect(rare.notes).toEqual([`16 Aug – 13 Nov 2026: ${capped}`, 'Some that are called new may be among the rare.']);
    const hidden = await fresh('gone', (span) => (isBefore(span) ? {} : { capped: ['client'] }));
    expect(hidden.notes).toEqual([capped, 'Some that are called gone may be among the rare.']);

    const cut = (from: string) => ({
      ...{ rows: [], shortened: { fromMs: at(from), reason: 'no-total' as const, nearest: [] } },
    });
    const late = await fresh('new', (span) => (isBefore(span) ? cut('2026-11-12T00:00:00Z') : {}));
    expect(late.finding).toContain('Only 2 days before are known.');
    expect(late.notes![0]).toMatch(/^16 Aug – 13 Nov 2026: This combination is only kept since Thu 12 Nov 2026/);
    const none = await fresh('new', (span) => (isBefore(span) ? cut('2026-11-14T00:00:00Z') : {}));
    expect(none.finding).toBe('Nothing is known of the time before 14–20 Nov 2026, so nothing can be new.');
    expect(none.rows).toEqual([]);
    const lost = await fresh('gone', (span) => (isBefore(span) ? {} : cut('2026-11-21T00:00:00Z')));
    expect(lost.finding).toBe('Nothing is known of 14–20 Nov 2026, so nothing can be gone.');
    expect(lost.rows).toEqual([]);
  });

  it('counts ids of one shown name as one client', async () => {
    const definitions = { clients: [{ id: 'acme-*', name: 'Acme' }] };
    const renamed = [calls('acme-2', 2, 5), calls('acme-1', 20, 5)];
    expect((await ask(renamed, { report: 'top', only: 'new' }, { definitions })).rows).toEqual([]);
    const teams = { clients: [{ id: '*', name: 'X', team: 'Sales' }] };
    const report = await ask(renamed, { report: 'top', dimension: 'team', only: 'gone' }, { definitions: teams });
    expect(report.rows).toEqual([]);
  });
});

describe('how many different ones there were', () => {
  const users = [
    ...[calls('a', 3, 1, { user: 'ana' }), calls('a', 3, 1, { user: 'bo' }), calls('a', 2, 4, { user: 'ana' })],
    ...[calls('b', 2, 1), calls('b', 1, 1, { user: '(other)' })],
  ];

  it('is told day by day, and in all, of names alone', async () => {
    const began = calls('a', 30, 1);
    const report = await ask([began, ...users], { report: 'daily', dimension: 'user', range: '3d' });
    expect(report.bars.map(({ distinct, requests }) => [distinct, requests])).toEqual([
      [2, 2],
      [1, 5],
      [0, 1],
    ]);
    expect(report.finding).toBe('2 users were seen, 1 a day on average; the most on 18 Nov, with 2.');
    expect(report.title).toBe('Users per day');
    expect(toCsv(report).split('\r\n').slice(0, 2)).toEqual([
      'day,distinct,requests,partial,start',
      '2026-11-18,2,2,no,2026-11-18T00:00:00Z',
    ]);
    const clients = await ask([began, ...users], { report: 'daily', dimension: 'client', range: '3d' });
    expect(clients.finding).toBe('2 clients were seen, 1.3 a day on average; the most on 19 Nov, with 2.');
    const steady = [3, 2, 1].flatMap((day) => [calls('a', day, 1), calls('b', day, 1)]);
    const daily = await ask([began, ...steady], { report: 'daily', dimension: 'client', range: '3d' });
    expect(daily.finding).toBe('2 clients were seen, all of them every day.');
    const failures = [calls('a', 2, 1, { status: 500 }), calls('b', 2, 1, { status: 429 }), calls('c', 2, 5)];
    const failing = async (...patterns: string[]) => {
      const filters = [{ key: 'status' as const, patterns, not: false }];
      const question = { report: 'daily', dimension: 'client', range: '2026-11-19', filters } as const;
      return (await ask([began, ...failures], question)).finding;
    };
    expect(await failing('4xx', '5xx')).toMatch(/^2 clients had failures, /);
    expect(await failing('429')).toMatch(/^1 client had 429s, /);
    expect(await failing('5xx')).toMatch(/^1 client had 5xx responses, /);
    expect(await failing('200')).toMatch(/^1 client was seen, /);
    const same = await ask(users, { report: 'day', dimension: 'client', range: '2026-11-19' });
    expect(same.bars).toHaveLength(24);
  });

  it('is drawn as one plain bar a step, in both kinds of picture', async () => {
    const report = await ask(users, { report: 'daily', dimension: 'user', range: '3d' });
    const { svg, warnings } = await toSvg(buildSpec(report, 'graph', canDrawBundled)!);
    expect(warnings).toEqual([]);
    expect(svg).toContain('Users per day');
    expect(buildAltText(report)).toMatch(/18 Nov 2 users \(2 requests\); 19 Nov 1 user \(5 requests\); 20 Nov 0 users/);
    const [{ chart }] = buildNativeCharts(report) as unknown as [
      { chart: { series: { name: string; data: object[] }[] } },
    ];
    // There must be no series just for a colour: Slack's legend would list it.
    expect(chart.series.map(({ name }) => name)).toEqual(['Users per day']);
    expect(chart.series[0]!.data).toContainEqual({ label: '18 Nov', value: 2 });
  });
});

it('a running month says where it ends at the usual pace of each weekday', async () => {
  const steady = Array.from({ length: 60 }, (_, ago) => calls('a', ago + 1, 10));
  const report = await ask(steady, { report: 'daily', range: 'this-month' });
  expect(report.finding).toContain('At the usual pace Nov 2026 ends at about 300.');
  expect((await ask(steady.slice(0, 5), { report: 'daily', range: 'this-month' })).finding).not.toContain('pace');
  expect((await ask(steady, { report: 'daily', range: 'last-month' })).finding).not.toContain('pace');
});
