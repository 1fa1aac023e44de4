import { type Calendar, capitalise, DAY_MS, firstDayOf, monthOf } from '../domain/calendar.ts';
import type { Thousandths } from '../domain/event.ts';
import { resolveBalance } from '../domain/ranges.ts';
import type { PoolReport, Question } from '../domain/report.ts';
import { LEVELS, type PoolState, type ScopeState } from '../domain/scope-state.ts';
import { compareCredits, sumCredits } from '../domain/thousandths.ts';
import {
  countOf,
  creditsOf,
  formatCredits,
  formatDate,
  formatMoment,
  formatMonthName,
  formatPercent,
  joinWords,
} from './format.ts';
import { openInquiry, type ReporterDeps, toHead } from './inquiry.ts';
import { findPools } from './known-names.ts';
import { noteBalanceCorrections } from './notes.ts';
import { getScopeStates } from './scope-states.ts';
import {
  checkSuppose,
  describeOutlook,
  describeReset,
  describeRunOutOf,
  describeScopes,
  formatPace,
  isOver,
  LEVEL_SIGNS,
  listScopeSentences,
  noteSuppose,
  toInnerCase,
  toLimitSentence,
  unknownScope,
  worstLevelOf,
} from './scope-words.ts';
import { buildTable } from './table.ts';

/**
 * Reports balances of each scope's pools and limits (or of the scope or pool asked for), now or at the end of a day or range: used
 * and left in draw order, how the amount adds up, the month's overage, and when it runs out. With `suppose`, as it would be with
 * other quantities. Throws QuestionError for an unknown scope.
 */
export async function reportPool(deps: ReporterDeps, question: Question, nowMs: number): Promise<PoolReport> {
  const opened = await openInquiry(deps, { ...question, filters: [], range: undefined }, nowMs, 'today');
  const range =
    question.range === undefined
      ? undefined
      : resolveBalance(question.range, nowMs, deps.calendar, opened.extent?.firstDay);
  const inquiry = { ...opened, range: range ?? opened.range };
  const atMs = range === undefined ? nowMs : Math.min(nowMs, range.toMs);
  const { scope: asked, suppose } = question;
  const { scopes } = inquiry.definitions;
  const named = asked === undefined || scopes.some(({ name }) => name === asked) ? [] : findPools(asked, scopes);
  const scope = named.length > 1 ? undefined : (named[0]?.scope.name ?? asked);
  checkSuppose({ ...question, scope }, inquiry.definitions);
  const all = await getScopeStates(deps, { atMs, nowMs, scope, suppose });
  const states = named.length === 0 ? all : all.flatMap((state) => pickPool(state, named));
  if (asked !== undefined && states.length === 0) throw unknownScope(asked, inquiry.definitions, 'pool');
  const corrected = await noteBalanceCorrections(deps, states, atMs < nowMs ? atMs : nowMs + 1);

  const bare = states.filter(({ pools, limits }) => pools.length + limits.length === 0);
  return {
    ...toHead({ ...inquiry, question }, [], {
      title: named[0]?.pool ?? (states.length === 1 ? `Pools of ${states[0]!.title}` : 'Pools'),
      finding: describe(),
      notes: [
        ...noteSuppose(suppose),
        ...(suppose ? ['Calculated as if this had always applied.'] : []),
        ...corrected,
        // If no scope has a pool, the finding says so.
        ...(bare.length < states.length ? bare.map(({ title }) => `${title} has no pool yet.`) : []),
      ],
    }),
    kind: 'pool',
    scopes: states,
    table: toPoolTable(states),
  };

  function describe(): string {
    const { calendar } = deps;
    // A question about a limit alone gets no forecast.
    const isForetold = named.length === 0 || states.some(({ pools }) => pools.length > 0);
    const { focus } = question;
    if (isForetold && (focus === 'run-out' || focus === 'lasts' || focus === 'when'))
      return describeOutlook(states.map(toTitled), nowMs, calendar, focus);
    if (focus === 'resets') return describeResets(states.map(toTitled), nowMs, calendar);
    const isOfPool = named.length > 0 && states.every(({ pools }) => pools.length > 0);
    if (focus === 'overage') return describeOverage(states, atMs, calendar, isOfPool);
    // A number was asked for, not yes or no.
    if (focus === 'overage-sum')
      return capitalise(describeOverage(states, atMs, calendar, isOfPool).replace(/^(Yes|No): /, ''));
    if (focus === 'month-end') return describeMonthEnd(states, nowMs, calendar);
    if (focus === 'fullest' || focus === 'emptiest') return describeExtreme(states, focus);
    const side = focus === 'used-first' ? 'used' : 'left';
    const unknown = focus === 'when' ? 'Not known: a limit has no forecast. ' : '';
    if (atMs < nowMs) {
      const end = range?.timed
        ? formatMoment(atMs, calendar.zone)
        : `the end of ${formatDate(calendar.dayOf(atMs - 1))}`;
      return describeBalanceThen(states, side, end);
    }
    if (question.range === 'today' && named.length === 0) return describeDaily(states, side);
    const outlook = states.length === 1 && named.length === 0 ? describeRunOutOf(states[0]!, nowMs, calendar) : [];
    return [`${unknown}${describeBalance(states, side)}`, ...outlook].join(' ');
  }

  /** For a question about one pool, names the pool instead of its scope. */
  function toTitled(state: ScopeState): ScopeState {
    return named.length === 0 ? state : { ...state, title: `${named[0]!.pool} of ${state.title}` };
  }
}

