import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseDeclaration } from '../definition/parse.ts';
import { type Calendar, createCalendar } from '../domain/calendar.ts';
import type { Definitions } from '../domain/definition.ts';
import type { Reporter } from '../domain/report.ts';
import type { SourceHealth } from '../domain/source-health.ts';
import type { Span, UsageReader } from '../domain/usage.ts';
import { getAdapter } from '../ingest/adapters.ts';
import { Intake } from '../ingest/intake.ts';
import { createReporter } from '../report/reporter.ts';
import { listCorrections } from '../store/correction-repository.ts';
import { type Db, dialectOf, openDatabase } from '../store/database.ts';
import { applyDeclaration, getDefinitions } from '../store/definition-repository.ts';
import { migrate } from '../store/migrate.ts';
import { listSourceHealth, upsertSource } from '../store/source-repository.ts';
import { StoredUsage } from '../usage/reader.ts';
import { declareSamples, listSampleEvents, SAMPLE_NOW, SAMPLE_ZONE, type SampleNames } from './sample-data.ts';

export interface SampleWorld {
  db: Db;
  calendar: Calendar;
  usage: UsageReader;
  definitions(): Promise<Definitions>;
  sources(): Promise<readonly SourceHealth[]>;
  reporter: Reporter;
  nowMs: number;
}

const EVENTS_A_REQUEST = 1000;

/** A database of its own with three weeks of sample usage (none without `names`), for the time of `work`; then it is gone. */
export async function withSampleWorld<T>(
  names: SampleNames | undefined,
  work: (world: SampleWorld) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'headroom-samples-'));
  const databaseUrl = `sqlite:${join(folder, 'samples.db')}`;
  const db = openDatabase(databaseUrl);
  try {
    await migrate(db);
    const calendar = createCalendar(SAMPLE_ZONE);
    if (names) await fill(db, databaseUrl, calendar, names);
    const usage = new StoredUsage(db, dialectOf(databaseUrl), calendar);
    const [definitions, sources] = [() => getDefinitions(db), () => listSourceHealth(db)];
    const corrections = (span: Span) => listCorrections(db, { span });
    const reporter = createReporter({ usage, calendar, definitions, sources, corrections });
    return await work({ db, calendar, usage, definitions, sources, reporter, nowMs: SAMPLE_NOW });
  } finally {
    await db.destroy();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function fill(db: Db, databaseUrl: string, calendar: Calendar, names: SampleNames): Promise<void> {
  const events = listSampleEvents(names);
  const firstMs = Number(events[0]!.time);
  const declaration = parseDeclaration(declareSamples(names));
  await applyDeclaration(db, { declaration, today: calendar.dayOf(firstMs), actor: 'sample', nowMs: firstMs });
  const gateway = { name: 'gateway', adapter: 'native', options: {}, tokenHash: 'none' };
  const source = await upsertSource(db, gateway, firstMs);
  const intake = new Intake({ databaseUrl, zone: calendar.zone, rawRetentionDays: 30, maxBodyBytes: 1024 * 1024 });
  try {
    for (let from = 0; from < events.length; from += EVENTS_A_REQUEST) {
      const { events: parsed } = getAdapter('native').parse({
        body: Buffer.from(JSON.stringify(events.slice(from, from + EVENTS_A_REQUEST))),
        contentType: 'application/json',
        headers: {},
        receivedMs: SAMPLE_NOW,
        options: {},
      });
      await intake.append({ source, events: parsed, receivedMs: SAMPLE_NOW });
    }
    await intake.usage.foldAll();
  } finally {
    await intake.close();
  }
}
