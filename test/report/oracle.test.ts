import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createCalendar } from '../../src/domain/calendar.ts';
import type { Pool, Scope } from '../../src/domain/definition.ts';
import { DIMENSIONS } from '../../src/domain/dimension.ts';
import type { StoredFilter } from '../../src/domain/filter.ts';
import {
  type Question,
  type RankingReport,
  REPORT_KINDS,
  RefusedQuestion,
  type Report,
  type Reporter,
  type SeriesReport,
  type StatusReport,
} from '../../src/domain/report.ts';
import { QuestionError } from '../../src/errors.ts';
import { createReporter } from '../../src/report/reporter.ts';
import { StoredUsage } from '../../src/usage/reader.ts';
import { UsageWriter } from '../../src/usage/usage-writer.ts';
import { describeEachDialect } from '../support/databases.ts';
import { arbitraryEvent, arbitraryFilters } from '../support/events.ts';
import { size } from '../support/size.ts';
import { createMemoryUsage, type EventOfTest, passes, toRawEvent } from './memory-usage.ts';
import { NO_DEFINITIONS } from './setup.ts';

const calendar = createCalendar('Europe/Berlin');
const NOW = Date.parse('2026-11-20T12:00:00Z');
const from = calendar.startOfDay(calendar.dayOf(NOW) - 40);
// Calls at the same instant may be in any order.
const sent = [
  ...new Map(
    fc.sample(arbitraryEvent(from, NOW), { numRuns: 400, seed: 11 }).map((call) => [call.timeMs, call]),
  ).values(),
];
const events: EventOfTest[] = sent.map(({ timeMs, status = 0, credits, count, ...texts }) => ({
  ...texts,
  timeMs: timeMs!,
  source: 'test',
  scope: texts.scope ?? 'default',
  status,
  count,
  credits: credits ?? count * 1000,
  receivedMs: NOW,
}));
const pool: Pool = {
  ...{ name: 'Month', period: { kind: 'month', anchor: 15 }, priority: 1, order: 0, fromDay: 0, thresholds: [75, 90] },
  amounts: [{ fromDay: 0, base: 5e11, grants: [] }],
};
const scopes: Scope[] = [
  {
    ...{ name: 'crm', title: 'CRM', rateLimitPerMinute: 60, links: {} },
    pools: [pool, { ...pool, name: 'Rolling', period: { kind: 'rolling-24h' }, priority: 2, order: 1 }],
    limits: [{ ...pool, name: 'Fair use', period: { kind: 'day' } }],
  },
];
const declared = { ...NO_DEFINITIONS, scopes, clients: [{ id: 'a*', name: 'Acme CRM' }] };
const definitions = async () => declared;

const arbitraryQuestion: fc.Arbitrary<Question> = fc.record({
  report: fc.constantFrom(...REPORT_KINDS, 'top', 'status', 'daily'),
  name: fc.constantFrom('a', 'b', '/v1/orders', '*'),
  dimension: fc.constantFrom(...DIMENSIONS),
  limit: fc.integer({ min: 1, max: 12 }),
  offset: fc.integer({ min: 0, max: 3 }),
  measure: fc.constantFrom('requests', 'credits'),
  range: fc.constantFrom(
    '7d',
    'today',
    '24h',
    'yesterday',
    '30d',
    'this-month',
    'last-month',
    '2026-10-25',
    '2026-10-12..2026-11-20',
    '3h',
    '72h',
    '90m',
    'yesterday 14:00-15:00',
    'monday 09:10 to wednesday 17:40',
    'since monday 14:00',
    'today 9-17',
    '2026-10-25 01:00-03:00',
    '2026-10-25T00:00Z',
    'until 2026-11-10',
    'all time',
  ),
  filters: fc.oneof(
    arbitraryFilters(),
    fc
      .record({ key: fc.constant('client' as const), patterns: fc.constant(['A*']), not: fc.boolean() })
      .map((f) => [f]),
  ),
});

