import { z } from 'zod';
import { ALERT_KINDS, type AlertContent } from '../domain/alert.ts';
import type { Amount, ClientName, Definitions, Holiday, Limit, RuleSet, Scope } from '../domain/definition.ts';
import { type DigestWhat, isSection, type StatedDay } from '../domain/digest.ts';
import { DIMENSIONS, GROUPINGS } from '../domain/dimension.ts';
import { BOUND_COLUMNS, BOUND_SIGNS, type Bound, type Filter } from '../domain/filter.ts';
import { ASKED_GRAINS, FOCUSES, type Question, REPORT_KINDS } from '../domain/report.ts';
import { LEVELS, type PoolState, type ScopeState } from '../domain/scope-state.ts';
import type { OlderZone } from '../domain/usage.ts';
import { HeadroomError } from '../errors.ts';

/** A schema for each field of a type. Without this check, a new field without a schema would be lost when a row is read. */
type Fields<T> = { [K in keyof Required<T>]: z.ZodType<T[K]> };

/** Makes a schema with every field of a type. */
export function object<T>(fields: Fields<T>): z.ZodType<T>;
export function object(fields: z.ZodRawShape): z.ZodType {
  return z.object(fields);
}

const text = z.string();
const number = z.number();
const flag = z.boolean();
/** Thousandths, as `writeColumn` writes them. */
const CREDITS = z.union([number, text.transform(BigInt)]);
const DIMENSION = z.enum(DIMENSIONS);
const GROUPING = z.enum(GROUPINGS);
const LINKS = z.object({ addon: text.optional(), upgrade: text.optional() });

const FILTER = object<Filter>({ key: z.enum([...GROUPINGS, 'status']), patterns: z.array(text), not: flag });
/** `chosen_filter.filters`. */
export const FILTERS = z.array(FILTER);

/** `saved_view.question`, `alert_rule.question`, `answer.question`. */
export const QUESTION = object<Question>({
  report: z.enum(REPORT_KINDS),
  dimension: GROUPING.optional(),
  only: z.enum(['new', 'gone']).optional(),
  bound: object<Bound>({ sign: z.enum(BOUND_SIGNS), value: number, column: z.enum(BOUND_COLUMNS) }).optional(),
  step: z.enum(ASKED_GRAINS).optional(),
  overTime: z.literal(true).optional(),
  limit: number.optional(),
  offset: number.optional(),
  range: text.optional(),
  versus: text.optional(),
  filters: FILTERS.optional(),
  scope: text.optional(),
  name: text.optional(),
  measure: z.enum(['requests', 'credits']).optional(),
  sort: text.optional(),
  view: z.enum(['graph', 'table', 'doughnut']).optional(),
  chart: z.literal('doughnut').optional(),
  focus: z.enum(FOCUSES).optional(),
  suppose: z.record(text, number).optional(),
  private: flag.optional(),
});
/** `answer.drill`. */
export const QUESTIONS = z.array(QUESTION);

/** `alert.delivery_keys`. */
export const KEYS = z.array(text);

const TIME = { time: text, zone: text };
/** `subscription.schedule`. */
export const SCHEDULE = z.discriminatedUnion('every', [
  z.object({ ...TIME, every: z.literal('week'), weekdays: z.array(number) }),
  z.object({ ...TIME, every: z.literal('month'), day: number }),
]);

/** `subscription.what`; sections that this version does not know are left out. */
export const DIGEST_WHAT = object<DigestWhat>({
  sections: z.array(text).transform((keys) => keys.filter(isSection)),
  filters: FILTERS,
  scope: text.optional(),
});

/** `digest.headline`. */
export const STATED_DAY = object<StatedDay>({
  day: number,
  requests: number,
  failed: number,
  correctionsUntilMs: number.optional(),
  restated: z.array(z.object({ day: number, requests: number })).optional(),
});

/** `source.options`: each adapter reads its own. */
export const OPTIONS = z.record(text, z.unknown());

/** `source.unread`, as pairs; an older version could write a text for the count of a field named `constructor`. */
export const COUNTS = z
  .custom<object>((value) => typeof value === 'object' && value !== null)
  .transform((counts) =>
    Object.entries(counts).filter((pair): pair is [string, number] => typeof pair[1] === 'number'),
  );

/** `source.gaps_ms`, `source.lags_ms`. */
export const SAMPLES = z.array(number);

/** The setting `older_zones`. */
export const OLDER_ZONES = z.array(object<OlderZone>({ zone: text, beforeDay: number, pairsBeforeDay: number }));

