import type { ClientName } from '../domain/definition.ts';
import { NONE, OTHER } from '../domain/dimension.ts';
import { type Filter, type StoredFilter, toMatcher } from '../domain/filter.ts';

/**
 * Shown names and teams of clients, as declared. Several ids may share a name; an id is named by the first declaration that fits it.
 */
export interface ClientNames {
  /** Returns the id itself where no declaration fits it. */
  nameOf(id: string): string;
  /** Returns `(none)` where no team is declared for it. */
  teamOf(id: string): string;
  /** Tells whether a declaration fits the id. */
  knows(id: string): boolean;
  /** Tells whether `toIdFilters` alone can turn these filters into ids. Others need `pickIds`. */
  isExact(filters: readonly Filter[]): filters is readonly StoredFilter[];
  /** Turns shown names in `client` filters into the ids behind them; ids in filters stay as they are. */
  toIdFilters(filters: readonly StoredFilter[]): StoredFilter[];
  /** Turns filters into ids by trying each of `ids`: exact where declarations overlap, and for teams. */
  pickIds(filters: readonly Filter[], ids: readonly string[]): StoredFilter[];
}

/** Lists the declared teams, each once. */
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
  // Clients beyond the cap are counted as one value, so their teams are unknown.
  const teamOf = (id: string) => (id === OTHER ? OTHER : (find(id)?.team ?? NONE));

  /** Lists the declarations whose shown name fits the pattern. */
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
      // Both a client's name and its team follow from its id, so one list of ids replaces all these filters: those that pass, or
      // those that do not if these are fewer.
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

/** Tells whether two declarations cannot conflict: no id fits both, or both show the same name. */
function cannotMeet(a: ClientName, b: ClientName): boolean {
  return a.name === b.name || !patternsMeet(a.id, b.id);
}

/** Tells whether some text fits both patterns. A `*` in one matches nothing, or the next character (or `*`) of the other. */
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
