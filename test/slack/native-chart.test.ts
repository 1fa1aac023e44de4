import { describe, expect, test } from 'vitest';
import type { Report } from '../../src/domain/report.ts';
import { buildNativeCharts } from '../../src/messages/native-chart.ts';
import { findBlockErrors } from '../../src/playground/emulator/blocks.ts';
import { CHART_CASES } from '../chart/cases.ts';
import {
  drillOf,
  historyByPool,
  historyOf,
  oddMonth,
  rankingOf,
  statusOfWeek,
  summaryOfScopes,
  topClients,
} from '../chart/fixtures.ts';

interface Chart {
  title: string;
  chart: { series: { name: string; data: { label: string; value: number }[] }[] };
}

function chartsOf(report: Report): Chart[] {
  return buildNativeCharts(report) as unknown as Chart[];
}

/** Keeps 20 days, which is all that Slack draws. */
function oddMonthStart(): Report {
  return { ...oddMonth(), bars: oddMonth().bars.slice(0, 20) };
}

function sumsOf({ chart }: Chart): Record<string, number> {
  return Object.fromEntries(
    chart.series.map(({ name, data }) => [name, data.reduce((sum, { value }) => sum + value, 0)]),
  );
}

describe('a private answer', () => {
  test.each(CHART_CASES)('draws $name by Slack in a way that Slack takes', ({ report }) => {
    const blocks = buildNativeCharts(report);
    expect(findBlockErrors(blocks, 'message')).toEqual([]);
  });

  test('has what is bad first and what is fine second, whose colours are rust and blue', () => {
    const namesOf = (report: Report) => chartsOf(report)[0]!.chart.series.map(({ name }) => name);
    expect(namesOf(topClients())).toEqual(['failed', 'ok']);
    expect(namesOf(rankingOf([['a', 5]]))).toEqual(['failed', 'ok']);
    expect(namesOf(oddMonthStart())).toEqual(['failed', 'ok']);
    expect(namesOf(statusOfWeek()).slice(0, 2)).toEqual(['5xx', '2xx']);
    expect(namesOf(historyByPool())).toEqual(['overage', 'Annual add-on', 'Bundled licences']);
  });

  test('has no series but those that say something', () => {
    const names = CHART_CASES.flatMap(({ report }) => chartsOf(report))
      .flatMap(({ chart }) => chart.series ?? [])
      .map(({ name }) => name);
    expect(names.length).toBeGreaterThan(50);
    expect(names.filter((name) => !/[\p{L}\p{N}]/u.test(name))).toEqual([]);
    const [credits] = chartsOf({ ...topClients(), measure: 'credits' });
    expect(Object.keys(sumsOf(credits!))).toEqual(['credits']);
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
    expect(sumsOf(quiet!)).toEqual({ overage: 0, Monthly: 60 });
  });

  test('draws the cards, and the first two dimensions of a client', () => {
    const report = summaryOfScopes();
    const [cards] = chartsOf(report);
    expect(cards!.chart.series.map(({ data }) => data.map(({ value }) => value))).toEqual([
      [92.3, 0, 0],
      [0, 77.5, 3],
    ]);
    const charts = chartsOf(drillOf('mobile-android'));
    expect(charts.map(({ title }) => title)).toEqual(['Routes', 'Status codes']);
    expect(sumsOf(charts[0]!)).toEqual({ ok: 224_188, failed: 64_002 });
  });
});