const MATCH = z.partialRecord(DIMENSION, text);
const MATCHES = z.array(MATCH);
const PERIOD_KINDS = ['rolling-24h', 'day', 'month', 'year', 'once'] as const;
const POOL_STATE = object<PoolState>({
  ...{ name: text, used: CREDITS, amount: CREDITS, left: CREDITS, percent: number, level: z.enum(LEVELS) },
  ...{ thresholds: z.array(number), reached: z.array(number), arithmetic: text, drawnNow: flag },
  period: z.object({ fromMs: number, toMs: number, label: text }),
  periodKind: z.enum(PERIOD_KINDS),
  match: MATCHES.optional(),
  burnRate: number.optional(),
  runOut: z
    .object({ earliestMs: number, latestMs: number.optional(), arithmetic: text })
    .transform((runOut) => ({ latestMs: undefined, ...runOut }))
    .optional(),
  pace: z.object({ slower: number, quicker: number }).optional(),
  present: z
    .object({ pace: z.enum(['the pace of the last hour', 'today’s pace']), emptyMs: number.optional() })
    .transform((present) => ({ emptyMs: undefined, ...present }))
    .optional(),
  foresee: z.undefined().optional(),
});
/** `alert.content`: the scope when the alert was raised. */
const STATE = object<ScopeState>({
  ...{ scope: text, title: text, level: z.enum(LEVELS), links: LINKS },
  ...{ pools: z.array(POOL_STATE), limits: z.array(POOL_STATE), current: POOL_STATE.optional() },
  ...{ used: CREDITS, overage: CREDITS, restLeft: CREDITS, restCount: number },
  exhaustions: z.array(z.object({ pool: text, atMs: number, next: text.optional() })),
  rateLimitPerMinute: number.optional(),
}).transform((state) => ({ ...state, current: state.pools.find(({ name }) => name === state.current?.name) }));

const WORDS = z.union([text, z.array(z.union([text, z.object({ atMs: number })]))]);

/** `alert.content`. */
export const ALERT_CONTENT = object<AlertContent>({
  kind: z.enum(ALERT_KINDS.map(({ kind }) => kind)),
  sign: z.enum(['🔵', '🟠', '🔴', '⛔']).default('🟠'),
  title: text,
  lines: z.array(WORDS),
  brief: WORDS.optional(),
  mention: flag,
  scope: text.optional(),
  pool: text.optional(),
  level: number.optional(),
  used: CREDITS.optional(),
  amount: CREDITS.optional(),
  links: LINKS.optional(),
  state: STATE.optional(),
  who: text.optional(),
  chart: text.optional(),
  periodEndMs: number.optional(),
  test: flag.optional(),
});

const AMOUNT: Fields<Amount> = {
  base: number,
  grants: z.array(z.object({ name: text, quantity: number, each: number })),
  max: number.optional(),
};
const LIMIT = object<Limit>({
  name: text,
  period: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('rolling-24h') }),
    z.object({ kind: z.literal('day') }),
    z.object({ kind: z.literal('month'), anchor: number }),
    z.object({ kind: z.literal('year') }),
    z.object({ kind: z.literal('once'), fromDay: number, untilDay: number }),
  ]),
  priority: number,
  fromDay: number,
  untilDay: number.optional(),
  amounts: z.array(z.object({ ...AMOUNT, fromDay: number, priority: number.optional(), order: number.optional() })),
  thresholds: z.array(number),
  order: number,
  match: MATCHES.optional(),
});

/** `definition.body`. */
export const DEFINITIONS = object<Definitions>({
  version: number,
  scopes: z.array(
    object<Scope>({
      name: text,
      title: text,
      rateLimitPerMinute: number.optional(),
      links: LINKS,
      untilDay: number.optional(),
      pools: z.array(LIMIT),
      limits: z.array(LIMIT),
    }),
  ),
  ruleSets: z.array(
    object<RuleSet>({
      fromDay: number,
      scopes: z.array(
        z.object({
          name: text,
          match: MATCHES,
          costs: z.array(
            z.object({ match: MATCH, credits: number, perRecords: number.optional(), max: number.optional() }),
          ),
          limits: z.array(z.object({ name: text, match: MATCHES })),
        }),
      ),
      exclude: MATCHES,
      holidays: z.array(object<Holiday>({ scope: text.optional(), fromDay: number, untilDay: number })),
    }),
  ),
  clients: z.array(object<ClientName>({ id: text, name: text, owner: text.optional(), team: text.optional() })),
});

/** Converts a value to the JSON of a column, with bigints as text. */
export function writeColumn(value: unknown): string {
  return JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? String(each) : each));
}

/** Reads the JSON of a column. Throws a `database` error with place, value and cure if it does not fit the schema. */
export function readColumn<T>(column: string, schema: z.ZodType<T>, json: string): T {
  return readValue(column, schema, parseJson(json), json);
}

/** Checks a column's value that is parsed already. Throws like `readColumn`. */
export function readValue<T>(column: string, schema: z.ZodType<T>, value: unknown, json = JSON.stringify(value)): T {
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  const path = read.error.issues[0]!.path.join('.');
  const shown = json.length > 80 ? `${json.slice(0, 80)}…` : json;
  throw new HeadroomError(
    'database',
    `${column} holds ${shown}, which cannot be read${path && ` at ${path}`}: ` +
      'start the version of Headroom that wrote it, or put the row right.',
  );
}

/** Reads a question from a text from outside; undefined if it holds none. */
export function findQuestion(json: string | undefined): Question | undefined {
  return QUESTION.safeParse(parseJson(json ?? '')).data;
}

/** Parses JSON; undefined if the text is not JSON. */
export function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
