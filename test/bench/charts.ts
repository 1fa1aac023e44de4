import { renderReport } from '../../src/chart/render.ts';
import {
  dailyWithLimit,
  dayByHour,
  historyByPool,
  poolStack,
  statusOfWeek,
  summaryOfScopes,
  topClients,
} from '../chart/fixtures.ts';

const REPORTS = [
  topClients(),
  statusOfWeek(),
  dailyWithLimit(),
  dayByHour(),
  poolStack(),
  summaryOfScopes(),
  historyByPool(),
];

/** Warm times of drawing each kind of chart, in this thread. */
export async function measureCharts(): Promise<{ kind: string; medianMs: number; bytes: number }[]> {
  const figures: { kind: string; medianMs: number; bytes: number }[] = [];
  for (const report of REPORTS) {
    const times: number[] = [];
    let bytes = 0;
    for (let run = 0; run < 8; run += 1) {
      const startedMs = performance.now();
      bytes = (await renderReport(report))?.png.length ?? 0;
      times.push(performance.now() - startedMs);
    }
    times.sort((a, b) => a - b);
    if (bytes > 0) figures.push({ kind: report.kind, medianMs: times[3]!, bytes });
  }
  return figures;
}
