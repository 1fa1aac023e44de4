import { describe, expect, it } from 'vitest';
import { createCalendar, DAY_MS } from '../../src/domain/calendar.ts';
import { levelOf, type PoolState, type ScopeState } from '../../src/domain/scope-state.ts';
import { sumCredits } from '../../src/domain/thousandths.ts';
import {
  describeBalance,
  describeBalanceThen,
  describeExtreme,
  describeMonthEnd,
  describeOverage,
  describeResets,
} from '../../src/report/pool.ts';
import { describeOutlook, describeScopes, toInnerCase } from '../../src/report/scope-words.ts';

const calendar = createCalendar('Europe/Berlin');
const at = (text: string) => Temporal.ZonedDateTime.from(`${text}[Europe/Berlin]`).epochMilliseconds;
const NOW = at('2026-11-28T18:00');
const MONTH = { fromMs: at('2026-11-01T00:00'), toMs: at('2026-12-01T00:00'), label: '1–30 Nov 2026' };

function pool(name: string, used: number, amount: number, more: Partial<PoolState> = {}): PoolState {
  return {
    ...{ name, used: used * 1000, amount: amount * 1000, left: Math.max(0, amount - used) * 1000 },
    ...{ percent: (used / amount) * 100, level: levelOf(used, amount), thresholds: [75, 90], reached: [] },
    ...{ period: MONTH, periodKind: 'month', arithmetic: '', drawnNow: true },
    ...more,
  };
}

function scope(title: string, pools: PoolState[], more: Partial<ScopeState> = {}): ScopeState {
  const current = pools.find(({ left }) => left > 0) ?? pools.at(-1);
  const others = pools.filter((each) => each !== current && each.left > 0);
  return {
    ...{
      scope: title.toLowerCase(),
      title,
      pools,
      limits: [],
    },
    ...(current ? { current } : {}),
    ...{ restLeft: sumCredits(others.map(({ left }) => left)), restCount: others.length },
    level: (pools.findLast(({ left }) => left > 0) ?? pools.at(-1))?.level ?? 'healthy',
    ...{ used: 0, overage: 0, exhaustions: [], links: {} },
    ...more,
  };
}

const plan = scope('Public API', [pool('Monthly plan', 38_630, 66_000)]);
const fine = scope('Portal', [pool('Monthly plan', 100, 1000)]);

