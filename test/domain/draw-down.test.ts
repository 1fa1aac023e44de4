import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCalendar, firstDayOf, formatDay, parseDay } from '../../src/domain/calendar.ts';
import { type AmountVersion, amountOf, type PeriodRule, type Pool } from '../../src/domain/definition.ts';
import {
  drawDown,
  findStanding,
  listDrawOrder,
  netUsage,
  sumWithin,
  type UsageStep,
} from '../../src/domain/draw-down.ts';
import type { Thousandths } from '../../src/domain/event.ts';
import { sumCredits } from '../../src/domain/thousandths.ts';
import { size } from '../support/size.ts';

const calendar = createCalendar('Europe/Berlin');
const START = parseDay('2023-10-25');
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

function pool(period: PeriodRule, base: number | AmountVersion[], rest: Partial<Pool> = {}): Pool {
  const fromDay = rest.fromDay ?? START - 400;
  const amounts = Array.isArray(base) ? base : [{ fromDay, base: base * 1000, grants: [] }];
  return { name: 'pool', period, priority: 1, fromDay, amounts, thresholds: [75, 90], order: 0, ...rest };
}

function version(fromDay: number, base: number): AmountVersion {
  return { fromDay, base: base * 1000, grants: [] };
}

function at(text: string): number {
  return Temporal.PlainDateTime.from(text).toZonedDateTime('Europe/Berlin').epochMilliseconds;
}

function use(text: string, credits: number): UsageStep {
  return { startMs: at(text), credits: credits * 1000 };
}

/** Returns the credits drawn from each pool, and the overage last. */
function draw(pools: Pool[], steps: UsageStep[], knownDay = START + 900): number[] {
  const { drawn, overage } = drawDown(pools, steps, { calendar, knownDay });
  return [...drawn, overage].map((values) => Number(sumCredits(values)) / 1000);
}

const MONTH: PeriodRule = { kind: 'month', anchor: 1 };
const ROLLING: PeriodRule = { kind: 'rolling-24h' };
const YEAR_2023: PeriodRule = { kind: 'once', fromDay: parseDay('2023-01-01'), untilDay: parseDay('2023-12-31') };

describe('October 2023', () => {
  const bundle: Pool = pool(
    MONTH,
    [
      {
        fromDay: START - 400,
        base: 0,
        grants: [
          { name: 'Automation Developer', quantity: 10, each: 5_000_000 },
          { name: 'Unattended Robot', quantity: 10, each: 5_000_000 },
        ],
      },
    ],
    { name: 'Bundled licences' },
  );
  const addon = pool(YEAR_2023, 3_000_000, { name: 'Annual add-on', priority: 2, order: 1 });
  const days = Array.from({ length: 25 }, (_, day) => use(`2023-10-${String(day + 1).padStart(2, '0')}`, 5000));

  it('draws 125,000 as 100,000 from the bundle and 25,000 from the add-on, in any order of arrival', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(days, { minLength: 25 }), (steps) => {
        const result = drawDown([bundle, addon], steps, { calendar, knownDay: parseDay('2023-10-31') });
        const drawn = result.drawn.map((values) =>
          sumWithin(result.usage.startsMs, values, { fromMs: at('2023-10-01'), toMs: at('2023-11-01') }),
        );
        const { amount } = findStanding(addon, at('2023-11-01'), calendar, result.knownDay)!;
        const left = Number(amount) - Number(drawn[1]);
        expect([...drawn, left]).toEqual([100_000_000, 25_000_000, 2_975_000_000]);
        expect(result.exhaustions).toEqual([{ atMs: at('2023-10-20'), pool: 0, next: 1 }]);
      }),
    );
  });

  it('gives the bundle anew on the 1st, and counts what nothing covers in its month', () => {
    const steps = [...days, use('2023-11-01', 100_001), use('2024-01-31T23:59', 100_002), use('2024-02-01', 100_003)];
    expect(draw([bundle, addon], steps)).toEqual([400_000, 25_001, 5]);
    const result = drawDown([bundle, addon], steps, { calendar, knownDay: START + 900 });
    const overageOf = (month: number) =>
      sumWithin(result.usage.startsMs, result.overage, {
        fromMs: calendar.startOfDay(firstDayOf(month)),
        toMs: calendar.startOfDay(firstDayOf(month + 1)),
      });
    expect([2023 * 12 + 11, 2024 * 12, 2024 * 12 + 1].map(overageOf)).toEqual([0, 2000, 3000]);
  });
});