/** Builds the chart of an alert: a scope's pools at the instant of the alert, with its words. */
export function reportTold(
  state: ScopeState,
  { finding, atMs, zone }: { finding: string; atMs: number; zone: string },
): PoolReport {
  return {
    ...{ kind: 'pool', scopes: [state], table: toPoolTable([state]), finding, zone, asOfMs: atMs },
    ...{ title: `Pools of ${state.title}`, filters: [], notes: [] },
    question: { report: 'pool', scope: state.scope },
  };
}

/** Reduces a scope to the named pool or limit; empty for scopes without it. */
function pickPool(state: ScopeState, named: ReturnType<typeof findPools>): ScopeState[] {
  const found = named.find(({ scope }) => scope.name === state.scope)?.pool;
  const [pools, limits] = [state.pools, state.limits].map((all) => all.filter(({ name }) => name === found));
  const [only] = [...pools!, ...limits!];
  if (!only) return [];
  const { current: _current, ...rest } = state;
  const exhaustions = state.exhaustions.filter((each) => each.pool === only.name);
  const told = { ...rest, ...(pools!.length > 0 && { current: only }), level: only.level };
  return [{ ...told, pools: pools!, limits: limits!, restLeft: 0, restCount: 0, overage: 0, exhaustions }];
}

/** A row of the table: a pool, a limit, or credits of the month that no pool covered. */
export interface PoolRow {
  scope: string;
  title: string;
  sort: 'pool' | 'limit' | 'overage' | 'used';
  name: string;
  used: Thousandths;
  pool?: PoolState;
}

export function listPoolRows(scopes: PoolReport['scopes']): PoolRow[] {
  return scopes.flatMap(({ scope, title, pools, limits, overage }): PoolRow[] => {
    const [sort, name] = pools.length > 0 ? (['overage', 'Overage'] as const) : (['used', 'Used'] as const);
    const rowOf = (sort: 'pool' | 'limit') => (pool: PoolState) => ({
      ...{ scope, title, sort, name: pool.name, used: pool.used, pool },
    });
    return [
      ...pools.map(rowOf('pool')),
      ...limits.map(rowOf('limit')),
      ...(overage > 0 ? [{ scope, title, sort, name, used: overage }] : []),
    ];
  });
}

function toPoolTable(states: readonly ScopeState[]): PoolReport['table'] {
  const rows = listPoolRows(states);
  const isForetold = rows.some(({ pool }) => pool?.runOut);
  const nameOf = ({ title, name }: PoolRow) => (states.length === 1 ? name : `${title}: ${name}`);
  return buildTable(rows, [
    { key: 'scope', label: 'Scope', type: 'text', csvOnly: true, cell: ({ scope }) => scope },
    { key: 'pool', label: 'Pool', type: 'text', csvOnly: true, cell: ({ name }) => name },
    { key: 'sort', label: 'Sort', type: 'text', csvOnly: true, cell: ({ sort }) => sort },
    { key: 'used', label: 'Used', type: 'credits', cell: ({ used }) => used },
    { key: 'amount', label: 'Amount', type: 'credits', cell: ({ pool }) => pool?.amount },
    { key: 'left', label: 'Left', type: 'credits', cell: ({ pool }) => pool?.left },
    { key: 'used_percent', label: '%', type: 'percent', cell: ({ pool }) => pool?.percent },
    {
      key: 'level',
      label: 'Level',
      type: 'text',
      cell: ({ pool, sort }) => pool?.level ?? (sort === 'overage' ? 'over' : null),
    },
    { key: 'period', label: 'Period', type: 'text', cell: ({ pool }) => (pool ? pool.period.label : 'month') },
    { key: 'pace', label: 'Pace', type: 'text', shownOnly: true, cell: ({ pool }) => describePace(pool?.burnRate) },
    { key: 'arithmetic', label: 'Formula', type: 'text', cell: ({ pool }) => pool?.arithmetic },
    { key: 'burn_rate', label: 'Burn rate', type: 'count', csvOnly: true, cell: ({ pool }) => pool?.burnRate },
    ...[
      { key: 'runs_out_earliest', label: 'Runs out', cell: ({ pool }: PoolRow) => pool?.runOut?.earliestMs },
      { key: 'runs_out_latest', label: 'At the latest', cell: ({ pool }: PoolRow) => pool?.runOut?.latestMs },
    ].map((column) => ({ ...column, type: 'time' as const, csvOnly: !isForetold })),
    { key: 'name', label: 'Pool', type: 'text', shownOnly: true, name: true, cell: nameOf },
  ]);
}

