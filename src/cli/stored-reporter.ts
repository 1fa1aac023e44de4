import type { Calendar } from '../domain/calendar.ts';
import type { NameSource } from '../domain/names.ts';
import type { Reporter } from '../domain/report.ts';
import type { UsageReader } from '../domain/usage.ts';
import { createReporter } from '../report/reporter.ts';
import { listAlertsTold } from '../store/alert-repository.ts';
import { getDefinitions, listOlderZones } from '../store/configuration-repository.ts';
import { listCorrections } from '../store/correction-repository.ts';
import type { Db } from '../store/database.ts';
import { listMarks } from '../store/mark-repository.ts';
import { listSourceHealth } from '../store/source-repository.ts';

/** Creates a reporter on the database, for a command. */
export function createStoredReporter(db: Db, usage: UsageReader, calendar: Calendar): Reporter & NameSource {
  return createReporter({
    usage,
    calendar,
    definitions: () => getDefinitions(db),
    sources: () => listSourceHealth(db),
    corrections: (span) => listCorrections(db, { span }),
    olderZones: () => listOlderZones(db),
    alerts: (span) => listAlertsTold(db, span),
    marks: (span, limit) => listMarks(db, span, limit),
  });
}
