import { describe, expect, it } from 'vitest';
import { parseDay } from '../../src/domain/calendar.ts';
import type { Pool, Scope } from '../../src/domain/definition.ts';
import { toCsv } from '../../src/report/table.ts';
import type { EventOfTest } from './memory-usage.ts';
import { ask, at, NOW } from './setup.ts';

const SERVICE = 'integration-service';
const declared = { fromDay: parseDay('2022-01-01'), thresholds: [75, 90] };

const bundle: Pool = {
  ...declared,
  name: 'Bundled licences',
  period: { kind: 'month', anchor: 1 },
  priority: 1,
  order: 0,
  amounts: [
    {
      fromDay: declared.fromDay,
      base: 0,
      grants: [
        { name: 'Automation Developer', quantity: 10, each: 5_000_000 },
        { name: 'Unattended Robot', quantity: 10, each: 5_000_000 },
      ],
    },
  ],
};
const addon: Pool = {
  ...declared,
  name: 'Annual add-on',
  period: { kind: 'once', fromDay: parseDay('2023-01-01'), untilDay: parseDay('2023-12-31') },
  priority: 2,
  order: 1,
  amounts: [{ fromDay: declared.fromDay, base: 3_000_000_000, grants: [] }],
};
const service: Scope = {
  name: SERVICE,
  title: 'Integration Service API calls',
  rateLimitPerMinute: 600,
  links: { addon: 'https://example.com/addon' },
  pools: [bundle, addon],
  limits: [],
};
const crm: Scope = {
  name: 'crm',
  title: 'CRM',
  links: {},
  limits: [],
  pools: [
    {
      ...declared,
      name: 'Daily credits',
      period: { kind: 'rolling-24h' },
      priority: 1,
      order: 0,
      amounts: [
        {
          fromDay: declared.fromDay,
          base: 50_000_000,
          grants: [{ name: 'Users', quantity: 10, each: 250_000 }],
          max: 100_000_000,
        },
      ],
    },
  ],
};
const definitions = { scopes: [service, crm] };

function use(time: string, count: number, more: Partial<EventOfTest> = {}): EventOfTest {
  return { timeMs: at(time), count, scope: SERVICE, ...more };
}

const october = [
  use('2023-10-05T10:00:00Z', 60_000),
  use('2023-10-20T10:00:00Z', 50_000),
  use('2023-10-31T23:59:59Z', 15_000),
];

describe('October 2023', () => {
  it('has its balances at the end of the month', async () => {
    const report = await ask(october, { report: 'pool', scope: SERVICE, range: '2023-10-31' }, { definitions });
    const [scope] = report.scopes;
    expect(scope!.pools).toMatchObject([
      { name: 'Bundled licences', used: 100_000_000, amount: 100_000_000, left: 0, level: 'exhausted', percent: 100 },
      { name: 'Annual add-on', used: 25_000_000, left: 2_975_000_000, level: 'healthy', drawnNow: true },
    ]);
    expect(scope).toMatchObject({
      level: 'healthy',
      used: 125_000_000,
      overage: 0,
    });
    expect(report.finding).toBe(
      '🔵 Integration Service API calls had 2,975,000 of 3,000,000 left in its annual add-on at the end of Tue 31 Oct 2023 (0.8% used).',
    );
    expect(report.notes).toEqual([]);
    expect(toCsv(report)).toContain(
      'integration-service,Bundled licences,pool,100000,100000,0,100,exhausted,1–31 Oct 2023,"10 × 5,000',
    );
  });

  it('starts November with a new bundle and the rest of the add-on', async () => {
    const report = await ask(october, { report: 'pool', scope: SERVICE, range: '2023-11-01' }, { definitions });
    expect(report.scopes[0]!.pools.map(({ left }) => left)).toEqual([100_000_000, 2_975_000_000]);
  });

  it('is one bar of two parts in the history', async () => {
    const report = await ask(october, { report: 'history', scope: SERVICE, range: '2023-10' }, { definitions });
    expect(report.series).toEqual(['Bundled licences', 'Annual add-on', 'Overage']);
    expect(report.months).toHaveLength(12);
    expect(report.months.at(-1)).toEqual({
      label: 'Oct 2023',
      startMs: at('2023-10-01T00:00:00Z'),
      partial: false,
      drawn: { 'Bundled licences': 100_000_000, 'Annual add-on': 25_000_000, Overage: 0 },
      total: 125_000_000,
    });
    expect(report.finding).toBe(
      'Integration Service API calls used 125,000 credits in 12 months, most in Oct 2023 (125,000).',
    );
    expect(toCsv(report)).toContain('\r\n2023-10,100000,25000,0,125000,no,2023-10-01T00:00:00Z\r\n');
  });
});

