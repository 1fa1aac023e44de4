import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createCalendar } from '../../src/domain/calendar.ts';
import { InvalidRangeError, resolveRange } from '../../src/domain/ranges.ts';
import type { UsageQuery } from '../../src/domain/usage.ts';
import type { Assign } from '../../src/usage/event-batch.ts';
import { StoredUsage } from '../../src/usage/reader.ts';
import { UsageWriter } from '../../src/usage/usage-writer.ts';
import { describeEachDialect } from '../support/databases.ts';
import { answerPlainly, arbitraryEvent, arbitraryFilters, sortRows } from '../support/events.ts';
import { size } from '../support/size.ts';

const noRules: Assign = (event) => {
  const scope = event.scope ?? 'default';
  return { scope, meters: [scope], exclusion: undefined, credits: event.credits ?? event.count * 1000 };
};

/** Zones, each with an instant soon after a change of its clocks, if it has any. */
const NIGHTS = [
  ['Europe/Berlin', '2026-10-27T09:41:00Z'],
  ['Australia/Lord_Howe', '2026-04-07T03:05:00Z'],
  ['America/St_Johns', '2026-03-10T17:20:00Z'],
  ['Asia/Kathmandu', '2026-07-01T12:00:00Z'],
] as const;

describeEachDialect('hours and minutes of a range', ({ dialect, open }) => {
  it.each(NIGHTS)('are counted in %s as the plain events are', async (zone, now) => {
    const calendar = createCalendar(zone);
    const nowMs = Date.parse(now);
    const fromMs = calendar.startOfDay(calendar.dayOf(nowMs) - 6);
    const events = fc.sample(arbitraryEvent(fromMs, nowMs), { numRuns: 400, seed: 5 });
    const db = await open();
    const writer = new UsageWriter(db, { dialect, calendar, rawRetentionDays: 30, rules: async () => noRules });
    for (let at = 0; at < events.length; at += 100) {
      const request = { source: { id: 1, name: 'test' }, events: events.slice(at, at + 100), receivedMs: nowMs };
      await writer.append([request], { allowOld: true });
      if (at === 200) await writer.foldAll();
    }
    const reader = new StoredUsage(db, dialect, calendar);

    const clock = fc
      .tuple(fc.integer({ min: 0, max: 23 }), fc.constantFrom('00', '00', '00', '17'))
      .map((of) => of.join(':'));
    const day = fc.constantFrom('today', 'yesterday', '2 days ago', '3 days ago', '5 days ago');
    const texts = fc.oneof(
      fc.tuple(fc.integer({ min: 1, max: 100 }), fc.constantFrom('h', 'm')).map((of) => of.join('')),
      fc.tuple(day, clock, clock).map(([each, from, to]) => `${each} ${from}-${to}`),
      fc.tuple(day, clock, day, clock).map(([first, from, last, to]) => `${first} ${from} to ${last} ${to}`),
      fc.tuple(day, clock).map(([each, from]) => `since ${each} ${from}`),
    );
    const questions = fc.record({
      text: texts,
      grain: fc.constantFrom('minute', 'hour', 'day', 'all'),
      groupBy: fc.constantFrom([], ['status'], ['client'], ['client', 'route'], ['client', 'status']),
      filters: fc.oneof(fc.constant([]), arbitraryFilters()),
    } as const);
    const runs = dialect === 'sqlite' ? size(60, 1200) : size(40, 400);
    let answered = 0;
    await fc.assert(
      fc.asyncProperty(questions, async ({ text, grain, groupBy, filters }) => {
        let range: ReturnType<typeof resolveRange>;
        try {
          range = resolveRange(text, nowMs, calendar);
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidRangeError);
          return;
        }
        const span = { fromMs: range.fromMs, toMs: range.toMs };
        const query = { span, grain, groupBy, filters } as unknown as UsageQuery;
        const { rows, shortened } = await reader.sum(query);
        expect(shortened).toBeUndefined();
        expect(sortRows(rows)).toEqual(answerPlainly(events, query, calendar, 'test'));
        answered++;
      }),
      { numRuns: runs },
    );
    expect(answered).toBeGreaterThan(runs / 5);
  });

  it('are told of calls that a rule took out, too', async () => {
    const calendar = createCalendar('Europe/Berlin');
    const nowMs = Date.parse('2026-11-20T12:00:00Z');
    const db = await open();
    const rules =
      async (): Promise<Assign> =>
      (event, ...rest) => ({ ...noRules(event, ...rest), exclusion: 'client a' });
    const writer = new UsageWriter(db, { dialect, calendar, rawRetentionDays: 30, rules });
    const events = ['19T08:00', '19T13:10', '19T14:10', '20T10:00'].map((time, index) => {
      return { timeMs: Date.parse(`2026-11-${time}Z`), client: 'a', kind: 'call', count: 10 ** index };
    });
    const append = (some: typeof events) =>
      writer.append([{ source: { id: 1, name: 'test' }, events: some, receivedMs: nowMs }]);
    await append(events.slice(0, 3));
    await writer.foldAll();
    await append(events.slice(3));
    const reader = new StoredUsage(db, dialect, calendar);
    const sum = async (text: string) => {
      const { fromMs, toMs } = resolveRange(text, nowMs, calendar);
      return (await reader.excluded({ fromMs, toMs })).reduce((all, { requests }) => all + requests, 0);
    };
    expect(await sum('yesterday')).toBe(111);
    expect(await sum('yesterday 14:00-15:00')).toBe(10);
    expect(await sum('since yesterday 15:00')).toBe(1100);
    expect(await sum('2026-11-18 12:00 to yesterday 12:00')).toBe(1);
  });

  it('make up the day, the night with an hour twice included', async () => {
    const calendar = createCalendar('Europe/Berlin');
    const nowMs = Date.parse('2026-10-26T12:00:00Z');
    const day = calendar.dayOf(nowMs) - 1;
    const span = { fromMs: calendar.startOfDay(day), toMs: calendar.startOfDay(day + 1) };
    const events = fc.sample(arbitraryEvent(span.fromMs, span.toMs), { numRuns: 200, seed: 3 });
    const db = await open();
    const writer = new UsageWriter(db, { dialect, calendar, rawRetentionDays: 30, rules: async () => noRules });
    await writer.append([{ source: { id: 1, name: 'test' }, events, receivedMs: nowMs }]);
    await writer.foldAll();
    const reader = new StoredUsage(db, dialect, calendar);
    const hours = calendar.hoursOf(day).map((ms) => {
      const { fromMs, toMs } = resolveRange(Temporal.Instant.fromEpochMilliseconds(ms).toString(), nowMs, calendar);
      return { fromMs, toMs };
    });
    expect(hours).toHaveLength(25);
    const sums = await Promise.all(
      [span, ...hours].map(async (each) => {
        const { rows } = await reader.sum({ span: each, grain: 'all', groupBy: [], filters: [] });
        return rows.reduce((sum, { requests }) => sum + requests, 0);
      }),
    );
    const [whole, ...parts] = sums;
    expect(parts.reduce((sum, part) => sum + part, 0)).toBe(whole);
    expect(whole).toBe(events.reduce((sum, { count }) => sum + count, 0));
  });
});
