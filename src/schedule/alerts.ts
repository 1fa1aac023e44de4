import { ALERT_KINDS, findAlertKind, spell } from '../domain/alert.ts';
import { DAY_MS } from '../domain/calendar.ts';
import { resolveRange } from '../domain/ranges.ts';
import type { Question } from '../domain/report.ts';
import type { ScopeState } from '../domain/scope-state.ts';
import type { SourceHealth } from '../domain/source-health.ts';
import { HeadroomError } from '../errors.ts';
import { formatClock, formatCount } from '../report/format.ts';
import { getScopeStates, type PoolDeps } from '../report/scope-states.ts';
import { titleOfMeter } from '../report/scope-words.ts';
import type { Actor, AlertPort, AlertRulePort, AlertSummary } from '../slack/ports.ts';
import {
  ALERTS_KEPT_MS,
  type Alert,
  type AlertRule,
  acknowledgeAlerts,
  deleteAlertRule,
  deleteMute,
  listAlertRules,
  listAlerts,
  listAlertsTold,
  listEpisodes,
  listMutes,
  listOpenAlerts,
  type Mute,
  upsertAlertRule,
  upsertMute,
} from '../store/alert-repository.ts';
import { insertAudit } from '../store/audit-repository.ts';
import { listKindsOn } from '../store/configuration-repository.ts';
import { type Db, transact } from '../store/database.ts';
import { type AlertFacts, type AlertWords, listSubjects, updateParents } from './alert-claims.ts';
import { isMuted, readNow } from './alert-evaluator.ts';
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

/** Lists, mutes and acknowledges alerts, and adds or removes alert rules, for people in Slack. */
export function createAlerts(options: AlertsOptions): AlertPort & AlertRulePort {
  const { db, now, wakeSender, webhook } = options;

  async function list(): Promise<AlertSummary[]> {
    return listSummaries(options, now());
  }

  async function told(text: string | undefined) {
    const nowMs = now();
    const { fromMs, toMs, label } =
      text === undefined
        ? { fromMs: nowMs - HISTORY_MS, toMs: nowMs + 1, label: 'the last 30 days' }
        : resolveRange(text, nowMs, options.calendar);
    // Alerts of today belong to this week, too.
    const isRunning = text?.startsWith('this-');
    const alerts = await listAlertsTold(db, { fromMs, toMs: isRunning ? nowMs + 1 : toMs });
    return {
      label: isRunning ? `${text!.replace('-', ' ')} so far` : label,
      alerts: alerts.toReversed().map(({ atMs, content: { title, sign } }) => ({ title, sign, atMs })),
    };
  }

  async function mute(target: { what?: string | undefined; untilMs?: number | undefined }, by: Actor): Promise<string> {
    requireAdmin(by, 'mute alerts');
    const states = await listStates();
    const what = await findMuted(options, target.what, states);
    await upsertMute(db, { what, untilMs: target.untilMs, by: by.user });
    const until = target.untilMs ? new Date(target.untilMs).toISOString() : 'unmuted';
    await audit(by, 'alert.mute', `${what} until ${until}`);
    return toMuteTitle(what, states);
  }

  async function unmute(target: { what?: string | undefined }, by: Actor): Promise<string> {
    requireAdmin(by, 'unmute alerts');
    const states = await listStates();
    // A listed mute can be ended by its name even if the pool or alert that it covers is gone.
    const isListed = (await listMutes(db, now())).some((mute) => mute.what === target.what);
    const what = isListed ? target.what! : await findMuted(options, target.what, states);
    if (await deleteMute(db, what)) await audit(by, 'alert.unmute', what);
    return toMuteTitle(what, states);
  }

  async function add(
    rule: { name: string; question: Question; over: number; per: 'hour' | 'day' },
    by: Actor,
  ): Promise<void> {
    const same = (await listAlertRules(db)).find(({ name }) => name === rule.name);
    if (same && same.by !== by.user) requireAdmin(by, 'change the alert of somebody else; choose another name');
    await upsertAlertRule(db, { ...rule, by: by.user });
    await audit(by, 'alert.add', `${rule.name}: over ${formatCount(rule.over)} per ${rule.per}`);
  }

  async function remove(what: string, by: Actor): Promise<void> {
    const rule = (await listAlertRules(db)).find(({ name }) => name === what);
    if (!rule) throw unknownAlert(what);
    if (rule.by !== by.user) requireAdmin(by, 'remove the alert of somebody else');
    await deleteAlertRule(db, what);
    await audit(by, 'alert.remove', what);
  }

  /**
   * Acknowledges an alert and all others of its subject and period; without `what`, all alerts that hold. Their parent message
   * then says who did. Returns the titles of those that nobody had acknowledged before.
   */
  async function acknowledge(target: { what?: string | undefined }, by: Actor): Promise<readonly string[]> {
    const nowMs = now();
    const titles: string[] = [];
    for (const alert of await findAcknowledged(target.what, nowMs)) {
      if (!(await transact(db, (trx) => acknowledgeOne(trx, alert, by, nowMs)))) continue;
      await audit(by, 'alert.acknowledge', alert.subject);
      titles.push(alert.content.title);
    }
    wakeSender();
    return titles;
  }

  async function findAcknowledged(what: string | undefined, nowMs: number): Promise<readonly Alert[]> {
    if (what !== undefined) {
      const alert = await findAlertByWords(db, nowMs, what);
      if (!alert) throw unknownAlert(what);
      return [alert];
    }
    const raised = (await list()).filter(({ sort }) => sort === 'raised').map(({ id }) => id);
    if (raised.length === 0)
      throw new HeadroomError('schedule', 'There is nothing to acknowledge: no alert holds now.');
    return (await listAlerts(db, nowMs - ALERTS_KEPT_MS, 1000)).filter(({ id }) => raised.includes(String(id)));
  }

  async function acknowledgeOne(trx: Db, alert: Alert, by: Actor, nowMs: number): Promise<boolean> {
    if (!(await acknowledgeAlerts(trx, alert, by.user, nowMs))) return false;
    const { content } = alert;
    await updateParents(trx, alert, { order: { part: 'parent', content }, nowMs });
    if (webhook)
      await putAlertEvent(trx, { type: 'alert.acknowledged', by: by.user, conversation: alert, content }, nowMs);
    return true;
  }

  async function find(id: string): Promise<{ scope?: string; periodEndMs?: number } | undefined> {
    return (await findAlertByWords(db, now(), id))?.content;
  }

  function listStates(): Promise<readonly ScopeState[]> {
    return getScopeStates(options, { atMs: now(), plain: true });
  }

  async function audit(by: Actor, action: string, detail: string): Promise<void> {
    await insertAudit(db, { atMs: now(), actor: by.user, action, detail });
  }

  return { list, told, mute, unmute, add, remove, acknowledge, find };
}

