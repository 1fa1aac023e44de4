import { readFileSync } from 'node:fs';

/** Sample traffic of the reference systems, the same in every run, with functions that count it in the plain way. */

export const NOW = Date.parse('2026-11-21T10:30:00Z');
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

export interface SampleEvent {
  id: string;
  time: string;
  client: string;
  scope?: string;
  method?: string;
  url?: string;
  route?: string;
  status?: number;
  user?: string;
  ip?: string;
  module?: string;
  api_version?: string;
  function?: string;
  kind?: string;
  initiator?: string;
  count?: number;
}

/** Names of the connector catalogue of UiPath Integration Service. */
export const CONNECTORS = readFileSync(new URL('../fixtures/connectors.txt', import.meta.url), 'utf8')
  .trim()
  .split('\n');

export const POOLS = `
scopes:
  - name: integration-service
    title: Integration Service API calls
    costs: [{ kind: rpa, credits: 0 }]
    pools:
      - name: Bundled licences
        period: month
        priority: 1
        grants:
          - { name: Automation Developer, quantity: 10, each: 5000 }
          - { name: Unattended Robot, quantity: 10, each: 5000 }
      - { name: Annual add-on 2023, period: once, from: 2023-01-01, until: 2023-12-31, priority: 2, base: 3000000 }
      - { name: Annual add-on, period: once, from: 2025-12-01, until: 2026-11-30, priority: 2, base: 3000000 }
  - name: public-api
    title: Public API
    rate_limit_per_minute: 300
    limits: [{ name: Fair use, period: day, base: 1000 }]
  - name: crm
    title: CRM
    costs: [{ kind: integration_task, credits: 2 }]
    pools: [{ name: Monthly credits, period: month, base: 900000 }]
  - name: bigin
    title: Bigin
    match: [{ client: "Bigin*" }]
    links: { addon: "https://example.com/addon", upgrade: "https://example.com/upgrade" }
    pools: [{ name: Daily credits, period: rolling-24h, base: 50000, grants: [{ name: Users, quantity: 10, each: 250 }], max: 100000 }]
  - name: permits
    title: Permits
    rate_limit_per_minute: 60
    links: { addon: "https://example.com/addon", upgrade: "https://example.com/upgrade" }
    pools: [{ name: Plan, period: month, anchor: 15, base: 10000 }]
  - name: carriers
    title: Carriers
    rate_limit_per_minute: 60
    pools: [{ name: Plan, period: month, anchor: 15, base: 10000 }]
exclude: [{ client: "Genesys Cloud for Chrome" }, { client: "Genesys Cloud for Firefox" }, { client: "Genesys Cloud for Salesforce" }, { client: "Genesys Cloud for Zendesk" }, { kind: internal }, { kind: outbound-data-action }]
clients: [{ id: "acme-*", name: Acme CRM, owner: S0123 }, { id: "Beta Sync", name: Beta Sync }, { id: "Orchestrator", name: Orchestrator }, { id: "Zoho *", name: Zoho apps }, { id: "Bigin *", name: Bigin apps }, { id: "portal", name: portal }, { id: "App Foundry *", name: AppFoundry }, { id: "Data Actions", name: Data Actions }, { id: "Embedded Framework", name: Embedded Framework }]
`;

export const EXCLUDED = [
  'Genesys Cloud for Chrome',
  'Genesys Cloud for Firefox',
  'Genesys Cloud for Salesforce',
  'Genesys Cloud for Zendesk',
];

/** One event with a `count` for each earlier month of the year before, and the worked example's October. For `headroom import`. */
export const OLD_EVENTS: SampleEvent[] = [
  ...Array.from({ length: 11 }, (_, month) => ({
    id: `month-${month}`,
    time: new Date(Date.UTC(2025, 11 + month, 15, 12)).toISOString(),
    client: 'Orchestrator',
    scope: 'integration-service',
    status: 200,
    count: 88_000 + month * 3000,
  })),
  ...Array.from({ length: 10 }, (_, part) => ({
    id: `october-${part}`,
    time: new Date(Date.UTC(2023, 9, 3 + ((part * 7) % 10) * 2, 8)).toISOString(),
    client: 'Orchestrator',
    scope: 'integration-service',
    status: 200,
    count: 12_500,
  })),
];

const random = createRandom(20261121);

export const EVENTS: SampleEvent[] = [
  ...listConnectorCalls(),
  ...listPublicCalls(),
  ...listPolls(),
  ...listBurst(),
  ...listCrmCalls(),
  ...listBiginCalls(),
  ...listPlanCalls('permits', 9200),
  ...listPlanCalls('carriers', 900),
  ...listRush(),
];

