import type { Definitions } from '../domain/definition.ts';
import { deleteAlertsBefore } from '../store/alert-repository.ts';
import type { Db } from '../store/database.ts';

/**
 * Alerts are kept for thirteen months: longer than any period of the calendar, so that one which is forgotten belongs to a
 * period that is over and cannot be told again.
 */
export const ALERTS_KEPT_MS = 400 * 24 * 3_600_000;

/**
 * Forgets alerts and episodes that are past their time. Pools that are there once may last for years, and be prolonged: what
 * was told of them is kept, a few rows each.
 */
export async function removeOldAlerts(db: Db, { scopes }: Pick<Definitions, 'scopes'>, nowMs: number): Promise<void> {
  const lasting = scopes.flatMap((scope) =>
    [...scope.pools, ...scope.limits]
      .filter(({ period }) => period.kind === 'once')
      .flatMap(({ name }) => [`${scope.name}/${name}`, `${scope.name}/${name} (limit)`]),
  );
  await db.transaction().execute((trx) => deleteAlertsBefore(trx, nowMs - ALERTS_KEPT_MS, new Set(lasting)));
}
