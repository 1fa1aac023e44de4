import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AlertKind } from '../../src/domain/alert.ts';
import { createCalendar, firstDayOf, monthOf } from '../../src/domain/calendar.ts';
import type { PeriodRule, Scope } from '../../src/domain/definition.ts';
import type { PoolState, ScopeState } from '../../src/domain/scope-state.ts';
import { claimAlert, type EvaluationContext, raiseAlerts } from '../../src/schedule/alert-claims.ts';
import { followEpisodes, LEVELS, SWITCHES } from '../../src/schedule/pool-alerts.ts';
import { SILENCE } from '../../src/schedule/traffic-alerts.ts';
import { removeOldAlerts } from '../../src/store/alert-repository.ts';
import type { Db } from '../../src/store/database.ts';
import { createMemoryUsage } from '../report/memory-usage.ts';
import { NO_DEFINITIONS } from '../report/setup.ts';
import { setUpDatabases } from '../support/databases.ts';
import { size } from '../support/size.ts';
import { pool, scope } from './alert-stage.ts';

const calendar = createCalendar('UTC');
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Date.parse('2024-02-10T09:00:00Z');

/** One pool per kind of period. The `once` pool lasts for years. */
const RULES: readonly PeriodRule[] = [
  { kind: 'day' },
  { kind: 'month', anchor: 1 },
  { kind: 'year' },
  { kind: 'once', fromDay: calendar.dayOf(START) - 40, untilDay: calendar.dayOf(START) + 4000 },
  { kind: 'rolling-24h' },
];
const DECLARED: Scope = scope(RULES.map((period) => pool(period.kind, 100, { period })));

function contextOf(db: Db, nowMs: number, facts: Partial<EvaluationContext>): EvaluationContext {
  return {
    db,
    nowMs,
    calendar,
    usage: createMemoryUsage([], calendar),
    definitions: async () => NO_DEFINITIONS,
    targets: ['C1'],
    webhook: false,
    isTold: () => true,
    seen: new Map(),
    states: [],
    pools: [],
    sources: async () => [],
    rules: async () => [],
    ...facts,
  };
}

function periodOf(rule: PeriodRule, nowMs: number): { fromMs: number; toMs: number } {
  const day = calendar.dayOf(nowMs);
  const month = monthOf(day);
  const [first, next] = {
    'rolling-24h': [day, day + 1],
    day: [day, day + 1],
    month: [firstDayOf(month), firstDayOf(month + 1)],
    year: [firstDayOf(month - (month % 12)), firstDayOf(month - (month % 12) + 12)],
    once: rule.kind === 'once' ? [rule.fromDay, rule.untilDay + 1] : [day, day],
  }[rule.kind] as [number, number];
  return { fromMs: calendar.startOfDay(first), toMs: calendar.startOfDay(next) };
}

function stateOf(nowMs: number, percents: readonly number[]): ScopeState {
  const pools = RULES.map((rule, index): PoolState => {
    const percent = percents[index]!;
    return {
      ...{
        name: rule.kind,
        used: percent * 1000,
        amount: 100_000,
        left: 0,
        percent,
        level: 'healthy',
        drawnNow: false,
      },
      ...{ thresholds: [75, 90], arithmetic: '', periodKind: rule.kind },
      period: { ...periodOf(rule, nowMs), label: '' },
      reached: [75, 90, 100].filter((level) => level <= percent),
    };
  });
  return {
    ...{ scope: 'crm', title: 'CRM', pools, limits: [], restLeft: 0, restCount: 0 },
    ...{ level: 'healthy', used: 0, overage: 0, links: {} },
    // The first pool is empty and the second goes on. That switch is told once per period too.
    exhaustions: percents[0]! >= 100 ? [{ pool: 'day', atMs: nowMs, next: 'month' }] : [],
  };
}

