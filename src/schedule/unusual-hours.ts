import type { Calendar } from '../domain/calendar.ts';
import type { ClientName } from '../domain/definition.ts';
import type { Span, UsageReader } from '../domain/usage.ts';
import { deviation, isFar, median } from '../report/usual.ts';
import { findHourCause, type HourCause } from './hour-cause.ts';
import { weeksBefore } from './weeks-before.ts';

const WEEKS = 4;
const LEAST_WEEKS = 2;
/** Median absolute deviations of the share of failures that count as far. */
const FAR = 4;
const LEAST_FAILED = 20;
const LEAST_SHARE = 0.05;

/** An hour that was far from its usual, with what explains most of the difference. */
export interface UnusualHour {
  what: 'volume' | 'failures';
  fromMs: number;
  observed: number;
  expected: number;
  comparedWeeks: number;
  because: HourCause | undefined;
}

/**
 * Compares a whole hour with the same local hour of the last four same weekdays: requests, and the share of failures. Median
 * and MAD, so that one odd week moves nothing. Empty with fewer than two weeks of data.
 */
export async function findUnusual(
  { usage, calendar, clients }: { usage: UsageReader; calendar: Calendar; clients: readonly ClientName[] },
  hour: Span,
): Promise<UnusualHour[]> {
  const extent = await usage.extent();
  if (!extent) return [];
  const spans = Array.from({ length: WEEKS }, (_, week) => {
    const fromMs = weeksBefore(hour.fromMs, week + 1, calendar.zone);
    return { fromMs, toMs: fromMs + hour.toMs - hour.fromMs };
  }).filter(({ fromMs }) => calendar.startOfDay(extent.firstDay) <= fromMs);
  if (spans.length < LEAST_WEEKS) return [];
  const now = await sumHour(usage, hour);
  const before = await Promise.all(spans.map((span) => sumHour(usage, span)));
  const found: UnusualHour[] = [];
  const base = { fromMs: hour.fromMs, comparedWeeks: spans.length };
  const volumes = before.map(({ requests }) => requests);
  if (isFar(now.requests, volumes)) {
    const because = await findHourCause({ usage, clients }, { hour, usual: spans, measure: 'requests' });
    found.push({ what: 'volume', ...base, observed: now.requests, expected: median(volumes), because });
  }
  const shares = before.map(shareOf);
  const usualShare = median(shares);
  const shareBound = Math.max(FAR * deviation(shares), LEAST_SHARE);
  if (now.failed >= LEAST_FAILED && Math.abs(shareOf(now) - usualShare) > shareBound) {
    const because = await findHourCause({ usage, clients }, { hour, usual: spans, measure: 'failed' });
    found.push({ what: 'failures', ...base, observed: shareOf(now), expected: usualShare, because });
  }
  return found;
}

interface HourSum {
  requests: number;
  ok: number;
  failed: number;
}

async function sumHour(usage: UsageReader, span: Span): Promise<HourSum> {
  const { rows } = await usage.sum({ span, grain: 'all', groupBy: [], filters: [] });
  const sum = { requests: 0, ok: 0, failed: 0 };
  for (const row of rows) {
    sum.requests += row.requests;
    sum.ok += row.ok;
    sum.failed += row.failed;
  }
  return sum;
}

function shareOf({ ok, failed }: HourSum): number {
  return ok + failed === 0 ? 0 : failed / (ok + failed);
}
