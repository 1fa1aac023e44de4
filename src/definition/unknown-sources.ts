import type { Declaration } from '../domain/declaration.ts';
import type { Match } from '../domain/definition.ts';
import { toMatcher } from '../domain/filter.ts';
import { listNearest } from '../domain/names.ts';

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
