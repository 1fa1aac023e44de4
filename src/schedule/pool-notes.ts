import { formatDay, HOUR_MS, MINUTE_MS } from '../domain/calendar.ts';
import type { PoolState, ScopeState } from '../domain/scope-state.ts';
import type { MeterStep } from '../domain/usage.ts';
import { formatCount, formatCredits } from '../report/format.ts';
import { describeRunOut, formatPace, toInnerCase } from '../report/scope-words.ts';
import { formatQuestion } from '../slack/command/format-question.ts';
import {
  type AlertWords,
  type Candidate,
  findPool,
  formatHoursOf,
  formatWho,
  LATE_MS,
  readForAnHour,
  toDays,
  type Watch,
} from './alert-claims.ts';
import { describeLeft, listLater } from './level-words.ts';

/** Says, in the thread of a pool that ran empty, which pool takes over, unless the alert about its level says so already. */
export const SWITCHES: Watch = {
  kind: 'switch',
  list: (context) =>
    context.pools.flatMap(({ scope: state, pool, subject, period }) => {
      const { scope } = state;
      const next = findNext(state, pool);
      if (next === undefined || period === undefined) return [];
      if (pool.reached.includes(100) && context.isTold('level', { subject, scope })) return [];
      const who = formatWho(toDays(context, pool), scope);
      return {
        ...{ key: `switch:${subject}:${period}`, subject: `switch of ${subject}`, period, scope },
        ...{ thread: { subject, period }, tell: () => ({ ...toSwitchWords(state, pool, next), who }) },
      };
    }),
  now(alert, facts) {
    const { scope, pool } = findPool(alert, facts) ?? {};
    const next = scope && findNext(scope, pool!);
    return next !== undefined && scope?.current?.name === next ? toSwitchWords(scope, pool!, next) : undefined;
  },
};

/** Finds the pool that took over from one that ran empty. */
function findNext({ pools, exhaustions }: ScopeState, pool: PoolState): string | undefined {
  return pools.includes(pool) ? exhaustions.find((one) => one.pool === pool.name)?.next : undefined;
}

function toSwitchWords(scope: ScopeState, pool: PoolState, next: string): AlertWords {
  const later = listLater(scope, pool).find(({ name }) => name === next);
  return {
    sign: '🔵',
    title: `${scope.title}: ${toInnerCase(pool.name)} used up (${formatCredits(pool.amount)})`,
    lines: [`Calls now draw from the ${later ? describeLeft(later) : toInnerCase(next)}. Nothing is blocked.`],
    ...{ scope: scope.scope, pool: pool.name },
  };
}

/** Alerts when a pool will be empty before its reset at the usual pace: once per period, in the pool's thread. */
export const RUN_OUTS: Watch = {
  kind: 'run-out',
  list: ({ pools, calendar }) =>
    pools.flatMap(({ scope, pool, subject, period }) => {
      const words = toRunOutWords(scope, pool, calendar.zone);
      if (!words || period === undefined) return [];
      const [key, about] = [`run-out:${subject}:${period}`, `run-out of ${subject}`];
      return { key, subject: about, period, scope: scope.scope, thread: { subject, period }, tell: () => words };
    }),
  now(alert, facts) {
    const found = findPool(alert, facts);
    return found && toRunOutWords(found.scope, found.pool, facts.calendar.zone);
  },
};

function toRunOutWords(scope: ScopeState, pool: PoolState, zone: string): AlertWords | undefined {
  const { runOut, pace, periodKind, level } = pool;
  const [next] = listLater(scope, pool);
  if (!runOut || level === 'exhausted' || periodKind === 'rolling-24h' || !scope.pools.includes(pool)) return undefined;
  return {
    sign: '🟠',
    title: `${scope.title} ${runOut.latestMs === undefined ? 'may' : 'will'} run out of ${toInnerCase(pool.name)} before ${periodKind === 'once' ? 'it ends' : 'the reset'}`,
    lines: [
      `It ${describeRunOut(runOut, zone)} (${zone})${pace ? `, at the usual ${formatPace(pace)} a day` : ''}.`,
      ...(next ? [`Next: the ${describeLeft(next)}.`] : []),
    ],
    ...{ scope: scope.scope, pool: pool.name, chart: formatQuestion({ report: 'pool', scope: scope.scope }) },
  };
}

/** Alerts when a scope's calls in one minute reach its rate limit: once an hour, in the thread of the pool in use. */
export const RATES: Watch = {
  kind: 'rate',
  async list({ usage, calendar, nowMs, states, pools }) {
    const toMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS + MINUTE_MS;
    const candidates: Candidate[] = [];
    for (const state of states) {
      const { scope, current, rateLimitPerMinute: limit } = state;
      if (limit === undefined) continue;
      const steps = await usage.meter({ meter: scope, span: { fromMs: toMs - LATE_MS, toMs }, grain: 'minute' });
      const peak = steps.filter(({ singles }) => singles >= limit).sort((a, b) => b.singles - a.singles)[0];
      if (!peak) continue;
      const hour = new Date(Math.floor(peak.startMs / HOUR_MS) * HOUR_MS).toISOString();
      const fromMs = calendar.startOfHour(peak.startMs);
      const day = formatDay(calendar.dayOf(peak.startMs));
      const drawn = pools.find(({ pool }) => pool === current);
      const filters = [{ key: 'scope' as const, patterns: [scope], not: false }];
      candidates.push({
        ...{ key: `rate:${scope}:${hour}`, subject: `rate of ${scope}`, period: hour, scope },
        thread: drawn?.period === undefined ? undefined : { subject: drawn.subject, period: drawn.period },
        tell: () => ({
          ...toRateWords(state, peak, limit),
          who: formatWho(formatHoursOf(calendar, { fromMs, toMs: fromMs + HOUR_MS }), scope),
          chart: formatQuestion({ report: 'day', range: day, filters }),
        }),
      });
    }
    return candidates;
  },
  now: readForAnHour,
};

function toRateWords({ scope, title }: ScopeState, { startMs, singles }: MeterStep, limit: number): AlertWords {
  return {
    sign: '🟠',
    title: `${title} reached its rate limit`,
    lines: [
      [`${formatCount(singles)} calls in the minute of `, { atMs: startMs }, `; ${formatCount(limit)} are allowed.`],
      'Spread calls evenly, cache what repeats, and back off after a 429.',
    ],
    scope,
  };
}
