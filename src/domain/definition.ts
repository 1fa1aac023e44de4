import { firstDayOf, monthOf } from './calendar.ts';
import type { Dimension } from './dimension.ts';
import type { Thousandths } from './event.ts';
import { formatDays } from './range.ts';
import { multiplyCredits, smallerOf, sumCredits } from './thousandths.ts';

/** Patterns for some dimensions (`*` matches any characters); all must fit. */
export type Match = Partial<Record<Dimension, string>>;

/** Credits (thousandths) per matching call, or per `perRecords` records, at most `max` per call. The first fitting rule wins. */
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
  /** Priority, and place in the file, while this version applies; absent: the pool's. */
  priority?: number;
  order?: number;
}

/** A pool, or a limit (which gives nothing). Its amounts are in order of `fromDay`. */
export interface Pool {
  name: string;
  period: PeriodRule;
  /** Pools with a lower number are drawn first. */
  priority: number;
  /** First and last day on which it exists; `untilDay` absent: it still does. */
  fromDay: number;
  untilDay?: number;
  amounts: readonly AmountVersion[];
  /** Percentages, ascending. Default 75 and 90; 100 always counts. */
  thresholds: readonly number[];
  /** Place in the file, the last tie-break of the draw order. */
  order: number;
}

export interface Limit extends Pool {
  /** Absent: it counts all that its scope counts. Present: it has a meter of its own, named `scope/limit`. */
  match?: readonly Match[];
}

/** Addresses of the buttons that are shown on amber and red. */
export interface Links {
  addon?: string;
  upgrade?: string;
}

export interface Scope {
  name: string;
  title: string;
  rateLimitPerMinute?: number;
  links: Links;
  /** Last day on which it was declared; absent: it still is. */
  untilDay?: number;
  /** A pool that ended and came back, or whose period changed, is listed once for each of its lives. */
  pools: readonly Pool[];
  limits: readonly Limit[];
}

