import { NONE } from '../../domain/dimension.ts';
import type { DrillReport } from '../../domain/report.ts';
import type { Latency } from '../../domain/usage.ts';
import { formatCompact, formatCount, formatLatency, formatShare } from '../../report/format.ts';
import type { CanDraw } from '../text.ts';
import type { Drawing } from './frame.ts';
import { buildRows, describeFailed, outcomeKeys, toParts } from './rows.ts';

const MAX_SECTIONS = 2;
const MAX_BARS = 5;

/** Draws bars of the first two dimensions with any names, in the report's order, on one scale; undefined without any. */
export function drawDrill(report: DrillReport, canDraw: CanDraw): Drawing | undefined {
  const sections = report.sections.filter(({ rows }) => rows.some(({ name }) => name !== NONE)).slice(0, MAX_SECTIONS);
  if (sections.length === 0) return undefined;
  const max = Math.max(...sections.flatMap(({ rows }) => rows.slice(0, MAX_BARS).map(({ requests }) => requests)));
  const panels = sections.map((section, index) => {
    const shown = section.rows.slice(0, MAX_BARS);
    const all = section.rows.length + section.more;
    const rows = shown.map((row) => {
      // All calls with a status code fail, or none does, so their share of all calls says more.
      const isStatus = section.dimension === 'status';
      return {
        name: row.name,
        value: `${formatCompact(row.requests)}${isStatus ? ` · ${formatShare(row.requests, report.totals.requests)}` : ''}`,
        failed: isStatus ? undefined : describeFailed(row),
        parts: toParts(row),
      };
    });
    return buildRows(rows, {
      canDraw,
      title: all > shown.length ? `${section.title} (${shown.length} of ${formatCount(all)})` : section.title,
      max,
      keys: outcomeKeys(report.totals).map((each) => (index === 0 ? each : { ...each, words: undefined })),
    });
  });
  return { remarks: report.latency ? [describeLatency(report.latency)] : [], panels };
}

function describeLatency({ p50Ms, p95Ms, p99Ms }: Latency): string {
  return `Latency: p50 ${formatLatency(p50Ms)} · p95 ${formatLatency(p95Ms)} · p99 ${formatLatency(p99Ms)}`;
}
