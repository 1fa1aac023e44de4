/** A page of `/usage help`. Each line is a sentence, or a command with a description. Plain text. */
export interface HelpTopic {
  name: string;
  title: string;
  /** Other words for the topic. */
  words: readonly string[];
  lines: readonly HelpLine[];
}

export interface HelpLine {
  /** Text after `/usage`; '' for `/usage` alone. Slots such as `{client}` are filled with names (see HelpNames). */
  command?: string;
  text: string;
  /** True if only admins may run it. */
  admin?: true;
}

/** Creates a line that is only text. */
function say(text: string): HelpLine {
  return { text };
}

/** Creates a line with a command. Slots such as `{client}` are filled with names of the workspace. */
function run(command: string, text: string): HelpLine {
  return { command, text };
}

/** Creates a line with a command for admins only. */
function runAsAdmin(command: string, text: string): HelpLine {
  return { command, text, admin: true };
}

/** Creates a topic. `words`: other words for it, separated by bars. */
function topic(name: string, title: string, words: string, lines: readonly HelpLine[]): HelpTopic {
  return { name, title, words: words.split('|'), lines };
}

/** Pages of `/usage help`, at most twelve lines each. */
export const HELP_TOPICS: readonly HelpTopic[] = [
  topic('start', 'Getting started', 'getting started|getting-started|begin|commands|examples|basics|setup', [
    run('', "usage and what's left, per scope"),
    run('top clients 7d', 'who calls most; also routes, users, modules, ips, methods …'),
    run('status yesterday', 'status codes, and what the failures point to'),
    run('pool', 'balances, and when they run out'),
    run('client {client} last week', 'everything about one client'),
    run('who is getting 429s', 'plain questions work too'),
    run('when do we run out', 'yes or no, with the date'),
    run('is anything unusual', 'yes or no, beside the same hours of the weeks before; also unusual 7d'),
    run('digest add weekdays 09:00', 'an automatic report here'),
    run('alerts', 'what you get alerts for'),
    run('help ranges', 'ways to name a time; more topics in the menu below'),
  ]),
  topic('overview', 'Overview', 'about|what|words|glossary', [
    say('Headroom counts the API calls that are reported to it, and compares them with your allowance.'),
    say(
      'A client makes calls. A route is the pattern of the URLs called, such as /v1/orders/{id}. A scope is a set of calls with one allowance.',
    ),
    say('A scope draws credits from its pools, in order. A call costs one credit unless a rule says otherwise.'),
    say('🔵 below 75%, 🟠 from 75%, 🔴 from 90%, ⛔ used up. Nothing is ever blocked.'),
    run('explain', 'where the numbers come from'),
    run('sources', 'who sends data, how fresh it is, and what is left out'),
    run('advice', 'what to do next'),
  ]),
  topic('ranges', 'Ranges', 'range|dates|date|time|zone|timezone|days|periods', [
    run('top clients 7d', 'the seven days up to yesterday; also 14d, 30d, 90d'),
    run('status yesterday', 'one day, by the hour; today is marked partial'),
    run('status 3h', 'the last hours; 15m the last minutes'),
    run('status yesterday 14:00-15:00', 'part of a day; also today since 9, monday 9am-5pm'),
    run('top routes last week', 'Monday to Sunday; also this week, last month, q3'),
    run('daily this-month', 'up to yesterday; 3-months and 12-months are whole months'),
    run('daily {days}', 'dates, both included; by week, by month, by weekday'),
    run('daily since monday', 'also until friday, before {day}, all time'),
    run('day friday', 'the last one before today; also 3 days ago'),
    run('history until {month}', 'twelve months ending there'),
    run('daily 7d vs', 'with the days before beside it; also vs last week, vs 2025'),
    say('Days are those of the report time zone, which every answer names. Weeks begin on Monday.'),
  ]),
  topic('filters', 'Filters', 'filter|where|search|not|wildcards', [
    run('top routes client:{client}', 'only one client; names match in any case'),
    run('top clients status:4xx', 'a status, or a group of them'),
    run('daily route:{routes}', '* matches any characters'),
    run('top users module:{module} method:POST', 'several filters: all must match'),
    run('status client:{client} client:{other}', 'the same filter twice: either may match'),
    run('top clients not client:{client}', 'exclude a client'),
    run('filters', 'choose filters from menus; they stay until you reset them'),
    run('reset', 'remove the filters that you chose in this channel'),
    say('Filters: client team route user ip module method function version kind initiator source scope status.'),
    say('With a filter, % is of the matching requests; “% of all” is of everything.'),
  ]),
  topic('rankings', 'Rankings', 'top|ranking|clients|routes|users|urls|sort', [
    run('top clients', 'the first five, and a button for all'),
    run('top 20 routes 30d', 'up to 1,000 rows'),
    run('top users by credits', 'by what the calls cost'),
    run('top teams', 'clients added up by their team; team:NAME filters any answer'),
    run('top clients 7d sort failed', 'most failed first; also ok, requests, name'),
    run('top clients as doughnut', 'also as graph, as table'),
    run('top clients this-month vs last-month', 'both numbers, the change, who is new or gone; also sort change'),
    run('top new clients 7d', 'not seen in the 90 days before; top gone clients: not seen since'),
    run('daily users 30d', 'how many different ones each day; also clients, routes, teams'),
    run('route {route} 30d', 'who calls one route, failures first'),
    run('user {user} 30d', 'the clients of one user; also module, ip, function'),
    run('clients with fewer than 100 calls', 'also: over 5% errors, without 429s, days over 5000 calls'),
  ]),
  topic('pools', 'Pools', 'pool|balance|credits|scopes|scope|levels|overage|limits|quota', [
    run('pool', 'every scope: what is left, and when it runs out'),
    run('pool {scope}', 'one scope'),
    run('pool {scope} {day}', 'the balance at the end of a day'),
    run('pool {granted} if {grant}=25', 'what another quantity would give'),
    run('history {scope}', 'twelve months, by pool'),
    run('explain {scope}', 'how the allowance adds up'),
    runAsAdmin('pool edit {scope}', 'pools, grants, add-ons, client names and teams in forms, or as text'),
    runAsAdmin('correct {scope} -500 {day} counted twice', 'add or take credits, with a reason'),
    say('Credits over the allowance are overage: counted per month, never blocked.'),
  ]),
  topic('digests', 'Digests', 'digest|subscribe|subscriptions|schedule|schedules|report|reports|daily report', [
    run('digest', 'the digests of this channel, with their numbers'),
    run('digest add', 'choose days, time and sections in a form'),
    run('digest add daily 09:00 Europe/Berlin', 'without a zone, yours is used'),
    run('digest add weekdays 9am', 'also weekends; mon,thu 10:30'),
    run('digest add weekly mon 09:00', 'one day a week'),
    run('digest add monthly last 17:00', 'or monthly 1; 31 is the last day of any month'),
    run('digest edit {digest} weekdays 08:30', 'change its times; without any, in the form'),
    run('digest pause {digest} until monday', 'digest resume resumes it before that; digest remove ends it'),
    run('digest takeover {digest}', 'become its owner'),
    run('digest preview', 'only you see it'),
    run('digest send {digest}', 'post it now, besides the scheduled one'),
    run('digest history', 'what was posted and when, and what went wrong'),
  ]),
  topic('alerts', 'Alerts', 'alert|warnings|thresholds|mute|on-call|oncall', [
    run('alerts', 'what is watched, what was reached, what is muted'),
    run('alerts last week', 'what was alerted then; alerts history: in 30 days'),
    runAsAdmin('alerts mute {scope} 2h', 'also until monday 09:00'),
    runAsAdmin('alerts unmute {scope}', 'alert again, at once'),
    run('alerts add {view} > 500 per hour', 'alert when a saved view passes a number'),
    runAsAdmin('alerts on run-out', 'turn a kind of alert on; alerts off turns it off'),
    runAsAdmin('alerts route', 'a form: where alerts go, whom they mention, which are on'),
    runAsAdmin('alerts route here', 'to this channel; also #channel, admins'),
    runAsAdmin('alerts test', 'a test alert, sent the same way as real ones'),
    say(
      'Pools alert at 75, 90 and 100%, once per period. 90 and 100 mention on-call if no later pool has credits left.',
    ),
  ]),
  topic('notifications', 'Notifications', 'notification|notify|messages|mentions|private|share|noise', [
    say('Answers are posted in the channel. Only you see help, errors and settings.'),
    run('top clients 7d private', 'only you see it'),
    run('status share', 'everyone in the channel sees it, where private is the default'),
    say('Alerts go to the alert channel, or to the admins by direct message where none is set.'),
    say('Only levels of 90% and more mention anyone. Forecasts and notes stay in the thread of their pool.'),
    runAsAdmin('alerts mute 2h', 'mute all alerts, for everyone'),
    run('digest pause {digest}', 'no digest until it is resumed'),
  ]),
  topic('views', 'Saved views', 'view|save|saved|open|favourites', [
    run('save failures status 7d client:{client}', 'keep a question under a name, for yourself'),
    run('save "big ones" for channel top 20 clients', 'for everyone in this channel'),
    run('save again', 'what you asked last, as “again”'),
    run('open {view}', 'ask it again; last week is always last week'),
    run('open {view} yesterday', 'for another range'),
    run('views', 'yours, and those of this channel'),
    run('unsave {view}', 'remove it'),
  ]),
  topic('export', 'Export', 'csv|download|excel|file', [
    run('export top clients 30d', 'any report as CSV: put export before it'),
    run('export top 1000 routes last-month', 'up to 1,000 rows'),
    run('export daily {days}', 'exact numbers, one header row, UTF-8'),
    run('export status 7d client:{client}', 'with filters'),
    run('export history {scope}', 'twelve months, by pool'),
    say('Rankings begin with the columns name, requests, share_percent, ok, failed. The file holds the whole answer.'),
  ]),
  topic('latency', 'Latency and single calls', 'slow|slowest|p95|percentiles|duration|events|event|calls|raw|logs', [
    run('latency', 'p50, p95, p99 and the slowest call, slowest clients first'),
    run('latency routes yesterday', 'also modules, users and the rest'),
    run('latency client:{client}', 'the routes of one client'),
    run('latency daily 30d', 'over time; one day by the hour'),
    run('the last 50 calls', 'the newest single calls; only you see them'),
    run('events 50 status:5xx today', 'with filters; Show calls in any menu does the same'),
    run('export events {days}', 'up to 10,000 as CSV'),
    say('Both come from single calls, as long as these are kept. p95: 95% of the calls took no longer.'),
    say('A sender gives durations as duration_ms; sources that send none are named.'),
  ]),
  topic(
    'licensing',
    'Flex licensing',
    'flex|flex licensing|licences|licenses|licence|license|seats|grants|add-on|plan',
    [
      run('licences', 'what was bought: quantity × calls each, and the sum'),
      say('The licence bundle is used first, and starts again on the first of each month.'),
      say('When it is empty, calls draw from the add-on, which keeps its balance until it expires.'),
      say('10 × 5,000 + 10 × 5,000 = 100,000 a month. Of 125,000 calls, 25,000 come from the add-on.'),
      run('pool', 'which pool is drawn from now, and what the others hold'),
      run('pool {granted} if {grant}=25', 'what more seats would give'),
      run('history {scope}', 'twelve months, by the pool that paid'),
    ],
  ),
  topic('troubleshooting', 'Troubleshooting', 'trouble|errors|problems|debug|wrong|failures|fix', [
    run('status yesterday', 'many 400s: malformed calls. 429: rate-limited. 5xx: server errors'),
    run('who is getting 429s', 'spread their calls, back off, cache'),
    run('top routes status:5xx', 'the routes behind server errors'),
    run('why {client}', 'a diagnosis of one client, with its evidence'),
    run('top clients 24h', 'far too many calls: look for polling'),
    run('sources', 'numbers too low: is a sender silent, or a rule leaving calls out?'),
    run('explain', 'a day looks wrong: which zone, which rules, how fresh'),
    run('debug', 'what is wrong with this installation, and how to fix it'),
    runAsAdmin('audit', 'who changed what, newest first'),
  ]),
  topic('faq', 'FAQ', 'questions|faqs|why|questions often asked', [
    say('Why is today missing? Ranges of days end yesterday; ask for today, 24h or 3h to see it, marked partial.'),
    say('Why do dates differ from mine? Days are those of the report time zone.'),
    say('Why did a number of last week change? Late events count in the hour they happened; the next digest says so.'),
    say('What is (other)? Names beyond the daily cap; totals stay exact. (none): the sender gave no value.'),
    say('What happens at 100%? Nothing is blocked. Credits over the allowance are shown as overage.'),
    say('Who sees answers? The channel, unless you add private. Guests and people outside see none.'),
    run('what failed yesterday', 'plain questions work for the usual things'),
    run('help troubleshooting', 'when something looks wrong'),
  ]),
];
