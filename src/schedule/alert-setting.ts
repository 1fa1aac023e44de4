import type { AlertKind } from '../domain/alert.ts';
import type { Calendar } from '../domain/calendar.ts';
import type { Definitions } from '../domain/definition.ts';
import type { ScopeState } from '../domain/report.ts';
import type { Span, UsageReader } from '../domain/usage.ts';
import { findAlert, type Mute } from '../store/alert-repository.ts';
import type { Db } from '../store/database.ts';
import { type Claim, claimAlert, isMuted, type Targets } from './alert-claims.ts';

/** Settings and facts that hold for one evaluation. */
export interface AlertSetting {
  db: Db;
  nowMs: number;
  calendar: Calendar;
  usage: UsageReader;
  definitions(): Promise<Definitions>;
  /** A scope with its forecasts. */
  foresee(scope: string): Promise<ScopeState | undefined>;
  targets: Targets;
  mutes: readonly Mute[];
  isOn(kind: AlertKind): boolean;
}

/** Raises a claim unless its kind is off, it is muted, or it was raised before; whether it was. */
export async function raiseAlert(setting: AlertSetting, claim: Claim): Promise<boolean> {
  const { db, mutes, targets, nowMs } = setting;
  const { kind, scope } = claim.content;
  if (!setting.isOn(kind)) return false;
  if (isMuted(mutes, { kind, subject: claim.subject, ...(scope ? { scope } : {}) })) return false;
  if (await findAlert(db, claim.key)) return false;
  return db.transaction().execute((trx) => claimAlert(trx, claim, targets, nowMs));
}

/** The local hour that ended last. */
export function lastFullHour({ calendar, nowMs }: AlertSetting): Span {
  const toMs = calendar.startOfHour(nowMs);
  return { fromMs: calendar.startOfHour(toMs - 1), toMs };
}
