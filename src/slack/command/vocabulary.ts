import { MONTH_NAMES, WEEKDAY_NAMES } from '../../domain/calendar.ts';
import type { Grouping, QuestionKey } from '../../domain/dimension.ts';
import type { Focus, ReportKind } from '../../domain/report.ts';

/** The words of `/usage`, by what they mean. All lower case; phrases stand between bars. */

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

export const DIMENSION_WORDS: ReadonlyMap<string, Grouping> = new Map([
  ...toWords(Object.fromEntries(Object.entries(DIMENSION_PLURALS).map(([key, plural]) => [key, `${key}|${plural}`]))),
  ...toWords<Grouping>({
    client: `app|apps|application|applications|consumer|consumers|caller|callers|customer|customers|integration|
      integrations`,
    team: 'department|departments|squad|squads',
    route: 'url|urls|uri|uris|endpoint|endpoints|path|paths',
    user: 'people|person|member|members',
    ip: 'address|addresses',
    module: 'connector|connectors',
    method: 'verb|verbs',
    function: 'fn|fns|feature|features',
    version: 'api_version|api-version|api_versions|api-versions',
    kind: 'type|types',
    source: 'sender|senders',
  }),
]) as ReadonlyMap<string, Grouping>;

/** Keys of filters: every word for a dimension, and `status`. */
export const FILTER_KEYS: ReadonlyMap<string, QuestionKey> = new Map<string, QuestionKey>([
  ...DIMENSION_WORDS,
  ...toWords<QuestionKey>({ status: 'status|statuses|code|codes' }),
]);

/** First words of the commands that are no questions. */
export const ACTION_WORDS = toWords({
  help: 'help|?|-h|--help|--h|commands|thanks|thank|thx|ty',
  digest: 'digest|digests|subscription|subscriptions|report|reports',
  subscribe: 'subscribe',
  unsubscribe: 'unsubscribe',
  alerts: 'alerts|alert|notifications|notification|warnings',
  save: 'save',
  open: 'open',
  views: 'views|view|saved',
  unsave: 'unsave',
  export: 'export|csv|download',
  debug: 'debug|doctor',
  correct: 'correct|correction',
  filters: 'filters|filter',
  reset: 'reset',
  settings: 'settings|setting|config|preferences',
  audit: 'audit|changes|changelog',
});

/** Measures by the words after `by`. */
export const MEASURE_WORDS = toWords<'requests' | 'credits'>({
  credits: 'credits|credit|cost',
  requests: 'requests|request|calls|volume',
});

export const VIEW_WORDS = toWords<'graph' | 'table' | 'doughnut'>({
  graph: 'graph|chart|bars',
  table: 'table|list',
  doughnut: 'doughnut|donut|pie',
});

/** What a report is asked for, behind its name: `daily quietest`; and the reports that know it. */
export const FOCUS_WORDS: ReadonlyMap<string, { focus: Focus; reports: readonly ReportKind[] }> = new Map(
  (
    [
      ['quietest', 'daily', 'day'],
      ['busy', 'daily', 'day'],
      ['per-minute', 'summary'],
      ['lasts', 'pool'],
      ['resets', 'pool'],
      ['overage', 'pool'],
      ['used-first', 'pool'],
      ['total', 'top'],
      ['up', 'status'],
      ['sending', 'events'],
      ['stopped', 'events'],
      ['owner', 'client'],
    ] as [Focus, ...ReportKind[]][]
  ).map(([focus, ...reports]) => [focus, { focus, reports }]),
);

/** Who sees an answer. */
export const SHARE_WORDS = toWords<'private' | 'share'>({
  private: 'private|privately|--private',
  share: 'share|--share|public',
});

/** Before a name: `for Acme CRM`. */
export const NAME_MARKERS = new Set(['for', 'of', 'by', 'from', 'about', 'in', 'on', 'with']);

const OPTION_WORDS = new Set(
  'vs vs. versus against not without except excluding by sort sorted order as skip offset limit first top if rows all asc desc edit'.split(
    ' ',
  ),
);

