import { describe, expect, test } from 'vitest';
import type { Question } from '../../../src/domain/report.ts';
import { QuestionError } from '../../../src/errors.ts';
import { EXAMPLES } from '../../../src/playground/cast.ts';
import { formatQuestion } from '../../../src/slack/command/format-question.ts';
import { fillLine, findHelpDays } from '../../../src/slack/command/help.ts';
import { HELP_TOPICS } from '../../../src/slack/command/help-topics.ts';
import { createKnownNames } from '../../../src/slack/command/names.ts';
import { parseCommand } from '../../../src/slack/command/parse-command.ts';

/** Who and what calls here. */
const NAMES = createKnownNames([
  ...['Acme', 'Acme CRM', 'Beta', 'Warehouse Export', 'Gamma', 'GAMMA', 'Total'].map((name) => ({
    key: 'client' as const,
    name,
    value: name,
  })),
  { key: 'client', name: 'crm-web', value: 'Acme CRM' },
  { key: 'scope', name: 'crm', value: 'crm' },
  { key: 'scope', name: 'Public API', value: 'public' },
  { key: 'user', name: 'ana', value: 'ana' },
  { key: 'module', name: 'delta', value: 'delta' },
  { key: 'user', name: 'delta', value: 'delta' },
  { key: 'version', name: 'v1', value: 'v1' },
  ...['erp-stock', 'erp-orders', 'erp-bills'].map((name) => ({ key: 'module' as const, name, value: name })),
  { key: 'client', name: 'ERP Connector', value: 'c7' },
  { key: 'client', name: 'Globex CRM', value: 'c8' },
  { key: 'user', name: 'globex', value: 'globex' },
]);

/** The question that a text asks, as the canonical command. */
function asked(text: string): string {
  const command = parseCommand(text, NAMES);
  if (command.kind !== 'question') throw new Error(`${text} is ${command.kind}`);
  return formatQuestion(command.question);
}

function question(text: string): Question {
  const command = parseCommand(text, NAMES);
  if (command.kind !== 'question') throw new Error(`${text} is ${command.kind}`);
  return command.question;
}

function refusal(text: string): QuestionError {
  try {
    parseCommand(text, NAMES);
  } catch (error) {
    if (error instanceof QuestionError) return error;
    throw error;
  }
  throw new Error(`${text} was understood`);
}

describe('reports', () => {
  test.each([
    ['', 'summary'],
    ['  ', 'summary'],
    ['summary', 'summary'],
    ['top', 'top clients'],
    ['TOP Clients', 'top clients'],
    ['top clients 7d', 'top clients 7d'],
    ['top routes', 'top routes'],
    ['top users', 'top users'],
    ['top ips', 'top ips'],
    ['top modules', 'top modules'],
    ['top methods', 'top methods'],
    ['top functions', 'top functions'],
    ['top versions', 'top versions'],
    ['top kinds', 'top kinds'],
    ['top initiators', 'top initiators'],
    ['top sources', 'top sources'],
    ['top scopes', 'top scopes'],
    ['top 10 routes', 'top 10 routes'],
    ['top routes 10', 'top 10 routes'],
    ['top 10', 'top 10 clients'],
    ['top 1000 clients', 'top 1000 clients'],
    ['top all clients', 'top 1000 clients'],
    ['status', 'status'],
    ['status 30d', 'status 30d'],
    ['status 429 yesterday', 'status yesterday status:429'],
    ['pool', 'pool'],
    ['pool crm', 'pool crm'],
    ['pool crm 2026-11-05', 'pool crm 2026-11-05'],
    ['pool last month', 'pool last-month'],
    ['pool crm since monday', 'pool crm since-monday'],
    ['pool scope:crm', 'pool crm'],
    ['pool for crm', 'pool crm'],
    ['daily', 'daily'],
    ['daily 30d module:erp', 'daily 30d module:erp'],
    ['day', 'day'],
    ['day yesterday', 'day yesterday'],
    ['day 2026-11-05', 'day 2026-11-05'],
    ['history', 'history'],
    ['history crm', 'history crm'],
    ['history Public API', 'history "public"'],
    ['pool crm public', 'pool crm share'],
    ['history crm 2026-03', 'history crm 2026-03'],
    ['history until march', 'history march'],
    ['history 12 months', 'history'],
    ['client Acme', 'client Acme'],
    ['client Acme CRM last week', 'client "Acme CRM" last-week'],
    ['client "Acme CRM" 7d', 'client "Acme CRM" 7d'],
    ['client last week Acme CRM', 'client "Acme CRM" last-week'],
    ['client Table Makers Ltd 30d private', 'client "Table Makers Ltd" 30d private'],
    ['client "7d"', 'client "7d"'],
    ['client', 'top clients'],
    ['client 7d', 'top clients 7d'],
    ['route /v1/orders/{id}', 'route /v1/orders/{id}'],
    ['route /v1/orders/* 30d status:5xx', 'route /v1/orders/* 30d status:5xx'],
    ['route', 'top routes'],
    ['licences', 'licences'],
    ['sources', 'sources'],
    ['explain', 'explain'],
    ['explain crm', 'explain crm'],
    ['why Acme CRM', 'why "Acme CRM"'],
    ['advice', 'advice'],
    ['latency', 'latency'],
    ['unusual', 'unusual 24h'],
    ['unusual 30d client:Acme', 'unusual 30d client:Acme'],
    ['latency routes 7d', 'latency routes 7d'],
    ['latency 10 modules yesterday sort p99', 'latency modules yesterday limit 10 sort p99 desc'],
    ['latency daily client:Acme', 'latency daily client:Acme'],
    ['latency per hour today', 'latency daily today'],
    ['slowest routes yesterday', 'latency routes yesterday'],
    ['p95 of /v1/orders', 'latency route:/v1/orders'],
    ['events', 'events'],
    ['events 50 status:5xx today', 'events today status:5xx limit 50'],
    ['events client:Acme share', 'events client:Acme share'],
    ['show me top clients please', 'top clients'],
    ['/usage top clients', 'top clients'],
  ])('“%s” is %s', (text, expected) => {
    expect(asked(text)).toBe(expected);
  });

  test.each([
    ['clients', 'top clients'],
    ['urls', 'top routes'],
    ['endpoints 30d', 'top routes 30d'],
    ['apps', 'top clients'],
    ['applications', 'top clients'],
    ['users', 'top users'],
    ['connectors', 'top modules'],
    ['errors', 'status'],
    ['failures yesterday', 'status yesterday'],
    ['balance', 'pool'],
    ['credits', 'pool'],
    ['pools', 'pool'],
    ['scopes', 'summary'],
    ['licenses', 'licences'],
    ['trend 90d', 'daily 90d'],
    ['hourly', 'day'],
    ['7d', 'daily 7d'],
    ['yesterday', 'day yesterday'],
    ['last week', 'daily last-week'],
    ['client:Acme', 'top routes client:Acme'],
    ['status:429 7d', 'top clients 7d status:429'],
  ])('people type “%s” for %s', (text, expected) => {
    expect(asked(text)).toBe(expected);
  });
});

