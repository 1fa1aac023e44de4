import type { Has, Sign } from './signs.ts';

/**
 * A rule that turns a sentence into a command. It is taken only if it uses everything in the sentence.
 * `signs`: signs that the sentence must have: `a|b` one of them, `!a|b` none of them. `command`: words of the grammar, and slots
 * for parts of the sentence, such as `[dimension]` or a name; `[name]`: of a client, a route or a scope. The command `subject` is
 * the report about the name itself. `uses`: the concepts that the command covers.
 */
type Row = readonly [signs: string, command: string, uses: string];

export interface Rule {
  /** Conditions, all of which must hold: one of the signs is there, or with `not`, none of them. */
  signs: readonly { not: boolean; any: readonly Sign[] }[];
  command: string;
  slots: readonly string[];
  uses: ReadonlySet<Sign>;
}

const OUTCOMES = 'failing throttled succeeding';
/** Concepts that narrow or sort a ranking. */
const RANKED = `most least active happening rateLimit cost share distinct ${OUTCOMES}`;
const STEP = 'perHour perDay perWeek perMonth weekday hourOfDay history';
const LATENCY = `latency when howSlow fastest pace most who average happening trend ${STEP} where why status ${OUTCOMES}`;
const FIX = `fix versus happening status moved fell rate statuses latency howSlow pace ${OUTCOMES}`;
const FRESH = `fresh gone who most active cost ${OUTCOMES}`;
const BALANCE = 'hour runOut forecast monthEnd left limit resets overage rateLimit pool cost when status pace who';
const PEAK = `record peak most least day weekday hour when happening spike ${OUTCOMES}`;
const RATES = `status statuses rate trend moved fell succeeding most least peak best day hour week month when ${STEP}`;
const STEPS = `explain ${STEP} trend average happening distinct active count moved fell ${OUTCOMES}`;

