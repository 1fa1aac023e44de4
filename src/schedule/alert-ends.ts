import type { ScopeState } from '../domain/scope-state.ts';
import type { SourceHealth } from '../domain/source-health.ts';
import { type Alert, listOpenAlerts, markAlertsOver } from '../store/alert-repository.ts';
import { transact } from '../store/database.ts';
import type { EvaluationContext } from './alert-claims.ts';
import { findPeriod, subjectOf } from './alert-subjects.ts';
import { putAlertEvent } from './webhook-events.ts';

/**
 * Ends alerts whose reason is gone: a pool whose period or episode ended, that has a larger amount, or is no longer declared;
 * a source that sends again. The others tell of a moment, and never end.
 */
export async function endAlerts(
  context: EvaluationContext,
  states: readonly ScopeState[],
  sources: readonly SourceHealth[],
): Promise<void> {
  const { db, nowMs, webhook } = context;
  const pools = new Map(
    states.flatMap((scope) => [...scope.pools, ...scope.limits].map((pool) => [subjectOf(scope, pool), pool] as const)),
  );
  const isOver = async ({ kind, subject, period }: Alert): Promise<boolean> => {
    if (kind === 'silent')
      return sources.find(({ name }) => `source ${name}` === subject)?.lastReceivedMs !== Number(period);
    const pool = pools.get(subject);
    if (!pool || (await findPeriod(db, subject, pool)) !== period) return true;
    return pool.periodKind !== 'rolling-24h' && pool.reached.length === 0;
  };
  for (const alert of await listOpenAlerts(db)) {
    if (!(await isOver(alert))) continue;
    await transact(db, async (trx) => {
      if ((await markAlertsOver(trx, alert, nowMs)) && webhook)
        await putAlertEvent(trx, { type: 'alert.over', conversation: alert, content: alert.content }, nowMs);
    });
  }
}
