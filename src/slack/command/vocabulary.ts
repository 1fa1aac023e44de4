import { MONTH_NAMES, WEEKDAY_NAMES } from '../../domain/calendar.ts';
import type { Grouping, QuestionKey } from '../../domain/dimension.ts';
import type { Focus, ReportKind } from '../../domain/report.ts';

/** The words of `/usage`, by their meaning. All in lower case; bars separate phrases. */

/** Plural of each dimension, as written in commands. */
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
    user: 'people|person|persons|member|members',
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

/** First words of commands that are not questions. */
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

/** Words after `by`, with their measures. */
export const MEASURE_WORDS = toWords<'requests' | 'credits'>({
  credits: 'credits|credit|cost',
  requests: 'requests|request|calls|volume',
});

export const VIEW_WORDS = toWords<'graph' | 'table' | 'doughnut'>({
  graph: 'graph|chart|bars',
  table: 'table|list',
  doughnut: 'doughnut|donut|pie',
});

/** Focuses of each report. Each is also the word for it after the report's name: `daily quietest`. */
export const FOCUSES: Readonly<Partial<Record<ReportKind, readonly Focus[]>>> = {
  daily: ['quietest', 'busiest', 'average', 'busy', 'per-minute'],
  day: ['quietest', 'busiest', 'average', 'busy', 'per-minute'],
  summary: ['per-minute'],
  pool: ['lasts', 'when', 'resets', 'overage', 'used-first', 'overage-sum', 'month-end', 'fullest', 'emptiest'],
  top: ['total'],
  status: ['up', 'succeeded'],
  events: ['sending', 'stopped'],
  client: ['owner', 'allowance'],
};

/** Comparatives that may be without a second part. */
export const COMPARATIVE = /^(less|fewer|higher|lower|better|worse)$/;

/** Words that tell who sees an answer. */
export const SHARE_WORDS = toWords<'private' | 'share'>({
  private: 'private|privately|--private',
  share: 'share|--share|public',
});

/** Words that may come before a name: `for Acme CRM`. */
export const NAME_MARKERS = new Set(['for', 'of', 'by', 'from', 'about', 'in', 'on', 'with']);

const OPTION_WORDS = new Set(
  'vs vs. versus against not without except excluding by sort sorted order as skip offset limit first top if rows all asc desc edit'.split(
    ' ',
  ),
);

/** Words that begin or join ranges. A name that is one of these is always quoted. */
export const RANGE_OPENERS = new Set([
  ...[...MONTH_NAMES, ...WEEKDAY_NAMES].flatMap((name) => [name, name.slice(0, 3)]),
  ...`sept tues weds thur thurs since until till through thru between from during within over in on last past previous
    prev trailing this now to week month year quarter day days weeks months years hours hour so
    one two three four five six seven eight nine ten eleven twelve`.split(/\s+/),
]);

const NOT = "(not|isn't|aren't|wasn't|weren't|don't|doesn't|didn't|haven't|hasn't|can't|cannot)";

/**
 * Phrases of sentences by the concepts that they ask for; `least cost` names two concepts. The rule that makes a question must
 * use every concept of the sentence (see rules.ts). `(a|b)` within a phrase means either.
 */
