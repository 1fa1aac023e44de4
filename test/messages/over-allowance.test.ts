import { beforeAll, describe, expect, test } from 'vitest';
import { buildAltText } from '../../src/chart/alt-text.ts';
import { toSvg } from '../../src/chart/render.ts';
import { buildSpec } from '../../src/chart/spec/build.ts';
import { canDrawBundled } from '../../src/chart/text.ts';
import { LEVEL_COLOR } from '../../src/chart/theme.ts';
import type { Pool, Scope } from '../../src/domain/definition.ts';
import type { PoolReport, SummaryReport } from '../../src/domain/report.ts';
import { buildControls } from '../../src/messages/controls.ts';
import { buildHome } from '../../src/messages/home.ts';
import { buildNativeCharts } from '../../src/messages/native-chart.ts';
import { toCsv } from '../../src/report/table.ts';
import { SAMPLE_CONFIG } from '../../src/samples/sample-notices.ts';
import { ask, NOW } from '../report/setup.ts';

function scope(name: string, title: string, base: number, change: Partial<Pool>): Scope {
  const amounts = [{ fromDay: 0, base: base * 1000, grants: [] }];
  const pool: Pool = {
    ...{ name: 'Credits', period: { kind: 'month', anchor: 1 }, priority: 1, fromDay: 0, amounts, order: 0 },
    thresholds: [75, 90],
    ...change,
  };
  return { name, title, links: { upgrade: 'https://example.com/plans' }, pools: [pool], limits: [] };
}

/** CRM API was 50 over on one day of the month. Now it uses 57 of its 100, less than the 70% of Portal. */
const scopes = [scope('portal', 'Portal', 1000, {}), scope('crm', 'CRM API', 100, { period: { kind: 'rolling-24h' } })];
const events = [
  { timeMs: NOW - 5 * 86_400_000, scope: 'crm', count: 150 },
  { timeMs: NOW - 3_600_000, scope: 'crm', count: 57 },
  { timeMs: NOW - 3_600_000, scope: 'portal', count: 700 },
];

describe('a scope that went over its allowance is told so', () => {
  let cards: SummaryReport;
  let pools: PoolReport;
  beforeAll(async () => {
    cards = await ask(events, { report: 'summary' }, { definitions: { scopes } });
    pools = await ask(events, { report: 'pool' }, { definitions: { scopes } });
  });

  test('in the sentence', () => {
    expect(cards.finding).toMatch(/^🟠 CRM API went 50 credits over its allowance this month/);
  });

  test('first and in amber in the picture', async () => {
    const { svg } = await toSvg(buildSpec(cards, 'graph', canDrawBundled)!);
    expect(svg).toContain('57% over');
    expect(svg).toContain('50 over');
    expect(svg.indexOf('CRM API')).toBeLessThan(svg.indexOf('Portal'));
    expect(svg).toContain(LEVEL_COLOR.approaching);
  });

  test('in the table, its CSV and the alternative text', () => {
    const { columns, rows } = cards.table;
    const row = Object.fromEntries(columns.map(({ key }, index) => [key, rows.find(([id]) => id === 'crm')![index]]));
    expect(row).toMatchObject({ level: 'over', overage: 50_000 });
    expect(columns.find(({ key }) => key === 'overage')).not.toHaveProperty('csvOnly', true);
    expect(toCsv(cards)).toMatch(/^crm,.*,over,/m);
    expect(buildAltText(cards).split('is fine. ')[1]).toMatch(/CRM API[^;]*\bover\b/i);
    expect(toCsv(pools)).toMatch(/^crm,Overage,overage,50,.*,over,/m);
  });

  test('beside a button to upgrade, which calm scopes do not have', () => {
    for (const report of [cards, pools]) {
      const state = {
        answerId: 'a1',
        revision: '1',
        sharing: 'open',
        next: [],
        offerPng: false,
        filtered: false,
      } as const;
      const links = JSON.stringify(buildControls(report, state, 'chart')).match(/https:\/\/example\.com\/plans/g);
      expect(links).toHaveLength(1);
    }
  });

  test('among what needs attention in the chart that Slack draws', () => {
    const [chart] = buildNativeCharts(cards) as unknown as {
      chart: { series: { name: string; data: { label: string; value: number }[] }[] };
    }[];
    expect(chart!.chart.series.map(({ name, data }) => [name, data.map(({ value }) => Math.round(value))])).toEqual([
      ['critical or over', [0, 57]],
      ['used', [70, 0]],
    ]);
  });

  test('on Home', () => {
    const person = { id: 'U1', name: 'Ann', zone: 'UTC', fullMember: true, mayView: true, admin: false };
    const blocks = buildHome({
      ...{ report: cards, digests: [], views: [], alerts: [], admin: undefined },
      ...{ person, config: SAMPLE_CONFIG, command: '/usage' },
    });
    expect(JSON.stringify(blocks)).toMatch(/CRM API.*🟠 over.*50 over this month.*Portal.*🔵 healthy/);
  });
});
