import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDeclaration } from '../../src/definition/format.ts';
import { parseDeclaration } from '../../src/definition/parse.ts';
import { amend } from '../../src/domain/amend.ts';
import { createCalendar, parseDay } from '../../src/domain/calendar.ts';
import {
  backdateRules,
  type Declaration,
  type DeclaredPool,
  type DeclaredScope,
  NO_DEFINITIONS,
  offerRecount,
  toDeclaration,
} from '../../src/domain/declaration.ts';
import {
  amountOf,
  type Definitions,
  FIRST_DAY,
  type Match,
  type Pool,
  versionOn,
} from '../../src/domain/definition.ts';
import { drawDown, listDrawOrder } from '../../src/domain/draw-down.ts';
import { size } from '../support/size.ts';

const TODAY = parseDay('2026-11-20');

function pool(base: number, rest: Partial<DeclaredPool> = {}): DeclaredPool {
  return {
    ...{ name: 'Month', period: { kind: 'month', anchor: 1 }, priority: 1, thresholds: [75, 90] },
    ...{ base: base * 1000, grants: [] },
    ...rest,
  };
}

function scope(rest: Partial<DeclaredScope> = {}): DeclaredScope {
  return { name: 'crm', title: 'crm', match: [], costs: [], links: {}, limits: [], pools: [], ...rest };
}

function declare(scopes: DeclaredScope[], rest: Partial<Declaration> = {}): Declaration {
  return { scopes, exclude: [], holidays: [], clients: [], ...rest };
}

/** Applies declarations on these days, one after the other, and returns the resulting definitions. */
function apply(...steps: [day: number, declaration: Declaration][]): Definitions {
  return steps.reduce((current, [day, declaration]) => amend(current, declaration, day).definitions, NO_DEFINITIONS);
}

function pools(...steps: [day: number, ...pools: DeclaredPool[]][]): readonly Pool[] {
  return apply(...steps.map(([day, ...each]): [number, Declaration] => [day, declare([scope({ pools: each })])]))
    .scopes[0]!.pools;
}

const amountOn = (of: Pool, day: number) => Number(amountOf(versionOn(of.amounts, day))) / 1000;

