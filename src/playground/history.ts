import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseDeclaration } from '../definition/parse.ts';
import { createCalendar, toDate } from '../domain/calendar.ts';
import { HeadroomError } from '../errors.ts';
import { getAdapter } from '../ingest/adapters.ts';
import { Intake, type IntakeSettings } from '../ingest/intake.ts';
import { SourceTally } from '../ingest/source-tally.ts';
import { applyDeclaration } from '../store/configuration-repository.ts';
import { openDatabase } from '../store/database.ts';
import { readPoolsFile } from './cast.ts';
import { createTraffic } from './traffic.ts';

/** The last 15 days have one event per call. Earlier days have a few events with a `count`, enough to draw from daily pools. */
const DETAILED_DAYS = 15;
const HISTORY_DAYS = 380;
/** A commit waits for the disk. */
const DAYS_PER_COMMIT = 40;

export interface HistoryJob {
  intake: IntakeSettings;
  source: { id: number; name: string };
  nowMs: number;
}

/**
 * Writes the demo's pools and a year of traffic in a child process. That takes a few hundred megabytes, which are freed when
 * the process ends; in the bot's own process they would stay. Rejects if the process fails.
 */
export function writeHistory(job: HistoryJob): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const child = fork(fileURLToPath(import.meta.url), [JSON.stringify(job)]);
  child.on('error', reject);
  child.on('exit', (code, signal) => {
    if (code === 0) resolve();
    else if (signal === 'SIGINT' || signal === 'SIGTERM')
      reject(new HeadroomError('config', 'Stopped before the sample traffic was written.'));
    else reject(new Error(`the sample traffic could not be written: ${signal ?? `exit code ${code}`}`));
  });
  return promise;
}

/** Declares the demo's pools, then counts a year of traffic up to now by their rules. */
async function fill({ intake, source, nowMs }: HistoryJob): Promise<void> {
  const db = openDatabase(intake.databaseUrl);
  const writer = new Intake(intake);
  const failures: unknown[] = [];
  const tally = new SourceTally(db, (error) => failures.push(error));
  try {
    const calendar = createCalendar(intake.zone);
    const today = calendar.dayOf(nowMs);
    const traffic = createTraffic(calendar, today);
    const days = Array.from({ length: HISTORY_DAYS - DETAILED_DAYS }, (_, index) => today - HISTORY_DAYS + index);
    const detailed = traffic.between(calendar.startOfDay(today - DETAILED_DAYS), nowMs);
    const events = [...days.flatMap((day) => traffic.inBrief(day)), ...detailed];
    const declaration = parseDeclaration(readPoolsFile(toDate(today).year));
    await applyDeclaration(db, { declaration, today, actor: 'demo', nowMs });
    const byDay = [...Map.groupBy(events, ({ time }) => calendar.dayOf(time))];
    for (let at = 0; at < byDay.length; at += DAYS_PER_COMMIT) {
      const appends = byDay.slice(at, at + DAYS_PER_COMMIT).map(([day, sent]) => {
        // Events are received on the day of their calls, as if they had been sent live.
        const receivedMs = Math.min(nowMs, calendar.startOfDay(day + 1) - 1);
        const body = Buffer.from(JSON.stringify(sent));
        const request = { body, contentType: 'application/json', headers: {}, receivedMs, options: {} };
        return { source, events: getAdapter('native').parse(request).events, receivedMs };
      });
      const results = await writer.usage.append(appends);
      for (const [index, result] of results.entries()) tally.add(source.id, result, appends[index]!.receivedMs);
    }
    await tally.flush();
    if (failures.length > 0) throw failures[0];
    await writer.usage.foldAll();
  } finally {
    await writer.close();
    await db.destroy();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await fill(JSON.parse(process.argv[2]!) as HistoryJob);
  process.disconnect?.();
}
