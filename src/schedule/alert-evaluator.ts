import type { SourceHealth } from '../domain/source-health.ts';
import type { Logger } from '../log.ts';
import { getScopeStates, type PoolDeps } from '../report/scope-states.ts';
import { type Alert, listMutes, listOpenAlerts, markAlertsOver } from '../store/alert-repository.ts';
import { type Db, transact } from '../store/database.ts';
import { deleteLease, takeLease } from '../store/instance-repository.ts';
import { findAlertSettings } from '../store/setting-repository.ts';
import { listAlertRules } from '../store/view-repository.ts';
import { type EvaluationContext, raiseAlerts, type Targets, type Watch } from './alert-claims.ts';
import { readKindsOn } from './alert-routing.ts';
import { findPeriod, listSubjects } from './alert-subjects.ts';
import { UNKNOWN_CLIENTS, UNUSUAL } from './hour-alerts.ts';
import { raiseLevels } from './level-alerts.ts';
import { RATES, RUN_OUTS, SWITCHES } from './pool-notes.ts';
import { SILENCE } from './silence-alerts.ts';
import { VIEWS } from './view-alerts.ts';
import { putAlertEvent } from './webhook-events.ts';

/** Watches beside levels: after each commit, and once a minute, since some conditions come with time alone. */
const AFTER_COMMITS: readonly Watch[] = [SWITCHES, RATES];
const EACH_MINUTE: readonly Watch[] = [SILENCE, UNKNOWN_CLIENTS, UNUSUAL, RUN_OUTS, VIEWS];
export const WATCHES: readonly Watch[] = [...AFTER_COMMITS, ...EACH_MINUTE];

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

  constructor(options: AlertEvaluatorOptions) {
    this.#options = options;
  }

  /** Evaluates what a commit may have changed. False: another instance evaluates now, ask again soon. */
  async evaluate(nowMs: number): Promise<boolean> {
    return this.#alone('alerts', async () => {
      const context = await this.#open(nowMs, true);
      if (context) await this.#raiseAfterCommits(context);
    });
  }

  /** Evaluates every kind, once a minute. */
  async evaluateAll(nowMs: number): Promise<boolean> {
    const context = await this.#open(nowMs, false);
    if (!context) return true;
    const done = await this.#alone('alerts', () => this.#raiseAfterCommits(context));
    const others = await this.#alone('alerts of the minute', async () => {
      for (const watch of EACH_MINUTE) await this.#attempt(() => raiseAlerts(context, watch));
      await this.#attempt(() => endAlerts(context));
      this.#options.wakeSender();
    });
    return done && others;
  }

  async #raiseAfterCommits(context: EvaluationContext): Promise<void> {
    await raiseLevels(context, this.#seen);
    // What must be told soonest is on its way while the rest is computed.
    this.#options.wakeSender();
    for (const watch of AFTER_COMMITS) await raiseAlerts(context, watch);
    this.#options.wakeSender();
  }

  /** One kind that fails does not keep the others. */
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

  /** `isPlain`: without forecasts, which only one kind needs. Undefined: alerts have nowhere to go. */
  async #open(nowMs: number, isPlain: boolean): Promise<EvaluationContext | undefined> {
    const { db, log, webhook } = this.#options;
    const targets = await this.#options.targets();
    if (targets.length === 0 && !webhook) {
      log.warn('alerts have nowhere to go: set ALERT_CHANNEL, or ADMINS');
      return undefined;
    }
    const [settings, mutes] = await Promise.all([findAlertSettings(db), listMutes(db, nowMs)]);
    const on = readKindsOn(settings);
    const { calendar, usage, definitions, sources } = this.#options;
    const deps = { calendar, usage, definitions };
    return {
      ...{ ...deps, db, nowMs, sources, targets, mutes, webhook },
      states: await getScopeStates(deps, { atMs: nowMs, plain: isPlain || !on.has('run-out') }),
      rules: () => listAlertRules(db),
      isOn: (kind) => on.has(kind),
    };
  }
}

/**
 * Ends alerts whose reason is gone: a pool whose period or episode ended, that has a larger amount, or is no longer declared;
 * a source that sends again. The others tell of a moment, and never end.
 */
async function endAlerts(context: EvaluationContext): Promise<void> {
  const { db, nowMs, states, webhook } = context;
  const pools = new Map(listSubjects(states).map(({ subject, pool }) => [subject, pool]));
  const isOver = async (alert: Alert): Promise<boolean> => {
    if (alert.kind === 'silent') return !(await SILENCE.now(alert, context));
    const pool = pools.get(alert.subject);
    if (!pool || (await findPeriod(db, alert.subject, pool)) !== alert.period) return true;
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
