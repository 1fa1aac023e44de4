import {
  type CostRule,
  DEFAULT_SCOPE,
  type Definitions,
  MAX_EVENT_CREDITS,
  type Match,
  type RuleSet,
} from './definition.ts';
import { type Dimension, NONE } from './dimension.ts';
import { toMatcher } from './filter.ts';

/** The part of an event that rules look at. */
export type RuledEvent = Readonly<Partial<Record<Exclude<Dimension, 'source'>, string>>> & {
  readonly count: number;
  readonly records?: number;
  readonly credits?: number;
};

/** Result of the rules for one event. Equal events share one object: do not change it. */
export interface Assignment {
  readonly scope: string;
  /** Meters that count it: the scope, and limits with rules of their own. Empty on a holiday and for excluded events. */
  readonly meters: readonly string[];
  /** The exclusion rule that takes it out, as readable text: `client "Genesys Cloud for *"`. */
  readonly exclusion: string | undefined;
  readonly credits: number;
}

export interface RuleBook {
  /** Applies the rules of `day`, the event's own day in the report zone. Never throws. */
  assign(event: RuledEvent, source: string, day: number): Assignment;
}

/** Verdicts are cached per combination of values; beyond this number the cache is emptied. */
const MAX_REMEMBERED = 50_000;

const ONE_CALL: CostRule = { match: {}, credits: 1000 };

/** Returns the meter of a limit with rules of its own. */
export function limitMeter(scope: string, limit: string): string {
  return `${scope}/${limit}`;
}

/** `client "Acme*", kind "internal"`. */
function formatMatch(match: Match): string {
  return Object.entries(match)
    .map(([dimension, pattern]) => `${dimension} "${pattern}"`)
    .join(', ');
}

/** Prepares the rules of all days for ingest, which decides once per distinct combination of values. */
export function compileRules(definitions: Pick<Definitions, 'ruleSets'>): RuleBook {
  const eras = definitions.ruleSets.map((ruleSet) => ({ fromDay: ruleSet.fromDay, decide: compileRuleSet(ruleSet) }));
  const before = compileRuleSet({ fromDay: 0, scopes: [], exclude: [], holidays: [] });
  return {
    assign(event, source, day) {
      let decide = before;
      for (let index = eras.length - 1; index >= 0; index -= 1) {
        if (eras[index]!.fromDay <= day) {
          decide = eras[index]!.decide;
          break;
        }
      }
      return charge(decide(event, source, day), event);
    },
  };
}

/** The assignment of one plain call, and the rule that charges other calls with the same values. */
interface Decision {
  readonly ofOneCall: Assignment;
  readonly cost: CostRule;
}

function charge({ ofOneCall, cost }: Decision, event: RuledEvent): Assignment {
  if (event.count === 1 && event.credits === undefined && event.records === undefined) return ofOneCall;
  const credits = event.credits ?? creditsOf(cost, event.count, event.records);
  return credits === ofOneCall.credits ? ofOneCall : { ...ofOneCall, credits };
}

/**
 * Returns a rule's credits times the count. Credits are per call, or per `perRecords` records of a call; a call without a number of
 * records is charged as one lot.
 */
function creditsOf(cost: CostRule, count: number, records: number | undefined): number {
  const lots = cost.perRecords === undefined || records === undefined ? 1 : Math.ceil(records / cost.perRecords);
  const perCall = Math.min(lots * cost.credits, cost.max ?? MAX_EVENT_CREDITS);
  return Math.min(perCall * count, MAX_EVENT_CREDITS);
}

/** Values that a rule may look at; `scope` is the one that the event itself names. */
type Values = Readonly<Partial<Record<Dimension, string>>>;

