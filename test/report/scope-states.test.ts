import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCalendar, formatDay, parseDay } from '../../src/domain/calendar.ts';
import { FIRST_DAY, type Limit, type PeriodRule, type Pool, type Scope } from '../../src/domain/definition.ts';
import { drawDown, sumWithin } from '../../src/domain/draw-down.ts';
import type { Thousandths } from '../../src/domain/event.ts';
import type { PoolReport } from '../../src/domain/report.ts';
import type { UsageReader } from '../../src/domain/usage.ts';
import { createReporter } from '../../src/report/reporter.ts';
import { getScopeStates, listDraws, type PoolDeps, type ScopeQuery } from '../../src/report/scope-states.ts';
import { size } from '../support/size.ts';
import { createMemoryUsage, type EventOfTest } from './memory-usage.ts';

const calendar = createCalendar('Europe/Berlin');
const MONTH: PeriodRule = { kind: 'month', anchor: 1 };
const MINUTE = 60_000;

function at(text: string): number {
  return Temporal.PlainDateTime.from(text).toZonedDateTime('Europe/Berlin').epochMilliseconds;
}

function call(text: string, count: number, scope = 'crm'): EventOfTest {
  return { timeMs: at(text), count, scope };
}

function pool(name: string, period: PeriodRule, base: number, rest: Partial<Pool> = {}): Pool {
  const amounts = [{ fromDay: 0, base: base * 1000, grants: [] }];
  return { name, period, priority: 1, fromDay: 0, amounts, thresholds: [75, 90], order: 0, ...rest };
}

function scope(pools: Pool[], rest: Partial<Scope> = {}): Scope {
  return { name: 'crm', title: 'CRM', links: {}, pools, limits: [], ...rest };
}

function createDeps(events: readonly EventOfTest[], ...scopes: Scope[]): PoolDeps {
  const definitions = { version: 1, scopes, ruleSets: [], clients: [] };
  return { usage: createMemoryUsage(events, calendar), definitions: async () => definitions, calendar };
}

async function getState(events: readonly EventOfTest[], of: Scope, query: Partial<ScopeQuery> = {}) {
  const [state] = await getScopeStates(createDeps(events, of), { atMs: at('2026-11-20T14:00:30'), ...query });
  return state!;
}

const integration = scope(
  [
    pool('Bundled licences', MONTH, 0, {
      amounts: [
        {
          fromDay: 0,
          base: 0,
          grants: [
            { name: 'Automation Developer', quantity: 10, each: 5_000_000 },
            { name: 'Unattended Robot', quantity: 10, each: 5_000_000 },
          ],
        },
      ],
    }),
    pool('Annual add-on', { kind: 'once', fromDay: parseDay('2023-01-01'), untilDay: parseDay('2023-12-31') }, 3e6, {
      priority: 2,
      order: 1,
    }),
  ],
  { name: 'integration-service' },
);

describe('a moment of a past day', () => {
  const events = ['2026-11-19T14:10', '2026-11-20T09:00', '2026-11-20T13:59', '2026-11-20T14:00'].map((text, index) =>
    call(text, 10 ** index),
  );
  const of = scope([
    pool('Monthly', MONTH, 5000),
    pool('Daily', { kind: 'rolling-24h' }, 5000, { priority: 2, order: 1 }),
  ]);
  const reporter = createReporter(createDeps(events, of));
  const used = async (range: string) => {
    const report = (await reporter.answer({ report: 'pool', range }, at('2026-11-21T10:00'))) as PoolReport;
    return {
      used: report.scopes[0]!.pools.map((each) => Number(each.used) / 1000),
      finding: report.finding,
      label: report.range?.label,
    };
  };

  it('is the balance just before it', async () => {
    expect(await used('yesterday 14:00')).toMatchObject({ used: [111, 0], label: '20 Nov, 14:00' });
    expect((await used('2026-11-20 09:00')).used).toEqual([1, 0]);
    expect((await used('2026-11-20 14:01')).used).toEqual([1111, 0]);
  });

  it('is the end of the hours that are named', async () => {
    const { used: at15, finding } = await used('yesterday 14:00-15:00');
    expect(at15).toEqual([1111, 0]);
    expect(finding).toContain(' at Fri 20 Nov 15:00');
  });
});

