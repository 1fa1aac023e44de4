import { ALERT_KINDS, findAlertKind } from '../domain/alert.ts';
import type { Question } from '../domain/report.ts';
import type { ScopeState } from '../domain/scope-state.ts';
import type { SourceHealth } from '../domain/source-health.ts';
import { HeadroomError } from '../errors.ts';
import { getScopeStates, type PoolDeps } from '../report/scope-states.ts';
import type { Actor, AlertPort, AlertRulePort, AlertSummary } from '../slack/ports.ts';
import {
  ALERTS_KEPT_MS,
  type Alert,
  acknowledgeAlerts,
  deleteMute,
  listAlerts,
  listMutes,
  upsertMute,
} from '../store/alert-repository.ts';
import { insertAudit } from '../store/audit-repository.ts';
import { type Db, transact } from '../store/database.ts';
import { findDelivery, insertDelivery } from '../store/delivery-repository.ts';
import { deleteAlertRule, listAlertRules, upsertAlertRule } from '../store/view-repository.ts';
import { type AlertOrder, toParentKey } from './alert-claims.ts';
import { listAlertSummaries, toMuteTitle } from './alert-listing.ts';
import { requireAdmin, unknownAlert } from './alert-routing.ts';
import { putAlertEvent } from './webhook-events.ts';

export interface AlertsOptions extends PoolDeps {
  db: Db;
  sources(): Promise<readonly SourceHealth[]>;
  /** WEBHOOK_URL is set: events go there too. */
  webhook: boolean;
  now(): number;
  wakeSender(): void;
}

/** Answers what people ask of alerts: list, mute, acknowledge, set bounds. */
export class Alerts implements AlertPort, AlertRulePort {
  readonly #options: AlertsOptions;

  constructor(options: AlertsOptions) {
    this.#options = options;
  }

