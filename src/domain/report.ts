import { HeadroomError } from '../errors.ts';
import type { Bound } from './bound.ts';
import type { Grouping, QuestionKey } from './dimension.ts';
import type { Thousandths } from './event.ts';
import type { Filter } from './filter.ts';
import type { Range } from './range.ts';
import type { ScopeCard, ScopeState } from './scope-state.ts';
import type { Table } from './table.ts';
import type { Latency, StepGrain, Totals } from './usage.ts';

/** Rows of a ranking, at most. */
export const MAX_RANKING_ROWS = 1000;
/** Single calls of an answer, at most: what a CSV holds. */
export const MAX_EVENT_ROWS = 10_000;

/**
 * The question that an answer's first sentence settles: of `pool` whether, and when, it runs out (or whether it lasts), when it
 * resets, what went over, or what is used; of `daily` and `day` whether anything is unusual, how busy it was beside the usual,
 * which step was busiest or quietest, or their average; of `summary` the rate; of `status` whether calls come and succeed; of
 * `top` the sum; of `events` whether they still come, or have stopped; of `client` who owns it, or how much of its own
 * allowance is used.
 */
export const FOCUSES = [
  ...(['run-out', 'lasts', 'resets', 'overage', 'used-first', 'odd', 'busy', 'per-minute', 'up'] as const),
  ...(['busiest', 'quietest', 'average', 'total', 'sending', 'stopped', 'owner', 'allowance', 'succeeded'] as const),
] as const;
export type Focus = (typeof FOCUSES)[number];

/** Grains that can be asked for. Those of the last two are averages: of all Mondays, of all days at 14:00. */
export const ASKED_GRAINS = ['hour', 'day', 'week', 'month', 'weekday', 'hour-of-day'] as const;
export type AskedGrain = (typeof ASKED_GRAINS)[number];

/**
 * A question as a person asks it, small enough to stand in a button: answers are made from it, and every button is
 * the same question with something changed.
 */
export interface Question {
  report: ReportKind;
  /** For `top` and `latency`; of `daily` and `day`: how many different ones there were. */
  dimension?: Grouping;
  /** For `top`: what was not there in the 90 days before (or in `versus`), or what was there and is no longer. */
  only?: 'new' | 'gone';
  /** For `top`, `latency`, `daily` and `day`: only rows, or steps, that are so. */
  bound?: Bound;
  /** For `daily`, `day` and `status`: the steps that are counted, where these are not the range's own. */
  step?: AskedGrain;
  /** For `latency`: by steps of the range instead of ranked. */
  overTime?: true;
  /** Rows of a ranking, 1 to MAX_RANKING_ROWS; of `events`, to MAX_EVENT_ROWS. */
  limit?: number;
  /** First row shown, 0-based. */
  offset?: number;
  /** Text of a range (`7d`, `2026-11-05`, `last week`); absent: the report's default. */
  range?: string;
  /** Text of the range to compare with (`readVersusAt` in ranges.ts), for COMPARED reports. */
  versus?: string;
  filters?: readonly Filter[];
  /** For `pool`, `history`, `explain`; of `pool` also the name of a pool, alone or as `scope/pool`. */
  scope?: string;
  /** For `client`, `route`, `why`: whose. */
  name?: string;
  measure?: 'requests' | 'credits';
  /** Column key, `-` before it for descending. */
  sort?: string;
  view?: 'graph' | 'table' | 'doughnut';
  /** Of a table: the chart that it took the place of, and gives it back to; absent: the graph. */
  chart?: 'doughnut';
  focus?: Focus;
  /** Changed grants for a what-if: `{ users: 25 }`. */
  suppose?: Readonly<Record<string, number>>;
  /** Answer to the asker alone. */
  private?: boolean;
}

/** The same ranking with all its rows, unless the question has a number of them: for CSV and programs. */
export function toWholeRanking(question: Question): Question {
  const { report, limit, overTime } = question;
  if (limit !== undefined) return question;
  if (report === 'events') return { ...question, limit: MAX_EVENT_ROWS };
  if (report !== 'top' && (report !== 'latency' || overTime)) return question;
  return { ...question, limit: MAX_RANKING_ROWS };
}

/** Reports that have a picture. */
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

/** Tells whether a report can be set beside the same report of another range. How many there were each day can not. */
export function canCompare({ report, dimension }: Question): boolean {
  return COMPARED.includes(report) && !((report === 'daily' || report === 'day') && dimension !== undefined);
}

