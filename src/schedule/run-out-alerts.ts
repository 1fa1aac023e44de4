import type { AlertContent } from '../domain/alert.ts';
import type { PoolState, ScopeState } from '../domain/scope-state.ts';
import { describeRunOut, toInnerCase } from '../report/scope-words.ts';
import { type EvaluationContext, formatPools, raiseAlert, subjectOf, toPeriodKey } from './alert-claims.ts';

/** Tells that a pool will be empty before its reset at the usual rate: once per period, in the pool's thread. */
export async function evaluateRunOut(context: EvaluationContext, states: readonly ScopeState[]): Promise<void> {
  if (!context.isOn('run-out')) return;
  for (const state of states) {
    for (const pool of state.pools) {
      if (!pool.runOut || pool.level === 'exhausted' || pool.periodKind === 'rolling-24h') continue;
      const subject = subjectOf(state, pool);
      const period = toPeriodKey(pool.period);
      await raiseAlert(context, {
        key: `run-out:${subject}:${period}`,
        kind: 'run-out',
        subject: `run-out of ${subject}`,
        period,
        note: { subject, period },
        content: {
          kind: 'run-out',
          ...toRunOutWords(state, pool, pool.runOut, context.calendar.zone),
          mention: false,
          scope: state.scope,
          pool: pool.name,
          chart: formatPools(state.scope),
        },
      });
    }
  }
}

/** Words for a pool that will run out, by its present forecast. */
export function toRunOutWords(
  scope: ScopeState,
  pool: PoolState,
  runOut: NonNullable<PoolState['runOut']>,
  zone: string,
): Pick<AlertContent, 'sign' | 'title' | 'lines'> {
  return {
    sign: '🟠',
    title: `${scope.title} will run out of ${toInnerCase(pool.name)} before the reset`,
    lines: [`It ${describeRunOut(runOut, zone)} (${zone}): ${runOut.arithmetic}.`],
  };
}
