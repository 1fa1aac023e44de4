import { HeadroomError } from '../errors.ts';
import type { Grouping, QuestionKey } from './dimension.ts';
import type { Thousandths } from './event.ts';
import type { Bound, Filter } from './filter.ts';
import type { Range } from './range.ts';
import type { ScopeCard, ScopeState } from './scope-state.ts';
import type { Table } from './table.ts';
import type { Latency, StepGrain, Totals } from './usage.ts';

/** A ranking has at most this many rows. */
export const MAX_RANKING_ROWS = 1000;
/** An answer lists at most this many single calls; a CSV can have all of them. */
export const MAX_EVENT_ROWS = 10_000;

/**
 * Topics of an answer's first sentence, where it is not the report's usual one. `pool`: whether it runs out (or whether
 * it lasts), when it runs out, when it resets, what went over (or how much), what is used, what is likely left at the
 * end of the month, or which is closest to its amount, or furthest from it. `daily` and `day`: whether anything is unusual, how busy it was
 * compared with the usual, the busiest or quietest step, the busiest minute, or the average. `summary`: the rate. `status`: whether calls come and
 * succeed. `top`: the sum. `events`: whether they still come, or have stopped. `client`: its owner, or how much of its own allowance
 * is used.
 */
export const FOCUSES = [
  ...(['run-out', 'when', 'lasts', 'resets', 'overage', 'overage-sum', 'used-first', 'month-end', 'fullest'] as const),
  ...(['emptiest', 'odd', 'busy', 'per-minute', 'up', 'busiest', 'quietest', 'average', 'total', 'sending'] as const),
  ...(['stopped', 'owner', 'allowance', 'succeeded'] as const),
] as const;
export type Focus = (typeof FOCUSES)[number];

/** Grains that people can ask for. The last two are averages: of all Mondays, of all days at 14:00. */
export const ASKED_GRAINS = ['hour', 'day', 'week', 'month', 'weekday', 'hour-of-day'] as const;
export type AskedGrain = (typeof ASKED_GRAINS)[number];

/**
 * A question as a person asks it, small enough to fit into a button: answers are made from it, and every button is the same question
 * with something changed.
 */
export interface Question {
  report: ReportKind;
  /** For `top` and `latency`: what is ranked. For `daily` and `day`: count the different names of it. */
  dimension?: Grouping;
  /** For `top`: only names that made no call in the 90 days before (or in `versus`), or only those that no longer do. */
  only?: 'new' | 'gone';
  /** For `top`, `latency`, `daily` and `day`: only rows, or steps, that meet it. */
  bound?: Bound;
  /** For `daily`, `day` and `status`: the steps, if not the range's own. */
  step?: AskedGrain;
  /** For `latency`: per step of the range instead of ranked. */
  overTime?: true;
  /** Number of rows: 1 to MAX_RANKING_ROWS; for `events` up to MAX_EVENT_ROWS. */
  limit?: number;
  /** First row shown, 0-based. */
  offset?: number;
  /** Text of a range (`7d`, `2026-11-05`, `last week`); absent: the report's default. */
  range?: string;
  /** Text of the range to compare with (`readVersusAt` in ranges.ts), for COMPARED reports. */
  versus?: string;
  filters?: readonly Filter[];
  /** For `pool`, `history`, `explain`; for `pool` also the name of a pool, alone or as `scope/pool`. */
  scope?: string;
  /** For `client`, `route`, `why`: which one. */
  name?: string;
  measure?: 'requests' | 'credits';
  /** Column key, `-` before it for descending. */
  sort?: string;
  view?: 'graph' | 'table' | 'doughnut';
  /** For a table: the chart that it replaced, and that its button brings back; absent: the graph. */
  chart?: 'doughnut';
  focus?: Focus;
  /** Changed grants for a what-if: `{ users: 25 }`. */
  suppose?: Readonly<Record<string, number>>;
  /** Show the answer only to the person who asked. */
  private?: boolean;
}

/** Returns the same ranking with all its rows, unless the question gives a number; for CSV and programs. */
export function toWholeRanking(question: Question): Question {
  const { report, limit, overTime } = question;
  if (limit !== undefined) return question;
  if (report === 'events') return { ...question, limit: MAX_EVENT_ROWS };
  if (report !== 'top' && (report !== 'latency' || overTime)) return question;
  return { ...question, limit: MAX_RANKING_ROWS };
}

/** Reports that have a chart. */
export const DRAWN_KINDS = [
  'summary',
  'top',
  'status',
  'pool',
  'daily',
  'day',
  'history',
  'client',
  'route',
  'latency',
] as const;

