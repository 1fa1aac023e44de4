/**
 * Dimensions that calls are counted by. `status` is not among them: every total is also kept by status, so status can join any
 * question. `version` is the event's `api_version`; `scope` is the metered set that the call belongs to.
 */
export const DIMENSIONS = [
  'client',
  'route',
  'user',
  'ip',
  'module',
  'method',
  'function',
  'version',
  'kind',
  'initiator',
  'source',
  'scope',
] as const;

export type Dimension = (typeof DIMENSIONS)[number];

export type GroupKey = Dimension | 'status';

/** Keys that questions group by: dimensions, and the team that a client is declared to belong to, which no total stores. */
export type Grouping = Dimension | 'team';
export const GROUPINGS: readonly Grouping[] = [...DIMENSIONS, 'team'];

export type QuestionKey = GroupKey | 'team';

/** Pairs of dimensions that daily totals hold (each with `status`), besides every dimension alone. */
export const DIMENSION_PAIRS: readonly (readonly [Dimension, Dimension])[] = [
  ...DIMENSIONS.filter((dimension) => dimension !== 'client').map((other) => ['client', other] as const),
  ['route', 'method'],
  ['user', 'module'],
  ['user', 'ip'],
  ['function', 'module'],
];

/** Shown if an event carries no value for a dimension, or no status. */
export const NONE = '(none)';
/** Counts the values beyond the cap of a dimension on a day. */
export const OTHER = '(other)';
/** Replaces a value that was forgotten on request. */
export const REMOVED = '(removed)';
