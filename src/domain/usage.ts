import type { Dimension, GroupKey } from './dimension.ts';
import type { Thousandths } from './event.ts';
import type { StoredFilter } from './filter.ts';

/** Half-open span of instants, epoch ms. */
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
/** Steps that are averages of others have no place in time. */
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
  /** Empty: one row per step. Up to three keys. */
  groupBy: readonly GroupKey[];
  filters: readonly StoredFilter[];
  /** Take raw events even where totals could answer (diagnosis, recomputation). */
  raw?: boolean;
  /**
   * With one group key and grain `all`: only the `rows` names with the most `by` (equal ones by the next measure, then by
   * name), besides `(none)` and `(other)`; the others come as one sum. Names that stand for several values are never cut.
   */
  most?: { by: readonly ('requests' | 'ok' | 'failed' | 'credits')[]; rows: number };
  /** With grain `all` and a group key: each row says how many values of this dimension it has, besides `(none)` and `(other)`. */
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

/** One cell of an answer. `keys` stand in the order of `groupBy`; an absent value is `(none)`. */
export interface UsageRow extends Totals {
  /** Start of the step, epoch ms. */
  startMs: number;
  keys: readonly string[];
  /** Of the dimension that the query names as `distinct`. */
  values?: number;
}

/** No total holds the combination; no total holds hours, or minutes, this far back. */
export type ShortenedReason = 'no-total' | 'no-hours' | 'no-minutes';

/** Rows in no promised order; steps and groups without calls are absent. */
export interface UsageAnswer {
  rows: UsageRow[];
  /** Rows that `most` left out: their number and sum. Absent: none. */
  rest?: Omit<UsageRow, 'startMs' | 'keys'> & { rows: number };
  /** The data it was computed from. */
  origin: 'totals' | 'raw' | 'both';
  /** Newest receipt of an event that is in the answer's data, epoch ms; 0 if nothing was ever received. */
  asOfMs: number;
  /**
   * Set where part of the span cannot be answered as asked: no total holds this combination (or this grain) and raw
   * events reach back only to `fromMs`. `nearest` are the group keys that totals could answer for the whole span.
   */
  shortened?: {
    fromMs: number;
    reason: ShortenedReason;
    nearest: readonly GroupKey[];
  };
  /** Dimensions of the answer whose values ran over the cap on some day: the rest is counted under `(other)`. */
  capped: readonly GroupKey[];
}

/** Use of one meter (a scope, or a limit with rules of its own) in one step. */
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
  /** Calls that it is computed from; at least 1. */
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
  /** Values of `groupBy` that count as one, each list: ids that share a shown name. Their row is under one of them. */
  together?: readonly (readonly string[])[];
}

/** Of one value in one step. `latency` is absent where none of its calls carries a duration. */
export interface LatencyRow {
  startMs: number;
  /** The value of `groupBy`; empty without one. */
  key: string;
  requests: number;
  latency?: Latency;
}

/** Rows in no promised order; steps and values without calls are absent. */
export interface LatencyAnswer {
  rows: LatencyRow[];
  /** Of all rows together. */
  total: Omit<LatencyRow, 'startMs' | 'key'>;
  asOfMs: number;
  /** Set where raw events reach back only to `fromMs`. */
  shortened?: { fromMs: number };
}

/** One raw event as kept. `''`: the sender gave no value. */
export type RawEvent = Readonly<Record<Exclude<GroupKey, 'status'>, string>> & {
  readonly timeMs: number;
  readonly receivedMs: number;
  readonly status: number;
  readonly count: number;
  /** Thousandths. */
  readonly credits: number;
  /** Absent: the sender gave none. */
  readonly durationMs?: number;
  /** The sender's own; absent: it gave none. */
  readonly id?: string;
  /** Brought in from a file: when it was received tells nothing of its sender. */
  readonly imported?: boolean;
};

/** Port to stored usage. Implemented over the segments of either database. */
export interface UsageReader {
  sum(query: UsageQuery): Promise<UsageAnswer>;
  /** Steps in order of time; empty ones are left out. */
  meter(query: MeterQuery): Promise<MeterStep[]>;
  /** Distinct values of a dimension in a span, most used first; matches `contains` without case. For menus and suggestions. */
  values(query: {
    key: GroupKey;
    span: Span;
    contains?: string;
    limit: number;
  }): Promise<{ value: string; requests: number }[]>;
  /** Durations of calls, as far back as raw events are kept; says so for older days. */
  latency(query: LatencyQuery): Promise<LatencyAnswer>;
  /** Raw events of a span that pass the filters, in order of time, at most `limit` (the newest are kept). */
  events(query: {
    span: Span;
    filters: readonly StoredFilter[];
    limit: number;
    /** With the ids that their senders gave them, which are more to read than all else. */
    ids?: boolean;
  }): Promise<RawEvent[]>;
  /** First day on which any meter counted anything, a correction included; undefined: none did yet. */
  firstMeterDay(): Promise<number | undefined>;
  /** Calls that were received after their day was over, per scope, as far as raw events go; without those of files. */
  late(span: Span): Promise<{ scope: string; requests: number; credits: Thousandths }[]>;
  /** Calls taken out by exclusion rules, per rule. */
  excluded(span: Span): Promise<{ rule: string; requests: number }[]>;
  /** First and last day that hold anything, and the first day with raw events and with hourly totals; undefined on an empty store. */
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

/** A plus or minus on what a meter (a scope, or `scope/limit`) counted, at a time, with its reason. Nothing is ever deleted. */
export interface Correction {
  meter: string;
  timeMs: number;
  /** Thousandths. */
  credits: number;
  reason: string;
  actor: string;
}

/** After a change of the report zone: which days are still counted in the one before. */
export interface OlderZone {
  zone: string;
  /** Totals of days before this one are those of the older zone's days. */
  beforeDay: number;
  /** The same for totals of pairs of dimensions, which hours do not hold. */
  pairsBeforeDay: number;
}
