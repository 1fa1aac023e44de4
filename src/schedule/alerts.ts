import type { Calendar } from '../domain/calendar.ts';
import type { Question, ScopeState } from '../domain/report.ts';
import type { SourceHealth } from '../domain/source-health.ts';
import type { Span, UsageReader } from '../domain/usage.ts';
import { HeadroomError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Actor, AlertPort, AlertRouting, AlertSummary, RoutingChange } from '../slack/ports.ts';
import {
  type Alert,
  acknowledgeAlerts,
  deleteAlertRule,
  deleteMute,
  findAlertSettings,
  listAlertRules,
  listAlerts,
  listMutes,
  type Mute,
  upsertAlertRule,
  upsertMute,
} from '../store/alert-repository.ts';
import {
  CHANNEL_SETTING,
  findAlertChannel,
  findAlertMention,
  resolveChoice,
} from '../store/alert-target-repository.ts';
import { insertAudit } from '../store/audit-repository.ts';
import type { Db } from '../store/database.ts';
import { insertDelivery } from '../store/delivery-repository.ts';
import { deleteLease, takeLease } from '../store/lease-repository.ts';
import { findSetting, setSetting } from '../store/setting-repository.ts';
import { isMuted, type Targets } from './alert-claims.ts';
import {
  ALERT_KINDS,
  type AlertContent,
  type AlertKind,
  type AlertOrder,
  findAlertKind,
  summarize,
} from './alert-content.ts';
import { ALERTS_KEPT_MS } from './alert-retention.ts';
import { changeRouting, getRouting, toSettingName } from './alert-routing.ts';
import { type AlertSetting, evaluateLevels } from './level-alerts.ts';
import {
  evaluateClients,
  evaluateRates,
  evaluateRules,
  evaluateRunOut,
  evaluateSilence,
  evaluateUnusual,
} from './other-alerts.ts';
import { listStanding } from './standing-alerts.ts';

export interface AlertsOptions {
  db: Db;
  log: Logger;
  calendar: Calendar;
  usage: UsageReader;
  /** Where scopes stand; `plain`: without forecasts, quickly. */
  scopeStates(nowMs: number, options: { plain: boolean }): Promise<readonly ScopeState[]>;
  sources(): Promise<readonly SourceHealth[]>;
  /** What a question counts in a span. */
  countRequests(question: Question, span: Span): Promise<number>;
  /** ALERT_CHANNEL and ONCALL, which a choice in Slack overrides. */
  alertChannel: string | undefined;
  oncall: string | undefined;
  /** User ids, asked when alerts have no channel. */
  admins(): Promise<readonly string[]>;
  /** This process, in leases. */
  instance: string;
  now(): number;
  wakeSender(): void;
}

/** A frozen evaluator is in the way for no longer than this. */
const LEASE_MS = 3000;
const SHOWN_FOR_MS = 7 * 24 * 3_600_000;
/** Who the admins were when Slack could last be asked: an alert during its outage must have a target too. */
const ADMINS_SETTING = 'alert_admins';

/** What is warned about, and the conversations around it. What was told stands in unique rows. */
export class Alerts implements AlertPort {
  readonly #options: AlertsOptions;
  readonly #seen = new Map<string, string>();

  constructor(options: AlertsOptions) {
    this.#options = options;
  }

  /**
   * Levels, switches and rates, from stored totals: after each commit, and every minute for what time alone changes. False:
   * another instance is at it, ask again soon.
   */
  async evaluate(nowMs: number): Promise<boolean> {
    return this.#alone('alerts', async () => {
      const setting = await this.#getSetting(nowMs);
      if (!setting) return;
      const states = await this.#options.scopeStates(nowMs, { plain: true });
      await evaluateLevels(setting, states, this.#seen);
      // What must be told soonest is on its way while the rest is computed.
      this.#options.wakeSender();
      await evaluateRates(setting, states, this.#options.usage);
      this.#options.wakeSender();
    });
  }