const PHRASES = {
  who: `who(|'s|s|se|m)|(any|some|every)(one|body)|responsible for|
    what(|'s|s| is| has been) (using|eating|consuming|burning|draining|used|eaten)(| up)`,
  count: 'how many|how often|how much|number of|count|counts|total|totals|sum|amount|amounts|numbers|figures|report',
  why: `why|how come|what is wrong with|what's wrong with|whats wrong with|reason|reasons|diagnose|diagnosis`,
  when: `(|by )when|when's|whens|(|on )(what|which) date`,
  began:
    'first (call|called|seen|show|showed|appear|appeared)(| up)|start(|s|ed|ing)|begin(|s|ning)|began|since when|how long (has|have)',
  where: "where|where's|wheres",
  most: `most|top|biggest|busiest|highest|heaviest|largest|main|hammering|flooding|spamming|overloading|hogging|the most|
    more than anyone|common|popular|most (popular|used|noise)|loudest|busy|busier|heavy|nois(y|iest)|frequent|often|rank(|ing)|high`,
  active: 'active',
  least: 'least|bottom|low|quiet|quieter|quietest|fewest|lowest|smallest|rarest|min(|imum)',
  'least cost': 'cheapest|least expensive',
  'most cost': 'cost driver(|s)|most expensive|costliest|priciest',
  best: 'best',
  failing: `fail(|s|ed|ing|ure|ures)|err(|s)|error(|s|ing)|(|going |goes |went |gone )wrong|broke(|n)|bad|badly|terrible|break(|s|ing)|
    reject(ed|ing)|refused|unsuccessful|unhealthy|worst|flaky|outage(|s)|incident(|s)|downtime|problem(|s)|issue(|s)|
    trouble(|s)|on fire|affected|
    ${NOT} (succeed|succeeding|successful|work|working|ok|okay|fine|healthy|well|good|responding|respond|available|reachable)`,
  'count failing': 'only (failed|failing)',
  throttled: `throttl(ed|ing|e)|blocked|rate limited|rate-limited|getting limited|rate limit (hits|errors)|
    (hit|hits|hitting) (the|its|our|their|a) rate limit`,
  perSecond: '(per|a|every|each) second|rps|tps|qps',
  perMinute: '(per|a|every|each) minute|peak minute(|s)|(busiest|which|what) minute|minute by minute',
  succeeding: 'success(|ful|fully)|succeed(|s|ed|ing)',
  robots: 'robot(|s)|human(|s)|machine(|s)',
  retry: 'retr(y|ies|ied|ying)',
  errorBudget: 'error budget(|s)|slo(|s)|sla(|s)|service level(|s)',
  rate: 'out of how many|(|error |success |failure )(rate|rates|ratio)|(error|success|failure) percentage|reliab(le|ility)|uptime|availability',
  statuses: `(by|per) (status|status code|code)|error (code|codes|type|types)|(kind|kinds|type|types) of error(|s)|
    status code(|s)|code(|s)|http`,
  status: `status(|es)|situation|doing|going|health(|y)|ok(|ay)|fine|well|good|up|down|alive|running|look(|ing)|
    alright|all right|online|reachable|recover(|s|ed)|stable`,
  distinct: 'distinct|unique|different|individual|separate',
  portion: 'how (much|many) of',
  share:
    '(is it|are they|was it|were they) (only|just|all|mostly)|only (from|by)|what part of|percent|percentage|percentages|fraction|share|shares|proportion|%',
  left: `left(| over)|afford|room|(can i|can we|i can|we can)(| still) (make|send)|remain(|s|ing|der)|headroom|unused|spare|available|
    balance(|s)|(|daily |monthly )(allowance|quota|budget)|(allowance|quota|budget)s|full(|est)|empty|emptiest`,
  pool: 'pool(|s)|plan(|s)|add-on(|s)|addon(|s)|add on(|s)|bundle(|s)|contract',
  csv: 'csv|csv file|spreadsheet|excel',
  rateLimit: '(|the )rate limit(|s)|rate limiting',
  limit: '(|daily |monthly )limit(|s)|limited|how far|far from|over|near(|est)|allowed|close(|st)(| to)|reached',
  resets: `(how long|how many days) (until|till|before) (the |our |the next )reset|reset(|s)|renew(|s|ed|al)|expire(|s)|refill(|s|ed)|refresh(|es|ed)|(|come |comes |came )back|start(|s) (over|again)|ends|ending`,
  overage: `overage(|s)|over (|the |our |any |its )(budget|quota|allowance|limit|limits|plan)|overspen(t|d|ding)|exceeded|(gone|went) over|
    too much`,
  runOut: `finish(|es|ed)|on track|(run|runs) out(| first)|(running|ran) out|(run|runs|running) (dry|low)|exceed(|s|ing)|go over|reach(|es)|
    hit (the|our) (limit|quota)|(stay|keep) (under|within|below)|exhaust(|s|ed)|last(|s)|enough|long enough|make it|burn rate|
    how (long|soon|fast|quick|quickly)|how many (days|hours) (until|till|before|left|do we have)|
    how long (do|can) (we|i) have|(|at |to |reach |hit )100%|(before|until|till) (the |it |)reset(|s)|
    (|need to |have to |must )buy(| more)|(|worth )buying|worth it|upgrad(e|ing)|need more|sufficient|cope|handle|until|till|before|soon`,
  forecast:
    'forecast(|s)|at (this|the current|our current|our|the same) (rate|speed|pace)|predict(|ed|ion)|project(ed|ion)',
  monthEnd: `(|by |before |until |till |to |at |through )((|the )end of (|the |this )month|month end|month-end|
    this month's end)`,
  history: 'history|historical|over the months',
  cost: 'cost(|s|ing|ly)|pay(|s|ing)|paid|wast(e|es|ed|ing)|credit(|s)|spen(d|ds|t|ding)|burn(|s|ed|ing)|expensive|price|bill(|ed|ing)|invoiced|charge(|d|s)',
  'cost count': 'invoice (amount|total)(|s)',
  moved: `chang(e|es|ed|ing)|difference|gr(ow|ows|ew|own|owing|owth)|ris(e|es|en|ing)|rose|increas(e|es|ed|ing)|
    (go|goes|went|gone|going) up|up or down`,
  fell: `decreas(e|es|ed|ing)|declin(e|es|ed|ing)|drop(|s|ped|ping)|fall(|s|en|ing)|fell|
    (go|goes|went|gone|going) down|shr(ink|inks|inking|ank|unk)`,
  odd: '(|back to )normal|unusual(|ly)|odd|strange|weird|abnormal|anomal(y|ies)|suspicious|out of the ordinary|always (this|like this|so|that)',
  spike: 'spike(|s|d)|jump(|s|ed)',
  goingOn: 'going on|happening',
  happening: 'happen(|s|ed)|went on|activity|traffic|volume|load',
  trend: 'trend(|s)|evolution|(|graph )over time|timeline',
  perHour: '(per|by|each|every|an|by the) hour|hourly|hour by hour',
  perDay: '(per|by|each|every) day|day by day|(a|by the) day|daily',
  perWeek: '(per|by|each|every|a|by the) week|week by week|weekly',
  'average perDay': '(typical|normal|usual|average) day',
  'average perWeek': '(typical|normal|usual|average) week',
  perMonth: '(per|by|each|every|a|by the) month|monthly|month by month',
  peak: 'peak(|s|ed)|max(|imum)',
  'peak day': `(max(|imum)|most|record|peak) (calls|requests|usage) (in|on) (a|one|a single|any) day|
    (max(|imum)|record|peak) (calls|requests|usage) (a|per) day`,
  record: 'record|all-time high|all time high',
  hour: 'hour(|s)|what time',
  hourOfDay: '(|by |per |what )(hour(|s)|time|times) of (the |)day|(which|what) hours',
  goodTime: '(best|good|better|right|safe) (time|hour|moment)',
  day: 'day(|s)|(in|on|of) (a|one|a single|any) day',
  week: 'week(|s)',
  month: 'month(|s)',
  weekday: `(mon|tues|wednes|thurs|fri|satur|sun)days|(weekday(|s) (|traffic |calls |requests |usage )(vs|versus|against|and|or|compared to|compared with)(| the) weekend(|s)|weekend(|s) (|traffic |calls |requests |usage )(vs|versus|against|and|or|compared to|compared with)(| the) weekday(|s))|(|by |per |each |every )weekday|week(days|end|ends)|workday(|s)|(|by |per |each |every )day(|s) of (|the )week`,
  average:
    'a (normal|usual|typical|regular) (monday|tuesday|wednesday|thursday|friday|saturday|sunday)|average(|s)|avg|mean|typical(|ly)|usual(|ly)|normally',
  explain:
    'per (call|request)|(one|each|a single) (call|request)|come(|s) from|calculate(|d)|compute(|d)|counted|worked out|add up',
  advice: `advi(c|s)e|tips|recommend(|ations)|should|reduce|improve|save|avoid|optimi(s|z)e|worr(y|ied|ying)|risk(|s|y)|
    concern(|s|ed)|attention|watch out`,
  licences: 'licen(c|s)e(|s)|licensing|seat(|s)|grant(|s)|consumables',
  unowned: '(nobody|no one) owns|(no|without|without an|missing) owner(|s)|unowned|orphan(|s|ed)',
  owner: `owner|own(|s)|responsible|in charge|contact(| person)|(should|do) (i|we) (call|contact|ask|ping|talk to)|
    to (call|contact|ask)|talk to|(|how )(do|can) (i|we) reach|reach (them|him|her|out)`,
  compare: 'compar(e|ed|es|ing|ison)|(difference|change) between',
  versus: 'versus|vs|vs.|against|(more|less|fewer) than|fewer|less|higher|lower|better|worse|(up|down) from',
  now: 'now|rn|atm|right now|currently|(at the|in this|at this) moment|live|so far|still',
  latency: `more slow|longest|latenc(y|ies)|slow(|er|est|ness)|p50|p90|p95|p99|percentile(|s)|median|duration(|s)|response time(|s)|ms|
    milliseconds|how long(| do) calls take|how long (does|do)|(take|takes|took) longest`,
  howSlow: `how slow|how (fast|quick) (is|are|was|were) (|the |our )(api|apis|service|backend|gateway|calls|requests|routes|endpoints)`,
  slowestCall: '(slowest|longest) (|single )(call|request)(|s)|(call|request)(|s) (take|takes|took) (|the )longest',
  fastest: 'fastest|quickest',
  timeout: 'timeout(|s)|(time|times|timed|timing) out',
  pace: 'fast|faster|quick|quickly|take|takes|took',
  events: 'event(|s)|raw(| calls| events)|sample(|s)|example(|s)|single call(|s)|log(|s)|log line(|s)|request id(|s)',
  latest: '(latest|newest|recent) (calls|requests)|last calls',
  lastSeen: `last time(| we had| we got| we saw)|last (call|called|calling|request|seen|used|active|heard of|heard from)|(latest|newest|most recent) call`,
  solely: `(only|just|exclusively) (use|uses|using|used|call|calls|calling|called)|(use|uses|using|used|call|called) only|
    (only|exclusively) (fail|fails|get|gets|got|make|makes|made|send|sends|sent|succeed|succeeds)|(do|does|did) only`,
  fresh:
    'new(|est)|brand new|only (active|seen|around|appeared)|(active|seen|appeared) only|never seen|first seen|for the first time|appeared',
  gone: `gone|idle|silent|stops|stopping|(stop|stopped)(| calling| sending)|churn(|ed)|dead|offline|inactive|disappeared|vanished|
    missing|no longer|(nobody|no one) (use|uses|used|call|calls|called|needs|touches)|
    ${NOT} (call|calling|called|use|used|using|send|sending|sent|seen|active|been active|been used|been seen)|
    ${NOT} (|had |have |made |make |logged |sent |seen )any (call|calls|traffic|requests|activity|usage)|
    (no|zero|0|without|without any) (calls|traffic|requests|activity|usage)|(use|used|call|called|sent|made|did) nothing`,
  fix: `(|since the |after the |before the )(fix|deploy|release|rollout|rollback)|fixed|hotfix|patch|deploy(|s|ed|ment|ments)|released|
    rolled out|restart(|ed)|help(|ed|s)|improved|got better`,
  bytes: `byte(|s)|bandwidth|kb|mb|gb|(kilo|mega|giga)bytes|data (volume|transfer)|transferred|payload(|s)|
    (payload|response|body) size|records`,
  usage: 'usage|stats|statistics|metrics',
  bot: 'bot|the bot|slack bot|this bot',
  data: `data|ingest(|ion)|fresh(|ness)|delay(|ed)|stale|up to date|(|last )receive(|d)|receiving|arriv(e|es|ed|ing)`,
  ahead: `next (day|week|month|quarter|year)|tomorrow|
    (|by |until |till |to |through )(|the )(end of (|the |this )(year|quarter|week)|year end|quarter end)`,
  alerts: 'alert(|s|ing|ed)|muted|warning(|s)|page(|d)|pinged|notified|fired|triggered|went off',
  digests: 'digest(|s)|subscription(|s)',
} as const;

