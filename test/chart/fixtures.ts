import { toDay } from '../../src/domain/calendar.ts';
import type { Range } from '../../src/domain/range.ts';
import type {
  CompareReport,
  DrillReport,
  HistoryReport,
  LatencyReport,
  PoolReport,
  RankingReport,
  RankingRow,
  ReportHead,
  SeriesReport,
  StatusReport,
  SummaryReport,
  TableReport,
  TimedRow,
  UsualRequests,
} from '../../src/domain/report.ts';
import type { Level, PoolState, ScopeCard } from '../../src/domain/scope-state.ts';
import type { Totals } from '../../src/domain/usage.ts';

const HOUR_MS = 3_600_000;
const EMPTY_TABLE = { columns: [], rows: [] };

/** Awkward names that senders really send, and some that they should not. */
export const AWKWARD_NAMES = [
  'a name of eighty characters that goes on and on, as service accounts like to do, 1',
  'a name of eighty characters that goes on and on, as service accounts like to do, 2',
  '<script>alert("1 & 2")</script>',
  '請求同期サービス',
  '🚀 rocket 👩‍🚀',
  'خدمة الفواتير',
  'Служба выставления счетов',
  '\u202egnitsil-esrever\u202c\u0000\u0007',
];

const ZONE = 'Europe/Berlin';

export function rangeOf(first: string, last: string, grain: Range['grain'], zone = ZONE): Range {
  const [from, to] = [Temporal.PlainDate.from(first), Temporal.PlainDate.from(last)];
  return {
    text: first === last ? first : `${first}..${last}`,
    fromMs: from.toZonedDateTime(zone).epochMilliseconds,
    toMs: to.add({ days: 1 }).toZonedDateTime(zone).epochMilliseconds,
    firstDay: toDay(from),
    lastDay: toDay(to),
    grain,
    partial: false,
    label: first === last ? first : `${first} – ${last}`,
  };
}

function headOf(kind: ReportHead['question']['report'], title: string, finding: string, range?: Range): ReportHead {
  return {
    question: { report: kind },
    title,
    ...(range ? { range } : {}),
    zone: ZONE,
    asOfMs: Temporal.Instant.from('2026-11-21T13:02:00Z').epochMilliseconds,
    filters: [],
    finding,
    notes: [],
  };
}

export function totalsOf(requests: number, failed = 0, none = 0): Totals {
  return { requests, ok: requests - failed - none, failed, none, credits: requests * 1000 };
}

function sum(parts: readonly Totals[]): Totals {
  return parts.reduce(
    (all, part) => ({
      requests: all.requests + part.requests,
      ok: all.ok + part.ok,
      failed: all.failed + part.failed,
      none: all.none + part.none,
      credits: Number(all.credits) + Number(part.credits),
    }),
    totalsOf(0),
  );
}

export function rankingOf(
  entries: readonly (readonly [name: string, requests: number, failed?: number])[],
  others: Totals & { count: number } = { ...totalsOf(0), count: 0 },
  changes: Partial<RankingReport> = {},
): RankingReport {
  const parts = entries.map(([, requests, failed]) => totalsOf(requests, failed));
  const totals = sum([...parts, others]);
  const rows: RankingRow[] = entries.map(([name], index) => ({
    name,
    ...parts[index]!,
    sharePercent: totals.requests === 0 ? 0 : (parts[index]!.requests / totals.requests) * 100,
  }));
  const finding = rows[0] ? `${rows[0].name} made ${rows[0].requests} of ${totals.requests} requests.` : 'No requests.';
  return {
    ...headOf('top', 'Top clients', finding, rangeOf('2026-11-14', '2026-11-20', 'day')),
    kind: 'top',
    dimension: 'client',
    measure: 'requests',
    rows,
    others,
    totals,
    distinct: rows.length + others.count,
    table: EMPTY_TABLE,
    ...changes,
  };
}

export function topClients(): RankingReport {
  return rankingOf(
    [
      ['acme-web', 947_312, 31_004],
      ['billing-sync', 512_006, 1_200],
      ['mobile-ios', 301_440],
      ['mobile-android', 288_190, 64_002],
      ['partner-feed-north-america', 95_001, 12],
    ],
    { ...totalsOf(166_051, 900), count: 38 },
    {
      finding:
        'acme-web made 947,312 of 2,310,000 requests (41%); 97,118 requests (4.2%) failed, most of them by mobile-android.',
    },
  );
}

