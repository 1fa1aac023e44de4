import type { Declaration, DeclaredLimit, DeclaredPool, DeclaredScope } from '../domain/declaration.ts';
import {
  CLIENT_FIELDS as CLIENT,
  GRANT_FIELDS as GRANT,
  MAX_AMOUNT,
  POOL_FIELDS as POOL,
  SCOPE_FIELDS as SCOPE,
} from '../domain/declared-fields.ts';
import {
  type Amount,
  amountOf,
  type ClientName,
  type CostRule,
  DEFAULT_THRESHOLDS,
  type Grant,
  type Holiday,
  LAST_PRIORITY,
  type Match,
  type PeriodRule,
} from '../domain/definition.ts';
import { DIMENSIONS, type Dimension } from '../domain/dimension.ts';
import { type Field, quote } from '../domain/field.ts';
import { toMatcher } from '../domain/filter.ts';
import { listNearest } from '../domain/names.ts';
import { HeadroomError } from '../errors.ts';
import { type Mistake, openYaml, type YamlCursor } from './yaml-cursor.ts';

export type { Mistake };

const PATTERN = { kind: 'text', label: 'Pattern', most: 400 } as const satisfies Field;
const PERCENT = { kind: 'credits', label: 'Percentage' } as const satisfies Field;
const COST = {
  credits: { kind: 'credits', label: 'Credits', required: 'say what a call costs' },
  per_records: { kind: 'whole', label: 'Per records', least: 1, most: 1e9 },
  max: { kind: 'credits', label: 'At most' },
} as const satisfies Record<string, Field>;
const HOLIDAY = {
  scope: { kind: 'text', label: 'Scope' },
  from: { kind: 'day', label: 'First day', required: 'give the first day' },
  until: { kind: 'day', label: 'Last day', required: 'give the last day' },
} as const satisfies Record<string, Field>;

const MATCH_KEYS = [...DIMENSIONS.filter((dimension) => dimension !== 'scope'), 'api_version'] as const;
const RULE_KEYS = ['match', 'costs', 'limits'] as const;
const SCOPE_KEYS = ['name', 'title', 'rate_limit_per_minute', ...RULE_KEYS, 'links', 'pools', 'valid_from'] as const;
const AMOUNT_KEYS = ['base', 'grants', 'max'] as const;
const PERIOD_KEYS = ['period', 'anchor', 'from', 'until'] as const;
const ALLOWANCE_KEYS = ['name', ...PERIOD_KEYS, ...AMOUNT_KEYS, 'thresholds', 'valid_from'] as const;

type Fields<K extends string> = Record<K, YamlCursor>;

/** A declaration, and which parts the text has; those it leaves out are empty. */
export interface ParsedDeclaration extends Declaration {
  parts: readonly ('scopes' | 'exclude' | 'holidays' | 'clients')[];
}

/**
 * Reads a file of pools. Throws a `definition` error that lists every mistake with line, column and how to fix it; `file` names the
 * text in it. `scopes`: names that holidays may use besides those in the text.
 */
export function parseDeclaration(text: string, file = 'pools.yaml', scopes: readonly string[] = []): ParsedDeclaration {
  const checked = checkDeclaration(text, scopes);
  if ('declaration' in checked) return checked.declaration;
  const lines = checked.mistakes.map(
    ({ line, column, place, text: what }) => `${file}:${line}:${column} ${place && `${place} `}${what}`,
  );
  const count = lines.length === 1 ? 'one mistake' : `${lines.length} mistakes`;
  throw new HeadroomError('definition', `${count} in ${file}, nothing was changed:\n${lines.join('\n')}`);
}

/** Returns the declaration, or every mistake in the order of the text. Never throws. */
export function checkDeclaration(
  text: string,
  scopes: readonly string[] = [],
): { declaration: ParsedDeclaration } | { mistakes: Mistake[] } {
  const { root, mistakes } = openYaml(text);
  const declaration = mistakes.length === 0 ? readDeclaration(root, scopes) : undefined;
  if (declaration && mistakes.length === 0) return { declaration };
  return { mistakes: mistakes.sort((a, b) => a.line - b.line || a.column - b.column) };
}

