import type { Question, Report } from '../../domain/report.ts';
import type { CanDraw } from '../labels.ts';
import { buildPoolSpec, buildSummarySpec } from './balances.ts';
import { buildCompareSpec } from './compare.ts';
import { buildDoughnutSpec } from './doughnut.ts';
import { buildDrillSpec } from './drill.ts';
import type { ChartSpec } from './frame.ts';
import { buildHistorySpec } from './history.ts';
import { buildLatencySpec } from './latency.ts';
import { buildRankingSpec } from './ranking.ts';
import { buildSeriesSpec } from './series.ts';
import { buildStatusSpec } from './status.ts';

/** `doughnut` is for rankings; otherwise a report has one form, also beside its table. */
export type ChartView = NonNullable<Question['view']>;

/** The chart of a report as a Vega-Lite spec; undefined where there is nothing to draw, or the report is text and table. */
export function buildSpec(report: Report, view: ChartView, canDraw: CanDraw): ChartSpec | undefined {
  switch (report.kind) {
    case 'summary':
      return buildSummarySpec(report, canDraw);
    case 'top':
      return view === 'doughnut' ? buildDoughnutSpec(report, canDraw) : buildRankingSpec(report, canDraw);
    case 'status':
      return buildStatusSpec(report, canDraw);
    case 'pool':
      return buildPoolSpec(report, canDraw);
    case 'daily':
    case 'day':
      return buildSeriesSpec(report, canDraw);
    case 'history':
      return buildHistorySpec(report, canDraw);
    case 'client':
    case 'route':
      return buildDrillSpec(report, canDraw);
    case 'compare':
      return buildCompareSpec(report, canDraw);
    case 'latency':
      return buildLatencySpec(report, canDraw);
    default:
      return undefined;
  }
}