/** The most specific rules come first: of two that use every word, the first is taken. */
const ROWS: readonly Row[] = [
  ['statusWord|statuses|rate step|trend !latency|dimension|bound', 'status [name]', RATES],
  ['rate day|hour|when most|least|peak|best !latency|dimension|who|bound', 'status [name]', RATES],
  ['share failing|succeeding step !latency|dimension|who', 'status [name]', `share failing ${RATES}`],
  ['latency|howSlow odd !range', 'latency today vs week-before [name]', `odd ${LATENCY}`],
  ['latency|howSlow|pace several', 'latency [names]', `compare versus ${LATENCY}`],
  ['slowestCall', 'latency sort slowest_ms desc [dimension] [name]', `slowestCall most ${LATENCY}`],
  ['latency|howSlow|fastest', 'latency [dimension] [name]', LATENCY],
  ['pace !runOut|left|limit', 'latency [dimension] [name]', LATENCY],
  ['lastSeen named|filtered', 'events 1 [name]', 'lastSeen when who'],
  ['absent client dimension', 'top under 1 [dimension] [name]', 'gone'],
  ['solely dimension|who named|filtered !bound', 'top under 1 [dimension] [name]', 'solely who'],
  ['gone|down client !range|who|dimension', 'events 1 stopped [client]', 'gone status when happening'],
  ['gone client range !who|dimension', 'events 1 [client]', 'gone when happening'],
  ['gone code !range|who|dimension|named', 'events 1 stopped', 'gone'],
  ['alive client|filtered !range|code', 'events 1 sending [client]', 'status active resets'],
  ['events|latest', 'events [name]', `events latest most happening when who ${OUTCOMES}`],
  [
    'monthEnd !runOut|left|limit|pool|cost',
    'daily this-month [name]',
    `monthEnd forecast happening status average ${OUTCOMES}`,
  ],
  ['fix range latency|howSlow|pace', 'latency vs [name]', FIX],
  ['fix range', 'status vs [name]', FIX],
  [
    'fresh failing|throttled|code|rate|statuses !dimension|who',
    'status vs [name]',
    'fresh failing throttled rate statuses',
  ],
  ['gone senders !fresh', 'sources [dimension]', 'gone who'],
  // A comparison shows new and gone names together.
  ['fresh gone dimension|who|asking', 'top vs [dimension] [name]', FRESH],
  ['fresh dimension|who|asking', 'top new [dimension] [name]', FRESH],
  ['gone dimension|who|asking', 'top gone [dimension] [name]', FRESH],
  ['bot', 'debug', 'bot status failing'],
  ['data|senders status|data|lastSeen', 'sources [dimension]', 'data status gone lastSeen when who happening'],
  ['alerts', 'alerts', 'alerts status who why when happening history latest'],
  ['digests', 'digest', 'digests status'],
  ['why client', 'why [client]', 'why failing throttled rateLimit status moved fell odd spike rate statuses most'],
  ['why compared client', 'top routes [client]', `why happening status ${RANKED}`],
  ['why happening status !compared|code', 'unusual [name]', 'why happening status'],
  ['why compared', 'top [name]', `why happening status ${RANKED}`],
  [
    'why failing|throttled|rateLimit|rate|statuses|code',
    'status [name]',
    'why failing throttled rateLimit rate statuses most',
  ],
  ['explain where failing|throttled|code', 'top [dimension] [name]', `explain where ${OUTCOMES}`],
  ['explain', 'explain [scope]', 'explain where why pool left runOut limit cost'],
  ['why pool|left|runOut|limit|overage', 'explain [scope]', 'explain where why pool left runOut limit overage'],
  ['bound hour|perHour|hourOfDay !who|dimension', 'day [name]', `rate hour perHour hourOfDay ${PEAK}`],
  ['bound when !range|who|dimension|timed', 'daily 30d [name]', `runOut rate ${PEAK}`],
  ['bound when !who|dimension|timed', 'daily [name]', `runOut rate ${PEAK}`],
  ['bound day|step !who|dimension', 'daily [name]', `rate week month ${STEP} ${PEAK}`],
  ['count failing|throttled|succeeding|code !who|dimension', 'daily [name]', `happening average when ${OUTCOMES}`],
  [
    'began failing|throttled|code dimension|who',
    'top vs [dimension] sort change [name]',
    `began when who happening ${OUTCOMES}`,
  ],
  ['began failing|throttled|code', 'unusual [name]', `began when happening ${OUTCOMES}`],
  ['alternatives !named', 'top [alternatives] [dimension]', 'compare versus most happening cost'],
  ['counted', 'daily [dimension] [name]', STEPS],
  ['who|owner client !failing|throttled|code', 'subject [client]', 'who owner'],
  ['owner dimension', 'top [dimension] [name]', `${RANKED} owner`],
  ['cost most client !dimension', 'top routes [client]', 'cost most'],
  ['cost client|route', 'top [dimension] [client] [route]', 'cost most'],
  ['share ofOwn client|route', 'subject [client] [route]', 'share failing succeeding'],
  [
    'share|most filtered !named|who|dimension|code|day|hour|step|ofRange|when|busy|latency',
    'top [filtered]',
    `share explain most happening ${OUTCOMES}`,
  ],
  ['share named', 'top [names]', `share explain most happening ${OUTCOMES}`],
  [
    'cost count range|filtered !client|route|who|dimension|most|least|left|limit|runOut|pool',
    'top total [scope]',
    'cost',
  ],
  ['cost failing|throttled|code !named|dimension|who|why', 'top total by credits', `cost share ${OUTCOMES}`],
  ['cost perMonth scope', 'history [scope]', 'cost perMonth history'],
  ['cost filtered|range !named|left|limit|runOut|forecast|pool', 'top [dimension]', 'cost most who'],
  ['resets day|when|hour !filtered', 'pool resets [scope] [scopes] [pool]', `day ${BALANCE}`],
  ['resets !filtered|runOut', 'pool resets [scope] [scopes] [pool]', BALANCE],
  ['overage count|what !filtered', 'pool overage-sum [scope] [scopes]', BALANCE],
  ['overage !filtered', 'pool overage [scope] [scopes]', BALANCE],
  ['did limit|runOut client !left|when', 'client allowance [client]', 'limit runOut rateLimit'],
  ['when did runOut poolNamed', 'pool overage-sum [scope] [pool]', BALANCE],
  ['did runOut !filtered|when|perMinute', 'pool overage [scope] [scopes] [pool]', BALANCE],
  ['left client !when|did|runOut|why|share', 'client allowance [client]', 'limit left'],
  ['fullest pool|left|limit !filtered|named|runOut', 'pool fullest [scopes]', `most least ${BALANCE}`],
  ['emptiest pool|left|limit !filtered|named|runOut', 'pool emptiest [scopes]', `most least ${BALANCE}`],
  ['rateLimit !filtered|who|why|failing', 'summary per-minute [scope]', 'rateLimit limit left peak perMinute status'],
  [
    'spent who left|limit|pool !filtered|overage',
    'top [dimension] by credits [scope]',
    'who most least share left limit pool cost',
  ],
  [
    'spent range left|limit|pool|cost !filtered|monthly|who|dimension|runOut|most|least',
    'top total by credits [scope]',
    'left limit pool cost',
  ],
  [
    'spent left|limit|pool|cost !filtered|who|runOut|forecast',
    'pool used-first [scope] [scopes] [pool]',
    `share gone ${BALANCE}`,
  ],
  ['when runOut|forecast|left|limit !filtered|perMinute|did|monthEnd', 'pool when [scope] [scopes] [pool]', BALANCE],
  ['left count|share monthEnd !filtered', 'pool month-end [scope] [scopes] [pool]', `share ${BALANCE}`],
  ['which runOut !filtered|lasting|perMinute|count', 'pool when [scope] [scopes] [pool]', `happening ${BALANCE}`],
  ['left count runOut !filtered|lasting', 'pool [scope] [scopes] [pool]', BALANCE],
  ['left monthEnd !filtered|runOut|limit|overage', 'pool lasts [scope] [scopes] [pool]', BALANCE],
  ['lasting !filtered', 'pool lasts [scope] [scopes] [pool]', `happening ${BALANCE}`],
  ['monthEnd left|limit|pool|overage !filtered', 'forecast [scope] [scopes] [pool]', BALANCE],
  ['runOut|forecast !filtered|perMinute', 'forecast [scope] [scopes] [pool]', `happening ${BALANCE}`],
  ['left|limit !filtered', 'pool [scope] [scopes] [pool]', BALANCE],
  ['status pool !filtered|named|limit|cost|who', 'summary', 'status pool happening'],
  ['rateLimit|pool|cost !who|filtered', 'pool [scope] [scopes] [pool]', BALANCE],
  ['who pool', 'top [dimension] by credits [scope] [pool]', `${RANKED} who pool`],
  ['none failing !code', 'status succeeded [name]', 'failing happening'],
  ['who|dimension !counted', 'top [dimension] [name]', `${RANKED} who where rate`],
  ['licences', 'licences', 'licences left'],
  ['advice', 'advice [name]', 'advice cost pool left limit rateLimit most failing throttled status'],
  ['perMinute', 'summary per-minute', 'perMinute peak most rateLimit limit happening when status average'],
  ['perMinute !filtered|named', 'day per-minute', 'perMinute peak most when happening'],

  ['average|odd versus|compare', 'unusual [name]', `odd average versus compare happening status ${OUTCOMES}`],
  ['odd|spike !versus', 'unusual [name]', `odd spike happening status goingOn rate statuses ${OUTCOMES}`],
  ['busy compared', 'daily [name]', 'most least happening status'],
  ['busy !compared', 'day busy today [name]', 'most least day happening status goingOn average'],
  ['weekday|hourOfDay|week|month !who|dimension|bound', 'daily [name]', `week month versus compare ${STEPS} ${PEAK}`],
  ['record !range', 'daily 90d [name]', PEAK],
  ['day peak|most|least|failing|throttled|code !hour|ofRange', 'daily [name]', PEAK],
  ['goodTime', 'day quietest [name]', `goodTime fix ${PEAK}`],
  ['peak', 'day [name]', PEAK],
  ['hour failing|throttled|code', 'day [name]', PEAK],
  ['hour|when most|least', 'day [name]', PEAK],
  ['codes versus|compare', 'status [scope]', `versus compare rate statuses happening ${OUTCOMES}`],
  ['rate|statuses', 'status [name]', 'rate statuses failing succeeding throttled status share trend most'],
  ['step|trend !by', 'daily [dimension] [name]', STEPS],
  [`compared failing|throttled|succeeding|code`, 'daily [name]', `status happening ${OUTCOMES}`],
  ['when failing|throttled|succeeding|code', 'day [name]', `when happening ${OUTCOMES}`],
  ['throttled client|route', 'status [name]', 'throttled happening status share'],
  ['failing|throttled|code client|route', 'subject [name]', 'failing throttled happening status share'],
  ['most failing !who|dimension|named|where|what', 'status', 'most failing throttled'],
  ['failing|throttled|code where|what', 'top routes [scope]', 'failing throttled where most happening status'],
  ['failing|throttled|succeeding|rateLimit|code', 'status [scope]', `${OUTCOMES} rateLimit happening status share`],
  ['listing named|filtered', 'events [name]', 'happening status'],
  ['several', 'top [names]', `compare versus most happening ${OUTCOMES}`],
  ['alive|down !client', 'status up 1h [scope]', 'status gone'],
  ['named', 'subject [name]', 'status happening goingOn most active average when share'],
  ['most|least !day|hour|ofRange', 'top', 'most least cost happening'],
  ['goingOn !range|filtered|compared', 'summary', 'goingOn status'],
  ['status !named|filtered|happening|compared', 'summary', 'status'],
  ['health filtered', 'status', 'status happening'],
  ['statusWord filtered !named|compared', 'status', 'status happening'],
  [
    'filtered|range|happening|average|count|when|compare|versus|moved|fell !counted',
    'daily',
    'happening goingOn active average when status compare versus moved fell',
  ],
  ['status|now|usage', 'summary', 'status'],
];