function readDeclaration(root: YamlCursor, otherScopes: readonly string[]): ParsedDeclaration | undefined {
  root.required('declare scopes, or write "scopes: []" to end all pools');
  const parts = ['scopes', 'exclude', 'holidays', 'clients'] as const;
  const fields = root.fields(parts);
  if (!fields) return undefined;
  const scopeCursors = fields.scopes.list();
  const scopes = scopeCursors.map(readScope);
  noteRepeated(scopeCursors, 'name', 'scope');
  const clientCursors = fields.clients.list();
  const clients = clientCursors.map(readClient);
  noteRepeated(clientCursors, 'id', 'client id');
  const names = [...scopes.flatMap((scope) => scope?.name ?? []), ...otherScopes];
  return {
    scopes: present(scopes),
    exclude: present(fields.exclude.list().map(readMatch)),
    holidays: present(fields.holidays.list().map((cursor) => readHoliday(cursor, names))),
    clients: present(clients),
    parts: parts.filter((part) => !fields[part].isAbsent),
  };
}

function readScope(cursor: YamlCursor): DeclaredScope | undefined {
  const fields = cursor.fields(SCOPE_KEYS);
  if (!fields) return undefined;
  const name = fields.name.read(SCOPE.name);
  if (name?.includes('/'))
    fields.name.note(`is ${quote(name)}; leave out the "/", which parts a scope from its limits.`);
  const validFromDay = fields.valid_from.read(POOL.valid_from);
  const rateLimitPerMinute = fields.rate_limit_per_minute.read(SCOPE.rate_limit_per_minute);
  const limitCursors = fields.limits.list();
  const poolCursors = fields.pools.list();
  const limits = limitCursors.map((limit) => readLimit(limit, validFromDay));
  const pools = poolCursors.map((pool) => readPool(pool, validFromDay));
  noteRepeated([...poolCursors, ...limitCursors], 'name', 'pool or limit of this scope');
  const links = fields.links.fields(['addon', 'upgrade']);
  const [addon, upgrade] = [links?.addon.read(SCOPE['links.addon']), links?.upgrade.read(SCOPE['links.upgrade'])];
  const title = fields.title.read(SCOPE.title);
  const match = present(fields.match.list().map(readMatch));
  const costs = present(fields.costs.list().map(readCost));
  if (name === undefined) return undefined;
  return {
    ...{ name, title: title ?? name, match, costs },
    links: { ...(addon === undefined ? {} : { addon }), ...(upgrade === undefined ? {} : { upgrade }) },
    limits: present(limits),
    pools: present(pools),
    ...(rateLimitPerMinute === undefined ? {} : { rateLimitPerMinute }),
    ...(validFromDay === undefined ? {} : { validFromDay }),
  };
}

function readPool(cursor: YamlCursor, scopeValidFromDay: number | undefined): DeclaredPool | undefined {
  const fields = cursor.fields([...ALLOWANCE_KEYS, 'priority'] as const);
  return fields && readAllowance(fields, fields.priority.read(POOL.priority), scopeValidFromDay);
}

function readLimit(cursor: YamlCursor, scopeValidFromDay: number | undefined): DeclaredLimit | undefined {
  const fields = cursor.fields([...ALLOWANCE_KEYS, 'match'] as const);
  const limit = fields && readAllowance(fields, undefined, scopeValidFromDay);
  if (!limit || fields.match.isAbsent) return limit;
  return { ...limit, match: present(fields.match.list().map(readMatch)) };
}

