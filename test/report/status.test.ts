import { describe, expect, it } from 'vitest';
import { toCsv } from '../../src/report/csv.ts';
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
      ['(none)', 20, 'no status was sent: neither success nor failure'],
      ['404', 10, 'not found'],
      ['304', 5, 'not modified'],
      ['429', 4, 'too many requests: over the rate'],
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
      '100 requests by 1 client; of those with a status 81.3 % succeeded: 65 ok, 15 failed, 20 without a status.',
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
      ['20 Nov', { 200: 1, 500: 2 }],
    ]);
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
    // One 500 among 101 failures is no pattern.
    expect(report.diagnosis).toEqual([
      {
        claim: 'Malformed requests',
        evidence:
          '100 of 1,001 requests (10.0 %) ended in 400; 90 % of them from acme, which made 11.0 % of all requests; ' +
          '100 % of them on /v1/orders, which made 12.0 % of all requests.',
      },
    ]);
  });

  it('names no place for failures that are spread, or for those of the only client', async () => {
    const spread = ['a', 'b', 'c'].map((client) => calls(500, 20, { client, route: `/${client}` }));
    const [finding] = (await ask(spread, { report: 'status' })).diagnosis;
    expect(finding).toEqual({ claim: 'The server side fails', evidence: '60 of 60 requests (100 %) ended in 500.' });
    const alone = (await ask([calls(401, 30), calls(403, 10)], { report: 'status' })).diagnosis;
    expect(alone).toEqual([
      {
        claim: 'Credentials or permissions are refused',
        evidence: '40 of 40 requests (100 %) ended in 401 (30), 403 (10).',
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
        claim: 'Calls come faster than the rate allows',
        evidence:
          '2 of 112 requests (1.8 %) ended in 429; the most on 19 Nov (2); ' +
          'the busiest minute of crm then was Thu 19 Nov 2026 08:30 with 12 calls, against 10 allowed a minute.',
      },
    ]);
  });

  it('does not claim that calls come too fast where their busiest minute is below the limit', async () => {
    const definitions = {
      scopes: [{ name: 'crm', title: 'CRM', rateLimitPerMinute: 10, links: {}, pools: [], limits: [] }],
    };
    const few = [429, 429, 200].map((status) => calls(status, 1, { scope: 'crm' }));
    const [found] = (await ask(few, { report: 'status' }, { definitions })).diagnosis;
    expect(found!.claim).toBe('Calls are refused (429) below the rate limit that is known here');
    expect(found!.evidence).toContain('so it was another limit than this one');
    const advice = await ask(few, { report: 'advice' }, { definitions });
    expect(advice.sections.map(({ title }) => title)).toContain(
      'Find out which limit refuses calls, and back off after each 429',
    );
  });
});
