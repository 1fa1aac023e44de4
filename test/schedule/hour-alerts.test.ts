import { expect, it } from 'vitest';
import { createCalendar } from '../../src/domain/calendar.ts';
import type { UsageReader } from '../../src/domain/usage.ts';
import { findUnusual } from '../../src/schedule/traffic-alerts.ts';
import { createMemoryUsage, type EventOfTest } from '../report/memory-usage.ts';

const ZONE = 'Europe/Berlin';
const HOUR = 3_600_000;

it.each(['2026-10-26T03:00', '2026-03-30T03:00', '2026-11-23T03:00'])(
  'a nightly job at the same local hour is as usual in the week of a clock change: %s',
  async (local) => {
    const at = Temporal.ZonedDateTime.from(`${local}[${ZONE}]`);
    const nights = Array.from({ length: 40 }, (_, days) => ({
      timeMs: at.subtract({ days }).epochMilliseconds + 1000,
      count: 5000,
    }));
    const calendar = createCalendar(ZONE);
    const hour = { fromMs: at.epochMilliseconds, toMs: at.epochMilliseconds + HOUR };
    const find = (usage: UsageReader) => findUnusual({ usage, calendar, clients: [] }, hour);
    expect(await find(createMemoryUsage(nights, calendar))).toEqual([]);
    const missing = createMemoryUsage(nights.slice(1), calendar);
    expect(await find(missing)).toMatchObject([{ what: 'volume', observed: 0, expected: 5000, comparedWeeks: 4 }]);
  },
);

it('hours of the day on which data began are no usual', async () => {
  const at = Temporal.ZonedDateTime.from(`2026-11-23T03:00[${ZONE}]`);
  const nights = [0, 7, 14].map((days) => ({ timeMs: at.subtract({ days }).epochMilliseconds + 1000, count: 5000 }));
  const began = { timeMs: at.subtract({ days: 21 }).add({ hours: 12 }).epochMilliseconds, count: 5000 };
  const calendar = createCalendar(ZONE);
  const hour = { fromMs: at.epochMilliseconds, toMs: at.epochMilliseconds + HOUR };
  const compared = async (events: EventOfTest[]) => {
    const usage = createMemoryUsage(events, calendar);
    return (await findUnusual({ usage, calendar, clients: [] }, hour)).map(({ comparedWeeks }) => comparedWeeks);
  };
  expect(await compared([...nights.slice(1), began])).toEqual([2]);
  expect(await compared([...nights.slice(1), { ...began, timeMs: began.timeMs - 24 * HOUR }])).toEqual([3]);
});
