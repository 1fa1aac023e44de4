import { describe, expect, it, test } from 'vitest';
import { createCalendar } from '../../src/domain/calendar.ts';
import { resolveRange } from '../../src/domain/ranges.ts';
import type { Question } from '../../src/domain/report.ts';
import { listNext, listWider, showAs, withRange } from '../../src/slack/next-questions.ts';
import { ask, at } from '../report/setup.ts';

const zone = 'Europe/Berlin';
const calendar = createCalendar(zone);

function hoursOf(report: Parameters<typeof listNext>[0]) {
  return listNext(report).filter(({ group }) => group === 'Look at an hour');
}

test('a day leads to each of its hours with calls, the peak first', async () => {
  const events = ['08:10', '13:05', '13:20', '17:00'].map((clock) => ({ timeMs: at(`2026-11-20T${clock}:00Z`) }));
  const report = await ask(events, { report: 'day', range: 'yesterday' }, { zone });
  expect(hoursOf(report).map(({ label, question }) => [label, question.range])).toEqual([
    ['14:00 · 2 requests (peak)', '2026-11-20 14:00'],
    ['09:00 · 1 request', '2026-11-20 09:00'],
    ['18:00 · 1 request', '2026-11-20 18:00'],
  ]);
});

test('what is gone leads to the range in which it made its calls', async () => {
  const events = [
    { timeMs: at('2026-11-02T08:10:00Z'), client: 'Old' },
    { timeMs: at('2026-11-20T08:10:00Z'), client: 'New' },
  ];
  const rangesOf = async (only: 'new' | 'gone') => {
    const report = await ask(events, { report: 'top', only, range: '7d' }, { zone });
    return listNext(report)
      .filter(({ label }) => ['Old', 'New', 'Show calls'].includes(label))
      .map(({ question }) => question.range);
  };
  expect(await rangesOf('gone')).toEqual(['2026-08-16..2026-11-13', '2026-08-16..2026-11-13']);
  expect(await rangesOf('new')).toEqual(['7d', '7d']);
});

test('status codes lead to the hour with the most failures', async () => {
  const events = [
    { timeMs: at('2026-11-20T08:10:00Z') },
    { timeMs: at('2026-11-20T13:10:00Z'), status: 500 },
    { timeMs: at('2026-11-20T14:10:00Z'), status: 429, count: 3 },
  ];
  const report = await ask(events, { report: 'status', range: 'yesterday' }, { zone });
  expect(hoursOf(report).map(({ label }) => label)).toEqual(['15:00 · 3 failed (peak)', '14:00 · 1 failed']);
});

test('both hours of a night that come twice are led to', async () => {
  const events = ['00:30', '01:30'].map((clock) => ({ timeMs: at(`2026-10-25T${clock}:00Z`) }));
  const report = await ask(events, { report: 'day', range: '2026-10-25' }, { zone });
  const spans = hoursOf(report).map(({ question }) =>
    resolveRange(question.range, at('2026-11-21T14:00:00Z'), calendar),
  );
  expect(spans.map(({ fromMs, toMs }) => [fromMs, toMs])).toEqual([
    [at('2026-10-25T00:00:00Z'), at('2026-10-25T01:00:00Z')],
    [at('2026-10-25T01:00:00Z'), at('2026-10-25T02:00:00Z')],
  ]);
});

test('days lead to days', async () => {
  const report = await ask([{ timeMs: at('2026-11-20T08:10:00Z') }], { report: 'daily', range: '7d' }, { zone });
  expect(hoursOf(report)).toEqual([]);
  expect(listNext(report).some(({ question }) => question.range === '2026-11-20')).toBe(true);
});

test('a report by the hour becomes days where more are asked for', () => {
  expect(withRange({ report: 'day', range: 'today' }, '7d').report).toBe('daily');
  expect(withRange({ report: 'day', range: 'today' }, '3h').report).toBe('day');
});

describe('an answer without calls', () => {
  const empty = (question: Question) =>
    ask([{ timeMs: at('2026-11-20T12:00:00Z') }], question as Question & { report: 'top' });
  const filters = [{ key: 'status' as const, patterns: ['418'], not: false }];

  it('offers a wider range, and the same without the filter', async () => {
    const report = await empty({ report: 'top', range: 'yesterday', filters });
    expect(listWider(report)).toEqual([
      { label: 'Last 7 days', question: { report: 'top', range: '7d', filters } },
      { label: 'Without the filter', question: { report: 'top', range: 'yesterday' } },
    ]);
    expect(listWider(await empty({ report: 'events', range: '30d', filters })).map(({ label }) => label)).toEqual([
      'Last 90 days',
      'Without the filter',
    ]);
  });

  it('of two ranges leads to one that has calls, beside the one before it', async () => {
    const report = await empty({ report: 'top', range: 'yesterday', versus: 'week-before', filters });
    expect(listWider(report)).toEqual([
      { label: 'Last 7 days', question: { report: 'top', range: '7d', versus: 'previous', filters } },
      { label: 'Without the filter', question: { report: 'top', range: 'yesterday', versus: 'week-before' } },
    ]);
  });

  it('leads to no picture, call or duration that it does not have', async () => {
    for (const report of ['top', 'status'] as const) {
      const labels = async (range: string) =>
        listNext(await empty({ report, range } as Question)).map(({ label }) => label);
      const gone = ['Doughnut', 'Show calls', 'Latency'];
      expect((await labels('2026-11-01')).filter((label) => gone.includes(label))).toEqual([]);
      expect(await labels('all')).toEqual(expect.arrayContaining(['Show calls', 'Latency']));
    }
  });

  it('is the only one that does', async () => {
    expect(listWider(await empty({ report: 'top', range: 'yesterday' }))).toEqual([]);
    expect(listWider(await ask([], { report: 'top' }))).toEqual([]);
  });
});

it('a table that took the place of a doughnut gives it back', async () => {
  const doughnut = await ask([{ timeMs: at('2026-11-20T12:00:00Z') }], { report: 'top', view: 'doughnut' });
  const table = showAs(doughnut, 'chart')!;
  expect(table).toMatchObject({ view: 'table' });
  expect(showAs({ ...doughnut, question: table }, 'table')).toEqual({ report: 'top', view: 'doughnut' });
});
