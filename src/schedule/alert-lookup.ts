import { ALERT_KINDS, findAlertKind } from '../domain/alert.ts';
import type { ScopeState } from '../domain/report.ts';
import type { SourceHealth } from '../domain/source-health.ts';
import { HeadroomError } from '../errors.ts';
import { type Alert, listAlertRules, listAlerts } from '../store/alert-repository.ts';
import type { Db } from '../store/database.ts';
import { ALERTS_KEPT_MS } from './alert-retention.ts';

export interface AlertLookup {
  db: Db;
  nowMs: number;
  scopeStates(): Promise<readonly ScopeState[]>;
  sources(): Promise<readonly SourceHealth[]>;
}

/** Finds an alert by id, subject, pool, scope or kind, the newest; without words the newest of all. */
export async function findAlertByWords(
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

/** What a mute of these words covers: an alert's subject, a kind, a scope, or `*`. Throws where they are nothing of these. */
export async function findMuted(lookup: AlertLookup, what: string | undefined): Promise<string> {
  if (what === undefined || what === '*' || what === 'all') return '*';
  if (ALERT_KINDS.some(({ kind }) => kind === what)) return what;
  const states = await lookup.scopeStates();
  if (states.some(({ scope }) => scope === what)) return what;
  for (const state of states)
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

export function unknownAlert(what: string): HeadroomError {
  return new HeadroomError(
    'schedule',
    `There is no alert ${JSON.stringify(what)}. Kinds of alerts: ${ALERT_KINDS.map(({ kind }) => kind).join(', ')}; /usage alerts shows all.`,
  );
}
