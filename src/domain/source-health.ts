import type { ErrorCode } from '../errors.ts';

/** The health of a source. Counts are of events since it was added, or as far back as they are kept. */
export interface SourceHealth {
  name: string;
  adapter: string;
  /** Newest receipt, epoch ms; absent: nothing was ever received. */
  lastReceivedMs?: number | undefined;
  /** Usual time between receipts; absent: too few to tell. */
  usualGapMs?: number | undefined;
  accepted: number;
  duplicates: number;
  /** Duplicates whose content differed from the first of their id. */
  conflicts: number;
  rejected: number;
  /** The most common reasons of rejection, most first, with the newest event of each. */
  reasons: readonly { reason: string; events: number; atMs: number; excerpt?: string }[];
  /** Fields that were not read: unknown ones by name, and paths of a map that were empty (`field=path`). */
  unread: readonly { name: string; events: number }[];
  /** Events without an id: each is counted, even if it is a repetition. */
  withoutId: number;
  /** Events received after their day was over. */
  late: number;
  /** The source's limit on events, such as `5000/s`. */
  limit?: string | undefined;
  /** Requests refused because the source was over its limit. */
  limited?: number | undefined;
  /** Median of receipt − event time; absent if events carry no time. */
  medianLagMs?: number | undefined;
}

/** Requests of a source that were refused whole, and the newest reason. */
export interface Refusals {
  requests: number;
  code: ErrorCode;
}

const LEAST_SILENCE_MS = 10 * 60_000;
const SILENT_GAPS = 3;

/**
 * Tells whether a source is silent: quiet for three of its usual gaps, and for at least ten minutes, since a busy source may pause
 * for seconds. Never true of a source too new to have a usual gap.
 */
export function isOverdue({ lastReceivedMs, usualGapMs }: SourceHealth, nowMs: number): boolean {
  if (lastReceivedMs === undefined || usualGapMs === undefined) return false;
  return nowMs - lastReceivedMs >= Math.max(LEAST_SILENCE_MS, SILENT_GAPS * usualGapMs);
}