describe('pool', () => {
  it('answers a what-if, and refuses a scope that there is not', async () => {
    const now = await ask(
      [use('2026-11-21T10:00:00Z', 40_000, { scope: 'crm' })],
      { report: 'pool', scope: 'crm' },
      { definitions },
    );
    expect(now.scopes[0]!.pools[0]).toMatchObject({ amount: 52_500_000, level: 'approaching' });
    const more = await ask([], { report: 'pool', scope: 'crm', suppose: { users: 200 } }, { definitions });
    expect(more.scopes[0]!.pools[0]).toMatchObject({ amount: 100_000_000 });
    expect(more.notes).toContain('What if: 200 users.');
    await expect(ask([], { report: 'pool', scope: 'crn' }, { definitions })).rejects.toMatchObject({
      code: 'question',
      suggestions: [{ command: 'pool crm' }, { command: `pool ${SERVICE}` }],
    });
  });
});

describe('summary', () => {
  it('has a card per scope, today so far, and the busiest minute beside the rate limit', async () => {
    const minute = at('2026-11-21T09:30:00Z');
    const report = await ask(
      [
        ...Array.from({ length: 7 }, (_, n) =>
          use('2026-11-21T09:30:00Z', 1, { timeMs: minute + n * 1000, client: `c${n % 2}` }),
        ),
        use('2026-11-21T10:00:00Z', 93, { status: 500 }),
        use('2026-11-20T10:00:00Z', 74_900),
      ],
      { report: 'summary' },
      { definitions },
    );
    expect(report.cards).toMatchObject([
      {
        scope: SERVICE,
        current: { name: 'Bundled licences', used: 75_000_000, percent: 75, level: 'approaching' },
        restCount: 0,
        level: 'approaching',
        requestsToday: 100,
        rateLimitPerMinute: 600,
        peakMinute: { startMs: minute, requests: 7, bulkLeftOut: 93 },
        links: service.links,
      },
      {
        scope: 'crm',
        current: { name: 'Daily credits', used: 0, amount: 52_500_000 },
        level: 'healthy',
        requestsToday: 0,
      },
    ]);
    expect(report.notes).toContain(
      '93 calls of Integration Service API calls came as counts and are not part of its peak minute.',
    );
    expect(report).toMatchObject({
      today: { requests: 100, ok: 7, failed: 93 },
      population: expect.stringContaining('3 clients'),
    });
    expect(report.finding).toBe(
      '🟠 Integration Service API calls has used 75% of its bundled licences (75,000 of 100,000). Everything else is fine.',
    );
  });

  it('asked for the rate tells it first, and the busiest minute of today beside the limit', async () => {
    const minute = (clock: string, calls: number, scope: string) =>
      Array.from({ length: calls }, () => use(`2026-11-21T${clock}:00Z`, 1, { scope }));
    const events = [...minute('09:30', 7, SERVICE), ...minute('13:58', 3, SERVICE), ...minute('14:01', 9, 'crm')];
    const rate = async (sent: typeof events) =>
      (await ask(sent, { report: 'summary', focus: 'per-minute' }, { definitions })).finding;
    expect(await rate([...events, use('2026-11-21T14:02:00Z', 50, { scope: 'crm' })])).toBe(
      '6.2 requests a minute in the last 10 minutes; peak minute of today: ' +
        '7 of 600 allowed (Integration Service API calls, 09:30) and 9 (CRM, 14:01).',
    );
    expect(await rate([use('2026-11-20T10:00:00Z', 1)])).toBe(
      '0 requests a minute in the last 10 minutes; peak minute of today: 0 of 600 allowed (Integration Service API calls).',
    );
  });

  it('asked for the busiest minute of a range tells it of each scope, with its day, and not of some calls alone', async () => {
    const minute = (time: string, calls: number, scope: string) =>
      Array.from({ length: calls }, () => use(`2026-11-${time}:00Z`, 1, { scope, client: 'acme' }));
    const events = [
      ...minute('19T09:30', 7, SERVICE),
      ...minute('20T13:58', 3, SERVICE),
      ...minute('20T14:01', 9, 'crm'),
    ];
    const question = { report: 'daily', focus: 'per-minute', range: '7d' } as const;
    expect((await ask(events, question, { definitions })).finding).toBe(
      'Peak minute of 14–20 Nov 2026: 7 of 600 allowed (Integration Service API calls, Thu 19 Nov 09:30) and 9 (CRM, Fri 20 Nov 14:01).',
    );
    const filters = [{ key: 'client' as const, patterns: ['acme'], not: false }];
    expect((await ask(events, { ...question, filters }, { definitions })).finding).toMatch(/^19 requests/);
  });

  it('says that nothing was received yet, and still shows what is declared', async () => {
    const report = await ask([], { report: 'summary' }, { definitions });
    expect(report.finding).toBe('No usage has been received yet.');
    expect(report.cards.map(({ scope }) => scope)).toEqual([SERVICE, 'crm']);
  });
});