describe('October 2023', () => {
  const events = [
    call('2023-10-31T23:59', 60_000, 'integration-service'),
    call('2023-10-02T08:00', 65_000, 'integration-service'),
    call('2023-11-01T00:00', 500, 'integration-service'),
  ];

  it('is 100,000 from the bundle and 25,000 from the add-on, with 2,975,000 left, also when asked years later', async () => {
    const query = { atMs: at('2023-11-01'), nowMs: at('2026-11-20') };
    const state = await getState(events, integration, query);
    const balances = state.pools.map(({ name, used, left, level }) => ({ name, used, left, level }));
    expect(balances).toEqual([
      { name: 'Bundled licences', used: 100_000_000, left: 0, level: 'exhausted' },
      { name: 'Annual add-on', used: 25_000_000, left: 2_975_000_000, level: 'healthy' },
    ]);
    expect(state).toMatchObject({ level: 'healthy', used: 125_000_000, overage: 0, restLeft: 0, restCount: 0 });
    expect(state.current).toMatchObject({ name: 'Annual add-on', drawnNow: true });
    expect(state.exhaustions).toEqual([{ pool: 'Bundled licences', atMs: at('2023-10-31'), next: 'Annual add-on' }]);
    expect(state.pools[0]).toMatchObject({
      arithmetic: '10 × 5,000 Automation Developer + 10 × 5,000 Unattended Robot = 100,000',
      period: { fromMs: at('2023-10-01'), toMs: at('2023-11-01'), label: '1–31 Oct 2023' },
    });
  });

  it('has a new bundle the next day', async () => {
    const state = await getState(events, integration, { atMs: at('2023-11-02'), nowMs: at('2026-11-20') });
    expect(state.pools.map(({ used }) => used)).toEqual([500_000, 25_000_000]);
    expect(state.current).toMatchObject({ name: 'Bundled licences' });
    expect(state).toMatchObject({ restLeft: 2_975_000_000, restCount: 1, level: 'healthy', used: 500_000 });
  });

  it('is drawn day by day in the history', async () => {
    const range = { fromDay: parseDay('2023-10-01'), untilDay: parseDay('2023-10-31'), nowMs: at('2026-11-20') };
    const deps = createDeps(events, integration);
    const draws = await listDraws(deps, { scope: 'integration-service', ...range });
    expect(draws).toEqual({
      series: ['Bundled licences', 'Annual add-on'],
      days: [
        {
          day: parseDay('2023-10-02'),
          drawn: new Map([['Bundled licences', 65_000_000]]),
          overage: 0,
          used: 65_000_000,
        },
        {
          day: parseDay('2023-10-31'),
          drawn: new Map([
            ['Bundled licences', 35_000_000],
            ['Annual add-on', 25_000_000],
          ]),
          overage: 0,
          used: 60_000_000,
        },
      ],
    });
    expect(await listDraws(deps, { scope: 'nobody', ...range })).toBeUndefined();
  });
});