describe('the draw order', () => {
  const order = (pools: Pool[], day = '2023-10-26') =>
    listDrawOrder(pools, at(day), calendar, START + 900).map((index) => pools[index]!.name);

  it('goes by priority, then the soonest end, then the earlier from, then the file', () => {
    const pools = [
      pool({ kind: 'year' }, 1, { name: 'year', order: 0 }),
      pool(MONTH, 1, { name: 'month, second', order: 4 }),
      pool(MONTH, 1, { name: 'month, first', order: 3 }),
      pool(MONTH, 1, { name: 'month, older', order: 9, fromDay: START - 401 }),
      pool(ROLLING, 1, { name: 'rolling' }),
      pool({ kind: 'day' }, 1, { name: 'day' }),
      pool({ kind: 'year' }, 1, { name: 'preferred', priority: 0, order: 7 }),
    ];
    expect(order(pools)).toEqual([
      'preferred',
      'rolling',
      'day',
      'month, older',
      'month, first',
      'month, second',
      'year',
    ]);
  });

  it('changes as periods do: a once pool is drawn before a month that ends later', () => {
    const once = pool({ kind: 'once', fromDay: START - 30, untilDay: parseDay('2023-11-15') }, 10, { name: 'once' });
    const month = pool(MONTH, 10, { name: 'month', order: 1 });
    expect(draw([once, month], [use('2023-10-31', 4)])).toEqual([0, 4, 0]);
    expect(draw([once, month], [use('2023-11-01', 4)])).toEqual([4, 0, 0]);
  });

  it('follows a changed priority from its day on', () => {
    const fixed = pool(MONTH, 100, { name: 'fixed', priority: 2 });
    const moved = pool(
      MONTH,
      [
        { ...version(START - 400, 100), priority: 3 },
        { ...version(parseDay('2023-10-20'), 100), priority: 1 },
      ],
      { name: 'moved' },
    );
    expect(draw([fixed, moved], [use('2023-10-19', 4), use('2023-10-20', 5)])).toEqual([4, 5, 0]);
  });
});

