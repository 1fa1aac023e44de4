import type { ScopeState } from '../domain/scope-state.ts';
import type { SourceHealth } from '../domain/source-health.ts';
import type { Logger } from '../log.ts';
import { getScopeStates, type PoolDeps } from '../report/scope-states.ts';
import { type Alert, listMutes, listOpenAlerts, markAlertsOver } from '../store/alert-repository.ts';
import { listAlertRules } from '../store/alert-rule-repository.ts';
import { type Db, transact } from '../store/database.ts';
import { deleteLease, takeLease } from '../store/instance-repository.ts';
import { findAlertSettings } from '../store/setting-repository.ts';
import { type EvaluationContext, findPeriod, subjectOf, type Targets } from './alert-claims.ts';
import { readKindsOn } from './alert-routing.ts';
import { evaluateClients } from './client-alerts.ts';
import { evaluateLevels } from './level-alerts.ts';
import { evaluateRates } from './rate-alerts.ts';
import { evaluateRunOut } from './run-out-alerts.ts';
import { evaluateSilence } from './silence-alerts.ts';
import { evaluateUnusual } from './unusual-alerts.ts';
import { evaluateViews } from './view-alerts.ts';
import { putAlertEvent } from './webhook-events.ts';

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

  /** Evaluates levels, switches and rates, after each commit. False: another instance evaluates now, ask again soon. */
  async evaluate(nowMs: number): Promise<boolean> {
    return this.#alone('alerts', async () => {
      const context = await this.#getContext(nowMs);
      if (context) await this.#evaluatePools(context, await getScopeStates(context, { atMs: nowMs, plain: true }));
    });
  }

  /** Evaluates every kind, once a minute: some conditions come with time alone, without a commit. */
  async evaluateAll(nowMs: number): Promise<boolean> {
    const context = await this.#getContext(nowMs);
    if (!context) return true;
    const states = await getScopeStates(context, { atMs: nowMs, plain: !context.isOn('run-out') });
    const done = await this.#alone('alerts', () => this.#evaluatePools(context, states));
    const others = await this.#alone('alerts of the minute', () => this.#evaluateOthers(context, states));
    return done && others;
  }

  async #evaluatePools(context: EvaluationContext, states: readonly ScopeState[]): Promise<void> {
    await evaluateLevels(context, states, this.#seen);
    // What must be told soonest is on its way while the rest is computed.
    this.#options.wakeSender();
    await evaluateRates(context, states);
    this.#options.wakeSender();
  }

  async #evaluateOthers(context: EvaluationContext, states: readonly ScopeState[]): Promise<void> {
    const { db, log, sources, wakeSender } = this.#options;
    const jobs = [
      async () => evaluateSilence(context, await sources()),
      async () => endAlerts(context, states, await sources()),
      () => evaluateClients(context),
      () => evaluateUnusual(context),
      () => evaluateRunOut(context, states),
      async () => evaluateViews(context, await listAlertRules(db)),
    ];
    for (const job of jobs)
      await job().catch((error) => log.error({ error: String(error) }, 'an alert could not be evaluated'));
    wakeSender();
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

  async #getContext(nowMs: number): Promise<EvaluationContext | undefined> {
    const { db, log, calendar, usage, definitions, webhook } = this.#options;
    const targets = await this.#options.targets();
    if (targets.length === 0 && !webhook) {
      log.warn('alerts have nowhere to go: set ALERT_CHANNEL, or ADMINS');
      return undefined;
    }
    const [settings, mutes] = await Promise.all([findAlertSettings(db), listMutes(db, nowMs)]);
    const on = readKindsOn(settings);
    return { db, nowMs, calendar, usage, definitions, targets, mutes, webhook, isOn: (kind) => on.has(kind) };
  }
}

/**
 * Ends alerts whose reason is gone: a pool whose period or episode ended, that has a larger amount, or is no longer declared;
 * a source that sends again. The others tell of a moment, and never end.
 */
async function endAlerts(
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