describe('a pool', () => {
  it('of a scope declared for the first time holds for all days, later ones from their day', () => {
    const [month, year] = pools(
      [TODAY, pool(10)],
      [TODAY + 3, pool(10), pool(5, { name: 'Year', period: { kind: 'year' } })],
    );
    expect([month!.fromDay, year!.fromDay]).toEqual([FIRST_DAY, TODAY + 3]);
  });

  it('that is there once exists from its first day', () => {
    const once = pool(5, { name: 'Add-on', period: { kind: 'once', fromDay: TODAY - 9, untilDay: TODAY + 9 } });
    expect(pools([TODAY, pool(10)], [TODAY + 3, pool(10), once])[1]!.fromDay).toBe(TODAY - 9);
  });

  it('has a new amount from the day of the change, and keeps the old one before', () => {
    const [month, ...others] = pools([TODAY, pool(10)], [TODAY + 3, pool(20)]);
    expect(others).toEqual([]);
    expect([TODAY + 2, TODAY + 3].map((day) => amountOn(month!, day))).toEqual([10, 20]);
  });

  it('changed twice on a day has the last amount', () => {
    expect(pools([TODAY, pool(10)], [TODAY + 3, pool(20)], [TODAY + 3, pool(30)])[0]!.amounts).toHaveLength(2);
  });

  it('has an amount from the day that the file says, replacing what came later', () => {
    const dated = pool(30, { validFromDay: TODAY - 5 });
    const [month] = pools([TODAY - 90, pool(10)], [TODAY - 2, pool(20)], [TODAY, dated]);
    expect([-6, -5, -2, 0].map((days) => amountOn(month!, TODAY + days))).toEqual([10, 30, 30, 30]);
  });

  it('has an amount to come while the present one holds', () => {
    const [month] = pools([TODAY, pool(10)], [TODAY, pool(20, { validFromDay: TODAY + 7 })]);
    expect([TODAY, TODAY + 7].map((day) => amountOn(month!, day))).toEqual([10, 20]);
  });

  it('missing from the file ends today and stays', () => {
    expect(pools([TODAY, pool(10)], [TODAY + 3])).toMatchObject([{ name: 'Month', untilDay: TODAY + 3 }]);
  });

  it('that comes back the same day goes on; later it lives again from then', () => {
    expect(pools([TODAY, pool(10)], [TODAY + 3], [TODAY + 3, pool(10)])).toEqual(pools([TODAY, pool(10)]));
    const lives = pools([TODAY, pool(10)], [TODAY + 3], [TODAY + 8, pool(10)]);
    expect(lives.map(({ fromDay, untilDay }) => [fromDay, untilDay])).toEqual([
      [FIRST_DAY, TODAY + 3],
      [TODAY + 8, undefined],
    ]);
    expect(pools([TODAY, pool(10)], [TODAY + 3], [TODAY + 8, pool(10)], [TODAY + 9, pool(10)])).toEqual(lives);
  });

  it('of another period is another pool from the day of the change', () => {
    const lives = pools([TODAY, pool(10)], [TODAY + 3, pool(10, { period: { kind: 'day' } })]);
    expect(lives.map(({ period, fromDay, untilDay }) => [period.kind, fromDay, untilDay])).toEqual([
      ['month', FIRST_DAY, TODAY + 2],
      ['day', TODAY + 3, undefined],
    ]);
  });

  it('that warns no more says so', () => {
    const before = apply([TODAY, declare([scope({ pools: [pool(10)] })])]);
    const { changes } = amend(before, declare([scope({ pools: [pool(10, { thresholds: [] })] })]), TODAY);
    expect(changes).toEqual([{ place: 'crm/Month', text: 'thresholds 75, 90 → none, at once' }]);
  });

  it('whose period is changed back on the same day goes on as if nothing had been', () => {
    const untouched = pools([TODAY, pool(10)]);
    const day = pool(10, { period: { kind: 'day' } });
    const last = pool(10, { period: { kind: 'month', anchor: 31 } });
    expect(pools([TODAY, pool(10)], [TODAY + 3, day], [TODAY + 3, pool(10)])).toEqual(untouched);
    expect(pools([TODAY, pool(10)], [TODAY + 3, day], [TODAY + 3, last], [TODAY + 3, pool(10)])).toEqual(untouched);
    expect(pools([TODAY, pool(10)], [TODAY + 3, day], [TODAY + 3, pool(12)])).toEqual(
      pools([TODAY, pool(10)], [TODAY + 3, pool(12)]),
    );
    // A day later the other period has been in use, so it stays in the history.
    const later = pools([TODAY, pool(10)], [TODAY + 3, day], [TODAY + 4, pool(10)]);
    expect(later.map(({ period }) => period.kind)).toEqual(['month', 'day', 'month']);
    const dated = pools([TODAY, pool(10)], [TODAY + 3, day], [TODAY + 4, pool(10, { validFromDay: TODAY + 1 })]);
    expect(dated).toEqual(untouched);
  });

  it('that is there once keeps its balance when its days are moved', () => {
    const once = (untilDay: number) => pool(5, { period: { kind: 'once', fromDay: TODAY - 9, untilDay } });
    const moved = pools([TODAY, once(TODAY + 9)], [TODAY + 3, once(TODAY + 40)]);
    expect(moved).toMatchObject([{ fromDay: TODAY - 9, period: { untilDay: TODAY + 40 } }]);
  });

  it('has a new priority from the day of the change', () => {
    const [month] = pools([TODAY, pool(10)], [TODAY + 3, pool(10, { priority: 7 })]);
    expect([TODAY + 2, TODAY + 3].map((day) => versionOn(month!.amounts, day).priority)).toEqual([1, 7]);
  });

  it('keeps its place among equals on the days before the file was put in another order, or lost one', () => {
    const [a, b, c] = ['a', 'b', 'c'].map((name) => pool(10, { name }));
    const orders = (all: readonly Pool[]) =>
      [TODAY - 1, TODAY + 1].map((day) => {
        const calendar = createCalendar('UTC');
        return listDrawOrder(all, calendar.startOfDay(day + 1), calendar, TODAY)
          .map((index) => all[index]!.name)
          .join('');
      });
    expect(orders(pools([TODAY - 9, a!, b!, c!], [TODAY, b!, c!]))).toEqual(['abc', 'bc']);
    expect(orders(pools([TODAY - 9, a!, b!, c!], [TODAY, c!, a!, b!]))).toEqual(['abc', 'cab']);
    expect(orders(pools([TODAY - 9, a!, c!], [TODAY, a!, { ...b!, validFromDay: FIRST_DAY }, c!]))).toEqual([
      'abc',
      'abc',
    ]);

    const before = declare([scope({ pools: [a!, b!] })]);
    const { changes } = amend(apply([TODAY - 9, before]), declare([scope({ pools: [b!, a!] })]), TODAY);
    expect(changes).toEqual([{ place: 'crm/a', text: 'another place in the file, from Fri 20 Nov 2026' }]);
  });

  it('that is there once and holds from a later day is not moved by what else changes', () => {
    const period = { kind: 'once', fromDay: TODAY - 30, untilDay: TODAY + 30 } as const;
    const once = pool(5, { name: 'Add-on', period, validFromDay: TODAY - 2 });
    expect(pools([TODAY - 9, once], [TODAY, once, pool(10)])[0]).toMatchObject({ fromDay: TODAY - 2 });
  });

  it('leaves past balances as they were when its amount changes', () => {
    const steps = [parseDay('2026-10-05'), TODAY].map((day) => ({ startMs: day * 86_400_000, credits: 15_000 }));
    const context = { calendar: createCalendar('UTC'), knownDay: TODAY };
    const drawn = (all: readonly Pool[]) => [...drawDown(all, steps, context).drawn[0]!];
    expect(drawn(pools([TODAY - 90, pool(10)]))).toEqual([10_000, 10_000]);
    expect(drawn(pools([TODAY - 90, pool(10)], [TODAY, pool(20)]))).toEqual([10_000, 15_000]);
  });
});

