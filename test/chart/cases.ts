import type { ChartView } from '../../src/chart/spec/build.ts';
import type { Report } from '../../src/domain/report.ts';
import {
  AWKWARD_NAMES,
  balanceOf,
  cardOf,
  comparedMonths,
  dailyWithLimit,
  dayByHour,
  drillOf,
  failingDay,
  historyByPool,
  historyOf,
  latencyOf,
  latencyOverTime,
  oddDay,
  oddMonth,
  poolStack,
  rangeOf,
  rankingOf,
  seriesOf,
  statusOf,
  statusOfWeek,
  summaryOfScopes,
  topClients,
  totalsOf,
  usualOf,
} from './fixtures.ts';

export interface ChartCase {
  name: string;
  report: Report;
  view?: ChartView;
}

const named = AWKWARD_NAMES.map((name, index) => [name, 9000 - index * 1000, index * 70] as const);
const many = Array.from({ length: 200 }, (_, index) => [`client-${index}`, 100_000 - index * 300, index] as const);
const month = rangeOf('2026-10-22', '2026-11-20', 'day');
const day = rangeOf('2026-11-20', '2026-11-20', 'hour');
const longName = AWKWARD_NAMES[0]!;

function poolsOf(balances: ReturnType<typeof balanceOf>[], overage = 0): Report {
  const report = poolStack();
  const scope = {
    ...report.scopes[0]!,
    pools: balances,
    limits: [],
    overage,
  };
  return { ...report, scopes: [scope] };
}

