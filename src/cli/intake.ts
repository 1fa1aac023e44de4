import type { Config } from '../config.ts';
import { type Calendar, createCalendar } from '../domain/calendar.ts';
import { Intake, toIntakeSettings } from '../ingest/intake.ts';
import { type Db, dialectOf } from '../store/database.ts';
import { getReportZone } from '../store/report-zone.ts';
import { StoredUsage } from '../usage/reader.ts';
import type { CliContext } from './command.ts';
import { withDatabase } from './open.ts';

export interface UsagePorts {
  db: Db;
  config: Config;
  calendar: Calendar;
  intake: Intake;
  reader: StoredUsage;
}

/** Opens the database and what writes and reads usage, for the time of `work`. `zone`: instead of the settings'. */
export function withUsage<T>(
  context: CliContext,
  work: (ports: UsagePorts) => Promise<T>,
  findZone: (db: Db, config: Config) => Promise<string> = (db, config) => getReportZone(db, config.reportTimezone),
): Promise<T> {
  return withDatabase(context, async (db, config) => {
    const databaseUrl = config.databaseUrl.reveal();
    const calendar = createCalendar(await findZone(db, config));
    const intake = new Intake(toIntakeSettings(config, calendar.zone));
    const reader = new StoredUsage(db, dialectOf(databaseUrl), calendar);
    try {
      const result = await work({ db, config, calendar, intake, reader });
      await intake.usage.writeDailyRows();
      return result;
    } finally {
      await intake.close();
    }
  });
}
