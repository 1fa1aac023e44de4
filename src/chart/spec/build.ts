import type { Question, Report } from '../../domain/report.ts';
import type { CanDraw } from '../text.ts';
import { drawPools, drawSummary } from './balances.ts';
import { drawHistory, drawLatency } from './columns.ts';
import { drawCompared } from './compare.ts';
import { buildFrame, type ChartSpec, type Drawing } from './frame.ts';
import { drawDoughnut, drawDrill, drawRanking } from './rows.ts';
import { drawSeries, drawStatus } from './series.ts';

/** `doughnut` is for rankings; any other report has one form of chart, also when its table is shown. */
export type ChartView = NonNullable<Question['view']>;

/** Builds the chart of a report as a Vega-Lite spec; undefined if there is nothing to draw, or the report is text and table. */
export function buildSpec(report: Report, view: ChartView, canDraw: CanDraw): ChartSpec | undefined {
  const drawing = draw(report, view, canDraw);
  return drawing && buildFrame(report, canDraw, drawing);
}

function draw(report: Report, view: ChartView, canDraw: CanDraw): Drawing | undefined {
  switch (report.kind) {
    case 'summary':
      return drawSummary(report, canDraw);
    case 'top':
      return view === 'doughnut' ? drawDoughnut(report, canDraw) : drawRanking(report, canDraw);
    case 'status':
      return drawStatus(report, canDraw);
    case 'pool':
      return drawPools(report, canDraw);
    case 'daily':
    case 'day':
      return drawSeries(report, canDraw);
    case 'history':
      return drawHistory(report, canDraw);
    case 'client':
    case 'route':
      return drawDrill(report, canDraw);
    case 'compare':
      return drawCompared(report, canDraw);
    case 'latency':
      return drawLatency(report, canDraw);
    default:
      return undefined;
  }
}
