import { formatDate } from './calendar.ts';
import {
  type Change,
  type Declaration,
  type DeclaredPool,
  type DeclaredScope,
  isLasting,
  same,
} from './declaration.ts';
import {
  type AmountVersion,
  type Definitions,
  FIRST_DAY,
  formatArithmetic,
  formatPeriodRule,
  type Holiday,
  type Limit,
  type Pool,
  type RuleSet,
  type Scope,
  type ScopeRules,
  versionOn,
} from './definition.ts';
import { formatDays } from './range.ts';

/**
 * Applies a declaration on a day and returns the new definitions. Amounts, priorities and rules get a new version from `today` (or
 * their `validFromDay`) on; what the declaration no longer has ends today and is kept. A scope that was never declared has no
 * history, so it and the first rules apply to all days. The same declaration twice changes nothing.
 */
export function amend(
  current: Definitions,
  declaration: Declaration,
  today: number,
): { definitions: Definitions; changes: Change[] } {
  const changes: Change[] = [];
  const scopes = declaration.scopes.map((declared) => {
    const stored = current.scopes.find((scope) => scope.name === declared.name);
    return amendScope(stored, declared, today, changes);
  });
  for (const stored of current.scopes) {
    if (declaration.scopes.some((declared) => declared.name === stored.name)) continue;
    if (stored.untilDay === undefined) changes.push({ place: stored.name, text: `ends on ${formatDate(today)}` });
    const untilDay = stored.untilDay ?? today;
    const end = <P extends Pool>(pool: P) => endBy(pool, untilDay);
    scopes.push({ ...stored, untilDay, pools: stored.pools.map(end), limits: stored.limits.map(end) });
  }
  const ruleSets = amendRules(current.ruleSets, declaration, today, changes);
  if (!same(current.clients, declaration.clients))
    changes.push({ place: 'clients', text: `${countOf(declaration.clients, 'name')}, at once` });
  if (changes.length === 0) return { definitions: current, changes };
  return {
    definitions: { version: current.version + 1, scopes, ruleSets, clients: declaration.clients },
    changes,
  };
}

function amendScope(stored: Scope | undefined, declared: DeclaredScope, today: number, changes: Change[]): Scope {
  const { name, title, rateLimitPerMinute, links } = declared;
  const head = { name, title, ...(rateLimitPerMinute === undefined ? {} : { rateLimitPerMinute }), links };
  if (!stored) changes.push({ place: name, text: 'new scope' });
  else if (stored.untilDay !== undefined) changes.push({ place: name, text: `declared again on ${formatDate(today)}` });
  else {
    if (stored.title !== title) changes.push({ place: name, text: `title "${stored.title}" → "${title}", at once` });
    if (stored.rateLimitPerMinute !== rateLimitPerMinute)
      changes.push({
        place: name,
        text: `rate limit per minute ${stored.rateLimitPerMinute ?? 'none'} → ${rateLimitPerMinute ?? 'none'}, at once`,
      });
    if (!same(stored.links, links)) changes.push({ place: name, text: 'links changed, at once' });
  }
  const context = { scope: name, isNew: !stored, today, changes };
  const limits = amendPools(stored?.limits ?? [], declared.limits, context).map((limit: Limit) => {
    const match = declared.limits.find((candidate) => candidate.name === limit.name)?.match ?? limit.match;
    const { match: _, ...rest } = limit;
    return match ? { ...rest, match } : rest;
  });
  return { ...head, pools: amendPools(stored?.pools ?? [], declared.pools, context), limits };
}

interface PoolContext {
  scope: string;
  isNew: boolean;
  today: number;
  changes: Change[];
}