describe('a rolling window', () => {
  const daily = pool('Daily credits', { kind: 'rolling-24h' }, 50_000, {
    amounts: [
      { fromDay: 0, base: 50_000_000, grants: [{ name: 'Users', quantity: 10, each: 250_000 }], max: 100_000_000 },
    ],
  });

  it('holds the last 24 hours to the minute, against 52,500', async () => {
    const events = [call('2026-11-19T14:00', 1000), call('2026-11-19T14:01', 20_000), call('2026-11-20T14:00', 19_375)];
    const state = await getState(events, scope([daily]));
    expect(state.pools[0]).toMatchObject({
      amount: 52_500_000,
      used: 39_375_000,
      percent: 75,
      level: 'approaching',
      reached: [75],
      arithmetic: '50,000 + 10 × 250 Users = 52,500',
      period: { fromMs: at('2026-11-19T14:01'), toMs: at('2026-11-20T14:01'), label: 'last 24 hours' },
    });
    expect(state.pools[0]!.burnRate).toBeUndefined();
  });

  it('counts what a sender’s clock puts ahead of now', async () => {
    const state = await getState([call('2026-11-20T14:04', 100)], scope([daily]));
    expect(state.pools[0]!.used).toBe(100_000);
  });

  it('answers what if there were more users', async () => {
    const { pools } = await getState([], scope([daily]), { suppose: { users: 250 } });
    expect(pools[0]).toMatchObject({ amount: 100_000_000 });
    expect(pools[0]!.arithmetic).toBe('50,000 + 250 × 250 Users = 112,500, at most 100,000');
  });

  it('draws the same as from all minutes of all days, though few are read', async () => {
    const anyEvent = fc.record({
      timeMs: fc
        .tuple(fc.integer({ min: 0, max: 9 }), fc.constantFrom(0, 1, 600, 1439))
        .map(([day, minute]) => calendar.startOfDay(parseDay('2026-03-25') + day) + minute * MINUTE),
      count: fc.integer({ min: 1, max: 60 }),
      scope: fc.constant('crm'),
    });
    const pools = [
      pool('Window', { kind: 'rolling-24h' }, 50, { priority: 2 }),
      pool('First', { kind: 'day' }, 5, { priority: 1, order: 1 }),
      pool('Month', MONTH, 60, { priority: 3, order: 2 }),
    ];
    const today = parseDay('2026-04-03');
    await fc.assert(
      fc.asyncProperty(fc.array(anyEvent, { maxLength: 25 }), fc.nat(9), async (events, back) => {
        const deps = createDeps(events, scope(pools));
        const range = { fromDay: today - back, untilDay: today, nowMs: calendar.startOfDay(today + 1) - 1 };
        const draws = await listDraws(deps, { scope: 'crm', ...range });
        const steps = events.map(({ timeMs, count }) => ({ startMs: timeMs, credits: count * 1000 }));
        const { usage, drawn } = drawDown(pools, steps, { calendar, knownDay: today });
        for (let day = today - back; day <= today; day += 1) {
          const span = { fromMs: calendar.startOfDay(day), toMs: calendar.startOfDay(day + 1) };
          const found = draws!.days.find((each) => each.day === day)?.drawn;
          const expected = pools.map((_, index) => sumWithin(usage.startsMs, drawn[index]!, span));
          expect(
            pools.map(({ name }) => found?.get(name) ?? 0),
            formatDay(day),
          ).toEqual(expected);
        }
      }),
      { numRuns: size(75, 3000) },
    );
  });

  it('asks for minutes of quiet days only where its window ends, and once', async () => {
    const events = Array.from({ length: 60 }, (_, day) => ({
      ...call('2026-09-21T12:00', 100),
      timeMs: calendar.startOfDay(parseDay('2026-09-22') + day),
    }));
    const deps = createDeps(events, scope([daily, pool('Year', { kind: 'year' }, 1e6, { order: 1 })]));
    const asked: string[] = [];
    const usage: UsageReader = {
      ...deps.usage,
      meter: (query) => {
        if (query.grain === 'minute')
          asked.push(
            `${formatDay(calendar.dayOf(query.span.fromMs))}..${formatDay(calendar.dayOf(query.span.toMs - 1))}`,
          );
        return deps.usage.meter(query);
      },
    };
    for (const minute of [0, 1, 2]) await getScopeStates({ ...deps, usage }, { atMs: at(`2026-11-20T14:0${minute}`) });
    expect(asked).toEqual(['2026-11-19..2026-11-20']);
  });
});

describe('pools whose periods begin on different days', () => {
  const day = (text: string) => parseDay(text);
  const anyPeriod = fc.constantFrom<PeriodRule>(
    ...([1, 15, 31] as const).map((anchor): PeriodRule => ({ kind: 'month', anchor })),
    { kind: 'year' },
    { kind: 'day' },
    { kind: 'once', fromDay: day('2026-08-20'), untilDay: day('2026-10-10') },
    { kind: 'once', fromDay: day('2026-09-25'), untilDay: day('2026-12-31') },
  );
  const anyPools = fc.array(
    fc.record({ period: anyPeriod, priority: fc.integer({ min: 1, max: 3 }), base: fc.nat(90) }),
    {
      minLength: 1,
      maxLength: 4,
    },
  );
  const anyEvent = fc.record({
    timeMs: fc.integer({ min: at('2026-08-01T00:00'), max: at('2026-11-20T14:00') }),
    count: fc.integer({ min: 1, max: 60 }),
    scope: fc.constant('crm'),
  });

  it('are drawn as from the first day of all, however many of their days are read', async () => {
    await fc.assert(
      fc.asyncProperty(anyPools, fc.array(anyEvent, { maxLength: 30 }), fc.nat(80), async (stack, events, back) => {
        const pools = stack.map(({ period, priority, base }, order) =>
          pool(`P${order}`, period, base, { priority, order, fromDay: FIRST_DAY }),
        );
        const limits = [pool('Fair use', { kind: 'month', anchor: 20 }, 100)];
        const deps = createDeps(events, scope(pools, { limits }));
        const nowMs = at('2026-11-20T14:00:30');
        const atMs = calendar.startOfDay(day('2026-11-20') - back + 1);
        const [state] = await getScopeStates(deps, { atMs, nowMs });
        const steps = events.map(({ timeMs, count }) => ({ startMs: timeMs, credits: count * 1000 }));
        const knownDay = day('2026-11-20');
        const { usage, drawn, overage } = drawDown(pools, steps, { calendar, knownDay });
        const within = (values: readonly Thousandths[], { fromMs }: { fromMs: number }) =>
          sumWithin(usage.startsMs, values, { fromMs, toMs: atMs });
        for (const each of state!.pools)
          expect(each.used).toBe(within(drawn[Number(each.name.slice(1))]!, each.period));
        expect(state!.limits[0]!.used).toBe(within(usage.credits, state!.limits[0]!.period));
        const month = Temporal.PlainDate.from(formatDay(calendar.dayOf(atMs - 1)))
          .with({ day: 1 })
          .toString();
        expect(state!.overage).toBe(within(overage, { fromMs: calendar.startOfDay(day(month)) }));
      }),
      { numRuns: size(75, 3000) },
    );
  });
});

