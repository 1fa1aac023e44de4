import { expect, it } from 'vitest';
import { createCalendar } from '../../src/domain/calendar.ts';
import type { SourceHealth } from '../../src/domain/source-health.ts';
import { isSilent } from '../../src/schedule/traffic-alerts.ts';
import { createMemoryUsage } from '../report/memory-usage.ts';

const ZONE = 'Europe/Berlin';
const MINUTE = 60_000;
const calendar = createCalendar(ZONE);

/** Lists calls every five minutes from 08:00 to 18:00 local time, on each day of these weeks. */
function listWorkingHours(until: Temporal.ZonedDateTime, weeks: number): { timeMs: number; source: string }[] {
  const events: { timeMs: number; source: string }[] = [];
  for (
    let day = until.subtract({ weeks });
    day.epochMilliseconds < until.epochMilliseconds;
    day = day.add({ days: 1 })
  ) {
    const open = day.with({ hour: 8, minute: 0 }).epochMilliseconds;
    for (let slot = 0; slot < 120; slot += 1) events.push({ timeMs: open + slot * 5 * MINUTE, source: 'erp' });
  }
  return events.filter(({ timeMs }) => timeMs < until.epochMilliseconds);
}

/** Tells whether a source with working hours counts as silent at `now`, if it was last heard at `lastHeard`; both local times. */
async function silentAt(lastHeard: string, now: string): Promise<boolean> {
  const [heard, at] = [lastHeard, now].map((text) => Temporal.ZonedDateTime.from(`${text}[${ZONE}]`));
  const usage = createMemoryUsage(listWorkingHours(heard!.add({ minutes: 1 }), 6), calendar);
  const health = { name: 'erp', lastReceivedMs: heard!.epochMilliseconds, usualGapMs: 5 * MINUTE };
  return isSilent(health as SourceHealth, usage, calendar, at!.epochMilliseconds);
}

it.each([
  ['2026-10-25T17:57', '2026-10-26T08:00', 'after the clock went back'],
  ['2026-10-24T17:57', '2026-10-25T08:00', 'in the night that it goes back'],
  ['2026-03-30T17:57', '2026-03-30T18:45', 'after it went forward'],
  ['2026-03-28T17:57', '2026-03-29T08:00', 'in the night that it goes forward'],
])('no source that rests is silent: %s – %s, %s', async (lastHeard, now) => {
  expect(await silentAt(lastHeard, now)).toBe(false);
});

it.each([
  ['2026-10-25T17:57', '2026-10-26T09:15'],
  ['2026-03-29T17:57', '2026-03-30T09:15'],
  ['2026-10-26T10:00', '2026-10-26T10:45'],
])('a source that does not begin as usual is silent in a week of a clock change: %s – %s', async (lastHeard, now) => {
  expect(await silentAt(lastHeard, now)).toBe(true);
});
