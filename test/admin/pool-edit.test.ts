import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editDeclaration, listScopeSummaries } from '../../src/admin/pool-admin.ts';
import { formatDeclaration } from '../../src/definition/format.ts';
import { parseDeclaration } from '../../src/definition/parse.ts';
import { amend } from '../../src/domain/amend.ts';
import { parseDay } from '../../src/domain/calendar.ts';
import {
  type Declaration,
  type DeclaredLimit,
  type DeclaredPool,
  NO_DEFINITIONS,
  toDeclaration,
} from '../../src/domain/declaration.ts';
import type { PoolEdit } from '../../src/domain/declared-fields.ts';
import type { Definitions } from '../../src/domain/definition.ts';
import { MAX_GRANTS } from '../../src/messages/declaration-lists.ts';
import { findBlockErrors, findViewErrors } from '../../src/playground/emulator/blocks.ts';
import { toState } from '../../src/playground/emulator/elements.ts';
import { POOL_FORM, toChange, toPoolEdit } from '../../src/slack/declaration-form.ts';
import { SCOPE_FORM, toScopeEdit } from '../../src/slack/declaration-windows.ts';
import type { View } from '../../src/slack/dispatch.ts';
import type { Block } from '../support/emulator.ts';
import { size } from '../support/size.ts';

type Handed = Pick<View, 'private_metadata' | 'state'>;

const TODAY = parseDay('2026-11-21');

const anyText = fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' }).filter((text) => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: names have none
  return text.trim() === text && !/[\u0000-\u001f\u007f/]/.test(text) && text.isWellFormed();
});
const anyCredits = fc.oneof(fc.nat(10 ** 12), fc.constantFrom(0, 1, 999, 1000, 10 ** 15));
const anyDay = fc.integer({ min: TODAY - 500, max: TODAY + 500 });
const anyMatch = fc.dictionary(fc.constantFrom('client', 'route', 'version'), anyText, {
  minKeys: 1,
  noNullPrototype: true,
});
const shared = {
  name: anyText,
  period: fc.oneof(
    fc.constantFrom<DeclaredPool['period']>({ kind: 'day' }, { kind: 'rolling-24h' }, { kind: 'year' }),
    fc.integer({ min: 1, max: 31 }).map((anchor) => ({ kind: 'month' as const, anchor })),
    anyDay.map((day) => ({ kind: 'once' as const, fromDay: day, untilDay: day + 9 })),
  ),
  thresholds: fc.constantFrom([], [75, 90], [12.5, 80, 100]),
  base: fc.oneof(fc.nat(10 ** 12), fc.constantFrom(0, 1)),
  grants: fc.array(fc.record({ name: anyText, quantity: fc.nat(50), each: fc.nat(10 ** 12) }), { maxLength: 3 }),
  max: anyCredits,
  validFromDay: anyDay,
};
const options = {
  requiredKeys: ['name', 'period', 'priority', 'thresholds', 'base', 'grants'] as const,
  noNullPrototype: true,
};
const anyPool = fc.record({ ...shared, priority: fc.constantFrom(0, 3, 1000) }, options as never);
const anyLimit = fc.record(
  { ...shared, priority: fc.constant(1000), match: fc.array(anyMatch, { minLength: 1, maxLength: 2 }) },
  options as never,
);
const anyScope = fc
  .record({
    name: fc.constantFrom('crm', 'erp service'),
    title: anyText,
    match: fc.array(anyMatch, { maxLength: 2 }),
    costs: fc.array(fc.record({ match: anyMatch, credits: anyCredits.filter((one) => one <= 10 ** 12) }), {
      maxLength: 1,
    }),
    links: fc.constantFrom({}, { addon: 'https://example.com/?a=1&b=#c' }, { upgrade: 'https://…' }),
    rateLimitPerMinute: fc.constantFrom(1, 600),
    all: fc.uniqueArray(fc.oneof(anyPool, anyLimit) as fc.Arbitrary<DeclaredLimit>, {
      maxLength: 4,
      selector: (pool) => pool.name,
    }),
  })
  .map(({ all, ...scope }) => ({
    ...scope,
    pools: all.filter(({ match }) => !match),
    limits: all.filter(({ match }) => match),
  }));
const anyDeclaration: fc.Arbitrary<Declaration> = fc.record({
  scopes: fc.uniqueArray(anyScope, { minLength: 1, maxLength: 2, selector: (scope) => scope.name }),
  exclude: fc.array(anyMatch, { maxLength: 1 }),
  holidays: fc.constant([]),
  clients: fc.uniqueArray(fc.record({ id: anyText, name: anyText }), { maxLength: 1, selector: ({ id }) => id }),
});
/** Definitions that several declarations leave when applied one after the other. */
const anyDefinitions = fc
  .array(fc.tuple(anyDeclaration, fc.nat(200)), { minLength: 1, maxLength: 3 })
  .map((applied) =>
    applied
      .toSorted(([, a], [, b]) => b - a)
      .reduce<Definitions>((so, [declared, ago]) => amend(so, declared, TODAY - ago).definitions, NO_DEFINITIONS),
  );