/** Words that begin or join ranges: a name made of one is always quoted. */
export const RANGE_OPENERS = new Set([
  ...[...MONTH_NAMES, ...WEEKDAY_NAMES].flatMap((name) => [name, name.slice(0, 3)]),
  ...`sept tues weds thur thurs since until till through thru between from during within over in on last past previous
    prev trailing this now to week month year quarter day days weeks months years hours hour so
    one two three four five six seven eight nine ten eleven twelve`.split(/\s+/),
]);

/** Every way to say that a month's end is what is asked about. */
const MONTH_END = ['', 'by ', 'before ', 'until ', 'till ', 'to ', 'at ', 'through ']
  .flatMap((when) => ['the end of the month', 'end of the month', 'end of month', 'month end'].map((end) => when + end))
  .join('|');
/** After what a fix is judged. */
const SINCE_FIX = ['since', 'after']
  .flatMap((when) => ['fix', 'deploy', 'release', 'rollout', 'rollback'].map((what) => `${when} the ${what}`))
  .join('|');

/**
 * Words of a question in a sentence by what they ask for. Every one of them must be used by the rule that makes the question
 * (see rules.ts); a phrase of several words counts as one.
 */
const PHRASES = {
  who: `who|who's|whos|whose|whom|anyone|anybody|someone|somebody|everyone|everybody|
    responsible for`,
  count: 'how many|how often|how much|number of|count|counts|total|totals|sum|amount|amounts|numbers|figures|report',
  why: `why|how come|what is wrong with|what's wrong with|whats wrong with|reason|reasons|diagnose|diagnosis`,
  when: `when|when's|whens`,
  began: `start|starts|started|starting|begin|begins|began|since when|how long has|how long have`,
  where: "where|where's|wheres",
  most: `most|top|biggest|busiest|highest|heaviest|largest|main|hammering|flooding|spamming|overloading|hogging|
    the most|more than anyone|common|popular|most popular|most used|loudest|busy|busier|heavy|noisy|noisiest|most noise|frequent|often|ranking|rank`,
  active: 'active',
  least: 'least|quiet|quieter|quietest|fewest|lowest|smallest|rarest',
  failing: `failed|failing|failure|failures|fails|fail|error|errors|erroring|wrong|broken|broke|break|breaks|breaking|
    rejected|rejecting|refused|unsuccessful|unhealthy|worst|flaky|outage|outages|incident|
    incidents|downtime|problem|problems|issue|issues|trouble|troubles|going wrong|goes wrong|went wrong|gone wrong|on fire|affected`,
  throttled: `throttled|throttling|throttle|blocked|rate limited|rate-limited|getting limited|rate limit hits|
    rate limit errors|hit the rate limit|hits the rate limit|hitting the rate limit`,
  perSecond: 'per second|a second|every second|each second|rps|tps|qps',
  perMinute: 'per minute|a minute|every minute|each minute|peak minute|busiest minute|peak minutes|minute by minute',
  succeeding: 'success|successful|successfully|succeed|succeeds|succeeded|succeeding',
  rate: `error rate|error rates|success rate|success rates|failure rate|failure rates|error ratio|success ratio|
    by status|by status code|by code|per status|error percentage|error code|error codes|error type|error types|kind of error|kind of errors|kinds of error|
    kinds of errors|type of error|types of error|types of errors|success percentage|status code|status codes|codes|code|rates|rate|ratio|reliable|reliability|uptime|availability|http`,
  status: `status|statuses|doing|going|healthy|health|ok|okay|fine|well|good|up|down|alive|running|look|looking|
    alright|all right|back to normal`,
  distinct: 'distinct|unique|different|individual|separate',
  share: 'percent|percentage|percentages|share|shares|proportion|%',
  left: `left|left over|can i make|can we make|i can make|we can make|can i still make|can we still make|can i send|can we send|
    remain|remains|remaining|remainder|headroom|unused|spare|available|balance|balances|allowance|
    allowances|quota|quotas|budget|budgets|full|fullest|empty|emptiest|daily quota|daily allowance|daily budget|monthly quota|
    monthly allowance|monthly budget`,
  pool: 'pool|pools|plan|plans|add-on|add-ons|addon|addons|bundle|bundles|contract',
  csv: 'csv|csv file|spreadsheet|excel',
  rateLimit: 'rate limit|rate limits|rate limiting|the rate limit|the rate limits',
  limit: `limit|limits|limited|over|near|nearest|allowed|close|close to|closest|closest to|reached|daily limit|daily limits|
    monthly limit|monthly limits`,
  resets: `reset|resets|renew|renews|renewed|renewal|expire|expires|refill|refills|refilled|come back|comes back|back|
    start over|starts over|start again|starts again`,
  overage: `overage|overages|over budget|over our budget|over the budget|over quota|over our quota|over allowance|
    over our allowance|over limit|over the limit|over our limit|over plan|over our plan|overspent|overspend|overspending|
    exceeded|gone over|went over|too much`,
  runOut: `run out first|runs out first|run out|runs out|running out|ran out|exceed|exceeds|exceeding|go over|reach|reaches|hit the limit|hit our limit|hit the quota|run dry|runs dry|running dry|run low|running low|exhaust|exhausts|
    exhausted|last|lasts|enough|make it|burn rate|how long|
    how soon|how fast|how quick|how quickly|before the reset|until the reset|till the reset|before reset|until reset|
    before it resets|until it resets|need to buy|have to buy|must buy|buy more|buy|need more|sufficient|cope|handle|until|till|before|soon|long enough`,
  forecast: 'forecast|forecasts|predict|prediction|predicted|projected|projection',
  monthEnd: `${MONTH_END}|end of this month|month-end|this month's end|before month end`,
  history: 'history|historical|over the months',
  cost: `cost|costs|costing|costly|credits|credit|spend|spends|spent|spending|burn|burns|burned|burning|expensive|price|
    bill|billed`,
  moved: `change|changes|changed|changing|difference|grow|grows|grew|grown|growing|growth|rise|rises|rose|risen|rising|
    increase|increases|increased|increasing|go up|goes up|went up|gone up|going up|up or down`,
  fell: `decrease|decreases|decreased|decreasing|decline|declined|drop|drops|dropped|fall|falls|fell|fallen|falling|dropping|declining|decreasing|go down|
    goes down|went down|gone down|going down|shrink|shrinks|shrinking|shrank|shrunk`,
  odd: 'normal|unusual|unusually|odd|strange|weird|abnormal|anomaly|anomalies|suspicious|out of the ordinary',
  spike: 'spike|spikes|spiked|jump|jumped',
  goingOn: 'going on|happening',
  happening: 'happen|happens|happened|went on|activity|traffic|volume|load',
  trend: 'trend|trends|over time|timeline|graph over time',
  perHour: 'per hour|by hour|hourly|each hour|every hour|an hour|by the hour',
  perDay: 'per day|by day|daily|each day|every day|a day|by the day|per week|by week|weekly|each week|every week',
  perMonth: 'per month|by month|monthly|each month|every month|a month|by the month|months',
  peak: 'peak|peaks|peaked|max|maximum',
  hour: 'hour|hours|time of day|what time',
  day: 'day|days|day of the week|day of week|days of the week',
  weekday:
    'weekday|weekdays|workday|workdays|weekend|weekends|by day of week|by day of the week|per day of the week|by weekday|per weekday',
  average: 'average|averages|avg|mean|typical|typically|usual|usually|normally',
  explain: 'per call|per request|come from|comes from|calculated|computed|counted|calculate|compute|worked out|add up',
  advice:
    'advice|advise|tips|recommendations|should|reduce|improve|save|avoid|optimise|optimize|recommend|worry|worried|worrying|risk|risks|risky|concern|concerns|concerned|attention|watch out',
  licences: 'licence|licences|license|licenses|licensing|seat|seats|grant|grants|consumables',
  owner: 'owner|owns|own|responsible',
  compare: 'compare|compared|compares|comparing|comparison|difference between|change between',
  versus: `versus|vs|vs.|against|more than|less than|fewer than|fewer|less|higher|lower|
    better|worse|up from|down from`,
  now: 'now|right now|currently|at the moment|live|so far|still',
  latency: `latency|latencies|slow|slower|slowest|slowness|p50|p90|p95|p99|percentile|percentiles|median|duration|
    durations|response time|response times|ms|milliseconds|how long do calls take|how long calls take|how long does|
    how long do|take longest|takes longest|took longest`,
  howSlow: 'how slow',
  fastest: 'fastest|quickest',
  timeout: 'timeout|timeouts|time out|times out|timed out|timing out',
  pace: 'fast|faster|quick|quickly|take|takes|took',
  events: `event|events|raw|sample|samples|single call|single calls|raw calls|raw events|log|logs|log line|log lines|
    request id|request ids`,
  latest: 'latest calls|newest calls|recent calls|last calls|latest requests|newest requests|recent requests',
  lastSeen: `last call|last called|last calling|last request|last seen|last used|last active|last heard of|
    last heard from|latest call|newest call|most recent call`,
  fresh: 'new|newest|brand new|never seen|first seen|for the first time|appeared',
  gone: `gone|idle|silent|stop|stops|stopping|stopped|stop calling|stopped calling|stop sending|stopped sending|dead|offline|
    inactive|disappeared|vanished|missing|no longer|nobody|no one`,
  fix: `fix|fixed|hotfix|patch|deploy|deployed|deployment|release|released|rollout|rolled out|rollback|restart|
    restarted|help|helped|helps|improved|got better|${SINCE_FIX}`,
  bytes: `bytes|byte|bandwidth|kb|mb|gb|kilobytes|megabytes|gigabytes|data volume|data transfer|transferred|payload|
    payloads|payload size|response size|body size|record|records`,
  usage: 'usage',
  bot: 'bot|the bot|slack bot|this bot',
  data: `data|ingest|ingestion|fresh|freshness|delay|delayed|stale|up to date|receive|received|receiving|last receive|
    last received|arrive|arrives|arrived|arriving`,
  ahead: 'next day|next week|next month|next quarter|next year|tomorrow',
  alerts: 'alert|alerts|alerting|alerted|muted|warning|warnings|paged|page|pinged|notified',
  digests: 'digest|digests|subscription|subscriptions',
} as const;