function compileRuleSet(ruleSet: RuleSet): (event: RuledEvent, source: string, day: number) => Decision {
  const mentioned = listDimensions(ruleSet);
  const decide = compileDecision(ruleSet);
  type Node = Map<string, Node | Decision>;
  // Decisions depend on the day only through holidays: one tree per set of holidays that cover a day.
  const trees = new Map<string, Node>();
  let tree: Node = new Map();
  let treeDay: number | undefined;
  let remembered = 0;

  function enterDay(day: number): void {
    const covering = ruleSet.holidays.flatMap((rest, index) => (covers(rest, day) ? [index] : [])).join();
    tree = trees.get(covering) ?? new Map();
    trees.set(covering, tree);
    treeDay = day;
  }

  return (event, source, day) => {
    if (day !== treeDay) enterDay(day);
    let node = tree;
    for (let index = 1; index < mentioned.length; index += 1) {
      const value = readValue(event, source, mentioned[index]!);
      let next = node.get(value) as Node | undefined;
      if (!next) {
        next = new Map();
        node.set(value, next);
      }
      node = next;
    }
    const value = readValue(event, source, mentioned[0]!);
    let decision = node.get(value) as Decision | undefined;
    if (!decision) {
      decision = decide({ ...event, source }, day);
      node.set(value, decision);
      remembered += 1;
      if (remembered > MAX_REMEMBERED) {
        trees.clear();
        remembered = 0;
        treeDay = undefined;
      }
    }
    return decision;
  };
}

function readValue(event: RuledEvent, source: string, dimension: Dimension): string {
  return (dimension === 'source' ? source : event[dimension]) ?? '';
}

function covers(rest: { fromDay: number; untilDay: number }, day: number): boolean {
  return rest.fromDay <= day && day <= rest.untilDay;
}

/** Lists the dimensions that decisions depend on; always includes `scope`. */
function listDimensions(ruleSet: RuleSet): Dimension[] {
  const matches = [
    ...ruleSet.exclude,
    ...ruleSet.scopes.flatMap((scope) => [
      ...scope.match,
      ...scope.costs.map((cost) => cost.match),
      ...scope.limits.flatMap((limit) => limit.match),
    ]),
  ];
  return [...new Set<Dimension>(['scope', ...matches.flatMap((match) => Object.keys(match) as Dimension[])])];
}

function compileDecision(ruleSet: RuleSet): (values: Values, day: number) => Decision {
  const scopes = ruleSet.scopes.map((scope) => ({
    name: scope.name,
    fits: anyOf(scope.match),
    costs: scope.costs.map((cost) => ({ cost, fits: toPredicate(cost.match) })),
    limits: scope.limits.map((limit) => ({ meter: limitMeter(scope.name, limit.name), fits: anyOf(limit.match) })),
  }));
  const exclusions = ruleSet.exclude.map((match) => ({ text: formatMatch(match), fits: toPredicate(match) }));
  const limitMeters = new Set(scopes.flatMap((scope) => scope.limits.map((limit) => limit.meter)));

  return (values, day) => {
    const name = values.scope ?? scopes.find((scope) => scope.fits(values))?.name ?? DEFAULT_SCOPE;
    const scope = scopes.find((candidate) => candidate.name === name);
    const exclusion = exclusions.find((rule) => rule.fits(values))?.text;
    const holiday = ruleSet.holidays.some((rest) => (rest.scope ?? name) === name && covers(rest, day));
    // A sender may name a scope like the meter of a limit (`scope/limit`): do not count it there.
    const drawn = exclusion === undefined && !holiday && !limitMeters.has(name);
    const limits = scope?.limits.filter((limit) => limit.fits(values)).map((limit) => limit.meter) ?? [];
    const cost = scope?.costs.find((rule) => rule.fits(values))?.cost ?? ONE_CALL;
    return {
      ofOneCall: {
        scope: name,
        meters: drawn ? [name, ...limits] : [],
        exclusion,
        credits: creditsOf(cost, 1, undefined),
      },
      cost,
    };
  };
}

function anyOf(matches: readonly Match[]): (values: Values) => boolean {
  const predicates = matches.map(toPredicate);
  return (values) => predicates.some((fits) => fits(values));
}

/** Compiles a match. As in filters, an absent value is `(none)`; methods are compared in upper case. */
function toPredicate(match: Match): (values: Values) => boolean {
  const tests = (Object.entries(match) as [Dimension, string][]).map(([dimension, pattern]) => ({
    dimension,
    fits: toMatcher(dimension === 'method' ? pattern.toUpperCase() : pattern),
  }));
  return (values) => tests.every(({ dimension, fits }) => fits(values[dimension] ?? NONE));
}