export const REPORT_KINDS = [...DRAWN_KINDS, 'events', 'licences', 'sources', 'explain', 'why', 'advice'] as const;
export type ReportKind = (typeof REPORT_KINDS)[number];

const COMPARED: readonly ReportKind[] = ['summary', 'top', 'status', 'daily', 'day', 'latency', 'client', 'route'];

/** Tells whether a report can be compared with the same report of another range. Counts of different names cannot. */
export function canCompare({ report, dimension }: Question): boolean {
  return COMPARED.includes(report) && !((report === 'daily' || report === 'day') && dimension !== undefined);
}

/** Fields that every report has. */
export interface ReportHead {
  question: Question;
  /** `Top clients`. */
  title: string;
  range?: Range;
  /** The range to compare with. */
  versus?: Range;
  zone: string;
  /** Newest receipt in the data, epoch ms; 0: nothing was ever received. */
  asOfMs: number;
  /** With names that people know: scopes by their titles. */
  filters: readonly Filter[];
  /** Answers the question in one or two sentences of plain text: who, how much, of what, and whether it is a problem. */
  finding: string;
  /** Numbers of distinct values, for the line of context: `8 clients`, `20 users · 8 clients`. */
  population?: string;
  /** Plain sentences that a reader needs to trust the answer: partial day, `(other)`, shortened to raw days, estimates. */
  notes: string[];
  /** Follow-up questions, for buttons: what totals can answer if this was shortened, the next step of an advice. */
  offers?: readonly Offer[];
}

export interface Offer {
  label: string;
  question: Question;
}

export interface SummaryReport extends ReportHead {
  kind: 'summary';
  cards: readonly ScopeCard[];
  today: Totals;
  table: Table;
}

export interface RankingRow extends Totals {
  name: string;
  /** Ids that share the shown name, where they differ from it. */
  ids?: readonly string[];
  /** Row ÷ sum under the filter, 0–100. */
  sharePercent: number;
  /** Row ÷ all requests of the range; only under a filter. */
  shareOfAllPercent?: number;
}

export interface RankingReport extends ReportHead {
  kind: 'top';
  dimension: Grouping;
  measure: 'requests' | 'credits';
  rows: readonly RankingRow[];
  /** The sum of all rows that are not listed. */
  others: Totals & { count: number };
  totals: Totals;
  /** Distinct values of the dimension. */
  distinct: number;
  table: Table;
}

export interface StatusReport extends ReportHead {
  kind: 'status';
  totals: Totals;
  marks?: readonly TimeMark[];
  /** The width of a step. */
  grain: StepGrain;
  /** In order of time, with empty ones. `counts` by group (`2xx`, `(none)`). */
  steps: readonly {
    startMs: number;
    label: string;
    counts: Readonly<Record<string, number>>;
    /** Share of its calls that failed (or succeeded, if that was asked), in percent; only if rates per step were asked for. */
    rate?: number;
  }[];
  codes: readonly {
    status: string;
    meaning: string;
    requests: number;
    sharePercent: number;
  }[];
  /** The documented groups (`2xx`, `3xx`, `4xx` without 429, `429`, `5xx`, `(none)`) that have requests, in this order. */
  groups: readonly {
    group: string;
    meaning: string;
    requests: number;
    sharePercent: number;
  }[];
  /** Likely causes, each with its evidence. Empty without evidence. */
  diagnosis: readonly { claim: string; evidence: string }[];
  table: Table;
}

export interface PoolReport extends ReportHead {
  kind: 'pool';
  scopes: readonly ScopeState[];
  table: Table;
}

/** Requests of the same hour (or weekday) in the weeks before. */
export interface UsualRequests {
  median: number;
  /** The fewest and the most in those weeks. */
  low: number;
  high: number;
  /** The bar is so far from the median that chance does not explain it. */
  isOdd: boolean;
  /** The share of failures (0 to 1) in those weeks, if the share of the bar is far from it. */
  usualFailed?: number;
}

/** Something that happened within a range, for a line across its chart: an alert, or a deploy that a pipeline reported. */
export interface TimeMark {
  atMs: number;
  /** Short: `CRM API 90%`, `v2.4.1`. */
  label: string;
}

/** `daily` and `day`: a bar per step of the range, with empty ones. */
export interface SeriesReport extends ReportHead {
  kind: 'daily' | 'day';
  /** The width of a bar. */
  grain: StepGrain;
  totals: Totals;
  clients: number;
  bars: readonly ({
    startMs: number;
    label: string;
    partial: boolean;
    /** Number of different names in it. */
    distinct?: number;
  } & Totals)[];
  /** Set if the question counts different names: of which dimension, and how many in the whole range. */
  distinct?: { dimension: Grouping; total: number };
  /** A horizontal line with its name, in credits per step. */
  limit?: { name: string; value: number };
  /** Per bar; undefined if too few weeks are known. */
  usual?: readonly (UsualRequests | undefined)[];
  marks?: readonly TimeMark[];
  table: Table;
}