/** Compares how fast a pool is used with how fast its period goes by: `8% too fast`, `4.1× too fast`, `on track`. */
function describePace(burnRate: number | undefined): string | undefined {
  if (burnRate === undefined) return undefined;
  if (burnRate >= 2) return `${burnRate.toFixed(1)}× too fast`;
  const excess = Math.round((burnRate - 1) * 100);
  return excess > 0 ? `${excess}% too fast` : 'on track';
}

/** How many scopes a sentence tells the balance of. */
const MOST_TOLD = 4;

/** The number that a sentence about a balance begins with. */
type Side = 'left' | 'used';

/**
 * `🔵 Public API has 27,944 of 68,000 left in its monthly plan (58.9% used).`, or `… has used 40,056 of the 68,000 in its monthly plan
 * (58.9%), 27,944 left.` Of several scopes the fullest comes first.
 */
export function describeBalance(states: readonly ScopeState[], side: Side): string {
  const scopes = listTightest(states);
  const isCalm = scopes.every(({ level }) => level !== 'exhausted') && !states.some(isOver);
  if (scopes.length === 0 || (states.length === 1 && !isCalm)) return describeScopes(states);
  if (states.length === 1) return describeOne(scopes[0]!, side, 'has');
  const isFine = scopes.flatMap(listScopeSentences).every(({ weight }) => weight === 0);
  return `${isFine ? LEVEL_SIGNS.healthy : describeScopes(states)} Credits ${side}: ${listSides(scopes, side)}.`;
}

/** Says the balance of a past instant: `🔵 Public API had 25,715 of 68,000 left in its monthly plan at the end of 31 Oct 2026 …`. */
export function describeBalanceThen(states: readonly ScopeState[], side: Side, when: string): string {
  const scopes = listTightest(states);
  if (scopes.length === 0) return describeScopes(states);
  const over = states.filter(isOver).map(({ title, overage }) => `${title} by ${creditsOf(overage)}`);
  const gone = over.length > 0 ? ` Over the allowance in that month: ${joinWords(over)}.` : '';
  if (states.length === 1) return `${describeOne(scopes[0]!, side, 'had', ` at ${when}`)}${gone}`;
  const worst = LEVELS.findLast((level) => scopes.some((scope) => worstLevelOf(scope) === level))!;
  return `${LEVEL_SIGNS[worst]} Credits ${side} at ${when}: ${listSides(scopes, side)}.${gone}`;
}

/** `Public API resets on 1 Dec; CRM API has no reset: it counts the last 24 hours.` */
export function describeResets(states: readonly ScopeState[], nowMs: number, calendar: Calendar): string {
  const told = states
    .flatMap(({ title, pools, limits }) => {
      const all = pools.length > 0 ? pools : limits;
      const fixed = all.filter(({ periodKind }) => periodKind !== 'rolling-24h');
      const ends = fixed.map(
        (pool) => `${describeReset(pool, nowMs, calendar)}${all.length > 1 ? ` (${pool.name})` : ''}`,
      );
      const atMs = Math.min(...fixed.map(({ period }) => period.toMs));
      if (all.length === 0) return [];
      return [
        { atMs, text: `${title} ${ends.length > 0 ? joinWords(ends) : 'has no reset: it counts the last 24 hours'}` },
      ];
    })
    .toSorted((a, b) => a.atMs - b.atMs);
  return told.length > 0 ? `${told.map(({ text }) => text).join('; ')}.` : describeScopes(states);
}

