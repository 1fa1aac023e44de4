import { isDeepStrictEqual } from 'node:util';
import { formatScopeHead, formatScopeWith, toFieldFaults } from '../definition/format.ts';
import { checkDeclaration, parseDeclaration } from '../definition/parse.ts';
import { amend } from '../domain/amend.ts';
import {
  type Declaration,
  type DeclaredLimit,
  type DeclaredPool,
  type DeclaredScope,
  toDeclaration,
} from '../domain/declaration.ts';
import {
  type DeclarationEdit,
  type PoolEdit,
  type PoolEnd,
  type ScopeEdit,
  type TextEdit,
  toPoolFields,
  toScopeFields,
} from '../domain/declared-fields.ts';
import type { Definitions } from '../domain/definition.ts';
import { HeadroomError } from '../errors.ts';
import type { PoolSummary, ScopeSummary } from '../slack/ports.ts';
import { editClient } from './client-edit.ts';
import { type Edited, refuse, toBasis } from './edited.ts';

/** Lists declared scopes with their pools and limits, for lists and forms. */
export function listScopeSummaries(current: Definitions, today: number): ScopeSummary[] {
  return toDeclaration(current).scopes.map((scope) => {
    const { name, title, pools, limits } = scope;
    const summarize = (pool: DeclaredPool | DeclaredLimit): PoolSummary => {
      const planned = findPlanned(current, name, pool.name, today);
      return { pool, basis: toBasis(pool), ...(planned === undefined ? {} : { planned }) };
    };
    const fields = toScopeFields(scope);
    return { name, title, fields, basis: toBasis(fields), pools: pools.map(summarize), limits: limits.map(summarize) };
  });
}

/** Finds the day from which the newest amount holds, if that is in the future. */
function findPlanned(current: Definitions, scope: string, name: string, today: number): number | undefined {
  const stored = current.scopes.find((one) => one.name === scope);
  const pool = [...(stored?.pools ?? []), ...(stored?.limits ?? [])].find(
    (one) => one.name === name && one.untilDay === undefined,
  );
  const newest = pool && pool.amounts.length > 1 ? pool.amounts.at(-1)! : undefined;
  return newest && newest.fromDay > today ? newest.fromDay : undefined;
}

export function editDeclaration(current: Definitions, edit: DeclarationEdit, today: number): Edited {
  switch (edit.part) {
    case 'scope':
      return editScope(current, edit, today);
    case 'end':
      return endPool(current, edit, today);
    case 'client':
      return editClient(current, edit, today);
    case 'text':
      return editText(current, edit, today);
    default:
      return editPool(current, edit, today);
  }
}

/** Writes one pool from the fields of a form. The fields become YAML, so that they are checked like a file. */
function editPool(current: Definitions, edit: PoolEdit, today: number): Edited {
  const declared = toDeclaration(current);
  const scope = declared.scopes.find(({ name }) => name === edit.scope);
  if (!scope) return refuse(current, { field: '', text: `The scope ${edit.scope} has ended meanwhile.` });
  const name = edit.name ?? findSame(scope, edit);
  const pool = scope[edit.part].find((one) => one.name === name);
  if (edit.name !== undefined && !pool) {
    return refuse(current, { field: '', text: `${edit.name} has ended meanwhile: close this form and add it again.` });
  }
  const repeated = findRepeatedGrant(edit.fields, pool);
  if (repeated !== undefined) {
    const fault = 'is that of another grant here; choose another, or add the quantities in one.';
    return refuse(current, { field: `grants.${repeated}.name`, text: fault });
  }
  const { text, place } = formatScopeWith(scope, { ...edit, name });
  const isStale = edit.basis !== undefined && pool !== undefined && toBasis(pool) !== edit.basis;
  return applyText(current, { text, place, today, stale: isStale ? edit.name : undefined });
}

/** Applies the YAML of one scope. Mistakes go to the fields of the form for `place`. `stale`: name of what somebody else changed. */
function applyText(
  current: Definitions,
  { text, place, today, stale }: { text: string; place: string; today: number; stale: string | undefined },
): Edited {
  const declared = toDeclaration(current);
  const checked = checkDeclaration(
    text,
    declared.scopes.map(({ name }) => name),
  );
  if ('mistakes' in checked) return refuse(current, ...toFieldFaults(checked.mistakes, place));
  const amended = amend(current, merge(declared, checked.declaration, ['scopes']), today);
  if (stale === undefined || amended.changes.length === 0) return { faults: [], ...amended };
  const told = `${stale} was changed by somebody else since this form was opened: close it and open it again.`;
  return refuse(current, { field: '', text: told });
}

/** Finds the first grant with the name of another, in any case; undefined if there is none, or if the pool had repeats before. */
function findRepeatedGrant({ grants }: PoolEdit['fields'], pool: DeclaredPool | undefined): number | undefined {
  const repeat = (names: readonly string[]) => names.findIndex((name, at) => name !== '' && names.indexOf(name) < at);
  const toNames = (all: readonly { name: string }[]) => all.map(({ name }) => name.trim().toLowerCase());
  if (pool && repeat(toNames(pool.grants)) >= 0) return undefined;
  const found = repeat(toNames(grants));
  return found < 0 ? undefined : found;
}

/** Finds an existing pool that equals a new one: the form was sent twice. */
function findSame(scope: DeclaredScope, { part, fields }: PoolEdit): string | undefined {
  const wanted = { ...fields, valid_from: '' };
  return scope[part].find((pool) => isDeepStrictEqual(toPoolFields(pool), wanted))?.name;
}

/** Writes a scope's title, rate limit and links from the fields of a form. A new scope has no pools. */
function editScope(current: Definitions, edit: ScopeEdit, today: number): Edited {
  const declared = toDeclaration(current);
  const { fields } = edit;
  const name = edit.name ?? fields.name;
  const scope = declared.scopes.find((one) => one.name === name);
  if (edit.name !== undefined && !scope) return refuse(current, { field: '', text: `${name} has ended meanwhile.` });
  if (edit.name === undefined && scope && !isDeepStrictEqual(toScopeFields(scope), fields))
    return refuse(current, { field: 'name', text: `is already a scope's name; choose another, or open ${name}.` });
  const text = formatScopeHead(scope, { ...fields, name });
  const isStale = edit.basis !== undefined && (!scope || toBasis(toScopeFields(scope)) !== edit.basis);
  return applyText(current, { text, place: 'scopes[0]', today, stale: isStale ? name : undefined });
}

function endPool(current: Definitions, { scope, name }: PoolEnd, today: number): Edited {
  const declared = toDeclaration(current);
  const rest = <P extends DeclaredPool>(pools: readonly P[]) => pools.filter((pool) => pool.name !== name);
  const scopes = declared.scopes.map((one) =>
    one.name === scope ? { ...one, pools: rest(one.pools), limits: rest(one.limits) } : one,
  );
  return { faults: [], ...amend(current, { ...declared, scopes }, today) };
}

function editText(current: Definitions, { yaml }: TextEdit, today: number): Edited {
  const declared = toDeclaration(current);
  try {
    const edited = parseDeclaration(
      yaml,
      'this text',
      declared.scopes.map(({ name }) => name),
    );
    return { faults: [], ...amend(current, merge(declared, edited, edited.parts), today) };
  } catch (error) {
    if (!(error instanceof HeadroomError)) throw error;
    return refuse(current, { field: 'yaml', text: error.message });
  }
}

/** Replaces the parts of a declaration that the edited text has: scopes by name, the other parts as a whole. */
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
