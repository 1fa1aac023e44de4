import { ALERT_KINDS } from '../domain/alert.ts';
import type { ScopeState } from '../domain/report.ts';
import type { SourceHealth } from '../domain/source-health.ts';
import { formatCount } from '../report/format.ts';
import type { AlertSummary } from '../slack/ports.ts';
import {
  type Alert,
  type AlertRule,
  findAlertSettings,
  listAlertRules,
  listAlerts,
  listMutes,
  type Mute,
} from '../store/alert-repository.ts';
import type { Db } from '../store/database.ts';
import { isMuted } from './alert-claims.ts';
import { toPlain } from './alert-content.ts';
import { ALERTS_KEPT_MS } from './alert-retention.ts';
import { readKindsOn } from './alert-routing.ts';
import { listStanding } from './standing-alerts.ts';

const SHOWN_FOR_MS = 7 * 24 * 3_600_000;

export interface AlertListingPorts {
  db: Db;
  nowMs: number;
  zone: string;
  scopeStates(options: { plain: boolean }): Promise<readonly ScopeState[]>;
  sources(): Promise<readonly SourceHealth[]>;
}

/** What holds now, newest first, then what the last seven days told that is over, all mutes, the rules, and every kind. */
export async function listAlertSummaries({ db, nowMs, zone, ...ports }: AlertListingPorts): Promise<AlertSummary[]> {
  const recent = await listAlerts(db, nowMs - ALERTS_KEPT_MS, 1000);
  const plain = !recent.some(({ kind }) => kind === 'run-out');
  const [mutes, settings, rules, states, sources] = await Promise.all([
    listMutes(db, nowMs),
    findAlertSettings(db),
    listAlertRules(db),
    ports.scopeStates({ plain }),
    ports.sources(),
  ]);
  const on = readKindsOn(settings);
  const muteOf = (subject: string, kind: string, scope?: string) => {
    const mute = mutes.find((one) => isMuted([one], { subject, kind, ...(scope ? { scope } : {}) }));
    return mute ? toMuted(mute) : {};
  };
  const standing = await listStanding({ db, nowMs, zone, states, sources, rules }, recent);
  const raised = standing.map(({ alert, words }) => {
    const { kind, scope } = alert.content;
    const [detail = ''] = words.lines;
    return {
      ...{ sort: 'raised' as const, id: String(alert.id), title: words.title, detail: toPlain(detail, zone) },
      enabled: on.has(kind),
      ...(alert.acked ? { acknowledgedBy: alert.acked.by } : {}),
      ...muteOf(alert.subject, alert.kind, scope),
    };
  });
  const subjects = new Set(standing.map(({ alert }) => alert.subject));
  return [
    ...raised,
    ...listPast(recent, subjects, nowMs),
    ...mutes.map((mute) => ({
      ...{ sort: 'mute' as const, id: mute.what, title: toMuteTitle(mute.what), detail: '', enabled: true },
      ...toMuted(mute),
    })),
    ...rules.map((rule) => ({ ...toRuleSummary(rule, on.has('view')), ...muteOf(rule.name, 'view') })),
    ...ALERT_KINDS.map(({ kind, title }) => ({
      ...{ sort: 'kind' as const, id: kind, title, detail: on.has(kind) ? 'on' : 'off', enabled: on.has(kind) },
      ...muteOf(kind, kind),
    })),
  ];
}

/** The newest of each subject that no longer holds. */
function listPast(recent: readonly Alert[], standing: ReadonlySet<string>, nowMs: number): AlertSummary[] {
  const subjects = new Set(standing);
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

function toMuted({ untilMs, by }: Mute): Pick<AlertSummary, 'mutedUntilMs' | 'mutedBy'> {
  return { mutedUntilMs: untilMs ?? Number.MAX_SAFE_INTEGER, mutedBy: by };
}

function toMuteTitle(what: string): string {
  return what === '*' ? 'All alerts' : (ALERT_KINDS.find(({ kind }) => kind === what)?.title ?? what);
}
