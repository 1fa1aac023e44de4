import { amountOf, versionOn } from '../domain/amount.ts';
import { toMatcher } from '../domain/filter.ts';
import type { Inquiry } from './inquiry.ts';

/**
 * The ceiling on a day's calls that a daily chart is drawn against: the lowest daily or rolling amount in force on the last
 * day of the range, of the scope asked for or of the only one declared. Undefined under any other filter: a part of the
 * calls is not what the limit is for.
 */
export function findLimitLine({ filters, definitions, range }: Inquiry): { name: string; value: number } | undefined {
  const asked = filters.find(({ key, not }) => key === 'scope' && !not)?.patterns;
  if (filters.some(({ key }) => key !== 'scope')) return undefined;
  const scopes = definitions.scopes.filter(({ name }) =>
    asked ? asked.some((pattern) => toMatcher(pattern)(name)) : definitions.scopes.length === 1,
  );
  if (scopes.length !== 1) return undefined;
  const scope = scopes[0]!;
  const lines = [...scope.limits.filter(({ match }) => !match), ...scope.pools]
    .filter(({ period }) => period.kind === 'day' || period.kind === 'rolling-24h')
    .filter(({ fromDay, untilDay = Infinity }) => fromDay <= range.lastDay && range.lastDay <= untilDay)
    .map(({ name, amounts }) => ({ name, value: amountOf(versionOn(amounts, range.lastDay)) / 1000 }));
  return lines.sort((a, b) => a.value - b.value)[0];
}
