import { createHash } from 'node:crypto';
import { toFieldFaults } from '../definition/field-faults.ts';
import { formatDeclaration, formatScopeWith } from '../definition/format.ts';
import { checkDeclaration, parseDeclaration } from '../definition/parse.ts';
import { type Calendar, formatDay } from '../domain/calendar.ts';
import {
  amend,
  type Change,
  type Declaration,
  type DeclaredLimit,
  type DeclaredPool,
  type DeclaredScope,
  toDeclaration,
} from '../domain/declaration.ts';
import type { Definitions } from '../domain/definition.ts';
import { type FieldFault, type PoolEdit, toPoolFields } from '../domain/pool-fields.ts';
import { HeadroomError } from '../errors.ts';
import type { Actor, PoolPort, PoolSummary } from '../slack/ports.ts';
import type { Db } from '../store/database.ts';
import { changeDefinitions, getDefinitions } from '../store/definition-repository.ts';

/** Pools as admins see and change them in Slack: one by its fields, or the YAML of some scopes; the others are left as they are. */
export function createPoolAdmin({ db, calendar, now }: { db: Db; calendar: Calendar; now(): number }): PoolPort {
  /** The declaration with the scopes of `yaml` in place of theirs. */
  function read(yaml: string, declared: Declaration): (current: Declaration) => Declaration {
    const names = declared.scopes.map(({ name }) => name);
    const edited = parseDeclaration(yaml, 'this text', names);
    return (current) => merge(current, edited, edited.parts);
  }
  return {
    async check(yaml) {
      const current = await getDefinitions(db);
      const declared = toDeclaration(current);
      amend(current, read(yaml, declared)(declared), calendar.dayOf(now()));
    },
    async show(scope) {
      const declared = toDeclaration(await getDefinitions(db));
      if (scope === undefined) return formatDeclaration(declared);
      const found = declared.scopes.filter(({ name }) => name === scope);
      if (found.length === 0) {
        throw new HeadroomError('definition', `There is no scope ${JSON.stringify(scope)}: ${listScopes(declared)}.`);
      }
      return formatDeclaration({ scopes: found, exclude: [], holidays: [], clients: [] });
    },
    async apply(yaml: string, by: Actor) {
      const nowMs = now();
      const change = read(yaml, toDeclaration(await getDefinitions(db)));
      const changes = await changeDefinitions(db, { actor: by.user, nowMs }, (current) =>
        amend(current, change(toDeclaration(current)), calendar.dayOf(nowMs)),
      );
      return changes.map(toLine);
    },
    async list() {
      const current = await getDefinitions(db);
      const today = calendar.dayOf(now());
      return toDeclaration(current).scopes.map(({ name, title, pools, limits }) => {
        const summarize = (pool: DeclaredPool) => toSummary(pool, findPlanned(current, name, pool.name, today));
        return { name, title, pools: pools.map(summarize), limits: limits.map(summarize) };
      });
    },
    async checkPool(edit) {
      const { faults } = editPool(await getDefinitions(db), edit, calendar.dayOf(now()));
      return faults;
    },
    async changePool(edit, by) {
      const nowMs = now();
      const changes = await changeDefinitions(db, { actor: by.user, nowMs }, (current) => {
        const { faults, definitions, changes: made } = editPool(current, edit, calendar.dayOf(nowMs));
        // Only where somebody else was faster than this person between the check and now.
        if (faults.length > 0) throw new HeadroomError('definition', faults.map(({ text }) => text).join('\n'));
        return { definitions, changes: made };
      });
      return changes.map(toLine);
    },
    async endPool({ scope, name }, by) {
      const nowMs = now();
      const changes = await changeDefinitions(db, { actor: by.user, nowMs }, (current) => {
        const declared = toDeclaration(current);
        const rest = <P extends DeclaredPool>(pools: readonly P[]) => pools.filter((pool) => pool.name !== name);
        const scopes = declared.scopes.map((one) =>
          one.name === scope ? { ...one, pools: rest(one.pools), limits: rest(one.limits) } : one,
        );
        return amend(current, { ...declared, scopes }, calendar.dayOf(nowMs));
      });
      return changes.map(toLine);
    },
  };
}

