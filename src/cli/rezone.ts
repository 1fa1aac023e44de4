import { createCalendar, formatDate } from '../domain/calendar.ts';
import { isZone } from '../domain/time-zone.ts';
import { HeadroomError } from '../errors.ts';
import { countOf } from '../report/format.ts';
import { insertAudit } from '../store/audit-repository.ts';
import { listInstances, SEEN_WITHIN_MS } from '../store/instance-repository.ts';
import { findSetting, REPORT_ZONE } from '../store/setting-repository.ts';
import { describePerson, takes } from './command.ts';
import { withIntake } from './open.ts';

/** `headroom rezone ZONE`: see the table of commands. */
export const runRezone = takes('ZONE', {}, async ([zone], _flags, context) => {
  if (!isZone(zone!))
    throw new HeadroomError(
      'question',
      `Name an IANA zone such as Europe/Berlin; there is no ${JSON.stringify(zone)}.`,
    );
  const to = createCalendar(zone!);
  return withIntake(
    context,
    async ({ db, config, calendar, intake }) => {
      const [instance] = await listInstances(db, context.now() - SEEN_WITHIN_MS);
      if (instance) {
        throw new HeadroomError(
          'version',
          `Instance ${instance.id} is running and counts in ${calendar.zone}: stop every instance, run this again, then start them with REPORT_TIMEZONE=${to.zone}.`,
        );
      }
      if (calendar.zone === to.zone) {
        context.out(`Days are already counted in ${to.zone}.`);
        return;
      }
      const { events, fromDay, pairsFromDay } = await intake.usage.rezone(to);
      const detail = `${calendar.zone} → ${to.zone}`;
      await insertAudit(db, { atMs: context.now(), actor: describePerson(), action: 'rezone', detail });
      context.out(
        `Days are counted in ${to.zone} from now on (before: ${calendar.zone}); ${countOf(events, 'raw event')} recounted.`,
      );
      if (fromDay !== undefined)
        context.out(`Days before ${formatDate(fromDay)} keep ${calendar.zone}; answers say so.`);
      if (pairsFromDay !== undefined && pairsFromDay !== fromDay)
        context.out(
          `So do combinations (a client's routes, say) before ${formatDate(pairsFromDay)}, which hourly totals do not hold.`,
        );
      if (config.reportTimezone !== to.zone)
        context.out(
          config.reportTimezone === undefined
            ? 'REPORT_TIMEZONE is not set, which is fine: the database knows its zone.'
            : `Set REPORT_TIMEZONE=${to.zone} before the next start; it is ${config.reportTimezone}.`,
        );
    },
    // The settings may name the old zone, the new one, or none: use the stored one.
    async (db, config) => (await findSetting(db, REPORT_ZONE)) ?? config.reportTimezone ?? 'UTC',
  );
});
