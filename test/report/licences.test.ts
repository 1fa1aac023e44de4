import { describe, expect, it } from 'vitest';
import type { Scope } from '../../src/domain/definition.ts';
import { toCsv } from '../../src/report/table.ts';
import { ask, at } from './setup.ts';

const day = (text: string) => at(`${text}T00:00:00Z`) / 86_400_000;
const bundle = { priority: 1, fromDay: 0, thresholds: [75, 90], order: 0 };

const scopes: Scope[] = [
  {
    name: 'integration-service',
    title: 'Integration Service API calls',
    links: {},
    limits: [],
    pools: [
      {
        ...bundle,
        name: 'Bundled licences',
        period: { kind: 'month', anchor: 1 },
        amounts: [
          {
            fromDay: 0,
            base: 0,
            grants: [
              { name: 'Automation Developer', quantity: 10, each: 5_000_000 },
              { name: 'Unattended Robot', quantity: 10, each: 5_000_000 },
            ],
          },
          { fromDay: day('2027-01-01'), base: 1000, grants: [] },
        ],
      },
    ],
  },
  {
    name: 'crm',
    title: 'CRM',
    links: {},
    limits: [],
    pools: [
      {
        ...bundle,
        name: 'Daily credits',
        period: { kind: 'rolling-24h' },
        amounts: [
          { fromDay: 0, base: 50_000_000, grants: [{ name: 'Users', quantity: 10, each: 250_000 }], max: 100_000_000 },
        ],
      },
      {
        ...bundle,
        name: 'Old',
        period: { kind: 'year' },
        untilDay: day('2026-11-20'),
        amounts: [{ fromDay: 0, base: 1, grants: [] }],
      },
    ],
  },
];

describe('licences', () => {
  it('shows what every pool that exists is made of', async () => {
    const report = await ask(
      [{ timeMs: at('2026-11-20T12:00:00Z') }],
      { report: 'licences' },
      { definitions: { scopes } },
    );
    expect(report.finding).toBe('30 licences of 3 kinds feed 2 pools.');
    expect(report.sections).toEqual([
      {
        title: 'Integration Service API calls',
        lines: ['Bundled licences (month): 10 × 5,000 Automation Developer + 10 × 5,000 Unattended Robot = 100,000'],
      },
      { title: 'CRM', lines: ['Daily credits (any 24 hours): 50,000 + 10 × 250 Users = 52,500'] },
    ]);
    expect(report.notes).toEqual(['Bundled licences changes to 1 on Fri 1 Jan 2027.', 'Old ended on Fri 20 Nov 2026.']);
    expect(toCsv(report)).toContain(
      'integration-service,Bundled licences,month,Automation Developer,10,5000,50000\r\n',
    );
  });

  it('answers what other quantities would give, up to the maximum', async () => {
    const report = await ask(
      [],
      { report: 'licences', scope: 'crm', suppose: { users: 300 } },
      { definitions: { scopes } },
    );
    expect(report.sections[0]!.lines[0]).toBe(
      'Daily credits (any 24 hours): 50,000 + 300 × 250 Users = 125,000, at most 100,000; 47,500 more than now (52,500)',
    );
    const granted = report.table.rows.map((row) => row.at(-1) as number);
    expect(granted).toEqual([50_000_000, 75_000_000, -25_000_000]);
  });

  it('says so when nothing is declared', async () => {
    expect((await ask([], { report: 'licences' })).finding).toBe('No pools yet, so there are no licences.');
  });
});