function toLine({ place, text }: Change): string {
  return `${place}: ${text}`;
}

function toSummary(pool: DeclaredPool | DeclaredLimit, planned: string | undefined): PoolSummary {
  return { pool, basis: toBasis(pool), ...(planned ? { planned } : {}) };
}

/** Short, and another one for whatever differs. */
function toBasis(pool: DeclaredPool | DeclaredLimit): string {
  return createHash('sha256').update(JSON.stringify(pool)).digest('hex').slice(0, 16);
}

/** The date from which the newest amount holds, where that is still to come. */
function findPlanned(current: Definitions, scope: string, name: string, today: number): string | undefined {
  const stored = current.scopes.find((one) => one.name === scope);
  const pool = [...(stored?.pools ?? []), ...(stored?.limits ?? [])].find(
    (one) => one.name === name && one.untilDay === undefined,
  );
  const newest = pool && pool.amounts.length > 1 ? pool.amounts.at(-1)! : undefined;
  return newest && newest.fromDay > today ? formatDay(newest.fromDay) : undefined;
}

/** What holds after one pool is written anew from its fields, by the reader of the YAML; or what is wrong with these. */
function editPool(
  current: Definitions,
  edit: PoolEdit,
  today: number,
): { faults: FieldFault[]; definitions: Definitions; changes: Change[] } {
  const refused = (faults: FieldFault[]) => ({ faults, definitions: current, changes: [] });
  const declared = toDeclaration(current);
  const scope = declared.scopes.find(({ name }) => name === edit.scope);
  if (!scope) return refused([{ field: '', text: `The scope ${edit.scope} has ended meanwhile.` }]);
  const name = edit.name ?? findSame(scope, edit);
  const pool = scope[edit.part].find((one) => one.name === name);
  if (edit.name !== undefined && !pool) {
    return refused([{ field: '', text: `${edit.name} has ended meanwhile: close this form, and add it anew.` }]);
  }
  const { text, place } = formatScopeWith(scope, { ...edit, name });
  const names = declared.scopes.map((one) => one.name);
  const checked = checkDeclaration(text, names);
  if ('mistakes' in checked) return refused(toFieldFaults(checked.mistakes, place));
  const amended = amend(current, merge(declared, checked.declaration, ['scopes']), today);
  if (edit.basis !== undefined && pool && toBasis(pool) !== edit.basis && amended.changes.length > 0) {
    const stale = `${edit.name} was changed by somebody else since this form was opened: close it, and open it anew.`;
    return refused([{ field: '', text: stale }]);
  }
  return { faults: [], ...amended };
}

/** A new pool that is there already, just as it is asked for: sent twice. */
function findSame(scope: DeclaredScope, { part, fields }: PoolEdit): string | undefined {
  const wanted = JSON.stringify({ ...fields, validFrom: '' });
  return scope[part].find((pool) => JSON.stringify(toPoolFields(pool)) === wanted)?.name;
}

/** What the edited text has replaces what there is; scopes by name, the other parts whole. */
function merge(current: Declaration, edited: Declaration, parts: readonly string[]): Declaration {
  const byName = new Map(edited.scopes.map((scope) => [scope.name, scope]));
  const known = new Set(current.scopes.map(({ name }) => name));
  return {
    scopes: [
      ...current.scopes.map((scope) => byName.get(scope.name) ?? scope),
      ...edited.scopes.filter(({ name }) => !known.has(name)),
    ],
    exclude: parts.includes('exclude') ? edited.exclude : current.exclude,
    holidays: parts.includes('holidays') ? edited.holidays : current.holidays,
    clients: parts.includes('clients') ? edited.clients : current.clients,
  };
}

function listScopes({ scopes }: Declaration): string {
  return scopes.length > 0 ? `there are ${scopes.map(({ name }) => name).join(', ')}` : 'none is declared yet';
}