/**
 * `No: nothing went over its allowance in Nov 2026.` `atMs`: the instant of the states. Pools that ran out in their periods are named
 * too. `isOfPool`: each state holds one pool, which ran out or did not.
 */
export function describeOverage(
  states: readonly ScopeState[],
  atMs: number,
  calendar: Calendar,
  isOfPool = false,
): string {
  const ranOut = states.flatMap(({ title, exhaustions }) =>
    exhaustions.map((each) => `${each.pool} of ${title} ran out on ${formatDate(calendar.dayOf(each.atMs))}.`),
  );
  if (isOfPool) {
    const kept = states.flatMap(({ title, pools: [pool] }) =>
      pool && pool.left > 0
        ? [`${pool.name} of ${title} had ${formatCredits(pool.left)} of ${formatCredits(pool.amount)} left.`]
        : [],
    );
    return `${ranOut.length > 0 ? 'Yes' : 'No'}: ${[...ranOut, ...kept].join(' ')}`;
  }
  const month = formatMonthName(calendar.dayOf(atMs - 1));
  const over = states.filter(isOver).toSorted((a, b) => compareCredits(b.overage, a.overage));
  const limits = states.flatMap((state) =>
    state.limits.filter(({ used, amount }) => used > amount).map((limit) => toLimitSentence(state, limit).text),
  );
  const told = over.map(({ title, overage }) => `${title} went ${creditsOf(overage)} over its allowance`);
  if (told.length > 0) return [`Yes: ${joinWords(told)} in ${month}.`, ...limits].join(' ');
  if (limits.length > 0) return `Yes: ${limits.join(' ')}`;
  const [only] = states;
  const none = states.length === 1 ? `${only!.title} did not go` : 'nothing went';
  return [`No: ${none} over its allowance in ${month}.`, ...ranOut].join(' ');
}

/**
 * Says what the pools and limits of a day, or of the last 24 hours, have left, and which scopes have none. A scope whose other pools
 * have less left is said too, because these run out first.
 */
function describeDaily(states: readonly ScopeState[], side: Side): string {
  const isDaily = ({ periodKind }: PoolState) => periodKind === 'day' || periodKind === 'rolling-24h';
  const daily = states.flatMap((state) => {
    const [pools, limits] = [state.pools.filter(isDaily), state.limits.filter(isDaily)];
    const { current, ...rest } = state;
    const picked = {
      ...rest,
      pools,
      limits,
      restLeft: 0,
      restCount: 0,
      ...(current && isDaily(current) && { current }),
    };
    return pools.length + limits.length > 0 ? [picked] : [];
  });
  const without = states.filter(({ scope }) => !daily.some((each) => each.scope === scope)).map(({ title }) => title);
  const none =
    without.length > 0 ? `${joinWords(without)} ${without.length === 1 ? 'has' : 'have'} no daily pool or limit.` : '';
  if (daily.length === 0) return `${none} ${describeBalance(states, side)}`;
  const scarce = states.flatMap(({ scope, title, pools }) => {
    const own = daily.find((each) => each.scope === scope);
    const left = sumCredits(pools.map((pool) => pool.left));
    const isLess = own && [...own.pools, ...own.limits].every((pool) => compareCredits(left, pool.left) < 0);
    return isLess && pools.length > 0 ? [`${title} has only ${formatCredits(left)} left in its pools.`] : [];
  });
  return [describeBalance(daily, side), ...scarce, none].filter(Boolean).join(' ');
}

/** Says which pool or limit is closest to its amount, or has the largest share left: `Daily credits of CRM API: 73.0% used, …`. */
export function describeExtreme(states: readonly ScopeState[], asked: 'fullest' | 'emptiest'): string {
  const all = states.flatMap(({ title, current, limits }) =>
    [...(current ? [current] : []), ...limits].map((pool) => ({ title, pool })),
  );
  const [first, ...rest] = all.toSorted(
    (a, b) =>
      (b.pool.percent - a.pool.percent) * (asked === 'fullest' ? 1 : -1) || compareCredits(b.pool.left, a.pool.left),
  );
  if (!first) return describeScopes(states);
  const tell = ({ title, pool }: typeof first) =>
    `${pool.name} of ${title}: ${formatPercent(pool.percent, pool.thresholds)} used, ${formatCredits(pool.left)} of ${formatCredits(pool.amount)} left`;
  const [more] = rest
    .filter(({ pool }) => pool.left > first.pool.left)
    .toSorted((a, b) => compareCredits(b.pool.left, a.pool.left));
  const also = asked === 'emptiest' && more ? ` The most credits: ${tell(more)}.` : '';
  return `${LEVEL_SIGNS[first.pool.level]} ${tell(first)}.${also}`;
}

