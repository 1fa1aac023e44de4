import type { Grouping } from '../../domain/dimension.ts';
import type { Filter } from '../../domain/filter.ts';
import { PREVIOUS } from '../../domain/ranges.ts';
import type { Question } from '../../domain/report.ts';
import type { Command } from './command.ts';
import type { SentenceName } from './sentence.ts';
import type { Concept } from './vocabulary.ts';

/** Facts that rules look at. */
export interface Facts {
  has(...concepts: Concept[]): boolean;
  /** The first word, lower case. */
  opening: string;
  /** `Acme's calls`: the calls themselves, not their number. */
  listing: boolean;
  /** Client, route or scope that the sentence is about. */
  name?: SentenceName;
  names: readonly SentenceName[];
  dimension?: Grouping;
  by: boolean;
  range?: string;
  /** Filters on statuses that stand in the sentence. */
  byStatus: boolean;
  filtered: boolean;
  /** Two ranges are compared: that a change is asked for is used by that. */
  compared: boolean;
}

/** A rule that makes a question of sentences. It is taken only where it uses everything that the sentence says. */
export interface Rule {
  when(facts: Facts): boolean;
  uses: readonly Concept[];
  /** Keys of the names that it uses; `several`: more than one name. */
  names?: readonly SentenceName['key'][];
  several?: true;
  /** Dimensions that it uses. */
  dimensions?: 'any' | readonly Grouping[];
  /** The range says nothing: what is asked is so now. */
  now?: (facts: Facts) => boolean;
  ask(facts: Facts): Asked | Exclude<Command, { kind: 'question' }>;
}

/** A question without what the grammar read, with filters to add. */
type Asked = Question & { kind?: never };

const FAILURES: Filter = { key: 'status', patterns: ['4xx', '5xx'], not: false };
const THROTTLED: Filter = { key: 'status', patterns: ['429'], not: false };
const SUCCESSES: Filter = { key: 'status', patterns: ['1xx', '2xx', '3xx'], not: false };

const ANY_NAME: readonly Grouping[] = ['client', 'route', 'scope'];
/** Parts by which a ranking can be narrowed or sorted. */
const RANKED = [
  'most',
  'least',
  'failing',
  'throttled',
  'rateLimit',
  'succeeding',
  'cost',
  'share',
  'distinct',
] as const;
const COMPARING = ['compare', 'versus', 'moved', 'fell'] as const;
const OUTCOMES = ['failing', 'throttled', 'succeeding'] as const;