export function usualOf(median: number, isOdd = false): UsualRequests {
  return { median, low: Math.round(median * 0.85), high: Math.round(median * 1.2), isOdd };
}

/** Lists the starts of a range's hours, days or months in a zone. */
function stepsOf(range: Range, zone = ZONE): number[] {
  const starts: number[] = [];
  let at = Temporal.Instant.fromEpochMilliseconds(range.fromMs).toZonedDateTimeISO(zone);
  while (at.epochMilliseconds < range.toMs) {
    starts.push(at.epochMilliseconds);
    at = range.grain === 'hour' ? at.add({ milliseconds: HOUR_MS }) : at.add({ [`${range.grain}s`]: 1 });
  }
  return starts;
}

/** Returns a smooth wave around `size`, the same in every run. */
function wave(index: number, size: number): number {
  return Math.round(size * (1 + 0.45 * Math.sin(index / 3.1) + 0.2 * Math.cos(index * 1.7)));
}

export function statusOf(range: Range, countsAt: (index: number) => Record<string, number>): StatusReport {
  const groupOf = (status: string) => (/^\d/.test(status) && status !== '429' ? `${status[0]}xx` : status);
  const byStatus = new Map<string, number>();
  const steps = stepsOf(range).map((startMs, index) => {
    const counts: Record<string, number> = {};
    for (const [status, count] of Object.entries(countsAt(index))) {
      byStatus.set(status, (byStatus.get(status) ?? 0) + count);
      counts[groupOf(status)] = (counts[groupOf(status)] ?? 0) + count;
    }
    const local = Temporal.Instant.fromEpochMilliseconds(startMs).toZonedDateTimeISO(ZONE);
    return { startMs, label: local.toPlainDateTime().toString(), counts };
  });
  const requests = [...byStatus.values()].reduce((all, count) => all + count, 0);
  const codes = [...byStatus]
    .sort((a, b) => b[1] - a[1])
    .map(([status, count]) => ({ status, meaning: '', requests: count, sharePercent: (count / requests) * 100 || 0 }));
  const groups = ['1xx', '2xx', '3xx', '4xx', '429', '5xx', '(none)']
    .map((group) => {
      const count = codes
        .filter(({ status }) => groupOf(status) === group)
        .reduce((all, code) => all + code.requests, 0);
      return { group, meaning: '', requests: count, sharePercent: (count / requests) * 100 || 0 };
    })
    .filter((group) => group.requests > 0);
  const failed = codes.filter(({ status }) => Number(status) >= 400).reduce((all, code) => all + code.requests, 0);
  return {
    ...headOf('status', 'Status codes', `${failed} of ${requests} requests failed.`, range),
    kind: 'status',
    grain: range.grain,
    totals: totalsOf(requests, failed, byStatus.get('(none)') ?? 0),
    steps,
    groups,
    codes,
    diagnosis: [],
    table: EMPTY_TABLE,
  };
}

export function statusOfWeek(): StatusReport {
  return statusOf(rangeOf('2026-11-14', '2026-11-20', 'day'), (index) => ({
    '200': wave(index, 300_000),
    '201': wave(index, 21_000),
    '304': wave(index + 2, 9_000),
    '404': wave(index, 11_000),
    '429': index === 4 ? 42_000 : 600,
    '500': index === 3 ? 410 : 12,
    '503': index === 3 ? 120 : 0,
    '(none)': 1_500,
  }));
}

export function seriesOf(
  kind: 'daily' | 'day',
  range: Range,
  requestsAt: (index: number) => number,
  changes: Partial<SeriesReport> = {},
): SeriesReport {
  const bars = stepsOf(range).map((startMs, index) => ({
    startMs,
    label: Temporal.Instant.fromEpochMilliseconds(startMs)
      .toZonedDateTimeISO(ZONE)
      .toString({ timeZoneName: 'never', smallestUnit: 'minute' }),
    partial: false,
    ...totalsOf(requestsAt(index)),
  }));
  const totals = sum(bars);
  const title = kind === 'day' ? 'Requests per hour' : 'Requests per day';
  return {
    ...headOf(kind, title, `${totals.requests} requests in ${bars.length} steps.`, range),
    kind,
    grain: range.grain,
    totals,
    clients: 43,
    bars,
    table: EMPTY_TABLE,
    ...changes,
  };
}