function amendPools(stored: readonly Pool[], declared: readonly DeclaredPool[], context: PoolContext): Pool[] {
  const { today, changes, scope } = context;
  const places = listPlaces(stored, declared);
  const lives = declared.flatMap((wanted, index) => {
    const earlier = resume(
      stored.filter((pool) => pool.name === wanted.name),
      wanted,
      context,
    );
    return endBeforeNext([...earlier.slice(0, -1), ...amendPool(earlier.at(-1), wanted, places[index]!, context)]);
  });
  const gone = stored.filter((pool) => !declared.some((wanted) => wanted.name === pool.name));
  for (const pool of gone.filter(isLasting))
    changes.push({ place: `${scope}/${pool.name}`, text: `ends on ${formatDate(today)}` });
  return [...lives, ...gone.map((pool) => endBy(pool, today))];
}

/**
 * Returns an order number for each declared pool. A pool keeps its number while the order of the file allows, so that adding or
 * removing another does not change it.
 */
function listPlaces(stored: readonly Pool[], declared: readonly DeclaredPool[]): number[] {
  const known = declared.map(({ name }) => {
    const life = stored.findLast((pool) => pool.name === name && isLasting(pool));
    return life && (life.amounts.at(-1)!.order ?? life.order);
  });
  let last = -1;
  return known.map((place, index) => {
    const next = known.slice(index + 1).find((other) => other !== undefined && other > last);
    if (place !== undefined && place > last) last = place;
    else last = next === undefined ? last + 1 : (last + next) / 2;
    return last;
  });
}

/**
 * Undoes a change of period. If the newest life of a name began on the declared day or later, and the wanted period is that of the
 * life before, the earlier life continues as if it had never ended. Returns the lives of the name.
 */
function resume(lives: readonly Pool[], wanted: DeclaredPool, { scope, today, changes }: PoolContext): readonly Pool[] {
  const [before, last] = lives.slice(-2);
  if (!before || !last || !isLasting(last) || last.fromDay < (wanted.validFromDay ?? today)) return lives;
  const isTakenBack = same(before.period, wanted.period) && !same(last.period, wanted.period);
  if (!isTakenBack || before.untilDay !== last.fromDay - 1) return lives;
  changes.push({
    place: `${scope}/${wanted.name}`,
    text: `period ${formatPeriodRule(last.period)} → ${formatPeriodRule(wanted.period)}, as before ${formatDate(last.fromDay)}`,
  });
  const { untilDay: _, ...goesOn } = before;
  return [...lives.slice(0, -2), goesOn];
}

/** Ends each life of a name before the later ones begin, because a date in the past may have moved those back. */
function endBeforeNext(lives: readonly Pool[]): Pool[] {
  return lives.map((life, index) => {
    const later = lives.slice(index + 1).map((other) => other.fromDay - 1);
    return later.length === 0 ? life : endBy(life, Math.min(...later));
  });
}

function endBy<P extends Pool>(pool: P, day: number): P {
  return { ...pool, untilDay: Math.min(pool.untilDay ?? day, day) };
}

