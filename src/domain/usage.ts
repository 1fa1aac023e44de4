import type { Dimension, GroupKey } from './dimension.ts';
import type { Thousandths } from './event.ts';
import type { StoredFilter } from './filter.ts';

/** A half-open span of instants, epoch ms. */
export interface Span {
  fromMs: number;
  toMs: number;
}

/** The width of one step in time, as charts draw it. */
export type StepGrain = 'minute' | 'five-minutes' | 'hour' | 'day' | 'week' | 'month' | 'weekday' | 'hour-of-day';
/** Steps in words: `requests per hour`. */
export const STEP_NAMES: Readonly<Record<StepGrain, string>> = {
  minute: 'minute',
  'five-minutes': '5 minutes',
  hour: 'hour',
  day: 'day',
  week: 'week',
  month: 'month',
  weekday: 'weekday',
  'hour-of-day': 'hour of the day',
};
/** Tells whether steps are averages of others, which have no place in time. */
export function isAverage(grain: StepGrain | undefined): grain is 'weekday' | 'hour-of-day' {
  return grain === 'weekday' || grain === 'hour-of-day';
}

/** The width of one step in time, as the store counts it. `all`: the span is one step. */
export type Grain = Exclude<StepGrain, 'five-minutes' | 'week' | 'weekday' | 'hour-of-day'> | 'all';

/**
 * A question to the stored usage. Days and months are those of the report zone; a span that begins or ends inside a day
 * needs hourly totals (whole hours) or raw events.
 */
export interface UsageQuery {
  span: Span;
  grain: Grain;
  /** Up to three keys. Empty: one row per step. */
  groupBy: readonly GroupKey[];
  filters: readonly StoredFilter[];
  /** Read raw events even where totals could answer (diagnosis, recomputation). */
  raw?: boolean;
  /**
   * With one group key and grain `all`: return only the `rows` names with the most `by` (equal ones by the next measure, then by
   * name), besides `(none)` and `(other)`; the others come as one sum. If any value was ever forgotten, all names are returned.
   */
  most?: { by: readonly ('requests' | 'ok' | 'failed' | 'credits')[]; rows: number };
  /** With grain `all` and a group key: each row counts its distinct values of this dimension, besides `(none)` and `(other)`. */
  distinct?: Dimension;
}

/** Sums of calls: ok + failed + none = requests. */
export interface Totals {
  requests: number;
  ok: number;
  failed: number;
  none: number;
  credits: Thousandths;
}

/** One cell of an answer. `keys` are in the order of `groupBy`; an absent value is `(none)`. */
export interface UsageRow extends Totals {
  /** Start of the step, epoch ms. */
  startMs: number;
  keys: readonly string[];
  /** Number of distinct values of the dimension that the query names as `distinct`. */
  values?: number;
}

/**
 * Why an answer is shortened: no total holds the combination; hourly totals, or raw events for minutes, do not reach back this far.
 */
export type ShortenedReason = 'no-total' | 'no-hours' | 'no-minutes';

/** Rows have no promised order; steps and groups without calls are absent. */
export interface UsageAnswer {
  rows: UsageRow[];
  /** Number and sum of the rows that `most` left out. Absent: none. */
  rest?: Omit<UsageRow, 'startMs' | 'keys'> & { rows: number };
  /** The data it was computed from. */
  origin: 'totals' | 'raw' | 'both';
  /** Newest receipt of an event, epoch ms; 0 if nothing was ever received. */
  asOfMs: number;
  /**
   * Set if part of the span cannot be answered as asked: no total holds this combination (or this grain), and raw events reach back
   * only to `fromMs`. `nearest`: group keys that totals could answer for the whole span.
   */
  shortened?: {
    fromMs: number;
    reason: ShortenedReason;
    nearest: readonly GroupKey[];
  };
  /** Dimensions with more values than the cap on some day: the rest is counted under `(other)`. */
  capped: readonly GroupKey[];
}

/** Counts of one meter (a scope, or a limit with rules of its own) in one step. */
export interface MeterStep {
  startMs: number;
  /** Calls of events that stand for one call each; the peak minute is taken from these. */
  singles: number;
  /** Calls of events with a `count` above 1: they cannot be placed within a minute. */
  bulk: number;
  /** Credits drawn, corrections included. */
  credits: Thousandths;
}

