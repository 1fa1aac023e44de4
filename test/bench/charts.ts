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
const RUNS = 25;

/** Times of drawing each kind of chart in this thread: the first, which compiles code, and the median of those after it. */
export async function measureCharts(): Promise<{ name: string; firstMs: number; medianMs: number; bytes: number }[]> {
  const figures: { name: string; firstMs: number; medianMs: number; bytes: number }[] = [];
  for (const { name, report, view } of CHARTS) {
    const times: number[] = [];
    let bytes = 0;
    for (let run = 0; run <= RUNS; run += 1) {
      const startedMs = performance.now();
      bytes = (await renderReport(report, view ? { view } : {}))?.png.length ?? 0;
      times.push(performance.now() - startedMs);
    }
    const [firstMs, ...warm] = times;
    warm.sort((a, b) => a - b);
    figures.push({ name, firstMs: firstMs!, medianMs: warm[Math.floor(RUNS / 2)]!, bytes });
  }
  return figures;
}