describe('options', () => {
  test.each([
    ['top clients by credits', 'top clients by credits'],
    ['top users by cost 7d', 'top users 7d by credits'],
    ['top clients sort failed', 'top clients sort failed desc'],
    ['top clients sort by name', 'top clients sort name asc'],
    ['top clients sort -ok', 'top clients sort ok desc'],
    ['top clients as table', 'top clients as table'],
    ['top clients doughnut', 'top clients as doughnut'],
    ['top clients private', 'top clients private'],
    ['top clients --private', 'top clients private'],
    ['top clients share', 'top clients share'],
    ['top clients skip 5', 'top clients skip 5'],
    ['top clients limit 5 oct', 'top 5 clients october'],
    ['top 5 clients in october', 'top 5 clients october'],
    ['top clients, 7d', 'top clients 7d'],
    ['top clients from nov 5 to nov 12', 'top clients nov-5..nov-12'],
    ['pool crm if users=25', 'pool crm if users=25'],
    ['pool if users=25, robots=3', 'pool if users=25 if robots=3'],
    ['pool crm if Automation Developer = 12 private', 'pool crm if "Automation Developer"=12 private'],
    ['top 10 routes last month for Acme CRM', 'top 10 routes last-month client:"Acme CRM"'],
    ['top clients for /v1/orders', 'top clients route:/v1/orders'],
  ])('“%s” is %s', (text, expected) => {
    expect(asked(text)).toBe(expected);
  });
});

describe('filters', () => {
  test.each([
    ['client:"Acme CRM"', 'client:"Acme CRM"'],
    ['client:“Acme CRM”', 'client:"Acme CRM"'],
    ['client:„Acme CRM“', 'client:"Acme CRM"'],
    ["client:'Acme CRM'", 'client:"Acme CRM"'],
    ["client:O'Brien", `client:"O'Brien"`],
    ['Client:Acme', 'client:Acme'],
    ['client: Acme', 'client:Acme'],
    ['client=Acme', 'client:Acme'],
    ['app:Acme', 'client:Acme'],
    ['url:/v1/*', 'route:/v1/*'],
    ['endpoint:/v1/x:y', 'route:"/v1/x:y"'],
    ['ip:::1', 'ip:"::1"'],
    ['client:A client:B', 'client:A client:B'],
    ['client:A,B', 'client:A client:B'],
    ['client:"A","B C"', 'client:A client:"B C"'],
    ['client:A client:A', 'client:A'],
    ['not client:A', 'not client:A'],
    ['-client:A', 'not client:A'],
    ['not client:A not client:B client:C', 'not client:A not client:B client:C'],
    ['status:429', 'status:429'],
    ['status:4XX', 'status:4xx'],
    ['status:4*', 'status:4xx'],
    ['status:failed', 'status:4xx status:5xx'],
    ['status:none', 'status:(none)'],
    ['4xx', 'status:4xx'],
    ['500s', 'status:500'],
    ['user:"&lt;!channel&gt;"', 'user:"&lt;!channel&gt;"'],
    ['client:"a \\"b\\" \\\\ c"', 'client:"a \\"b\\" \\\\ c"'],
  ])('%s', (filter, expected) => {
    expect(asked(`top kinds ${filter}`)).toBe(`top kinds ${expected}`);
  });

  test('the same key is one filter, its negation another', () => {
    expect(question('top routes client:A not client:B client:C not client:D').filters).toEqual([
      { key: 'client', patterns: ['A', 'C'], not: false },
      { key: 'client', patterns: ['B', 'D'], not: true },
    ]);
  });
});

