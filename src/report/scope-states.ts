import { type Calendar, firstDayOf, monthOf } from '../domain/calendar.ts';
import {
  type Definitions,
  formatArithmetic,
  type Limit,
  type Pool,
  type Scope,
  supposeQuantities,
  versionOn,
} from '../domain/definition.ts';
import {
  type DrawDown,
  drawDown,
  findStanding,
  listDrawOrder,
  sumWithin,
  type UsageStep,
} from '../domain/draw-down.ts';
import type { Thousandths } from '../domain/event.ts';
import { burnRate } from '../domain/forecast.ts';
import { formatDays } from '../domain/range.ts';
import { limitMeter } from '../domain/rules.ts';
import { levelOf, listReached, type PoolState, type ScopeState } from '../domain/scope-state.ts';
import { addCredits, largerOf, ratioOf, subtractCredits, sumCredits } from '../domain/thousandths.ts';
import type { UsageReader } from '../domain/usage.ts';
import { findPresentPace, forecastPools, loadPoolUsage, type WeighedPool } from './pool-usage.ts';

export interface PoolDeps {
  usage: UsageReader;
  definitions: () => Promise<Definitions>;
  calendar: Calendar;
}

export interface ScopeQuery {
  /**
   * Take balances just before this instant. If it is now, all of the running day counts, even events that a sender's clock dates
   * ahead.
   */
  atMs: number;
  /** Absent: `atMs` is now. */
  nowMs?: number;
  /** Absent: every declared scope, and undeclared scopes that senders use. */
  scope?: string;
  /** Quantities of grants by name, for a what-if. */
  suppose?: Readonly<Record<string, number>>;
  /** Leave out undeclared scopes, and compute forecasts only when asked: for rules that run every second. */
  plain?: boolean;
}

/** Undeclared scopes are searched in the usage of this many days back. */
const UNDECLARED_DAYS = 62;
const MAX_UNDECLARED = 20;

/**
 * Returns the state of each scope, in the order of the file, then undeclared ones by use. Leaves out scopes whose last pool ended
 * before that day, and unknown names.
 */
export async function getScopeStates(deps: PoolDeps, query: ScopeQuery): Promise<ScopeState[]> {
  const [definitions, extent, firstMeterDay] = await Promise.all([
    deps.definitions(),
    deps.usage.extent(),
    deps.usage.firstMeterDay(),
  ]);
  const { calendar } = deps;
  const { atMs, nowMs = atMs } = query;
  const day = calendar.dayOf(atMs - 1);
  const moment: Moment = {
    atMs,
    day,
    knownDay: calendar.dayOf(nowMs),
    untilMs: atMs < nowMs ? atMs : calendar.startOfDay(calendar.dayOf(atMs) + 1),
    isNow: atMs >= nowMs,
    firstDay: extent?.firstDay ?? day,
    firstMeterDay: firstMeterDay ?? day,
    plain: query.plain ?? false,
  };
  const declared = definitions.scopes.filter(
    (scope) => (scope.untilDay ?? day) >= day && (query.scope ?? scope.name) === scope.name,
  );
  const states = await Promise.all(
    declared.map((scope) => getScopeState(deps, query.suppose ? supposeScope(scope, query.suppose) : scope, moment)),
  );
  if (query.plain || !extent) return states;
  const undeclared = await listUndeclared(deps, moment, new Set(declared.map((scope) => scope.name)), query.scope);
  const bare = undeclared.map((name) => ({ name, title: name, links: {}, pools: [], limits: [] }));
  return [...states, ...(await Promise.all(bare.map((scope) => getScopeState(deps, scope, moment))))];
}

/** One day of a scope: what each pool gave, by name, and what no pool covered. */
export interface DayOfDraws {
  day: number;
  drawn: ReadonlyMap<string, Thousandths>;
  overage: Thousandths;
  used: Thousandths;
}

/**
 * Returns what was drawn on each of these days (both inclusive), for histories and explanations. `series` names all pools that
 * existed then, in the draw order at the end. Days without use are left out. Undefined for an undeclared scope.
 */
