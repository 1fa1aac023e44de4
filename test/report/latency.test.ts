import { describe, expect, it } from 'vitest';
import type { Question } from '../../src/domain/report.ts';
import type { SourceHealth } from '../../src/domain/source-health.ts';
import { toCsv } from '../../src/report/table.ts';
import type { EventOfTest } from './memory-usage.ts';
import { ask as askAny, at } from './setup.ts';

/** Makes calls of one client, one per minute, with these durations. */
function calls(client: string, durations: readonly (number | undefined)[], more: object = {}) {
  return durations.map((durationMs, minute) => ({
    timeMs: at('2026-11-20T10:00:00Z') + minute * 60_000,
    client,
    ...(durationMs === undefined ? {} : { durationMs }),
    ...more,
  }));
}

const HUNDRED = Array.from({ length: 100 }, (_, index) => index + 1);
const slow = HUNDRED.map((ms) => ms * 10);

type Options = Parameters<typeof askAny>[2];

function ask(events: readonly EventOfTest[], question: Partial<Question> = {}, options: Options = {}) {
  return askAny(events, { range: 'yesterday', ...question, report: 'latency' }, options);
}

describe('latency', () => {
  it('ranks by p95, nearest rank, and says who is slowest', async () => {
    const events = [...calls('quick', HUNDRED), ...calls('slow', slow)];
    const report = await ask(events, { dimension: 'client' });
    expect((await ask(events)).finding).toBe('p95 is 900 ms, p50 91 ms. slow is slowest: p95 950 ms.');
    expect((await ask(events, { sort: '-p50' })).finding).toContain(
      'p50 (the median, not the average) is 91 ms, p95 900 ms.',
    );
    expect(report.finding).toBe('slow is slowest: p95 950 ms, 900 ms for all clients.');
    const fastest = await ask(events, { dimension: 'client', sort: 'p95' });
    expect(fastest.finding).toBe('quick is fastest: p95 95 ms, 900 ms for all clients.');
    const longest = await ask([...events, ...calls('rare', [1000, 1])], { sort: '-slowest_ms' });
    expect(longest.finding).toMatch(/^Slowest call: 1 s \(rare and slow\); p95 is /);
    expect(report.population).toBe('2 clients');
    expect(toCsv(report).split('\r\n')).toEqual([
      'name,p95_ms,p50_ms,p99_ms,slowest_ms,requests,timed',
      'slow,950,500,990,1000,100,100',
      'quick,95,50,99,100,100,100',
      '',
    ]);
  });

  it('answers about whom it was asked first, by the routes of a client', async () => {
    const events = [
      ...calls('acme', HUNDRED, { route: '/a' }),
      ...calls('acme', slow, { route: '/b' }),
      ...calls('b', [9e4]),
    ];
    const filters = [{ key: 'client' as const, patterns: ['acme'], not: false }];
    const report = await ask(events, { filters });
    expect(report.dimension).toBe('route');
    expect(report.finding).toBe('p95 is 900 ms, p50 91 ms. /b is slowest: p95 950 ms.');
    expect(report.rows.map(({ name }) => name)).toEqual(['/b', '/a']);
    const byP99 = await ask(events, { filters, sort: '-p99' });
    expect(byP99.finding).toBe('p99 is 980 ms, p50 91 ms. /b is slowest: p99 990 ms.');
  });

  it('gives ids that share a name one percentile, not an average of two', async () => {
    const clients = [{ id: 'acme-*', name: 'Acme' }];
    const definitions = { clients };
    const events = [...calls('acme-1', [1, 2, 3]), ...calls('acme-2', [100]), ...calls('b', [50])];
    const report = await ask(events, {}, { definitions });
    expect(report.rows.map(({ name, latency }) => [name, latency!.p50Ms, latency!.timed])).toEqual([
      ['Acme', 2, 4],
      ['b', 50, 1],
    ]);
  });

  it('is of single calls, and says how many have no duration and how their sender gives one', async () => {
    const sources = async () => [{ name: 'edge', adapter: 'access-log' } as SourceHealth];
    const events = [
      ...calls('a', [5, 7]),
      ...calls('a', [1], { count: 40 }),
      ...calls('b', [undefined], { source: 'edge' }),
    ];
    const report = await ask(events, {}, { deps: { sources } });
    expect(report.rows.map(({ name }) => name)).toEqual(['a']);
    expect(report.notes).toEqual([
      'Computed from 2 calls; 41 have no duration of their own.',
      'No durations from b.',
      'edge sends no durations: log the duration too ($request_time in nginx), as JSON or in a format that you name.',
    ]);
    const two = [...calls('c', [undefined]), ...calls('b', [undefined, undefined]), ...calls('a', [5])];
    expect((await ask(two, {})).notes.slice(0, 2)).toEqual([
      'Computed from 1 call; 3 have no duration of their own.',
      'No durations from b and c.',
    ]);
    const none = await ask(calls('b', [undefined, undefined], { source: 'edge' }), {}, { deps: { sources } });
    expect(none.finding).toBe('None of 2 requests says how long it took.');
    expect(none.notes.join(' ')).toMatch(/edge sends no durations/);
    expect(none.table.rows).toEqual([]);
  });

  it('goes by steps of the range, empty ones included', async () => {
    const events = [
      ...calls('a', slow),
      ...calls('a', [20, 40]).map((call) => ({ ...call, timeMs: call.timeMs - 86_400_000 })),
    ];
    const report = await ask(events, { overTime: true, range: '3d' });
    expect(report.finding).toBe('p95 is 950 ms, p50 490 ms; slowest on 20 Nov with p95 950 ms.');
    expect(toCsv(report).split('\r\n')).toEqual([
      'day,p95_ms,p50_ms,p99_ms,slowest_ms,requests,timed,partial,start',
      '2026-11-18,,,,,0,0,no,2026-11-18T00:00:00Z',
      '2026-11-19,40,20,40,40,2,2,no,2026-11-19T00:00:00Z',
      '2026-11-20,950,500,990,1000,100,100,no,2026-11-20T00:00:00Z',
      '',
    ]);
  });

  it('sorts by its columns alone', async () => {
    const events = [...calls('quick', HUNDRED), ...calls('slow', [200])];
    expect((await ask(events, { sort: '-requests' })).rows[0]!.name).toBe('quick');
    expect((await ask(events, { sort: 'p95' })).rows[0]!.name).toBe('quick');
    await expect(ask(events, { sort: 'constructor' })).rejects.toThrow(/columns are name, p95, p50, p99/);
  });
});
