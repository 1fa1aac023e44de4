import { describe, expect, test } from 'vitest';
import type { Report } from '../../src/domain/report.ts';
import { buildNativeCharts } from '../../src/messages/native-chart.ts';
import { findRuleErrors } from '../../src/playground/emulator/block-rules.ts';
import { findSchemaErrors } from '../../src/playground/emulator/block-schema.ts';
import { CHART_CASES } from '../chart/cases.ts';
import { drillOf, historyByPool, historyOf, statusOfWeek, summaryOfScopes } from '../chart/fixtures.ts';

interface Chart {
  title: string;
  chart: { series: { name: string; data: { label: string; value: number }[] }[] };
}

function chartsOf(report: Report): Chart[] {
  return buildNativeCharts(report) as unknown as Chart[];
}

function sumsOf({ chart }: Chart): Record<string, number> {
  return Object.fromEntries(
    chart.series.map(({ name, data }) => [name, data.reduce((sum, { value }) => sum + value, 0)]),
  );
}

describe('a private answer', () => {
  test.each(CHART_CASES)('draws $name by Slack in a way that Slack takes', ({ report }) => {
    const blocks = buildNativeCharts(report);
    expect(blocks.flatMap((block, index) => findSchemaErrors(block, `/blocks/${index}`))).toEqual([]);
    expect(findRuleErrors(blocks as never, 'message')).toEqual([]);
  });

  test('stands 429 apart, as the picture and the table do', () => {
    const report = statusOfWeek();
    const [chart] = chartsOf(report);
    expect(sumsOf(chart!)).toEqual(Object.fromEntries(report.groups.map(({ group, requests }) => [group, requests])));
    expect(Object.keys(sumsOf(chart!))).toContain('429');
  });

  test('names each month once, with the year at January, and no pool that paid nothing', () => {
    const report = historyByPool();
    const months = report.months.map((month, index) => ({
      ...month,
      label: index === 0 ? 'Dec 2025' : `${['Jan', 'Feb', 'Mar'][index - 1] ?? `M${index}`} 2026`,
    }));
    const [chart] = chartsOf({ ...report, months });
    const labels = chart!.chart.series[0]!.data.map(({ label }) => label);
    expect(labels.slice(0, 4)).toEqual(['Dec', 'Jan 2026', 'Feb', 'Mar']);
    const [quiet] = chartsOf(historyOf(['Monthly', 'overage'], () => ({ Monthly: 5, overage: 0 })));
    expect(Object.keys(sumsOf(quiet!))).toEqual(['Monthly']);
  });

  test('draws the cards, and the first two dimensions of a client', () => {
    const report = summaryOfScopes();
    const [cards] = chartsOf(report);
    expect(cards!.chart.series[0]!.data.map(({ value }) => value)).toEqual([92.3, 77.5, 3]);
    const charts = chartsOf(drillOf('mobile-android'));
    expect(charts.map(({ title }) => title)).toEqual(['Routes', 'Status codes']);
    expect(sumsOf(charts[0]!)).toEqual({ ok: 224_188, failed: 64_002 });
  });
});
