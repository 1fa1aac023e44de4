import type { Dimension } from './dimension.ts';

/** Any subset of dimensions with patterns (`*` matches any characters); all keys must fit. */
export type Match = Partial<Record<Dimension, string>>;

/** Credits (thousandths) per call for calls that match, or per `perRecords` records, at most `max` per call. First fitting rule wins. */
export interface CostRule {
  match: Match;
  credits: number;
  perRecords?: number;
  max?: number;
}

export interface Grant {
  name: string;
  quantity: number;
  /** Thousandths. */
  each: number;
}

export type PeriodRule =
  | { kind: 'rolling-24h' }
  | { kind: 'day' }
  | { kind: 'month'; anchor: number }
  | { kind: 'year' }
  /** Days of the report zone, both inclusive. */
  | { kind: 'once'; fromDay: number; untilDay: number };

/** The parts of a pool's amount, in thousandths: min(base + Σ quantity × each, max). */
export interface Amount {
  base: number;
  grants: readonly Grant[];
  max?: number;
}

/** The parts of an amount from a day on. */
export interface AmountVersion extends Amount {
  fromDay: number;
  /** Places in the draw order and in the file while this version holds; absent: the pool's. */
  priority?: number;
  order?: number;
}

/** A pool, or a limit (which nothing is drawn from). Its amounts in order of `fromDay`. */
export interface Pool {
  name: string;
  period: PeriodRule;
  /** Lower is drawn first. */
  priority: number;
  /** First and last day on which it exists; `untilDay` absent: still there. */
  fromDay: number;
  untilDay?: number;
  amounts: readonly AmountVersion[];
  /** Percentages, ascending. Default 75 and 90; 100 always counts. */
  thresholds: readonly number[];
  /** Place in the file, the last tie-break of the draw order. */
  order: number;
}

export interface Limit extends Pool {
  /** Absent: counts all that its scope counts. Present: a meter of its own, named `scope/limit`. */
  match?: readonly Match[];
}

export interface Scope {
  name: string;
  title: string;
  rateLimitPerMinute?: number;
  links: { addon?: string; upgrade?: string };
  /** Last day on which it was declared; absent: it still is. */
  untilDay?: number;
  /** A name that ended and came back, or whose period changed, stands here once for each of its lives. */
  pools: readonly Pool[];
  limits: readonly Limit[];
}

/** Rules that are applied at ingest, by the event's own day. */
export interface RuleSet {
  fromDay: number;
  /** In the order of the file; the first scope with a fitting entry takes the call. */
  scopes: readonly ScopeRules[];
  exclude: readonly Match[];
  holidays: readonly Holiday[];
}

export interface ScopeRules {
  name: string;
  match: readonly Match[];
  costs: readonly CostRule[];
  limits: readonly { name: string; match: readonly Match[] }[];
}

/** Recorded, not drawn. `scope` absent: all scopes. Days inclusive. */
export interface Holiday {
  scope?: string;
  fromDay: number;
  untilDay: number;
}

/** A shown name for client ids that fit the pattern, whom to tell, and the team that answers for it. */
export interface ClientName {
  id: string;
  name: string;
  owner?: string;
  team?: string;
}

/** All that was ever declared, as of one version. */
export interface Definitions {
  version: number;
  scopes: readonly Scope[];
  /** Ascending `fromDay`; the one with the latest `fromDay` ≤ the event's day holds. Empty: no rules. */
  ruleSets: readonly RuleSet[];
  clients: readonly ClientName[];
}

/** Definitions, and the instant from which they were in force. */
export interface AppliedDefinitions {
  appliedMs: number;
  definitions: Definitions;
}

/** The scope of events that name none and fit no rule. */
export const DEFAULT_SCOPE = 'default';

/** 0001-01-01: the day from which the first declaration of a scope, and the first rules, hold. */
export const FIRST_DAY = -719_162;

/** Priority of a pool that was given none: after those that have one. */
export const LAST_PRIORITY = 1000;

export const DEFAULT_THRESHOLDS: readonly number[] = [75, 90];