export type Concept = keyof typeof PHRASES;

const CONCEPTS = toWords<Concept>(PHRASES);
const LONGEST_PHRASE = Math.max(...[...CONCEPTS.keys()].map((phrase) => phrase.split(' ').length));

/** First words that name a report: all that ask for it, and some that mean nothing else. */
export const REPORT_WORDS = new Map([
  ...wordsOf({ top: 'most', status: 'failing', latency: 'latency', events: 'events', licences: 'licences' }),
  ...wordsOf({ advice: 'advice', daily: 'trend', pool: 'pool' }),
  ...toWords<ReportKind>({
    summary: 'summary|home|overview|usage|cards|card|scopes|now|dashboard',
    status: 'status|statuses|code|codes|http|success|health',
    pool: `balance|balances|credits|credit|allowance|allowances|quota|quotas|left|remaining|headroom|limits|forecast`,
    daily: 'daily|days|calls|requests|total|totals|volume|unusual',
    day: 'day|hourly|hours',
    history: 'history|months|monthly',
    sources: 'sources|senders|webhooks|exclusions',
    explain: 'explain|explanation|arithmetic',
    why: 'why|diagnose|diagnosis',
  }),
]);

/** Words that say nothing by themselves, in a sentence and after a command. */
const FILLERS = `a an the this that these those there here it its it's of for in on at to from with by per as about into
  and also our my us me we i i'm you your they them their please just really actually api apis call calls request
  requests usage`;

