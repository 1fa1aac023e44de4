import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createCalendar } from '../domain/calendar.ts';
import { HeadroomError } from '../errors.ts';
import type { IntakeSettings } from '../ingest/intake.ts';
import { openDatabase } from '../store/database.ts';
import { fillHistory, type HistoryOptions } from './history.ts';
import { createTraffic } from './traffic.ts';

interface HistoryJob {
  intake: IntakeSettings;
  source: HistoryOptions['source'];
  nowMs: number;
}

/**
 * Fills the database in a process of its own, whose memory goes with it: a year of traffic leaves a few hundred megabytes
 * behind that the bot would carry along. Answers the pools file; rejects where the process fails.
 */
export function fillHistoryApart(job: HistoryJob): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), [JSON.stringify(job)]);
    let file: string | undefined;
    child.on('message', (message) => {
      file = String(message);
    });
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      if (file !== undefined && code === 0) resolve(file);
      else if (signal === 'SIGINT' || signal === 'SIGTERM')
        reject(new HeadroomError('config', 'Stopped before the sample traffic was written.'));
      else reject(new Error(`the sample traffic could not be written: ${signal ?? `exit code ${code}`}`));
    });
  });
}

async function fill({ intake, source, nowMs }: HistoryJob): Promise<string> {
  const db = openDatabase(intake.databaseUrl);
  try {
    const calendar = createCalendar(intake.zone);
    const traffic = createTraffic(calendar, calendar.dayOf(nowMs));
    return await fillHistory({ db, intake, calendar, traffic, source, nowMs });
  } finally {
    await db.destroy();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = await fill(JSON.parse(process.argv[2]!) as HistoryJob);
  process.send?.(file);
  process.disconnect?.();
}