describeEachDialect('reports', ({ dialect, open }) => {
  it('say the same over the store as over the plain events, in numbers that add up', async () => {
    const db = await open();
    const rules = async () => (event: { scope?: string; credits?: number; count: number }) => {
      const scope = event.scope ?? 'default';
      return { scope, meters: [scope], exclusion: undefined, credits: event.credits ?? event.count * 1000 };
    };
    const writer = new UsageWriter(db, { dialect, calendar, rawRetentionDays: 60, rules });
    for (let start = 0; start < sent.length; start += 100) {
      const request = { source: { id: 1, name: 'test' }, events: sent.slice(start, start + 100), receivedMs: NOW };
      await writer.append([request], { allowOld: true });
      if (start === 200) await writer.foldAll();
    }
    const stored = createReporter({ usage: new StoredUsage(db, dialect, calendar), definitions, calendar });
    const plain = createReporter({ usage: createMemoryUsage(events, calendar), definitions, calendar });
    await fc.assert(
      fc.asyncProperty(arbitraryQuestion, async (question) => {
        const [report, again] = await Promise.all([answer(stored, question), answer(plain, question)]);
        expect(report).toEqual(again);
        if (!('refused' in report)) checkNumbers(report);
      }),
      { numRuns: dialect === 'sqlite' ? size(80, 2000) : size(25, 600) },
    );
  });
});

/** Answers a question, or returns the text of its refusal: both reporters must refuse the same questions. */
async function answer(reporter: Reporter, question: Question): Promise<Report | { refused: string }> {
  try {
    return await reporter.answer(question, NOW);
  } catch (error) {
    if (error instanceof QuestionError || error instanceof RefusedQuestion) return { refused: error.message };
    throw error;
  }
}

/** Checks rules that every report must keep, against a recount of the events. */
function checkNumbers(report: Report): void {
  if (report.kind === 'top') checkRanking(report);
  if (report.kind === 'status') checkStatus(report);
  if (report.kind === 'daily') checkSeries(report);
}

function countPlainly({ range, question: { filters = [] } }: Report): number {
  const endMs = range!.partial && !range!.timed ? calendar.startOfDay(range!.lastDay + 1) : range!.toMs;
  return events
    .filter(({ timeMs }) => timeMs >= range!.fromMs && timeMs < endMs)
    .filter((event) => filters.every((filter) => passesByIdOrName(event, filter as StoredFilter)))
    .reduce((sum, { count }) => sum + count!, 0);
}

function passesByIdOrName(event: EventOfTest, filter: StoredFilter): boolean {
  const byId = passes(toRawEvent(event), filter);
  if (filter.key !== 'client' || !event.client!.startsWith('a')) return byId;
  const byName = passes(toRawEvent({ ...event, client: 'Acme CRM' }), filter);
  return filter.not ? byId && byName : byId || byName;
}

function checkRanking({ rows, others, totals, measure, ...report }: RankingReport): void {
  const sum = rows.reduce((sum, row) => sum + row.requests, others.requests);
  expect(sum).toBe(totals.requests);
  expect(totals.ok + totals.failed + totals.none).toBe(totals.requests);
  expect(totals.requests).toBe(countPlainly({ rows, others, totals, measure, ...report }));
  for (const row of rows) {
    expect(row.ok + row.failed + row.none).toBe(row.requests);
    expect(row.sharePercent).toBeCloseTo(
      totals[measure] === 0 ? 0 : (Number(row[measure]) / Number(totals[measure])) * 100,
      9,
    );
  }
}

function checkStatus(report: StatusReport): void {
  const { codes, groups, steps, totals } = report;
  expect(codes.reduce((sum, code) => sum + code.requests, 0)).toBe(totals.requests);
  expect(groups.reduce((sum, group) => sum + group.requests, 0)).toBe(totals.requests);
  expect(steps.flatMap(({ counts }) => Object.values(counts)).reduce((sum, count) => sum + count, 0)).toBe(
    totals.requests,
  );
  expect(totals.requests).toBe(countPlainly(report));
}

function checkSeries(report: SeriesReport): void {
  expect(report.bars.reduce((sum, bar) => sum + bar.requests, 0)).toBe(report.totals.requests);
  expect(report.totals.requests).toBe(countPlainly(report));
}