function amendPool(stored: Pool | undefined, declared: DeclaredPool, order: number, context: PoolContext): Pool[] {
  const { today, changes } = context;
  const place = `${context.scope}/${declared.name}`;
  const { name, period, priority, thresholds } = declared;
  const version = toVersion(declared, order);

  function begin(fromDay: number): Pool {
    const from = fromDay === FIRST_DAY ? '' : `, from ${formatDate(fromDay)}`;
    changes.push({
      place,
      text: `${formatArithmetic(version)}${period.kind === 'once' ? ',' : period.kind === 'rolling-24h' ? ' in' : ' per'} ${formatPeriodRule(period)}${from}`,
    });
    return { name, period, priority, fromDay, amounts: [{ fromDay, ...version }], thresholds, order };
  }

  if (!stored) {
    const otherwise = context.isNew ? FIRST_DAY : today;
    return [begin(declared.validFromDay ?? (period.kind === 'once' ? period.fromDay : otherwise))];
  }
  if (stored.untilDay !== undefined && stored.untilDay < today) {
    const wanted = declared.validFromDay ?? (period.kind === 'once' ? period.fromDay : today);
    return [stored, begin(Math.max(wanted, stored.untilDay + 1))];
  }
  const changeDay = declared.validFromDay ?? today;
  const periodDiffers = !same(stored.period, period);
  // The days of `once` can be moved and its balance stays; another kind of period makes another pool from that day on.
  if (periodDiffers && (stored.period.kind !== 'once' || period.kind !== 'once') && stored.fromDay < changeDay) {
    changes.push({
      place,
      text: `period ${formatPeriodRule(stored.period)} → ${formatPeriodRule(period)}: its use begins at 0 on ${formatDate(changeDay)}`,
    });
    return [{ ...stored, untilDay: changeDay - 1 }, begin(changeDay)];
  }

  const { untilDay, ...lasting } = stored;
  if (untilDay !== undefined) changes.push({ place, text: 'goes on' });
  if (periodDiffers)
    changes.push({ place, text: `period ${formatPeriodRule(stored.period)} → ${formatPeriodRule(period)}, at once` });
  if (!same(stored.thresholds, thresholds))
    changes.push({ place, text: `thresholds ${formatList(stored.thresholds)} → ${formatList(thresholds)}, at once` });
  const earliest = periodDiffers && period.kind === 'once' ? Math.min(stored.fromDay, period.fromDay) : stored.fromDay;
  return [
    {
      ...lasting,
      period,
      priority,
      thresholds,
      fromDay: Math.min(earliest, declared.validFromDay ?? earliest),
      amounts: amendAmounts(stored, declared, version, Math.max(today, stored.fromDay), (text) =>
        changes.push({ place, text }),
      ),
    },
  ];
}

function toVersion({ base, grants, max, priority }: DeclaredPool, order: number): Omit<AmountVersion, 'fromDay'> {
  return { base, grants, ...(max === undefined ? {} : { max }), priority, order };
}

function amendAmounts(
  stored: Pool,
  declared: DeclaredPool,
  version: Omit<AmountVersion, 'fromDay'>,
  otherwiseDay: number,
  note: (text: string) => void,
): readonly AmountVersion[] {
  const placed = ({ priority = stored.priority, order = stored.order, ...content }: AmountVersion) => ({
    ...content,
    priority,
    order,
  });
  const equals = (other: AmountVersion) => same({ ...placed(other), fromDay: 0 }, { ...version, fromDay: 0 });
  const { validFromDay } = declared;
  const newest = stored.amounts.at(-1)!;
  // With a date, the declaration is about all days since; without one, about the amount that applies now.
  const spokenOf =
    validFromDay === undefined
      ? [newest]
      : [versionOn(stored.amounts, validFromDay), ...stored.amounts.filter((other) => other.fromDay > validFromDay)];
  if (spokenOf.every(equals)) return stored.amounts;

  const fromDay = validFromDay ?? otherwiseDay;
  const before = stored.amounts.filter((other) => other.fromDay < fromDay);
  const was = versionOn(stored.amounts, fromDay);
  if (formatArithmetic(was) !== formatArithmetic(version))
    note(`${formatArithmetic(was)} → ${formatArithmetic(version)}, from ${formatDate(fromDay)}`);
  const { priority, order } = placed(was);
  if (priority !== declared.priority) note(`priority ${priority} → ${declared.priority}, from ${formatDate(fromDay)}`);
  if (order !== version.order) note(`another place in the file, from ${formatDate(fromDay)}`);
  return [...before, { fromDay, ...version }];
}

function formatList(numbers: readonly number[]): string {
  return numbers.length === 0 ? 'none' : numbers.join(', ');
}

/**
 * Returns rule sets in which the declared rules apply from now on; those of earlier days stay as they were. Adds what changed to
 * `changes`.
 */