type Each<Words extends string> = Words extends `${infer First} ${infer Rest}` ? First | Each<Rest> : Words;
export type Concept = Each<keyof typeof PHRASES>;

const CONCEPTS: ReadonlyMap<string, readonly Concept[]> = new Map(
  [...toWords(PHRASES)].map(([phrase, meant]) => [phrase, meant.split(' ') as Concept[]]),
);
const LONGEST_PHRASE = Math.max(...[...CONCEPTS.keys()].map((phrase) => phrase.split(' ').length));

/** First words that name a report: the single words of its concept, and others that mean nothing else. */
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

/** Words without a meaning of their own, in a sentence and after a command. */
const FILLERS = `a an the this that these those there here it its it's of for in on at to from with by per as about into
  and also our my us me we i i'm you your they them their please just really actually api apis call calls request
  requests response responses usage`;

/** Words without a meaning in a sentence: plain question words, auxiliaries, and verbs for what all clients do. */
const SENTENCE_FILLERS = `what what's whats which how how's hows any anything everything is are was were be been being am
  do does did done doing has have having had can could will would may might must shall let's get gets
  got gotten getting give gives given gave use uses used using utilise utilize utilisation utilization consume consumes consumed consuming consumption
  make makes made making send sends sent sending call called calling caller requested requesting hit hits hitting cause
  causes caused causing see sees seeing saw seen want need access accessed accessing query queries querying many much
  more number figure time times run runs ran amounts some every each all yet says said say saying true lately recently already again during anymore
  so show tell list find display or than then went go goes come comes job jobs single works work working thing things something stuff know worth else like gonna wanna one ones
  keep keeps kept eat eats eating hog hogs drain drains draining return returns returned returning serve served process processed only just almost nearly roughly exactly ever breakdown rundown details detail summary whether if possible overall altogether exist exists`;

