import { formatDay } from './calendar.ts';
import type { Change, Declaration, DeclaredScope } from './declaration.ts';
import { FIRST_DAY, type RuleSet, type ScopeRules } from './definition.ts';

/** Rules that hold from now on: those of days before stay as they were. What changes is added to `changes`. */
export function amendRules(
  stored: readonly RuleSet[],
  declaration: Declaration,
  today: number,
  changes: Change[],
): readonly RuleSet[] {
  const newest = stored.at(-1) ?? { fromDay: FIRST_DAY, scopes: [], exclude: [], holidays: [] };
  const changeDay = stored.length === 0 ? FIRST_DAY : today;
  const order = declaration.scopes.map((scope) => scope.name);
  let sets = stored;
  const since = (day: number) => (day === FIRST_DAY ? '' : `, from ${formatDay(day)}`);

  for (const scope of declaration.scopes) {
    const wanted = toScopeRules(scope);
    const known = newest.scopes.find((rules) => rules.name === scope.name) ?? noRules(scope.name);
    if (same(known, wanted)) continue;
    const day = scope.validFromDay ?? changeDay;
    sets = revise(sets, day, (rules) => ({
      ...rules,
      scopes: [...rules.scopes.filter((other) => other.name !== wanted.name), wanted],
    }));
    const parts = (['match', 'costs', 'limits'] as const).filter((part) => !same(known[part], wanted[part]));
    changes.push({ place: scope.name, text: `rules changed (${parts.join(', ')})${since(day)}` });
  }
  if (newest.scopes.some((rules) => !order.includes(rules.name)))
    sets = revise(sets, today, (rules) => ({
      ...rules,
      scopes: rules.scopes.filter((scope) => order.includes(scope.name)),
    }));
  if (!same(newest.exclude, declaration.exclude)) {
    sets = revise(sets, changeDay, (rules) => ({ ...rules, exclude: declaration.exclude }));
    changes.push({ place: 'exclude', text: `${countOf(declaration.exclude, 'rule')}${since(changeDay)}` });
  }
  if (!same(newest.holidays, declaration.holidays)) {
    // Holidays bear their own dates: a new one counts from its first day, a dropped one stays what it was until today.
    const added = declaration.holidays.filter((holiday) => !newest.holidays.some((known) => same(known, holiday)));
    for (const holiday of added.filter((candidate) => candidate.fromDay < changeDay))
      sets = revise(sets, holiday.fromDay, (rules) => ({ ...rules, holidays: [...rules.holidays, holiday] }));
    sets = revise(sets, changeDay, (rules) => ({ ...rules, holidays: declaration.holidays }));
    changes.push({ place: 'holidays', text: `${declaration.holidays.length} in total` });
  }
  const sorted = (rules: RuleSet): RuleSet => ({
    ...rules,
    scopes: rules.scopes.toSorted((a, b) => rank(order, a.name) - rank(order, b.name)),
  });
  const last = sets.at(-1);
  if (last && !same(sorted(last), last)) {
    sets = revise(sets, changeDay, sorted);
    if (same(sorted(newest), newest) === false) changes.push({ place: 'scopes', text: `order ${order.join(', ')}` });
  }
  return sets.filter(
    (rules, index) => index === 0 || !same({ ...sets[index - 1], fromDay: 0 }, { ...rules, fromDay: 0 }),
  );
}

function rank(order: readonly string[], name: string): number {
  const index = order.indexOf(name);
  return index < 0 ? order.length : index;
}

/** Rules with `patch` applied from a day on. */
function revise(sets: readonly RuleSet[], day: number, patch: (rules: RuleSet) => RuleSet): readonly RuleSet[] {
  const base = sets.findLast((rules) => rules.fromDay <= day) ?? { scopes: [], exclude: [], holidays: [] };
  const later = sets.filter((rules) => rules.fromDay > day);
  return [
    ...sets.filter((rules) => rules.fromDay < day),
    ...[{ ...base, fromDay: day }, ...later].map((rules) => patch(rules)),
  ];
}

function toScopeRules(scope: DeclaredScope): ScopeRules {
  return {
    name: scope.name,
    match: scope.match,
    costs: scope.costs,
    limits: scope.limits.flatMap(({ name, match }) => (match ? [{ name, match }] : [])),
  };
}

function noRules(name: string): ScopeRules {
  return { name, match: [], costs: [], limits: [] };
}

/** Equal as JSON, whatever the order of keys. */
export function same(left: unknown, right: unknown): boolean {
  return JSON.stringify(left, sortKeys) === JSON.stringify(right, sortKeys);
}

function sortKeys(_: string, value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** `1 rule`, `2 rules`. */
export function countOf(list: readonly unknown[], noun: string): string {
  return `${list.length} ${noun}${list.length === 1 ? '' : 's'}`;
}