/** Calls of each connector on 10–20 November, by the three initiators in turn: 103,428 calls and 500 unmetered ones in all. */
function listConnectorCalls(): SampleEvent[] {
  const calls = CONNECTORS.map((module, index) => ({
    id: `connector-${index}`,
    time: new Date(Date.UTC(2026, 10, 10 + (index % 11), 9, index % 60)).toISOString(),
    client: 'Orchestrator',
    scope: 'integration-service',
    status: 200,
    module,
    initiator: ['manual', 'attended', 'unattended'][index % 3]!,
    count: 600 + index,
  }));
  const unmetered = {
    id: 'rpa',
    time: '2026-11-12T12:00:00Z',
    client: 'Orchestrator',
    scope: 'integration-service',
    kind: 'rpa',
    status: 200,
    count: 500,
  };
  return [...calls, unmetered];
}

function listPublicCalls(): SampleEvent[] {
  const clients = [
    'acme-1',
    'acme-2',
    'Beta Sync',
    'App Foundry Dialer',
    'Data Actions',
    'Embedded Framework',
    'unknown-77',
    ...EXCLUDED,
  ];
  const urls = [
    '/v2/users/1048',
    '/v2/conversations/5512/messages',
    '/v2/queues',
    '/v2/analytics/query',
    '/v2/oauth/clients/77',
    '/v2/flows',
    '/v2/routing/skills',
  ];
  return Array.from({ length: 1100 }, (_, index) => {
    const client = pick(clients);
    const broken = client === 'acme-1' && random() < 0.4;
    return {
      id: `public-${index}`,
      time: new Date(Date.UTC(2026, 9, 24) + Math.floor(random() * 28.4 * DAY_MS)).toISOString(),
      client,
      scope: 'public-api',
      method: pick(['GET', 'GET', 'GET', 'POST', 'PUT', 'DELETE']),
      url: broken ? 'https://api.example.com/v2/analytics/query?x=1' : `https://api.example.com${pick(urls)}`,
      status: broken ? 400 : pick([200, 200, 200, 200, 200, 200, 201, 301, 401, 404, 429, 500]),
      user: pick(['ana', 'bo', 'cy', 'dee', 'eli']),
      ip: `198.51.100.${1 + Math.floor(random() * 9)}`,
      ...(index % 40 === 0 ? { kind: index % 80 === 0 ? 'internal' : 'outbound-data-action' } : {}),
    };
  });
}

/** Calls in every minute of three hours of yesterday. */
function listPolls(): SampleEvent[] {
  return Array.from({ length: 180 }, (_, minute) => ({
    id: `poll-${minute}`,
    time: new Date(Date.parse('2026-11-20T13:00:00Z') + minute * MINUTE_MS).toISOString(),
    client: 'Beta Sync',
    scope: 'public-api',
    method: 'GET',
    url: 'https://api.example.com/v2/flows',
    status: 200,
    user: 'bo',
    ip: '198.51.100.3',
  }));
}

/** More calls in one minute of this morning than the rate limit allows. */
function listBurst(): SampleEvent[] {
  return Array.from({ length: 310 }, (_, index) => ({
    id: `burst-${index}`,
    time: new Date(Date.parse('2026-11-21T09:15:00Z') + index * 150).toISOString(),
    client: 'acme-2',
    scope: 'public-api',
    method: 'POST',
    url: 'https://api.example.com/v2/queues',
    status: index < 290 ? 200 : 429,
    user: 'ana',
    ip: '198.51.100.1',
  }));
}

/** 70 calls in the minute before now. The rate limit is 60. */
function listRush(): SampleEvent[] {
  return Array.from({ length: 70 }, (_, index) => ({
    id: `rush-${index}`,
    time: new Date(Date.parse('2026-11-21T10:29:05Z') + index * 500).toISOString(),
    client: 'portal',
    scope: 'carriers',
    status: index < 60 ? 200 : 429,
  }));
}