describe('Slack escapes are undone', () => {
  test.each([
    ['client Ben &amp; Jerry', 'Ben & Jerry'],
    ['client "a &lt;b&gt;"', 'a <b>'],
    ['client <https://api.example.com/v1|api.example.com/v1>', 'api.example.com/v1'],
    ['client <https://api.example.com/v1>', 'https://api.example.com/v1'],
    ['client <mailto:a@b.example|a@b.example>', 'a@b.example'],
    ['client <@U012AB|maria>', '@maria'],
    ['client <#C012AB|ops>', '#ops'],
    ['client &amp;lt;', '&lt;'],
  ])('%s', (text, name) => {
    expect(question(text).name).toBe(name);
  });
});

describe('questions in a sentence', () => {
  test.each([
    ['how many calls did Acme make last week', 'client Acme last-week'],
    ['How many calls did Acme CRM make last week?', 'client "Acme CRM" last-week'],
    ['how many calls yesterday', 'day yesterday'],
    ['how many requests in october', 'daily october'],
    ['how many clients do we have', 'daily clients'],
    ['how many clients are active today', 'day clients today'],
    ['how many clients called this week', 'daily clients this-week'],
    ['how many users does Acme have', 'daily users client:Acme'],
    ['how many calls per client today', 'top clients today'],
    ['is anything unusual', 'unusual 24h'],
    ['any spikes last week?', 'unusual last-week'],
    ['any new errors', 'status vs previous'],
    ['are there any new kinds of errors this week', 'status this-week vs previous'],
    ['where do the 404s come from', 'top clients status:404'],
    ['average response time last week', 'latency last-week sort p50 desc'],
    ['how much credit did team:Sales burn in q3', 'top clients q3 team:Sales by credits'],
    ['which integrations are idle', 'top gone clients'],
    ['are there new failures today', 'status today vs previous'],
    ['when did Acme last call', 'events client:Acme limit 1'],
    ["what's going on", 'summary'],
    ['show the last failed call', 'events status:4xx status:5xx limit 1'],
    ['last error of Acme CRM', 'events status:4xx status:5xx client:"Acme CRM" limit 1'],
    ['which ip addresses does Acme use', 'top ips client:Acme'],
    ['is ana still active', 'day today user:ana'],
    ['how many requests are we allowed per minute', 'summary per-minute'],
    ['POST vs GET', 'top methods method:POST method:GET'],
    ['worst client', 'top clients status:4xx status:5xx'],
    ['most common error', 'status'],
    ['how many credits per call', 'explain'],
    ['is Acme back to normal', 'client Acme'],
    ["what's our usage", 'summary'],
    ['how do we compare to last month', 'daily vs last-month'],
    ["any 500's since midnight", 'status today since 00:00 status:500'],
    ['since 9 this morning', 'day today since 09:00'],
    ['past 90 mins by status', 'status 90m'],
    ['the day before yesterday', 'day 2-days-ago'],
    ['which weekday is busiest', 'daily'],
    ['hourly breakdown for yesterday', 'day yesterday'],
    ['is everything ok', 'summary'],
    ['did anything break last week', 'status last-week'],
    ['when will the crm credits run out', 'forecast crm'],
    ['what did we spend last month', 'top clients last-month by credits'],
    ['busiest hour of the day', 'day'],
    ['will we make it to the end of the month', 'forecast'],
    ['are we going to exceed our daily limit today', 'forecast'],
    ['is Acme still failing', 'client Acme today'],
    ['who is getting 429s', 'top clients status:429'],
    ['who is failing today', 'top clients today status:4xx status:5xx'],
    ['who calls the most', 'top clients'],
    ['who calls /v1/orders', 'top clients route:/v1/orders'],
    ['which users call /v1/orders', 'top users route:/v1/orders'],
    ['which routes does Acme CRM use', 'top routes client:"Acme CRM"'],
    ['which clients cost the most last month', 'top clients last-month by credits'],
    ['what are the top 20 routes this month', 'top 20 routes this-month'],
    ['when do we run out', 'forecast'],
    ['when does crm run out?', 'forecast crm'],
    ['how much is left', 'pool'],
    ['how much is left in crm', 'pool crm'],
    ['what is left', 'pool'],
    ["what's left?", 'pool'],
    ['how much headroom do we have', 'pool'],
    ['are we over the limit', 'pool'],
    ['what failed yesterday', 'top routes yesterday status:4xx status:5xx'],
    ['is anything failing', 'status'],
    ['are there any errors today?', 'status today'],
    ['is Acme failing', 'client Acme'],
    ['why is Acme CRM failing', 'why "Acme CRM"'],
    ['what happened yesterday', 'day yesterday'],
    ['how are we doing', 'summary'],
    ['what should we do', 'advice'],
    ['how slow was Acme CRM', 'latency client:"Acme CRM"'],
    ['how slow was Acme yesterday', 'latency yesterday client:Acme'],
    ['which client is slowest', 'latency clients'],
    ['p95 latency', 'latency'],
    ['slowest endpoints', 'latency routes'],
    ['fastest routes', 'latency routes sort p95 asc'],
    ['how long do calls take', 'latency'],
    ['how long does /v1/orders take', 'latency route:/v1/orders'],
    ['response times by module', 'latency modules'],
    ['latency over time', 'latency daily'],
    ['raw events of Acme today', 'events today client:Acme'],
    ['single calls with 500 yesterday', 'events yesterday status:500'],
    ['could you tell me how many calls Acme made yesterday', 'client Acme yesterday'],
    ['I want to know who uses the most', 'top clients'],
    ['give me the top 5 endpoints for last month please', 'top 5 routes last-month'],
    ['hey, who is getting 429s?', 'top clients status:429'],
    ['who is hammering the api', 'top clients'],
    ['who is being throttled', 'top clients status:429'],
    ['who uses the crm pool', 'top clients scope:crm'],
    ['what did user ana do yesterday', 'day yesterday user:ana'],
    ['how many POST calls did Acme make', 'client Acme method:POST'],
    ['what does acme crm cost', 'top clients client:"Acme CRM" by credits'],
    ['show me the failing calls of warehouse export', 'status client:"Warehouse Export"'],
    ["show me warehouse export's calls yesterday", 'events yesterday client:"Warehouse Export"'],
    ['show me the latest calls', 'events'],
    ['recent requests of Acme', 'events client:Acme'],
    ['the last 50 calls', 'events limit 50'],
    ['last 50 calls of Acme', 'events client:Acme limit 50'],
    ['newest 3 failed requests yesterday', 'events yesterday status:4xx status:5xx limit 3'],
    ['the last 5 errors', 'events status:4xx status:5xx limit 5'],
    ['why is acme crm slow', 'latency client:"Acme CRM"'],
    ['how many calls of warehouse export', 'client "Warehouse Export"'],
    ['how many distinct users', 'daily users'],
    ['which clients use v1', 'top clients version:v1'],
    ['will we run out before the reset?', 'forecast'],
    ['forecast', 'forecast'],
    ['who used the most this month', 'top clients this-month'],
    ['how is public api doing', 'pool "public"'],
    ['history of the public api', 'history "public"'],
    ['credits used by acme crm', 'top clients client:"Acme CRM" by credits'],
    ['top routes except acme crm', 'top routes not client:"Acme CRM"'],
    ['what is failing right now', 'top routes today status:4xx status:5xx'],
    ['acme crm', 'client "Acme CRM"'],
    ['acme errors', 'client Acme'],
    ['crm pool', 'pool crm'],
    ['user j.mendes@example.com 7d', 'top clients 7d user:j.mendes@example.com'],
    ['module crm-sales', 'top clients module:crm-sales'],
    ['how many calls from 10.0.0.1', 'daily ip:10.0.0.1'],
    ['how many 429s did Acme get last week', 'daily last-week status:429 client:Acme'],
    ['how many errors did we have yesterday', 'day yesterday status:4xx status:5xx'],
    ['p99 for acme crm last week', 'latency last-week client:"Acme CRM" sort p99 desc'],
    ['are all sources sending data', 'sources'],
    ['when did we last receive data', 'sources'],
    ['how fresh is the data', 'sources'],
    ['clients sorted by failures', 'top clients sort failed desc'],
    ['which client is responsible for most failures this week', 'top clients this-week status:4xx status:5xx'],
    ['is traffic higher than usual this week', 'unusual this-week'],
    ['Hi team, I was wondering if you could show me the top users', 'top users'],
    ['what is the error rate', 'status'],
    ['what is wrong with Acme', 'why Acme'],
    ['why so many 429s', 'status status:429'],
    ['how much do we have left this month', 'pool'],
    ['how much was left in crm last month', 'pool crm last-month'],
    ['will we run out this month', 'forecast'],
    ['how fast are we burning', 'forecast'],
    ['when does the crm pool reset', 'pool crm'],
    ['how is the crm pool doing', 'pool crm'],
    ['how many licences do we have', 'licences'],
    ['what was the busiest hour yesterday', 'day yesterday'],
    ['which day was the busiest last month', 'daily last-month'],
    ['where do the numbers come from', 'explain'],
    ['compare', 'daily vs previous'],
    ['compare yesterday', 'day yesterday vs previous'],
    ['top clients 7d vs last week', 'top clients 7d vs last-week'],
    ['top routes vs sort change', 'top routes vs previous sort change desc'],
    ['vs', 'summary vs previous'],
    ['status vs 2025 private', 'status vs 2025 private'],
    ['client Acme vs last month', 'client Acme vs last-month'],
    ['compare this week with last week', 'daily this-week vs last-week'],
    ['compare last week with the week before', 'daily last-week vs week-before'],
    ['this month against last month', 'daily this-month vs last-month'],
    ['did 429s go down since monday', 'daily since-monday vs previous status:429'],
    ['did the error rate go up this week', 'status this-week vs previous'],
    ['is Acme using more than last week', 'client Acme vs last-week'],
    ['who used most this month, against last month', 'top clients this-month vs last-month sort requests desc'],
    ['which clients dropped this week', 'top clients this-week vs previous sort change asc'],
    ['why did it rise', 'top clients vs previous sort change desc'],
    ['this month vs last', 'daily this-month vs last-month'],
    ['top routes this week vs last 7d', 'top routes this-week vs 7d'],
    ['is it better since tuesday', 'daily since-tuesday vs previous'],
    ['did the fix help since yesterday 14:00', 'status since yesterday 14:00 vs previous'],
    ['did the deploy at 14:00 help Acme', 'status since today 14:00 vs previous client:Acme'],
    ['is latency better since the rollback on tuesday', 'latency since-tuesday vs previous'],
    ['which client is new', 'top new clients'],
    ['any new clients this week?', 'top new clients this-week'],
    ['who is gone', 'top gone clients'],
    ['what stopped', 'top gone clients'],
    ['which routes are new since monday', 'top new routes since-monday'],
    ['which clients are new or gone', 'top clients vs previous'],
    ['which sources are silent', 'sources'],
    ['top 10 new users 30d', 'top 10 new users 30d'],
    ['users over time', 'daily users'],
    ['how many distinct clients per day last month', 'daily clients last-month'],
    ['users per hour yesterday', 'day users yesterday'],
    ['routes by month', 'daily routes 12-months'],
    ['daily users 30d client:Acme', 'daily users 30d client:Acme'],
    ['client Acme history', 'daily 12-months client:Acme'],
    ['month end forecast', 'daily this-month'],
    ['how many calls by the end of the month', 'daily this-month'],
    ['will we run out by the end of the month', 'forecast'],
    ['is traffic higher than usual', 'unusual 24h'],
    ['are calls slower than yesterday', 'latency vs yesterday'],
    ['did latency go up since monday', 'latency since-monday vs previous'],
    ['top teams', 'top teams'],
    ['departments by credits 30d', 'top teams 30d by credits'],
    ['team Sales', 'top clients team:Sales'],
    ['who used most not team:"Field Ops"', 'top clients not team:"Field Ops"'],
    ['cost of Acme by team', 'top teams client:Acme by credits'],
    ['what does Acme cost', 'top clients client:Acme by credits'],
    ['compare "Acme CRM" and Beta', 'top clients client:"Acme CRM" client:Beta'],
  ])('“%s” is %s', (text, expected) => {
    expect(asked(text)).toBe(expected);
  });
});