/** Finds the newest alert by id, subject, pool, scope or kind. */
async function findAlertByWords(db: Db, nowMs: number, what: string): Promise<Alert | undefined> {
  const recent = await listAlerts(db, nowMs - ALERTS_KEPT_MS, 1000);
  return (
    recent.find(({ id }) => String(id) === what) ??
    recent.find(({ subject, kind, content }) => {
      const { pool, scope } = content;
      return [subject, kind, pool, scope].includes(what);
    })
  );
}

/** Resolves a person's words to what a mute covers: an alert's subject, a kind, a scope, or `*`. Throws if they are none of these. */
async function findMuted(
  { db, now, sources }: AlertsOptions,
  what: string | undefined,
  states: readonly ScopeState[],
): Promise<string> {
  if (what === undefined || what === '*' || what === 'all') return '*';
  if (ALERT_KINDS.some(({ kind }) => kind === what)) return what;
  const scope = states.find((state) => [state.scope, state.title].includes(what))?.scope;
  const pool = listSubjects(states, new Map()).find(({ pool, subject }) =>
    [pool.name, subject].includes(what),
  )?.subject;
  const known = scope ?? pool ?? (await findAlertByWords(db, now(), what))?.subject;
  if (known !== undefined) return known;
  if ((await listAlertRules(db)).some(({ name }) => name === what)) return what;
  if ((await sources()).some(({ name }) => name === what)) return `source ${what}`;
  const kind = findAlertKind(what);
  if (kind) return kind;
  throw unknownAlert(what);
}

const SHOWN_FOR_MS = 7 * DAY_MS;
/** Span of a history for which no range is asked. */
const HISTORY_MS = 30 * DAY_MS;