describe('periods', () => {
  it('split one step over two pools', () => {
    expect(draw([pool({ kind: 'day' }, 7), pool(MONTH, 2)], [use('2023-10-26', 10)])).toEqual([7, 2, 1]);
  });

  it('of a month with an anchor begin on its day, on the last day of a shorter month, and keep the anchor', () => {
    const anchored = pool({ kind: 'month', anchor: 31 }, 10);
    const bounds = ['2024-01-31', '2024-02-29', '2024-03-01', '2024-03-31'].map((day) => {
      const days = findStanding(anchored, at(`${day}T12:00`), calendar, START + 900)!.days!;
      return `${formatDay(days.fromDay)} ${formatDay(days.toDay)}`;
    });
    expect(bounds).toEqual([
      '2024-01-31 2024-02-29',
      '2024-02-29 2024-03-31',
      '2024-02-29 2024-03-31',
      '2024-03-31 2024-04-30',
    ]);
    expect(draw([anchored], [use('2024-02-28', 10), use('2024-02-29', 10), use('2024-03-30', 1)])).toEqual([20, 1]);
  });

  it('of once hold both of their days and nothing else', () => {
    const once = pool({ kind: 'once', fromDay: START, untilDay: START + 1 }, 100);
    const steps = ['2023-10-24T23:59', '2023-10-25', '2023-10-26T23:59', '2023-10-27'].map((time) => use(time, 1));
    expect(draw([once], steps)).toEqual([2, 2]);
  });

  it('end with their pool, and begin with it', () => {
    const ended = pool(MONTH, 100, { fromDay: START, untilDay: START + 1 });
    const steps = ['2023-10-24', '2023-10-25', '2023-10-26T23:59', '2023-10-27'].map((time) => use(time, 1));
    expect(draw([ended], steps)).toEqual([2, 2]);
  });

  it('of a day follow the zone through the night of 25 hours', () => {
    expect(draw([pool({ kind: 'day' }, 1)], [use('2023-10-29T00:00', 1), use('2023-10-29T23:59', 1)])).toEqual([1, 1]);
  });

  it('of a rolling window free each minute 24 hours later', () => {
    const rolling = pool(ROLLING, 10);
    expect(draw([rolling], [use('2023-10-26T10:30', 10), use('2023-10-27T10:29', 1)])).toEqual([10, 1]);
    expect(draw([rolling], [use('2023-10-26T10:30', 10), use('2023-10-27T10:30', 1)])).toEqual([11, 0]);
  });

  it('of the last rolling pool hold what went over it, too: a provider counts every call', () => {
    const rolling = pool(ROLLING, 10);
    const steps = [use('2023-10-26T10:00', 10), use('2023-10-26T23:00', 10), use('2023-10-27T12:00', 4)];
    expect(draw([rolling], steps)).toEqual([10, 14]);
    const { over } = drawDown([rolling], steps, { calendar, knownDay: START });
    expect([...over[0]!]).toEqual([0, 10_000, 4000]);
    expect(draw([rolling, pool(MONTH, 100, { priority: 2 })], steps)).toEqual([14, 10, 0]);
  });

  it('know the window of an instant to the minute', () => {
    const standing = findStanding(pool(ROLLING, 10), at('2023-10-27T10:30:15'), calendar, START + 900)!;
    expect(standing.period).toEqual({ fromMs: at('2023-10-26T10:31'), toMs: at('2023-10-27T10:31') });
  });
});

describe('amounts by date', () => {
  const raised = pool(MONTH, [version(START - 400, 10), version(parseDay('2023-10-20'), 25)]);

  it('count for the whole of a past period as on its last day', () => {
    const steps = [use('2023-09-30', 30), use('2023-10-01', 30)];
    expect(draw([raised], steps)).toEqual([35, 25]);
  });

  it('count for the running period as of now', () => {
    expect(draw([raised], [use('2023-10-01', 30)], parseDay('2023-10-19'))).toEqual([10, 20]);
    expect(draw([raised], [use('2023-10-01', 30)], parseDay('2023-10-20'))).toEqual([25, 5]);
  });

  it('that were cut leave no balance below zero', () => {
    const cut = pool(MONTH, [version(START - 400, 30), version(parseDay('2023-10-20'), 5)]);
    expect(draw([cut, pool({ kind: 'year' }, 12)], [use('2023-10-01', 20)])).toEqual([5, 12, 3]);
  });

  it('hold to the end of a pool that ended within the period', () => {
    const ended = { ...raised, untilDay: parseDay('2023-10-19') };
    expect(draw([ended], [use('2023-10-01', 30)])).toEqual([10, 20]);
  });
});

describe('corrections', () => {
  const net = (...steps: UsageStep[]) =>
    [...netUsage(steps, calendar).credits].map((credits) => Number(credits) / 1000);

  it('take from what was used before them on the day, nearest first, then from what comes', () => {
    const uses = [use('2023-10-26T08:00', 5), use('2023-10-26T09:00', 3), use('2023-10-26T12:00', 7)];
    expect(net(...uses, use('2023-10-26T10:00', -4))).toEqual([4, 0, 0, 7]);
    expect(net(...uses, use('2023-10-26T10:00', -10))).toEqual([0, 0, 0, 5]);
  });

  it('never take a day below zero, nor reach another day', () => {
    expect(net(use('2023-10-25T23:59', 5), use('2023-10-26T10:00', -4), use('2023-10-27T00:00', 6))).toEqual([5, 0, 6]);
  });

  it('give back to the pool', () => {
    expect(draw([pool({ kind: 'day' }, 5)], [use('2023-10-26T08:00', 9), use('2023-10-26T09:00', -3)])).toEqual([5, 1]);
  });
});