describe('alerts past their time', () => {
  const databases = setUpDatabases();
  it('are forgotten, and no alert of a running period is told again for it', async () => {
    const step = fc.record({
      // Minutes, days, or more than a year.
      passMs: fc.oneof(fc.integer({ min: 60_000, max: DAY }), fc.integer({ min: DAY, max: 500 * DAY })),
      percents: fc.array(fc.constantFrom(0, 50, 80, 95, 100), { minLength: RULES.length, maxLength: RULES.length }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
        const [kept, pruned] = [await databases.open(), await databases.open()];
        let nowMs = START;
        for (const { passMs, percents } of steps) {
          nowMs += passMs;
          await removeOldAlerts(pruned, { scopes: [DECLARED] }, nowMs);
          const states = [stateOf(nowMs, percents)];
          const told = [kept, pruned].map(async (db) => {
            const context = contextOf(db, nowMs, { states });
            const pools = await followEpisodes(context, new Set());
            for (const watch of [LEVELS, SWITCHES]) await raiseAlerts({ ...context, pools }, watch);
            return db.selectFrom('alert').select('key').where('at_ms', '=', nowMs).orderBy('id').execute();
          });
          expect(await told[1]).toEqual(await told[0]);
        }
        await removeOldAlerts(pruned, { scopes: [DECLARED] }, nowMs);
        const old = await pruned
          .selectFrom('alert')
          .select('subject')
          .where('at_ms', '<', nowMs - 400 * DAY)
          .execute();
        expect(old.filter(({ subject }) => !/crm\/(once|rolling-24h)$/.test(subject))).toEqual([]);
      }),
      { numRuns: size(4, 120) },
    );
  });

  it('go with episodes that ended; what is kept is what may still be told again', async () => {
    const db = await databases.open();
    const claim = (key: string, subject: string, period: string, kind: AlertKind = 'level') => ({
      ...{ key, subject, period },
      content: { kind, sign: '🟠' as const, title: key, lines: [], mention: false },
    });
    const claims = [
      claim('month', 'crm/month', '2024-02-01T00:00:00.000Z'),
      claim('once', 'crm/once', '2024-01-01T00:00:00.000Z'),
      claim('switch', 'switch of crm/once', '2024-01-01T00:00:00.000Z', 'switch'),
      claim('first episode', 'crm/rolling-24h', 'episode-1'),
      claim('open episode', 'crm/rolling-24h', 'episode-2'),
      claim('rate', 'rate of crm', '2024-02-10T09:00:00.000Z', 'rate'),
    ];
    for (const one of claims) await db.transaction().execute((trx) => claimAlert(trx, one, contextOf(db, START, {})));
    await db
      .insertInto('alert_episode')
      .values([
        { subject: 'crm/rolling-24h', number: 1, started_ms: START - DAY, ended_ms: START - HOUR },
        { subject: 'crm/rolling-24h', number: 2, started_ms: START },
        { subject: 'crm/other', number: 7, started_ms: START - DAY, ended_ms: START - HOUR },
      ])
      .execute();
    const left = async () => (await db.selectFrom('alert').select('key').orderBy('id').execute()).map(({ key }) => key);
    await removeOldAlerts(db, { scopes: [DECLARED] }, START + 399 * DAY);
    expect(await left()).toHaveLength(claims.length);
    await removeOldAlerts(db, { scopes: [DECLARED] }, START + 401 * DAY);
    expect(await left()).toEqual(['once', 'switch', 'open episode']);
    const episodes = await db.selectFrom('alert_episode').select(['subject', 'number']).orderBy('subject').execute();
    expect(episodes).toEqual([
      { subject: 'crm/other', number: 7 },
      { subject: 'crm/rolling-24h', number: 2 },
    ]);
  });

  it('leave a silence that lasts told', async () => {
    const db = await databases.open();
    const source = { name: 'kong', lastReceivedMs: START, usualGapMs: 1000 } as never;
    const count = async () => (await db.selectFrom('alert').select('id').execute()).length;
    for (const days of [1, 500, 1000]) {
      const nowMs = START + days * DAY;
      await raiseAlerts(contextOf(db, nowMs, { sources: async () => [source] }), SILENCE);
      await removeOldAlerts(db, { scopes: [] }, nowMs);
      expect(await count()).toBe(1);
    }
  });
});