export function dailyWithLimit(): SeriesReport {
  const report = seriesOf('daily', rangeOf('2026-10-23', '2026-11-21', 'day'), (index) => wave(index, 58_000), {
    limit: { name: 'Fair use', value: 80_000 },
  });
  const last = report.bars.length - 1;
  return {
    ...report,
    finding: 'Fair use (80,000 a day) was passed on 7 of 30 days.',
    bars: report.bars.map((bar, index) => (index === last ? { ...bar, partial: true, ...totalsOf(21_044) } : bar)),
  };
}

export function dayByHour(date = '2026-11-20'): SeriesReport {
  const report = seriesOf('day', rangeOf(date, date, 'hour'), (index) => wave(index, 4_100));
  return {
    ...report,
    usual: report.bars.map((_, index) => (index === 5 ? undefined : usualOf(wave(index + 1, 3_900)))),
  };
}

/** A Saturday with an odd hour, failures, and an alert that followed. */
export function oddDay(): SeriesReport {
  const report = seriesOf('day', rangeOf('2026-11-28', '2026-11-28', 'hour'), (hour) => 100 + ((hour * 7) % 40));
  const bars = report.bars.map((bar, hour) => ({
    ...bar,
    ...(hour === 18 ? totalsOf(566, 31) : totalsOf(bar.requests, hour % 5 === 0 ? 9 : 1)),
  }));
  return {
    ...report,
    bars,
    totals: sum(bars),
    usual: bars.map((_, hour) => (hour === 18 ? usualOf(126, true) : usualOf(110 + ((hour * 7) % 30)))),
    marks: [{ atMs: bars[18]!.startMs + HOUR_MS / 2, label: 'Alert 90%' }],
  };
}

/** A day with as many calls as usual, but with far more failures in its ninth hour. */
export function failingDay(): SeriesReport {
  const report = oddDay();
  const bars = report.bars.map((bar, hour) => ({ ...bar, ...totalsOf(120 + hour, hour === 8 ? 51 : 2) }));
  const usual = bars.map((_, hour) => ({ ...usualOf(125 + hour), ...(hour === 8 ? { usualFailed: 0.02 } : {}) }));
  return { ...report, bars, totals: sum(bars), usual, marks: [] };
}

/** A November of thirty days beside an October of thirty-one, each with quiet weekends. */
export function comparedMonths(): CompareReport {
  const daysOf = (first: string, last: string) => stepsOf(rangeOf(first, last, 'day'));
  const requestsOn = (ms: number) =>
    Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(ZONE).dayOfWeek > 5 ? 1_900 : 6_400;
  const [now, before] = [daysOf('2026-11-01', '2026-11-30'), daysOf('2026-10-01', '2026-10-31')];
  const steps = before.map((beforeMs, index) => {
    const startMs = now[index];
    const pair = { beforeMs, before: requestsOn(beforeMs) };
    return startMs === undefined ? { startMs: beforeMs, ...pair } : { startMs, now: requestsOn(startMs), ...pair };
  });
  const total = { name: 'total', now: 150_000, before: 160_000, change: -10_000 };
  return {
    ...headOf('daily', 'Requests per day', 'Fewer requests than in October.'),
    ...{ kind: 'compare', measure: 'requests', total, sections: [], grain: 'day', steps, table: EMPTY_TABLE },
    range: rangeOf('2026-11-01', '2026-11-30', 'day'),
    versus: rangeOf('2026-10-01', '2026-10-31', 'day'),
    per: { now: 30, before: 31, isDay: true },
  };
}

