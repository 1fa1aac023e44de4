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
  type Standing,
  sumWithin,
  type UsageStep,
} from '../domain/draw-down.ts';
import type { Thousandths } from '../domain/event.ts';
import { burnRate, type Pace } from '../domain/forecast.ts';
import { formatDays } from '../domain/range.ts';
import { limitMeter } from '../domain/rules.ts';
import { levelOf, listReached, type PoolState, type ScopeState } from '../domain/scope-state.ts';
import { addCredits, largerOf, ratioOf, smallerOf, subtractCredits, sumCredits } from '../domain/thousandths.ts';
import type { UsageReader } from '../domain/usage.ts';
import { findRunOuts, loadPace, loadPoolUsage } from './pool-usage.ts';
import { findPresentPace } from './present-pace.ts';

export interface PoolDeps {
  usage: UsageReader;
  definitions: () => Promise<Definitions>;
  calendar: Calendar;
}

export interface ScopeQuery {
  /** Balances just before this instant; `now` counts all of the running day, also what a sender's clock puts ahead. */
  atMs: number;
  /** Absent: `atMs` is now. */
  nowMs?: number;
  /** Absent: every declared scope, and those that senders use without. */
  scope?: string;
  /** Quantities of grants by name, for a what-if. */
  suppose?: Readonly<Record<string, number>>;
  /**
   * Leave out scopes that nobody declared, and compute forecasts only where they are asked for: for rules that run every
   * second.
   */
  plain?: boolean;
}

/** Scopes that senders use without a declaration are looked for this far back. */
const UNDECLARED_DAYS = 62;
const MAX_UNDECLARED = 20;

/**
 * Returns the state of each scope, in the order of the file, then undeclared ones by use. A scope whose last pool ended
 * before that day, and a name that nothing is known of, are left out.
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

/** One day of a scope: what each pool gave, by name, and what none covered. */
export interface DayOfDraws {
  day: number;
  drawn: ReadonlyMap<string, Thousandths>;
  overage: Thousandths;
  used: Thousandths;
}

/**
 * Returns what was drawn on each of these days (both inclusive), for histories and explanations. `series` are the names of
 * all pools that existed then, in the order of drawing at the end; days without use are left out. Undefined for an
 * undeclared scope.
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
  /** The day that it ends, or lies in. */
  day: number;
  knownDay: number;
  /** Usage before this counts. */
  untilMs: number;
  isNow: boolean;
  firstDay: number;
  /** Corrections may begin before any event. */
  firstMeterDay: number;
  plain: boolean;
}

async function getScopeState(deps: PoolDeps, scope: Scope, moment: Moment): Promise<ScopeState> {
  const { calendar } = deps;
  const monthFromDay = firstDayOf(monthOf(moment.day));
  const shared = scope.limits.filter((limit) => !limit.match);
  const steps = await loadPoolUsage(deps, {
    ...{ meter: scope.name, pools: scope.pools, limits: shared, fromDay: monthFromDay },
    ...{ untilMs: moment.untilMs, firstDay: moment.firstMeterDay },
  });
  const result = drawDown(scope.pools, steps, { calendar, knownDay: moment.knownDay });
  const order = listDrawOrder(scope.pools, moment.atMs, calendar, moment.knownDay);
  const standings = order.map((index) => ({ index, ...weighPool(result, index, moment) }));
  const next = standings.find(({ state }) => state.left > 0)?.state;
  const current = next ?? standings.at(-1)?.state;
  const last = standings.findLast(({ state }) => state.left > 0)?.state ?? standings.at(-1)?.state;
  const foresee = () => forecast(deps, scope, result, standings, moment);
  const forecasts = moment.plain ? [] : await foresee();
  // The last of a stack, drawn from now: when it is empty, the scope has run out.
  const isEnding = next !== undefined && next === last && next.level !== 'healthy' && moment.isNow && !moment.plain;
  const present = isEnding ? await findPresentPace(deps, scope.name, next, moment.atMs) : undefined;
  const pools = standings.map(({ state }, place) => ({
    ...{ ...state, drawnNow: state === next },
    ...(present && state === last ? { present } : {}),
    ...(moment.plain ? { foresee: async () => (await foresee())[place] ?? {} } : forecasts[place]),
  }));
  const limits = await Promise.all(
    scope.limits.map((limit) => getLimitState(deps, scope, limit, limit.match ? undefined : steps, moment)),
  );
  const month = { fromMs: calendar.startOfDay(monthFromDay), toMs: moment.untilMs };
  return {
    scope: scope.name,
    title: scope.title,
    pools,
    limits: limits.filter((limit) => limit !== undefined),
    ...(current ? { current: pools[standings.findIndex(({ state }) => state === current)]! } : {}),
    restLeft: sumCredits(standings.filter(({ state }) => state !== current).map(({ state }) => state.left)),
    restCount: standings.filter(({ state }) => state !== current && state.left > 0).length,
    level: last?.level ?? 'healthy',
    used: sumWithin(result.usage.startsMs, result.usage.credits, month),
    overage: sumWithin(result.usage.startsMs, result.overage, month),
    exhaustions: listExhaustions(result, standings),
    ...(scope.rateLimitPerMinute === undefined ? {} : { rateLimitPerMinute: scope.rateLimitPerMinute }),
    links: scope.links,
  };
}

interface Weighed {
  standing: Standing;
  state: PoolState;
}

