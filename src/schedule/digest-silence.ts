import { type Calendar, formatDay } from '../domain/calendar.ts';
import type { RankingReport, SeriesReport } from '../domain/report.ts';
import type { SourceHealth } from '../domain/source-health.ts';
import { ALL, type Rank } from './digest-clients.ts';
import { listKnownDaysAgo, listWeeksAgo } from './digest-days.ts';

/** A source that used to send on such a day and sent nothing at all; `sinceMs` where nothing was heard after the day either. */
export interface SilentSource {
  name: string;
  sinceMs?: number;
}

/**
 * Lists sources that sent calls of this digest on at least half of the days that are like this one, and no call at all on it.
 * Days alike are the same weekdays; in the first week, those so far.
 */
export async function listSilentSources(
  { calendar, sources }: { calendar: Calendar; sources(): Promise<readonly SourceHealth[]> },
  { inAll, counted }: { inAll(range: string): Promise<RankingReport>; counted: Rank },
  daily: SeriesReport,
  day: number,
): Promise<SilentSource[]> {
  const weeks = listWeeksAgo(daily);
  const alike = weeks.length > 0 ? weeks : listKnownDaysAgo(daily);
  if (alike.length === 0) return [];
  const sent = new Set((await inAll(formatDay(day))).rows.map(({ name }) => name));
  const daysOf = new Map<string, number>();
  for (const daysAgo of alike)
    for (const { name } of (await counted('source', formatDay(day - daysAgo), ALL)).rows)
      daysOf.set(name, (daysOf.get(name) ?? 0) + 1);
  const endMs = calendar.startOfDay(day + 1);
  return (await sources())
    .filter(({ name }) => !sent.has(name) && (daysOf.get(name) ?? 0) * 2 >= alike.length)
    .map(({ name, lastReceivedMs }) => ({
      name,
      ...(lastReceivedMs !== undefined && lastReceivedMs < endMs ? { sinceMs: lastReceivedMs } : {}),
    }));
}
