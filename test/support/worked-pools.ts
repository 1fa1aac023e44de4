/** An example declaration with every part of the format: two scopes, and pools of several periods. */
export const WORKED_POOLS = `
scopes:
  - name: integration-service
    title: Integration Service API calls
    rate_limit_per_minute: 600
    match: [{ source: uipath }, { module: "erp*" }]       # optional; without it: events whose scope is the name
    costs: [{ kind: integration_task, credits: 2 }, { route: "/v1/records", credits: 1, per_records: 10, max: 10 }]
    links: { addon: "https://example.com/addon", upgrade: "https://example.com/upgrade" }
    limits: [{ name: Fair use, period: day, base: 10000 }]
    pools:
      - name: Bundled licences
        period: month
        priority: 1
        grants:
          - { name: Automation Developer, quantity: 10, each: 5000 }
          - { name: Unattended Robot, quantity: 10, each: 5000 }
      - name: Annual add-on
        period: once
        from: 2023-01-01
        until: 2023-12-31
        priority: 2
        base: 3000000
  - name: crm
    pools:
      - { name: Daily credits, period: rolling-24h, base: 50000, grants: [{ name: Users, quantity: 10, each: 250 }], max: 100000, thresholds: [75, 90] }
      - { name: Billing month, period: month, anchor: 15, base: 900000, valid_from: 2026-01-15 }
exclude: [{ client: "Genesys Cloud for *" }, { kind: internal }]
holidays: [{ scope: integration-service, from: 2025-05-01, until: 2025-07-15 }]   # recorded, not drawn
clients: [{ id: "b9c1*", name: Acme CRM, owner: S0123, team: Sales }]
`;