export async function listDraws(
  deps: PoolDeps,
  { scope: name, fromDay, untilDay, nowMs }: { scope: string; fromDay: number; untilDay: number; nowMs: number },
): Promise<{ series: string[]; days: DayOfDraws[] } | undefined> {
  const [definitions, firstMeterDay] = await Promise.all([deps.definitions(), deps.usage.firstMeterDay()]);
  const { calendar } = deps;
  const scope = definitions.scopes.find((candidate) => candidate.name === name);
  if (!scope) return undefined;
  const { pools } = scope;
  const untilMs = calendar.startOfDay(untilDay + 1);
  const steps = await loadPoolUsage(deps, {
    ...{ meter: name, pools, fromDay, untilMs, firstDay: firstMeterDay ?? untilDay },
  });
  const { usage, drawn, overage } = drawDown(pools, steps, { calendar, knownDay: calendar.dayOf(nowMs) });
  const days = new Map<number, { drawn: Map<string, Thousandths>; overage: Thousandths; used: Thousandths }>();
  usage.startsMs.forEach((startMs, step) => {
    const day = calendar.dayOf(startMs);
    if (day < fromDay || usage.credits[step] === 0) return;
    const sums = days.getOrInsertComputed(day, () => ({ drawn: new Map(), overage: 0, used: 0 }));
    pools.forEach((pool, index) => {
      const part = drawn[index]![step]!;
      if (part > 0) sums.drawn.set(pool.name, addCredits(sums.drawn.get(pool.name) ?? 0, part));
    });
    sums.overage = addCredits(sums.overage, overage[step]!);
    sums.used = addCredits(sums.used, usage.credits[step]!);
  });
  const lived = pools.filter((pool) => pool.fromDay <= untilDay && (pool.untilDay ?? untilDay) >= fromDay);
  const order = listDrawOrder(pools, untilMs, calendar, calendar.dayOf(nowMs)).map((index) => pools[index]!.name);
  return {
    series: [...new Set([...order, ...lived.map((pool) => pool.name)])],
    days: [...days].map(([day, sums]) => ({ day, ...sums })),
  };
}

interface Moment {
  atMs: number;
  /** The day that holds the instant just before `atMs`. */
  day: number;
  knownDay: number;
  /** Usage before this instant counts. */
  untilMs: number;
  isNow: boolean;
  firstDay: number;
  /** First day with usage on any meter; corrections may begin before any event. */
  firstMeterDay: number;
  plain: boolean;
}

async function getScopeState(deps: PoolDeps, scope: Scope, moment: Moment): Promise<ScopeState> {
  const { calendar } = deps;
  const { name: meter, pools: declared } = scope;
  const monthFromDay = firstDayOf(monthOf(moment.day));
  const steps = await loadPoolUsage(deps, {
    ...{ meter, pools: declared, limits: scope.limits.filter((limit) => !limit.match), fromDay: monthFromDay },
    ...{ untilMs: moment.untilMs, firstDay: moment.firstMeterDay },
  });
  const { result, weighed, states } = await weighStack(deps, { meter, pools: declared, steps }, moment);
  const next = states.find(({ left }) => left > 0);
  const current = next ?? states.at(-1);
  const last = states.findLast(({ left }) => left > 0) ?? states.at(-1);
  // The pool drawn from is the last of its stack: when it is empty, the scope has run out.
  const isEnding = next !== undefined && next === last && next.level !== 'healthy' && moment.isNow && !moment.plain;
  const present = isEnding ? await findPresentPace(deps, meter, next, moment.atMs) : undefined;
  const pools = states.map((state) => ({
    ...{ ...state, drawnNow: state === next },
    ...(present && state === last ? { present } : {}),
  }));
  const limits = await Promise.all(scope.limits.map((limit) => getLimitState(deps, meter, limit, steps, moment)));
  const month = { fromMs: calendar.startOfDay(monthFromDay), toMs: moment.untilMs };
  const others = states.filter((state) => state !== current);
  return {
    scope: scope.name,
    title: scope.title,
    pools,
    limits: limits.flat(),
    ...(current ? { current: pools[states.indexOf(current)]! } : {}),
    restLeft: sumCredits(others.map(({ left }) => left)),
    restCount: others.filter(({ left }) => left > 0).length,
    level: last?.level ?? 'healthy',
    used: sumWithin(result.usage.startsMs, result.usage.credits, month),
    overage: sumWithin(result.usage.startsMs, result.overage, month),
    exhaustions: listExhaustions(result, weighed),
    ...(scope.rateLimitPerMinute === undefined ? {} : { rateLimitPerMinute: scope.rateLimitPerMinute }),
    links: scope.links,
  };
}

/**
 * Returns the state of a limit, which counts all that its meter does, and gives nothing. Empty if the limit does not exist at that
 * time.
 */
async function getLimitState(
  deps: PoolDeps,
  scope: string,
  limit: Limit,
  shared: readonly UsageStep[],
  moment: Moment,
): Promise<PoolState[]> {
  const { match, name } = limit;
  const { untilMs, firstMeterDay: firstDay, day: fromDay } = moment;
  if (!findStanding(limit, moment.atMs, deps.calendar, moment.knownDay)) return [];
  const [meter, pools] = [match ? limitMeter(scope, name) : scope, [limit]];
  const steps = match ? await loadPoolUsage(deps, { meter, pools, fromDay, untilMs, firstDay }) : shared;
  const { states } = await weighStack(deps, { meter, pools, steps, isLimit: true }, moment);
  return states.map((state) => (match ? { ...state, match } : state));
}

