import type { ScopeState } from '../domain/scope-state.ts';
import type { AlertEvent } from '../messages/alert-message.ts';
import { titleOfMeter } from '../report/scope-words.ts';
import { type Alert, findEpisodeEnd, listOpenAlerts, markAlertsOver } from '../store/alert-repository.ts';
import { transact } from '../store/database.ts';
import { type EvaluationContext, updateParents } from './alert-claims.ts';
import { EPISODE_ENDS_AFTER_MS } from './level-alerts.ts';
import { describeUse } from './level-words.ts';
import { SILENCE } from './silence-alerts.ts';
import { putAlertEvent } from './webhook-events.ts';

/** What an alert's message says once its reason is gone: the state now, and the last entry of its history. */
interface End {
  title: string;
  event: AlertEvent;
  /** Of a pool: what its picture shows now. */
  state?: ScopeState;
}

/**
 * Ends alerts whose reason is gone: a pool whose period or episode ended, that has a larger amount, or is no longer declared;
 * a source that sends again. Their message is edited to say so, which notifies nobody. The others tell of a moment, and never
 * end.
 */
export async function endAlerts(context: EvaluationContext): Promise<void> {
  const { db, nowMs, webhook } = context;
  for (const alert of await listOpenAlerts(db)) {
    const end = await (alert.kind === 'silent' ? findSilenceEnd(alert, context) : findLevelEnd(alert, context));
    if (!end) continue;
    await transact(db, async (trx) => {
      if (!(await markAlertsOver(trx, alert, nowMs))) return;
      const { title, event, state } = end;
      const content = { ...alert.content, sign: '🔵' as const, title, lines: [], mention: false, state };
      await updateParents(trx, alert, { order: { part: 'over', content, event }, nowMs });
      if (webhook) await putAlertEvent(trx, { type: 'alert.over', conversation: alert, content: alert.content }, nowMs);
    });
  }
}

async function findSilenceEnd(alert: Alert, context: EvaluationContext): Promise<End | undefined> {
  if (await SILENCE.now(alert, context)) return undefined;
  const source = (await context.sources()).find(({ name }) => alert.subject === `source ${name}`);
  const { nowMs } = context;
  if (!source) return { title: `${alert.content.title}: removed`, event: { what: 'removed', atMs: nowMs } };
  const atMs = source.lastReceivedMs ?? nowMs;
  return { title: `Source ${source.name} sends again`, event: { what: 'sends again since', atMs } };
}

async function findLevelEnd(
  { subject, period }: Alert,
  { db, nowMs, states, pools }: EvaluationContext,
): Promise<End | undefined> {
  const about = pools.find((each) => each.subject === subject);
  if (!about) {
    const name = titleOfMeter(subject, states) ?? subject;
    return { title: `${name} is no longer in force`, event: { what: 'no longer in force', atMs: nowMs } };
  }
  const { scope, pool } = about;
  const isRolling = pool.periodKind === 'rolling-24h';
  const isPeriodOver = about.period !== period;
  if (!isPeriodOver && (isRolling || pool.reached.length > 0)) return undefined;
  // A level that is reached now is told by a message of its own.
  const title =
    pool.reached.length > 0 ? `${scope.title}: a newer message tells of ${pool.name}` : describeUse(scope, pool);
  if (isPeriodOver && !isRolling) return { title, event: { what: 'reset', atMs: pool.period.fromMs }, state: scope };
  const endedMs = isRolling ? await findEpisodeEnd(db, subject, Number(period.slice('episode-'.length))) : undefined;
  const belowMs = endedMs === undefined ? nowMs : endedMs - EPISODE_ENDS_AFTER_MS;
  return { title, event: { what: `below ${pool.thresholds[0] ?? 100}% since`, atMs: belowMs }, state: scope };
}
