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

const OPTION_WORDS = new Set(
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

/**
 * Words of a question in a sentence by what they ask for. Every one of them must be used by the rule that makes the question
 * (see natural.ts); a phrase of several words counts as one. All lower case.
 */
const PHRASES = {
  who: "who|who's|whos|whose|whom|anyone|anybody|someone|somebody|everyone|everybody",
  count: 'how many|how much|number of|count|counts|total|totals|sum|amount|amounts|numbers|figures|report',
  why: "why|how come|what is wrong with|what's wrong with|whats wrong with|reason|reasons",
  when: "when|when's|whens",
  where: "where|where's|wheres",
  most: `most|top|biggest|busiest|highest|heaviest|largest|main|hammering|flooding|spamming|overloading|hogging|
    the most|more than anyone|active|busy|heavy|frequent|often`,
  least: 'least|fewest|lowest|smallest|rarest',
  failing: `${[...FAILURE_WORDS].join('|')}|wrong|broken|broke|break|breaks|breaking|rejected|rejecting|refused|unsuccessful|unhealthy`,
  throttled: `throttled|throttling|throttle|blocked|rate limited|rate-limited|getting limited|rate limit hits|rate limit errors|
    hit the rate limit|hits the rate limit|hitting the rate limit`,
  perMinute: 'per minute|a minute|every minute|each minute|peak minute|busiest minute|peak minutes|minute by minute',
  succeeding: 'success|successful|successfully|succeed|succeeds|succeeded|succeeding',
  rate: `error rate|error rates|success rate|success rates|failure rate|failure rates|error ratio|success ratio|error percentage|
    success percentage|status code|status codes|codes|code|rates|rate|ratio|reliable|reliability|http`,
  status: 'status|statuses|doing|going|healthy|health|ok|okay|fine|well|good|normal|up|down|alive|running|look|looking',
  distinct: 'distinct|unique|different|individual|separate',
  share: 'percent|percentage|percentages|share|shares|proportion|%',
  left: `left|left over|remain|remains|remaining|remainder|headroom|unused|spare|available|balance|balances|allowance|allowances|
    quota|quotas|budget|budgets|full|empty`,
  pool: 'pool|pools|plan|plans',
  csv: 'csv|csv file|spreadsheet|excel',
  rateLimit: 'rate limit|rate limits|rate limiting|the rate limit|the rate limits',
  limit: `limit|limits|limited|over|near|close|close to|exceed|exceeds|exceeded|exceeding|reach|reaches|
    reached|hit the limit|over limit`,
  runOut: `run out|runs out|running out|ran out|run dry|runs dry|running dry|run low|running low|exhaust|exhausts|exhausted|
    last|lasts|enough|make it|burn|burns|burned|burning|burn rate|reset|resets|renew|renews|renewal|how long|how soon|how fast|
    how quick|how quickly|before the reset|until the reset|till the reset|before reset|until reset|before it resets|
    until it resets|until|till|before|soon|long enough`,
  forecast: 'forecast|forecasts|predict|prediction|predicted|projected|projection',
  monthEnd: `by the end of the month|by end of month|before the end of the month|before end of month|before month end|
    until the end of the month|at the end of the month|at month end|end of the month|end of month|end of this month|month end|month-end|by month end|this month's end`,
  history: 'history|historical|over the months',
  cost: 'cost|costs|costing|costly|credits|credit|spend|spends|spent|spending|expensive|price|bill|billed',
  moved: `change|changes|changed|changing|difference|grow|grows|grew|grown|growing|growth|rise|rises|rose|risen|rising|increase|
    increases|increased|increasing|go up|goes up|went up|gone up|going up|up or down`,
  fell: `decrease|decreases|decreased|decreasing|decline|declined|drop|drops|dropped|fall|falls|fell|fallen|go down|goes down|
    went down|gone down|going down|shrink|shrank`,
  odd: 'spike|spikes|spiked|jump|jumped|unusual|odd|strange',
  happening: 'happen|happens|happened|happening|going on|went on|activity|traffic|volume|load',
  trend: 'trend|trends|over time|timeline|graph over time',
  perHour: 'per hour|by hour|hourly|each hour|every hour|an hour|by the hour',
  perDay: 'per day|by day|daily|each day|every day|a day|by the day|per week|by week|weekly|each week|every week',
  perMonth: 'per month|by month|monthly|each month|every month|a month|by the month|months',
  peak: 'peak|peaks|peaked',
  hour: 'hour|hours|time of day|what time',
  day: 'day|days',
  average: 'average|averages|avg|mean|typical|typically|usual|usually|normally',
  explain: 'come from|comes from|calculated|computed|calculate|compute|worked out|add up',
  advice: 'should|reduce|improve|save|avoid|optimise|optimize|recommend|advise|advice',
  licences: 'licence|licences|license|licenses|seat|seats|grant|grants',
  owner: 'owner|owns|own|responsible',
  compare: 'compare|compared|compares|comparing|comparison|difference between|change between',
  versus: `versus|vs|vs.|against|more than|less than|fewer than|fewer|less|higher|lower|
    better|worse|up from|down from`,
  now: 'now|right now|currently|at the moment|live|so far',
  latency: `latency|latencies|slow|slower|slowest|slowness|p50|p90|p95|p99|percentile|percentiles|median|duration|durations|
    response time|response times|ms|milliseconds|how long do calls take|how long calls take|how long does|how long do|take longest|takes longest|took longest`,
  howSlow: 'how slow',
  fastest: 'fastest|quickest',
  timeout: 'timeout|timeouts|time out|times out|timed out|timing out',
  pace: 'fast|faster|quick|quickly|take|takes|took',
  events: `event|events|raw|sample|samples|single call|single calls|raw calls|raw events|log|logs|log line|log lines|request id|request ids`,
  latest: 'latest calls|newest calls|recent calls|last calls|latest requests|newest requests|recent requests',
  fresh: 'new|newest|brand new|never seen|first seen|for the first time|appeared',
  gone: 'gone|silent|stopped|stopped calling|inactive|disappeared|vanished|missing|no longer',
  fix: `fix|fixed|hotfix|patch|deploy|deployed|deployment|release|released|rollout|rolled out|rollback|restart|restarted|help|
    helped|helps|improved|got better|${['since', 'after']
      .flatMap((when) => ['fix', 'deploy', 'release', 'rollout', 'rollback'].map((what) => `${when} the ${what}`))
      .join('|')}`,
  bytes: `bytes|byte|bandwidth|kb|mb|gb|kilobytes|megabytes|gigabytes|data volume|data transfer|transferred|payload|payloads|
    payload size|response size|body size|record|records`,
  ahead: 'next day|next week|next month|next quarter|next year|tomorrow',
  alerts: 'alert|alerts|alerting|muted|warning|warnings',
  digests: 'digest|digests|subscription|subscriptions',
} as const;

export type Concept = keyof typeof PHRASES;

/** Words that say nothing by themselves, in a sentence and after a command. */
const FILLERS = `a an the this that these those there here it its it's of for in on at to from with by per as about into and also our my us me we i
  i'm you your they them their please just really actually api apis call calls request requests usage`;

/** Words that say nothing in a sentence: questions without a topic of their own, auxiliaries, and what clients do in general. */
const SENTENCE_FILLERS = `what what's whats which how how's hows any anything is are was were be been being am isn't aren't do does did done
  don't doing has have having had can could will would may might must shall let's get gets got getting give gives given gave
  use uses used using utilise utilize consume consumes consumed consuming consumption make makes made making send sends sent sending
  call called calling caller requested requesting hit hits hitting cause causes caused causing see sees seeing saw seen want need
  access accessed accessing query queries querying many much more number figure time times run runs ran amounts
  some every each all yet lately recently still already again during
  so show tell list find display or than then went go goes come comes works work working thing things
  stuff one ones keep keeps kept`;

const SAYS_NOTHING = new Set(FILLERS.split(/\s+/));
const SAYS_NOTHING_IN_SENTENCES = new Set(`${FILLERS} ${SENTENCE_FILLERS}`.split(/\s+/));

const CONCEPTS = new Map<string, Concept>(
  Object.entries(PHRASES).flatMap(([concept, phrases]) =>
    phrases.split('|').map((phrase) => [phrase.replace(/\s+/g, ' ').trim(), concept as Concept] as const),
  ),
);
const LONGEST_PHRASE = Math.max(...[...CONCEPTS.keys()].map((phrase) => phrase.split(' ').length));

/** The longest phrase that begins the words. */
export function readConcept(words: readonly string[]): { concept: Concept; used: number } | undefined {
  for (let used = Math.min(LONGEST_PHRASE, words.length); used > 0; used--) {
    const concept = CONCEPTS.get(words.slice(0, used).join(' '));
    if (concept) return { concept, used };
  }
  return undefined;
}

/** Tells whether a word says nothing after a command. */
export function isFiller(word: string): boolean {
  return SAYS_NOTHING.has(word);
}

/** Tells whether a word says nothing in a sentence. */
export function isSentenceFiller(word: string): boolean {
  return SAYS_NOTHING_IN_SENTENCES.has(word.replace(/(?<=[a-z]{2})'s?$/, ''));
}

/** Words that have a meaning in the language, for a misspelt one: those that say something first. */
export const MEANINGFUL_WORDS: readonly string[] = [
  ...new Set([
    ...DIMENSION_WORDS.keys(),
    ...REPORT_WORDS.keys(),
    ...ACTION_WORDS.keys(),
    ...[...CONCEPTS.keys()].filter((phrase) => /^[a-z]+$/.test(phrase)),
  ]),
];

/** The others. */
export const EMPTY_WORDS: readonly string[] = [...SAYS_NOTHING_IN_SENTENCES].filter((word) => /^[a-z]+$/.test(word));

/** Tells whether words begin with one that has a meaning. */
export function beginsWithLanguage(words: readonly string[]): boolean {
  return words[0] !== undefined && (isLanguage(words[0]) || readConcept(words) !== undefined);
}

/** Tells whether a word has a meaning, so that it is no name unless a name is called so. */
export function isLanguage(word: string): boolean {
  return (
    SAYS_NOTHING_IN_SENTENCES.has(word) || CONCEPTS.has(word) || DIMENSION_WORDS.has(word) || REPORT_WORDS.has(word)
  );
}

/** Tells whether a bare word would be taken for something else than a name. */
export function isReserved(word: string): boolean {
  const lower = word.toLowerCase();
  return (
    RANGE_OPENERS.has(lower) ||
    OPTION_WORDS.has(lower) ||
    isLanguage(lower) ||
    FAILURE_WORDS.has(lower) ||
    ACTION_WORDS.has(lower) ||
    Object.hasOwn(VIEW_WORDS, lower) ||
    Object.hasOwn(SHARE_WORDS, lower) ||
    Object.hasOwn(MEASURE_WORDS, lower) ||
    lower === 'edit'
  );
}