describe('the headline of pools', () => {
  it.each<[string, ScopeState[], string]>([
    [
      'tells the worst first',
      [plan, scope('CRM API', [pool('Daily credits', 606, 651)])],
      '🔴 CRM API has used 93.1% of its daily credits (606 of 651). Everything else is fine.',
    ],
    [
      'says by how much a rolling window is over',
      [plan, scope('CRM API', [pool('Daily credits', 680, 651, { periodKind: 'rolling-24h' })], { overage: 29_000 })],
      '⛔ CRM API is over its daily credits: 680 of 651. Everything else is fine.',
    ],
    [
      'never calls overage of this month healthy',
      [plan, scope('CRM API', [pool('Daily credits', 300, 651)], { overage: 28_671_000 })],
      '🟠 CRM API went 28,671 credits over its allowance this month; now 300 of 651 of its daily credits used. Everything else is fine.',
    ],
    [
      'counts what else needs attention',
      [scope('CRM API', [pool('Daily credits', 651, 651)]), scope('Jobs', [pool('CRM Plan', 80, 100)]), plan],
      '⛔ CRM API is out of daily credits (651 of 651). 1 other pool needs attention too.',
    ],
    [
      'is calm where a later pool has enough',
      [scope('Integration', [pool('Bundled licences', 100, 100), pool('Annual add-on', 25, 3000)]), plan],
      '🔵 Nothing is running out. Integration now draws from its annual add-on.',
    ],
    [
      'names the highest where all is well',
      [plan, fine],
      '🔵 All pools are below 75%; Public API is highest at 58.5%.',
    ],
    ['tells the only one', [plan], '🔵 Public API has used 58.5% of its monthly plan (38,630 of 66,000).'],
    [
      'tells of a limit that is reached',
      [scope('Public API', [pool('Plan', 1, 100)], { limits: [pool('Fair use', 505, 100)] }), fine],
      '⛔ Public API is over its limit Fair use: 505 of 100. Everything else is fine.',
    ],
    [
      'knows scopes without pools',
      [scope('default', [], { used: 5000 })],
      'default has no pool yet; it used 5 credits this month.',
    ],
    ['knows an empty file', [], 'No pools yet.'],
  ])('%s', (_, states, text) => {
    expect(describeScopes(states)).toBe(text);
  });

  it('tells what is left of several, the tightest first, behind what is worst', () => {
    const integration = scope('Integration', [pool('Bundled licences', 100, 100), pool('Annual add-on', 250, 3000)]);
    const stack = scope('Jobs', [pool('Plan', 10, 100), pool('Add-on', 0, 50)]);
    expect(describeBalance([integration, fine, stack, plan], 'left')).toBe(
      '🔵 Credits left: Public API 27,370 of 66,000; Portal 900 of 1,000; Jobs 90 of 100 and 50 in 1 other pool; Integration 2,750 of 3,000.',
    );
    const fair = scope('CRM API', [pool('Plan', 1, 100)], { limits: [pool('Fair use', 95, 100)] });
    expect(describeBalance([plan, fair], 'left')).toBe(
      `${describeScopes([plan, fair])} Credits left: CRM API 5 of 100 (Fair use); Public API 27,370 of 66,000.`,
    );
    expect(describeBalance([], 'left')).toBe('No pools yet.');
  });

  it('tells what is left of one scope first', () => {
    expect(describeBalance([plan], 'left')).toBe(
      '🔵 Public API has 27,370 of 66,000 left in its monthly plan (58.5% used).',
    );
    const near = scope('CRM API', [pool('Daily credits', 500, 651)], { limits: [pool('Fair use', 95, 100)] });
    expect(describeBalance([near], 'left')).toBe(
      '🔴 CRM API has 151 of 651 left in its daily credits (76.8% used). 5 of 100 left in its limit Fair use.',
    );
    const out = scope('CRM API', [pool('Daily credits', 651, 651)]);
    expect(describeBalance([out], 'left')).toBe('⛔ CRM API is out of daily credits (651 of 651).');
  });

  it('begins with what is used where that is asked', () => {
    const stack = scope('Jobs', [pool('Plan', 100, 100), pool('Add-on', 10, 50)]);
    expect(describeBalance([plan], 'used')).toBe(
      '🔵 Public API has used 38,630 of the 66,000 in its monthly plan (58.5%), 27,370 left.',
    );
    expect(describeBalance([stack], 'used')).toBe('🔵 Jobs has used 10 of the 50 in its add-on (20%), 40 left.');
    expect(describeBalance([stack, fine, plan], 'used')).toBe(
      '🔵 Credits used: Public API 58.5% (38,630 of 66,000); Jobs 20% (10 of 50, Add-on); Portal 10% (100 of 1,000).',
    );
    expect(describeBalanceThen([plan], 'used', 'the end of 31 Oct 2026')).toBe(
      '🔵 Public API had used 38,630 of the 66,000 in its monthly plan at the end of 31 Oct 2026 (58.5%), 27,370 left.',
    );
  });

  it('of a time gone by says nothing of now', () => {
    const changed = scope('Jobs', [pool('Bundle', 100, 100), pool('Add-on', 10, 500)], { overage: 29_000 });
    expect(describeBalanceThen([plan, changed], 'left', 'the end of 31 Oct 2026')).toBe(
      '🟠 Credits left at the end of 31 Oct 2026: Public API 27,370 of 66,000; Jobs 490 of 500. Over the allowance in that month: Jobs by 29 credits.',
    );
    expect(describeBalanceThen([changed], 'left', 'the end of 31 Oct 2026')).toMatch(/^🟠 Jobs had 490 of 500 left/);
    expect(describeBalanceThen([plan], 'left', 'the end of 31 Oct 2026')).toBe(
      '🔵 Public API had 27,370 of 66,000 left in its monthly plan at the end of 31 Oct 2026 (58.5% used).',
    );
  });

  it('tells when each resets, and what went over', () => {
    const once = { toMs: at('2027-01-01T00:00'), fromMs: MONTH.fromMs, label: '' };
    const stack = scope('Jobs', [pool('Bundle', 100, 100), pool('Add-on', 1, 5, { periodKind: 'once', period: once })]);
    const rolling = scope('CRM API', [pool('Daily credits', 1, 651, { periodKind: 'rolling-24h' })]);
    expect(describeResets([rolling, stack, plan], NOW, calendar)).toBe(
      'Jobs resets on 1 Dec (Bundle) and ends on 31 Dec (Add-on); Public API resets on 1 Dec; CRM API has no reset: it counts the last 24 hours.',
    );
    expect(describeOverage([plan, rolling], NOW, calendar)).toBe('No: nothing went over its allowance in Nov 2026.');
    const over = { ...rolling, overage: 29_000 };
    const limited = scope('Portal', [pool('Plan', 1, 10)], { limits: [pool('Fair use', 120, 100)] });
    expect(describeOverage([plan, over, limited], NOW, calendar)).toBe(
      'Yes: CRM API went 29 credits over its allowance in Nov 2026. Portal is over its limit Fair use: 120 of 100.',
    );
  });

  it('tells which is closest to its amount, and which has most left', () => {
    const rolling = scope('CRM API', [pool('Daily credits', 500, 651, { periodKind: 'rolling-24h' })]);
    const small = scope('Jobs', [pool('Bundle', 1, 100)], { limits: [pool('Fair use', 90, 100)] });
    expect(describeExtreme([plan, rolling, small], 'fullest')).toBe('🔴 Fair use of Jobs: 90% used, 10 of 100 left.');
    expect(describeExtreme([plan, rolling, small], 'emptiest')).toBe(
      '🔵 Bundle of Jobs: 1% used, 99 of 100 left. The most credits: Monthly plan of Public API: 58.5% used, 27,370 of 66,000 left.',
    );
  });

  it('tells what is likely left at the end of the month, or that it is not known', () => {
    const pace = { slower: 1_330_000, quicker: 1_424_000 };
    const [days, foretold] = [2, scope('Plan', [pool('Monthly plan', 38_630, 66_000, { pace, drawnNow: true })])];
    const nowMs = MONTH.toMs - days * DAY_MS;
    expect(describeMonthEnd([foretold], nowMs, calendar)).toBe(
      'Plan is likely to have 24,522–24,710 left at the end of the month, at the usual 1,330–1,424 a day.',
    );
    expect(
      describeMonthEnd(
        [{ ...foretold, pools: [{ ...foretold.pools[0]!, used: 0, left: 1_000_000 }] }],
        nowMs,
        calendar,
      ),
    ).toContain('likely to have 0 left');
    expect(describeMonthEnd([scope('Plan', [pool('Monthly plan', 1, 10, { drawnNow: true })])], nowMs, calendar)).toBe(
      'Plan has 9 left now, and at the end of the month that is not known.',
    );
  });

  it('keeps names with other capitals or digits', () => {
    expect(['Daily credits', 'CRM plan', 'Annual Add-on', 'Plan 2'].map(toInnerCase)).toEqual([
      ...['daily credits', 'CRM plan', 'Annual Add-on', 'Plan 2'],
    ]);
  });
});

