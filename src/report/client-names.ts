import type { ClientName } from '../domain/definition.ts';
import { NONE, OTHER } from '../domain/dimension.ts';
import { type Filter, type StoredFilter, toMatcher } from '../domain/filter.ts';

/** Shown names of clients, as declared. Several ids may share a name; the first declaration that fits an id names it. */
export interface ClientNames {
  /** The id itself where nothing is declared for it. */
  nameOf(id: string): string;
  /** `(none)` where no team is declared for it. */
  teamOf(id: string): string;
  /** Tells whether a declaration fits the id. */
  knows(id: string): boolean;
  /** Tells filters that `toIdFilters` alone turns into ids from those that need the ids at hand. */
  isExact(filters: readonly Filter[]): filters is readonly StoredFilter[];
  /** Turns shown names in `client` filters into the ids behind them; ids stay searchable. */
  toIdFilters(filters: readonly StoredFilter[]): StoredFilter[];
  /** The same, with the ids at hand: exact where declarations overlap, and for teams. */
  pickIds(filters: readonly Filter[], ids: readonly string[]): StoredFilter[];
}

/** Declared teams, each once. */
export function listTeams(declared: readonly ClientName[]): string[] {
  return unique(declared.flatMap(({ team }) => (team === undefined ? [] : [team])));
}

export function hasTeams(declared: readonly ClientName[]): boolean {
  return declared.some(({ team }) => team !== undefined);
}

const prepared = new WeakMap<readonly ClientName[], ClientNames>();

export function getClientNames(declared: readonly ClientName[]): ClientNames {
  return prepared.getOrInsertComputed(declared, createClientNames);
}

function createClientNames(declared: readonly ClientName[]): ClientNames {
  const rules = declared.map((client) => ({ ...client, fits: toMatcher(client.id) }));
  const known = new Map<string, ClientName | undefined>();

  function find(id: string): ClientName | undefined {
    if (!known.has(id)) {
      if (known.size > 100_000) known.clear();
      known.set(
        id,
        rules.find(({ fits }) => fits(id)),
      );
    }
    return known.get(id);
  }

  const nameOf = (id: string) => find(id)?.name ?? id;
  // Clients beyond the cap are one value, so their teams are unknown.
  const teamOf = (id: string) => (id === OTHER ? OTHER : (find(id)?.team ?? NONE));

  /** Declarations whose shown name fits the pattern. */
  function namedBy(pattern: string): ClientName[] {
    const fits = toMatcher(pattern);
    return declared.filter(({ name }) => fits(name));
  }

  return {
    nameOf,
    teamOf,
    knows: (id) => find(id) !== undefined,
    isExact(filters): filters is readonly StoredFilter[] {
      if (filters.some(({ key }) => key === 'team')) return false;
      return filters
        .filter(({ key }) => key === 'client')
        .flatMap(({ patterns }) => patterns.flatMap(namedBy))
        .every((rule) => declared.slice(0, declared.indexOf(rule)).every((earlier) => cannotMeet(earlier, rule)));
    },
    toIdFilters: (filters) =>
      filters.map((filter) =>
        filter.key !== 'client'
          ? filter
          : { ...filter, patterns: unique(filter.patterns.flatMap((p) => [p, ...namedBy(p).map(({ id }) => id)])) },
      ),
    pickIds(filters, ids) {
      const others = filters.filter(isStored);
      if (others.length === filters.length)
        return others.map((filter) => {
          if (filter.key !== 'client') return filter;
          const matchers = filter.patterns.map(toMatcher);
          const named = ids.filter((id) => matchers.some((matches) => matches(nameOf(id))));
          return { ...filter, patterns: unique([...filter.patterns, ...named]) };
        });
      // Clients and teams are both told by the id: one list of ids, the shorter one, stands for all of these filters.
      const tests = filters
        .filter(({ key }) => key === 'client' || key === 'team')
        .map(({ key, patterns, not }) => {
          const matchers = patterns.map(toMatcher);
          const textsOf = (id: string) => (key === 'team' ? [teamOf(id)] : [id, nameOf(id)]);
          return (id: string) => textsOf(id).some((text) => matchers.some((matches) => matches(text))) !== not;
        });
      const all = unique([...ids, OTHER]);
      const passing = all.filter((id) => tests.every((passes) => passes(id)));
      const not = passing.length * 2 > all.length;
      const passed = new Set(passing);
      const patterns = not ? all.filter((id) => !passed.has(id)) : passing;
      return [...others.filter(({ key }) => key !== 'client'), { key: 'client', patterns, not }];
    },
  };
}

function isStored(filter: Filter): filter is StoredFilter {
  return filter.key !== 'team';
}

/** Tells whether no id can fit both, or it does not matter because both show the same name. */
function cannotMeet(a: ClientName, b: ClientName): boolean {
  return a.name === b.name || !patternsMeet(a.id, b.id);
}

/**
 * Tells whether some text fits both patterns: a `*` of either stands for nothing, or for the next character (or `*`) of the
 * other.
 */
function patternsMeet(a: string, b: string): boolean {
  let above: boolean[] = [];
  for (let i = 0; i <= a.length; i += 1) {
    const row: boolean[] = [];
    for (let j = 0; j <= b.length; j += 1) {
      if (i === 0 && j === 0) row.push(true);
      else if (a[i - 1] === '*' || b[j - 1] === '*') row.push(above[j] === true || row[j - 1] === true);
      else row.push(i > 0 && j > 0 && above[j - 1] === true && a[i - 1] === b[j - 1]);
    }
    above = row;
  }
  return above[b.length] === true;
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}