describe('a scope', () => {
  it('missing from the file ends with its pools and limits, and stays', () => {
    const full = declare([scope({ pools: [pool(10)], limits: [pool(5, { name: 'Fair use' })] })]);
    const [ended] = apply([TODAY, full], [TODAY + 3, declare([])]).scopes;
    expect(ended).toMatchObject({
      ...{ untilDay: TODAY + 3, pools: [{ untilDay: TODAY + 3 }], limits: [{ untilDay: TODAY + 3 }] },
    });
    const [again] = apply([TODAY, full], [TODAY + 3, declare([])], [TODAY + 9, full]).scopes;
    expect(again).not.toHaveProperty('untilDay');
    expect(again!.pools.map(({ fromDay }) => fromDay)).toEqual([FIRST_DAY, TODAY + 9]);
  });
});

describe('rules', () => {
  const matching = (match: Match[], rest: Partial<DeclaredScope> = {}) => declare([scope({ match, ...rest })]);
  const days = (definitions: Definitions) => definitions.ruleSets.map((rules) => rules.fromDay);

  it('declared first hold for all days, changed ones from the day of the change', () => {
    const definitions = apply([TODAY, matching([{ source: 'a' }])], [TODAY + 3, matching([{ source: 'b' }])]);
    expect(definitions.ruleSets.map(({ fromDay, scopes }) => [fromDay, scopes[0]!.match[0]!.source])).toEqual([
      [FIRST_DAY, 'a'],
      [TODAY + 3, 'b'],
    ]);
  });

  it('hold from the valid_from of their scope', () => {
    const dated = matching([{ source: 'b' }], { validFromDay: TODAY - 4 });
    expect(days(apply([TODAY - 90, matching([{ source: 'a' }])], [TODAY, dated]))).toEqual([FIRST_DAY, TODAY - 4]);
  });

  it('of a scope that ended are gone from that day on', () => {
    const { ruleSets } = apply([TODAY, matching([{ source: 'a' }])], [TODAY + 3, declare([])]);
    expect(ruleSets.map((rules) => rules.scopes.length)).toEqual([1, 0]);
  });

  it('go by the order of the file, from the day of the change', () => {
    const named = (...names: string[]) => declare(names.map((name) => scope({ name, match: [{ client: '*' }] })));
    const { ruleSets } = apply([TODAY, named('a', 'b')], [TODAY + 3, named('b', 'a')]);
    expect(ruleSets.map((rules) => rules.scopes.map(({ name }) => name))).toEqual([
      ['a', 'b'],
      ['b', 'a'],
    ]);
  });

  it('of new holidays count from their first day, also in the past; dropped ones stay until today', () => {
    const holiday = { fromDay: TODAY - 9, untilDay: TODAY + 9 };
    const before = declare([], { exclude: [{ kind: 'x' }] });
    const during = { ...before, holidays: [holiday] };
    const added = apply([TODAY - 90, before], [TODAY, during]);
    expect(added.ruleSets.map(({ fromDay, holidays }) => [fromDay, holidays.length])).toEqual([
      [FIRST_DAY, 0],
      [TODAY - 9, 1],
    ]);
    const dropped = apply([TODAY - 90, before], [TODAY, during], [TODAY + 1, before]);
    expect(dropped.ruleSets.map(({ fromDay, holidays }) => [fromDay, holidays.length])).toEqual([
      [FIRST_DAY, 0],
      [TODAY - 9, 1],
      [TODAY + 1, 0],
    ]);
  });

  it.each([
    [
      'a new one',
      undefined,
      [{ fromDay: TODAY + 4, untilDay: TODAY + 6 }],
      'added 24–26 Nov 2026 (all scopes)',
      undefined,
    ],
    [
      'one that runs',
      undefined,
      [{ scope: 'crm', fromDay: TODAY - 4, untilDay: TODAY }],
      'added 16–20 Nov 2026 (crm)',
      '2026-11-16',
    ],
    [
      'a dropped one',
      [{ fromDay: TODAY - 4, untilDay: TODAY + 2 }],
      [],
      'dropped 16–22 Nov 2026 (all scopes), from Fri 20 Nov 2026',
      '2026-11-20',
    ],
    [
      'one that was over',
      [{ fromDay: TODAY - 4, untilDay: TODAY - 4 }],
      [],
      'dropped 16 Nov 2026 (all scopes): it was over, and stays what it was',
      undefined,
    ],
  ])('of holidays say from when they hold, and what a recount would reach: %s', (_, before, after, text, day) => {
    const current = apply([TODAY - 90, declare([], { holidays: before ?? [], exclude: [{ kind: 'x' }] })]);
    const { changes } = amend(current, declare([], { holidays: after, exclude: [{ kind: 'x' }] }), TODAY);
    expect(changes.map((change) => `${change.place}: ${change.text}`)).toEqual([`holidays: ${text}`]);
    const offer = offerRecount(changes, TODAY);
    if (day === undefined) expect(offer).toBeUndefined();
    else expect(offer).toContain(`run "headroom recount --from ${day}"`);
  });

  it.each([
    ['to come', 15, undefined],
    ['today', undefined, '2026-11-20'],
    ['in the past', -5, '2026-11-15'],
  ])('offer a recount from the day from which they hold: %s', (_, days, from) => {
    const current = apply([TODAY - 90, matching([{ source: 'a' }])]);
    const rest = days === undefined ? {} : { validFromDay: TODAY + days };
    const { changes } = amend(current, matching([{ source: 'b' }], rest), TODAY);
    const offer = offerRecount(changes, TODAY);
    if (from === undefined)
      expect([offer, changes[0]!.text]).toEqual([undefined, 'rules changed (match), from Sat 5 Dec 2026']);
    else expect(offer).toMatch(new RegExp(`"headroom recount --from ${from}"\\.$`));
  });

  it('say of each change from when it holds', () => {
    const before = apply([TODAY - 9, declare([scope({ pools: [pool(10)] })], { exclude: [{ kind: 'x' }] })]);
    const after = scope({
      title: 'CRM',
      rateLimitPerMinute: 6,
      links: { addon: 'https://x' },
      pools: [pool(20, { thresholds: [50] })],
    });
    const { changes } = amend(before, declare([after], { clients: [{ id: 'a', name: 'A' }] }), TODAY);
    expect(changes).toHaveLength(7);
    for (const { text } of changes) expect(text).toMatch(/, (at once|from Fri 20 Nov 2026)$/);
  });

  it('can be made to hold from an earlier day', () => {
    const definitions = apply([TODAY - 90, matching([{ source: 'a' }])], [TODAY, matching([{ source: 'b' }])]);
    const dated = backdateRules(definitions, TODAY - 20);
    expect(days(dated)).toEqual([FIRST_DAY, TODAY - 20]);
    expect(backdateRules(dated, TODAY - 20)).toBe(dated);
  });
});

