import { statSync } from 'node:fs';
import { join } from 'node:path';
import { createCalendar } from '../../src/domain/calendar.ts';
import type { UsageEvent } from '../../src/domain/event.ts';
import type { Question } from '../../src/domain/report.ts';
import { Intake } from '../../src/ingest/intake.ts';
import { createReporter } from '../../src/report/reporter.ts';
import { dialectOf, openDatabase } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';
import { StoredUsage } from '../../src/usage/reader.ts';
import { createEventSource } from './events.ts';
import { type Row, repeat, type Settings } from './row.ts';

const DAY_MS = 86_400_000;

/** Questions, with the tables that must answer them. */
const QUESTIONS: readonly { from: 'totals' | 'raw'; question: Question }[] = [
  { from: 'totals', question: { report: 'summary' } },
  { from: 'totals', question: { report: 'top', dimension: 'client', range: '30d' } },
  { from: 'totals', question: { report: 'top', dimension: 'route', range: '30d' } },
  { from: 'totals', question: { report: 'top', dimension: 'user', range: '30d' } },
  { from: 'totals', question: { report: 'top', dimension: 'user', range: '90d' } },
  { from: 'totals', question: { report: 'top', dimension: 'ip', range: '12-months' } },
  {
    from: 'totals',
    question: {
      report: 'top',
      dimension: 'route',
      range: '30d',
      filters: [{ key: 'client', patterns: ['client-3'], not: false }],
    },
  },
  {
    from: 'totals',
    question: {
      report: 'top',
      dimension: 'client',
      range: '30d',
      filters: [{ key: 'status', patterns: ['429'], not: false }],
    },
  },
  { from: 'totals', question: { report: 'status', range: '30d' } },
  { from: 'totals', question: { report: 'daily', range: '90d' } },
  { from: 'totals', question: { report: 'day' } },
  { from: 'totals', question: { report: 'history' } },
  { from: 'totals', question: { report: 'pool' } },
  { from: 'totals', question: { report: 'client', name: 'client-3', range: '30d' } },
  {
    from: 'raw',
    question: {
      report: 'top',
      dimension: 'user',
      range: '30d',
      filters: [{ key: 'route', patterns: ['/v1/resource-1*'], not: false }],
    },
  },
  { from: 'raw', question: { report: 'route', name: '/v1/resource-3/{id}', range: '30d' } },
  { from: 'raw', question: { report: 'latency', dimension: 'route', range: '30d' } },
  { from: 'raw', question: { report: 'latency', overTime: true, range: '30d' } },
  { from: 'raw', question: { report: 'events', range: '7d' } },
  { from: 'raw', question: { report: 'why', name: 'client-3', range: '7d' } },
  { from: 'raw', question: { report: 'explain' } },
];

/** Fills a database with events over the last `days` days, ordered by time. Returns the events per second. */
async function fill(url: string, events: number, days: number, nowMs: number): Promise<number> {
  const db = openDatabase(url);
  await migrate(db);
  await db.destroy();
  const intake = new Intake({ databaseUrl: url, zone: 'UTC', rawRetentionDays: 30, maxBodyBytes: 20 * 1024 * 1024 });
  const next = createEventSource(11);
  const source = { id: 1, name: 'bench' };
  const startedMs = performance.now();
  for (let at = 0; at < events; at += 10_000) {
    const batch = Array.from({ length: Math.min(10_000, events - at) }, (_, index): UsageEvent => {
      const timeMs = nowMs - Math.floor(((events - at - index) / events) * days * DAY_MS);
      const { time: _time, ...event } = next(timeMs);
      return { ...event, timeMs, kind: 'call', count: 1, durationMs: durationOf(at + index) };
    });
    await intake.append({ source, events: batch, receivedMs: nowMs, allowOld: true });
    if (intake.usage.foldsDue > 0) await intake.usage.fold();
  }
  await intake.usage.foldAll();
  await intake.usage.retain(nowMs);
  const perSecond = events / ((performance.now() - startedMs) / 1000);
  // A running bot does this every few minutes.
  await intake.usage.writeDailyRows();
  await intake.close();
  return perSecond;
}

/** Returns a duration. Most are short, a few take seconds, with thousands of different values. */
function durationOf(index: number): number {
  return 20 + ((index * 7919) % 1000) ** 3 / 250_000;
}

/** Measures every report over a year of events: the first time in a process, and the times after it. */
export async function* measureReports({ folder, share, events, database }: Settings): AsyncGenerator<Row> {
  const nowMs = Date.now();
  const path = join(folder, 'reports.db');
  const url = database ?? `sqlite:${path}`;
  const storedPerSecond = await fill(url, events, 365, nowMs);
  const bytes = database ? 0 : statSync(path).size;
  yield {
    report: `${events.toLocaleString('en-US')} events stored`,
    from: '',
    eventsPerSecond: storedPerSecond,
    megabytes: bytes / 1e6,
  };
  yield* askAll(url, nowMs, share);
}

async function* askAll(url: string, nowMs: number, share: number): AsyncGenerator<Row> {
  const db = openDatabase(url);
  const calendar = createCalendar('UTC');
  const usage = new StoredUsage(db, dialectOf(url), calendar);
  const definitions = { version: 0, scopes: [], ruleSets: [], clients: [] };
  const reporter = createReporter({ usage, calendar, definitions: async () => definitions });
  for (const { from, question } of QUESTIONS) {
    const { report, dimension, name, range, filters } = question;
    const words = [report, dimension, name, range, filters?.map((f) => `${f.key}:${f.patterns}`)];
    const times = await repeat(Math.ceil(100 * share), () => reporter.answer(question, nowMs));
    yield { report: words.filter(Boolean).join(' '), from, ...times };
  }
  await db.destroy();
}