export interface HistoryReport extends ReportHead {
  kind: 'history';
  scope: string;
  /** Stacked in this order; overage last. */
  series: readonly string[];
  months: readonly {
    label: string;
    startMs: number;
    partial: boolean;
    drawn: Readonly<Record<string, Thousandths>>;
    total: Thousandths;
  }[];
  table: Table;
}

/** Calls of one value or step, and how long they took; without `latency` if none carries a duration. */
export interface TimedRow {
  name: string;
  requests: number;
  latency?: Latency;
}

/** Durations of calls, ranked by p95 or step by step. From raw events alone. */
export interface LatencyReport extends ReportHead {
  kind: 'latency';
  dimension: Grouping;
  /** Names with a duration, in the order asked for; empty for a report by steps. */
  rows: readonly TimedRow[];
  /** Number of distinct values with a duration, listed or not. */
  distinct: number;
  /** Only for a report by steps: their width, and every step of the range, with empty ones. */
  grain?: StepGrain;
  steps?: readonly (TimedRow & { startMs: number; partial: boolean })[];
  total: Omit<TimedRow, 'name'>;
  table: Table;
}

/** Single calls, newest first. */
export interface EventsReport extends ReportHead {
  kind: 'events';
  /** All calls that match, listed or not. */
  totals: Totals;
  table: Table;
}

/** One client or route and the other dimensions of its calls, failures first. */
export interface DrillReport extends ReportHead {
  kind: 'client' | 'route';
  name: string;
  totals: Totals;
  /** Slack ids of the users and groups that the finding names as owners of the client. */
  owners?: readonly string[];
  /** Latency of its calls, as far back as raw events are kept; absent if none carries a duration. */
  latency?: Latency;
  sections: readonly {
    title: string;
    dimension: QuestionKey;
    rows: readonly RankingRow[];
    more: number;
  }[];
  table: Table;
}

/**
 * A name counted in both ranges. `now` and `before` are exact sums (credits in thousandths). `change` is the difference of the
 * compared numbers: these sums, or their means per day if the ranges have unequal lengths.
 */
export interface ComparedRow {
  name: string;
  now: Thousandths;
  before: Thousandths;
  change: Thousandths;
  /** Unrounded; undefined if there was nothing before. */
  changePercent?: number;
  /** It has no number before, or none now: no calls, or (for latencies) no durations. */
  state?: 'new' | 'gone';
}

/** Rows of one dimension; `more` were left out. */
export interface ComparedSection {
  title: string;
  dimension: QuestionKey;
  rows: readonly ComparedRow[];
  more: number;
}

/** A question answered for two ranges side by side. */
export interface CompareReport extends ReportHead {
  kind: 'compare';
  range: Range;
  versus: Range;
  /** `p95` of the durations of calls is in milliseconds. */
  measure: 'requests' | 'credits' | 'p95';
  total: ComparedRow;
  sections: readonly ComparedSection[];
  /** The width of a step. */
  grain: StepGrain;
  /** Both ranges day by day, or hour by hour, in place of sections. A number is undefined if its range has no such step. */
  steps?: readonly { startMs: number; beforeMs?: number; now?: number; before?: number }[];
  /** Each day is compared with the same weekday of another week. */
  sameWeekdays?: true;
  /** Divisors that make sums comparable: numbers of days if the ranges have unequal lengths, else 1. */
  per: { now: number; before: number; isDay: boolean };
  table: Table;
}

/** Reports that are tables with text around: licences, sources, explain, why, advice. */
export interface TableReport extends ReportHead {
  kind: 'licences' | 'sources' | 'explain' | 'why' | 'advice';
  sections: readonly { title: string; lines: readonly string[] }[];
  table: Table;
}

export type Report =
  | SummaryReport
  | RankingReport
  | StatusReport
  | PoolReport
  | SeriesReport
  | HistoryReport
  | DrillReport
  | CompareReport
  | LatencyReport
  | EventsReport
  | TableReport;

/** Answers questions. Rejects with QuestionError if a question cannot be answered as asked. */
export interface Reporter {
  answer(question: Question, nowMs: number): Promise<Report>;
}

/** Thrown for a question that may mean several things, or names something unknown; `offers` are questions that may be meant. */
export class RefusedQuestion extends HeadroomError {
  override readonly name = 'RefusedQuestion';
  readonly offers: readonly Offer[];

  constructor(message: string, offers: readonly Offer[]) {
    super('question', message);
    this.offers = offers;
  }
}
