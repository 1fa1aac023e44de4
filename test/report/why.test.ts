import { describe, expect, it } from 'vitest';
import type { TableCell } from '../../src/domain/table.ts';
import { findPolling } from '../../src/report/symptoms.ts';
import type { EventOfTest } from './memory-usage.ts';
import { ask, at } from './setup.ts';

const noon = at('2026-11-20T12:00:00Z');

function every(ms: number, calls: number, more: Partial<EventOfTest> = {}, jitterMs = 0): EventOfTest[] {
  return Array.from({ length: calls }, (_, n) => ({
    timeMs: noon + n * ms + (n % 2) * jitterMs,
    client: 'acme',
    route: '/v1/orders',
    method: 'GET',
    ...more,
  }));
}

async function claims(events: readonly EventOfTest[], options?: Parameters<typeof ask>[2]): Promise<TableCell[]> {
  const report = await ask(events, { report: 'why', name: 'acme' }, options);
  return report.table.rows.map(([claim]) => claim!);
}

describe('why', () => {
  it('finds polling from the regularity of gaps, with the numbers', async () => {
    const report = await ask(every(10_000, 61, {}, 500), { report: 'why', name: 'acme' });
    expect(report.table.rows).toEqual([
      [
        'Polls every 10.5 s',
        '61 calls of GET /v1/orders come 10.5 s apart, 100% of its calls (coefficient of variation 0.05 over 60 gaps).',
        'Poll less often, ask only for what changed, or cache the answers.',
      ],
    ]);
    expect(report.finding).toBe('acme: polls every 10.5 s.');
  });

  it('finds no polling in too few calls, in irregular ones, or in what stands for many calls', async () => {
    expect(await claims(every(10_000, 20))).toEqual([]);
    expect(await claims(every(10_000, 60, {}, 8000))).toEqual([]);
    expect(await claims(every(10_000, 60, { count: 2 }))).toEqual([]);
  });

  it('looks past a pause over night', () => {
    const times = [...Array(30).keys()].map((n) => n * 1000);
    expect(findPolling([...times, ...times.map((ms) => ms + 36_000_000)])).toMatchObject({
      calls: 60,
      everyMs: 1000,
      pauses: 1,
    });
    expect(findPolling(Array(50).fill(0))).toBeUndefined();
    expect(findPolling([])).toBeUndefined();
  });

  it('finds calls that became slower while more of them failed', async () => {
    const calls = (day: string, durationMs: number, failed: number) =>
      Array.from({ length: 40 }, (_, n) => ({
        ...{ timeMs: at(`2026-11-${day}T12:00:00Z`) + n * n * 1000, client: 'acme', route: '/v1/orders' },
        ...{ durationMs: durationMs + n, status: n < failed ? 503 : 200 },
      }));
    const first = { timeMs: at('2026-11-01T12:00:00Z'), client: 'acme' };
    const slower = [first, ...calls('10', 100, 4), ...calls('17', 800, 20)];
    const { table } = await ask(slower, { report: 'why', name: 'acme' });
    expect(table.rows.find(([claim]) => claim === 'Slower, and failing more')?.[1]).toBe(
      'p95 went from 137 ms to 837 ms, failures from 10% to 50%.',
    );
    expect(await claims([first, ...calls('10', 100, 4), ...calls('17', 800, 4)])).not.toContain(
      'Slower, and failing more',
    );
    expect(await claims([first, ...calls('10', 100, 4), ...calls('17', 110, 20)])).not.toContain(
      'Slower, and failing more',
    );
  });

  it('finds the route that is malformed', async () => {
    const report = await ask(
      [
        { timeMs: noon, client: 'acme', route: '/v1/orders', status: 400, count: 30 },
        { timeMs: noon, client: 'acme', route: '/v1/orders', count: 10 },
        { timeMs: noon, client: 'acme', route: '/v1/items', status: 422, count: 10 },
        { timeMs: noon, client: 'other', route: '/v1/items', status: 400, count: 1000 },
      ],
      { report: 'why', name: 'acme' },
    );
    expect(report.table.rows[0]!.slice(0, 2)).toEqual([
      'Bad requests (400, 422)',
      '40 calls, 30 of them on /v1/orders (75% of its 40 calls).',
    ]);
  });

  it('puts the busiest minute of a client refused with 429 beside the rate limit', async () => {
    const burst = every(100, 15, { status: 429, scope: 'crm' }, 90);
    const definitions = {
      scopes: [{ name: 'crm', title: 'CRM', rateLimitPerMinute: 10, links: {}, pools: [], limits: [] }],
    };
    const report = await ask(burst, { report: 'why', name: 'acme' }, { definitions });
    expect(report.table.rows.map((row) => row.slice(0, 2))).toEqual([
      ['Rate-limited (429)', '15 calls refused; peak minute Fri 20 Nov 12:00 with 15 calls (CRM allows 10).'],
    ]);
  });

  it.each([
    ['all of the scope stayed below the limit', [], true],
    ['others filled the limit with it', every(100, 15, { client: 'other', scope: 'crm' }, 90), false],
    ['bulk calls may have filled it', [{ timeMs: noon, client: 'other', scope: 'crm', count: 90 }], false],
  ])('holds the 429 of a client against what all of the scope called then: %s', async (_, others, isBelow) => {
    const refused = every(100, 11, { status: 429, scope: 'crm' }, 90);
    const definitions = {
      scopes: [{ name: 'crm', title: 'CRM', rateLimitPerMinute: 20, links: {}, pools: [], limits: [] }],
    };
    const report = await ask([...refused, ...others], { report: 'why', name: 'acme' }, { definitions });
    const [claim, evidence] = report.table.rows[0]!;
    expect(claim).toBe(isBelow ? 'Rate-limited (429) below the known limit' : 'Rate-limited (429)');
    expect(String(evidence).includes('Another limit applies.')).toBe(isBelow);
  });

  it('finds a key on many addresses only where others use few', async () => {
    const from = (client: string, ips: number) =>
      Array.from({ length: ips }, (_, n) => ({ timeMs: noon, client, ip: `${client}${n}` }));
    expect(await claims([...from('acme', 30), ...from('b', 2), ...from('c', 3)])).toEqual(['Used from many addresses']);
    expect(await claims([...from('acme', 30), ...from('b', 20)])).toEqual([]);
    expect(await claims(from('acme', 9))).toEqual([]);
  });

  it('knows a stranger where clients are declared, and a newcomer where data go back', async () => {
    const old = { timeMs: at('2026-10-20T12:00:00Z'), client: 'old' };
    const events = [old, { timeMs: noon, client: 'acme' }];
    const definitions = { clients: [{ id: 'old', name: 'Old' }] };
    expect(await claims(events, { definitions })).toEqual(['Unknown client', 'New client']);
    expect(await claims([{ timeMs: noon, client: 'acme' }])).toEqual([]);
  });

  it('finds growth only where the time before is known', async () => {
    const before = { timeMs: at('2026-11-10T12:00:00Z'), client: 'acme', route: '/a', count: 100 };
    const now = [
      { timeMs: noon, client: 'acme', route: '/a', count: 110 },
      { timeMs: noon, client: 'acme', route: '/b', count: 190 },
    ];
    const first = { timeMs: at('2026-10-01T12:00:00Z'), client: 'acme' };
    const report = await ask([first, before, ...now], { report: 'why', name: 'acme' });
    expect(report.table.rows[0]!.slice(0, 2)).toEqual([
      'Much more traffic than before',
      '300 requests, up from 100 in as many days before (3.0×); 95% of the growth is on /b.',
    ]);
    expect(await claims([before, ...now])).toEqual([]);
    const partly = { ...before, timeMs: at('2026-11-07T22:00:00Z') };
    expect(await claims([partly, before, ...now])).toEqual([]);
  });

  it('explains days that are not those of UTC, and late arrivals', async () => {
    const night = every(60_000, 30, { timeMs: at('2026-11-19T23:30:00Z') });
    expect(await claims(night, { zone: 'Europe/Berlin' })).toEqual(['Days are counted in Europe/Berlin, not UTC']);
    const late = every(1000, 12, { receivedMs: at('2026-11-21T01:00:00Z'), count: 2 });
    expect(await claims(late)).toEqual(['Late calls']);
    // An imported file says nothing about delays of its sender.
    expect(await claims(late.map((event) => ({ ...event, imported: true })))).toEqual([]);
  });

  it('says that nothing stands out rather than guess', async () => {
    const report = await ask([{ timeMs: noon, client: 'acme', route: '/a', count: 500 }], {
      report: 'why',
      name: 'acme',
    });
    expect(report.finding).toBe('Nothing unusual in the 500 requests of acme.');
    expect(report.table.rows).toEqual([]);
  });
});