function readAllowance(
  fields: Fields<(typeof ALLOWANCE_KEYS)[number]>,
  priority: number | undefined,
  scopeValidFromDay: number | undefined,
): DeclaredPool | undefined {
  const name = fields.name.read(POOL.name);
  const period = readPeriod(fields);
  const amount: Amount = {
    base: fields.base.read(POOL.base) ?? 0,
    grants: present(fields.grants.list().map(readGrant)),
  };
  const max = fields.max.read(POOL.max);
  if (amountOf(amount) > MAX_AMOUNT)
    (fields.grants.isAbsent ? fields.base : fields.grants).note(
      `come to more than ${MAX_AMOUNT / 1000}; divide them over pools.`,
    );
  const thresholds = readThresholds(fields.thresholds);
  const validFromDay = fields.valid_from.read(POOL.valid_from) ?? scopeValidFromDay;
  if (name === undefined || period === undefined) return undefined;
  return {
    ...{ name, period, priority: priority ?? LAST_PRIORITY, thresholds, ...amount },
    ...(max === undefined ? {} : { max }),
    ...(validFromDay === undefined ? {} : { validFromDay }),
  };
}

/** Reads a period. Without `period` it is `once` if both its days are given, else `month`. */
function readPeriod(fields: Fields<(typeof PERIOD_KEYS)[number]>): PeriodRule | undefined {
  const { anchor, from, until } = fields;
  const implied = from.isAbsent || until.isAbsent ? 'month' : 'once';
  const kind = fields.period.isAbsent ? implied : fields.period.read(POOL.period);
  const anchorDay = anchor.read(POOL.anchor);
  const [fromDay, untilDay] = [from.read(POOL.from), until.read(POOL.until)];
  if (kind === undefined) return undefined;
  if (kind !== 'month' && !anchor.isAbsent) anchor.note(`belongs to period month, not ${kind}; leave it out.`);
  if (kind === 'once') {
    from.required('a pool that is there once needs its first day');
    until.required('a pool that is there once needs its last day');
    if (fromDay === undefined || untilDay === undefined) return undefined;
    if (untilDay < fromDay) return until.note('lies before the first day; give a later day, or swap the two.');
    return { kind, fromDay, untilDay };
  }
  for (const day of [from, until])
    if (!day.isAbsent) day.note(`belongs to period once, not ${kind}; for the day from which it holds use valid_from.`);
  return kind === 'month' ? { kind, anchor: anchorDay ?? 1 } : { kind };
}

function readGrant(cursor: YamlCursor): Grant | undefined {
  const fields = cursor.fields(keysOf(GRANT));
  if (!fields) return undefined;
  const name = fields.name.read(GRANT.name);
  const quantity = fields.quantity.isAbsent ? 1 : fields.quantity.read(GRANT.quantity);
  const each = fields.each.read(GRANT.each);
  return name === undefined || quantity === undefined || each === undefined ? undefined : { name, quantity, each };
}

function readThresholds(cursor: YamlCursor): readonly number[] {
  if (cursor.isAbsent) return DEFAULT_THRESHOLDS;
  let before = 0;
  return cursor.list().flatMap((entry) => {
    const credits = entry.read(PERCENT);
    if (credits === undefined) return [];
    const percent = credits / 1000;
    if (percent <= 0 || percent > 100 || credits % 100 !== 0) {
      entry.note(`is ${percent}; give a percentage above 0, up to 100, with at most one decimal.`);
      return [];
    }
    if (percent <= before) entry.note(`is ${percent}, after ${before}; put thresholds in ascending order, each once.`);
    before = percent;
    return [percent];
  });
}

function readMatch(cursor: YamlCursor): Match | undefined {
  const fields = cursor.fields(MATCH_KEYS);
  if (!fields) return undefined;
  const match = readPatterns(fields);
  if (Object.values(fields).every((field) => field.isAbsent))
    return cursor.note(`fits nothing; give one of ${MATCH_KEYS.join(', ')}.`);
  return match;
}

function readCost(cursor: YamlCursor): CostRule | undefined {
  const fields = cursor.fields([...MATCH_KEYS, ...keysOf(COST)]);
  if (!fields) return undefined;
  const credits = fields.credits.read(COST.credits);
  const perRecords = fields.per_records.read(COST.per_records);
  const max = fields.max.read(COST.max);
  const match = readPatterns(fields);
  if (credits === undefined) return undefined;
  return {
    ...{ match, credits },
    ...(perRecords === undefined ? {} : { perRecords }),
    ...(max === undefined ? {} : { max }),
  };
}