/** Lists what `/usage alerts` shows: alerts that hold, alerts of the last seven days that are over, mutes, rules, kinds. */
async function listSummaries(options: AlertsOptions, nowMs: number): Promise<AlertSummary[]> {
  const { db, calendar } = options;
  const { zone } = calendar;
  const recent = await listAlerts(db, nowMs - ALERTS_KEPT_MS, 1000);
  const plain = !recent.some(({ kind }) => kind === 'run-out');
  const [mutes, on, rules, states, sources, episodes] = await Promise.all([
    listMutes(db, nowMs),
    listKindsOn(db),
    listAlertRules(db),
    getScopeStates(options, { atMs: nowMs, plain }),
    options.sources(),
    listEpisodes(db),
  ]);
  const muteOf = (subject: string, kind: string, scope?: string) => {
    const covering = mutes.filter((one) => isMuted([one], { subject, kind, scope })).map(toMuted);
    // Show the longest of several mutes: alerts come back when it ends.
    return covering.toSorted((a, b) => b.mutedUntilMs - a.mutedUntilMs)[0] ?? {};
  };
  const pools = listSubjects(states, episodes);
  const facts = { nowMs, calendar, states, pools, sources: async () => sources, rules: async () => rules };
  const held = await listHeld(db, facts, recent);
  const raised = held.map(({ alert, words }) => {
    const { kind, scope } = alert.content;
    const [detail = ''] = words.lines;
    return {
      ...{
        sort: 'raised' as const,
        id: String(alert.id),
        title: words.title,
        detail: spell(detail, (atMs) => formatClock(atMs, zone)),
      },
      ...{ enabled: on.has(kind), sign: words.sign },
      ...(alert.acked ? { acknowledgedBy: alert.acked.by } : {}),
      ...muteOf(alert.subject, alert.kind, scope),
    };
  });
  const subjects = new Set(held.map(({ alert }) => alert.subject));
  return [
    ...raised,
    ...listPast(recent, subjects, nowMs),
    ...mutes.map((mute) => ({
      ...{ sort: 'mute' as const, id: mute.what, title: toMuteTitle(mute.what, states), detail: '', enabled: true },
      ...toMuted(mute),
    })),
    ...rules.map((rule) => ({ ...toRuleSummary(rule, on.has('view')), ...muteOf(rule.name, 'view') })),
    ...ALERT_KINDS.map(({ kind, title }) => ({
      ...{ sort: 'kind' as const, id: kind, title, detail: on.has(kind) ? 'on' : 'off', enabled: on.has(kind) },
      ...muteOf(kind, kind),
    })),
  ];
}

/** Lists alerts of the last seven days whose condition is over, the newest of each subject. */
function listPast(recent: readonly Alert[], open: ReadonlySet<string>, nowMs: number): AlertSummary[] {
  const subjects = new Set(open);
  return recent
    .filter(({ atMs, subject }) => {
      const isNew = atMs >= nowMs - SHOWN_FOR_MS && !subjects.has(subject);
      subjects.add(subject);
      return isNew;
    })
    .map((alert) => {
      const { title, periodEndMs } = alert.content;
      // Only the end of a period tells since when an alert is over.
      const over = periodEndMs !== undefined && periodEndMs <= nowMs ? { overSinceMs: periodEndMs } : {};
      return {
        ...{ sort: 'past', id: String(alert.id), title, detail: '', enabled: true, toldMs: alert.atMs },
        ...over,
      };
    });
}

function toRuleSummary({ name, over, per }: AlertRule, enabled: boolean): AlertSummary {
  const detail = `over ${formatCount(over)} requests ${per === 'hour' ? 'an hour' : 'a day'}`;
  return { sort: 'rule', id: name, title: name, detail, enabled };
}

function toMuted({ untilMs, by }: Mute): Required<Pick<AlertSummary, 'mutedUntilMs' | 'mutedBy'>> {
  return { mutedUntilMs: untilMs ?? Number.MAX_SAFE_INTEGER, mutedBy: by };
}

/** Names what a mute covers, for people: `All alerts`, the title of a scope, `CRM API: Daily credits`. */
function toMuteTitle(what: string, states: readonly Pick<ScopeState, 'scope' | 'title'>[]): string {
  if (what === '*') return 'All alerts';
  return titleOfMeter(what, states) ?? ALERT_KINDS.find(({ kind }) => kind === what)?.title ?? what;
}

/** Lists the newest alert of each subject if it still holds, newest first. */
async function listHeld(
  db: Db,
  facts: AlertFacts,
  recent: readonly Alert[],
): Promise<{ alert: Alert; words: AlertWords }[]> {
  // Open alerts of a long period may be older than the recent ones.
  const newest = [...recent, ...(await listOpenAlerts(db))].toSorted((a, b) => b.id - a.id);
  const subjects = new Set<string>();
  const held: { alert: Alert; words: AlertWords }[] = [];
  for (const alert of newest) {
    // An older alert of the same subject is over: a newer one followed it.
    if (subjects.has(alert.subject)) continue;
    subjects.add(alert.subject);
    const words = await readNow(alert, facts);
    if (words) held.push({ alert, words });
  }
  return held;
}