describe('exhaustions', () => {
  it('name the pool that goes on, or none', () => {
    const pools = [pool({ kind: 'day' }, 5), pool(MONTH, 5, { order: 1 })];
    const { exhaustions } = drawDown(pools, [use('2023-10-26T08:00', 5), use('2023-10-26T09:00', 6)], {
      calendar,
      knownDay: START,
    });
    expect(exhaustions).toEqual([
      { atMs: at('2023-10-26T08:00'), pool: 0, next: 1 },
      { atMs: at('2023-10-26T09:00'), pool: 1, next: undefined },
    ]);
  });

  it('of a rolling pool that stays empty come once', () => {
    const steps = Array.from({ length: 3000 }, (_, minute) => ({
      startMs: at('2023-10-26') + minute * MINUTE,
      credits: 1000,
    }));
    expect(drawDown([pool(ROLLING, 10)], steps, { calendar, knownDay: START }).exhaustions).toHaveLength(1);
  });
});

it('keeps amounts of 10^12 thousandths exact', () => {
  const steps = [
    { startMs: at('2023-10-26'), credits: 999_999_999_999 },
    { startMs: at('2023-10-27'), credits: 3 },
  ];
  const { drawn, overage } = drawDown([pool(MONTH, 1_000_000_000)], steps, { calendar, knownDay: START });
  expect([...drawn[0]!, ...overage]).toEqual([999_999_999_999, 1, 0, 2]);
});

// --- properties over random stacks and usage ---

const anyPeriod: fc.Arbitrary<PeriodRule> = fc.oneof(
  fc.constant<PeriodRule>(ROLLING),
  fc.constant<PeriodRule>({ kind: 'day' }),
  fc.constant<PeriodRule>({ kind: 'year' }),
  fc.integer({ min: 1, max: 31 }).map((anchor): PeriodRule => ({ kind: 'month', anchor })),
  fc
    .tuple(fc.integer({ min: -5, max: 8 }), fc.integer({ min: 0, max: 9 }))
    .map(([from, length]): PeriodRule => ({ kind: 'once', fromDay: START + from, untilDay: START + from + length })),
);
const anyPool = fc
  .record({
    period: anyPeriod,
    priority: fc.integer({ min: 1, max: 3 }),
    fromDay: fc.constantFrom(START - 400, START - 2, START + 3),
    life: fc.option(fc.integer({ min: 0, max: 9 }), { nil: undefined }),
    base: fc.integer({ min: 0, max: 40 }),
    later: fc.array(fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 0, max: 60 })), { maxLength: 2 }),
  })
  .map(({ base, later, life, ...rest }): Pool => {
    const amounts = [version(rest.fromDay, base), ...later.map(([day, amount]) => version(START + day, amount))];
    amounts.sort((a, b) => a.fromDay - b.fromDay);
    return { ...pool(rest.period, amounts, rest), ...(life === undefined ? {} : { untilDay: rest.fromDay + life }) };
  });
const anyStack = fc
  .array(anyPool, { maxLength: 4 })
  .map((pools) => pools.map((each, order) => ({ ...each, name: `p${order}`, order })));
// Few distinct minutes, near the ends of days and months and in the night of 25 hours, so that edge cases really occur.
const anySteps = fc.array(
  fc.record({
    startMs: fc
      .tuple(fc.integer({ min: 0, max: 11 }), fc.constantFrom(0, 1, 125, 720, 1438, 1439))
      .map(([day, minute]) => calendar.startOfDay(START + day) + minute * MINUTE),
    credits: fc.integer({ min: 0, max: 30_000 }),
  }),
  { maxLength: 40 },
);
const anyKnownDay = fc.integer({ min: START, max: START + 14 });

