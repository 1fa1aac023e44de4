import {
  type Amount,
  type ClientName,
  type Definitions,
  FIRST_DAY,
  type Holiday,
  type Match,
  type Pool,
  type Scope,
  type ScopeRules,
} from './definition.ts';

/** The content of a file of pools, checked: the state wanted now, without history. */
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
  /** Day from which changed match, cost and limit rules hold; absent: the day of the change. */
  validFromDay?: number;
}

export interface DeclaredPool extends Pick<Pool, 'name' | 'period' | 'priority' | 'thresholds'>, Amount {
  /** Day from which what differs holds; absent: the day of the change. */
  validFromDay?: number;
}

export interface DeclaredLimit extends DeclaredPool {
  match?: readonly Match[];
}

/** One difference that was written: where (`crm/Daily credits`, `exclude`), and what, in words. */
export interface Change {
  place: string;
  text: string;
}

export const NO_DEFINITIONS: Definitions = { version: 0, scopes: [], ruleSets: [], clients: [] };

/** The declaration that would change nothing: to be edited and applied again. */
export function toDeclaration(definitions: Definitions, { dated = false } = {}): Declaration {
  const toDeclared = (pool: Pool): DeclaredPool => (dated ? addDay(toDeclaredPool(pool), pool) : toDeclaredPool(pool));
  const rules = definitions.ruleSets.at(-1);
  return {
    scopes: definitions.scopes
      .filter((scope) => scope.untilDay === undefined)
      .map((scope) => {
        const own = rules?.scopes.find((candidate) => candidate.name === scope.name);
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
        };
      }),
    exclude: rules?.exclude ?? [],
    holidays: rules?.holidays ?? [],
    clients: definitions.clients,
  };
}

/** The newest rules hold from `fromDay` on, whatever held between; for a recount that was asked for. */
export function backdateRules(definitions: Definitions, fromDay: number): Definitions {
  const newest = definitions.ruleSets.at(-1);
  if (!newest || newest.fromDay <= fromDay) return definitions;
  const before = definitions.ruleSets.filter((rules) => rules.fromDay < fromDay);
  return { ...definitions, version: definitions.version + 1, ruleSets: [...before, { ...newest, fromDay }] };
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

/** Adds the day from which what is declared of a pool holds, where a first declaration would not hold from it by itself. */
function addDay(declared: DeclaredPool, { period, amounts }: Pool): DeclaredPool {
  const { fromDay } = amounts.at(-1)!;
  const byItself = fromDay === (period.kind === 'once' ? period.fromDay : FIRST_DAY);
  return byItself ? declared : { ...declared, validFromDay: fromDay };
}