  async list(): Promise<AlertSummary[]> {
    return listAlertSummaries({ ...this.#options, nowMs: this.#options.now() });
  }

  async mute(target: { what?: string | undefined; untilMs?: number | undefined }, by: Actor): Promise<string> {
    requireAdmin(by, 'mute alerts');
    const states = await this.#listStates();
    const what = await this.#findMuted(target.what, states);
    await upsertMute(this.#options.db, { what, untilMs: target.untilMs, by: by.user });
    const until = target.untilMs ? new Date(target.untilMs).toISOString() : 'unmuted';
    await this.#audit(by, 'alert.mute', `${what} until ${until}`);
    return toMuteTitle(what, states);
  }

  async unmute(target: { what?: string | undefined }, by: Actor): Promise<string> {
    requireAdmin(by, 'unmute alerts');
    const { db, now } = this.#options;
    const states = await this.#listStates();
    // A mute is named as it is listed, also where what it was about has gone.
    const isListed = (await listMutes(db, now())).some((mute) => mute.what === target.what);
    const what = isListed ? target.what! : await this.#findMuted(target.what, states);
    if (await deleteMute(db, what)) await this.#audit(by, 'alert.unmute', what);
    return toMuteTitle(what, states);
  }

  async add(rule: { name: string; question: Question; over: number; per: 'hour' | 'day' }, by: Actor): Promise<void> {
    const same = (await listAlertRules(this.#options.db)).find(({ name }) => name === rule.name);
    if (same && same.by !== by.user) requireAdmin(by, 'change the alert of somebody else; choose another name');
    await upsertAlertRule(this.#options.db, { ...rule, by: by.user });
    await this.#audit(by, 'alert.add', `${rule.name}: over ${rule.over} per ${rule.per}`);
  }

  async remove(what: string, by: Actor): Promise<void> {
    const rule = (await listAlertRules(this.#options.db)).find(({ name }) => name === what);
    if (!rule) throw unknownAlert(what);
    if (rule.by !== by.user) requireAdmin(by, 'remove the alert of somebody else');
    await deleteAlertRule(this.#options.db, what);
    await this.#audit(by, 'alert.remove', what);
  }

  /**
   * Acknowledges an alert with all of its period (without `what`: all that hold); the message of its conversation then says who
   * did. Returns the titles of those that nobody had acknowledged before.
   */
  async acknowledge(target: { what?: string | undefined }, by: Actor): Promise<readonly string[]> {
    const { db, now, wakeSender } = this.#options;
    const nowMs = now();
    const titles: string[] = [];
    for (const alert of await this.#findAcknowledged(target.what, nowMs)) {
      if (!(await transact(db, (trx) => this.#acknowledge(trx, alert, by, nowMs)))) continue;
      await this.#audit(by, 'alert.acknowledge', `${alert.subject} ${alert.period}`);
      titles.push(alert.content.title);
    }
    wakeSender();
    return titles;
  }

  async #findAcknowledged(what: string | undefined, nowMs: number): Promise<readonly Alert[]> {
    const { db } = this.#options;
    if (what !== undefined) {
      const alert = await findAlertByWords({ db, nowMs }, what);
      if (!alert) throw unknownAlert(what);
      return [alert];
    }
    const raised = (await this.list()).filter(({ sort }) => sort === 'raised').map(({ id }) => id);
    if (raised.length === 0)
      throw new HeadroomError('schedule', 'There is nothing to acknowledge: no alert holds now.');
    return (await listAlerts(db, nowMs - ALERTS_KEPT_MS, 1000)).filter(({ id }) => raised.includes(String(id)));
  }

  async #acknowledge(trx: Db, alert: Alert, by: Actor, nowMs: number): Promise<boolean> {
    if (!(await acknowledgeAlerts(trx, alert, by.user, nowMs))) return false;
    const { content } = alert;
    const order: AlertOrder = { alertKey: alert.key, part: 'parent', content };
    for (const own of alert.deliveryKeys) {
      const channel = own.slice(own.lastIndexOf('@') + 1);
      const parentKey = toParentKey(alert, channel);
      const updates = (await findDelivery(trx, parentKey)) ? parentKey : own;
      // A period is acknowledged again when a further level was told.
      const key = `${updates}#acknowledged:${nowMs}`;
      await insertDelivery(trx, { key, kind: 'alert', channel, content: order, updates, dueMs: nowMs });
    }
    if (this.#options.webhook)
      await putAlertEvent(trx, { type: 'alert.acknowledged', by: by.user, conversation: alert, content }, nowMs);
    return true;
  }

  async find(id: string): Promise<{ scope?: string; periodEndMs?: number } | undefined> {
    const { db, now } = this.#options;
    return (await findAlertByWords({ db, nowMs: now() }, id))?.content;
  }

  #listStates(): Promise<readonly ScopeState[]> {
    return getScopeStates(this.#options, { atMs: this.#options.now(), plain: true });
  }

  #findMuted(what: string | undefined, states: readonly ScopeState[]): Promise<string> {
    const { db, now, sources } = this.#options;
    return findMuted({ db, nowMs: now(), sources, states }, what);
  }

  async #audit(by: Actor, action: string, detail: string): Promise<void> {
    await insertAudit(this.#options.db, { atMs: this.#options.now(), actor: by.user, action, detail });
  }
}

interface AlertLookup {
  db: Db;
  nowMs: number;
  states: readonly ScopeState[];
  sources(): Promise<readonly SourceHealth[]>;
}

/** Finds an alert by id, subject, pool, scope or kind, the newest; without words the newest of all. */
async function findAlertByWords(
  { db, nowMs }: Pick<AlertLookup, 'db' | 'nowMs'>,
  what: string | undefined,
): Promise<Alert | undefined> {
  const recent = await listAlerts(db, nowMs - ALERTS_KEPT_MS, 1000);
  if (what === undefined) return recent[0];
  return (
    recent.find(({ id }) => String(id) === what) ??
    recent.find(({ subject, kind, content }) => {
      const { pool, scope } = content;
      return [subject, kind, pool, scope].includes(what);
    })
  );
}

/** Finds what a mute of these words covers: an alert's subject, a kind, a scope, or `*`. Throws where they are none of these. */
async function findMuted(lookup: AlertLookup, what: string | undefined): Promise<string> {
  if (what === undefined || what === '*' || what === 'all') return '*';
  if (ALERT_KINDS.some(({ kind }) => kind === what)) return what;
  const scope = lookup.states.find((state) => [state.scope, state.title].includes(what));
  if (scope) return scope.scope;
  for (const state of lookup.states)
    for (const pool of [...state.pools, ...state.limits])
      if (pool.name === what || `${state.scope}/${pool.name}` === what) return `${state.scope}/${pool.name}`;
  const known = await findAlertByWords(lookup, what);
  if (known) return known.subject;
  if ((await listAlertRules(lookup.db)).some(({ name }) => name === what)) return what;
  if ((await lookup.sources()).some(({ name }) => name === what)) return `source ${what}`;
  const kind = findAlertKind(what);
  if (kind) return kind;
  throw unknownAlert(what);
}