export interface MeterQuery {
  /** Name of the scope, or `scope/limit` for a limit with its own `match`. */
  meter: string;
  span: Span;
  grain: 'minute' | 'day';
}

/** Durations of single calls (events with `count` 1 that carry one), exact, by nearest rank. */
export interface Latency {
  /** Number of calls behind the percentiles, at least 1. */
  timed: number;
  p50Ms: number;
  p95Ms: number;
  p99Ms: number;
  slowestMs: number;
}

export interface LatencyQuery {
  span: Span;
  filters: readonly StoredFilter[];
  /** `all`: the span is one step. */
  grain: Grain;
  /** Absent: one row per step. */
  groupBy?: GroupKey;
  /** Each list holds values of `groupBy` that count as one, such as ids with the same shown name. Their row has one of them as key. */
  together?: readonly (readonly string[])[];
}

/** Calls of one value in one step. `latency` is absent if none of them carries a duration. */
export interface LatencyRow {
  startMs: number;
  /** The value of `groupBy`; empty without one. */
  key: string;
  requests: number;
  latency?: Latency;
}

/** Rows have no promised order; steps and values without calls are absent. */
export interface LatencyAnswer {
  rows: LatencyRow[];
  /** All rows together. */
  total: Omit<LatencyRow, 'startMs' | 'key'>;
  asOfMs: number;
  /** Set if raw events reach back only to `fromMs`. */
  shortened?: { fromMs: number };
}

/** One raw event as stored. `''`: the sender gave no value. */
export type RawEvent = Readonly<Record<Exclude<GroupKey, 'status'>, string>> & {
  readonly timeMs: number;
  readonly receivedMs: number;
  readonly status: number;
  readonly count: number;
  /** Thousandths. */
  readonly credits: number;
  /** Absent: the sender gave none. */
  readonly durationMs?: number;
  /** The id that the sender gave; absent: none. */
  readonly id?: string;
  /** Imported from a file, so its receipt says nothing about its sender. */
  readonly imported?: boolean;
};

/** Port to stored usage, implemented over the segments of either database. */
export interface UsageReader {
  sum(query: UsageQuery): Promise<UsageAnswer>;
  /** Returns steps in order of time, without empty ones. */
  meter(query: MeterQuery): Promise<MeterStep[]>;
  /**
   * Lists the distinct values of a dimension in a span, most used first; `contains` matches in any case. For menus and suggestions.
   */
  values(query: {
    key: GroupKey;
    span: Span;
    contains?: string;
    limit: number;
  }): Promise<{ value: string; requests: number }[]>;
  /** Returns percentiles of durations, as far back as raw events are kept; the answer says where it is shortened. */
  latency(query: LatencyQuery): Promise<LatencyAnswer>;
  /** Returns the newest raw events of a span that pass the filters, at most `limit`, in order of time. */
  events(query: {
    span: Span;
    filters: readonly StoredFilter[];
    limit: number;
    /** Include the ids that senders gave; they take longer to read than all other columns. */
    ids?: boolean;
  }): Promise<RawEvent[]>;
  /** Finds the first day on which any meter counted anything, corrections included; undefined: none yet. */
  firstMeterDay(): Promise<number | undefined>;
  /** Sums calls received after their day was over, per scope, as far as raw events go; without imported ones. */
  late(span: Span): Promise<{ scope: string; requests: number; credits: Thousandths }[]>;
  /** Counts calls taken out by exclusion rules, per rule. */
  excluded(span: Span): Promise<{ rule: string; requests: number }[]>;
  /**
   * Finds the first and last day with usage, and the first day with raw events and with hourly totals; undefined on an empty store.
   */
  extent(): Promise<
    | {
        firstDay: number;
        lastDay: number;
        firstRawDay: number;
        firstHourDay: number;
        asOfMs: number;
      }
    | undefined
  >;
}

/** A plus or minus on what a meter (a scope, or `scope/limit`) counted at a time, with its reason. Nothing is ever deleted. */
export interface Correction {
  meter: string;
  timeMs: number;
  /** Thousandths. */
  credits: number;
  reason: string;
  actor: string;
}

/** Days that are still counted in an earlier report zone, after a change of the zone. */
export interface OlderZone {
  zone: string;
  /** Totals of days before this one are counted in days of the older zone. */
  beforeDay: number;
  /** The same for totals of pairs of dimensions, which cannot be recounted from hours. */
  pairsBeforeDay: number;
}