export const RULES: readonly Rule[] = ROWS.map(([signs, command, uses]) => ({
  signs: readSigns(signs),
  command: command.replace(/ ?\[\w+\]/g, ''),
  slots: [...command.matchAll(/\[(\w+)\]/g)].map(([, slot]) => slot!),
  uses: new Set(uses.split(' ') as Sign[]),
}));

const TWO_QUESTIONS = 'Those are two questions';
const AHEAD = "I can't report days ahead";
const CSV = 'A CSV comes with the answer: under ⋯ in Slack, by --csv in a terminal.';

/** Questions that no report answers, with a message and near commands. `…` means the sentence's range and filters. */
const ASKED_BACK: readonly (readonly [signs: string, told: string, ...near: string[]])[] = [
  ['statusWord latency', `${TWO_QUESTIONS}: status codes, and how slow calls were.`, 'status …', 'latency …'],
  [
    'statusWord by !senders|client|route',
    "I can't split status codes like that. A ranking shows how many calls of each failed.",
    'top [dimension] sort failed_percent desc …',
    'status …',
  ],
  ['howSlow most', `${TWO_QUESTIONS}: who used most, and how slow it was.`, 'top clients …', 'latency clients …'],
  [
    `why most|who !compared|busy|named|rate|statuses|code|latency|${OUTCOMES.replaceAll(' ', '|')}`,
    `${TWO_QUESTIONS}: who used most, and what made it more than before.`,
    'top clients …',
    'top clients vs previous …',
    'top routes …',
  ],
  [
    'rate code dimension|who',
    "I can't rank by the rate of one code: by how many calls ended in it, or by the rate of all failures.",
    'top [dimension] …',
    'top [dimension] [codes] sort failed_percent desc …',
  ],
  [
    'rate|share code !dimension|who|named',
    'The table of status codes has the share of each.',
    'status [codes] …',
    'daily …',
  ],
  [
    'robots',
    "I can't tell robots from people. Where senders tell them apart, it is in the kind or the initiator of their calls.",
    'top kinds …',
    'top initiators …',
    'top users …',
  ],
  [
    'bound step dimension|who !latency|none',
    'I compare the numbers of the whole range with a bound, not those of each step.',
    'top [dimension] …',
    'daily …',
  ],
  [
    'share ofOwn code named',
    'The table of status codes has the share of each.',
    'status [codes] …',
    'top [dimension] …',
  ],
  [
    'mondays',
    "I can't count one weekday alone: the average of each stands beside those of the others.",
    'daily by weekday …',
  ],
  ['tryOut', "I can't try out a number of calls: hold it against what is left.", 'pool [scope]', 'forecast [scope]'],
  [
    'by|most|least step|trend dimension !rate|latency|counted|distinct|active|bound',
    "I can't split steps like that: each alone I can.",
    'top [dimension] …',
    'daily …',
    'daily [dimension] …',
  ],
  ['perSecond', 'Headroom counts by the minute: each card shows its peak minute of today.', 'summary', 'day today'],
  [
    'often runOut|overage|limit !client|bound',
    "I can't count how often. The history has what went over by the month; the days of a scope are drawn with their limit.",
    'pool overage',
    'history',
    'daily this-month',
  ],
  [
    'when did runOut|limit|left !rate|bound|poolNamed',
    "I can't tell when a pool ran out: the history has it by the month.",
    'history',
    'pool overage',
  ],
  [
    'ever did runOut|limit|left|overage|pool !client|failing|throttled|code',
    "I can't tell whether a pool or limit was ever used up: the history has what went over, by the month.",
    'history [scope]',
    'pool [scope] overage',
  ],
  ['timeout', "I can't tell timeouts from other failures; gateways answer them with 504.", 'status …', 'latency'],
  [
    'bytes',
    'Headroom counts calls, credits and durations; bytes and records are not reported.',
    'top clients …',
    'top clients by credits …',
    'latency …',
  ],
  // The effect of a change is seen by comparing before and after, so its time must be named.
  [
    'fix !range|goodTime',
    'Since when? Name the time of the change: what came after is set beside as much before it.',
    'status today vs previous …',
    'status since yesterday 14:00 vs previous …',
    'status yesterday vs previous …',
  ],
  [
    'average dimension !counted|distinct|active|step|latency',
    "I can't average over them: the ranking shows each, and a count how many there are.",
    'top [dimension] …',
    'daily [dimension] …',
  ],
  [
    'cost step|trend !scope|dimension|who',
    'Credits over time are in the history of each scope, month by month; of clients they are ranked.',
    'history',
    'top scopes by credits …',
  ],
  [
    'latency perWeek|perMonth',
    'Latency is computed from single calls, which are kept for weeks, not years: day by day.',
    'latency daily 30d …',
    'latency 30d …',
  ],
  [
    'ofNames',
    "I can't hold how many there are of each against a number: I can count them in all, or for one name.",
    'daily [counted] …',
    'top [dimension] …',
  ],
  [
    'timed !dimension|who',
    "I can't count calls by how long they took; p50, p95 and p99 say how long most took.",
    'latency …',
    'latency routes …',
  ],
  [
    'best day|hour|weekday|hourOfDay',
    'Best by what: the most calls, or the highest success rate?',
    'daily busiest …',
    'status succeeded …',
  ],
  [
    'best who|dimension',
    'Best by what: the most calls, or the highest success rate?',
    'top [dimension] …',
    'top [dimension] sort ok_percent desc …',
  ],
  [
    'retry',
    "I can't tell a retry from a first call. What is retried mostly ended in 429 or 5xx.",
    'status …',
    'top routes status:429 status:5xx …',
  ],
  [
    'unowned',
    "I can't list what has no owner. Those without a team are in the ranking of teams, as (none).",
    'top teams …',
    'top clients team:(none) …',
  ],
  [
    'errorBudget',
    'Headroom knows no targets: hold the success rate against yours.',
    'status succeeded …',
    'status succeeded this-month',
  ],
  ['began named !failing|code|range', 'The day of a first call is beside each new name.', 'top new clients 30d'],
  ['csv dimension', CSV, 'top [dimension] …'],
  ['csv', CSV, 'daily …'],
  [
    'ahead|until left|runOut|limit|forecast',
    `${AHEAD}; a pool's answer says whether it lasts until its reset.`,
    'forecast',
    'pool',
  ],
  [
    'ahead',
    `${AHEAD}. The forecast says whether pools last, the history what past months took.`,
    'forecast',
    'history',
  ],
  [
    'versus !compared|average|odd|fix|several|alternatives|codes|bound|weekday',
    'Compared with what? Name the second range, or take the one before.',
    'daily vs previous …',
    'top clients vs previous …',
  ],
];

export const REFUSALS = ASKED_BACK.map(([signs, told, ...near]) => ({ signs: readSigns(signs), told, near }));

/** Tells whether all conditions of a rule hold. */
export function holds(signs: Rule['signs'], has: Has): boolean {
  return signs.every(({ not, any }) => has(...any) !== not);
}

function readSigns(text: string): Rule['signs'] {
  return text.split(' ').map((term) => ({
    not: term.startsWith('!'),
    any: term.replace('!', '').split('|') as Sign[],
  }));
}
