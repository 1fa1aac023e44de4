import type { ScopeState } from '../domain/scope-state.ts';
import type { AlertEvent } from '../messages/alert-message.ts';
import { capitalise } from '../report/format.ts';
import { titleOfMeter } from '../report/scope-words.ts';
import { type Alert, findEpisodeEnd, listAlertsOf, markAlertsOpen, markAlertsOver } from '../store/alert-repository.ts';
import { transact } from '../store/database.ts';
import { type EvaluationContext, updateParents } from './alert-claims.ts';
import { EPISODE_ENDS_AFTER_MS } from './level-alerts.ts';
import { describeUse } from './level-words.ts';
import { SILENCE } from './silence-alerts.ts';
import { putAlertEvent } from './webhook-events.ts';

/** Last edit of an alert's message: a title with the present state, and the last entry of its history. */
interface End {
  title: string;
  event: AlertEvent;
  /** For a pool: the state to draw. */
  state?: ScopeState;
}

/**
 * Ends alerts whose reason is gone: a pool whose period or episode ended, that has a larger amount, or is no longer declared;
 * a source that sends again. Their message is edited to say so, which notifies nobody. Other kinds report a moment and never
 * end. `open` must be read before the states of `context`: older states must not end a newer alert.
 */
export async function endAlerts(context: EvaluationContext, open: readonly Alert[]): Promise<void> {
  const { db, nowMs, webhook } = context;
  for (const alert of open) {
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

/**
 * Reopens an ended alert whose level holds again in the same period: its pool was declared again, say, or a correction was
 * reversed. The message is edited back to the alert, which notifies nobody: each level is sent once. The webhook, which got
 * `alert.over`, gets the level again, without a call to on-call.
 */
export async function reopenAlerts(context: EvaluationContext): Promise<void> {
  const { db, nowMs, webhook } = context;
  for (const { scope, pool, subject, period } of context.pools) {
    if (period === undefined || pool.reached.length === 0) continue;
    // A muted alert is reopened when its mute ends.
    if (!context.isTold('level', { subject, scope: scope.scope })) continue;
    const told = await listAlertsOf(db, subject, period);
    const alert = told.findLast(({ kind, covered }) => kind === 'level' && !covered);
    if (alert?.overMs === undefined) continue;
    await transact(db, async (trx) => {
      if (!(await markAlertsOpen(trx, alert))) return;
      const { content } = alert;
      await updateParents(trx, alert, { order: { part: 'parent', content }, nowMs });
      if (webhook) await putAlertEvent(trx, { conversation: alert, content: { ...content, mention: false } }, nowMs);
    });
  }
}

async function findSilenceEnd(alert: Alert, context: EvaluationContext): Promise<End | undefined> {
  if (await SILENCE.now(alert, context)) return undefined;
  const source = (await context.sources()).find(({ name }) => alert.subject === `source ${name}`);
  const { nowMs } = context;
  if (!source) return { title: `${capitalise(alert.subject)} was removed`, event: { what: 'removed', atMs: nowMs } };
  const atMs = source.lastReceivedMs ?? nowMs;
  return { title: `Source ${source.name} sends again`, event: { what: 'heard again', atMs } };
}

async function findLevelEnd(
  { subject, period, content }: Alert,
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
  // A level that is reached now has a newer message of its own.
  const title =
    pool.reached.length > 0 ? `${scope.title}: a newer message tells of ${pool.name}` : describeUse(scope, pool);
  if (isPeriodOver && !isRolling) {
    const { periodEndMs } = content;
    // If the old period has not ended yet, the pool was declared with another one.
    const isReset = periodEndMs !== undefined && periodEndMs <= nowMs;
    const event = isReset ? { what: 'reset', atMs: periodEndMs } : { what: 'another period since', atMs: nowMs };
    return { title, event, state: scope };
  }
  const endedMs = isRolling ? await findEpisodeEnd(db, subject, Number(period.slice('episode-'.length))) : undefined;
  const belowMs = endedMs === undefined ? nowMs : endedMs - EPISODE_ENDS_AFTER_MS;
  return { title, event: { what: `below ${pool.thresholds[0] ?? 100}% since`, atMs: belowMs }, state: scope };
}
