import { expect, it } from 'vitest';
import { parseDay } from '../../src/domain/calendar.ts';
import type { Declaration } from '../../src/domain/declaration.ts';
import { FIRST_DAY } from '../../src/domain/definition.ts';
import { listAudit } from '../../src/store/audit-repository.ts';
import {
  applyDeclaration,
  applyRulesFrom,
  getDefinitions,
  getDefinitionsVersion,
} from '../../src/store/configuration-repository.ts';
import { insertCorrection, listCorrections } from '../../src/store/correction-repository.ts';
import { describeEachDialect } from '../support/databases.ts';

const TODAY = parseDay('2026-11-20');
const AUDIT = { atMs: 1_795_000_000_000, actor: 'U1', action: 'pools' };
const AT = { actor: 'U1', nowMs: 1_795_000_000_000 };

function declare(...names: string[]): Declaration {
  return {
    scopes: names.map((name) => ({
      name,
      title: name,
      match: [{ source: name }],
      costs: [],
      links: {},
      limits: [],
      pools: [
        { name: 'Day', period: { kind: 'day' }, priority: 1, thresholds: [75, 90], base: 52_500_000, grants: [] },
      ],
    })),
    exclude: [],
    holidays: [],
    clients: [{ id: 'b9c1*', name: 'Acme ✓', owner: 'S1' }],
  };
}

describeEachDialect('definitions', (databases) => {
  it('are empty before anything was declared', async () => {
    const db = await databases.open();
    expect(await getDefinitionsVersion(db)).toBe(0);
    expect(await getDefinitions(db)).toEqual({ version: 0, scopes: [], ruleSets: [], clients: [] });
  });

  it('come back as declared, and the same declaration twice writes nothing', async () => {
    const db = await databases.open();
    const changes = await applyDeclaration(db, { declaration: declare('crm'), today: TODAY, ...AT });
    expect(changes.map((change) => change.place)).toEqual(['crm', 'crm/Day', 'crm', 'clients']);
    const again = { declaration: declare('crm'), today: TODAY + 5, actor: 'U2', nowMs: AT.nowMs + 1 };
    expect(await applyDeclaration(db, again)).toEqual([]);
    expect(await getDefinitionsVersion(db)).toBe(1);
    const { scopes, clients, version } = await getDefinitions(db);
    expect({ version, clients }).toEqual({ version: 1, clients: [{ id: 'b9c1*', name: 'Acme ✓', owner: 'S1' }] });
    expect(scopes[0]!.pools[0]).toMatchObject({ name: 'Day', fromDay: FIRST_DAY });
    expect((await listAudit(db, 9)).reverse()).toMatchObject(
      changes.map(({ place, text }) => ({ ...AUDIT, detail: `${place}: ${text}` })),
    );
  });

  it('take all of several declarations that are applied at once, one after the other', async () => {
    const db = await databases.open();
    const names = ['a', 'b', 'c', 'd', 'e'];
    await Promise.all(
      names.map((name) => applyDeclaration(db, { declaration: declare(name), today: TODAY, actor: name, nowMs: 1 })),
    );
    const { version, scopes } = await getDefinitions(db);
    expect(version).toBe(5);
    expect(scopes.map((scope) => scope.name).sort()).toEqual(names);
    expect(scopes.filter((scope) => scope.untilDay === undefined)).toHaveLength(1);
  });

  it('hold from an earlier day where a recount asks for it', async () => {
    const db = await databases.open();
    await applyDeclaration(db, { declaration: declare('a'), today: TODAY, ...AT });
    await applyDeclaration(db, { declaration: declare('b'), today: TODAY, ...AT });
    const recount = { fromDay: TODAY - 9, reason: 'recount from 2026-11-11', ...AT };
    expect(await applyRulesFrom(db, recount)).toBe(true);
    expect(await applyRulesFrom(db, recount)).toBe(false);
    const { ruleSets } = await getDefinitions(db);
    expect(ruleSets.map((rules) => [rules.fromDay, rules.scopes.map((scope) => scope.name)])).toEqual([
      [FIRST_DAY, ['a']],
      [TODAY - 9, ['b']],
    ]);
  });
});

describeEachDialect('corrections', (databases) => {
  it('are kept exactly, in the order of the time they apply to', async () => {
    const db = await databases.open();
    const entry = { meter: 'crm', reason: 'refund, “ticket 7”', actor: 'U1', enteredMs: AT.nowMs };
    const late = await insertCorrection(db, { ...entry, timeMs: 2000, credits: -9_007_199_254_740_991 });
    const early = await insertCorrection(db, { ...entry, timeMs: 1000, credits: 125 });
    await insertCorrection(db, { ...entry, meter: 'crm/Fair use', timeMs: 1500, credits: 1 });
    expect(await listCorrections(db, { meter: 'crm' })).toEqual([
      { ...entry, id: early, timeMs: 1000, credits: 125 },
      { ...entry, id: late, timeMs: 2000, credits: -9_007_199_254_740_991 },
    ]);
    expect((await listCorrections(db, { span: { fromMs: 1000, toMs: 2000 } })).map(({ timeMs }) => timeMs)).toEqual([
      1000, 1500,
    ]);
    expect(await listCorrections(db, { enteredSinceMs: AT.nowMs + 1 })).toEqual([]);
  });
});
