import { createCalendar, parseDay } from '../../src/domain/calendar.ts';
import type { Range } from '../../src/domain/range.ts';
import type {
  DrillReport,
  HistoryReport,
  PoolReport,
  Question,
  RankingReport,
  Report,
  ReportHead,
  SeriesReport,
  StatusReport,
  SummaryReport,
  TableReport,
} from '../../src/domain/report.ts';
import type { PoolState } from '../../src/domain/scope-state.ts';
import type { Table } from '../../src/domain/table.ts';

const ZONE = 'Europe/Berlin';
const calendar = createCalendar(ZONE);
const AS_OF_MS = Date.UTC(2026, 10, 21, 8, 0);

/** Makes up a report of any kind, with numbers that add up. */
export function answerFixture(question: Question): Report {
  switch (question.report) {
    case 'summary':
      return summaryOf(question);
    case 'top':
      return rankingOf(question, question.dimension === 'user' ? ['ada', 'bob', 'cem'] : NAMES);
    case 'status':
      return statusOf(question);
    case 'pool':
      return poolOf(question);
    case 'daily':
    case 'day':
      return seriesOf(question);
    case 'history':
      return historyOf(question);
    case 'client':
    case 'route':
      return drillOf(question);
    default:
      return textOf(question);
  }
}

const NAMES = ['acme-web', 'billing-sync', 'mobile-ios', 'mobile-android', 'partner-feed'];

function headOf(question: Question, title: string, finding: string): ReportHead {
  const text = question.range ?? '7d';
  return {
    question,
    title,
    range: rangeOf(text),
    zone: ZONE,
    asOfMs: AS_OF_MS,
    filters: question.filters ?? [],
    finding,
    notes: [],
  };
}

function rangeOf(text: string): Range {
  const firstDay = parseDay('2026-11-14');
  const lastDay = parseDay('2026-11-20');
  return {
    text,
    fromMs: calendar.startOfDay(firstDay),
    toMs: calendar.startOfDay(lastDay + 1),
    firstDay,
    lastDay,
    grain: 'day',
    partial: false,
    label: '14–20 Nov 2026',
  };
}

/** Makes a ranking in which row i has 947,000 ÷ (i + 1) requests, a tenth of them failed. */
export function rankingOf(question: Question, names: readonly string[], distinct = 42): RankingReport {
  const total = 2_310_000;
  const rows = names.map((name, index) => {
    const requests = Math.floor(947_000 / (index + 1));
    const failed = Math.floor(requests / 10);
    return {
      name,
      requests,
      ok: requests - failed,
      failed,
      none: 0,
      credits: requests * 1000,
      sharePercent: (requests / total) * 100,
    };
  });
  const shown = rows.reduce((sum, { requests }) => sum + requests, 0);
  const table: Table = {
    columns: [
      { key: 'name', label: 'Client', type: 'text' },
      { key: 'requests', label: 'Requests', type: 'count' },
      { key: 'share_percent', label: '% of total', type: 'percent' },
      { key: 'ok', label: 'OK', type: 'count' },
      { key: 'failed', label: 'Failed', type: 'count' },
      { key: 'bar', label: '', type: 'bar' },
    ],
    rows: rows.map((row) => [row.name, row.requests, row.sharePercent, row.ok, row.failed, row.requests / 947_000]),
  };
  return {
    ...headOf(
      question,
      `Top ${question.dimension ?? 'client'}s`,
      `${names[0]} made 947,000 of 2,310,000 requests (41%).`,
    ),
    kind: 'top',
    dimension: question.dimension ?? 'client',
    measure: 'requests',
    rows,
    others: {
      requests: total - shown,
      ok: 0,
      failed: 0,
      none: 0,
      credits: 0,
      count: Math.max(0, distinct - names.length),
    },
    totals: { requests: total, ok: 2_079_000, failed: 231_000, none: 0, credits: total * 1000 },
    distinct,
    table,
  };
}

const DAILY: PoolState = {
  name: 'Daily credits',
  used: 48_825_000,
  amount: 52_500_000,
  left: 3_675_000,
  percent: 93,
  level: 'critical',
  thresholds: [75, 90],
  period: { fromMs: 0, toMs: 1, label: 'last 24 hours' },
  arithmetic: '50,000 + 10 × 250 Users = 52,500',
  drawnNow: true,
  periodKind: 'rolling-24h',
  reached: [75, 90],
};

function summaryOf(question: Question): SummaryReport {
  const { range: _range, ...head } = headOf(question, 'API usage', 'crm has used 93% of its daily credits.');
  return {
    ...head,
    kind: 'summary',
    cards: [
      {
        scope: 'crm',
        title: 'CRM <!channel> *calls*',
        pools: [DAILY],
        current: DAILY,
        used: 48_825_000,
        exhaustions: [],
        restLeft: 900_000_000,
        restCount: 1,
        level: 'critical',
        overage: 0,
        limits: [],
        requestsToday: 48_825,
        rateLimitPerMinute: 600,
        peakMinute: { startMs: AS_OF_MS, requests: 410, bulkLeftOut: 0 },
        links: { addon: 'https://example.com/addon', upgrade: 'https://example.com/upgrade' },
      },
    ],
    today: { requests: 48_825, ok: 48_000, failed: 825, none: 0, credits: 48_825_000 },
    table: {
      columns: [
        { key: 'scope', label: 'Scope', type: 'text' },
        { key: 'used', label: 'Used', type: 'credits' },
        { key: 'amount', label: 'Amount', type: 'credits' },
        { key: 'percent', label: '%', type: 'percent' },
      ],
      rows: [['crm', 48_825_000, 52_500_000, 93]],
    },
  };
}