function amendRules(
  stored: readonly RuleSet[],
  declaration: Declaration,
  today: number,
  changes: Change[],
): readonly RuleSet[] {
  const newest = stored.at(-1) ?? { fromDay: FIRST_DAY, scopes: [], exclude: [], holidays: [] };
  const changeDay = stored.length === 0 ? FIRST_DAY : today;
  const order = declaration.scopes.map((scope) => scope.name);
  let sets = stored;
  const since = (day: number) => (day === FIRST_DAY ? '' : `, from ${formatDate(day)}`);

  for (const scope of declaration.scopes) {
    const wanted = toScopeRules(scope);
    const known = newest.scopes.find((rules) => rules.name === scope.name) ?? {
      name: scope.name,
      match: [],
      costs: [],
      limits: [],
    };
    if (same(known, wanted)) continue;
    const day = scope.validFromDay ?? changeDay;
    sets = revise(sets, day, (rules) => ({
      ...rules,
      scopes: [...rules.scopes.filter((other) => other.name !== wanted.name), wanted],
    }));
    const parts = (['match', 'costs', 'limits'] as const).filter((part) => !same(known[part], wanted[part]));
    changes.push({ place: scope.name, text: `rules changed (${parts.join(', ')})${since(day)}`, rulesFromDay: day });
  }
  if (newest.scopes.some((rules) => !order.includes(rules.name)))
    sets = revise(sets, today, (rules) => ({
      ...rules,
      scopes: rules.scopes.filter((scope) => order.includes(scope.name)),
    }));
  if (!same(newest.exclude, declaration.exclude)) {
    sets = revise(sets, changeDay, (rules) => ({ ...rules, exclude: declaration.exclude }));
    const text = `${countOf(declaration.exclude, 'rule')}${since(changeDay)}`;
    changes.push({ place: 'exclude', text, rulesFromDay: changeDay });
  }
  if (!same(newest.holidays, declaration.holidays)) {
    // Holidays have dates of their own: a new one counts from its first day; a dropped one keeps its days until today.
    const added = declaration.holidays.filter((holiday) => !newest.holidays.some((known) => same(known, holiday)));
    for (const holiday of added.filter((candidate) => candidate.fromDay < changeDay))
      sets = revise(sets, holiday.fromDay, (rules) => ({ ...rules, holidays: [...rules.holidays, holiday] }));
    sets = revise(sets, changeDay, (rules) => ({ ...rules, holidays: declaration.holidays }));
    const dropped = newest.holidays.filter((holiday) => !declaration.holidays.some((wanted) => same(wanted, holiday)));
    // Days of an added holiday are recorded but not drawn from its first one on.
    for (const holiday of added)
      changes.push({ place: 'holidays', text: `added ${formatHoliday(holiday)}`, rulesFromDay: holiday.fromDay });
    changes.push(...dropped.map((holiday) => describeDropped(holiday, today)));
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

/** Describes a dropped holiday: its days from today on, if any are left, draw from pools again. */
function describeDropped(holiday: Holiday, today: number): Change {
  const text = `dropped ${formatHoliday(holiday)}`;
  if (holiday.untilDay < today) return { place: 'holidays', text: `${text}: it was over, and stays what it was` };
  const fromDay = Math.max(today, holiday.fromDay);
  return { place: 'holidays', text: `${text}, from ${formatDate(fromDay)}`, rulesFromDay: fromDay };
}

function formatHoliday({ scope, fromDay, untilDay }: Holiday): string {
  return `${formatDays(fromDay, untilDay)} (${scope ?? 'all scopes'})`;
}

function rank(order: readonly string[], name: string): number {
  const index = order.indexOf(name);
  return index < 0 ? order.length : index;
}

/** Returns rule sets with `patch` applied from a day on. */
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

/** `1 rule`, `2 rules`. */
function countOf(list: readonly unknown[], noun: string): string {
  return `${list.length} ${noun}${list.length === 1 ? '' : 's'}`;
}
