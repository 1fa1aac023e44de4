import { formatDay, HOUR_MS, MINUTE_MS } from '../domain/calendar.ts';
import type { PoolState, ScopeState } from '../domain/scope-state.ts';
import type { MeterStep } from '../domain/usage.ts';
import { formatCount, formatCredits } from '../report/format.ts';
import { describeRunOut, toInnerCase } from '../report/scope-words.ts';
import { formatQuestion } from '../slack/command/format-question.ts';
import type { Alert } from '../store/alert-repository.ts';
import {
  type AlertFacts,
  type AlertWords,
  type Candidate,
  isMuted,
  readForAnHour,
  type Watch,
} from './alert-claims.ts';
import {
  findConversation,
  formatHoursOf,
  formatWho,
  LATE_MS,
  listSubjects,
  toDays,
  toPeriodKey,
} from './alert-subjects.ts';
import { describeLeft, listLater } from './level-words.ts';

/** Tells, in the thread of a pool that ran empty, which one goes on; where its level says so already, not once more. */
export const SWITCHES: Watch = {
  kind: 'switch',
  async list(context) {
    const found = listSubjects(context.states).map(async ({ scope, pool, subject }): Promise<Candidate[]> => {
      const next = findNext(scope, pool);
      const tellsLevel =
        context.isOn('level') && !isMuted(context.mutes, { kind: 'level', subject, scope: scope.scope });
      if (next === undefined || (tellsLevel && pool.reached.includes(100))) return [];
      const thread = await findConversation(context.db, scope, pool);
      if (!thread) return [];
      const who = formatWho(toDays(context, pool), scope.scope);
      return [
        {
          ...{ key: `switch:${subject}:${thread.period}`, subject: `switch of ${subject}`, period: thread.period },
          ...{ thread, tell: () => ({ ...toSwitchWords(scope, pool, next), who }) },
        },
      ];
    });
    return (await Promise.all(found)).flat();
  },
  now(alert, facts) {
    const { scope, pool } = findRunning(alert, facts) ?? {};
    const next = scope && pool && findNext(scope, pool);
    return next !== undefined && scope?.current?.name === next ? toSwitchWords(scope, pool!, next) : undefined;
  },
};

/** The pool that took over from one that ran empty. */
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

/** Tells that a pool will be empty before its reset at the usual rate: once per period, in the pool's thread. */
export const RUN_OUTS: Watch = {
  kind: 'run-out',
  list({ states, calendar }) {
    return listSubjects(states).flatMap(({ scope, pool, subject }) => {
      const words =
        scope.pools.includes(pool) && pool.periodKind !== 'rolling-24h' && toRunOutWords(scope, pool, calendar.zone);
      if (!words) return [];
      const period = toPeriodKey(pool.period);
      const key = `run-out:${subject}:${period}`;
      return [{ key, subject: `run-out of ${subject}`, period, thread: { subject, period }, tell: () => words }];
    });
  },
  now(alert, facts) {
    const found = findRunning(alert, facts);
    return found && toRunOutWords(found.scope, found.pool, facts.calendar.zone);
  },
};

function toRunOutWords(scope: ScopeState, pool: PoolState, zone: string): AlertWords | undefined {
  const { runOut } = pool;
  if (!runOut || pool.level === 'exhausted') return undefined;
  return {
    sign: '🟠',
    title: `${scope.title} will run out of ${toInnerCase(pool.name)} before the reset`,
    lines: [`It ${describeRunOut(runOut, zone)} (${zone}): ${runOut.arithmetic}.`],
    ...{ scope: scope.scope, pool: pool.name, chart: formatQuestion({ report: 'pool', scope: scope.scope }) },
  };
}

/** Finds the pool that an alert was told of, where the period of then is running. */
function findRunning(
  { content, period }: Alert,
  { states }: AlertFacts,
): { scope: ScopeState; pool: PoolState } | undefined {
  const scope = states.find((state) => state.scope === content.scope);
  const pool = scope?.pools.find(({ name }) => name === content.pool);
  const isRunning = pool && (pool.periodKind === 'rolling-24h' || toPeriodKey(pool.period) === period);
  return isRunning ? { scope: scope!, pool } : undefined;
}

/** Tells that a scope's calls in one minute reached its rate limit: once an hour, in the thread of the pool that is drawn from. */
export const RATES: Watch = {
  kind: 'rate',
  async list({ db, usage, calendar, nowMs, states }) {
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
      const filters = [{ key: 'scope' as const, patterns: [scope], not: false }];
      candidates.push({
        ...{ key: `rate:${scope}:${hour}`, subject: `rate of ${scope}`, period: hour },
        thread: current && (await findConversation(db, state, current)),
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