function listCrmCalls(): SampleEvent[] {
  return Array.from({ length: 700 }, (_, index) => {
    const task = random() < 0.3;
    return {
      id: `crm-${index}`,
      time: new Date(Date.UTC(2026, 9, 24) + Math.floor(random() * 28.4 * DAY_MS)).toISOString(),
      client: pick(['Zoho Flow', 'Zoho Forms', 'Zoho Desk']),
      scope: 'crm',
      method: pick(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD']),
      route: pick(['/crm/v8/Leads', '/crm/v8/Deals/{id}', '/crm/v7/coql']),
      status: pick([200, 200, 200, 204, 400]),
      user: pick(['ana', 'bo', 'cy', 'dee', 'eli']),
      ip: `203.0.113.${1 + Math.floor(random() * 7)}`,
      module: pick(['Leads', 'Contacts', 'Deals', 'Accounts', 'Invoices', 'Tasks', 'Notes']),
      api_version: pick(['v2', 'v7', 'v8']),
      ...(task ? { kind: 'integration_task', function: pick(['lead_sync', 'invoice_push', 'dedupe']) } : {}),
      count: 1 + Math.floor(random() * 4),
    };
  });
}

/** 41,000 calls of four users in the 24 hours before now, and 30,000 calls before that, which are out of the window. */
function listBiginCalls(): SampleEvent[] {
  const calls: [string, string, number][] = [
    ['2026-11-20T01:00:00Z', 'ana', 30_000],
    ['2026-11-20T18:00:00Z', 'ana', 17_000],
    ['2026-11-21T02:00:00Z', 'bo', 12_000],
    ['2026-11-21T06:00:00Z', 'cy', 8000],
    ['2026-11-21T08:00:00Z', 'dee', 4000],
  ];
  return calls.map(([time, user, count], index) => ({
    id: `bigin-${index}`,
    time,
    client: 'Bigin mobile',
    status: 200,
    user,
    module: 'Pipelines',
    count,
  }));
}

/** Calls of a plan whose billing month began on the 15th: `total` since then, and 3,000 in the month before. */
function listPlanCalls(scope: string, total: number): SampleEvent[] {
  const days = Array.from({ length: 7 }, (_, day) => ({
    id: `${scope}-${day}`,
    time: new Date(Date.UTC(2026, 10, 15 + day, 8)).toISOString(),
    client: 'portal',
    scope,
    status: day === 6 ? 429 : 200,
    count: day === 6 ? total - 6 * Math.floor(total / 7) : Math.floor(total / 7),
  }));
  return [
    ...days,
    { id: `${scope}-before`, time: '2026-11-03T08:00:00Z', client: 'portal', scope, status: 200, count: 3000 },
  ];
}

function pick<T>(values: readonly T[]): T {
  return values[Math.floor(random() * values.length)]!;
}

/** mulberry32: the same numbers everywhere. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

type Where = Partial<Record<keyof SampleEvent | 'name', unknown>>;

const KINDS_LEFT_OUT = ['internal', 'outbound-data-action'];

/** Events that count: all but those that the exclusion rules take out. */
export const COUNTED = EVENTS.filter(
  ({ client, kind = 'call' }) => !EXCLUDED.includes(client) && !KINDS_LEFT_OUT.includes(kind),
);

/** Lists the events of these UTC days, first and last included, that have the given values. */
export function between(firstDay: string, lastDay: string, where: Where = {}, events = COUNTED): SampleEvent[] {
  return events.filter(
    (event) =>
      event.time.slice(0, 10) >= firstDay &&
      event.time.slice(0, 10) <= lastDay &&
      Object.entries(where).every(([key, value]) => fieldOf(event, key as keyof Where) === value),
  );
}

/** Lists the events of the seven whole days before now. */
export function lastWeek(where: Where = {}): SampleEvent[] {
  return between('2026-11-14', '2026-11-20', where);
}

export function calls(events: readonly SampleEvent[]): number {
  return events.reduce((sum, { count = 1 }) => sum + count, 0);
}

export function failures(events: readonly SampleEvent[]): number {
  return calls(events.filter(({ status = 0 }) => status >= 400));
}

/** Sums the credits by the cost rules above. */
export function credits(events: readonly SampleEvent[]): number {
  const costs: Record<string, number> = { integration_task: 2, rpa: 0 };
  return events.reduce((sum, { count = 1, kind = 'call' }) => sum + count * (costs[kind] ?? 1), 0);
}

/** Counts calls by the values of a field, the largest first. */
export function ranked(events: readonly SampleEvent[], key: keyof Where, amount = calls): [string, number][] {
  const groups = Map.groupBy(events, (event) => String(fieldOf(event, key) ?? '(none)'));
  return [...groups].map(([name, group]) => [name, amount(group)] as [string, number]).sort((a, b) => b[1] - a[1]);
}

const SHOWN_NAMES: [RegExp, string][] = [
  [/^acme-/, 'Acme CRM'],
  [/^Zoho /, 'Zoho apps'],
  [/^Bigin /, 'Bigin apps'],
  [/^App Foundry /, 'AppFoundry'],
];

/** Returns a field of an event. `name` is the client's shown name; `route` may come from the URL. */
export function fieldOf(event: SampleEvent, key: keyof Where): unknown {
  if (key === 'name') return SHOWN_NAMES.find(([id]) => id.test(event.client))?.[1] ?? event.client;
  if (key === 'kind') return event.kind ?? 'call';
  if (key === 'route' && event.url !== undefined) return new URL(event.url).pathname.replace(/\/\d+(?=\/|$)/g, '/{id}');
  return event[key];
}