describe('whether a pool runs out', () => {
  const pace = { slower: 1_330_000, quicker: 1_424_000 };
  const lasting = scope('Public API', [pool('Monthly plan', 38_630, 66_000, { pace })]);
  const window = (used: number, amount: number, usual = pace) =>
    scope('CRM API', [pool('Daily credits', used, amount, { pace: usual, periodKind: 'rolling-24h' })]);

  const ending = scope('CRM API', [
    pool('Plan', 900, 1000, {
      pace,
      runOut: { earliestMs: at('2026-11-30T04:32'), latestMs: at('2026-11-30T05:09'), arithmetic: '' },
    }),
  ]);

  it('begins with the date where “when” is asked', () => {
    const when = (...states: ScopeState[]) => describeOutlook(states, NOW, calendar, 'when');
    expect(when(ending)).toBe('Between Mon 30 Nov 04:32 and 05:09: CRM API runs out, before it resets on 1 Dec.');
    expect(when(lasting)).toBe('Not before the reset on 1 Dec: at the usual 1,330–1,424 a day, Public API lasts.');
    // A rolling pool has no reset, so the pool with a reset date comes first.
    expect(when(window(300, 2900), lasting)).toBe(
      'Not before the reset on 1 Dec: at the usual 1,330–1,424 a day, Public API lasts, and CRM API lasts too.',
    );
    expect(when(window(300, 2900))).toBe(
      'Never at the usual pace: CRM API stays within its 2,900 a day at the usual 1,330–1,424 a day.',
    );
    expect(when(scope('CRM API', [pool('Plan', 1000, 1000)]))).toBe(
      'Already: CRM API has run out; it resets on 1 Dec.',
    );
    expect(when(plan)).toBe('Not known yet: Public API has less than three days of use.');
    const present = { pace: 'today’s pace' as const, emptyMs: at('2026-11-29T02:10') };
    expect(when(scope('CRM API', [pool('Plan', 900, 1000, { pace, present })]), lasting)).toBe(
      'Around Sun 29 Nov 02:10: CRM API runs out at today’s pace. Public API will last.',
    );
  });

  it('answers whether it lasts with the other word', () => {
    expect(describeOutlook([lasting], NOW, calendar)).toMatch(/^No: .*Public API lasts past its reset/);
    expect(describeOutlook([lasting], NOW, calendar, 'lasts')).toMatch(/^Yes: .*Public API lasts past its reset/);
  });

  it.each<[string, ScopeState[], string]>([
    ['no', [lasting], 'No: at the usual 1,330–1,424 a day, Public API lasts past its reset on 1 Dec.'],
    ['yes', [ending], 'Yes: CRM API runs out between Mon 30 Nov 04:32 and 05:09, before it resets on 1 Dec.'],
    [
      'no, of a pool that ends',
      [
        scope('ERP API', [
          pool('Annual add-on', 100, 66_000, {
            ...{ pace, periodKind: 'once', period: { fromMs: MONTH.fromMs, toMs: at('2027-01-01T00:00'), label: '' } },
          }),
        ]),
      ],
      'No: at the usual 1,330–1,424 a day, ERP API will not run out before its annual add-on ends on 31 Dec.',
    ],
    [
      'the worst first',
      [lasting, ending],
      'Yes: CRM API runs out between Mon 30 Nov 04:32 and 05:09, before it resets on 1 Dec. Public API will last.',
    ],
    [
      'perhaps',
      [
        scope('CRM API', [
          pool('Plan', 900, 1000, {
            runOut: { earliestMs: at('2026-11-30T04:32'), latestMs: undefined, arithmetic: '' },
          }),
        ]),
      ],
      'Perhaps: CRM API may run out as early as Mon 30 Nov 04:32, before it resets on 1 Dec.',
    ],
    [
      'already',
      [scope('CRM API', [pool('Plan', 1000, 1000)])],
      'Yes: CRM API has run out already; it resets on 1 Dec.',
    ],
    [
      'by the day, of a rolling window',
      [window(300, 1400)],
      'Yes: CRM API goes over its 1,400 a day at the usual 1,330–1,424 a day.',
    ],
    [
      'perhaps, of a rolling window on an unusual day',
      [window(2611, 2900)],
      'Perhaps: CRM API has 289 of 2,900 left, after more use than the usual 1,330–1,424 a day.',
    ],
    [
      'perhaps, of what the unusual part of a day leaves for a usual one',
      [window(1400, 2000, { slower: 600_000, quicker: 1_300_000 })],
      'Perhaps: CRM API has 600 of 2,000 left, after more use than the usual 600–1,300 a day.',
    ],
    [
      'no, of a rolling window a little above the usual',
      [window(1661, 2900, { slower: 1_504_000, quicker: 1_598_000 })],
      'No: CRM API stays within its 2,900 a day at the usual 1,504–1,598 a day.',
    ],
    [
      'at the present pace where that is sooner than the usual one',
      [
        scope('CRM API', [
          pool('Plan', 900, 1000, { pace, present: { pace: 'today’s pace', emptyMs: at('2026-11-29T02:10') } }),
        ]),
      ],
      'Yes: CRM API runs out around Sun 29 Nov 02:10 at today’s pace.',
    ],
    ['not known', [plan], 'Not known yet: Public API has less than three days of use.'],
    ['nothing', [scope('default', [])], 'No pools yet, so nothing can run out.'],
  ])('%s', (_, states, text) => {
    expect(describeOutlook(states, NOW, calendar)).toBe(text);
  });
});
