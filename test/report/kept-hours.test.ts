import { beforeEach, describe, expect, it } from 'vitest';
import { createCalendar } from '../../src/domain/calendar.ts';
import type { Question, RankingReport, Reporter, SeriesReport } from '../../src/domain/report.ts';
import { createReporter } from '../../src/report/reporter.ts';
import { StoredUsage } from '../../src/usage/reader.ts';
import { UsageWriter } from '../../src/usage/usage-writer.ts';
import { setUpDatabases } from '../support/databases.ts';
import { NO_DEFINITIONS } from './setup.ts';

const calendar = createCalendar('Europe/Berlin');
/** A Friday, 13:00 in Berlin. */
const NOW = Date.parse('2026-11-20T12:00:00Z');
/** Days with two calls at 14:10 and one at 14:50 each. */
const DAYS = ['2026-07-23', '2026-08-10', '2026-09-10', '2026-09-11', '2026-11-10'];

describe('hours that are no longer kept', () => {
  const { dialect, open } = setUpDatabases();
  let reporter: Reporter;

  beforeEach(async () => {
    const db = await open();
    const rules = async () => () => ({ scope: 'crm', meters: ['crm'], exclusion: undefined, credits: 1000 });
    const writer = new UsageWriter(db, { dialect, calendar, rawRetentionDays: 30, rules });
    for (const day of DAYS) {
      const events = ['14:10', '14:10', '14:50'].map((clock) => ({
        ...{ client: 'acme', route: '/v1/a', status: 200, kind: 'call', count: 1 },
        timeMs: Temporal.PlainDateTime.from(`${day}T${clock}`).toZonedDateTime(calendar.zone).epochMilliseconds,
      }));
      await writer.append([{ source: { id: 1, name: 'test' }, events, receivedMs: NOW }], { allowOld: true });
    }
    await writer.foldAll();
    await writer.retain(NOW);
    reporter = createReporter({
      usage: new StoredUsage(db, dialect, calendar),
      definitions: async () => NO_DEFINITIONS,
      calendar,
    });
  });

  const ask = async <Kind>(question: Question): Promise<Kind> => (await reporter.answer(question, NOW)) as Kind;

  it('an hour of last month is told by the minute, one of the months before as a whole', async () => {
    const recent = await ask<SeriesReport>({ report: 'day', range: '2026-11-10 14:00-15:00' });
    expect(recent.bars.map(({ requests }) => requests)).toEqual([0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1, 0]);
    const older = await ask<SeriesReport>({ report: 'day', range: '2026-09-10 14:00-15:00' });
    expect(older.bars.map(({ label, requests }) => [label, requests])).toEqual([['14:00', 3]]);
    expect(older.notes).toContain('Minutes are no longer kept for these days: drawn by the hour.');
  });

  it('minutes beyond raw events are said to be gone, and the hours around them offered', async () => {
    const report = await ask<SeriesReport>({ report: 'day', range: '2026-09-10 14:05-14:45' });
    expect(report.finding).toBe('This is no longer kept for 10 Sep, 14:05–14:45.');
    expect(report.notes).toContain('Minutes are only kept since Wed 21 Oct 2026.');
    expect(report.offers?.map(({ label, question }) => [label, question.range])).toEqual([
      ['Whole hours', '2026-09-10 14:00-15:00'],
      ['The whole day', '2026-09-10'],
    ]);
    const top = await ask<RankingReport>({ report: 'top', dimension: 'client', range: '2026-09-10 14:05-14:45' });
    expect(top.finding).toBe(report.finding);
  });

  it('hours beyond hourly totals are said to be gone, and the day offered', async () => {
    const range = '2026-08-10 14:00-15:00';
    const report = await ask<RankingReport>({ report: 'top', dimension: 'client', range });
    expect(report.finding).toBe('This is no longer kept for 10 Aug, 14:00–15:00.');
    expect(report.notes).toContain('Hours are only kept since Sat 22 Aug 2026.');
    expect(report.offers?.map(({ question }) => question.range)).toEqual(['2026-08-10']);
  });

  it('pairs of an hour are told while raw events are kept', async () => {
    const filters = [{ key: 'route' as const, patterns: ['/v1/a'], not: false }];
    const of = (range: string) => ask<RankingReport>({ report: 'top', dimension: 'client', range, filters });
    expect((await of('2026-11-10 14:00-15:00')).totals.requests).toBe(3);
    const older = await of('2026-09-10 14:00-15:00');
    expect(older.finding).toBe('This is no longer kept for 10 Sep, 14:00–15:00.');
    expect(older.offers?.map(({ question }) => question.range)).toEqual(['2026-09-10']);
  });

  it('of days between hours that are gone nothing is told, as it would look like all', async () => {
    const filters = [{ key: 'route' as const, patterns: ['/v1/a'], not: false }];
    const range = '2026-09-10 15:00 to 2026-09-12 14:00';
    const report = await ask<RankingReport>({ report: 'top', dimension: 'client', range, filters });
    expect(report.totals.requests).toBe(0);
    expect(report.finding).toBe('This is no longer kept for 10 Sep 15:00 – 12 Sep 14:00.');
    expect(report.offers?.map(({ question }) => question.range)).toEqual(['2026-09-10..2026-09-12']);
  });

  it('all time begins with the data', async () => {
    const report = await ask<SeriesReport>({ report: 'daily', range: 'all time' });
    expect(report.totals.requests).toBe(15);
    expect(report.range?.label).toBe('23 Jul – 19 Nov 2026');
  });
});
