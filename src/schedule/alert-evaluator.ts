import { type Clock, RoundLoop } from '../delivery/clock.ts';
import type { AlertKind } from '../domain/alert.ts';
import { capitalise } from '../domain/calendar.ts';
import type { ScopeState } from '../domain/scope-state.ts';
import type { SourceHealth } from '../domain/source-health.ts';
import { type Logger, OutageLog } from '../log.ts';
import type { AlertEvent } from '../messages/alert-message.ts';
import { getScopeStates, type PoolDeps } from '../report/scope-states.ts';
import { titleOfMeter } from '../report/scope-words.ts';
import {
  type Alert,
  findEpisodeEnd,
  listAlertRules,
  listAlertsOf,
  listMutes,
  listOpenAlerts,
  type Mute,
  markAlertsOpen,
  markAlertsOver,
  toPoolSubject,
} from '../store/alert-repository.ts';
import { listKindsOn } from '../store/configuration-repository.ts';
import { type Db, transact } from '../store/database.ts';
import { deleteLease, takeLease } from '../store/instance-repository.ts';
import {
  type AlertFacts,
  type AlertWords,
  type EvaluationContext,
  raiseAlerts,
  type Targets,
  updateParents,
  type Watch,
} from './alert-claims.ts';
import { describeUse } from './level-words.ts';
import { EPISODE_ENDS_AFTER_MS, followEpisodes, LEVELS, RATES, RUN_OUTS, SWITCHES } from './pool-alerts.ts';
import { SILENCE, UNKNOWN_CLIENTS, UNUSUAL, VIEWS } from './traffic-alerts.ts';
import { putAlertEvent } from './webhook-events.ts';

/** Watches that run after each commit, and once a minute. */
const AFTER_COMMITS: readonly Watch[] = [LEVELS, SWITCHES, RATES];
/** Watches that run once a minute only: silence comes without a commit, and the others can wait. */
const EACH_MINUTE: readonly Watch[] = [SILENCE, UNKNOWN_CLIENTS, UNUSUAL, RUN_OUTS, VIEWS];

export interface AlertEvaluatorOptions extends PoolDeps {
  db: Db;
  log: Logger;
  sources(): Promise<readonly SourceHealth[]>;
  targets(): Promise<Targets>;
  /** WEBHOOK_URL is set: events go there too. */
  webhook: boolean;
  /** Names this process as the holder of leases. */
  instance: string;
  now(): number;
  wakeSender(): void;
}

/** After 3 s another instance may evaluate: a frozen one must not hold alerts up for longer. */
const LEASE_MS = 3000;

/** Evaluates alert rules from stored totals, one instance at a time. A unique row makes sure each alert is sent once. */
export class AlertEvaluator {
  readonly #options: AlertEvaluatorOptions;
  readonly #seen = new Map<string, string>();
  readonly #looked = new Set<string>();

  constructor(options: AlertEvaluatorOptions) {
    this.#options = options;
  }

