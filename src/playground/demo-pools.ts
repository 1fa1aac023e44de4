import { type Calendar, toDate } from '../domain/calendar.ts';
import type { SampleEvent } from './traffic.ts';

/** The pool that a burst carries over its next threshold. */
export const BURST_POOL = { scope: 'crm', name: 'Daily credits' } as const;

/** Share of the rolling pool that the busiest working day takes. */
const BUSY_SHARE = 0.8;

/** Usual volumes, from which the pools are sized: by working days, so that the demo looks alive on any day of the week. */
export interface DemoVolumes {
  /** Credits of the CRM scope on a usual working day. */
  crmDay: number;
  /** Credits of the integration scope and of all the rest in a usual month. */
  integrationMonth: number;
  publicMonth: number;
}

/** Credits by scope, by the rules of the file below. */
export function measureVolumes(lastMonth: readonly SampleEvent[], calendar: Calendar): DemoVolumes {
  const volumes: DemoVolumes = { crmDay: 0, integrationMonth: 0, publicMonth: 0 };
  const crmDays = new Map<number, number>();
  for (const event of lastMonth) {
    const { count: calls } = event;
    const day = calendar.dayOf(event.time);
    if (event.module.startsWith('crm')) {
      if (toDate(day).dayOfWeek <= 5) crmDays.set(day, (crmDays.get(day) ?? 0) + calls);
    } else if (event.kind === 'internal') continue;
    else if (event.module.startsWith('erp'))
      volumes.integrationMonth += event.kind === 'integration_task' ? 2 * calls : calls;
    else volumes.publicMonth += calls;
  }
  volumes.crmDay = Math.max(0, ...crmDays.values());
  return volumes;
}

/** Two leading digits, upwards: amounts as people buy them. */
function rounded(amount: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, amount))) - 1);
  return Math.ceil(amount / unit) * unit;
}

/**
 * The pools file of the demo: a rolling pool that a busy day nearly fills, a monthly bundle of licences with an add-on behind
 * it, and a plain monthly pool with a daily limit beside it. `year` is the add-on's.
 */
export function buildPoolsFile(volumes: DemoVolumes, year: number): string {
  const each = rounded((volumes.integrationMonth * 0.9) / 20);
  return `scopes:
  - name: crm
    title: CRM API
    rate_limit_per_minute: 900
    match: [{ module: "crm*" }]
    links: { upgrade: "https://example.com/plans" }
    pools:
      - { name: Daily credits, period: rolling-24h, base: ${rounded(Math.max(100, volumes.crmDay / BUSY_SHARE))} }

  - name: integration-service
    title: Integration Service
    rate_limit_per_minute: 600
    match: [{ module: "erp*" }]
    costs: [{ kind: integration_task, credits: 2 }]
    links: { addon: "https://example.com/add-on", upgrade: "https://example.com/plans" }
    pools:
      - name: Bundled licences
        period: month
        priority: 1
        grants:
          - { name: Automation Developer, quantity: 10, each: ${each} }
          - { name: Unattended Robot, quantity: 10, each: ${each} }
      - name: Annual add-on
        period: once
        from: ${year}-01-01
        until: ${year}-12-31
        priority: 2
        base: ${rounded(volumes.integrationMonth * 3)}

  - name: public-api
    title: Public API
    rate_limit_per_minute: 300
    match: [{ client: "*" }]
    limits: [{ name: Fair use, period: day, base: ${rounded(volumes.publicMonth / 8)} }]
    pools:
      - { name: Monthly plan, period: month, base: ${rounded(volumes.publicMonth * 1.6)} }

exclude: [{ kind: internal }]

clients:
  - { id: crm-web, name: Acme CRM, owner: U01ALICE, team: Sales }
  - { id: "crm-mobile-*", name: CRM Mobile, owner: U01ALICE, team: Sales }
  - { id: erp-connector, name: ERP Connector, owner: U01BORIS, team: Finance }
  - { id: billing-sync, name: Billing Sync, owner: U01BORIS, team: Finance }
  - { id: warehouse-export, name: Warehouse Export, owner: U01CHLOE, team: Logistics }
  - { id: partner-portal, name: Partner Portal }
  - { id: support-desk, name: Support Desk }
`;
}