/** Pools, and the usage of their meter. `isLimit`: a single limit, which counts all of it. */
interface Stack {
  meter: string;
  pools: readonly Pool[];
  steps: readonly UsageStep[];
  isLimit?: boolean;
}

/**
 * Returns the states of the pools that exist at that time, in draw order, with their forecasts; plain states get a function that
 * computes them.
 */
async function weighStack(deps: PoolDeps, { meter, pools, steps, isLimit = false }: Stack, moment: Moment) {
  const { calendar } = deps;
  const { atMs, knownDay, plain } = moment;
  const result = drawDown(pools, steps, { calendar, knownDay });
  const weighed = listDrawOrder(pools, atMs, calendar, knownDay).map((index) =>
    weighPool(result, index, isLimit, moment),
  );
  const foresee = () => (moment.isNow ? forecastPools(deps, meter, result, weighed, moment) : []);
  const forecasts = plain ? [] : await foresee();
  const states = weighed.map(
    ({ state }, place): PoolState => ({
      ...state,
      ...(plain ? { foresee: async () => (await foresee())[place] ?? {} } : forecasts[place]),
    }),
  );
  return { result, weighed, states };
}

function weighPool(result: DrawDown, index: number, isLimit: boolean, moment: Moment): WeighedPool {
  const { calendar, usage, drawn, over } = result;
  const { atMs, untilMs, isNow, day, knownDay } = moment;
  const pool = result.pools[index]!;
  // If a sender's clock dated events ahead of now, the window ends with the newest of them.
  const isOpen = isNow && pool.period.kind === 'rolling-24h';
  const endMs = isOpen ? Math.max(atMs, (usage.startsMs.at(-1) ?? 0) + 1) : atMs;
  const standing = findStanding(pool, endMs, calendar, knownDay)!;
  const { amount, period, days } = standing;
  const sum = (credits: readonly Thousandths[]) =>
    sumWithin(usage.startsMs, credits, { fromMs: period.fromMs, toMs: untilMs });
  const used = isLimit ? sum(usage.credits) : addCredits(sum(drawn[index]!), sum(over[index]!));
  // A pool with an amount of 0 gives nothing; whether it is exhausted depends on whether anything was used at all.
  const wanted = amount > 0 ? used : sum(usage.credits);
  const lastDay = days ? Math.min(days.toDay - 1, pool.untilDay ?? knownDay, Math.max(knownDay, day)) : day;
  const rate = days && burnRate(used, amount, period, atMs);
  const state: PoolState = {
    name: pool.name,
    used,
    amount,
    left: largerOf(0, subtractCredits(amount, used)),
    percent: amount > 0 ? ratioOf(used, amount) * 100 : wanted > 0 ? 100 : 0,
    level: levelOf(wanted, amount, pool.thresholds),
    thresholds: pool.thresholds,
    period: { ...period, label: days ? formatDays(days.fromDay, days.toDay - 1) : 'last 24 hours' },
    arithmetic: formatArithmetic(versionOn(pool.amounts, lastDay)),
    ...(rate === undefined ? {} : { burnRate: rate }),
    drawnNow: false,
    periodKind: pool.period.kind,
    reached: listReached(wanted, amount, pool.thresholds),
  };
  return { index, standing, state };
}

function listExhaustions({ pools, exhaustions }: DrawDown, weighed: readonly WeighedPool[]): ScopeState['exhaustions'] {
  return exhaustions
    .filter(({ pool, atMs }) => weighed.some(({ index, standing }) => index === pool && atMs >= standing.period.fromMs))
    .map(({ pool, atMs, next }) => ({
      pool: pools[pool]!.name,
      atMs,
      ...(next === undefined ? {} : { next: pools[next]!.name }),
    }));
}

function supposeScope(scope: Scope, suppose: Readonly<Record<string, number>>): Scope {
  const change = <P extends Pool>(pool: P): P => ({
    ...pool,
    amounts: pool.amounts.map((version) => supposeQuantities(version, suppose)),
  });
  return { ...scope, pools: scope.pools.map(change), limits: scope.limits.map(change) };
}

async function listUndeclared(
  { usage, calendar }: PoolDeps,
  { day, untilMs, firstDay }: Moment,
  declared: ReadonlySet<string>,
  asked: string | undefined,
): Promise<string[]> {
  const fromMs = calendar.startOfDay(Math.max(firstDay, day - UNDECLARED_DAYS));
  if (fromMs >= untilMs || (asked !== undefined && declared.has(asked))) return [];
  const span = { fromMs, toMs: calendar.startOfDay(calendar.dayOf(untilMs - 1) + 1) };
  const found = await usage.values({ key: 'scope', span, limit: declared.size + MAX_UNDECLARED });
  return found
    .map(({ value }) => value)
    .filter((name) => !declared.has(name) && (asked ?? name) === name)
    .slice(0, MAX_UNDECLARED);
}