/** Words that say nothing in a sentence: questions without a topic of their own, auxiliaries, and what clients do in general. */
const SENTENCE_FILLERS = `what what's whats which how how's hows any anything everything is are was were be been being am
  isn't aren't do does did done don't doing has have having had can could will would may might must shall let's get gets
  got getting give gives given gave use uses used using utilise utilize consume consumes consumed consuming consumption
  make makes made making send sends sent sending call called calling caller requested requesting hit hits hitting cause
  causes caused causing see sees seeing saw seen want need access accessed accessing query queries querying many much
  more number figure time times run runs ran amounts some every each all yet lately recently already again during anymore
  so show tell list find display or than then went go goes come comes works work working thing things stuff one ones
  keep keeps kept return returns returned returning almost nearly roughly exactly ever breakdown rundown details detail summary whether if possible overall altogether`;

const SAYS_NOTHING = new Set(FILLERS.split(/\s+/));
const SAYS_NOTHING_IN_SENTENCES = new Set(`${FILLERS} ${SENTENCE_FILLERS}`.split(/\s+/));

/** The longest phrase that begins the words. */
export function readConcept(words: readonly string[]): { concept: Concept; used: number } | undefined {
  for (let used = Math.min(LONGEST_PHRASE, words.length); used > 0; used--) {
    const concept = CONCEPTS.get(words.slice(0, used).join(' '));
    if (concept) return { concept, used };
  }
  return undefined;
}

