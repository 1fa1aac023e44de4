import { describe, expect, it } from 'vitest';
import { limitMeter } from '../../src/domain/rules.ts';
import { toCsv } from '../../src/report/table.ts';
import type { EventOfTest } from './memory-usage.ts';
import { ask, at } from './setup.ts';

const noon = at('2026-11-20T12:00:00Z');

function calls(client: string, route: string, count: number, more: Partial<EventOfTest> = {}): EventOfTest {
  return { timeMs: noon, client, route, count, ...more };
}

const traffic = [
  calls('id-1', '/v1/orders', 100, { method: 'GET' }),
  calls('id-1', '/v1/items', 40, { method: 'GET' }),
  calls('id-2', '/v1/items', 10, { status: 400, method: 'POST', user: 'ann' }),
  calls('other', '/v1/orders', 7),
];
const definitions = { clients: [{ id: 'id-*', name: 'Acme CRM' }] };

describe('client', () => {
  it('says how long its single calls take, where any has a duration', async () => {
    const timed = [10, 20, 400].map((durationMs) => calls('id-1', '/v1/orders', 1, { durationMs }));
    const report = await ask([...traffic, ...timed], { report: 'client', name: 'Acme CRM' }, { definitions });
    expect(report.finding).toBe(
      'Acme CRM made 153 requests; 6.5% failed. All 10 failures are on /v1/items. Its p95 is 400 ms.',
    );
    expect(report.latency).toMatchObject({ timed: 3, p50Ms: 20, slowestMs: 400 });
    const one = [calls('solo', '/v1/orders', 9), calls('solo', '/v1/items', 1, { status: 503 })];
    const { finding } = await ask(one, { report: 'client', name: 'solo' });
    expect(finding).toBe('solo made 10 requests; 10% failed. The one failure is on /v1/items.');
  });

  it('says how much of its own allowance a client used, if one is declared for it alone', async () => {
    const amounts = [{ fromDay: 0, base: 200_000, grants: [] }];
    const limit = (name: string, match: object[]) => ({
      ...{
        name,
        period: { kind: 'day' as const },
        priority: 0,
        amounts,
        thresholds: [75, 90],
        fromDay: 0,
        order: 0,
        match,
      },
    });
    const scope = { name: 'default', title: 'API', links: {}, pools: [] };
    const told = async (...limits: ReturnType<typeof limit>[]) => {
      const question = { report: 'client' as const, name: 'Acme CRM', focus: 'allowance' as const, range: 'yesterday' };
      const scopes = limits.length > 0 ? [{ ...scope, limits }] : [];
      // The store counts calls that match a limit's rules under a meter of the limit.
      const counted = calls('meter', '/v1/orders', 150, { scope: limitMeter('default', 'Fair share') });
      return (await ask([...traffic, counted], question, { definitions: { ...definitions, scopes } })).finding;
    };
    const none = 'None of its calls ended in 429.';
    const acme = { client: 'id-1' };
    // A pool that others use too is told once it is nearly used up.
    const shared = async (amount: number) => {
      const { match: _, order, ...plan } = limit('Daily credits', []);
      const amounts = [{ fromDay: 0, base: amount * 1000, grants: [] }];
      const scopes = [{ ...scope, limits: [], pools: [{ ...plan, order, amounts }] }];
      const question = { report: 'client' as const, name: 'Acme CRM', focus: 'allowance' as const, range: 'yesterday' };
      return (await ask(traffic, question, { definitions: { ...definitions, scopes } })).finding;
    };
    expect(await shared(1_000_000)).toContain(`Acme CRM has no allowance of its own. ${none}`);
    expect(await shared(180)).toMatch(
      /^Acme CRM has no allowance of its own\. Of what it calls, API has used \d\d\.\d% of its daily credits \(\d+ of 180\)\. None of its calls/,
    );
    expect(await told(limit('Fair share', [acme]))).toContain(
      `No: Acme CRM used 150 of the 200 credits of Fair share (75%, 20 Nov 2026), 50 left. ${none} Acme CRM made 150 requests`,
    );
    // Limits for everybody, for a part of the client's calls, and for other clients too.
    expect(await told(limit('Fair share', []))).toContain(
      `no allowance of its own. Of what it calls, API has used 75% of its limit Fair share (150 of 200). ${none}`,
    );
    for (const match of [[{ ...acme, route: '/v1/items' }], [acme, { client: 'other' }]])
      expect(await told(limit('Fair share', match))).toContain(`Acme CRM has no allowance of its own. ${none}`);
  });

  it('shows the other dimensions of a client, failures first', async () => {
    const report = await ask(traffic, { report: 'client', name: 'Acme CRM' }, { definitions });
    expect(report.totals).toMatchObject({ requests: 150, ok: 140, failed: 10 });
    const routes = report.sections.find(({ dimension }) => dimension === 'route')!;
    expect(routes.rows.map(({ name, requests, failed }) => [name, requests, failed])).toEqual([
      ['/v1/items', 50, 10],
      ['/v1/orders', 100, 0],
    ]);
    expect(report.sections.map(({ dimension }) => dimension)).toEqual(['status', 'route', 'method', 'user']);
    expect(report.sections[0]!.rows[0]!.name).toBe('400');
    expect(report.finding).toBe('Acme CRM made 150 requests; 6.7% failed. All 10 failures are on /v1/items.');
    expect(report.notes).toEqual([
      'Data begins on Fri 20 Nov 2026.',
      'Always source default and scope default.',
      'Ids: id-1, id-2.',
    ]);
    expect(report.question.filters).toBeUndefined();
    expect(toCsv(report)).toContain('route,/v1/items,50,33.33333333333333,40,10,0,50\r\n');
  });

  it('says once how many failed, where failures are asked for', async () => {
    const told = async (...patterns: string[]) => {
      const filters = [{ key: 'status' as const, patterns, not: false }];
      return (await ask(traffic, { report: 'client', name: 'Acme CRM', filters }, { definitions })).finding;
    };
    expect(await told('400')).toBe('Acme CRM made 10 requests that ended in 400, all of them on /v1/items.');
    expect(await told('4xx', '5xx')).toBe('Acme CRM made 10 failed requests, all of them on /v1/items.');
  });

  it('shows how calls succeed, however many ways they fail', async () => {
    const codes = [500, 502, 503, 504, 400, 401].map((status) => calls('c', '/v1', 1, { status }));
    const report = await ask([...codes, calls('c', '/v1', 90)], { report: 'client', name: 'c' });
    const names = report.sections[0]!.rows.map(({ name }) => name);
    expect(names).toHaveLength(5);
    expect(names.at(-1)).toBe('200');
    expect(report.sections[0]!.more).toBe(2);
  });

  it('keeps to the five worst and says how many more there are', async () => {
    const many = Array.from({ length: 8 }, (_, n) => calls('c', `/v${n}`, n + 1));
    const report = await ask(many, { report: 'client', name: 'c' });
    const routes = report.sections.find(({ dimension }) => dimension === 'route')!;
    expect([routes.rows.length, routes.more]).toEqual([5, 3]);
  });

  it('answers a name that was never seen with the nearest that were', async () => {
    const wrong = ask(traffic, { report: 'client', name: 'acme crn', range: '30d' }, { definitions });
    await expect(wrong).rejects.toMatchObject({
      code: 'question',
      message: 'No client is called “acme crn”.',
      offers: [{ label: 'Acme CRM', question: { report: 'client', name: 'Acme CRM', range: '30d' } }],
    });
    await expect(ask(traffic, { report: 'route' })).rejects.toMatchObject({
      message: 'Which route? Write its name after the word.',
      offers: [{ label: '/v1/orders' }, { label: '/v1/items' }],
    });
    expect((await ask([], { report: 'client', name: 'acme' })).finding).toBe('No usage has been received yet.');
  });

  it('says that a known client was quiet', async () => {
    const report = await ask(traffic, { report: 'client', name: 'other', range: '2026-11-19' });
    expect(report.finding).toBe('None: no requests by other (Thu 19 Nov 2026).');
  });
});

describe('route', () => {
  it('shows who calls it', async () => {
    const report = await ask(traffic, { report: 'route', name: '/v1/items' }, { definitions });
    expect(report.finding).toContain('All 10 failures are from Acme CRM.');
    expect(report.notes).toContain('Always client Acme CRM.');
    expect(report.title).toBe('Route /v1/items');
  });
});
