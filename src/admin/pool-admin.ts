import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { formatDeclaration, formatScopeHead, formatScopeWith, toFieldFaults } from '../definition/format.ts';
import { checkDeclaration, parseDeclaration } from '../definition/parse.ts';
import { amend } from '../domain/amend.ts';
import type { Calendar } from '../domain/calendar.ts';
import {
  type Change,
  type Declaration,
  type DeclaredLimit,
  type DeclaredPool,
  type DeclaredScope,
  offerRecount,
  toDeclaration,
} from '../domain/declaration.ts';
import {
  CLIENT_FIELDS,
  type ClientEdit,
  type ClientFields,
  type DeclarationEdit,
  type FieldFault,
  type PoolEdit,
  type PoolEnd,
  type ScopeEdit,
  type TextEdit,
  toPoolFields,
  toScopeFields,
} from '../domain/declared-fields.ts';
import type { ClientName, Definitions } from '../domain/definition.ts';
import { readText } from '../domain/field.ts';
import { describeUnknown } from '../domain/names.ts';
import { HeadroomError } from '../errors.ts';
import type { ClientSummary, PoolPort, PoolSummary, ScopeSummary } from '../slack/ports.ts';
import { changeDefinitions, getDefinitions } from '../store/configuration-repository.ts';
import type { Db } from '../store/database.ts';

/** Creates the port by which admins see and change pools in Slack: one pool by its fields, or some scopes as YAML. */
export function createPoolAdmin({ db, calendar, now }: { db: Db; calendar: Calendar; now(): number }): PoolPort {
  return {
    async list() {
      return listScopeSummaries(await getDefinitions(db), calendar.dayOf(now()));
    },
    async clients() {
      return listClientSummaries(await getDefinitions(db));
    },
    async show(scope) {
      const declared = toDeclaration(await getDefinitions(db));
      if (scope === undefined) return formatDeclaration(declared);
      const found = declared.scopes.filter(({ name }) => name === scope);
      if (found.length === 0) {
        const known = declared.scopes.map(({ name }) => name);
        throw new HeadroomError('definition', describeUnknown('scope', scope, known));
      }
      return formatDeclaration({ scopes: found, exclude: [], holidays: [], clients: [] });
    },
    async check(edit) {
      return editDeclaration(await getDefinitions(db), edit, calendar.dayOf(now())).faults;
    },
    async apply(edit, by) {
      const nowMs = now();
      const changes = await changeDefinitions(db, { actor: by.user, nowMs }, (current) => {
        const { faults, ...amended } = editDeclaration(current, edit, calendar.dayOf(nowMs));
        // The edit was checked before: a fault means that somebody else has changed something since.
        if (faults.length > 0) throw new HeadroomError('definition', faults.map(({ text }) => text).join('\n'));
        return amended;
      });
      const offer = offerRecount(changes, calendar.dayOf(nowMs));
      return [...changes.map(({ place, text }) => `${place}: ${text}`), ...(offer ? [offer] : [])];
    },
  };
}

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

interface Shown extends ClientSummary {
  entries: readonly ClientName[];
}

/** Lists declared clients as forms show them: ids with the same name, owner and team are one client. */
export function listClientSummaries(current: Definitions): Shown[] {
  const groups = Map.groupBy(toDeclaration(current).clients, ({ name, owner, team }) =>
    JSON.stringify([name, owner, team]),
  );
  return [...groups.values()].map((entries) => {
    const { name, owner = '', team = '' } = entries[0]!;
    const fields = { name, ids: entries.map(({ id }) => id).join('\n'), owner, team };
    return { fields, basis: toBasis(fields), entries };
  });
}

/** Replaces the entries of one client in place; entries of a new client go to the end. */
export function editClient(current: Definitions, { basis, fields }: ClientEdit, today: number): Edited {
  const declared = toDeclaration(current);
  const found = listClientSummaries(current).find((client) => client.basis === basis);
  if (basis !== undefined && !found) {
    const stale = 'This client was changed by somebody else since this form was opened: close it and open it again.';
    return refuse(current, { field: '', text: stale });
  }
  const others = declared.clients.filter((entry) => !found?.entries.includes(entry));
  const { faults, entries } = fields ? readEntries(fields, others) : { faults: [], entries: [] };
  if (faults.length > 0) return refuse(current, ...faults);
  const place = found ? declared.clients.indexOf(found.entries[0]!) : declared.clients.length;
  const before = others.filter((entry) => declared.clients.indexOf(entry) < place);
  const clients = [...before, ...entries, ...others.slice(before.length)];
  return { faults: [], ...amend(current, { ...declared, clients }, today) };
}

function readEntries({ name, ids, owner, team }: ClientFields, others: readonly ClientName[]) {
  const faults: FieldFault[] = [];
  const lines = ids.split('\n').map((line) => line.trim());
  const entries: ClientName[] = [];
  for (const line of new Set(lines.filter((each) => each !== ''))) {
    const id = readText(CLIENT_FIELDS.id, line);
    const other = others.find((entry) => entry.id === line);
    if ('fault' in id) faults.push({ field: 'ids', text: `${JSON.stringify(line)} ${id.fault}` });
    else if (other) faults.push({ field: 'ids', text: `${JSON.stringify(line)} is an id of ${other.name} already.` });
    else entries.push({ id: line, name, ...(owner === '' ? {} : { owner }), ...(team === '' ? {} : { team }) });
  }
  if (lines.every((line) => line === ''))
    faults.push({ field: 'ids', text: `is missing; ${CLIENT_FIELDS.id.required}.` });
  return { faults, entries };
}

/** Result of an edit: the new definitions and the changes; with faults, the old definitions and no changes. */
export interface Edited {
  faults: FieldFault[];
  definitions: Definitions;
  changes: Change[];
}

/** Refuses an edit: nothing changes. */
export function refuse(definitions: Definitions, ...faults: FieldFault[]): Edited {
  return { faults, definitions, changes: [] };
}

/** Returns a short hash of declared content, to detect that somebody else changed it. */
export function toBasis(declared: object): string {
  return createHash('sha256').update(JSON.stringify(declared)).digest('hex').slice(0, 16);
}
