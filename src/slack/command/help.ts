import { listNearest } from '../../domain/nearest.ts';

/** A page of `/usage help`: at most twelve lines, each of them a sentence, a command to run, or both. Plain text. */
export interface HelpTopic {
  name: string;
  title: string;
  /** Other words that ask for it. */
  words: readonly string[];
  lines: readonly HelpLine[];
}

export interface HelpLine {
  /** Text after `/usage` that can be run as it stands. `''`: `/usage` alone. */
  command?: string;
  text: string;
}

function say(text: string): HelpLine {
  return { text };
}

function run(command: string, text: string): HelpLine {
  return { command, text };
}

export const HELP_TOPICS: readonly HelpTopic[] = [
  {
    name: 'start',
    title: 'Getting started',
    words: ['getting started', 'getting-started', 'begin', 'commands', 'examples', 'basics', 'setup'],
    lines: [
      run('', 'every scope: used, amount, left, and how today goes'),
      run('top clients 7d', 'who calls most; also routes, users, ips, modules, methods …'),
      run('status yesterday', 'status codes, success against failure, and what they point to'),
      run('pool', 'balances, draw order, burn rate, and when they run out'),
      run('daily 30d', 'requests per day; day shows the hours of one day'),
      run('history', 'twelve months, by pool'),
      run('client "Acme CRM" last week', 'one client and all that it does'),
      run('digest add weekdays 09:00', 'a report in this channel, by itself'),
      run('alerts', 'what you are warned of'),
      say('Questions work too: who is getting 429s, when do we run out, what failed yesterday.'),
      say('More: help ranges, filters, pools, digests, alerts, views, export, licensing, troubleshooting, faq.'),
    ],
  },
  {
    name: 'overview',
    title: 'Overview',
    words: ['about', 'what', 'words', 'glossary'],
    lines: [
      say('Headroom counts API calls as senders report them, and sets them against what you are allowed.'),
      say('A client makes calls; a route is the URL template called; a scope is a metered set of calls.'),
      say('A scope draws credits from its pools, in order. A call costs one credit unless a rule says otherwise.'),
      say('Blue is below 75%, amber from 75%, red from 90%, exhausted from 100%. Nothing is ever blocked.'),
      run('explain', 'where the numbers come from'),
      run('sources', 'who sends data, how fresh it is, and what is left out'),
      run('advice', 'what to do next, by rule'),
    ],
  },
  {
    name: 'ranges',
    title: 'Ranges',
    words: ['range', 'dates', 'date', 'time', 'zone', 'timezone', 'days', 'periods'],
    lines: [
      run('top clients 7d', 'previous whole days; also 30d, 90d, 14d; today is left out'),
      run('day today', 'so far, marked partial; 3h and 24h are the last hours, 15m the last minutes'),
      run('status yesterday 14:00-15:00', 'hours of a day; also today since 9, monday 9am-5pm'),
      run('daily since monday', 'also until 18 nov, before friday, all time'),
      run('status yesterday', 'one day is drawn by the hour'),
      run('daily this-month', 'to yesterday; last-month, 3-months and 12-months are whole months'),
      run('daily 2026-11-01..2026-11-20', 'dates, both included'),
      run('top routes last week', 'Monday to Sunday; also this week, since monday, in october, q3'),
      run('day friday', 'the latest one before today; also 20 nov, 3 days ago'),
      run('history until 2026-03', 'twelve months ending there'),
      say('Days are those of the report zone, which every answer names. Weeks begin on Monday.'),
    ],
  },
  {
    name: 'filters',
    title: 'Filters',
    words: ['filter', 'where', 'search', 'not', 'wildcards'],
    lines: [
      run('top routes client:"Acme CRM"', 'only one client; names compare exactly'),
      run('top clients status:4xx', 'a status, or a group of them'),
      run('daily route:/v1/orders/*', '* stands for any characters, / included'),
      run('top users module:erp method:POST', 'several together: all must fit'),
      run('status client:Acme client:Beta', 'the same twice: either fits'),
      run('top clients not kind:internal', 'all but these'),
      run('filters', 'choose them from menus; they stay until you reset'),
      run('reset', 'forget the filters that you chose in this channel'),
      say('Keys: client route user ip module method function version kind initiator source scope status.'),
      say('Under a filter % is of what fits it; a fifth column gives the % of all requests.'),
    ],
  },
  {
    name: 'rankings',
    title: 'Rankings',
    words: ['top', 'ranking', 'clients', 'routes', 'users', 'urls', 'sort'],
    lines: [
      run('top clients', 'five rows, and a button for all'),
      run('top 20 routes 30d', 'up to 1,000 rows'),
      run('top users by credits', 'by what the calls cost'),
      run('top clients 7d sort failed', 'the most failed first; also ok, requests, name'),
      run('top clients as doughnut', 'as graph, as table'),
      run('route /v1/orders/{id} 30d', 'who calls one route, failures first'),
      run('why "Acme CRM"', 'what is wrong with its calls, with the evidence'),
    ],
  },
  {
    name: 'pools',
    title: 'Pools',
    words: ['pool', 'balance', 'credits', 'scopes', 'scope', 'levels', 'overage', 'limits', 'quota'],
    lines: [
      run('pool', 'every scope: balance now, draw order, burn rate, when it runs out'),
      run('pool crm', 'one scope'),
      run('pool crm 2026-10-31', 'the balance at the end of a day'),
      run('pool crm if users=25', 'what other quantities would give'),
      run('history crm', 'twelve months, stacked by pool'),
      run('explain crm', 'the arithmetic, and the rules behind it'),
      run('pool edit crm', 'pools, grants and add-ons in a form, or as text (admins)'),
      run('correct crm -500 2026-11-03 counted twice', 'add or take credits, with a reason (admins)'),
      say('What no pool covers is overage: counted by month, never blocked.'),
    ],
  },
  {
    name: 'digests',
    title: 'Digests',
    words: ['digest', 'subscribe', 'subscriptions', 'schedule', 'schedules', 'report', 'reports', 'daily report'],
    lines: [
      run('digest', 'the digests of this channel, with their numbers'),
      run('digest add', 'choose days, time and sections in a form'),
      run('digest add daily 09:00 Europe/Berlin', 'without a zone: yours'),
      run('digest add weekdays 9am', 'also weekends; mon,thu 10:30'),
      run('digest add weekly mon 09:00', 'one day a week'),
      run('digest add monthly last 17:00', 'or monthly 1; 31 is the last day of any month'),
      run('digest edit 7 weekdays 08:30', 'change when, or leave the words out for the form'),
      run('digest pause 7 until monday', 'and resume 7; remove 7 ends it'),
      run('digest takeover 7', 'when its owner has left'),
      run('digest preview', 'only you see it'),
      run('digest send', 'post it now, besides the scheduled one'),
      run('digest history', 'what was posted, when, and what went wrong'),
    ],
  },
  {
    name: 'alerts',
    title: 'Alerts',
    words: ['alert', 'warnings', 'thresholds', 'mute', 'on-call', 'oncall'],
    lines: [
      run('alerts', 'what is watched, what was reached, what is muted'),
      run('alerts mute crm 2h', 'also until monday 09:00 (admins)'),
      run('alerts unmute crm', 'at once (admins)'),
      run('alerts add "Acme failures" > 500 per hour', 'warn on a saved view'),
      run('alerts on forecast', 'a kind of alert; off ends it'),
      run('alerts route', 'a form: where they go, who is mentioned, which are on (admins)'),
      run('alerts route #api-alerts', 'where they go, at once; also here, admins'),
      run('alerts test', 'a test message, by the way that real ones go'),
      say(
        'A pool warns at 75, 90 and 100%, once each per period; 90 and 100 mention on-call if no later pool has anything left.',
      ),
    ],
  },
  {
    name: 'notifications',
    title: 'Notifications',
    words: ['notification', 'notify', 'messages', 'mentions', 'private', 'share', 'noise'],
    lines: [
      say('Answers with charts are posted in the channel; help, errors and settings only you see.'),
      run('top clients 7d private', 'only to you'),
      run('status share', 'to the channel, where private is the default'),
      say('Alerts go to the alert channel, or to the admins by direct message where none is set.'),
      say('Only levels of 90% and more mention anyone. Forecasts and notes stay in the thread of their pool.'),
      run('alerts mute 2h', 'quiet for everyone (admins)'),
      run('digest pause', 'no digest in this channel until it is resumed'),
    ],
  },
  {
    name: 'views',
    title: 'Saved views',
    words: ['view', 'save', 'saved', 'open', 'favourites'],
    lines: [
      run('save failures status 7d client:"Acme CRM"', 'keep a question under a name, for yourself'),
      run('save "big ones" for channel top 20 clients', 'for everyone in this channel'),
      run('save again', 'what you asked last, as “again”'),
      run('open failures', 'ask it again, for the days that its range now means'),
      run('open failures yesterday', 'for another range'),
      run('views', 'yours, and those of this channel'),
      run('unsave failures', 'forget it'),
    ],
  },
  {
    name: 'export',
    title: 'Export',
    words: ['csv', 'download', 'excel', 'file'],
    lines: [
      run('export top clients 30d', 'any report as CSV: put export before it'),
      run('export top 1000 routes last-month', 'up to 1,000 rows'),
      run('export daily 2026-11-01..2026-11-20', 'exact numbers, one header row, UTF-8'),
      run('export status 7d client:"Acme CRM"', 'filters hold'),
      run('export history crm', 'twelve months by pool'),
      say('Rankings begin name, requests, share_percent, ok, failed. The file is the answer that you see, in full.'),
    ],
  },
  {
    name: 'licensing',
    title: 'Flex licensing',
    words: [
      'flex',
      'flex licensing',
      'licences',
      'licenses',
      'licence',
      'license',
      'seats',
      'grants',
      'add-on',
      'plan',
    ],
    lines: [
      run('licences', 'what was bought: quantity × calls each, and the sum'),
      say('The bundle of the licences is drawn first, month by month; it starts again on the first day.'),
      say('When it is empty, calls draw from the dedicated bundle, which keeps its balance until it expires.'),
      say('For example 10 × 5,000 + 10 × 5,000 = 100,000 a month; 125,000 used take 25,000 from the dedicated bundle.'),
      run('pool', 'which pool is now drawn from, and what the rest holds'),
      run('pool if users=25', 'what more seats would give'),
      run('history', 'twelve months by the pool that paid'),
    ],
  },
  {
    name: 'troubleshooting',
    title: 'Troubleshooting',
    words: ['trouble', 'errors', 'problems', 'debug', 'wrong', 'failures', 'fix'],
    lines: [
      run('status yesterday', 'many 400: malformed calls. 429: over the rate. 5xx: the API itself'),
      run('who is getting 429s', 'spread their calls, back off, cache'),
      run('top routes status:5xx', 'the routes behind server errors'),
      run('why "Acme CRM"', 'a diagnosis of one client, with its evidence'),
      run('top clients 24h sort requests', 'far too many calls: look for polling'),
      run('sources', 'numbers too low: is a sender silent, or a rule leaving calls out?'),
      run('explain', 'a day looks wrong: which zone, which rules, data as of when'),
      run('debug', 'what is wrong with this installation, and how to fix it'),
      run('audit', 'who changed what, newest first (admins)'),
    ],
  },
  {
    name: 'faq',
    title: 'Questions often asked',
    words: ['questions', 'faqs', 'why'],
    lines: [
      say('Why is today missing? Ranges of days end yesterday; ask for today, 24h or 3h to see it, marked partial.'),
      say('Why do dates differ from mine? Days are those of the report zone; your local time stands beside it.'),
      say(
        'Why did a number of last week change? Late events count in the hour they happened; the next digest says so.',
      ),
      say('What is (other)? Names beyond the daily cap; totals stay exact. (none): the sender gave no value.'),
      say('What happens at 100%? Nothing is blocked. What no pool covers is shown as overage.'),
      say('Who can see answers? The channel, unless you add private. Guests and outside members see none.'),
      run('what failed yesterday', 'questions in a sentence work for the usual ones'),
      run('help troubleshooting', 'when something looks wrong'),
    ],
  },
];

/** The topic of a name or of a word for it, in any case. */
export function findTopic(text: string): HelpTopic | undefined {
  const word = text.trim().toLowerCase().replace(/\s+/g, ' ');
  return (
    HELP_TOPICS.find(({ name }) => name === word) ??
    HELP_TOPICS.find(({ title, words }) => title.toLowerCase() === word || words.includes(word))
  );
}

/** Names of the topics that a text was probably meant to ask for, nearest first. */
export function suggestTopics(text: string): string[] {
  const words = HELP_TOPICS.flatMap(({ name, words: others }) => [name, ...others]);
  return [...new Set(listNearest(text.trim(), words).map((word) => findTopic(word)!.name))];
}