const SAYS_NOTHING = new Set(FILLERS.split(/\s+/));
const SAYS_NOTHING_IN_SENTENCES = new Set(`${FILLERS} ${SENTENCE_FILLERS}`.split(/\s+/));

/** Reads the longest phrase at the beginning of the words. */
export function readConcept(words: readonly string[]): { concepts: readonly Concept[]; used: number } | undefined {
  for (let used = Math.min(LONGEST_PHRASE, words.length); used > 0; used--) {
    const concepts = CONCEPTS.get(words.slice(0, used).join(' '));
    if (concepts) return { concepts, used };
  }
  return undefined;
}

/** Tells whether a word means failed calls. */
export function isFailure(word: string): boolean {
  return CONCEPTS.get(word)?.join() === 'failing';
}

/** Tells whether a word has no meaning after a command. */
export function isFiller(word: string): boolean {
  return SAYS_NOTHING.has(word);
}

/** Tells whether a word has no meaning in a sentence. */
export function isSentenceFiller(word: string): boolean {
  return SAYS_NOTHING_IN_SENTENCES.has(word.replace(/(?<=[a-z]{2})'s?$/, ''));
}

/** Tells whether the words begin with a word or phrase of the language. */
export function beginsWithLanguage(words: readonly string[]): boolean {
  return words[0] !== undefined && (isLanguage(words[0]) || readConcept(words) !== undefined);
}

/** Tells whether a word belongs to the language. It is then a name only if a known name is spelt like it. */
export function isLanguage(word: string): boolean {
  return (
    word.endsWith("n't") ||
    [SAYS_NOTHING_IN_SENTENCES, CONCEPTS, DIMENSION_WORDS, REPORT_WORDS].some((words) => words.has(word))
  );
}

/** Tells whether a bare word would not be read as a name. */
export function isReserved(word: string): boolean {
  const lower = word.toLowerCase();
  return isLanguage(lower) || [OPTION_WORDS, RANGE_OPENERS, ...OTHER_WORDS].some((words) => words.has(lower));
}

const OTHER_WORDS = [ACTION_WORDS, VIEW_WORDS, SHARE_WORDS, MEASURE_WORDS];

/** Words that a misspelt word may mean. EMPTY_WORDS, which have no meaning of their own, are tried after these. */
export const MEANT_WORDS: readonly string[] = [
  ...new Set(
    [DIMENSION_WORDS, REPORT_WORDS, ACTION_WORDS, CONCEPTS, FILTER_KEYS, ...OTHER_WORDS, RANGE_OPENERS]
      .flatMap((words) => [...words.keys()])
      .concat('today yesterday sort limit skip not without except'.split(' ')),
  ),
].filter((word) => /^[a-z_-]{2,}$/.test(word));
export const EMPTY_WORDS: readonly string[] = [...SAYS_NOTHING_IN_SENTENCES].filter((word) => /^[a-z]+$/.test(word));

/** Turns a table of phrases by meaning into the meaning of each phrase. */
export function toWords<Meaning extends string>(
  table: Readonly<Partial<Record<Meaning, string>>>,
): Map<string, Meaning> {
  return new Map(
    Object.entries<string | undefined>(table).flatMap(([meaning, phrases = '']) =>
      listPhrases(phrases).map((phrase) => [phrase.replace(/\s+/g, ' ').trim(), meaning as Meaning] as const),
    ),
  );
}

/** Lists the phrases between bars. A phrase with `(a|b)` becomes one phrase for each choice. */
function listPhrases(text: string): string[] {
  const phrases = text.match(/(?:\((?:[^()]|\([^()]*\))*\)|[^|()])+/g) ?? [];
  return phrases.flatMap((phrase) => {
    const [group, choices = ''] = /\(([^()]*)\)/.exec(phrase) ?? [];
    if (group === undefined) return [phrase];
    return choices.split('|').flatMap((choice) => listPhrases(phrase.replace(group, choice)));
  });
}

/** Lists the single words of each report's concept. */
function wordsOf(reports: Readonly<Partial<Record<ReportKind, Concept>>>): [string, ReportKind][] {
  return Object.entries(reports).flatMap(([report, wanted]) =>
    [...CONCEPTS]
      .filter(([phrase, concepts]) => concepts.join() === wanted && !phrase.includes(' '))
      .map(([word]): [string, ReportKind] => [word, report as ReportKind]),
  );
}
