import { type Calendar, DAY_MS, firstDayOf, monthOf } from '../domain/calendar.ts';
import { findSetting, setSetting } from '../store/configuration-repository.ts';
import type { Db } from '../store/database.ts';
import { DURATION_CUBES } from './cube.ts';
import { removeRowsBefore } from './daily-rows.ts';

/** Hourly totals are kept this long. */
const HOUR_TOTALS_DAYS = 90;

interface Retention {
  rawDays: number;
  /** Absent: daily totals are kept for ever. */
  totalsMonths?: number | undefined;
}

/**
 * Removes data past its retention, in the caller's transaction, and stores from which day on raw events and hourly totals are
 * complete, so that questions know what they may use. Returns the first day whose raw events are kept.
 */
export async function removeExpired(db: Db, nowMs: number, calendar: Calendar, retention: Retention): Promise<number> {
  const today = calendar.dayOf(nowMs);
  const rawDay = today - retention.rawDays;
  // Imported events are kept that long from their receipt, however old they are, so that the import can be undone.
  const importedBefore = nowMs - retention.rawDays * DAY_MS;
  const expired = await db
    .selectFrom('event_segment')
    .select(['id', 'day'])
    .where('day', '<', rawDay)
    .where((eb) => eb.or([eb('import_id', 'is', null), eb('received_ms', '<', importedBefore)]))
    .execute();
  for (let at = 0; at < expired.length; at += 500) {
    const ids = expired.slice(at, at + 500).map(({ id }) => id);
    await db.deleteFrom('event_segment').where('id', 'in', ids).execute();
  }
  if (expired.length > 0)
    await raise(db, 'raw_from_day', expired.reduce((last, { day }) => Math.max(last, day), rawDay - 1) + 1);

  // Percentiles are only promised for days with raw events.
  const durations = DURATION_CUBES.map(({ name }) => name);
  await db.deleteFrom('total_segment').where('cube', 'in', durations).where('bucket', '<', rawDay).execute();

  const hourDay = today - HOUR_TOTALS_DAYS;
  const hours = await db
    .deleteFrom('total_segment')
    .where('cube', 'like', 'hour%')
    .where('bucket', '<', hourDay)
    .executeTakeFirst();
  if (hours.numDeletedRows > 0n) await raise(db, 'hours_from_day', hourDay);

  await db.deleteFrom('value_places').where('day', '<', rawDay).execute();
  // Rejected events are kept no longer than accepted ones.
  await db.deleteFrom('rejected_event').where('at_ms', '<', calendar.startOfDay(rawDay)).execute();
  if (retention.totalsMonths !== undefined) {
    const month = monthOf(today) - retention.totalsMonths;
    await db.deleteFrom('total_segment').where('cube', 'like', 'month%').where('bucket', '<', month).execute();
    await db
      .deleteFrom('total_segment')
      .where((eb) => eb.or([eb('cube', 'like', 'day%'), eb('cube', 'like', 'minute%')]))
      .where('bucket', '<', firstDayOf(month))
      .execute();
    await removeRowsBefore(db, firstDayOf(month));
    await db
      .deleteFrom('mark')
      .where('at_ms', '<', calendar.startOfDay(firstDayOf(month)))
      .execute();
  }
  return rawDay;
}

async function raise(db: Db, name: string, day: number): Promise<void> {
  const known = await findSetting(db, name);
  if (known === undefined || Number(known) < day) await setSetting(db, name, String(day));
}