/** Reads a form that nobody touched, as Slack sends it back. */
function readBack<T>({ read }: { read(view: Handed): T | undefined }, view: Block): T {
  const state = { values: toState(view.blocks as Block[]) };
  return read({ private_metadata: String(view.private_metadata), state })!;
}

/** Lists every pool with the edit that its untouched form means, as Slack sends the form back. */
function listUntouched(current: Definitions): { edit: PoolEdit; view: Block }[] {
  return listScopeSummaries(current, TODAY).flatMap(({ name: scope, pools, limits }) =>
    (['pools', 'limits'] as const).flatMap((part) =>
      ({ pools, limits })[part].map((summary) => {
        const view = POOL_FORM.build(...toChange({ scope, part }, summary, false));
        const { about, ...filled } = readBack(POOL_FORM, view);
        return { view, edit: toPoolEdit(about, filled) };
      }),
    ),
  );
}

describe('a pool in fields', () => {
  it('sent as it was opened changes nothing, whatever is declared', () => {
    fc.assert(
      fc.property(anyDefinitions, (current) => {
        for (const { edit, view } of listUntouched(current)) {
          const { faults, changes, definitions } = editDeclaration(current, edit, TODAY);
          expect([edit, faults, changes]).toEqual([edit, [], []]);
          expect(definitions).toBe(current);
          expect(findViewErrors(view as never)).toEqual([]);
        }
        for (const { name, fields, basis } of listScopeSummaries(current, TODAY)) {
          const view = SCOPE_FORM.build({ scope: name, basis }, fields);
          const { about, typed } = readBack(SCOPE_FORM, view);
          const edit = toScopeEdit(about, typed);
          expect(editDeclaration(current, edit, TODAY)).toEqual({ faults: [], changes: [], definitions: current });
        }
      }),
      { numRuns: size(40, 2000) },
    );
  });

  it('declares what the same change in the text declares, and nothing else', () => {
    const change = fc.record(
      {
        base: fc.nat(10 ** 12),
        max: anyCredits,
        thresholds: fc.constantFrom([50], [60, 99.5]),
        grants: fc.array(fc.record({ name: anyText, quantity: fc.nat(50), each: fc.nat(10 ** 12) }), { maxLength: 3 }),
        validFromDay: anyDay,
        period: shared.period,
      },
      { noNullPrototype: true, requiredKeys: [] },
    );
    fc.assert(
      fc.property(anyDefinitions, fc.nat(), change, (current, pick, changed) => {
        const all = listUntouched(current);
        if (all.length === 0) return;
        const { edit } = all[pick % all.length]!;
        const declared = toDeclaration(current);
        const replace = <P extends DeclaredPool>(pools: readonly P[]) =>
          pools.map((pool) =>
            pool.name === edit.name
              ? {
                  ...pool,
                  validFromDay: edit.fields.valid_from ? parseDay(edit.fields.valid_from) : undefined,
                  ...changed,
                }
              : pool,
          );
        const wanted = {
          ...declared,
          scopes: declared.scopes.map((scope) =>
            scope.name === edit.scope
              ? { ...scope, pools: replace(scope.pools), limits: replace(scope.limits) }
              : scope,
          ),
        } as Declaration;
        const text = formatDeclaration(wanted);
        const byText = amend(current, parseDeclaration(text), TODAY);
        const fields = toFieldsOf(wanted, edit);
        const byFields = editDeclaration(current, { ...edit, fields }, TODAY);
        expect(byFields.faults).toEqual([]);
        expect(byFields.changes).toEqual(byText.changes);
        expect(byFields.definitions).toEqual(byText.definitions);
      }),
      { numRuns: size(40, 2000) },
    );
  });
});

/** Fills in the fields of a form as a person would who wants the pool of `wanted`. */
function toFieldsOf(wanted: Declaration, { scope, part, name, fields }: PoolEdit): PoolEdit['fields'] {
  const pool = wanted.scopes.find((one) => one.name === scope)![part].find((one) => one.name === name)!;
  const date = (day: number | undefined) =>
    day === undefined ? '' : new Date(day * 86_400_000).toISOString().slice(0, 10);
  const { period } = pool;
  return {
    ...fields,
    period: period.kind,
    anchor: period.kind === 'month' ? String(period.anchor) : '',
    from: period.kind === 'once' ? date(period.fromDay) : '',
    until: period.kind === 'once' ? date(period.untilDay) : '',
    base: String(pool.base / 1000),
    max: pool.max === undefined ? '' : String(pool.max / 1000),
    thresholds: pool.thresholds.join(' '),
    grants: pool.grants.map((one) => ({
      name: one.name,
      quantity: String(one.quantity),
      each: String(one.each / 1000),
    })),
    valid_from: date(pool.validFromDay),
  };
}