describe('history', () => {
  it('has twelve months, this one partial to yesterday, also on the 1st', async () => {
    const events = [use('2025-12-01T00:00:00Z', 5), use('2026-11-20T12:00:00Z', 7), use('2026-11-21T12:00:00Z', 1000)];
    const report = await ask(events, { report: 'history', scope: SERVICE }, { definitions });
    expect(report.months.map(({ label }) => label).filter((_, n) => n === 0 || n === 11)).toEqual([
      'Dec 2025',
      'Nov 2026',
    ]);
    expect(report.months.map(({ total }) => total)).toEqual([5000, ...Array(10).fill(0), 7000]);
    expect(report.months.map(({ partial }) => partial)).toEqual([...Array(11).fill(false), true]);
    const first = await ask(
      events,
      { report: 'history', scope: SERVICE },
      { definitions, nowMs: at('2026-12-01T08:00:00Z') },
    );
    expect(first.months.at(-1)).toMatchObject({ label: 'Dec 2026', total: 0, partial: true });
    expect(first.months.at(-2)).toMatchObject({ label: 'Nov 2026', total: 1_007_000, partial: false });
  });

  it('takes pools by any name', async () => {
    const pool = definitions.scopes[0]!.pools[0]!;
    const names = ['constructor', 'toString', '__proto__'];
    const report = await ask(
      [use('2026-11-20T12:00:00Z', 7, { scope: SERVICE })],
      { report: 'history', scope: SERVICE },
      {
        definitions: {
          ...definitions,
          scopes: [{ ...definitions.scopes[0]!, pools: names.map((name) => ({ ...pool, name })) }],
        },
      },
    );
    const drawn = new Map(Object.entries(report.months.at(-1)!.drawn));
    expect([...names, 'Overage'].map((name) => drawn.get(name))).toEqual([7000, 0, 0, 0]);
  });

  it('shows use without pools as used, not as over anything', async () => {
    const report = await ask([use('2026-11-20T12:00:00Z', 7, { scope: 'loose' })], {
      report: 'history',
      scope: 'loose',
    });
    expect(report.series).toEqual(['Used']);
    expect(report.months.at(-1)!.drawn).toEqual({ Used: 7000 });
    await expect(ask([], { report: 'history', scope: 'nope' })).rejects.toMatchObject({ code: 'question' });
  });
});