function isInForce(each: Pool, day: number): boolean {
  const { period, fromDay, untilDay = Infinity } = each;
  return (
    day >= fromDay && day <= untilDay && (period.kind !== 'once' || (day >= period.fromDay && day <= period.untilDay))
  );
}

/** Returns the first and last day of a period, by Temporal's arithmetic. */
function boundsOf(period: PeriodRule, day: number): [number, number] {
  const date = Temporal.PlainDate.from(formatDay(day));
  const toDay = (other: Temporal.PlainDate) => parseDay(other.toString());
  if (period.kind === 'once') return [period.fromDay, period.untilDay];
  if (period.kind === 'day') return [day, day];
  if (period.kind === 'year') return [parseDay(`${date.year}-01-01`), parseDay(`${date.year}-12-31`)];
  const anchor = period.kind === 'month' ? period.anchor : 1;
  const start = (months: number) => toDay(date.with({ day: 1 }).add({ months }).with({ day: anchor }));
  return day >= start(0) ? [start(0), start(1) - 1] : [start(-1), start(0) - 1];
}

/** Draws down in the plain, slow way: event by event, with a new look-up for each. */
function oracle(pools: Pool[], steps: UsageStep[], knownDay: number) {
  const draws: { pool: number; startMs: number; credits: number; heldBy?: number | undefined }[] = [];
  const inForce = (each: Pool, day: number) =>
    Number(amountOf(each.amounts.findLast((other) => other.fromDay <= day) ?? each.amounts[0]!));
  for (const { startMs, credits } of steps.toSorted((a, b) => a.startMs - b.startMs)) {
    const day = calendar.dayOf(startMs);
    const end = (each: Pool) => (each.period.kind === 'rolling-24h' ? 0 : boundsOf(each.period, day)[1]);
    const from = (each: Pool) => (each.period.kind === 'once' ? each.period.fromDay : each.fromDay);
    const order = pools
      .map((each, index) => ({ each, index }))
      .filter(({ each }) => isInForce(each, day))
      .sort(
        (a, b) =>
          a.each.priority - b.each.priority ||
          end(a.each) - end(b.each) ||
          from(a.each) - from(b.each) ||
          a.index - b.index,
      );
    let rest = Number(credits);
    for (const { each, index } of order) {
      const own = draws.filter((draw) => draw.pool === index || draw.heldBy === index);
      const [first, last] = boundsOf(each.period, day);
      const [amount, held] =
        each.period.kind === 'rolling-24h'
          ? [inForce(each, Math.min(day, knownDay)), own.filter((draw) => draw.startMs > startMs - DAY)]
          : [
              inForce(each, Math.min(last, each.untilDay ?? Infinity, first > knownDay ? Infinity : knownDay)),
              own.filter((draw) => calendar.dayOf(draw.startMs) >= first && calendar.dayOf(draw.startMs) <= last),
            ];
      const left = amount - held.reduce((sum, draw) => sum + draw.credits, 0);
      const part = Math.max(0, Math.min(rest, left));
      draws.push({ pool: index, startMs, credits: part });
      rest -= part;
    }
    const last = order.at(-1);
    const heldBy = last?.each.period.kind === 'rolling-24h' ? last.index : undefined;
    draws.push({ pool: -1, startMs, credits: rest, heldBy });
  }
  return draws;
}

function totals(values: readonly Thousandths[]): number {
  return Number(sumCredits(values));
}

