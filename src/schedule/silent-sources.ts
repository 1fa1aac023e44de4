import type { SourceHealth } from '../domain/source-health.ts';
import type { Span, UsageReader } from '../domain/usage.ts';
import { median } from '../report/usual.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const WEEK_MS = 7 * 24 * HOUR_MS;
const WEEKS = 4;
/** No source is called silent sooner. */
const LEAST_SILENCE_MS = 10 * MINUTE_MS;

/**
 * Whether a source is silent: nothing for far longer than usual, in a time in which it used to send in most of the four
 * weeks before. A source that rests at night is not silent at night.
 */
export async function isSilent(health: SourceHealth, usage: UsageReader, nowMs: number): Promise<boolean> {
  const { lastReceivedMs, usualGapMs, name } = health;
  if (lastReceivedMs === undefined || usualGapMs === undefined) return false;
  const silenceMs = nowMs - lastReceivedMs;
  if (silenceMs < Math.max(LEAST_SILENCE_MS, 3 * usualGapMs)) return false;
  const extent = await usage.extent();
  const counts: number[] = [];
  for (let week = 1; week <= WEEKS; week += 1) {
    const span = toSpan(lastReceivedMs - week * WEEK_MS, nowMs - week * WEEK_MS, silenceMs);
    if (!extent || dayStartMs(extent.firstDay) > span.fromMs) break;
    const filters = [{ key: 'source' as const, patterns: [name], not: false }];
    const { rows } = await usage.sum({ span, grain: 'all', groupBy: [], filters });
    counts.push(rows.reduce((sum, row) => sum + row.requests, 0));
  }
  // Younger than a week: only the gaps are known.
  if (counts.length === 0) return silenceMs >= Math.max(HOUR_MS, 10 * usualGapMs);
  return median(counts) > 0;
}

/** A long silence is compared by whole hours inside it, which totals answer; a short one exactly, from raw events. */
function toSpan(fromMs: number, toMs: number, silenceMs: number): Span {
  if (silenceMs < 3 * HOUR_MS) return { fromMs, toMs };
  return { fromMs: Math.ceil(fromMs / HOUR_MS) * HOUR_MS, toMs: Math.floor(toMs / HOUR_MS) * HOUR_MS };
}

function dayStartMs(day: number): number {
  return day * 24 * HOUR_MS;
}
