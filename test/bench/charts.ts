import { renderReport } from '../../src/chart/render.ts';
import type { ChartView } from '../../src/chart/spec/build.ts';
import type { Report } from '../../src/domain/report.ts';
import {
  drillOf,
  historyByPool,
  oddDay,
  oddMonth,
  poolStack,
  statusOfWeek,
  summaryOfScopes,
  topClients,
} from '../chart/fixtures.ts';
import { type Row, repeat, type Settings } from './row.ts';

const CHARTS: readonly { name: string; report: Report; view?: ChartView }[] = [
  { name: 'top', report: topClients() },
  { name: 'doughnut', report: topClients(), view: 'doughnut' },
  { name: 'status', report: statusOfWeek() },
  { name: 'daily', report: oddMonth() },
  { name: 'day', report: oddDay() },
  { name: 'pool', report: poolStack() },
  { name: 'summary', report: summaryOfScopes() },
  { name: 'history', report: historyByPool() },
  { name: 'client', report: drillOf('mobile-android') },
];

/** Measures drawing each kind of chart in this thread: the first time, which compiles code, and the times after it. */
export async function* measureCharts({ share }: Settings): AsyncGenerator<Row> {
  for (const { name, report, view } of CHARTS) {
    let bytes = 0;
    const times = await repeat(Math.ceil(25 * share), async () => {
      bytes = (await renderReport(report, view ? { view } : {}))?.png.length ?? 0;
    });
    yield { chart: name, ...times, kilobytes: bytes / 1000 };
  }
}