describe('phrases that are no commands', () => {
  test.each([
    ['errors by client', 'top clients status:4xx status:5xx'],
    ['429s by client', 'top clients status:429'],
    ['429 by client', 'top clients status:429'],
    ['5xx by route', 'top routes status:5xx'],
    ['calls per day', 'daily'],
    ['calls per hour yesterday', 'day yesterday'],
    ['calls per hour this week', 'day this-week'],
    ['how many requests per minute are we doing', 'summary per-minute'],
    ['peak minute today', 'summary per-minute'],
    ['requests per minute now', 'summary per-minute'],
    ['quietest day of november', 'daily quietest november'],
    ['quietest hour yesterday', 'day quietest yesterday'],
    ['lowest day last month', 'daily quietest last-month'],
    ['which weekday is quietest', 'daily quietest'],
    ['did Acme CRM stop sending?', 'events stopped client:"Acme CRM" limit 1'],
    ['has Acme CRM stopped', 'events stopped client:"Acme CRM" limit 1'],
    ['when did Acme CRM stop calling', 'events stopped client:"Acme CRM" limit 1'],
    ['is Acme CRM down right now?', 'events stopped client:"Acme CRM" limit 1'],
    ['is Acme CRM still sending', 'events sending client:"Acme CRM" limit 1'],
    ['is Acme CRM still active', 'events sending client:"Acme CRM" limit 1'],
    ['is Acme CRM up?', 'events sending client:"Acme CRM" limit 1'],
    ['did Acme CRM stop sending yesterday', 'events yesterday client:"Acme CRM" limit 1'],
    ['show me 20 calls of Acme CRM that failed', 'events status:4xx status:5xx client:"Acme CRM" limit 20'],
    ['show me 20 failed calls', 'events status:4xx status:5xx limit 20'],
    ['429 calls of Acme CRM', 'client "Acme CRM" status:429'],
    ['errors of Warehouse Export, please', 'status client:"Warehouse Export"'],
    ['for Warehouse Export, errors yesterday', 'client "Warehouse Export" yesterday'],
    [
      'who used least credits this month vs last month',
      'top clients this-month vs last-month by credits sort credits asc',
    ],
    ['rate limit hits today', 'status today status:429'],
    ['peak hour last 7 days', 'day 7d'],
    ['calls per month', 'daily 12-months'],
    ['are we going to exceed the plan this month', 'forecast'],
    ['usage by module last week', 'top modules last-week'],
    ['usage yesterday', 'day yesterday'],
    ['usage last month', 'daily last-month'],
    ['usage of Acme', 'client Acme'],
    ['number of calls yesterday', 'day yesterday'],
    ['total requests last month', 'daily last-month'],
    ['clients getting 500s', 'top clients status:500'],
    ['clients with 429', 'top clients status:429'],
    ['most active clients', 'top clients'],
    ['least used endpoints', 'top routes sort requests asc'],
    ['errors on /v2/queues', 'status route:/v2/queues'],
    ['/v2/queues yesterday', 'route /v2/queues yesterday'],
    ['calls by user ana', 'daily user:ana'],
    ['calls from 198.51.100.1', 'daily ip:198.51.100.1'],
    ['GET calls', 'daily method:GET'],
    ['error rate', 'status'],
    ['success rate last week', 'status last-week'],
    ['status code 429', 'status status:429'],
    ['429', 'top clients status:429'],
    ['429 last week', 'top clients last-week status:429'],
    ['429s over time', 'daily status:429'],
    ['peak hour yesterday', 'day yesterday'],
  ])('“%s” is %s', (text, expected) => {
    expect(asked(text)).toBe(expected);
  });

  test.each([
    ['thanks', { kind: 'help' }],
    ['help me', { kind: 'help' }],
    ['what can you do?', { kind: 'help' }],
    ['how do I set up a digest', { kind: 'help', topic: 'digests' }],
    ['how can I mute alerts', { kind: 'help', topic: 'alerts' }],
    ['max calls per minute today', { kind: 'question', question: { report: 'summary', focus: 'per-minute' } }],
    ['what does 429 mean', { kind: 'help', topic: 'troubleshooting' }],
    ['is the bot working', { kind: 'debug' }],
    ['are there any alerts', { kind: 'alerts', action: 'list' }],
    ['which digests are there', { kind: 'digest', action: 'list' }],
    ['who can see this', { kind: 'settings' }],
    ['csv of top clients', { kind: 'export', question: { report: 'top', dimension: 'client' } }],
  ])('“%s”', (text, expected) => {
    expect(parseCommand(text)).toEqual(expected);
  });
});