  /** Everything, every minute. */
  async evaluateAll(nowMs: number): Promise<boolean> {
    const done = await this.evaluate(nowMs);
    const others = await this.#alone('alerts of the minute', async () => {
      const setting = await this.#getSetting(nowMs);
      if (!setting) return;
      const { usage, db, log } = this.#options;
      const jobs = [
        async () => evaluateSilence(setting, await this.#options.sources(), usage),
        () => evaluateClients(setting, usage),
        () => evaluateUnusual(setting, usage),
        async () =>
          setting.isOn('run-out')
            ? evaluateRunOut(setting, await this.#options.scopeStates(nowMs, { plain: false }))
            : undefined,
        async () =>
          evaluateRules(setting, await listAlertRules(db), (rule, span) =>
            this.#options.countRequests(rule.question, span),
          ),
      ];
      for (const job of jobs)
        await job().catch((error) => log.error({ error: String(error) }, 'an alert could not be evaluated'));
      this.#options.wakeSender();
    });
    return done && others;
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

  async #getSetting(nowMs: number): Promise<AlertSetting | undefined> {
    const { db, log, calendar, usage } = this.#options;
    const settings = await findAlertSettings(db);
    const channel = resolveChoice(settings.get(CHANNEL_SETTING), this.#options.alertChannel);
    const targets = channel ? [channel] : await this.#listAdmins(settings.get(ADMINS_SETTING));
    if (targets.length === 0) {
      log.warn('alerts have nowhere to go: set ALERT_CHANNEL, or ADMINS');
      return undefined;
    }
    const on = readOn(settings);
    return { db, nowMs, calendar, usage, targets, mutes: await listMutes(db, nowMs), isOn: (kind) => on.has(kind) };
  }

  async #targets(): Promise<Targets> {
    const channel = await this.route();
    return channel ? [channel] : this.#listAdmins(await findSetting(this.#options.db, ADMINS_SETTING));
  }

  async #listAdmins(known: string | undefined): Promise<readonly string[]> {
    try {
      const admins = await this.#options.admins();
      const text = admins.toSorted().join(' ');
      if (text !== (known ?? '')) await setSetting(this.#options.db, ADMINS_SETTING, text);
      return admins;
    } catch (error) {
      if (!known) throw error;
      return known.split(' ');
    }
  }

