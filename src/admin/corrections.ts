import { type Calendar, formatDate, HOUR_MS } from '../domain/calendar.ts';
import { DEFAULT_SCOPE, formatCredits } from '../domain/definition.ts';
import { describeUnknown } from '../domain/names.ts';
import { resolveRange } from '../domain/ranges.ts';
import { addCredits, largerOf, sumCredits } from '../domain/thousandths.ts';
import type { Correction, UsageReader } from '../domain/usage.ts';
import { HeadroomError } from '../errors.ts';
import type { Actor, CorrectionPort } from '../slack/ports.ts';
import { insertAudit } from '../store/audit-repository.ts';
import { getDefinitions } from '../store/configuration-repository.ts';
import { insertCorrection, listCorrections, markDay } from '../store/correction-repository.ts';
import { type Db, transact } from '../store/database.ts';

/** A correction for a day applies at noon. */
export const NOON_MS = 12 * HOUR_MS;
/** The same entry again within a minute is probably a mistake. */
const REPEAT_MS = 60_000;

/** Enters a correction with its audit line, and returns that line. */
export async function enterCorrection(
  db: Db,
  calendar: Calendar,
  correction: Correction,
  enteredMs: number,
): Promise<string> {
  const { meter, credits, timeMs, reason, actor } = correction;
  const day = calendar.dayOf(timeMs);
  const detail = `${meter} ${formatSigned(credits)} on ${formatDate(day)}: ${reason}`;
  await transact(db, async (trx) => {
    await insertCorrection(trx, { ...correction, enteredMs });
    await markDay(trx, day);
    await insertAudit(trx, { atMs: enteredMs, actor, action: 'correct', detail });
  });
  return detail;
}

/** Creates the port by which admins enter corrections in Slack. They apply at noon of their day, or now if noon is still to come. */
export function createCorrectionAdmin({
  db,
  calendar,
  usage,
  now,
}: {
  db: Db;
  calendar: Calendar;
  usage: Pick<UsageReader, 'meter' | 'extent'>;
  now(): number;
}): CorrectionPort {
  return {
    async correct({ scope, amount, on, reason }, by: Actor) {
      const { scopes } = await getDefinitions(db);
      const known = [...scopes.map(({ name }) => name), DEFAULT_SCOPE];
      if (!known.includes(scope)) throw new HeadroomError('definition', describeUnknown('scope', scope, known));
      const nowMs = now();
      const { firstDay, lastDay, timed } = resolveRange(on ?? 'today', nowMs, calendar);
      if (firstDay !== lastDay || timed)
        throw new HeadroomError(
          'range',
          `A correction is for one day, and “${on}” is not one day: name a date, such as 2026-11-05.`,
        );
      const timeMs = Math.min(calendar.startOfDay(firstDay) + NOON_MS, nowMs);
      const correction = { meter: scope, timeMs, credits: amount, reason, actor: by.user };
      const span = { fromMs: calendar.startOfDay(firstDay), toMs: calendar.startOfDay(firstDay + 1) };
      const [steps, extent, lately] = await Promise.all([
        usage.meter({ meter: scope, span, grain: 'day' }),
        usage.extent(),
        listCorrections(db, { meter: scope, span, enteredSinceMs: nowMs - REPEAT_MS }),
      ]);
      await enterCorrection(db, calendar, correction, nowMs);
      const used = sumCredits(steps.map(({ credits }) => credits));
      const corrected = addCredits(used, amount);
      const [was, is] = [used, corrected].map((credits) => formatCredits(largerOf(0, credits)));
      const day = formatDate(firstDay);
      const title = scopes.find(({ name }) => name === scope)?.title ?? scope;
      return [
        `Corrected ${title} by ${formatSigned(amount)} on ${day}: ${reason}`,
        `Used by ${title} on ${day}: ${was} → ${is} credits${corrected < 0 ? ' (a day never goes below zero)' : ''}`,
        ...(extent && firstDay < extent.firstDay
          ? [`Data begins on ${formatDate(extent.firstDay)}: is ${day} the day you meant?`]
          : []),
        ...noteRepeat(correction, lately),
      ];
    },
  };
}

/** Warns if a correction of the same day, amount and reason was entered in the last minute. */
function noteRepeat({ meter, credits, reason }: Correction, lately: readonly Correction[]): string[] {
  const same = lately.filter((each) => each.credits === credits && each.reason === reason).length;
  if (same === 0) return [];
  return [
    `The same correction was entered ${same === 1 ? 'once' : `${same} times`} in the last minute already, and each counts. ` +
      `To take this one back, enter ${formatSigned(-credits)} for ${meter} on the same day.`,
  ];
}

function formatSigned(credits: number): string {
  return `${credits > 0 ? '+' : ''}${formatCredits(credits)} credits`;
}