describe('commands that are no questions', () => {
  test.each([
    ['help', { kind: 'help' }],
    ['?', { kind: 'help' }],
    ['help Getting started', { kind: 'help', topic: 'start' }],
    ['help digest', { kind: 'help', topic: 'digests' }],
    ['help flex licensing', { kind: 'help', topic: 'licensing' }],
    ['debug', { kind: 'debug' }],
    ['filters', { kind: 'filters' }],
    ['reset', { kind: 'reset' }],
    ['settings', { kind: 'settings' }],
    ['export top clients 30d', { kind: 'export', question: { report: 'top', dimension: 'client', range: '30d' } }],
    ['csv history crm', { kind: 'export', question: { report: 'history', scope: 'crm' } }],
    ['views', { kind: 'views' }],
    [
      'save failures status 7d',
      { kind: 'save', name: 'failures', question: { report: 'status', range: '7d' }, owner: 'user' },
    ],
    ['save failures', { kind: 'save', name: 'failures', owner: 'user' }],
    [
      'save "my view" for channel pool',
      { kind: 'save', name: 'my view', question: { report: 'pool' }, owner: 'channel' },
    ],
    ['open failures', { kind: 'open', name: 'failures' }],
    ['open my view last week private', { kind: 'open', name: 'my view', range: 'last-week', private: true }],
    ['open "last week"', { kind: 'open', name: 'last week' }],
    ['unsave my view', { kind: 'unsave', name: 'my view' }],
    ['pool edit', { kind: 'pools', action: 'edit' }],
    ['pools edit crm', { kind: 'pools', action: 'edit', scope: 'crm' }],
    ['digest', { kind: 'digest', action: 'list' }],
    ['digest add', { kind: 'digest', action: 'add' }],
    ['digest add daily 09:00 Europe/Berlin', { kind: 'digest', action: 'add', schedule: 'daily 09:00 Europe/Berlin' }],
    ['digest weekdays 9am', { kind: 'digest', action: 'add', schedule: 'weekdays 9am' }],
    ['subscribe monthly last 17:00', { kind: 'digest', action: 'add', schedule: 'monthly last 17:00' }],
    [
      'digest add <#C012AB|ops> weekly mon 09:00',
      { kind: 'digest', action: 'add', schedule: 'weekly mon 09:00', channel: { name: 'ops', id: 'C012AB' } },
    ],
    ['digest edit 7', { kind: 'digest', action: 'edit', id: 7 }],
    ['digest edit 7 weekdays 10:00', { kind: 'digest', action: 'edit', id: 7, schedule: 'weekdays 10:00' }],
    ['digest edit weekdays 10:00', { kind: 'digest', action: 'edit', schedule: 'weekdays 10:00' }],
    ['digest pause', { kind: 'digest', action: 'pause' }],
    ['digest pause 7 until monday', { kind: 'digest', action: 'pause', id: 7, until: 'monday' }],
    ['digest 7 pause', { kind: 'digest', action: 'pause', id: 7 }],
    ['digest resume #7', { kind: 'digest', action: 'resume', id: 7 }],
    ['digest remove 7', { kind: 'digest', action: 'remove', id: 7 }],
    ['digest preview', { kind: 'digest', action: 'preview' }],
    ['digest send 7', { kind: 'digest', action: 'send', id: 7 }],
    ['digest send now', { kind: 'digest', action: 'send' }],
    ['digest history', { kind: 'digest', action: 'history' }],
    ['alerts', { kind: 'alerts', action: 'list' }],
    ['alert test', { kind: 'alerts', action: 'test' }],
    [
      'alerts add failures &gt; 500 per hour',
      { kind: 'alerts', action: 'add', view: 'failures', over: 500, per: 'hour' },
    ],
    [
      'alerts add "Acme fails" over 10,000 a day',
      { kind: 'alerts', action: 'add', view: 'Acme fails', over: 10_000, per: 'day' },
    ],
    ['alerts remove 3', { kind: 'alerts', action: 'remove', what: '3' }],
    ['alerts on forecast', { kind: 'alerts', action: 'enable', what: 'forecast' }],
    ['alerts off new clients', { kind: 'alerts', action: 'disable', what: 'new clients' }],
    ['alerts mute', { kind: 'alerts', action: 'mute' }],
    ['alerts mute crm two hours', { kind: 'alerts', action: 'mute', what: 'crm', until: 'two hours' }],
    ['alerts mute until 29 feb', { kind: 'alerts', action: 'mute', until: '29 feb' }],
    ['digest pause 7 until 29 feb', { kind: 'digest', action: 'pause', id: 7, until: '29 feb' }],
    ['alerts mute 2h', { kind: 'alerts', action: 'mute', until: '2h' }],
    ['alerts mute crm until monday 09:00', { kind: 'alerts', action: 'mute', what: 'crm', until: 'monday 09:00' }],
    ['alerts mute "Daily credits" 3d', { kind: 'alerts', action: 'mute', what: 'Daily credits', until: '3d' }],
    ['alerts unmute crm', { kind: 'alerts', action: 'unmute', what: 'crm' }],
    ['alerts route <#C012AB|ops>', { kind: 'alerts', action: 'route', channel: { name: 'ops', id: 'C012AB' } }],
    ['alerts route #ops', { kind: 'alerts', action: 'route', channel: { name: 'ops' } }],
    ['alerts route here', { kind: 'alerts', action: 'route', to: 'here' }],
    ['alerts route to admins', { kind: 'alerts', action: 'route', to: 'admins' }],
    ['alerts route', { kind: 'alerts', action: 'route' }],
    [
      'correct crm -500 2026-11-03 because "counted twice"',
      { kind: 'correct', scope: 'crm', amount: -500_000, on: '2026-11-03', reason: 'counted twice' },
    ],
    ['correct crm +1.5 agreed', { kind: 'correct', scope: 'crm', amount: 1500, reason: 'agreed' }],
  ])('“%s”', (text, expected) => {
    expect(parseCommand(text)).toEqual(expected);
  });
});

