import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createCalendar } from '../../src/domain/calendar.ts';
import type { Pool, Scope } from '../../src/domain/definition.ts';
import { getScopeStates } from '../../src/report/scope-states.ts';
import { size } from '../support/size.ts';
import { createMemoryUsage } from './memory-usage.ts';

const calendar = createCalendar('Europe/Berlin');
const HOUR_MS = 3_600_000;

it('a rolling pool counts the last 24 hours, also on the first day of a month, a year, and after a clock change', async () => {
  const daily: Pool = {
    name: 'Daily credits',
    period: { kind: 'rolling-24h' },
    priority: 1,
    fromDay: 0,
    amounts: [{ fromDay: 0, base: 1_000_000_000, grants: [] }],
    thresholds: [75, 90],
    order: 0,
  };
  const scope: Scope = { name: 'crm', title: 'CRM', links: {}, pools: [daily], limits: [] };
  const firstDays = ['2026-12-01', '2027-01-01', '2026-11-20', '2026-03-30', '2026-10-26', '2026-10-25'];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...firstDays),
      fc.integer({ min: 0, max: 23 }),
      fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 8 }),
      async (day, hour, ages) => {
        const midnight = Temporal.PlainDate.from(day).toZonedDateTime('Europe/Berlin').epochMilliseconds;
        const atMs = midnight + hour * HOUR_MS + 1_830_000;
        // Events are half an hour away from both ends of the window, so that the current minute does not matter.
        const events = ages.map((age) => ({ timeMs: atMs - age * HOUR_MS - 1_800_000, count: 7, scope: 'crm' }));
        const definitions = async () => ({ version: 1, scopes: [scope], ruleSets: [], clients: [] });
        const [state] = await getScopeStates(
          { usage: createMemoryUsage(events, calendar), definitions, calendar },
          { atMs },
        );
        expect(state!.current!.used).toBe(ages.filter((age) => age < 24).length * 7000);
      },
    ),
    { numRuns: size(50, 2000) },
  );
});