describe('what is wrong with a field', () => {
  const current = amend(
    NO_DEFINITIONS,
    parseDeclaration('scopes: [{ name: crm, pools: [{ name: A, base: 5 }, { name: B, base: 7 }] }]'),
    TODAY,
  ).definitions;
  const untouched = listUntouched(current)[1]!.edit;
  const faultsOf = (fields: Partial<PoolEdit['fields']>, edit: Partial<PoolEdit> = {}) =>
    editDeclaration(current, { ...untouched, ...edit, fields: { ...untouched.fields, ...fields } }, TODAY).faults;

  it.each([
    [{ base: '52,500' }, 'base', 'digits and a point only'],
    [{ base: '-1' }, 'base', 'cannot be below 0'],
    [{ base: '1.2345' }, 'base', 'three decimals'],
    [{ max: '9999999999999' }, 'max', 'at most'],
    [{ anchor: '32' }, 'anchor', 'from 1 to 31'],
    [{ priority: '1.5' }, 'priority', 'whole number'],
    [{ thresholds: '90, 75' }, 'thresholds', 'ascending'],
    [{ thresholds: 'high' }, 'thresholds', 'number'],
    [{ valid_from: '2026-02-30' }, 'valid_from', 'not in the calendar'],
    [{ period: 'once' }, 'from', 'first day'],
    [{ period: 'once', anchor: '', from: '2026-12-31', until: '2026-01-01' }, 'until', 'lies before the first day'],
    [{ period: 'fortnight' }, 'period', 'fortnight'],
    [{ grants: [{ name: 'Users', quantity: '2', each: '' }] }, 'grants.0.each', 'missing'],
    [{ grants: [{ name: '', quantity: '2', each: '3' }] }, 'grants.0.name', 'missing'],
    [{ grants: [{ name: 'Users', quantity: 'x', each: '3' }] }, 'grants.0.quantity', 'whole number'],
    [{ grants: [{ name: 'Users', quantity: '1000000000', each: '1000000' }] }, 'grants', 'come to more'],
  ])('%j: stands at %s', (fields, field, text) => {
    expect(faultsOf(fields)).toEqual(expect.arrayContaining([{ field, text: expect.stringContaining(text) }]));
  });

  it('a name that is taken stands at the name, and the same pool sent twice is no fault', () => {
    const fresh = { name: undefined, basis: undefined };
    expect(faultsOf({ name: 'A' }, fresh)).toEqual([{ field: 'name', text: expect.stringContaining('repeats') }]);
    expect(faultsOf({}, fresh)).toEqual([]);
    const sent = { ...untouched, ...fresh, fields: { ...untouched.fields, name: 'C' } };
    const once = editDeclaration(current, sent, TODAY);
    expect(once.changes).toHaveLength(1);
    expect(editDeclaration(once.definitions, sent, TODAY)).toEqual({
      faults: [],
      changes: [],
      definitions: once.definitions,
    });
  });

  it('a change by somebody else in between is said, and not overwritten; of another pool it does no harm', () => {
    const edit = { ...untouched, fields: { ...untouched.fields, base: '9' } };
    const change = (yaml: string) => amend(current, parseDeclaration(yaml), TODAY).definitions;
    const same = change('scopes: [{ name: crm, pools: [{ name: A, base: 5 }, { name: B, base: 8 }] }]');
    expect(editDeclaration(same, edit, TODAY).faults).toEqual([
      { field: '', text: expect.stringContaining('somebody else') },
    ]);
    const other = change('scopes: [{ name: crm, pools: [{ name: A, base: 6 }, { name: B, base: 7 }] }]');
    expect(editDeclaration(other, edit, TODAY)).toMatchObject({ faults: [], changes: [{ place: 'crm/B' }] });
    const gone = change('scopes: [{ name: crm, pools: [{ name: A, base: 5 }] }]');
    expect(editDeclaration(gone, edit, TODAY).faults).toEqual([
      { field: '', text: expect.stringContaining('has ended') },
    ]);
  });
});

it('the fullest form is one that Slack takes', () => {
  const grants = Array.from({ length: MAX_GRANTS }, (_, index) => `{ name: G${index}, quantity: 1, each: 1 }`);
  const pool = `{ name: P, period: once, from: 2026-01-01, until: 2026-12-31, grants: [${grants.join(', ')}] }`;
  const declared = parseDeclaration(`scopes: [{ name: crm, pools: [${pool}] }]`);
  const { view } = listUntouched(amend(NO_DEFINITIONS, declared, TODAY).definitions)[0]!;
  const blocks = view.blocks as Block[];
  expect(findBlockErrors(blocks, 'modal')).toEqual([]);
  // Strictly less than 100, because the form of a new pool has one block more: its name.
  expect(blocks.length).toBeLessThan(100);
});