function statusOf(question: Question): StatusReport {
  const steps = Array.from({ length: 7 }, (_, index) => ({
    startMs: calendar.startOfDay(parseDay('2026-11-14') + index),
    label: `${14 + index} Nov`,
    counts: { '2xx': 900, '429': 80, '5xx': 20 },
  }));
  const codes = [
    { status: '200', meaning: 'OK', requests: 6300, sharePercent: 90 },
    { status: '429', meaning: 'Too Many Requests', requests: 560, sharePercent: 8 },
    { status: '500', meaning: 'Internal Server Error', requests: 140, sharePercent: 2 },
  ];
  return {
    ...headOf(question, 'Status codes', '90% of 7,000 requests were successful.'),
    kind: 'status',
    grain: 'day',
    totals: { requests: 7000, ok: 6300, failed: 700, none: 0, credits: 7_000_000 },
    steps,
    codes,
    groups: [],
    diagnosis: [{ claim: 'Calls come faster than allowed', evidence: '560 answers 429, most at 09:00' }],
    table: {
      columns: [
        { key: 'status', label: 'Status', type: 'text' },
        { key: 'meaning', label: 'Meaning', type: 'text' },
        { key: 'requests', label: 'Requests', type: 'count' },
        { key: 'share_percent', label: '%', type: 'percent' },
      ],
      rows: codes.map(({ status, meaning, requests, sharePercent }) => [status, meaning, requests, sharePercent]),
    },
  };
}

function poolOf(question: Question): PoolReport {
  return {
    ...headOf(question, 'Pools', 'crm: 93% of Daily credits used.'),
    kind: 'pool',
    scopes: [
      {
        scope: 'crm',
        title: 'CRM',
        ...{ restLeft: 0, restCount: 0, exhaustions: [] },
        pools: [
          {
            ...DAILY,
            burnRate: 1.31,
            runOut: { earliestMs: AS_OF_MS, latestMs: undefined, arithmetic: '3,675 ÷ 700 an hour' },
          },
        ],
        limits: [],
        used: 48_825_000,
        overage: 0,
        level: 'critical',
        links: { addon: 'https://example.com/addon' },
      },
    ],
    table: {
      columns: [
        { key: 'pool', label: 'Pool', type: 'text' },
        { key: 'used', label: 'Used', type: 'credits' },
        { key: 'percent', label: '%', type: 'percent' },
      ],
      rows: [['Daily credits', 48_825_000, 93]],
    },
  };
}

function seriesOf(question: Question): SeriesReport {
  const bars = Array.from({ length: 7 }, (_, index) => ({
    startMs: calendar.startOfDay(parseDay('2026-11-14') + index),
    label: `${14 + index} Nov`,
    partial: false,
    requests: 1000 + index,
    ok: 1000,
    failed: index,
    none: 0,
    credits: (1000 + index) * 1000,
  }));
  return {
    ...headOf(question, 'Requests per day', '7,021 requests, 1,003 a day.'),
    kind: question.report === 'day' ? 'day' : 'daily',
    grain: 'day',
    totals: { requests: 7021, ok: 7000, failed: 21, none: 0, credits: 7_021_000 },
    clients: 42,
    bars,
    limit: { name: 'Fair use', value: 10_000 },
    table: {
      columns: [
        { key: 'day', label: 'Day', type: 'text' },
        { key: 'requests', label: 'Requests', type: 'count' },
      ],
      rows: bars.map(({ label, requests }) => [label, requests]),
    },
  };
}

function historyOf(question: Question): HistoryReport {
  const months = ['Oct 2026', 'Nov 2026'].map((label, index) => ({
    label,
    startMs: index,
    partial: index === 1,
    drawn: { Bundle: 100_000_000, 'Add-on': 25_000_000 },
    total: 125_000_000,
  }));
  return {
    ...headOf(question, 'History', '125,000 a month.'),
    kind: 'history',
    scope: question.scope ?? 'crm',
    series: ['Bundle', 'Add-on'],
    months,
    table: {
      columns: [
        { key: 'month', label: 'Month', type: 'text' },
        { key: 'total', label: 'Total', type: 'credits' },
      ],
      rows: months.map(({ label, total }) => [label, total]),
    },
  };
}

function drillOf(question: Question): DrillReport {
  const ranking = rankingOf({ report: 'top', dimension: 'route' }, ['/v1/orders', '/v1/items']);
  return {
    ...headOf(question, question.name ?? '', `${question.name} made 947,000 requests.`),
    kind: question.report === 'route' ? 'route' : 'client',
    name: question.name ?? '',
    totals: ranking.totals,
    sections: [{ title: 'Routes', dimension: 'route', rows: ranking.rows, more: 0 }],
    table: ranking.table,
  };
}

function textOf(question: Question): TableReport {
  return {
    ...headOf(question, 'Explanation', 'Where the numbers come from.'),
    kind: question.report as TableReport['kind'],
    sections: [{ title: 'crm', lines: ['50,000 + 10 × 250 = 52,500'] }],
    table: { columns: [{ key: 'fact', label: 'Fact', type: 'text' }], rows: [['52,500']] },
  };
}
