import { ALERT_KINDS, type Words } from '../domain/alert.ts';
import { DAY_MS, HOUR_MS } from '../domain/calendar.ts';
import type { ScopeState } from '../domain/scope-state.ts';
import type { SourceHealth } from '../domain/source-health.ts';
import { formatClock, formatCount } from '../report/format.ts';
import { getScopeStates, type PoolDeps } from '../report/scope-states.ts';
import { titleOfMeter } from '../report/scope-words.ts';
import type { AlertSummary } from '../slack/ports.ts';
import {
  ALERTS_KEPT_MS,
  type Alert,
  listAlerts,
  listAlertsOf,
  listMutes,
  type Mute,
} from '../store/alert-repository.ts';
import type { Db } from '../store/database.ts';
import { findAlertSettings } from '../store/setting-repository.ts';
import { type AlertRule, listAlertRules } from '../store/view-repository.ts';
import { type AlertFacts, type AlertWords, isMuted } from './alert-claims.ts';
import { WATCHES } from './alert-evaluator.ts';
import { readKindsOn } from './alert-routing.ts';
import { findPeriod, listSubjects } from './alert-subjects.ts';
import { toLevelWords } from './level-words.ts';

const SHOWN_FOR_MS = 7 * DAY_MS;

export interface AlertListingPorts extends PoolDeps {
  db: Db;
  nowMs: number;
  sources(): Promise<readonly SourceHealth[]>;
}

/** Lists alerts for `/usage alerts`: those that hold now, newest first, those of the last seven days that are over, mutes, rules, kinds. */
export async function listAlertSummaries(ports: AlertListingPorts): Promise<AlertSummary[]> {
  const { db, nowMs } = ports;
  const { zone } = ports.calendar;
  const recent = await listAlerts(db, nowMs - ALERTS_KEPT_MS, 1000);
  const plain = !recent.some(({ kind }) => kind === 'run-out');
  const [mutes, settings, rules, states, sources] = await Promise.all([
    listMutes(db, nowMs),
    findAlertSettings(db),
    listAlertRules(db),
    getScopeStates(ports, { atMs: nowMs, plain }),
    ports.sources(),
  ]);
  const on = readKindsOn(settings);
  const muteOf = (subject: string, kind: string, scope?: string) => {
    const covering = mutes.filter((one) => isMuted([one], { subject, kind, scope })).map(toMuted);
    // It comes back when the last of them ends.
    return covering.toSorted((a, b) => b.mutedUntilMs - a.mutedUntilMs)[0] ?? {};
  };
  const { calendar } = ports;
  const facts = { nowMs, calendar, states, sources: async () => sources, rules: async () => rules };
  const open = await listOpen(db, facts, recent);
  const raised = open.map(({ alert, words }) => {
    const { kind, scope } = alert.content;
    const [detail = ''] = words.lines;
    return {
      ...{ sort: 'raised' as const, id: String(alert.id), title: words.title, detail: toPlain(detail, zone) },
      ...{ enabled: on.has(kind), sign: words.sign },
      ...(alert.acked ? { acknowledgedBy: alert.acked.by } : {}),
      ...muteOf(alert.subject, alert.kind, scope),
    };
  });
  const subjects = new Set(open.map(({ alert }) => alert.subject));
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
      // Since when it is over is known where its period has ended.
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

/** Returns what a mute covers in words for people: `All alerts`, the title of a scope, `CRM API: Daily credits`. */
export function toMuteTitle(what: string, states: readonly Pick<ScopeState, 'scope' | 'title'>[]): string {
  if (what === '*') return 'All alerts';
  return titleOfMeter(what, states) ?? ALERT_KINDS.find(({ kind }) => kind === what)?.title ?? what;
}

/** Returns a sentence as plain text, its times by the clock of the zone. */
function toPlain(words: Words, zone: string): string {
  if (typeof words === 'string') return words;
  return words.map((part) => (typeof part === 'string' ? part : formatClock(part.atMs, zone))).join('');
}

interface OpenAlert {
  alert: Alert;
  words: AlertWords;
}

/**
 * Lists alerts that were told and still hold, newest first, each subject once: levels of running periods with present figures,
 * and those of the other kinds among `recent` (newest first) whose condition still holds.
 */
async function listOpen(db: Db, facts: AlertFacts, recent: readonly Alert[]): Promise<OpenAlert[]> {
  const open = await listOpenLevels(db, facts);
  const subjects = new Set<string>();
  for (const alert of recent) {
    // Older ones of a subject are over: it has had a newer one since.
    if (alert.kind === 'level' || subjects.has(alert.subject)) continue;
    subjects.add(alert.subject);
    const watch = WATCHES.find(({ kind }) => kind === alert.kind);
    // What tells of an hour holds for as long.
    const ofHour = facts.nowMs < alert.atMs + HOUR_MS ? alert.content : undefined;
    const words = watch?.now ? await watch.now(alert, facts) : ofHour;
    if (words) open.push({ alert, words });
  }
  return open.sort((a, b) => b.alert.id - a.alert.id);
}

async function listOpenLevels(db: Db, { states }: AlertFacts): Promise<OpenAlert[]> {
  const found: OpenAlert[] = [];
  for (const { scope, pool, subject } of listSubjects(states)) {
    if (pool.reached.length === 0) continue;
    const period = await findPeriod(db, subject, pool);
    const alerts = period === undefined ? [] : await listAlertsOf(db, subject, period);
    const alert = alerts.findLast(({ kind, covered }) => kind === 'level' && !covered);
    if (alert) found.push({ alert, words: toLevelWords(scope, pool, Math.max(...pool.reached)) });
  }
  return found;
}
