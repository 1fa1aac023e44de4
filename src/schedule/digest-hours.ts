import type { Calendar } from '../domain/calendar.ts';
import type { ClientName } from '../domain/definition.ts';
import type { Filter } from '../domain/filter.ts';
import type { SeriesReport } from '../domain/report.ts';
import type { UsageReader } from '../domain/usage.ts';
import { getClientNames } from '../report/client-names.ts';
import { findHourCause, type HourCause } from './hour-cause.ts';
import { weeksBefore } from './weeks-before.ts';

const WEEKS = 4;
const HOUR_MS = 3_600_000;
const MAX_HOURS = 2;

/** An hour of the day that was far from its usual. */
export interface OddHour {
  startMs: number;
  label: string;
  requests: number;
  usual: number;
  because: HourCause | undefined;
}

/** The hours furthest from the same hour of the weeks before, the furthest first, each with who made most of the difference. */
export async function listOddHours(
  { usage, calendar, clients }: { usage: UsageReader; calendar: Calendar; clients: readonly ClientName[] },
  { bars, usual }: SeriesReport,
  filters: readonly Filter[],
): Promise<OddHour[]> {
  const extent = await usage.extent();
  if (!extent || !usual) return [];
  const odd = bars
    .flatMap(({ startMs, label, requests }, index) => {
      const expected = usual[index];
      return expected?.isOdd ? [{ startMs, label, requests, usual: expected.median }] : [];
    })
    .sort((a, b) => Math.abs(b.requests - b.usual) - Math.abs(a.requests - a.usual))
    .slice(0, MAX_HOURS);
  return Promise.all(
    odd.map(async (hour) => {
      const toSpan = (fromMs: number) => ({ fromMs, toMs: fromMs + HOUR_MS });
      const before = Array.from({ length: WEEKS }, (_, week) => weeksBefore(hour.startMs, week + 1, calendar.zone));
      const because = await findHourCause(
        { usage, clients },
        {
          hour: toSpan(hour.startMs),
          usual: before.filter((ms) => ms >= calendar.startOfDay(extent.firstDay)).map(toSpan),
          measure: 'requests',
          filters: getClientNames(clients).toIdFilters(filters),
        },
      );
      return { ...hour, because };
    }),
  );
}