describe('a limit', () => {
  const limit: Limit = pool('Fair use', { kind: 'day' }, 100);

  it('draws nothing, and goes beyond 100%', async () => {
    const state = await getState(
      [call('2026-11-20T08:00', 150)],
      scope([pool('Month', MONTH, 200)], { limits: [limit] }),
    );
    expect(state.limits[0]).toMatchObject({ used: 150_000, left: 0, percent: 150, level: 'exhausted' });
    expect(state.limits[0]!.reached).toEqual([75, 90, 100]);
    expect(state.pools[0]).toMatchObject({ used: 150_000, level: 'approaching' });
  });

  it('with rules of its own has its own meter', async () => {
    const own = { ...limit, name: 'Acme', match: [{ client: 'acme' }] };
    const events = [call('2026-11-20T08:00', 50), call('2026-11-20T08:00', 30, 'crm/Acme')];
    const state = await getState(events, scope([], { limits: [own] }));
    expect(state.limits[0]).toMatchObject({ used: 30_000, percent: 30 });
  });
});

describe('a scope', () => {
  it('that senders use and nobody declared stands there without pools', async () => {
    const events = [call('2026-11-20T08:00', 5, 'default'), call('2026-11-20T08:00', 3)];
    const states = await getScopeStates(createDeps(events, scope([])), { atMs: at('2026-11-20T14:00') });
    expect(states.map(({ scope: name, pools, used, overage }) => ({ name, pools, used, overage }))).toEqual([
      { name: 'crm', pools: [], used: 3000, overage: 3000 },
      { name: 'default', pools: [], used: 5000, overage: 5000 },
    ]);
  });

  it('whose declaration ended is left out afterwards, not before', async () => {
    const until = parseDay('2026-11-10');
    const ended = scope([pool('Month', MONTH, 10, { untilDay: until })], { untilDay: until });
    const deps = createDeps([], ended);
    expect(await getScopeStates(deps, { atMs: at('2026-11-20T14:00') })).toEqual([]);
    const before = { atMs: at('2026-11-11'), nowMs: at('2026-11-20') };
    expect((await getScopeStates(deps, before)).map(({ pools }) => pools.map(({ name }) => name))).toEqual([['Month']]);
  });

  it('of which every pool is empty is exhausted, and shows its last pool', async () => {
    const state = await getState(
      [call('2026-11-19T08:00', 15)],
      scope([
        pool('Day', { kind: 'day' }, 5, { untilDay: parseDay('2026-11-19') }),
        pool('Month', MONTH, 5, { order: 1 }),
      ]),
    );
    expect(state).toMatchObject({ level: 'exhausted', overage: 5000, restLeft: 0, pools: [{ name: 'Month' }] });
    expect(state.current).toMatchObject({ name: 'Month', drawnNow: false, left: 0 });
  });

  it('with a pool of nothing is exhausted once anything is used', async () => {
    const nothing = scope([pool('None', MONTH, 0)]);
    expect(await getState([], nothing)).toMatchObject({ level: 'healthy', pools: [{ percent: 0, reached: [] }] });
    const used = await getState([call('2026-11-20T08:00', 1)], nothing);
    expect(used).toMatchObject({ level: 'exhausted', pools: [{ percent: 100, reached: [75, 90, 100] }] });
  });

  it('in the past is counted to the instant', async () => {
    const events = [call('2026-11-10T08:00', 5), call('2026-11-10T08:01', 7), call('2026-11-11T08:01', 70)];
    const past = { atMs: at('2026-11-10T08:01'), nowMs: at('2026-11-20') };
    expect(await getState(events, scope([pool('Month', MONTH, 50)]), past)).toMatchObject({
      used: 5000,
      pools: [{ used: 5000 }],
    });
  });
});

