import { describe, expect, it } from 'vitest';
import { createCalendar } from '../../src/domain/calendar.ts';
import type { Pool, Scope } from '../../src/domain/definition.ts';
import { ask, at, NOW } from './setup.ts';

const calendar = createCalendar('UTC');

function pool(name: string, base: number, change: Partial<Pool> = {}): Pool {
  const amounts = [{ fromDay: 0, base: base * 1000, grants: [] }];
  return {
    ...{ name, period: { kind: 'month', anchor: 1 }, priority: 1, fromDay: 0, amounts, thresholds: [75, 90], order: 0 },
    ...change,
  };
}

function scope(pools: Pool[], limits: Pool[] = []): Scope {
  return { name: 'crm', title: 'CRM', links: {}, pools, limits };
}

const tenADay = Array.from({ length: 20 }, (_, days) => ({
  timeMs: calendar.startOfDay(calendar.dayOf(NOW) - days - 1) + 1000,
  scope: 'crm',
  count: 10,
}));

describe('the headline of pools', () => {
  it('names the pool that runs out, not the scope that goes on with the next', async () => {
    const stack = [pool('Bundle', 240), pool('Add-on', 5000, { priority: 2, order: 1, period: { kind: 'year' } })];
    const { finding } = await ask(tenADay, { report: 'pool' }, { definitions: { scopes: [scope(stack)] } });
    expect(finding).toBe(
      '🔵 CRM has 40 of 240 left in its bundle (83.3% used), and 5,000 in 1 other pool. It lasts past its reset on 1 Jan at the usual 10 a day.',
    );
  });
});

describe('a scope with limits alone', () => {
  it('is over nothing: neither the answer nor the digest speaks of overage', async () => {
    const definitions = { scopes: [scope([], [pool('Fair use', 1000)])] };
    const report = await ask(tenADay, { report: 'pool' }, { definitions });
    expect(report.finding).toBe('🔵 CRM has 800 of 1,000 left in its limit Fair use (20% used).');
    expect(report.table.rows.map((row) => row.slice(0, 4))).toEqual([
      ['crm', 'Fair use', 'limit', 200_000],
      ['crm', 'Used', 'used', 200_000],
    ]);
  });

  it('is over its pools where it has some', async () => {
    const definitions = { scopes: [scope([pool('Bundle', 150)])] };
    const report = await ask(tenADay, { report: 'pool' }, { definitions, nowMs: at('2026-11-21T14:05:00Z') });
    expect(report.table.rows.at(-1)!.slice(0, 4)).toEqual(['crm', 'Overage', 'overage', 50_000]);
  });
});