/** Every kind of chart, ordinary and at its edges. */
export const CHART_CASES: readonly ChartCase[] = [
  { name: 'top clients', report: topClients() },
  { name: 'top with one row', report: rankingOf([['only', 1]]) },
  { name: 'top with 200 rows', report: rankingOf(many) },
  { name: 'top with awkward names', report: rankingOf(named, { ...totalsOf(50, 3, 4), count: 12 }) },
  {
    name: 'top with one huge outlier',
    report: rankingOf([
      ['huge', 9_000_000_000, 5],
      ['b', 3],
      ['c', 1, 1],
    ]),
  },
  {
    name: 'top of a thousand clients',
    report: rankingOf(many.slice(0, 5), { ...totalsOf(2_800_000, 90_000), count: 1_039 }),
  },
  {
    name: 'top with all equal',
    report: rankingOf([
      ['a', 7],
      ['b', 7],
      ['c', 7],
    ]),
  },
  {
    name: 'top with all zero',
    report: rankingOf([
      ['a', 0],
      ['b', 0],
    ]),
  },
  {
    name: 'top with the cap',
    report: rankingOf([
      ['a', 700],
      ['(other)', 500, 20],
      ['(none)', 30],
    ]),
  },
  { name: 'top by credits', report: { ...topClients(), measure: 'credits' } },
  {
    name: 'top under filters',
    report: {
      ...topClients(),
      filters: [
        { key: 'status', patterns: ['429', '5xx'], not: false },
        { key: 'route', patterns: [`/v1/${'long/'.repeat(30)}`], not: true },
      ],
    },
  },
  {
    name: 'top with a long finding',
    report: { ...topClients(), title: longName, finding: 'It says a lot. '.repeat(40) },
  },
  { name: 'doughnut', report: topClients(), view: 'doughnut' },
  { name: 'doughnut of one', report: rankingOf([['only', 5]]), view: 'doughnut' },
  { name: 'doughnut of five', report: rankingOf(many.slice(0, 5)), view: 'doughnut' },
  { name: 'doughnut of 200', report: rankingOf(many), view: 'doughnut' },
  { name: 'doughnut of awkward names', report: rankingOf(named), view: 'doughnut' },
  { name: 'doughnut of nothing', report: rankingOf([['a', 0]]), view: 'doughnut' },
  {
    name: 'doughnut with slivers',
    report: rankingOf([
      ['a', 1e6],
      ['b', 1],
      ['c', 1],
    ]),
    view: 'doughnut',
  },
  { name: 'status of a week', report: statusOfWeek() },
  {
    name: 'status of a day',
    report: statusOf(day, (hour) => ({ '200': 4000, '404': hour, '500': hour === 7 ? 1 : 0 })),
  },
  { name: 'status without failures', report: statusOf(month, () => ({ '200': 12 })) },
  { name: 'status of failures alone', report: statusOf(day, () => ({ '502': 3 })) },
  {
    name: 'status of every group',
    report: statusOf(day, () => ({ '101': 1, '204': 9, '301': 2, '400': 3, '429': 4, '503': 5, '(none)': 6 })),
  },
  {
    name: 'status of a year',
    report: statusOf(rangeOf('2025-12-01', '2026-11-30', 'month'), (at) => ({ '200': at * 1e6, '500': at })),
  },
  { name: 'pools and limits', report: poolStack() },
  { name: 'one pool', report: poolsOf([balanceOf('Monthly', 12, 1000)]) },
  {
    name: 'twenty pools',
    report: poolsOf(
      Array.from({ length: 20 }, (_, index) => balanceOf(`Pool ${index}`, index * 5, 100)),
      5,
    ),
  },
  { name: 'a limit at 5,000%', report: poolsOf([balanceOf('Tiny', 5000, 100), balanceOf('Large', 1, 100)]) },
  { name: 'pools of nothing', report: poolsOf([balanceOf('None', 0, 0), balanceOf('Overdrawn', 3, 0)]) },
  {
    name: 'pools with thresholds of their own',
    report: poolsOf([balanceOf('A', 94, 100, { thresholds: [50, 95, 98] }), balanceOf('B', 1, 100)]),
  },
  {
    name: 'pools with awkward names',
    report: poolsOf(AWKWARD_NAMES.map((name, index) => balanceOf(name, index * 10, 70))),
  },
  {
    name: 'pools of several scopes',
    report: { ...poolStack(), scopes: [poolStack().scopes[0]!, { ...poolStack().scopes[0]!, title: longName }] },
  },
  { name: 'summary', report: summaryOfScopes() },
  {
    name: 'summary of twelve scopes',
    report: {
      ...summaryOfScopes(),
      cards: Array.from({ length: 12 }, (_, index) =>
        cardOf(`scope-${index}`, balanceOf('Daily', index * 9, 100), { overage: index * 1000 }),
      ),
    },
  },
  {
    name: 'summary with awkward names',
    report: { ...summaryOfScopes(), cards: AWKWARD_NAMES.map((name) => cardOf(name, balanceOf('Daily', 1, 3))) },
  },
  { name: 'daily with limit', report: dailyWithLimit() },
  {
    name: 'daily under its limit',
    report: seriesOf('daily', month, (at) => 700 + at, { limit: { name: 'Fair use', value: 760 } }),
  },
  {
    name: 'daily far under its limit',
    report: seriesOf('daily', month, () => 7, { limit: { name: 'Fair use', value: 10_000 } }),
  },
  {
    name: 'daily always above its limit',
    report: seriesOf('daily', month, () => 90, { limit: { name: longName, value: 80 } }),
  },
  { name: 'daily of nothing', report: seriesOf('daily', month, () => 0) },
  {
    name: 'daily of nothing with a limit',
    report: seriesOf('daily', month, () => 0, { limit: { name: 'Fair use', value: 10 } }),
  },
  { name: 'daily of one day', report: seriesOf('daily', rangeOf('2026-11-20', '2026-11-20', 'day'), () => 5) },
  { name: 'daily of 90 days', report: seriesOf('daily', rangeOf('2026-08-22', '2026-11-19', 'day'), (at) => at * at) },
  { name: 'daily of two years', report: seriesOf('daily', rangeOf('2024-11-20', '2026-11-19', 'day'), (at) => at) },
  { name: 'daily with one huge outlier', report: seriesOf('daily', month, (at) => (at === 3 ? 9e9 : 1)) },
  {
    name: 'a year by month',
    report: seriesOf('daily', rangeOf('2025-12-01', '2026-11-30', 'month'), (at) => 1_234_567 + at),
  },
  { name: 'a day', report: dayByHour() },
  { name: 'a day of 25 hours', report: dayByHour('2026-10-25') },
  { name: 'a day of 23 hours', report: dayByHour('2026-03-29') },
  {
    name: 'a day that is usually busier',
    report: seriesOf('day', day, (hour) => (hour < 9 ? 100 + hour : 60), {
      usual: Array.from({ length: 24 }, () => usualOf(112)),
    }),
  },
  {
    name: 'a day with a limit among what is usual',
    report: seriesOf('day', day, (hour) => 100 + ((hour * 37) % 200), {
      limit: { name: 'Per hour', value: 250 },
      usual: Array.from({ length: 24 }, (_, hour) => usualOf(100 + ((hour * 31) % 220))),
    }),
  },
  { name: 'an odd day', report: oddDay() },
  { name: 'a day with failures far from the usual', report: failingDay() },
  { name: 'two months', report: comparedMonths() },
  { name: 'an odd month', report: oddMonth() },
  {
    name: 'latency of clients',
    report: latencyOf([
      ['Warehouse Export', 210, 2_400, 6_800, 31_000, 12_400],
      ['ERP Connector', 120, 640, 1_900, 8_000, 39_897],
      ['Acme CRM', 80, 420, 900, 4_000, 3_252],
      ['mobile-android', 35.25, 90.5, 180, 950, 86_100],
      ['status-page', 0.31, 0.8, 2, 12, 12],
    ]),
  },
  { name: 'latency with awkward names', report: latencyOf(AWKWARD_NAMES.map((name) => [name, 1, 2, 3, 4, 5])) },
  { name: 'latency of one call', report: latencyOf([['only', 5, 5, 5, 5, 1]]) },
  { name: 'latency over time', report: latencyOverTime([120, 140, 130, 125, 390, 160, 135], 2) },
  {
    name: 'latency over a month, its tail far off',
    report: latencyOverTime(
      Array.from({ length: 30 }, (_, at) => (at === 20 ? undefined : 300 + ((at * 97) % 400))),
      8,
    ),
  },
  { name: 'latency over time of one day', report: latencyOverTime([undefined, 250, undefined]) },
  { name: 'latency over time of nothing but zero', report: latencyOverTime([0, 0, 0]) },
  { name: 'history', report: historyByPool() },
  {
    name: 'history of eight pools',
    report: historyOf([...Array.from({ length: 8 }, (_, index) => `Pool ${index}`), 'overage'], () =>
      Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`Pool ${index}`, 1_234_567 + index])),
    ),
  },
  { name: 'history of nothing', report: historyOf(['Monthly', 'overage'], () => ({})) },
  {
    name: 'history with awkward names',
    report: historyOf(AWKWARD_NAMES.slice(0, 5), () =>
      Object.fromEntries(AWKWARD_NAMES.slice(0, 5).map((name) => [name, 10])),
    ),
  },
  { name: 'one client', report: drillOf('mobile-android') },
  { name: 'one client with an awkward name', report: drillOf(AWKWARD_NAMES[3]!) },
];
