import { describe, expect, it } from 'vitest';
import { toCsv } from '../../src/report/table.ts';
import type { EventOfTest } from './memory-usage.ts';
import { ask, at } from './setup.ts';

const noon = at('2026-11-20T12:00:00Z');

function calls(status: number, count: number, more: Partial<EventOfTest> = {}): EventOfTest {
  return { timeMs: noon, status, count, ...more };
}

describe('status', () => {
  it('counts every code, its documented group, and success apart from what carries no status', async () => {
    const report = await ask(
      [calls(200, 60), calls(304, 5), calls(404, 10), calls(429, 4), calls(503, 1), calls(0, 20)],
      {
        report: 'status',
      },
    );
    expect(report.codes.map(({ status, requests, meaning }) => [status, requests, meaning])).toEqual([
      ['200', 60, 'OK'],
      ['(none)', 20, 'no status'],
      ['404', 10, 'not found'],
      ['304', 5, 'not modified'],
      ['429', 4, 'rate-limited'],
      ['503', 1, 'service unavailable'],
    ]);
    expect(report.groups.map(({ group, requests }) => [group, requests])).toEqual([
      ['2xx', 60],
      ['3xx', 5],
      ['4xx', 10],
      ['429', 4],
      ['5xx', 1],
      ['(none)', 20],
    ]);
    expect(report.finding).toBe(
      '18.8% of 80 requests with a status failed; most of the 15 failures are 404s. 20 had no status.',
    );
    const classes = await ask([calls(200, 60), calls(404, 10), calls(429, 4)], {
      report: 'status',
      filters: [{ key: 'status', patterns: ['4xx', '5xx'], not: false }],
    });
    expect(classes.finding).toContain('14 requests failed. 4xx: 14, 5xx: 0.');
    const succeeded = await ask([calls(200, 65), calls(404, 15)], { report: 'status', focus: 'succeeded' });
    expect(succeeded.finding).toBe('81.3% of 80 requests succeeded; all 15 failures are 404s.');
    const mixed = [calls(200, 60), calls(404, 8), calls(429, 7), calls(500, 5)];
    expect((await ask(mixed, { report: 'status', focus: 'succeeded' })).finding).toBe(
      '75% of 80 requests succeeded; 8 of the 20 failures are 404s.',
    );
    expect(toCsv(report).split('\r\n')[0]).toBe('status,meaning,requests,share_percent');
    expect(toCsv(report)).toContain('404,not found,10,10\r\n');
  });

  it('has a step for every day of the range, also for those without calls', async () => {
    const report = await ask([calls(200, 1), calls(500, 2)], { report: 'status' });
    expect(report.steps.map(({ label, counts }) => [label, counts])).toEqual([
      ['14 Nov', {}],
      ['15 Nov', {}],
      ['16 Nov', {}],
      ['17 Nov', {}],
      ['18 Nov', {}],
      ['19 Nov', {}],
      ['20 Nov', { '2xx': 1, '5xx': 2 }],
    ]);
  });

  it('tells the rate of each step that is asked for: in the sentence, the table and the CSV', async () => {
    const failedOn = (date: string, failed: number, more = 0) => [
      { timeMs: at(`2026-11-${date}T12:00:00Z`), status: 200, count: 100 - failed },
      ...(failed > 0 ? [{ timeMs: at(`2026-11-${date}T12:00:00Z`), status: 429, count: failed }] : []),
      ...(more > 0 ? [{ timeMs: at(`2026-11-${date}T12:00:00Z`), status: 0, count: more }] : []),
    ];
    const events = [...failedOn('17', 10), ...failedOn('18', 0, 50), ...failedOn('19', 25), ...failedOn('20', 0)];
    const failed = await ask(events, { report: 'status', step: 'day', range: '2026-11-16..2026-11-20' });
    expect(failed.finding).toBe(
      '8.8% of 400 requests with a status failed. 50 had no status. Highest on 19 Nov (25%), lowest on 18 Nov and 1 other day (0%).',
    );
    expect(failed.steps.map(({ rate }) => rate)).toEqual([undefined, 10, 0, 25, 0]);
    const csv = toCsv(failed).split('\r\n');
    expect(csv[0]).toBe('day,failed_percent,requests,ok,failed,none,credits,429,partial,start');
    expect(csv[4]).toBe('2026-11-19,25,100,75,25,0,100,25,no,2026-11-19T00:00:00Z');
    const ok = await ask(events, {
      report: 'status',
      step: 'day',
      focus: 'succeeded',
      range: '2026-11-19..2026-11-20',
    });
    expect(ok.finding).toBe('87.5% of 200 requests succeeded. Lowest on 19 Nov (75%), highest on 20 Nov (100%).');
    expect(toCsv(ok)).toContain('2026-11-19,75,100,75,25');
    const not = { key: 'status' as const, patterns: ['429'], not: true };
    const others = await ask(events, { report: 'status', step: 'day', filters: [not] });
    expect(others.steps.map(({ rate }) => rate)).toEqual([undefined, undefined, undefined, 0, 0, 0, 0]);
    // With a filter by 429, all calls have failed, so no rate is shown.
    const filters = [{ key: 'status' as const, patterns: ['429'], not: false }];
    const coded = await ask(events, { report: 'status', step: 'day', filters });
    expect(coded.finding).toBe('35 requests ended in 429 (rate-limited).');
    expect(toCsv(coded)).toContain('status,meaning');
  });

  it('claims nothing where nothing failed', async () => {
    expect((await ask([calls(200, 100)], { report: 'status' })).diagnosis).toEqual([]);
    expect((await ask([], { report: 'status' })).diagnosis).toEqual([]);
  });

  it('says what failures point to, and where they are concentrated', async () => {
    const report = await ask(
      [
        calls(200, 880, { client: 'billing', route: '/v1/invoices' }),
        calls(200, 20, { client: 'acme', route: '/v1/orders' }),
        calls(400, 90, { client: 'acme', route: '/v1/orders' }),
        calls(400, 10, { client: 'billing', route: '/v1/orders' }),
        calls(500, 1, { client: 'billing' }),
      ],
      { report: 'status' },
    );
    // A single 500 among 101 failures is no pattern.
    expect(report.diagnosis).toEqual([
      {
        claim: 'Bad requests (400, 422)',
        evidence: '100 calls (10.0%), 90% from acme, all on /v1/orders.',
      },
    ]);
  });

  it('names no place for failures that are spread, or for those of the only client', async () => {
    const spread = ['a', 'b', 'c'].map((client) => calls(500, 20, { client, route: `/${client}` }));
    const [finding] = (await ask(spread, { report: 'status' })).diagnosis;
    expect(finding).toEqual({ claim: 'Server errors (5xx)', evidence: '60 calls (100%).' });
    const alone = (await ask([calls(401, 30), calls(403, 10)], { report: 'status' })).diagnosis;
    expect(alone).toEqual([
      {
        claim: 'Access refused (401, 403)',
        evidence: '40 calls (100%): 30 × 401, 10 × 403.',
      },
    ]);
  });

  it('puts the busiest minute beside the rate limit for 429', async () => {
    const minute = at('2026-11-19T08:30:00Z');
    const burst = Array.from({ length: 12 }, (_, n) =>
      calls(n < 10 ? 200 : 429, 1, { timeMs: minute + n * 1000, scope: 'crm' }),
    );
    const definitions = {
      scopes: [{ name: 'crm', title: 'CRM', rateLimitPerMinute: 10, links: {}, pools: [], limits: [] }],
    };
    const report = await ask([...burst, calls(200, 100, { scope: 'crm' })], { report: 'status' }, { definitions });
    expect(report.diagnosis).toEqual([
      {
        claim: 'Rate-limited (429)',
        evidence: '2 calls (1.8%), worst on 19 Nov (2). Peak minute of CRM: 12 of 10 allowed (Thu 19 Nov 08:30).',
      },
    ]);
  });

  it('does not claim that calls come too fast where their busiest minute is below the limit', async () => {
    const definitions = {
      scopes: [{ name: 'crm', title: 'CRM', rateLimitPerMinute: 10, links: {}, pools: [], limits: [] }],
    };
    const few = [429, 429, 200].map((status) => calls(status, 1, { scope: 'crm' }));
    const [found] = (await ask(few, { report: 'status' }, { definitions })).diagnosis;
    expect(found!.claim).toBe('Rate-limited (429) below the known limit');
    expect(found!.evidence).toContain(
      '2 calls (66.7%), worst on 20 Nov (2). The peak minute stayed below the limit of CRM (3 of 10), so another limit applies.',
    );
    const advice = await ask(few, { report: 'advice' }, { definitions });
    expect(advice.sections.map(({ title }) => title)).toContain(
      'Find out which limit is being hit; back off after a 429',
    );
  });
});
