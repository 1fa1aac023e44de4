import type { AlertContent, AlertKind } from '../domain/alert.ts';
import type { ScopeState } from '../domain/report.ts';
import type { SourceHealth } from '../domain/source-health.ts';
import { type Alert, type AlertRule, listAlertsOf } from '../store/alert-repository.ts';
import type { Db } from '../store/database.ts';
import { findPeriod, subjectOf, toPeriodKey } from './alert-subjects.ts';
import { toLevelWords, toSwitchWords } from './level-words.ts';
import { toRunOutWords } from './run-out-alerts.ts';

const HOUR_MS = 3_600_000;
/** Alerts about an hour hold in it, or, where they look at the hour that ended, in the one after it. */
const HOURS_HELD: Partial<Record<AlertKind, number>> = { rate: 1, 'unknown-client': 2, unusual: 2 };

type Words = Pick<AlertContent, 'title' | 'lines'>;

export interface Standing {
  alert: Alert;
  /** As it is now, not as it was told. */
  words: Words;
}

export interface StandingPorts {
  db: Db;
  nowMs: number;
  zone: string;
  /** With forecasts, where any were told. */
  states: readonly ScopeState[];
  sources: readonly SourceHealth[];
  rules: readonly AlertRule[];
}

/**
 * What was told and holds now, newest first, each subject once: levels of running periods with the figures of now, and of
 * the other kinds, among `recent` (newest first), what is still so.
 */
export async function listStanding(ports: StandingPorts, recent: readonly Alert[]): Promise<Standing[]> {
  const standing = await listStandingLevels(ports);
  const subjects = new Set<string>();
  for (const alert of recent) {
    // Older ones of a subject are over: it has had a newer one since.
    if (alert.kind === 'level' || subjects.has(alert.subject)) continue;
    subjects.add(alert.subject);
    const words = findWords(ports, alert);
    if (words) standing.push({ alert, words });
  }
  return standing.sort((a, b) => b.alert.id - a.alert.id);
}

async function listStandingLevels({ db, states }: StandingPorts): Promise<Standing[]> {
  const found: Standing[] = [];
  for (const scope of states) {
    for (const pool of [...scope.pools, ...scope.limits]) {
      if (pool.reached.length === 0) continue;
      const subject = subjectOf(scope, pool);
      const period = await findPeriod(db, subject, pool);
      const alerts = period === undefined ? [] : await listAlertsOf(db, subject, period);
      const alert = alerts.findLast(({ kind, covered }) => kind === 'level' && !covered);
      if (alert) found.push({ alert, words: toLevelWords(scope, pool, Math.max(...pool.reached)) });
    }
  }
  return found;
}

/** What an alert says where it holds now. */
function findWords({ nowMs, zone, states, sources, rules }: StandingPorts, alert: Alert): Words | undefined {
  const { subject, period } = alert;
  const content = alert.content;
  const fromMs = Date.parse(period);
  const scope = states.find((state) => state.scope === content.scope);
  const pool = scope?.pools.find(({ name }) => name === content.pool);
  const isRunning = pool !== undefined && (pool.periodKind === 'rolling-24h' || toPeriodKey(pool.period) === period);
  switch (content.kind) {
    case 'silent':
      return sources.some((source) => subject === `source ${source.name}` && period === String(source.lastReceivedMs))
        ? content
        : undefined;
    case 'switch': {
      const next = scope?.exhaustions.find((one) => one.pool === content.pool)?.next;
      const isDrawn = isRunning && next !== undefined && scope?.current?.name === next;
      return isDrawn ? toSwitchWords(scope, pool, next) : undefined;
    }
    case 'run-out':
      return isRunning && pool.runOut && pool.level !== 'exhausted'
        ? toRunOutWords(scope!, pool, pool.runOut, zone)
        : undefined;
    case 'view': {
      const rule = rules.find(({ name }) => name === subject);
      return rule && nowMs < fromMs + (rule.per === 'day' ? 24 : 1) * HOUR_MS ? content : undefined;
    }
    default:
      return nowMs < fromMs + (HOURS_HELD[content.kind] ?? 0) * HOUR_MS ? content : undefined;
  }
}
