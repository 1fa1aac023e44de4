import { Document, isMap, isSeq, visit } from 'yaml';
import { formatDay } from '../domain/calendar.ts';
import type { Declaration, DeclaredLimit, DeclaredPool, DeclaredScope } from '../domain/declaration.ts';
import type { FieldFault, PoolEdit, PoolFields, ScopeFields } from '../domain/declared-fields.ts';
import { type CostRule, DEFAULT_THRESHOLDS, LAST_PRIORITY, type Match } from '../domain/definition.ts';
import type { Mistake } from './yaml-cursor.ts';

const LINE_WIDTH = 120;

/** Writes a declaration as YAML, without defaults. Reading it again gives the same declaration. */
export function formatDeclaration(declaration: Declaration): string {
  const { exclude, holidays, clients } = declaration;
  const document = new Document({
    scopes: declaration.scopes.map(fromScope),
    exclude: some(exclude.map(fromMatch)),
    holidays: some(
      holidays.map(({ scope, fromDay, untilDay }) => ({ scope, from: formatDay(fromDay), until: formatDay(untilDay) })),
    ),
    clients: some(clients),
  });
  return print(document);
}

/**
 * Writes the YAML of one scope, with one pool or limit taken from the fields of a form and all else as declared, and returns the
 * pool's place in it. A new name is added at the end.
 */
export function formatScopeWith(
  scope: DeclaredScope,
  { part, name, fields }: Pick<PoolEdit, 'part' | 'name' | 'fields'>,
): { text: string; place: string } {
  const entries: object[] = scope[part].map((pool) => fromAllowance(pool));
  const found = scope[part].findIndex((pool) => pool.name === name);
  const index = found < 0 ? entries.length : found;
  const match = scope.limits.find((limit) => part === 'limits' && limit.name === name)?.match;
  entries[index] = { ...fromFields(fields), match: match?.map(fromMatch) };
  const text = print(new Document({ scopes: [{ ...fromScope(scope), [part]: entries }] }));
  return { text, place: `scopes[0].${part}[${index}]` };
}

/** Writes the YAML of a scope, with its own fields taken from a form and all else as declared. `scope` absent: a new one. */
export function formatScopeHead(
  scope: DeclaredScope | undefined,
  { 'links.addon': addon, 'links.upgrade': upgrade, ...own }: ScopeFields,
): string {
  const rest = scope ? fromScope({ ...scope, title: scope.name, links: {}, rateLimitPerMinute: undefined }) : {};
  return print(new Document({ scopes: [{ ...rest, ...given(own), links: someKeys(given({ addon, upgrade })) }] }));
}

/** Assigns mistakes in such a text to the fields of the pool or scope at `place`; mistakes elsewhere belong to no field. */
export function toFieldFaults(mistakes: readonly Mistake[], place: string): FieldFault[] {
  return mistakes.map(({ place: at, text }) => {
    if (at !== place && !at.startsWith(`${place}.`)) return { field: '', text: `${at} ${text}`.trim() };
    const path = at.slice(place.length + 1).replace(/^(thresholds).*/, '$1');
    // If a pool repeats a name, the fault is in its name.
    return { field: path.replace(/\[(\d+)\]/g, '.$1') || 'name', text };
  });
}

/** Prints the document as YAML. Keys whose value is undefined are left out. */
function print(document: Document): string {
  // Put entries without lists or maps inside on one line, as a person would write them.
  visit(document, {
    Collection(_, node) {
      const plain = node.items.every((item) => !isMap(item) && !isSeq(item));
      const flat = isMap(node) && node.items.every(({ value }) => !isMap(value) && !isSeq(value));
      if (isMap(node) ? flat : plain) node.flow = true;
    },
  });
  return document.toString({ lineWidth: LINE_WIDTH });
}

function fromScope(scope: DeclaredScope): object {
  const { name, title, rateLimitPerMinute, match, costs, links, limits, pools, validFromDay } = scope;
  return {
    name,
    title: title === name ? undefined : title,
    rate_limit_per_minute: rateLimitPerMinute,
    match: some(match.map(fromMatch)),
    costs: some(costs.map(fromCost)),
    links: someKeys(links),
    limits: some(limits.map((limit) => fromAllowance(limit, validFromDay))),
    pools: some(pools.map((pool) => fromAllowance(pool, validFromDay))),
    valid_from: validFromDay === undefined ? undefined : formatDay(validFromDay),
  };
}

/** `scopeFromDay`: the day of its scope, which also applies to a pool without a day of its own. */
function fromAllowance(pool: DeclaredPool & Pick<DeclaredLimit, 'match'>, scopeFromDay?: number): object {
  const { name, period, priority, base, grants, max, thresholds, match, validFromDay } = pool;
  return {
    ...{ name, period: period.kind },
    anchor: period.kind === 'month' && period.anchor !== 1 ? period.anchor : undefined,
    ...(period.kind === 'once' ? { from: formatDay(period.fromDay), until: formatDay(period.untilDay) } : {}),
    priority: priority === LAST_PRIORITY ? undefined : priority,
    base: base > 0 ? toNumber(base) : undefined,
    grants: some(grants.map((grant) => ({ ...grant, each: toNumber(grant.each) }))),
    max: max === undefined ? undefined : toNumber(max),
    thresholds: thresholds.join() === DEFAULT_THRESHOLDS.join() ? undefined : thresholds,
    match: match?.map(fromMatch),
    valid_from: validFromDay === undefined || validFromDay === scopeFromDay ? undefined : formatDay(validFromDay),
  };
}

/** Returns texts as they were typed: the reader of the YAML reports what is wrong with them. */
function fromFields({ thresholds, grants, ...fields }: PoolFields): object {
  return {
    ...given(fields),
    grants: some(grants.map((grant) => given({ ...grant }))),
    thresholds: thresholds.split(/[\s,;%]+/).filter((entry) => entry !== ''),
  };
}

/** Returns undefined for an empty list, so that it is left out. */
function some<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length > 0 ? list : undefined;
}

/** Returns undefined for an empty map, so that it is left out. */
function someKeys<T extends object>(map: T): T | undefined {
  return Object.keys(map).length > 0 ? map : undefined;
}

function given(values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value.trim() !== ''));
}

function fromCost({ match, credits, perRecords, max }: CostRule): object {
  return {
    ...fromMatch(match),
    credits: toNumber(credits),
    per_records: perRecords,
    max: max === undefined ? undefined : toNumber(max),
  };
}

function fromMatch({ version, ...match }: Match): object {
  return { ...match, api_version: version };
}

/** Returns credits as a number; below 10^15 thousandths the nearest float prints the three decimals exactly. */
function toNumber(credits: number): number {
  return credits / 1000;
}