/** Thirty days in which one fails and one is quiet, with two deploys. */
export function oddMonth(): SeriesReport {
  const weekday = (index: number) => (index % 7 === 2 || index % 7 === 3 ? 2900 : 6800);
  const report = seriesOf(
    'daily',
    rangeOf('2026-10-29', '2026-11-27', 'day'),
    (index) => weekday(index) + ((index * 97) % 400),
  );
  const bars = report.bars.map((bar, index) => ({
    ...bar,
    ...(index === 13
      ? totalsOf(7090, 709)
      : index === 22
        ? totalsOf(1200, 20)
        : totalsOf(bar.requests, Math.round(bar.requests * 0.02))),
  }));
  const usual = bars.map((_, index) => ({ ...usualOf(weekday(index), index === 22), high: weekday(index) + 500 }));
  const marks = [
    { atMs: bars[6]!.startMs, label: 'v2.4.1' },
    { atMs: bars[21]!.startMs, label: 'v2.5.0' },
  ];
  return { ...report, bars, totals: sum(bars), usual, marks };
}

export function balanceOf(name: string, used: number, amount: number, changes: Partial<PoolState> = {}): PoolState {
  const percent = amount === 0 ? (used > 0 ? 100 : 0) : (used / amount) * 100;
  const level: Level =
    percent >= 100 ? 'exhausted' : percent >= 90 ? 'critical' : percent >= 75 ? 'approaching' : 'healthy';
  return {
    name,
    used: used * 1000,
    amount: amount * 1000,
    left: Math.max(0, amount - used) * 1000,
    percent,
    level,
    thresholds: [75, 90],
    period: { fromMs: 0, toMs: 1, label: 'November 2026' },
    arithmetic: '',
    drawnNow: false,
    periodKind: 'month',
    reached: [],
    ...changes,
  };
}

export function poolStack(): PoolReport {
  return {
    ...headOf('pool', 'Integration Service API calls', 'The bundle is used up; 2,975,000 left in the annual add-on.'),
    kind: 'pool',
    scopes: [
      {
        scope: 'integration-service',
        title: 'Integration Service API calls',
        ...{ restLeft: 0, restCount: 0, exhaustions: [] },
        pools: [
          balanceOf('Bundled licences', 100_000, 100_000),
          balanceOf('Annual add-on', 2_325_000, 3_000_000, {
            drawnNow: true,
            period: { fromMs: 0, toMs: 1, label: '2026' },
          }),
          balanceOf('Reserve', 12_000, 500_000),
        ],
        limits: [balanceOf('Fair use', 11_830, 10_000), balanceOf('Night jobs', 9_150, 10_000)],
        used: 2_437_000_000,
        overage: 12_500_000,
        level: 'approaching',
        links: {},
      },
    ],
    table: EMPTY_TABLE,
  };
}

export function cardOf(scope: string, current: PoolState | undefined, changes: Partial<ScopeCard> = {}): ScopeCard {
  return {
    scope,
    title: scope,
    pools: current ? [current] : [],
    ...(current ? { current } : {}),
    used: 0,
    exhaustions: [],
    restLeft: 0,
    restCount: 0,
    level: current?.level ?? 'healthy',
    overage: 0,
    limits: [],
    requestsToday: 12_400,
    links: {},
    ...changes,
  };
}

export function summaryOfScopes(): SummaryReport {
  return {
    ...headOf('summary', 'API usage', 'crm is critical: 92.4% of Daily credits used; 4,000 left.'),
    kind: 'summary',
    cards: [
      cardOf('crm', balanceOf('Daily credits', 48_500, 52_500)),
      cardOf('integration-service', balanceOf('Annual add-on', 2_325_000, 3_000_000), {
        title: 'Integration Service API calls',
        restLeft: 488_000_000,
        restCount: 1,
      }),
      cardOf('documents', balanceOf('Monthly pages', 1_202, 40_000)),
      cardOf('default', undefined),
    ],
    today: totalsOf(88_300, 1_204),
    table: EMPTY_TABLE,
  };
}

export function historyOf(
  series: readonly string[],
  drawnAt: (month: number) => Readonly<Record<string, number>>,
): HistoryReport {
  const range = { ...rangeOf('2025-12-01', '2026-11-20', 'month'), partial: true };
  const starts = stepsOf(range);
  const months = starts.map((startMs, index) => {
    const drawn = Object.fromEntries(Object.entries(drawnAt(index)).map(([name, credits]) => [name, credits * 1000]));
    return {
      label: Temporal.Instant.fromEpochMilliseconds(startMs)
        .toZonedDateTimeISO(ZONE)
        .toPlainDate()
        .toString()
        .slice(0, 7),
      startMs,
      partial: index === starts.length - 1,
      drawn,
      total: Object.values(drawn).reduce((all, credits) => all + credits, 0),
    };
  });
  return {
    ...headOf('history', 'History: Integration Service', 'July 2026 was the largest month: 164,310 credits.', range),
    kind: 'history',
    scope: 'integration-service',
    series,
    months,
    table: EMPTY_TABLE,
  };
}

