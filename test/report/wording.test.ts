import { expect, it } from 'vitest';
import type { Scope } from '../../src/domain/definition.ts';
import { describeRows } from '../../src/report/table.ts';
import { ask, at } from './setup.ts';

function scope(name: string, title: string): Scope {
  const pool = {
    ...{ name: 'Monthly', period: { kind: 'month', anchor: 1 } as const, priority: 1, fromDay: 0, order: 0 },
    ...{ amounts: [{ fromDay: 0, base: 1_000_000_000, grants: [] }], thresholds: [75, 90] },
  };
  return { name, title, links: {}, pools: [pool], limits: [], rateLimitPerMinute: 600 };
}

const definitions = {
  scopes: [scope('crm', 'CRM API'), scope('public', 'Partner API'), scope('portal', 'Partner portal')],
};

const refused = Array.from({ length: 60 }, (_, n) => ({
  timeMs: at('2026-11-20T10:00:00Z') + n * 60_000,
  scope: ['crm', 'public', 'portal'][n % 3]!,
  status: 429,
}));

it.each([
  ['CRM API', 'crm'],
  ['partner portal', 'portal'],
  ['CRM', 'crm'],
  ['public', 'public'],
])('a scope is found by what its card shows: %s', async (asked, name) => {
  for (const report of ['pool', 'history', 'explain'] as const)
    expect((await ask(refused, { report, scope: asked }, { definitions })).question.scope).toBe(name);
});

it('a beginning that several titles have names none of them', async () => {
  await expect(ask(refused, { report: 'pool', scope: 'partner' }, { definitions })).rejects.toThrow(
    'No scope is called',
  );
});

it('limits that were not reached are told in one clause, however many scopes there are', async () => {
  const { diagnosis } = await ask(refused, { report: 'status' }, { definitions });
  expect(diagnosis[0]!.evidence).toBe(
    '60 calls (100%), worst on 20 Nov (60). The peak minute stayed below the limit of ' +
      'CRM API (1 of 600), Partner API (1 of 600) and Partner portal (1 of 600), so another limit applies.',
  );
});

it('advice offers each report once', async () => {
  const failing = [...refused, ...refused.map((event) => ({ ...event, status: 503 }))];
  const { offers, sections } = await ask(failing, { report: 'advice' }, { definitions });
  expect(sections.length).toBeGreaterThan(1);
  const labels = offers!.map(({ label }) => label);
  expect(labels).toContain('Status codes');
  expect(new Set(labels).size).toBe(labels.length);
});

it('a history of one pool does not repeat its sum', async () => {
  const { finding } = await ask(refused, { report: 'history', scope: 'crm' }, { definitions });
  expect(finding).toBe('CRM API used 20 credits in 12 months, most in Nov 2026 (20).');
});

it('a row in words reads as people say it', () => {
  const columns = [
    { key: 'scope', label: 'Scope', type: 'text' },
    { key: 'used', label: 'Used', type: 'credits' },
    { key: 'amount', label: 'Amount', type: 'credits' },
    { key: 'p95', label: 'p95', type: 'duration' },
    { key: 'per_day', label: 'A day', type: 'count' },
    { key: 'ends', label: 'Runs out', type: 'time' },
  ] as const;
  const row = ['crm', 84_000, 101_500, 403, 6, at('2026-11-22T19:15:00Z')];
  expect(describeRows({ columns, rows: [row] }, 'UTC')).toEqual([
    'crm 84 used (amount 101.5, p95 403 ms, 6 a day, runs out 22 Nov 2026 19:15)',
  ]);
});
