import { createCalendar } from '../../src/domain/calendar.ts';
import type { UsageEvent } from '../../src/domain/event.ts';
import type { Question } from '../../src/domain/report.ts';
import { Intake } from '../../src/ingest/intake.ts';
import { createReporter } from '../../src/report/reporter.ts';
import { dialectOf, openDatabase } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';
import { StoredUsage } from '../../src/usage/reader.ts';
import { createEventSource } from './events.ts';

const DAY_MS = 86_400_000;

/** What is asked, and from what it must be answered. */
export const QUESTIONS: readonly { from: 'totals' | 'raw'; question: Question }[] = [
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
  { from: 'raw', question: { report: 'latency', dimension: 'route', range: '30d' } },
  { from: 'raw', question: { report: 'latency', overTime: true, range: '30d' } },
  { from: 'raw', question: { report: 'events', range: '7d' } },
  { from: 'raw', question: { report: 'why', name: 'client-3', range: '7d' } },
  { from: 'raw', question: { report: 'explain' } },
];

/** Fills a database with `events` over the last `days` days, in order of time. Answers the events per second. */
export async function fill(url: string, events: number, days: number, nowMs: number): Promise<number> {
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
  await intake.close();
  return events / ((performance.now() - startedMs) / 1000);
}

/** Most calls are quick, a few take seconds; thousands of values, as clocks of microseconds give. */
function durationOf(index: number): number {
  return 20 + ((index * 7919) % 1000) ** 3 / 250_000;
}

export interface ReportFigure {
  name: string;
  from: 'totals' | 'raw';
  /** The first time it is asked in a process, and the median of fifteen more: a bot that has run for a while. */
  firstMs: number;
  medianMs: number;
}

/** Every report over what `fill` stored. */
export async function measureReports(url: string, nowMs: number): Promise<ReportFigure[]> {
  const db = openDatabase(url);
  const calendar = createCalendar('UTC');
  const usage = new StoredUsage(db, dialectOf(url), calendar);
  const definitions = { version: 0, scopes: [], ruleSets: [], clients: [] };
  const reporter = createReporter({ usage, calendar, definitions: async () => definitions });
  const figures: ReportFigure[] = [];
  for (const { from, question } of QUESTIONS) {
    const times: number[] = [];
    for (let run = 0; run < 16; run += 1) {
      const startedMs = performance.now();
      await reporter.answer(question, nowMs);
      times.push(performance.now() - startedMs);
    }
    const rest = times.slice(1).sort((a, b) => a - b);
    const words = [
      question.report,
      question.dimension,
      question.name,
      question.range,
      question.filters?.map((f) => `${f.key}:${f.patterns}`),
    ];
    figures.push({ name: words.filter(Boolean).join(' '), from, firstMs: times[0]!, medianMs: rest[7]! });
  }
  await db.destroy();
  return figures;
}