describe('for any sequence of declarations', () => {
  const anyPool = fc
    .record({
      name: fc.constantFrom('a', 'b', 'c'),
      base: fc.integer({ min: 0, max: 3 }).map((base) => base * 1000),
      priority: fc.integer({ min: 1, max: 2 }),
      period: fc.constantFrom<DeclaredPool['period']>(
        { kind: 'day' },
        { kind: 'month', anchor: 1 },
        { kind: 'once', fromDay: TODAY, untilDay: TODAY + 5 },
      ),
      valid: fc.option(fc.integer({ min: -5, max: 5 }), { nil: undefined }),
    })
    .map(
      ({ valid, ...rest }): DeclaredPool => ({
        ...pool(0, rest),
        ...(valid === undefined ? {} : { validFromDay: TODAY + valid }),
      }),
    );
  const anyMatch = fc.array(fc.constantFrom<Match>({ source: 's' }, { client: 'c*' }), { maxLength: 2 });
  const anyScope = fc
    .record({
      name: fc.constantFrom('x', 'y'),
      match: anyMatch,
      pools: fc.uniqueArray(anyPool, { maxLength: 3, selector: ({ name }) => name }),
    })
    .map((rest) => scope(rest));
  const anyDeclaration = fc
    .record({
      scopes: fc.uniqueArray(anyScope, { maxLength: 2, selector: ({ name }) => name }),
      exclude: anyMatch,
      holidays: fc.array(
        fc.integer({ min: -5, max: 5 }).map((day) => ({ fromDay: TODAY + day, untilDay: TODAY + day })),
        {
          maxLength: 2,
        },
      ),
    })
    .map((rest): Declaration => ({ ...rest, clients: [] }));
  const anySequence = fc.array(fc.tuple(anyDeclaration, fc.integer({ min: 0, max: 4 })), {
    minLength: 1,
    maxLength: 5,
  });

  /** Applies declarations one after the other. Returns the day and the definitions after each. */
  function declareAll(sequence: readonly [Declaration, number][]) {
    const steps: { day: number; declaration: Declaration; definitions: Definitions }[] = [];
    for (const [declaration, wait] of sequence) {
      const { day, definitions } = steps.at(-1) ?? { day: TODAY, definitions: NO_DEFINITIONS };
      steps.push({ day: day + wait, declaration, ...amend(definitions, declaration, day + wait) });
    }
    return steps;
  }

  it('the same declaration again changes nothing, on that day or a later one, and so does what it reads back as', () => {
    fc.assert(
      fc.property(anySequence, fc.integer({ min: 0, max: 9 }), (sequence, later) => {
        for (const { day, declaration, definitions } of declareAll(sequence)) {
          expect(amend(definitions, declaration, day + later).changes).toEqual([]);
          expect(amend(definitions, toDeclaration(definitions), day + later).changes).toEqual([]);
        }
      }),
      { numRuns: size(250, 10_000) },
    );
  });

  it('what is read back with its days declares the same to another database', () => {
    fc.assert(
      fc.property(anySequence, (sequence) => {
        const { day, definitions } = declareAll(sequence).at(-1)!;
        const told = toDeclaration(definitions, { dated: true });
        const text = formatDeclaration(told);
        const read = parseDeclaration(text, 'pools.yml');
        const elsewhere = amend(NO_DEFINITIONS, read, day + 1).definitions;
        expect(formatDeclaration(toDeclaration(elsewhere, { dated: true }))).toBe(text);
        expect(toDeclaration(elsewhere)).toEqual(toDeclaration(definitions));
      }),
      { numRuns: size(250, 10_000) },
    );
  });

  it('no pool vanishes, lives of one name never overlap, and rules stand in order', () => {
    fc.assert(
      fc.property(anySequence, (sequence) => {
        const steps = declareAll(sequence);
        const { definitions } = steps.at(-1)!;
        const names = steps.map((step) =>
          step.definitions.scopes.flatMap((each) => each.pools.map(({ name }) => `${each.name}/${name}`)),
        );
        for (const [index, before] of names.slice(0, -1).entries())
          expect(names[index + 1]).toEqual(expect.arrayContaining(before));
        for (const { pools: all } of definitions.scopes)
          for (const lives of Map.groupBy(all, ({ name }) => name).values())
            for (const [index, life] of lives.entries()) {
              expect(life.amounts.map(({ fromDay }) => fromDay)).toEqual(
                [...new Set(life.amounts.map(({ fromDay }) => fromDay))].sort((a, b) => a - b),
              );
              if (index > 0) expect(life.fromDay).toBeGreaterThan(lives[index - 1]!.untilDay!);
            }
        const days = definitions.ruleSets.map(({ fromDay }) => fromDay);
        expect(days).toEqual([...new Set(days)].sort((a, b) => a - b));
      }),
      { numRuns: size(250, 10_000) },
    );
  });
});