  async #listOn(): Promise<Set<AlertKind>> {
    const changed = await Promise.all(
      ALERT_KINDS.map(({ kind }) => findSetting(this.#options.db, toSettingName(kind))),
    );
    return new Set(
      ALERT_KINDS.filter(({ on }, index) => (changed[index] === undefined ? on : changed[index] === '1')).map(
        ({ kind }) => kind,
      ),
    );
  }

  async route(): Promise<string | undefined> {
    return findAlertChannel(this.#options.db, this.#options);
  }

  /** Who is mentioned at 90 and 100%; undefined: nobody. */
  async mention(): Promise<string | undefined> {
    return findAlertMention(this.#options.db, this.#options);
  }

  async routing(): Promise<AlertRouting> {
    return getRouting(this.#options.db, this.#options, await this.#listOn());
  }

  async changeRouting(change: RoutingChange, by: Actor): Promise<boolean> {
    requireAdmin(by, 'choose where alerts go');
    const { db, now } = this.#options;
    return changeRouting(db, { now: await this.routing(), change, by, atMs: now() });
  }

  /**
   * Where alerts have no channel: tells each admin once that they come by direct message, and how to change that. Answers
   * the line for the log and `doctor`; undefined where there is a channel.
   */
  async noticeMissingRoute(): Promise<string | undefined> {
    if (await this.route()) return undefined;
    const { db, admins, now } = this.#options;
    const people = await admins();
    const cure = 'Set ALERT_CHANNEL to a channel id, or choose one with /usage alerts route.';
    if (people.length === 0) return `Alerts have nowhere to go: no ALERT_CHANNEL, and no admin is known. ${cure}`;
    const line = `Alerts go to ${people.length === 1 ? 'one admin' : `${people.length} admins`} by direct message. ${cure}`;
    for (const person of people) {
      const key = `notice:alert-route:${person}`;
      await insertDelivery(db, { key, kind: 'notice', channel: person, content: { lines: [line] }, dueMs: now() });
    }
    this.#options.wakeSender();
    return line;
  }

  /** What holds now, newest first, then what the last seven days told that is over, all mutes, the rules, and every kind. */
  async list(): Promise<AlertSummary[]> {
    const { db, now } = this.#options;
    const nowMs = now();
    const recent = await listAlerts(db, nowMs - ALERTS_KEPT_MS, 1000);
    const plain = !recent.some(({ kind }) => kind === 'run-out');
    const [mutes, on, rules, states, sources] = await Promise.all([
      listMutes(db, nowMs),
      this.#listOn(),
      listAlertRules(db),
      this.#options.scopeStates(nowMs, { plain }),
      this.#options.sources(),
    ]);
    const muteOf = (subject: string, kind: string, scope?: string) => {
      const mute = mutes.find((one) => isMuted([one], { subject, kind, ...(scope ? { scope } : {}) }));
      return mute ? toMuted(mute) : {};
    };
    const standing = await listStanding(
      { db, nowMs, zone: this.#options.calendar.zone, states, sources, rules },
      recent,
    );
    const raised = standing.map(({ alert, words }) => ({
      sort: 'raised' as const,
      id: String(alert.id),
      title: words.title,
      detail: words.lines[0] ?? '',
      enabled: on.has((alert.content as AlertContent).kind),
      ...(alert.acked ? { acknowledgedBy: alert.acked.by } : {}),
      ...muteOf(alert.subject, alert.kind, (alert.content as AlertContent).scope),
    }));
    const subjects = new Set(standing.map(({ alert }) => alert.subject));
    const past = recent
      .filter(({ atMs, subject }) => {
        const isNew = atMs >= nowMs - SHOWN_FOR_MS && !subjects.has(subject);
        subjects.add(subject);
        return isNew;
      })
      .map((alert) => ({
        ...{ sort: 'past' as const, id: String(alert.id), title: (alert.content as AlertContent).title },
        ...{ detail: '', enabled: true, toldMs: alert.atMs, ...toOverSince(alert, nowMs) },
      }));
    const silenced = mutes.map((mute) => ({
      ...{ sort: 'mute' as const, id: mute.what, title: toMuteTitle(mute.what), detail: '', enabled: true },
      ...toMuted(mute),
    }));
    const bounds = rules.map((rule) => ({
      sort: 'rule' as const,
      id: rule.name,
      title: rule.name,
      detail: `over ${rule.over} requests in ${rule.per === 'hour' ? 'an hour' : 'a day'}`,
      enabled: on.has('view'),
      ...muteOf(rule.name, 'view'),
    }));
    const kinds = ALERT_KINDS.map(({ kind, title }) => ({
      sort: 'kind' as const,
      id: kind,
      title,
      detail: on.has(kind) ? 'on' : 'off',
      enabled: on.has(kind),
      ...muteOf(kind, kind),
    }));
    return [...raised, ...past, ...silenced, ...bounds, ...kinds];
  }

  async mute(target: { what?: string; untilMs?: number }, by: Actor): Promise<void> {
    requireAdmin(by, 'mute alerts');
    const what = await this.#resolve(target.what);
    await upsertMute(this.#options.db, { what, untilMs: target.untilMs, by: by.user });
    await this.#audit(
      by,
      'alert.mute',
      `${what} until ${target.untilMs ? new Date(target.untilMs).toISOString() : 'unmuted'}`,
    );
  }

  async unmute(target: { what?: string }, by: Actor): Promise<void> {
    requireAdmin(by, 'unmute alerts');
    const { db, now } = this.#options;
    // A mute is named as it is listed, also where what it was about has gone.
    const isListed = (await listMutes(db, now())).some((mute) => mute.what === target.what);
    const what = isListed ? target.what! : await this.#resolve(target.what);
    if (await deleteMute(db, what)) await this.#audit(by, 'alert.unmute', what);
  }

  async enable(what: string, enabled: boolean, by: Actor): Promise<void> {
    requireAdmin(by, 'turn alerts on or off');
    const kind = findAlertKind(what);
    if (!kind) throw unknownAlert(what);
    await setSetting(this.#options.db, toSettingName(kind), enabled ? '1' : '0');
    await this.#audit(by, enabled ? 'alert.enable' : 'alert.disable', kind);
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

  /** Acknowledges an alert with all of its period (without `what`: the newest); its messages then say who did. */
  async acknowledge(target: { what?: string }, by: Actor): Promise<void> {
    const { db, now } = this.#options;
    const alert = await this.#findAlert(target.what);
    if (!alert && target.what === undefined)
      throw new HeadroomError('schedule', 'There is nothing to acknowledge: no alert was raised yet.');
    if (!alert) throw unknownAlert(target.what ?? '');
    const nowMs = now();
    const { subject, period } = alert;
    const same = (await listAlerts(db, 0, 1000)).filter((one) => one.subject === subject && one.period === period);
    const acknowledged = await db.transaction().execute(async (trx) => {
      if (!(await acknowledgeAlerts(trx, alert, by.user, nowMs))) return false;
      for (const one of same) for (const key of one.deliveryKeys) await insertDelivery(trx, toUpdate(one, key, nowMs));
      return true;
    });
    if (!acknowledged) return;
    await this.#audit(by, 'alert.acknowledge', `${subject} ${period}`);
    this.#options.wakeSender();
  }

  async test(by: Actor): Promise<void> {
    const { db, now } = this.#options;
    const content: AlertContent = {
      kind: 'level',
      title: 'This is how an alert arrives',
      lines: ['Sent by the way that real alerts go. Nobody is mentioned, and nothing was reached.'],
      mention: false,
      level: 90,
      test: true,
    };
    const order: AlertOrder = { summary: `TEST: ${summarize(content)}`, part: 'message', content };
    const targets = await this.#targets();
    if (targets.length === 0)
      throw new HeadroomError('slack', 'Alerts have nowhere to go: set ALERT_CHANNEL, or ADMINS.');
    for (const channel of targets) {
      const key = `alert:test:${now()}:${by.user}@${channel}`;
      await insertDelivery(db, { key, kind: 'alert', channel, content: order, dueMs: now() });
    }
    await this.#audit(by, 'alert.test', targets.join(', '));
    this.#options.wakeSender();
  }

  /** End of the period that an alert is about; undefined for a rolling pool and for what has none. */
  async findPeriodEnd(id: string): Promise<number | undefined> {
    return ((await this.#findAlert(id))?.content as AlertContent | undefined)?.periodEndMs;
  }

  async findScope(id: string): Promise<string | undefined> {
    return ((await this.#findAlert(id))?.content as AlertContent | undefined)?.scope;
  }

  /** By id, subject, pool, scope or kind, the newest; without words the newest of all. */
  async #findAlert(what: string | undefined): Promise<Alert | undefined> {
    const { db, now } = this.#options;
    const recent = await listAlerts(db, now() - ALERTS_KEPT_MS, 1000);
    if (what === undefined) return recent[0];
    return (
      recent.find(({ id }) => String(id) === what) ??
      recent.find(({ subject, kind, content }) => {
        const { pool, scope } = content as AlertContent;
        return [subject, kind, pool, scope].includes(what);
      })
    );
  }

  /** What a mute of these words covers: an alert's subject, a kind, a scope, or `*`. */
  async #resolve(what: string | undefined): Promise<string> {
    if (what === undefined || what === '*' || what === 'all') return '*';
    if (ALERT_KINDS.some(({ kind }) => kind === what)) return what;
    const { usage: _usage, now } = this.#options;
    const states = await this.#options.scopeStates(now(), { plain: true });
    if (states.some(({ scope }) => scope === what)) return what;
    for (const state of states)
      for (const pool of [...state.pools, ...state.limits])
        if (pool.name === what || `${state.scope}/${pool.name}` === what) return `${state.scope}/${pool.name}`;
    const known = await this.#findAlert(what);
    if (known) return known.subject;
    if ((await listAlertRules(this.#options.db)).some(({ name }) => name === what)) return what;
    if ((await this.#options.sources()).some(({ name }) => name === what)) return `source ${what}`;
    const kind = findAlertKind(what);
    if (kind) return kind;
    throw unknownAlert(what);
  }

  async #audit(by: Actor, action: string, detail: string): Promise<void> {
    await insertAudit(this.#options.db, { atMs: this.#options.now(), actor: by.user, action, detail });
  }
}

function readOn(settings: ReadonlyMap<string, string>): Set<AlertKind> {
  const isOn = ({ kind, on }: (typeof ALERT_KINDS)[number]) =>
    (settings.get(toSettingName(kind)) ?? (on ? '1' : '0')) === '1';
  return new Set(ALERT_KINDS.filter(isOn).map(({ kind }) => kind));
}

function toUpdate(alert: Alert, key: string, nowMs: number): Parameters<typeof insertDelivery>[1] {
  const content = alert.content as AlertContent;
  // A parent is updated to where its pool stands; every other message keeps its words.
  const part = key.startsWith(`alert:${alert.subject}:${alert.period}@`) ? 'parent' : 'message';
  const order: AlertOrder = { alertKey: alert.key, summary: summarize(content), part, content };
  const channel = key.slice(key.lastIndexOf('@') + 1);
  // A period is acknowledged again when a further level was told.
  return { key: `${key}#acknowledged:${nowMs}`, kind: 'alert', channel, content: order, updates: key, dueMs: nowMs };
}

function toMuted({ untilMs, by }: Mute): Pick<AlertSummary, 'mutedUntilMs' | 'mutedBy'> {
  return { mutedUntilMs: untilMs ?? Number.MAX_SAFE_INTEGER, mutedBy: by };
}

function toMuteTitle(what: string): string {
  return what === '*' ? 'All alerts' : (ALERT_KINDS.find(({ kind }) => kind === what)?.title ?? what);
}

/** Since when an alert is over, where that is known: its period has ended. */
function toOverSince({ content }: Alert, nowMs: number): Pick<AlertSummary, 'overSinceMs'> {
  const { periodEndMs } = content as AlertContent;
  return periodEndMs !== undefined && periodEndMs <= nowMs ? { overSinceMs: periodEndMs } : {};
}

function requireAdmin(by: Actor, what: string): void {
  if (!by.admin) throw new HeadroomError('unauthorised', `Only admins may ${what}. Ask one of them (/usage help who).`);
}

function unknownAlert(what: string): HeadroomError {
  return new HeadroomError(
    'schedule',
    `There is no alert ${JSON.stringify(what)}. Kinds of alerts: ${ALERT_KINDS.map(({ kind }) => kind).join(', ')}; /usage alerts shows all.`,
  );
}
