import { MONTH_NAMES, WEEKDAY_NAMES } from '../../domain/calendar.ts';
import type { Grouping, QuestionKey } from '../../domain/dimension.ts';
import type { ReportKind } from '../../domain/report.ts';

/** The words of `/usage`, with those that people type for them. All lower case. */

/** Plural of each dimension as commands print it. */
export const DIMENSION_PLURALS: Readonly<Record<Grouping, string>> = {
  client: 'clients',
  team: 'teams',
  route: 'routes',
  user: 'users',
  ip: 'ips',
  module: 'modules',
  method: 'methods',
  function: 'functions',
  version: 'versions',
  kind: 'kinds',
  initiator: 'initiators',
  source: 'sources',
  scope: 'scopes',
};

const DIMENSION_ALIASES: Readonly<Record<Grouping, string>> = {
  client:
    'app apps application applications consumer consumers caller callers customer customers integration integrations',
  team: 'department departments squad squads',
  route: 'url urls uri uris endpoint endpoints path paths',
  user: 'people person member members',
  ip: 'address addresses',
  module: 'connector connectors',
  method: 'verb verbs',
  function: 'fn fns',
  version: 'api_version api-version api_versions api-versions',
  kind: 'type types',
  initiator: '',
  source: 'sender senders',
  scope: '',
};

export const DIMENSION_WORDS: ReadonlyMap<string, Grouping> = new Map(
  Object.entries(DIMENSION_PLURALS).flatMap(([dimension, plural]) =>
    [dimension, plural, ...DIMENSION_ALIASES[dimension as Grouping].split(' ')]
      .filter((word) => word !== '')
      .map((word) => [word, dimension as Grouping] as const),
  ),
);

/** Keys of filters: every word for a dimension, and `status`. */
export const FILTER_KEYS: ReadonlyMap<string, QuestionKey> = new Map<string, QuestionKey>([
  ...DIMENSION_WORDS,
  ['status', 'status'],
  ['statuses', 'status'],
  ['code', 'status'],
  ['codes', 'status'],
]);

const REPORT_ALIASES: Readonly<Record<Exclude<ReportKind, 'client' | 'route'>, string>> = {
  summary: 'home overview usage cards card scopes now dashboard',
  top: 'ranking rank most biggest busiest',
  status: 'statuses code codes http error errors failure failures failed failing success health',
  pool: 'pools balance balances credits credit allowance allowances quota quotas left remaining headroom limits forecast',
  daily: 'days trend trends calls requests total totals volume',
  day: 'hourly hours',
  history: 'months monthly',
  latency: 'latencies slow slowest p50 p95 p99 percentile percentiles duration durations',
  events: 'event log logs raw',
  licences: 'licence license licenses licensing grants seats consumables',
  sources: 'senders webhooks exclusions',
  explain: 'explanation arithmetic',
  why: 'diagnose diagnosis',
  advice: 'advise tips recommendations',
};

/** First words that name a report. `client` and `route` depend on what follows. */
export const REPORT_WORDS: ReadonlyMap<string, ReportKind> = new Map(
  Object.entries(REPORT_ALIASES).flatMap(([report, aliases]) =>
    [report, ...aliases.split(' ')].map((word) => [word, report as ReportKind] as const),
  ),
);

/** First words of the commands that are no questions. */
export const ACTION_WORDS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    help: 'help ? -h --help --h commands thanks thank thx ty',
    digest: 'digest digests subscription subscriptions report reports',
    subscribe: 'subscribe',
    unsubscribe: 'unsubscribe',
    alerts: 'alerts alert notifications notification warnings',
    save: 'save',
    open: 'open',
    views: 'views view saved',
    unsave: 'unsave',
    export: 'export csv download',
    debug: 'debug doctor',
    correct: 'correct correction',
    filters: 'filters filter',
    reset: 'reset',
    settings: 'settings setting config preferences',
    audit: 'audit changes changelog',
  }).flatMap(([action, words]) => words.split(' ').map((word) => [word, action] as const)),
);

/** Measures by the words after `by`. */
export const MEASURE_WORDS: Readonly<Record<string, 'requests' | 'credits'>> = {
  credits: 'credits',
  credit: 'credits',
  cost: 'credits',
  requests: 'requests',
  request: 'requests',
  calls: 'requests',
  volume: 'requests',
};

export const VIEW_WORDS: Readonly<Record<string, 'graph' | 'table' | 'doughnut'>> = {
  graph: 'graph',
  chart: 'graph',
  bars: 'graph',
  table: 'table',
  list: 'table',
  doughnut: 'doughnut',
  donut: 'doughnut',
  pie: 'doughnut',
};

export const SHARE_WORDS: Readonly<Record<string, boolean>> = {
  private: true,
  privately: true,
  '--private': true,
  share: false,
  '--share': false,
  public: false,
};

/** Words that stand for failed calls in any question. */
export const FAILURE_WORDS = new Set('failed failing failure failures fails fail errors error erroring'.split(' '));

/** Before a name: `for Acme CRM`. */
export const NAME_MARKERS = new Set(['for', 'of', 'by', 'from', 'about', 'in', 'on', 'with']);

export const OPTION_WORDS = new Set(
  'vs vs. versus against not without except excluding by sort sorted order as skip offset limit first top if rows all asc desc'.split(
    ' ',
  ),
);

/** Words that begin or join ranges: a name made of one is always quoted. */
export const RANGE_OPENERS = new Set([
  ...MONTH_NAMES,
  ...MONTH_NAMES.map((name) => name.slice(0, 3)),
  ...WEEKDAY_NAMES,
  ...WEEKDAY_NAMES.map((name) => name.slice(0, 3)),
  ...'sept tues weds thur thurs since until till through thru between from during within over in on last past previous prev trailing this now to week month year quarter day days weeks months years hours hour so'.split(
    ' ',
  ),
  ...'one two three four five six seven eight nine ten eleven twelve'.split(' '),
]);
