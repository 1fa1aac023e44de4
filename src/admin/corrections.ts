import type { Calendar } from '../domain/calendar.ts';
import { resolveRange } from '../domain/ranges.ts';
import { HeadroomError } from '../errors.ts';
import type { Actor, CorrectionPort } from '../slack/ports.ts';
import { insertAudit } from '../store/audit-repository.ts';
import { insertCorrection } from '../store/correction-repository.ts';
import type { Db } from '../store/database.ts';
import { getDefinitions } from '../store/definition-repository.ts';

const HALF_DAY_MS = 43_200_000;

/** Corrections as admins enter them in Slack. They apply at noon of their day, or now for the running one. */
export function createCorrectionAdmin({
  db,
  calendar,
  now,
}: {
  db: Db;
  calendar: Calendar;
  now(): number;
}): CorrectionPort {
  return {
    async correct({ scope, amount, on, reason }, by: Actor) {
      const { scopes } = await getDefinitions(db);
      if (scope !== 'default' && !scopes.some(({ name }) => name === scope)) {
        const known = [...scopes.map(({ name }) => name), 'default'].join(', ');
        throw new HeadroomError('definition', `There is no scope ${JSON.stringify(scope)}: there are ${known}.`);
      }
      const nowMs = now();
      const { firstDay, lastDay } = resolveRange(on ?? 'today', nowMs, calendar);
      if (firstDay !== lastDay)
        throw new HeadroomError(
          'range',
          `A correction applies to one day, and ${JSON.stringify(on)} is several: name a date, such as 2026-11-05.`,
        );
      const timeMs = Math.min(calendar.startOfDay(firstDay) + HALF_DAY_MS, nowMs);
      await db.transaction().execute(async (trx) => {
        await insertCorrection(trx, {
          meter: scope,
          timeMs,
          credits: amount,
          requests: 0,
          reason,
          actor: by.user,
          enteredMs: nowMs,
        });
        await insertAudit(trx, {
          atMs: nowMs,
          actor: by.user,
          action: 'correct',
          detail: `${scope} ${amount / 1000} at ${new Date(timeMs).toISOString()}: ${reason}`,
        });
      });
    },
  };
}