  /** Runs the watches that follow a commit. Returns false if another instance is evaluating: ask again soon. */
  async evaluate(nowMs: number): Promise<boolean> {
    return this.#alone('alerts', async () => {
      const context = await this.#open(nowMs, true);
      if (context) await this.#raiseAfterCommits(context);
    });
  }

  /** Runs all watches and ends alerts that are over; called once a minute. */
  async evaluateAll(nowMs: number): Promise<boolean> {
    // Read before the states, so that older states do not end an alert that is raised meanwhile.
    const told = await listOpenAlerts(this.#options.db);
    const context = await this.#open(nowMs, false);
    if (!context) return true;
    const done = await this.#alone('alerts', () => this.#raiseAfterCommits(context));
    const others = await this.#alone('alerts of the minute', async () => {
      for (const watch of EACH_MINUTE) await this.#attempt(() => raiseAlerts(context, watch));
      await this.#attempt(() => endAlerts(context, told));
      await this.#attempt(() => reopenAlerts(context));
      this.#options.wakeSender();
    });
    return done && others;
  }

  async #raiseAfterCommits(context: EvaluationContext): Promise<void> {
    try {
      for (const watch of AFTER_COMMITS) {
        await raiseAlerts(context, watch);
        // Send the most urgent alerts while the rest is computed.
        this.#options.wakeSender();
      }
    } catch (error) {
      this.#seen.clear();
      throw error;
    }
  }

  /** Logs a failure, so that one kind of alert does not stop the others. */
  async #attempt(work: () => Promise<void>): Promise<void> {
    await work().catch((error) => this.#options.log.error({ error: String(error) }, 'an alert could not be evaluated'));
  }

  async #alone(name: string, work: () => Promise<void>): Promise<boolean> {
    const { db, instance, now } = this.#options;
    if (!(await takeLease(db, name, instance, now(), now() + LEASE_MS))) return false;
    try {
      await work();
    } finally {
      await deleteLease(db, name, instance);
    }
    return true;
  }

  /** Reads the facts for one evaluation; `isPlain` skips forecasts, which only run-outs need. Undefined: alerts have nowhere to go. */
  async #open(nowMs: number, isPlain: boolean): Promise<EvaluationContext | undefined> {
    const { db, log, webhook } = this.#options;
    const targets = await this.#options.targets();
    if (targets.length === 0 && !webhook) {
      log.warn('alerts have nowhere to go: set ALERT_CHANNEL, or ADMINS');
      return undefined;
    }
    const [on, mutes] = await Promise.all([listKindsOn(db), listMutes(db, nowMs)]);
    const { calendar, usage, definitions, sources } = this.#options;
    const deps = { calendar, usage, definitions };
    const context = {
      ...{ ...deps, db, nowMs, sources, targets, webhook, seen: this.#seen },
      states: await getScopeStates(deps, { atMs: nowMs, plain: isPlain || !on.has('run-out') }),
      rules: () => listAlertRules(db),
      isTold: (kind: AlertKind, about?: { subject: string; scope?: string | undefined }) =>
        on.has(kind) && !isMuted(mutes, { kind, ...about }),
    };
    return { ...context, pools: await followEpisodes(context, this.#looked) };
  }
}

/** Tells whether any mute covers an alert: all, its kind, its subject, the pool or the scope that it is about. */
export function isMuted(
  mutes: readonly Mute[],
  { kind, subject = kind, scope }: { kind: string; subject?: string; scope?: string | undefined },
): boolean {
  const covering = ['*', kind, subject, toPoolSubject(subject), scope];
  return mutes.some(({ what }) => covering.includes(what));
}

/** Returns an earlier alert in words of now; undefined if it no longer holds. */
export async function readNow(alert: Alert, facts: AlertFacts): Promise<AlertWords | undefined> {
  return [...AFTER_COMMITS, ...EACH_MINUTE].find(({ kind }) => kind === alert.kind)?.now(alert, facts);
}

/** Look twice a second: a look costs one read of four indexes, and an alert should come within seconds of another process's commit. */
const LOOK_MS = 500;
/** Evaluate 0.1 s after a commit, so that commits close together share one; after an evaluation, pause 0.4 s. */
const GATHER_MS = 100;
const PAUSE_MS = 400;

/**
 * Runs `evaluate` after commits of this process (`wake`) or another: one at a time, and always once more after the newest
 * commit. `findMark` returns a text that changes with every commit.
 */
export function followCommits({
  findMark,
  evaluate,
  clock,
  log,
}: {
  findMark(): Promise<string>;
  evaluate: AlertEvaluator['evaluate'];
  clock: Clock;
  log: Logger;
}): RoundLoop {
  let evaluated: string | undefined;
  const outage = new OutageLog(log, {
    failing: 'alerts could not be evaluated; trying until they can',
    working: 'alerts are evaluated again',
  });
  async function round(stopped: AbortSignal): Promise<number | undefined> {
    try {
      const isNew = (await findMark()) !== evaluated;
      if (isNew) {
        await clock.sleep(GATHER_MS, stopped);
        // Read before evaluating: a commit from here on changes the mark again.
        const mark = await findMark();
        if (await evaluate(clock.now())) evaluated = mark;
      }
      outage.recover();
      if (!isNew) return undefined;
      await clock.sleep(PAUSE_MS, stopped);
      return clock.now();
    } catch (error) {
      outage.fail(String(error));
      return undefined;
    }
  }
  return new RoundLoop({ clock, round, longestMs: LOOK_MS });
}

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
