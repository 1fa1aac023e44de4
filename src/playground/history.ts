import { parseDeclaration } from '../definition/parse.ts';
import { type Calendar, toDate } from '../domain/calendar.ts';
import { getAdapter } from '../ingest/adapters.ts';
import { Intake, type IntakeSettings } from '../ingest/intake.ts';
import { SourceTally } from '../ingest/source-tally.ts';
import type { Db } from '../store/database.ts';
import { applyDeclaration } from '../store/definition-repository.ts';
import { buildPoolsFile, measureVolumes } from './demo-pools.ts';
import type { Traffic } from './traffic.ts';

const DAY_MS = 86_400_000;
/** Days with every single call; before them a few events a day, so that daily pools are drawn from as in life. */
const DETAILED_DAYS = 15;
const HISTORY_DAYS = 380;
/** Events of one commit. */
const CHUNK = 20_000;

export interface HistoryOptions {
  db: Db;
  intake: IntakeSettings;
  calendar: Calendar;
  traffic: Traffic;
  source: { id: number; name: string };
  nowMs: number;
}

/** Declares the demo's pools, then counts a year of traffic up to now by their rules. Answers the pools file. */
export async function fillHistory({ db, intake, calendar, traffic, source, nowMs }: HistoryOptions): Promise<string> {
  const today = calendar.dayOf(nowMs);
  const days = Array.from({ length: HISTORY_DAYS - DETAILED_DAYS }, (_, index) => today - HISTORY_DAYS + index);
  const events = [
    ...days.flatMap((day) => traffic.inBrief(day)),
    ...traffic.between(calendar.startOfDay(today - DETAILED_DAYS), nowMs),
  ];
  const since = (ms: number) => events.filter(({ time }) => time >= ms);
  const file = buildPoolsFile(measureVolumes(since(nowMs - 30 * DAY_MS), calendar), toDate(today).year);
  await applyDeclaration(db, { declaration: parseDeclaration(file), today, actor: 'demo', nowMs });

  const writer = new Intake(intake);
  let failure: unknown;
  const tally = new SourceTally(db, (error) => {
    failure = error;
  });
  try {
    for (const [day, sent] of Map.groupBy(events, ({ time }) => calendar.dayOf(time))) {
      // Received on the day they were sent, as in life.
      const receivedMs = Math.min(nowMs, calendar.startOfDay(day + 1) - 1);
      for (let from = 0; from < sent.length; from += CHUNK) {
        const { events: chunk } = getAdapter('native').parse({
          body: Buffer.from(JSON.stringify(sent.slice(from, from + CHUNK))),
          contentType: 'application/json',
          headers: {},
          receivedMs,
          options: {},
        });
        tally.add(source.id, await writer.append({ source, events: chunk, receivedMs }), receivedMs);
      }
    }
    await tally.flush();
    if (failure) throw failure;
    await writer.usage.foldAll();
  } finally {
    await writer.close();
  }
  return file;
}