export function historyByPool(): HistoryReport {
  return historyOf(['Bundled licences', 'Annual add-on', 'overage'], (month) => {
    const used = wave(month, 105_000);
    return {
      'Bundled licences': Math.min(used, 100_000),
      'Annual add-on': Math.min(Math.max(0, used - 100_000), 40_000),
      overage: Math.max(0, used - 140_000),
    };
  });
}

export function drillOf(name: string): DrillReport {
  const rowsOf = (entries: readonly (readonly [string, number, number])[]) => rankingOf(entries).rows;
  return {
    ...headOf('client', `Client ${name}`, '64,002 of 288,190 requests failed (22.2%), nearly all on one route.', {
      ...rangeOf('2026-11-14', '2026-11-20', 'day'),
    }),
    kind: 'client',
    name,
    totals: totalsOf(288_190, 64_002),
    sections: [
      {
        title: 'Routes',
        dimension: 'route',
        rows: rowsOf([
          ['/v1/orders/{id}/lines', 120_000, 61_900],
          ['/v1/orders', 80_190, 2_000],
          ['/v1/customers/{id}', 60_000, 102],
          ['/v1/prices', 28_000, 0],
        ]),
        more: 4,
      },
      {
        title: 'Status codes',
        dimension: 'status',
        rows: rowsOf([
          ['200', 224_188, 0],
          ['429', 60_000, 60_000],
          ['500', 4_002, 4_002],
        ]),
        more: 0,
      },
    ],
    table: EMPTY_TABLE,
  };
}

export function tableReport(): TableReport {
  return {
    ...headOf('licences', 'Licences', '20 licences grant 100,000 credits a month.'),
    kind: 'licences',
    sections: [],
    table: EMPTY_TABLE,
  };
}

/** Percentiles in milliseconds: name, p50, p95, p99, slowest, calls. */
export type TimedCalls = readonly [string, number, number, number, number, number];

function toTimed([name, p50Ms, p95Ms, p99Ms, slowestMs, requests]: TimedCalls): TimedRow {
  return { name, requests, latency: { timed: requests, p50Ms, p95Ms, p99Ms, slowestMs } };
}

const LATENCY = {
  kind: 'latency',
  zone: ZONE,
  asOfMs: Date.UTC(2026, 10, 21, 7, 45),
  filters: [],
  notes: [],
  dimension: 'client',
  table: { columns: [], rows: [] },
} as const;

export function latencyOf(calls: readonly TimedCalls[]): LatencyReport {
  const rows = calls.map(toTimed);
  return {
    ...LATENCY,
    notes: [],
    question: { report: 'latency' },
    title: 'Latency of clients',
    range: rangeOf('2026-11-14', '2026-11-20', 'day'),
    finding: `${rows[0]?.name} is slowest.`,
    rows,
    distinct: rows.length,
    total: { requests: 1000, latency: { timed: 1000, p50Ms: 80, p95Ms: 420, p99Ms: 900, slowestMs: 4000 } },
  };
}

/** Latency over time: one day per p95, up to 20 Nov. `undefined` means a day without calls. */
export function latencyOverTime(p95s: readonly (number | undefined)[], spread = 3): LatencyReport {
  const last = Temporal.PlainDate.from('2026-11-20');
  const steps = p95s.map((p95, step) => {
    const date = last.subtract({ days: p95s.length - 1 - step });
    const startMs = date.toZonedDateTime(ZONE).epochMilliseconds;
    const name = date.toString();
    if (p95 === undefined) return { startMs, name, partial: false, requests: 0 };
    return { startMs, partial: false, ...toTimed([name, p95 / spread, p95, p95 * spread, p95 * 9, 100]) };
  });
  const range = rangeOf(steps[0]!.name, '2026-11-20', 'day');
  return {
    ...latencyOf([]),
    question: { report: 'latency', overTime: true },
    range,
    title: 'Latency per day',
    grain: 'day',
    steps,
  };
}