describe('wrong or missing words', () => {
  test.each([
    ['tpo clients', /don't know “tpo”/, 'top clients'],
    ['top cleints 7d', /don't know “cleints”/, 'top clients 7d'],
    ['top cleints yesterdya', /don't know “cleints yesterdya”/, 'top clients yesterday'],
    ['staus codes', /don't know “staus”/, 'status codes'],
    ['waht changed yesterday', /don't know “waht”/, 'what changed yesterday'],
    ['whcih endpoint fails most', /don't know “whcih”/, 'which endpoint fails most'],
    ['who is geting 429s', /don't know “geting”/, 'who is getting 429s'],
    ['how meny calls did Acme make', /don't know “meny”/, 'how many calls did Acme make'],
    ['used teh most', /don't know “teh”/, 'used the most'],
    ['errors of warehuose export', /don't know “warehuose export”/, 'errors of "Warehouse Export"'],
    ['top clients lsat-week', /don't know “lsat-week”/, 'top clients last-week'],
    ['history client:Acme', /can't filter them/, 'daily 12-months client:Acme'],
    ['pool status:429', /can't filter them/, 'daily status:429'],
    ['stauts 7d', /don't know “stauts”/, 'status 7d'],
    ['why', /Whose calls/, 'status 7d'],
    ['banana', /don't know “banana”/, 'help'],
    ['top gamma', /may be Gamma or GAMMA/, 'top client:"Gamma"'],
    ['top routes delta', /a user and a module|a module and a user/, 'top routes module:"delta"'],
    ['status sort failed', /can't use “sort failed” here/, 'status'],
    ['licences yesterday', /can't use “yesterday” here/, 'licences'],
    [
      'who used the most this month and why',
      /two questions: who used most, and what made it/,
      'top clients this-month',
    ],
    ['who used most and why', /two questions/, 'top clients'],
    ['forecast for next month', /can't report days ahead/, 'forecast'],
    ['how much headroom do we have until friday', /can't report days ahead/, 'forecast'],
    ['will it last until friday', /can't report days ahead/, 'forecast'],
    ['give me a csv of yesterday by route', /A CSV comes with the answer/, 'top routes yesterday'],
    ['clients with more than 100 requests', /Compared with what/, 'daily vs previous'],
    ['filters banana', /don't know “banana”/, 'help'],
    [
      'how many calls did globex make yesterday with pink hats',
      /the client Globex CRM or the user globex: which do you mean\? I don't know “pink hats”\.$/,
      'how many calls did client:"Globex CRM" make yesterday',
    ],
    ['peak minute yesterday', /can't use “yesterday” here/, 'peak minute'],
    ['quietest day this month vs last month', /can't use “quietest day” here/, 'daily this-month vs last-month'],
    ['errors of globex', /may be the client Globex CRM or the user globex/, 'errors of client:"Globex CRM"'],
    ['how many calls did erp make yesterday', /don't know “erp”/, 'how many calls did "ERP Connector" make yesterday'],
    ['settings foo', /don't know “foo”/, 'help'],
    ['alerts test now', /don't know “now”/, 'alerts test'],
    ['how do I frobnicate a digest', /don't know “frobnicate”/, 'help digests'],
    ['mute alerts for 2 hours', /begins with “alerts”/, 'alerts mute for 2 hours'],
    ['pause digest', /begins with “digest”/, 'digest pause'],
    ['set up a daily digest at 9', /begins with “digest”/, 'digest add daily at 9'],
    ['daily digest at 9am', /begins with “digest”/, 'digest add daily at 9am'],
    ['every monday 9am', /begins with “digest”/, 'digest add every monday 9am'],
    ['what happened last night', /hours of “last night” are not fixed/, 'what happened yesterday 18:00-06:00'],
    ['alert me when crm reaches 80%', /Pools warn at their levels by themselves/, 'alerts add failures > 80 per hour'],
    ['warn me at 90', /begins with “alerts”/, 'alerts'],
    ['did the fix help', /^Since when/, 'status today vs previous'],
    ['did the fix for Acme help', /^Since when/, 'status today vs previous client:Acme'],
    ['how many bytes did we use yesterday', /bytes and records are not reported/, 'top clients yesterday'],
    ['top clients by bytes', /bytes and records are not reported/, 'top clients'],
    ['daily users vs last week', /can't use “vs last week”/, 'daily users'],
    ['events 20000', /single calls has 1 to 10,000/, 'events 10000'],
    ['can we afford 10000 more calls', /don't know “afford 10000”/, 'help'],
    ['how many requests per second', /counts by the minute/, 'summary'],
    ['timeouts yesterday', /can't tell timeouts/, 'status yesterday'],
    ['status daily', /can't use|don't know/, 'daily'],
    ['what if we had 25 users', /names a grant/, 'pool if users=25'],
    ['export banana', /don't know “banana”/, 'help'],
    ['yesterdya', /don't know “yesterdya”/, 'yesterday'],
    ['tpo clients client:"&lt;@U01ALICE&gt;"', /don't know “tpo”/, 'top clients client:"&lt;@U01ALICE&gt;"'],
    ['top banana', /don't know “banana”/, 'top'],
    ['top clients 7d 30d', /two ranges, 7d and 30d/, 'top clients 7d vs 30d'],
    [
      'who used most this month, against last month, and how slow was it',
      /two questions: who used most, and how slow/,
      'top clients this-month vs last-month',
    ],
    ['top 2000 clients', /2000 rows are too many/, 'top 1000 clients'],
    ['top 0 clients', /too few/, 'top 1 clients'],
    ['clent:Acme', /don't know the filter “clent”/, 'client:Acme'],
    ['top clients status:999', /“999” is not a status/, 'top clients status:4xx'],
    ['top clients client:', /has no value/, 'top clients'],
    ['client "Acme', /not closed/, 'client "Acme"'],
    ['top clients sort', /a column/, 'top clients sort failed'],
    ['pool crm if', /a grant and its quantity/, 'pool crm if users=25'],
    ['help digets', /no help topic “digets”/, 'help digests'],
    ['export', /What shall I export/, 'export top clients 30d'],
    ['save', /Under which name/, 'save failures status 7d'],
    ['open', /Which view/, 'views'],
    ['unsave', /Which/, 'views'],
    ['digest ad weekdays 09:00', /cannot/, 'digest add weekdays 09:00'],
    ['digest add weekdays', /no time of day/, 'digest add weekdays 09:00'],
    ['digest add daily 09:00 CET', /not the name of one time zone/, 'digest add daily 09:00 Europe/Berlin'],
    ['digest remove seven', /not the number of a digest/, 'digest'],
    ['alerts mut crm', /“mut crm” for alerts; they can be/, 'alerts mute crm'],
    ['alerts over 75', /names a saved view/, 'alerts add failures > 75 per hour'],
    ['alerts mute until whenever', /until when/, 'alerts mute 2h'],
    ['alerts mute crm yesterday', /“yesterday” is not a time ahead/, 'alerts mute crm 2h'],
    ['alerts mute crm 9999999h', /“9999999h” is not a time ahead/, 'alerts mute crm 2h'],
    ['alerts mute "Daily credits" 2 hours ago', /“2 hours ago” is not a time ahead/, 'alerts mute "Daily credits" 2h'],
    ['alerts mute last monday', /“last monday” is not a time ahead/, 'alerts mute 2h'],
    ['alerts add failures', /names a saved view/, 'alerts add failures > 500 per hour'],
    ['alerts route ops', /not a channel/, 'alerts route #ops'],
    ['correct crm', /A correction names/, 'correct crm -500 2026-11-03 counted twice'],
    ['correct crm -5', /needs a reason/, 'correct crm -5 counted twice'],
  ])('“%s” is told what is wrong, and the nearest that is right', (text, message, nearest) => {
    const error = refusal(text);
    expect(error.message).toMatch(message);
    expect(error.suggestions[0]!.command).toBe(nearest);
    expect(error.suggestions.length).toBeLessThanOrEqual(3);
    for (const { command, label } of error.suggestions) {
      expect(label).not.toBe('');
      expect(() => parseCommand(command, NAMES)).not.toThrow();
    }
  });

  test('a text that is far too long', () => {
    const told = 'That is too long to be a question: I read up to 4,000 characters and 100 words.';
    for (const text of ['a '.repeat(101), ','.repeat(4001), `top clients ${'x'.repeat(4000)}`]) {
      expect(refusal(text).message).toBe(told);
    }
    expect(refusal(','.repeat(4000)).message).not.toBe(told);
    expect(refusal('a '.repeat(100)).message).not.toBe(told);
  });
});

const DAYS = findHelpDays(Date.parse('2026-11-21T10:00:00Z'), 'UTC');

describe('help', () => {
  test.each(HELP_TOPICS.map((topic) => [topic.name, topic] as const))(
    '%s fits and each of its examples runs',
    (_name, topic) => {
      expect(topic.lines.length).toBeLessThanOrEqual(12);
      for (const line of topic.lines) {
        expect(line.text).not.toBe('');
        for (const names of [{ ...DAYS }, { ...DAYS, ...EXAMPLES, view: 'the "big" ones', digest: 7 }]) {
          const { command, runs } = fillLine(line, names);
          if (command !== undefined && runs) expect(() => parseCommand(command), command).not.toThrow();
        }
      }
      for (const word of [topic.name, topic.title]) {
        expect(parseCommand(`help ${word}`)).toEqual({ kind: 'help', topic: topic.name });
      }
    },
  );
});