describe('explain', () => {
  it('says what is counted, how amounts are made, what was drawn, taken out and corrected, and how fresh it is', async () => {
    const report = await ask(
      [use('2026-11-20T10:00:00Z', 110_000)],
      { report: 'explain', scope: SERVICE },
      {
        definitions: {
          ...definitions,
          ruleSets: [
            {
              fromDay: 0,
              scopes: [
                {
                  name: SERVICE,
                  match: [{ source: 'uipath' }, { module: 'erp*' }],
                  costs: [{ match: { kind: 'integration_task' }, credits: 2000 }],
                  limits: [],
                },
              ],
              exclude: [],
              holidays: [],
            },
          ],
        },
        deps: {
          corrections: async () => [
            { meter: SERVICE, timeMs: NOW, credits: -1500, requests: 0, reason: 'refund', actor: 'U1' },
            { meter: 'crm', timeMs: NOW, credits: 1, requests: 0, reason: 'goodwill', actor: 'U1' },
          ],
        },
      },
    );
    const lines = report.sections.flatMap((section) => section.lines);
    for (const line of [
      'Calls with scope integration-service, or without a scope and source uipath, or module erp*.',
      'Cost per call, first match: kind integration_task: 2 credits a call; else 1 credit, unless the event says otherwise.',
      'None came late.',
      'Bundled licences, 1–30 Nov 2026: 100,000 of 100,000 drawn, 0 left',
      'Over the allowance this month: 10,000',
      'Bundled licences (month): 10 × 5,000 Automation Developer + 10 × 5,000 Unattended Robot = 100,000',
      '-1.5 credits of Integration Service API calls on Sat 21 Nov 2026: refund (U1)',
      'Newest event received at 20 Nov 2026 10:00.',
    ]) {
      expect(lines).toContain(line);
    }
    expect(lines.join()).not.toContain('goodwill');
    // The first line has the requests already, so no other line repeats them.
    expect(report.finding).toBe('110,000 requests cost 110,000 credits; 1 correction.');
    expect(lines.join()).not.toContain('110,000 requests');
  });
});

describe('advice', () => {
  it('names what is most pressing first, each with its reason', async () => {
    const report = await ask(
      [use('2026-11-20T10:00:00Z', 110_000), use('2026-11-20T11:00:00Z', 5000, { status: 429, client: 'bot' })],
      { report: 'advice' },
      { definitions: { ...definitions, clients: [{ id: 'acme', name: 'Acme' }] } },
    );
    expect(report.table.rows.map(([advice]) => advice)).toEqual([
      'Integration Service API calls is over its allowance: buy an add-on',
      'Spread calls evenly; back off after a 429',
      'Name the unknown clients',
    ]);
    expect(report.finding).toBe(`${report.table.rows[0]![0]}. 2 more things to do below.`);
    expect(report.sections[0]!.lines).toEqual(['15,000 credits over the allowance this month.']);
    expect(report.offers).toContainEqual({
      label: 'Why bot',
      question: { report: 'why', name: 'bot', range: undefined },
    });
  });

  it('plans for the end of the last pool that holds something, not of one that others follow', async () => {
    const steady = Array.from({ length: 30 }, (_, day) =>
      use(`2026-${day < 10 ? `10-${22 + day}` : `11-${String(day - 9).padStart(2, '0')}`}T09:00:00Z`, 10),
    );
    const holding = (name: string, credits: number, order: number): Pool => ({
      ...bundle,
      name,
      order,
      priority: order,
      amounts: [{ fromDay: declared.fromDay, base: credits * 1000, grants: [] }],
    });
    const planFor = async (...pools: Pool[]) =>
      (await ask(steady, { report: 'advice' }, { definitions: { scopes: [{ ...service, pools }] } })).table.rows.map(
        ([advice]) => advice,
      );
    expect(await planFor(holding('Small', 285, 0))).toEqual([`Plan ahead: ${service.title} may run out of small`]);
    expect(await planFor(holding('Small', 285, 0), holding('Large', 100_000, 1))).toEqual([]);
  });

  it('has none to give where all is well', async () => {
    const report = await ask([use('2026-11-20T10:00:00Z', 100)], { report: 'advice' }, { definitions });
    expect(report.table.rows).toEqual([]);
    expect(report.finding).toBe('Nothing to do: no pool is running out and failures show no pattern.');
  });
});