describe('when it runs out', () => {
  const steady = (fromDay: string, perDay: number) =>
    Array.from({ length: 40 }, (_, day) => parseDay(fromDay) + day)
      .filter((day) => day < parseDay('2026-11-20'))
      .map((day) => ({ timeMs: calendar.startOfDay(day) + 9 * 60 * MINUTE, count: perDay, scope: 'crm' }));
  const noon = { atMs: at('2026-11-20T12:00') };

  it('is where the usual pace leads, with its arithmetic', async () => {
    const state = await getState(steady('2026-10-13', 10), scope([pool('Month', MONTH, 215)]), noon);
    // 190 are used; half a day at 10 a day, then two days: 25.
    expect(state.pools[0]!.runOut).toEqual({
      earliestMs: at('2026-11-23'),
      latestMs: at('2026-11-23'),
      arithmetic: 'at 10 a day (p25–p75 of the last 28 days, by weekday), the 25 left last 2.5 days',
    });
    expect(state.pools[0]!.burnRate).toBeCloseTo(190 / 215 / (19.5 / 30), 10);
  });

  it('is a range where days differ, the day of the first use left out', async () => {
    const whole = [8, 10, 12, 14, 16].map((count, day) => call(`2026-11-${15 + day}T09:00`, count));
    const events = [call('2026-11-14T23:00', 1), ...whole];
    const { runOut } = (await getState(events, scope([pool('Month', MONTH, 103)]), noon)).pools[0]!;
    // 42 left; at the quicker 14 a day: 7 today, then 14 and 14, then half a day; at the slower 10: 5, then 37 in 3.7 days.
    expect(runOut).toMatchObject({ earliestMs: at('2026-11-23T12:00'), latestMs: at('2026-11-24T16:48') });
    expect(runOut!.arithmetic).toBe('at 10–14 a day (p25–p75 of the last 5 days), the 42 left last 3–4.2 days');
  });

  it('of a later pool counts what the earlier ones give', async () => {
    const day = pool('Day', { kind: 'day' }, 6);
    const year = pool('Year', { kind: 'year' }, 100, { order: 1 });
    const { pools } = await getState(steady('2026-11-10', 10), scope([day, year]), noon);
    // 40 are drawn; today's half still fits into the day pool, every later day takes 4: 60 last 15 days from tomorrow on.
    expect(pools[1]!.runOut!.earliestMs).toBe(at('2026-12-06'));
  });

  it.each([
    ['under three days of data', steady('2026-11-18', 10), 30],
    ['when it will last', steady('2026-10-13', 10), 1000],
    ['when it is empty', steady('2026-10-13', 10), 100],
    ['without use', [], 100],
  ])('is not said %s', async (_, events, amount) => {
    const { pools } = await getState(events, scope([pool('Month', MONTH, amount)]), noon);
    expect(pools[0]!.runOut).toBeUndefined();
  });

  it('is not said of the past', async () => {
    const past = { atMs: at('2026-11-20'), nowMs: at('2026-11-20T12:00') };
    const { pools } = await getState(steady('2026-10-13', 10), scope([pool('Month', MONTH, 215)]), past);
    expect(pools[0]!.runOut).toBeUndefined();
  });
});

describe('whether a pool in a burst runs out', () => {
  const daily = scope([pool('Daily credits', { kind: 'rolling-24h' }, 1000)]);
  const before = Array.from({ length: 7 }, (_, day) => call(`2026-11-1${day + 3}T12:00`, 500));
  const ask = async (events: readonly EventOfTest[]) => {
    const reporter = createReporter(createDeps([...before, ...events], daily));
    const question = { report: 'pool' as const, focus: 'run-out' as const };
    return (await reporter.answer(question, at('2026-11-20T14:00:30'))).finding;
  };

  it('is answered by the pace of the last hour once it is nearly used up', async () => {
    expect(await ask([call('2026-11-20T13:30', 800)])).toBe(
      'Yes: CRM runs out around 14:15 at the pace of the last hour.',
    );
  });

  it('is answered by the usual pace while there is enough, or the last hour was calm', async () => {
    expect(await ask([call('2026-11-20T13:30', 200)])).toBe(
      'No: CRM stays within its 1,000 a day at the usual 500 a day.',
    );
    expect(await ask([call('2026-11-20T09:30', 800)])).toMatch(/^Perhaps: CRM has 200 of 1,000 left/);
  });
});