describe('for any stack and any usage', () => {
  it('agrees with drawing event by event', () => {
    fc.assert(
      fc.property(anyStack, anySteps, anyKnownDay, (pools, steps, knownDay) => {
        const result = drawDown(pools, steps, { calendar, knownDay });
        const expected = oracle(pools, steps, knownDay);
        for (const [place, values] of [...result.drawn, result.overage].entries()) {
          const index = place === pools.length ? -1 : place;
          const byStep = [...result.usage.startsMs].map((startMs) =>
            expected
              .filter((draw) => draw.pool === index && draw.startMs === startMs)
              .reduce((sum, draw) => sum + draw.credits, 0),
          );
          expect([...values]).toEqual(byStep);
        }
      }),
      { numRuns: size(125, 5000) },
    );
  });

  it('conserves credits at every step, corrections included, and leaves no draw below zero', () => {
    const correction = fc.integer({ min: -50_000, max: 30_000 });
    const anyCorrected = anySteps.chain((steps) =>
      fc.tuple(...steps.map((step) => correction.map((credits) => ({ ...step, credits })))),
    );
    fc.assert(
      fc.property(anyStack, anyCorrected, anyKnownDay, (pools, steps, knownDay) => {
        const { usage, drawn, overage } = drawDown(pools, steps, { calendar, knownDay });
        usage.credits.forEach((credits, step) => {
          const parts = [...drawn.map((values) => values[step]!), overage[step]!];
          expect(sumCredits(parts)).toBe(credits);
          expect(Math.min(...parts.map(Number))).toBeGreaterThanOrEqual(0);
        });
        const byDay = Map.groupBy(steps, (step) => calendar.dayOf(step.startMs));
        const used = [...byDay.values()].map((day) =>
          Math.max(0, Number(sumCredits(day.map(({ credits }) => credits)))),
        );
        expect(totals(usage.credits)).toBe(used.reduce((sum, day) => sum + day, 0));
      }),
    );
  });

  it('does not depend on the order of arrival, on lateness, or on how a step is cut up', () => {
    const arrived = anySteps.chain((steps) =>
      fc.tuple(fc.constant(steps), fc.shuffledSubarray(steps, { minLength: steps.length }), fc.nat(30_000)),
    );
    fc.assert(
      fc.property(anyStack, arrived, anyKnownDay, (pools, [steps, shuffled, cut], knownDay) => {
        const cutUp = shuffled.flatMap(({ startMs, credits }) => [
          { startMs, credits: Math.max(0, credits - cut) },
          { startMs, credits: Math.min(credits, cut) },
        ]);
        const context = { calendar, knownDay };
        expect(drawDown(pools, cutUp, context)).toEqual(drawDown(pools, steps, context));
      }),
    );
  });

  it('never holds more than the amount in 24 hours of a rolling pool, or in a period of another', () => {
    fc.assert(
      fc.property(anyPool, anySteps, anyKnownDay, (each, steps, knownDay) => {
        const fixed = { ...each, amounts: each.amounts.slice(0, 1) };
        const { usage, drawn } = drawDown([fixed], steps, { calendar, knownDay });
        for (const startMs of usage.startsMs) {
          const standing = findStanding(fixed, startMs + 1, calendar, knownDay);
          if (!standing) continue;
          expect(sumWithin(usage.startsMs, drawn[0]!, standing.period)).toBeLessThanOrEqual(standing.amount);
        }
      }),
    );
  });

  it('never has more overage after an amount was raised', () => {
    fc.assert(
      fc.property(anyStack, anySteps, anyKnownDay, fc.nat(), fc.nat(50_000), (pools, steps, knownDay, which, more) => {
        fc.pre(pools.length > 0);
        const raised = pools.map((each, index) =>
          index === which % pools.length
            ? { ...each, amounts: each.amounts.map((other) => ({ ...other, base: other.base + more })) }
            : each,
        );
        const overage = (stack: Pool[]) => totals(drawDown(stack, steps, { calendar, knownDay }).overage);
        expect(overage(raised)).toBeLessThanOrEqual(overage(pools));
      }),
      { numRuns: size(250, 10_000) },
    );
  });
});
