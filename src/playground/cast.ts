import type { ExampleNames } from '../domain/names.ts';
import { DEFAULT_CHANNELS, DEFAULT_USERS } from './emulator/seed.ts';
import type { WorkspaceSeed } from './emulator/types.ts';

/** The clients of the sample traffic: made up, and each with habits of its own. */

export interface CastCall {
  method: string;
  /** Ids are filled in for `#`, and reduced to a route again by the intake. */
  url: string;
  module: string;
  function?: string;
  kind?: string;
  weight?: number;
  /** Statuses besides 200, with their shares. */
  failures?: Readonly<Record<number, number>>;
}

export interface CastClient {
  id: string;
  /** Calls on an ordinary working day. */
  perDay: number;
  /** When it works: people's hours, all day and night, at night, or in the morning in a hurry. */
  habit: 'office' | 'always' | 'night' | 'morning';
  users: readonly string[];
  ips: readonly string[];
  version: string;
  initiator: 'user' | 'robot';
  calls: readonly CastCall[];
  /** Days before the demo's first day since which it exists; absent: for ever. */
  newForDays?: number;
}

function people(...names: string[]): string[] {
  return names.map((name) => `${name}@example.com`);
}

export const CAST: readonly CastClient[] = [
  {
    id: 'crm-web',
    perDay: 1500,
    habit: 'office',
    users: people('j.mendes', 'l.novak', 'k.osei', 'm.haas', 'r.iyer', 's.lund', 't.abe', 'w.diaz'),
    ips: ['198.51.100.21', '198.51.100.22', '198.51.100.40'],
    version: 'v2',
    initiator: 'user',
    calls: [
      { method: 'GET', url: '/v2/accounts/#', module: 'crm-accounts', function: 'getAccount', weight: 5 },
      { method: 'GET', url: '/v2/opportunities', module: 'crm-sales', function: 'listOpportunities', weight: 3 },
      {
        method: 'PATCH',
        url: '/v2/opportunities/#',
        module: 'crm-sales',
        function: 'updateOpportunity',
        weight: 2,
        failures: { 400: 0.03, 409: 0.01 },
      },
      { method: 'POST', url: '/v2/activities', module: 'crm-sales', function: 'logActivity', failures: { 422: 0.02 } },
    ],
  },
  {
    id: 'crm-mobile-4f1c',
    perDay: 650,
    habit: 'office',
    users: people('j.mendes', 'k.osei', 's.lund', 'v.costa'),
    ips: ['203.0.113.7', '203.0.113.64', '203.0.113.91', '203.0.113.120'],
    version: 'v1',
    initiator: 'user',
    calls: [
      { method: 'GET', url: '/v1/feed', module: 'crm-mobile', function: 'getFeed', weight: 3, failures: { 401: 0.02 } },
      { method: 'GET', url: '/v1/accounts/#', module: 'crm-mobile', function: 'getAccount', weight: 2 },
      { method: 'POST', url: '/v1/photos', module: 'crm-mobile', function: 'addPhoto', failures: { 413: 0.05 } },
    ],
  },
  {
    id: 'erp-connector',
    perDay: 2100,
    habit: 'always',
    users: ['robot-01', 'robot-02', 'robot-03'],
    ips: ['192.0.2.10', '192.0.2.11'],
    version: 'v1',
    initiator: 'robot',
    calls: [
      {
        method: 'GET',
        url: '/v1/orders/#',
        module: 'erp-orders',
        function: 'getOrder',
        weight: 5,
        failures: { 404: 0.01 },
      },
      {
        method: 'POST',
        url: '/v1/orders',
        module: 'erp-orders',
        function: 'createOrder',
        weight: 2,
        failures: { 400: 0.02 },
      },
      { method: 'PUT', url: '/v1/stock/#', module: 'erp-stock', function: 'setStock', weight: 2 },
      { method: 'POST', url: '/v1/tasks', module: 'erp-orders', function: 'runTask', kind: 'integration_task' },
    ],
  },
  {
    id: 'billing-sync',
    perDay: 700,
    habit: 'night',
    users: ['robot-04'],
    ips: ['192.0.2.18'],
    version: 'v1',
    initiator: 'robot',
    calls: [
      { method: 'GET', url: '/v1/invoices', module: 'erp-billing', function: 'listInvoices', weight: 2 },
      { method: 'GET', url: '/v1/invoices/#', module: 'erp-billing', function: 'getInvoice', weight: 6 },
      { method: 'POST', url: '/v1/payments', module: 'erp-billing', function: 'bookPayment', failures: { 409: 0.02 } },
    ],
  },
  {
    id: 'warehouse-export',
    perDay: 900,
    habit: 'morning',
    users: ['svc-warehouse'],
    ips: ['192.0.2.77'],
    version: 'v1',
    initiator: 'robot',
    calls: [
      // Asks for its job again and again, faster than it may.
      {
        method: 'GET',
        url: '/v1/jobs/#',
        module: 'reporting',
        function: 'getJob',
        weight: 8,
        failures: { 429: 0.34 },
      },
      { method: 'POST', url: '/v1/jobs', module: 'reporting', function: 'startJob', failures: { 429: 0.1 } },
    ],
  },
  {
    id: 'partner-portal',
    perDay: 480,
    habit: 'office',
    users: ['acme', 'globex', 'initech'],
    ips: ['203.0.113.200', '203.0.113.201'],
    version: 'v2',
    initiator: 'user',
    calls: [
      { method: 'GET', url: '/v2/catalog', module: 'portal', function: 'getCatalog', weight: 3 },
      {
        method: 'GET',
        url: '/v2/catalog/#',
        module: 'portal',
        function: 'getItem',
        weight: 4,
        failures: { 404: 0.06 },
      },
      { method: 'POST', url: '/v2/quotes', module: 'portal', function: 'askQuote' },
    ],
  },
  {
    id: 'support-desk',
    perDay: 420,
    habit: 'office',
    users: people('b.quinn', 'c.sato', 'd.wolf'),
    ips: ['198.51.100.60'],
    version: 'v2',
    initiator: 'user',
    calls: [
      { method: 'GET', url: '/v2/tickets', module: 'support', function: 'listTickets', weight: 2 },
      { method: 'POST', url: '/v2/tickets/#/replies', module: 'support', function: 'reply', failures: { 403: 0.01 } },
    ],
  },
  {
    id: 'smoke-tests',
    perDay: 288,
    habit: 'always',
    users: ['ci'],
    ips: ['192.0.2.200'],
    version: 'v2',
    initiator: 'robot',
    calls: [{ method: 'GET', url: '/v2/catalog', module: 'portal', function: 'getCatalog', kind: 'internal' }],
  },
  {
    id: 'insights-beta',
    perDay: 140,
    habit: 'office',
    users: people('r.iyer'),
    ips: ['198.51.100.88'],
    version: 'v2',
    initiator: 'robot',
    newForDays: 2,
    calls: [
      { method: 'GET', url: '/v2/metrics', module: 'reporting', function: 'getMetrics', failures: { 400: 0.08 } },
    ],
  },
];

/** Names of the cast and of its pools for commands to try. */
export const EXAMPLES: ExampleNames = {
  client: 'Acme CRM',
  other: 'ERP Connector',
  route: '/v2/accounts/{id}',
  user: 'j.mendes@example.com',
  module: 'crm-sales',
  scope: 'crm',
  granted: 'integration-service',
  grant: 'Automation Developer',
};

export const ALERT_CHANNEL = 'C01ONCALL';
export const ONCALL_GROUP = 'S01ONCALL';

/** The emulator's workspace, with the on-call group that alerts mention. */
export const DEMO_WORKSPACE: WorkspaceSeed = {
  users: DEFAULT_USERS.filter(({ deleted }) => !deleted),
  channels: DEFAULT_CHANNELS,
  userGroups: [{ id: ONCALL_GROUP, handle: 'on-call', name: 'On-call engineers', users: ['U01BORIS', 'U01CHLOE'] }],
};