/** `Public API is likely to have 26,000–26,100 left at the end of the month, at the usual 1,380–1,444 a day.` */
export function describeMonthEnd(states: readonly ScopeState[], nowMs: number, calendar: Calendar): string {
  const endMs = calendar.startOfDay(firstDayOf(monthOf(calendar.dayOf(nowMs)) + 1));
  const told = states
    .filter(({ pools }) => pools.length > 0)
    .map(({ title, pools }) => {
      const left = sumCredits(pools.map((pool) => pool.left));
      const pace = pools.findLast((pool) => pool.left > 0)?.pace ?? pools.at(-1)!.pace;
      const isKnown = pools.some(({ drawnNow }) => drawnNow) && pools.every(({ period }) => period.toMs >= endMs);
      if (!pace || !isKnown)
        return `${title} has ${formatCredits(left)} left now, and at the end of the month that is not known`;
      const after = (perDay: number) => Math.max(0, Math.round(Number(left) - (perDay * (endMs - nowMs)) / DAY_MS));
      const likely = formatPace({ slower: after(pace.quicker), quicker: after(pace.slower) });
      return `${title} is likely to have ${likely} left at the end of the month, at the usual ${formatPace(pace)} a day`;
    });
  return told.length > 0 ? `${told.join('; ')}.` : describeScopes(states);
}

type Tightest = ScopeState & { pool: PoolState };

/** Lists scopes with their fullest pool or limit, fullest first. Of the pools, only the one drawn from counts. */
function listTightest(states: readonly ScopeState[]): Tightest[] {
  return states
    .flatMap((state) => {
      const pools = [...(state.current ? [state.current] : []), ...state.limits];
      return pools.length > 0
        ? [{ ...state, pool: pools.reduce((most, pool) => (pool.percent > most.percent ? pool : most)) }]
        : [];
    })
    .toSorted((a, b) => b.pool.percent - a.pool.percent);
}

function describeOne(state: Tightest, side: Side, has: 'has' | 'had', when = ''): string {
  const { title, current, limits, restCount, restLeft } = state;
  const pool = current ?? state.pool;
  const [used, left, amount] = [pool.used, pool.left, pool.amount].map(formatCredits);
  const name = `its ${pool === current ? toInnerCase(pool.name) : `limit ${pool.name}`}`;
  const percent = formatPercent(pool.percent, pool.thresholds);
  const rest = restCount > 0 ? `, and ${formatCredits(restLeft)} in ${countOf(restCount, 'other pool')}` : '';
  const near = limits
    .filter((limit) => limit.level !== 'healthy' && limit !== pool)
    .map((limit) => ` ${formatCredits(limit.left)} of ${formatCredits(limit.amount)} left in its limit ${limit.name}.`);
  const counts =
    side === 'left'
      ? `${left} of ${amount} left in ${name}${when} (${percent} used)`
      : `used ${used} of the ${amount} in ${name}${when} (${percent}), ${left} left`;
  return `${LEVEL_SIGNS[worstLevelOf(state)]} ${title} ${has} ${counts}${rest}.${near.join('')}`;
}

function listSides(scopes: readonly Tightest[], side: Side): string {
  const shown = scopes.slice(0, MOST_TOLD).map(({ title, pool, pools, current, restCount, restLeft }) => {
    const counts = `${formatCredits(pool[side])} of ${formatCredits(pool.amount)}`;
    // In a stack of several pools, use is of one pool, so name it.
    const isPlain = pool === current && (side === 'left' || pools.length === 1);
    if (side === 'used') {
      const share = formatPercent(pool.percent, pool.thresholds);
      return `${title} ${share} (${counts}${isPlain ? '' : `, ${pool.name}`})`;
    }
    const rest =
      pool === current && restCount > 0 ? ` and ${formatCredits(restLeft)} in ${countOf(restCount, 'other pool')}` : '';
    return `${title} ${counts}${isPlain ? '' : ` (${pool.name})`}${rest}`;
  });
  const more = scopes.length > MOST_TOLD ? `, and ${countOf(scopes.length - MOST_TOLD, 'other')}` : '';
  return `${shown.join('; ')}${more}`;
}