/** Reads patterns. `api_version` is the name in events for the dimension `version`. */
function readPatterns(fields: Fields<(typeof MATCH_KEYS)[number]>): Match {
  if (!fields.version.isAbsent && !fields.api_version.isAbsent)
    fields.api_version.note('says the same as version; keep one.');
  const match: Partial<Record<Dimension, string>> = {};
  for (const key of MATCH_KEYS) {
    const pattern = fields[key].read(PATTERN);
    if (pattern !== undefined) match[key === 'api_version' ? 'version' : key] = pattern;
  }
  return match;
}

function readHoliday(cursor: YamlCursor, scopes: readonly string[]): Holiday | undefined {
  const fields = cursor.fields(keysOf(HOLIDAY));
  if (!fields) return undefined;
  const scope = fields.scope.read(HOLIDAY.scope);
  if (scope !== undefined && !scopes.includes(scope)) {
    const [nearest] = listNearest(scope, scopes, 1);
    const cure = nearest ? `did you mean "${nearest}"?` : 'leave it out to mean all scopes.';
    fields.scope.note(`is ${quote(scope)}, which is not declared; ${cure}`);
  }
  const fromDay = fields.from.read(HOLIDAY.from);
  const untilDay = fields.until.read(HOLIDAY.until);
  if (fromDay === undefined || untilDay === undefined) return undefined;
  if (untilDay < fromDay) return fields.until.note('lies before the first day; give a later day, or swap the two.');
  return { ...(scope === undefined ? {} : { scope }), fromDay, untilDay };
}

function readClient(cursor: YamlCursor): ClientName | undefined {
  const fields = cursor.fields(keysOf(CLIENT));
  if (!fields) return undefined;
  const id = fields.id.read(CLIENT.id);
  const name = fields.name.read(CLIENT.name);
  const owner = fields.owner.read(CLIENT.owner);
  const team = fields.team.read(CLIENT.team);
  if (id === undefined || name === undefined) return undefined;
  return { id, name, ...(owner === undefined ? {} : { owner }), ...(team === undefined ? {} : { team }) };
}

function noteRepeated(cursors: readonly YamlCursor[], key: string, what: string): void {
  const seen = new Set<string>();
  for (const cursor of cursors) {
    const name = cursor.peek(key);
    if (name === undefined) continue;
    if (seen.has(name)) cursor.note(`repeats the ${what} ${quote(name)}; give each a name of its own.`);
    seen.add(name);
  }
}

function keysOf<K extends string>(fields: Readonly<Record<K, Field>>): K[] {
  return Object.keys(fields) as K[];
}

function present<T>(values: readonly (T | undefined)[]): T[] {
  return values.filter((value) => value !== undefined);
}

/**
 * Lists rules that name an unknown source, one line each, with the place and the nearest known source. This is no mistake: a source
 * may be added later, and until then the rule fits nothing.
 */
export function listUnknownSources(
  { scopes, exclude }: Pick<Declaration, 'scopes' | 'exclude'>,
  sources: readonly string[],
): string[] {
  const rules = [
    ...scopes.flatMap(({ name, match, costs, limits }) => [
      ...toRules(`${name}: match`, match),
      ...toRules(
        `${name}: costs`,
        costs.map((cost) => cost.match),
      ),
      ...limits.flatMap((limit) => toRules(`${name}/${limit.name}: match`, limit.match ?? [])),
    ]),
    ...toRules('exclude', exclude),
  ];
  const unknown = rules.filter(({ pattern }) => !sources.some(toMatcher(pattern)));
  return unknown.map(({ place, pattern }) => {
    const [nearest] = listNearest(pattern, sources, 1);
    return `${place} names the source ${JSON.stringify(pattern)}, which does not exist${nearest ? `; did you mean ${JSON.stringify(nearest)}?` : ' yet: it fits nothing until it is added.'}`;
  });
}

function toRules(place: string, matches: readonly Match[]): { place: string; pattern: string }[] {
  return matches.flatMap(({ source }) => (source === undefined ? [] : [{ place, pattern: source }]));
}