/** Most telling first: of two that use every word, the first is taken. */
export const RULES: readonly Rule[] = [
  {
    when: ({ has }) => has('latency', 'howSlow', 'fastest') || (has('pace') && !has('runOut', 'left', 'limit')),
    uses: [
      ...(['latency', 'fastest', 'pace', 'most', 'who', 'average', 'happening', 'trend', 'perDay', 'perHour'] as const),
      // Its slowest routes are why a client is slow.
      ...(['howSlow', 'perMonth', 'where', 'why', ...OUTCOMES] as const),
    ],
    names: ANY_NAME,
    dimensions: 'any',
    ask: (facts) => ({
      report: 'latency',
      ...(facts.dimension && { dimension: facts.dimension }),
      ...(facts.has('trend', 'perDay', 'perHour', 'perMonth') && { overTime: true as const }),
      ...(facts.has('fastest') && { sort: 'p95' }),
      filters: [...toFilters(facts), ...toOutcome(facts)],
    }),
  },
  {
    when: ({ has }) => has('events', 'latest'),
    uses: ['events', 'latest', 'most', 'happening', ...OUTCOMES],
    names: ANY_NAME,
    ask: (facts) => ({ report: 'events', filters: [...toFilters(facts), ...toOutcome(facts)] }),
  },
  {
    when: ({ has }) => has('monthEnd') && !has('runOut', 'left', 'limit', 'pool', 'cost'),
    uses: ['monthEnd', 'forecast', 'happening', 'when', 'status', 'average', ...OUTCOMES],
    names: ANY_NAME,
    now: ({ range }) => range === 'this-month',
    ask: (facts) => ({ report: 'daily', range: 'this-month', filters: [...toFilters(facts), ...toOutcome(facts)] }),
  },
  {
    when: ({ has, range }) => has('fix') && range !== undefined,
    uses: ['fix', 'versus', 'happening', 'status', 'moved', 'fell', 'rate', 'latency', 'howSlow', 'pace', ...OUTCOMES],
    names: ANY_NAME,
    ask: (facts) => ({
      report: facts.has('latency', 'howSlow', 'pace') ? 'latency' : 'status',
      range: toSince(facts.range!),
      versus: PREVIOUS,
      filters: toFilters(facts),
    }),
  },
  {
    when: ({ has, dimension, opening }) =>
      has('fresh', 'gone') && (dimension !== undefined || has('who') || /^(what|anything|which|is|are)/.test(opening)),
    uses: ['fresh', 'gone', 'who', 'most', 'cost', ...OUTCOMES],
    names: ANY_NAME,
    dimensions: 'any',
    ask: (facts) => {
      const [isNew, isGone] = [facts.has('fresh'), facts.has('gone')];
      if (isGone && facts.dimension === 'source') return { report: 'sources' };
      // Both at once are told by a comparison.
      return { ...toRanking(facts), ...(isNew && isGone ? { versus: PREVIOUS } : { only: isNew ? 'new' : 'gone' }) };
    },
  },
  {
    when: ({ has }) => has('alerts'),
    uses: ['alerts', 'status', 'who'],
    ask: () => ({ kind: 'alerts', action: 'list' }),
  },
  { when: ({ has }) => has('digests'), uses: ['digests', 'status'], ask: () => ({ kind: 'digest', action: 'list' }) },
  {
    when: ({ has, name }) => has('why') && name?.key === 'client',
    uses: ['why', 'failing', 'throttled', 'rateLimit', 'status', 'moved', 'fell', 'odd', 'rate', 'most'],
    names: ['client'],
    ask: ({ name }) => ({ report: 'why', name: name!.value }),
  },
  {
    when: ({ has, compared }) => has('why') && compared,
    uses: ['why', 'happening', 'status', ...RANKED],
    names: ANY_NAME,
    ask: (facts) => toRanking({ ...facts, ...(facts.name?.key === 'client' && { dimension: 'route' }) }),
  },
  {
    when: ({ has, byStatus }) => has('why') && (byStatus || has('failing', 'throttled', 'rateLimit', 'rate')),
    uses: ['why', 'failing', 'throttled', 'rateLimit', 'rate', 'most'],
    names: ANY_NAME,
    ask: (facts) => ({ report: 'status', filters: [...toFilters(facts), ...(isThrottled(facts) ? [THROTTLED] : [])] }),
  },
  {
    when: ({ has }) => has('explain') || (has('why') && has('pool', 'left', 'runOut', 'limit')),
    uses: ['explain', 'where', 'why', 'pool', 'left', 'runOut', 'limit'],
    names: ['scope'],
    ask: (facts) => ({ report: 'explain', ...toScope(facts) }),
  },
  {
    when: ({ by }) => by,
    uses: [...RANKED, 'who', 'rate', 'status'],
    names: ANY_NAME,
    dimensions: 'any',
    ask: toRanking,
  },
  {
    when: ({ has, name }) => has('who', 'owner') && name?.key === 'client',
    uses: ['who', 'owner'],
    names: ['client'],
    ask: toSubject,
  },
  {
    when: ({ has, name }) => has('cost') && name?.key === 'client',
    uses: ['cost', 'most'],
    names: ['client'],
    dimensions: 'any',
    ask: (facts) => ({
      report: 'top',
      dimension: facts.dimension ?? (facts.has('most') ? 'route' : 'client'),
      measure: 'credits',
      filters: toFilters(facts),
    }),
  },
  {
    when: ({ has, filtered, name }) => has('cost') && filtered && name === undefined,
    uses: ['cost', 'most', 'who'],
    dimensions: 'any',
    ask: toRanking,
  },
  {
    when: ({ has, filtered }) =>
      !filtered && (has('runOut', 'left', 'limit', 'forecast') || (!has('who') && has('rateLimit', 'pool', 'cost'))),
    uses: [
      'runOut',
      'forecast',
      'monthEnd',
      'left',
      'limit',
      'rateLimit',
      'pool',
      'cost',
      'when',
      'status',
      'pace',
      'who',
    ],
    names: ['scope'],
    dimensions: ['scope'],
    // What is left, or will be, is so now: only a range of the past is another balance.
    now: ({ has, range }) =>
      range !== undefined && /^(today|24h|this-)/.test(range) && has('runOut', 'left', 'limit', 'when'),
    ask: (facts) => ({
      report: 'pool',
      ...(facts.has('runOut', 'forecast') ? { focus: 'run-out' as const } : {}),
      ...toScope(facts),
    }),
  },
  {
    when: ({ has, name }) => has('who') && has('pool') && name?.key === 'scope',
    uses: [...RANKED, 'who', 'pool'],
    names: ['scope'],
    dimensions: 'any',
    ask: toRanking,
  },
  {
    when: ({ has }) => has('who'),
    uses: [...RANKED, 'who'],
    names: ANY_NAME,
    dimensions: 'any',
    ask: toRanking,
  },
  {
    when: ({ dimension }) => dimension !== undefined,
    uses: [...RANKED, 'where'],
    names: ANY_NAME,
    dimensions: 'any',
    ask: toRanking,
  },
  { when: ({ has }) => has('licences'), uses: ['licences', 'left'], ask: () => ({ report: 'licences' }) },
  {
    when: ({ has }) => has('advice'),
    uses: ['advice', 'cost', 'pool', 'left', 'limit', 'rateLimit', 'failing', 'throttled', 'status'],
    names: ANY_NAME,
    ask: (facts) => ({ report: 'advice', filters: toFilters(facts) }),
  },
  {
    // Cards tell the peak minute of today beside the rate limit.
    when: ({ has }) => has('perMinute'),
    uses: ['perMinute', 'peak', 'most', 'rateLimit', 'happening', 'when', 'status', 'average'],
    now: ({ range }) => range === 'today',
    ask: () => ({ report: 'summary' }),
  },
  {
    when: ({ has }) => has('peak') || (has('day', 'hour', 'when') && has('most', 'least')),
    uses: ['peak', 'most', 'least', 'day', 'hour', 'when', 'happening', ...OUTCOMES],
    names: ANY_NAME,
    ask: (facts) => ({
      report: facts.has('day') ? 'daily' : 'day',
      filters: [...toFilters(facts), ...toOutcome(facts)],
    }),
  },
  {
    when: ({ has }) => has('rate'),
    uses: ['rate', 'failing', 'succeeding', 'throttled', 'status', 'share', 'trend'],
    names: ANY_NAME,
    ask: (facts) => ({
      report: 'status',
      filters: [...toFilters(facts), ...(facts.has('throttled') && !facts.byStatus ? [THROTTLED] : [])],
    }),
  },
  {
    when: ({ has }) => has('perHour', 'perDay', 'perMonth', 'trend', 'history'),
    uses: ['perHour', 'perDay', 'perMonth', 'trend', 'history', 'average', 'happening', 'distinct', ...OUTCOMES],
    names: ANY_NAME,
    dimensions: 'any',
    ask: (facts) => ({
      report: facts.has('perHour') ? 'day' : 'daily',
      // How many different ones there were.
      ...(facts.dimension && { dimension: facts.dimension }),
      ...(facts.has('perMonth', 'history') && facts.range === undefined && { range: '12-months' }),
      filters: [...toFilters(facts), ...toOutcome(facts)],
    }),
  },
  {
    when: ({ has, compared, byStatus }) => compared && (byStatus || has('failing', 'throttled', 'succeeding')),
    uses: ['status', 'happening', ...OUTCOMES],
    names: ANY_NAME,
    ask: (facts) => ({ report: 'daily', filters: [...toFilters(facts), ...toOutcome(facts)] }),
  },
  {
    when: ({ has, byStatus }) => has('when') && (byStatus || has('failing', 'throttled', 'succeeding')),
    uses: ['when', 'happening', ...OUTCOMES],
    names: ANY_NAME,
    ask: (facts) => ({ report: 'day', filters: [...toFilters(facts), ...toOutcome(facts)] }),
  },
  {
    when: ({ has, byStatus, name }) =>
      (byStatus || has('failing', 'throttled')) && name !== undefined && name.key !== 'scope',
    uses: ['failing', 'throttled', 'happening', 'status', 'share'],
    names: ['client', 'route'],
    ask: (facts) => ({
      ...toSubject(facts),
      ...(facts.has('throttled') && !facts.byStatus && { filters: [THROTTLED] }),
    }),
  },
  {
    when: ({ has, byStatus, opening }) =>
      (byStatus || has('failing', 'throttled')) && (has('where') || /^(what|what's|whats)$/.test(opening)),
    uses: ['failing', 'throttled', 'where', 'most', 'happening', 'status'],
    names: ['scope'],
    ask: (facts) => toRanking({ ...facts, dimension: 'route' }),
  },
  {
    when: ({ has, byStatus }) => byStatus || has('failing', 'throttled', 'succeeding', 'rateLimit'),
    uses: ['failing', 'throttled', 'succeeding', 'rateLimit', 'happening', 'status', 'share'],
    names: ['scope'],
    ask: (facts) => ({
      report: 'status',
      filters: [...toFilters(facts), ...(isThrottled(facts) && !facts.byStatus ? [THROTTLED] : [])],
    }),
  },
  {
    when: ({ listing, name, filtered }) => listing && (name !== undefined || filtered),
    uses: ['happening', 'status'],
    names: ANY_NAME,
    ask: (facts) => ({ report: 'events', filters: toFilters(facts) }),
  },
  {
    when: ({ names }) => names.length > 1,
    uses: ['compare', 'versus', 'most', 'happening'],
    names: ANY_NAME,
    several: true,
    ask: ({ names }) => ({
      report: 'top',
      dimension: names[0]!.key,
      filters: [{ key: names[0]!.key, patterns: [...new Set(names.map(({ value }) => value))], not: false }],
    }),
  },
  {
    when: ({ name }) => name !== undefined,
    uses: ['status', 'happening', 'most', 'average', 'when', 'share'],
    names: ANY_NAME,
    ask: toSubject,
  },
  {
    when: ({ has }) => has('most', 'least'),
    uses: ['most', 'least', 'cost', 'happening'],
    ask: toRanking,
  },
  {
    when: ({ has, range, filtered }) =>
      filtered || range !== undefined || has('happening', 'odd', 'average', 'count', 'when', ...COMPARING),
    uses: ['happening', 'odd', 'average', 'when', 'status', ...COMPARING],
    ask: () => ({ report: 'daily' }),
  },
  { when: ({ has }) => has('status', 'now'), uses: ['status'], ask: () => ({ report: 'summary' }) },
];

/** A change at a moment, or on a single day, is seen from there on: `today 14:00`, `tuesday`. */
function toSince(range: string): string {
  const isMoment = /\d\d:\d\d$/.test(range) && !/since|\.\.|-\d\d:\d\d$/.test(range);
  return isMoment ? `since ${range}` : range.replace(/^((?!to)\w+day|\d{4}-\d\d-\d\d)$/, 'since-$1');
}

/** Ranked, under filters for the name and the outcome that the sentence mentions. */
function toRanking(facts: Facts): Asked {
  const { has, compared, dimension = 'client' } = facts;
  return {
    report: 'top',
    dimension,
    ...(has('cost') && { measure: 'credits' as const }),
    ...(has('least') && { sort: 'requests' }),
    ...(has('rate') && !compared && { sort: '-failed' }),
    ...(compared && has('moved', 'fell') && { sort: has('fell') ? 'change' : '-change' }),
    filters: [...toFilters(facts), ...toOutcome(facts)],
  };
}

/** All that one client, route or scope does. */
function toSubject(facts: Facts): Asked {
  const { key, value } = facts.name!;
  if (key === 'client' || key === 'route') return { report: key, name: value };
  return facts.range === undefined && !facts.filtered && !facts.has('happening', 'count', 'average')
    ? { report: 'pool', scope: value }
    : { report: 'daily', filters: toFilters(facts) };
}

function toScope({ name }: Facts): Pick<Asked, 'scope'> {
  return name?.key === 'scope' ? { scope: name.value } : {};
}

function toFilters({ name }: Facts): Filter[] {
  return name ? [{ key: name.key, patterns: [name.value], not: false }] : [];
}

/** Returns filters for how the calls that are asked about ended. */
function toOutcome(facts: Facts): Filter[] {
  const { has, byStatus } = facts;
  if (byStatus) return [];
  if (isThrottled(facts)) return [THROTTLED];
  if (has('failing')) return [FAILURES];
  return has('succeeding') ? [SUCCESSES] : [];
}

function isThrottled({ has }: Facts): boolean {
  return has('throttled', 'rateLimit');
}