/** Tells whether a word stands for failed calls. */
export function isFailure(word: string): boolean {
  return CONCEPTS.get(word) === 'failing';
}

/** Tells whether a word says nothing after a command. */
export function isFiller(word: string): boolean {
  return SAYS_NOTHING.has(word);
}

/** Tells whether a word says nothing in a sentence. */
export function isSentenceFiller(word: string): boolean {
  return SAYS_NOTHING_IN_SENTENCES.has(word.replace(/(?<=[a-z]{2})'s?$/, ''));
}

/** Tells whether words begin with one that has a meaning. */
export function beginsWithLanguage(words: readonly string[]): boolean {
  return words[0] !== undefined && (isLanguage(words[0]) || readConcept(words) !== undefined);
}

/** Tells whether a word has a meaning, so that it is no name unless a name is called so. */
export function isLanguage(word: string): boolean {
  return [SAYS_NOTHING_IN_SENTENCES, CONCEPTS, DIMENSION_WORDS, REPORT_WORDS].some((words) => words.has(word));
}

/** Tells whether a bare word would be taken for something else than a name. */
export function isReserved(word: string): boolean {
  const lower = word.toLowerCase();
  return isLanguage(lower) || [OPTION_WORDS, RANGE_OPENERS, ...OTHER_WORDS].some((words) => words.has(lower));
}

const OTHER_WORDS = [ACTION_WORDS, VIEW_WORDS, SHARE_WORDS, MEASURE_WORDS];

/** What a misspelt word may have been meant to be: words that say something first, then those that say nothing. */
export const MEANT_WORDS: readonly string[] = [
  ...new Set(
    [DIMENSION_WORDS, REPORT_WORDS, ACTION_WORDS, CONCEPTS, FILTER_KEYS, ...OTHER_WORDS, RANGE_OPENERS]
      .flatMap((words) => [...words.keys()])
      .concat('today yesterday sort limit skip not without except'.split(' ')),
  ),
].filter((word) => /^[a-z_-]{2,}$/.test(word));
export const EMPTY_WORDS: readonly string[] = [...SAYS_NOTHING_IN_SENTENCES].filter((word) => /^[a-z]+$/.test(word));

/** Each word and phrase with its meaning. */
export function toWords<Meaning extends string>(
  table: Readonly<Partial<Record<Meaning, string>>>,
): Map<string, Meaning> {
  return new Map(
    Object.entries<string | undefined>(table).flatMap(([meaning, phrases = '']) =>
      phrases.split('|').map((phrase) => [phrase.replace(/\s+/g, ' ').trim(), meaning as Meaning] as const),
    ),
  );
}

/** The single words of concepts, each for its report. */
function wordsOf(reports: Readonly<Partial<Record<ReportKind, Concept>>>): [string, ReportKind][] {
  return Object.entries(reports).flatMap(([report, wanted]) =>
    [...CONCEPTS]
      .filter(([phrase, concept]) => concept === wanted && !phrase.includes(' '))
      .map(([word]): [string, ReportKind] => [word, report as ReportKind]),
  );
}
