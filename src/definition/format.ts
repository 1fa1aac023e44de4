import { Document, isMap, isSeq, visit } from 'yaml';
import { formatDay } from '../domain/calendar.ts';
import type { Declaration, DeclaredLimit, DeclaredPool, DeclaredScope } from '../domain/declaration.ts';
import type { FieldFault, PoolEdit, PoolFields, ScopeFields } from '../domain/declared-fields.ts';
import { type CostRule, DEFAULT_THRESHOLDS, LAST_PRIORITY, type Match } from '../domain/definition.ts';
import type { Mistake } from './yaml-cursor.ts';

const LINE_WIDTH = 120;

/** A declaration as the YAML that declares it; what has its default is left out. Reading it again gives the same. */
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
 * The YAML of one scope in which one pool or limit is written from the fields of a form, and all else as it is declared; and
 * where that pool stands in it. A name that the scope does not have is added at the end.
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

/** The YAML of a scope whose own fields are those of a form, and all else as it is declared. `scope` absent: a new one. */
export function formatScopeHead(
  scope: DeclaredScope | undefined,
  { 'links.addon': addon, 'links.upgrade': upgrade, ...own }: ScopeFields,
): string {
  const rest = scope ? fromScope({ ...scope, title: scope.name, links: {}, rateLimitPerMinute: undefined }) : {};
  return print(new Document({ scopes: [{ ...rest, ...given(own), links: someKeys(given({ addon, upgrade })) }] }));
}

/** Returns mistakes of such a text by the fields of the pool or scope at `place` in it; mistakes elsewhere belong to no field. */
export function toFieldFaults(mistakes: readonly Mistake[], place: string): FieldFault[] {
  return mistakes.map(({ place: at, text }) => {
    if (at !== place && !at.startsWith(`${place}.`)) return { field: '', text: `${at} ${text}`.trim() };
    const path = at.slice(place.length + 1).replace(/^(thresholds).*/, '$1');
    // A pool that repeats a name is wrong in its name.
    return { field: path.replace(/\[(\d+)\]/g, '.$1') || 'name', text };
  });
}

/** Prints the document as YAML. Keys whose value is undefined are left out. */
function print(document: Document): string {
  // Entries without lists inside stand on one line, as a person would write them.
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

/** `scopeFromDay`: of its scope, which a pool without a day of its own has, too. */
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

/** Texts as they were typed: what is wrong with them is for the reader of the YAML to say. */
function fromFields({ thresholds, grants, ...fields }: PoolFields): object {
  return {
    ...given(fields),
    grants: some(grants.map((grant) => given({ ...grant }))),
    thresholds: thresholds.split(/[\s,;%]+/).filter((entry) => entry !== ''),
  };
}

/** A list that is left out where nothing is in it. */
function some<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length > 0 ? list : undefined;
}

/** The same of a map. */
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

/** Below 10^15 thousandths the nearest float prints the three decimals exactly. */
function toNumber(credits: number): number {
  return credits / 1000;
}