function weighPool(result: DrawDown, index: number, moment: Moment): Weighed {
  const { startsMs, credits } = result.usage;
  const { standing, span } = findSpan(result.pools[index]!, startsMs, result.calendar, moment)!;
  const used = addCredits(
    sumWithin(startsMs, result.drawn[index]!, span),
    sumWithin(startsMs, result.over[index]!, span),
  );
  // A pool of nothing gives nothing: whether anything wanted it shows in what was used beside it.
  const wanted = standing.amount > 0 ? used : sumWithin(startsMs, credits, span);
  return { standing, state: toState(result.pools[index]!, standing, used, wanted, moment) };
}

/** Where a pool stands, and the span of steps that its balance is made of. */
function findSpan(
  pool: Pool,
  startsMs: Float64Array,
  calendar: Calendar,
  { atMs, untilMs, isNow, knownDay }: Moment,
): { standing: Standing; span: { fromMs: number; toMs: number } } | undefined {
  // A window ends with the newest step, where a sender's clock put that ahead of now.
  const newestMs = startsMs.at(-1) ?? 0;
  const endMs = isNow && pool.period.kind === 'rolling-24h' ? Math.max(atMs, newestMs + 1) : atMs;
  const standing = findStanding(pool, endMs, calendar, knownDay);
  return standing && { standing, span: { fromMs: standing.period.fromMs, toMs: untilMs } };
}

function toState(
  pool: Pool,
  { amount, period, days }: Standing,
  used: Thousandths,
  wanted: Thousandths,
  { atMs, day, knownDay }: Moment,
): PoolState {
  const lastDay = days ? Math.min(days.toDay - 1, pool.untilDay ?? knownDay, Math.max(knownDay, day)) : day;
  const rate = days && burnRate(used, amount, period, atMs);
  return {
    name: pool.name,
    used,
    amount,
    left: largerOf(0, subtractCredits(amount, used)),
    percent: amount > 0 ? ratioOf(used, amount) * 100 : wanted > 0 ? 100 : 0,
    level: levelOf(amount > 0 ? used : wanted, amount, pool.thresholds),
    thresholds: pool.thresholds,
    period: { ...period, label: days ? formatDays(days.fromDay, days.toDay - 1) : 'last 24 hours' },
    arithmetic: formatArithmetic(versionOn(pool.amounts, lastDay)),
    ...(rate === undefined ? {} : { burnRate: rate }),
    drawnNow: false,
    periodKind: pool.period.kind,
    reached: listReached(amount > 0 ? used : wanted, amount, pool.thresholds),
  };
}

/** Everything that its meter counted in its period; undefined where the limit does not exist then. */
async function getLimitState(
  deps: PoolDeps,
  scope: Scope,
  limit: Limit,
  shared: readonly UsageStep[] | undefined,
  moment: Moment,
): Promise<PoolState | undefined> {
  const { calendar } = deps;
  const meter = shared ? scope.name : limitMeter(scope.name, limit.name);
  const { untilMs, firstMeterDay: firstDay, day: fromDay } = moment;
  if (!findStanding(limit, moment.atMs, calendar, moment.knownDay)) return undefined;
  const steps = shared ?? (await loadPoolUsage(deps, { meter, pools: [limit], fromDay, untilMs, firstDay }));
  const result = drawDown([limit], steps, { calendar, knownDay: moment.knownDay });
  const { startsMs, credits } = result.usage;
  const { standing, span } = findSpan(limit, startsMs, calendar, moment)!;
  const used = sumWithin(startsMs, credits, span);
  const state = {
    ...toState(limit, standing, used, used, moment),
    ...(limit.match ? { match: limit.match } : {}),
  };
  const drawn = smallerOf(used, standing.amount);
  if (!moment.isNow || state.left <= 0) return state;
  const foresee = async () => {
    const pace = await loadPace(deps, meter, moment);
    const [runOut] = findRunOuts(result, [{ index: 0, standing, used: drawn }], moment.atMs, pace);
    return toForecast(runOut, pace);
  };
  return { ...state, ...(moment.plain ? { foresee } : await foresee()) };
}

async function forecast(
  deps: PoolDeps,
  scope: Scope,
  result: DrawDown,
  standings: readonly (Weighed & { index: number })[],
  moment: Moment,
): Promise<Pick<PoolState, 'runOut' | 'pace'>[]> {
  if (!moment.isNow || standings.length === 0) return [];
  const pace = await loadPace(deps, scope.name, moment);
  const places = standings.map(({ index, standing, state }) => ({ index, standing, used: state.used }));
  const runOuts = findRunOuts(result, places, moment.atMs, pace);
  return places.map((_, place) => toForecast(runOuts[place], pace));
}

function toForecast(runOut: PoolState['runOut'], pace: Pace | undefined): Pick<PoolState, 'runOut' | 'pace'> {
  return {
    ...(pace ? { pace: { slower: pace.slowerPerDay, quicker: pace.quickerPerDay } } : {}),
    ...(runOut ? { runOut } : {}),
  };
}

function listExhaustions(
  { pools, exhaustions }: DrawDown,
  standings: readonly (Weighed & { index: number })[],
): ScopeState['exhaustions'] {
  return exhaustions
    .filter(({ pool, atMs }) =>
      standings.some(({ index, standing }) => index === pool && atMs >= standing.period.fromMs),
    )
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
