import { formatDate, formatDay } from './calendar.ts';
import {
  type Amount,
  type ClientName,
  type Definitions,
  FIRST_DAY,
  type Holiday,
  type Match,
  type Pool,
  type RuleSet,
  type Scope,
  type ScopeRules,
} from './definition.ts';

/** The checked content of a file of pools: the state wanted now, without history. */
export interface Declaration {
  scopes: readonly DeclaredScope[];
  exclude: readonly Match[];
  holidays: readonly Holiday[];
  clients: readonly ClientName[];
}

export interface DeclaredScope
  extends Pick<Scope, 'name' | 'title' | 'rateLimitPerMinute' | 'links'>,
    Pick<ScopeRules, 'match' | 'costs'> {
  limits: readonly DeclaredLimit[];
  pools: readonly DeclaredPool[];
  /** Day from which changed match, cost and limit rules apply; absent: the day of the change. */
  validFromDay?: number;
}

export interface DeclaredPool extends Pick<Pool, 'name' | 'period' | 'priority' | 'thresholds'>, Amount {
  /** Day from which the differences apply; absent: the day of the change. */
  validFromDay?: number;
}

export interface DeclaredLimit extends DeclaredPool {
  match?: readonly Match[];
}

/** One applied difference: its place (`crm/Daily credits`, `exclude`), and a description. */
export interface Change {
  place: string;
  text: string;
  /** First day whose calls are counted by other rules than before. Calls that came in already are not counted again. */
  rulesFromDay?: number;
}

/** Says how to count earlier calls by the changed rules too; undefined if no earlier call would be counted differently. */
export function offerRecount(changes: readonly Change[], today: number): string | undefined {
  // Rules from FIRST_DAY are the first rules: a recount by them is offered for today only.
  const days = changes.flatMap(({ rulesFromDay: day }) => (day === FIRST_DAY ? [today] : (day ?? [])));
  const fromDay = Math.min(...days);
  if (!(fromDay <= today)) return undefined;
  const calls = fromDay === today ? "today's earlier calls" : `calls since ${formatDate(fromDay)}`;
  return `Rules apply to calls as they come in; to count ${calls} by them too, run "headroom recount --from ${formatDay(fromDay)}".`;
}

export const NO_DEFINITIONS: Definitions = { version: 0, scopes: [], ruleSets: [], clients: [] };

/**
 * Returns the declaration that would change nothing, to be edited and applied again. `dated`: with the days from which its parts
 * apply, so that it declares the same to another database.
 */
export function toDeclaration(definitions: Definitions, { dated = false } = {}): Declaration {
  const rules = definitions.ruleSets.at(-1);
  return {
    scopes: definitions.scopes
      .filter((scope) => scope.untilDay === undefined)
      .map((scope): DeclaredScope => {
        const own = rules?.scopes.find((candidate) => candidate.name === scope.name);
        const rulesDay = dated ? findRulesDay(definitions.ruleSets, scope.name) : undefined;
        // A pool without a day takes that of its scope.
        const toDeclared = (pool: Pool): DeclaredPool => ({
          ...toDeclaredPool(pool),
          ...(dated && (rulesDay !== undefined || !holdsByItself(pool))
            ? { validFromDay: pool.amounts.at(-1)!.fromDay }
            : {}),
        });
        return {
          name: scope.name,
          title: scope.title,
          ...(scope.rateLimitPerMinute === undefined ? {} : { rateLimitPerMinute: scope.rateLimitPerMinute }),
          match: own?.match ?? [],
          costs: own?.costs ?? [],
          links: scope.links,
          limits: scope.limits.filter(isLasting).map((limit) => ({
            ...toDeclared(limit),
            ...(limit.match ? { match: limit.match } : {}),
          })),
          pools: scope.pools.filter(isLasting).map(toDeclared),
          ...(rulesDay === undefined ? {} : { validFromDay: rulesDay }),
        };
      }),
    exclude: rules?.exclude ?? [],
    holidays: rules?.holidays ?? [],
    clients: definitions.clients,
  };
}

/** Finds the day from which the current rules of a scope apply; undefined: for all days, or it has no rules. */
function findRulesDay(ruleSets: readonly RuleSet[], name: string): number | undefined {
  const own = ruleSets.map(({ fromDay, scopes }) => ({ fromDay, rules: scopes.find((one) => one.name === name) }));
  const newest = own.at(-1)?.rules;
  if (!newest || newest.match.length + newest.costs.length + newest.limits.length === 0) return undefined;
  const before = own.findLastIndex(({ rules }) => !same(rules, newest));
  const { fromDay } = own[before + 1]!;
  return fromDay === FIRST_DAY ? undefined : fromDay;
}

/** Applies the newest rules from `fromDay` on, in place of those that applied since; for a recount. */
export function backdateRules(definitions: Definitions, fromDay: number): Definitions {
  const newest = definitions.ruleSets.at(-1);
  if (!newest || newest.fromDay <= fromDay) return definitions;
  const before = definitions.ruleSets.filter((rules) => rules.fromDay < fromDay);
  return { ...definitions, version: definitions.version + 1, ruleSets: [...before, { ...newest, fromDay }] };
}

/** Tells whether two parts of a declaration are equal as JSON, whatever the order of keys. */
export function same(left: unknown, right: unknown): boolean {
  return JSON.stringify(left, sortKeys) === JSON.stringify(right, sortKeys);
}

function sortKeys(_: string, value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Tells whether a pool is still declared. */
export function isLasting(pool: Pool): boolean {
  return pool.untilDay === undefined;
}

function toDeclaredPool(pool: Pool): DeclaredPool {
  const { base, grants, max } = pool.amounts.at(-1)!;
  const { name, period, priority, thresholds } = pool;
  return { name, period, priority, thresholds, base, grants, ...(max === undefined ? {} : { max }) };
}

/** Tells whether a first declaration without a day would apply from the same day as this pool does. */
function holdsByItself({ period, amounts }: Pool): boolean {
  return amounts.at(-1)!.fromDay === (period.kind === 'once' ? period.fromDay : FIRST_DAY);
}