/** Rules that apply at ingest, by the event's own day. */
export interface RuleSet {
  fromDay: number;
  /** In the order of the file; a call goes to the first scope with a fitting entry. */
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

/** Days whose calls are recorded but not drawn from pools, both inclusive. `scope` absent: all scopes. */
export interface Holiday {
  scope?: string;
  fromDay: number;
  untilDay: number;
}

/** A shown name for client ids that fit the pattern, with the owner to tell, and the team that answers for it. */
export interface ClientName {
  id: string;
  name: string;
  owner?: string;
  team?: string;
}

/** All that was ever declared, at one version. */
export interface Definitions {
  version: number;
  scopes: readonly Scope[];
  /** In order of `fromDay`; an event takes the last one with `fromDay` ≤ its day. Empty: no rules. */
  ruleSets: readonly RuleSet[];
  clients: readonly ClientName[];
}

/** Definitions, and the instant from which they applied. */
export interface AppliedDefinitions {
  appliedMs: number;
  definitions: Definitions;
}

/** The scope of events that name none and fit no rule. */
export const DEFAULT_SCOPE = 'default';

/** 0001-01-01: first declarations of a scope, and the first rules, apply from this day. */
export const FIRST_DAY = -719_162;

/** Priority of a pool without one: it is drawn after those that have one. */
export const LAST_PRIORITY = 1000;

export const DEFAULT_THRESHOLDS: readonly number[] = [75, 90];

/** The most credits of one event: 10^9, in thousandths. */
export const MAX_EVENT_CREDITS = 1e12;

/** Reads `52500`, `0.5`, `12.125` from their digits, exactly, as thousandths; undefined for anything else, a sign included. */
export function parseCredits(text: string): number | undefined {
  const parts = /^(\d{1,12})(?:\.(\d{1,3}))?$/.exec(text);
  if (!parts) return undefined;
  return Number(parts[1]) * 1000 + Number((parts[2] ?? '').padEnd(3, '0'));
}

/** `1,234.5`: with all its decimals, never rounded. */
export function formatCredits(credits: Thousandths): string {
  return toDecimal(credits).replace(/\B(?<!\.\d*)(?=(\d{3})+(?!\d))/g, ',');
}

/** Thousandths as a plain decimal without grouping, exact: 1250500 → `1250.5`. */
export function toDecimal(credits: Thousandths): string {
  const digits = String(credits < 0 ? -credits : credits).padStart(4, '0');
  const fraction = digits.slice(-3).replace(/0+$/, '');
  return `${credits < 0 ? '-' : ''}${digits.slice(0, -3)}${fraction && `.${fraction}`}`;
}

/** Returns credits for programs: a number up to 10^12 credits, which a float holds exactly, else text. */
export function toNumberOrText(credits: Thousandths): number | string {
  return credits <= EXACT_FLOAT && credits >= -EXACT_FLOAT ? Number(credits) / 1000 : toDecimal(credits);
}

const EXACT_FLOAT = 1e15;

/** Returns min(base + Σ quantity × each, max). */
export function amountOf(version: Amount): Thousandths {
  const grants = version.grants.map(({ quantity, each }) => multiplyCredits(each, quantity));
  const sum = sumCredits([version.base, ...grants]);
  return smallerOf(sum, version.max ?? sum);
}

/** Writes an amount as its arithmetic: `50,000 + 10 × 250 Users = 52,500`; a base without grants is just its number. */
export function formatArithmetic(version: Amount): string {
  const sum = amountOf({ ...version, max: undefined });
  const terms = version.grants.map((grant) => `${grant.quantity} × ${formatCredits(grant.each)} ${grant.name}`);
  if (version.base > 0 || terms.length === 0) terms.unshift(formatCredits(version.base));
  const equation = version.grants.length > 0 ? `${terms.join(' + ')} = ${formatCredits(sum)}` : terms.join();
  return amountOf(version) < sum ? `${equation}, at most ${formatCredits(amountOf(version))}` : equation;
}

/** Returns an amount with other quantities, by the grant's name in any case (`{ users: 25 }`), for what-if questions. */
export function supposeQuantities<A extends Amount>(version: A, suppose: Readonly<Record<string, number>>): A {
  const wanted = new Map(Object.entries(suppose).map(([name, quantity]) => [name.toLowerCase(), quantity]));
  return {
    ...version,
    grants: version.grants.map((grant) => ({
      ...grant,
      quantity: wanted.get(grant.name.toLowerCase()) ?? grant.quantity,
    })),
  };
}

/** Returns the version that applies on a day; before the first one, the first. */
export function versionOn(amounts: readonly AmountVersion[], day: number): AmountVersion {
  return amounts.findLast((version) => version.fromDay <= day) ?? amounts[0]!;
}

/** A half-open span of days. */
export interface DaySpan {
  fromDay: number;
  toDay: number;
}

/**
 * Returns the period that holds this day; undefined for a rolling window (which has none) and outside of `once`. If a month is too
 * short for the anchor day, its last day is taken.
 */
export function periodOf(rule: PeriodRule, day: number): DaySpan | undefined {
  switch (rule.kind) {
    case 'rolling-24h':
      return undefined;
    case 'day':
      return { fromDay: day, toDay: day + 1 };
    case 'month': {
      const month = monthOf(day);
      const first = day >= anchorDay(month, rule.anchor) ? month : month - 1;
      return { fromDay: anchorDay(first, rule.anchor), toDay: anchorDay(first + 1, rule.anchor) };
    }
    case 'year': {
      const january = monthOf(day) - (monthOf(day) % 12);
      return { fromDay: firstDayOf(january), toDay: firstDayOf(january + 12) };
    }
    case 'once':
      if (day < rule.fromDay || day > rule.untilDay) return undefined;
      return { fromDay: rule.fromDay, toDay: rule.untilDay + 1 };
  }
}

function anchorDay(month: number, anchor: number): number {
  const length = firstDayOf(month + 1) - firstDayOf(month);
  return firstDayOf(month) + Math.min(anchor, length) - 1;
}

/** `day`, `month from day 15`, `once, 1 Jan – 31 Dec 2023`. */
export function formatPeriodRule(rule: PeriodRule): string {
  if (rule.kind === 'once') return `once, ${formatDays(rule.fromDay, rule.untilDay)}`;
  if (rule.kind === 'month' && rule.anchor !== 1) return `month from day ${rule.anchor}`;
  return rule.kind === 'rolling-24h' ? 'any 24 hours' : rule.kind;
}