/** The parts that every report has. */
export interface ReportHead {
  question: Question;
  /** `Top clients`. */
  title: string;
  range?: Range;
  /** The range that it is compared with. */
  versus?: Range;
  zone: string;
  /** Newest receipt in the data, epoch ms; 0: nothing was ever received. */
  asOfMs: number;
  /** As people read them: scopes by their titles. */
  filters: readonly Filter[];
  /** Answers the question in one or two sentences of plain text: who, how much, of what, and whether it is a problem. */
  finding: string;
  /** Distinct values behind the numbers, for the line of context: `8 clients`, `20 users · 8 clients`. */
  population?: string;
  /** Things the reader must know to trust it: partial day, `(other)`, shortened to raw days, estimates. Plain text. */
  notes: string[];
  /** Questions that lead on from here, for buttons: what totals can answer where this was shortened, the next step of an advice. */
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
  /** The sum of everything not among the rows. */
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
  /** In order of time; every step of the range, also empty ones. `counts` by group (`2xx`, `(none)`). */
  steps: readonly {
    startMs: number;
    label: string;
    counts: Readonly<Record<string, number>>;
    /** Where steps are asked for: the share of its calls that failed (or succeeded, where that is asked), in percent. */
    rate?: number;
  }[];
  codes: readonly {
    status: string;
    meaning: string;
    requests: number;
    sharePercent: number;
  }[];
  /** The documented groups (`2xx`, `3xx`, `4xx` without 429, `429`, `5xx`, `(none)`), those with requests, in this order. */
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
  /** The least and the most of those weeks. */
  low: number;
  high: number;
  /** The bar beside it is so far from the median that chance does not explain it. */
  isOdd: boolean;
  /** The share of failures (0 to 1) of those weeks, where that of the bar is as far from it. */
  usualFailed?: number;
}

/** Something that happened within a range, for a line across its chart: an alert, or a deploy that a pipeline told of. */
export interface TimeMark {
  atMs: number;
  /** Short: `Alert 90%`, `v2.4.1`. */
  label: string;
}

/** `daily` and `day`: a bar per step of the range, also empty ones. */
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
    /** Different names in it. */
    distinct?: number;
  } & Totals)[];
  /** Asked for how many different ones there were: of what, and in all of the range. */
  distinct?: { dimension: Grouping; total: number };
  /** Horizontal line: calls per step, with its name. */
  limit?: { name: string; value: number };
  /** Per bar; undefined where too few weeks are known. */
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

/** Calls of one value or step, and how long they took; without `latency` where none carries a duration. */
export interface TimedRow {
  name: string;
  requests: number;
  latency?: Latency;
}

/** Durations of calls, ranked by p95 or step by step. From raw events alone. */
export interface LatencyReport extends ReportHead {
  kind: 'latency';
  dimension: Grouping;
  /** Those with a duration, in the order asked for; empty where it is by steps. */
  rows: readonly TimedRow[];
  /** Distinct values with a duration, among them those that are not among the rows. */
  distinct: number;
  /** By steps alone: their width, and every step of the range, also empty ones. */
  grain?: StepGrain;
  steps?: readonly (TimedRow & { startMs: number; partial: boolean })[];
  total: Omit<TimedRow, 'name'>;
  table: Table;
}

/** Single calls, newest first. */
export interface EventsReport extends ReportHead {
  kind: 'events';
  /** All that match, also those that are not among the rows of the table. */
  totals: Totals;
  table: Table;
}

/** One client or route and the other dimensions of its calls, failures first. */
export interface DrillReport extends ReportHead {
  kind: 'client' | 'route';
  name: string;
  totals: Totals;
  /** Ids of the users and groups of Slack that the finding names as the owners of the client. */
  owners?: readonly string[];
  /** Of its calls since raw events are kept; absent where none carries a duration. */
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
 * Something counted in both ranges. `now` and `before` are exact sums (thousandths, of credits); `change` is the difference of
 * what is compared: of these, or per day where the ranges have unequal lengths.
 */
export interface ComparedRow {
  name: string;
  now: Thousandths;
  before: Thousandths;
  change: Thousandths;
  /** Unrounded; undefined where there was nothing before. */
  changePercent?: number;
  /** It has no number before, or none now: no calls, or of latencies no durations. */
  state?: 'new' | 'gone';
}

/** Rows of one dimension, `more` of them left out. */
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
  /** `p95`: of the durations of calls, in milliseconds. */
  measure: 'requests' | 'credits' | 'p95';
  total: ComparedRow;
  sections: readonly ComparedSection[];
  /** The width of a step. */
  grain: StepGrain;
  /** Day by day, or hour by hour; undefined where a range has no such step. In place of sections. */
  steps?: readonly { startMs: number; beforeMs?: number; now?: number; before?: number }[];
  /** Steps are days, and each stands beside the same weekday. */
  sameWeekdays?: true;
  /** Divides sums to make them comparable: the days where the ranges have unequal lengths, else 1. */
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

/** Makes the answer to a question. Rejects with QuestionError where the question cannot be answered as put. */
export interface Reporter {
  answer(question: Question, nowMs: number): Promise<Report>;
}

/** Thrown by a reporter for a question that may mean several things, or names something unknown; `offers` are questions that may be meant. */
export class RefusedQuestion extends HeadroomError {
  override readonly name = 'RefusedQuestion';
  readonly offers: readonly Offer[];

  constructor(message: string, offers: readonly Offer[]) {
    super('question', message);
    this.offers = offers;
  }
}
