import { type Calendar, formatDay } from '../domain/calendar.ts';
import { DIMENSIONS } from '../domain/dimension.ts';
import { toJson } from '../domain/thousandths.ts';
import type { Span, UsageReader } from '../domain/usage.ts';

export interface Comparison {
  /** Calls on all days. */
  requests: number;
  days: number;
  /** The first day with different counts, if any. */
  differentDay?: string;
}

/** Compares the usage of two databases day by day, by each dimension and status; where raw events are kept, also from those. */
export async function compareUsage(
  one: UsageReader,
  other: UsageReader,
  calendar: Calendar,
  signal: AbortSignal,
): Promise<Comparison> {
  const extent = await one.extent();
  const comparison: Comparison = { requests: 0, days: 0 };
  for (let day = extent?.firstDay ?? 0; extent && day <= extent.lastDay; day += 1) {
    signal.throwIfAborted();
    const span = { fromMs: calendar.startOfDay(day), toMs: calendar.startOfDay(day + 1) };
    const [{ counts, requests }, { counts: same }] = await Promise.all([
      recount(one, span, day >= extent.firstRawDay),
      recount(other, span, day >= extent.firstRawDay),
    ]);
    if (counts !== same) return { ...comparison, differentDay: formatDay(day) };
    comparison.requests += requests;
    comparison.days += 1;
  }
  return comparison;
}

async function recount(usage: UsageReader, span: Span, hasRaw: boolean): Promise<{ counts: string; requests: number }> {
  const query = { span, grain: 'day', filters: [] } as const;
  const answers = await Promise.all([
    ...DIMENSIONS.map((dimension) => usage.sum({ ...query, groupBy: [dimension, 'status'] })),
    usage.sum({ ...query, groupBy: ['scope', 'status'], raw: hasRaw }),
  ]);
  const lines = answers.map(({ rows }) => rows.map(toJson).sort());
  const excluded = (await usage.excluded(span)).map((rule) => JSON.stringify(rule)).sort();
  const requests = answers.at(-1)!.rows.reduce((sum, row) => sum + row.requests, 0);
  return { counts: JSON.stringify([lines, excluded]), requests };
}
