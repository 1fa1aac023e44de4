import type { Report } from '../../domain/report.ts';
import type { CanDraw } from '../labels.ts';
import type { ChartSpec } from './marks.ts';
import { buildPoolSpec } from './pool.ts';
import { buildRankingSpec } from './ranking.ts';
import { buildSeriesSpec } from './series.ts';
import { buildStatusSpec } from './status.ts';

export type ChartView = 'graph' | 'doughnut';

/** The chart of a report as a Vega-Lite spec; undefined where there is nothing to draw, or the report is text and table. */
export function buildSpec(report: Report, _view: ChartView, canDraw: CanDraw): ChartSpec | undefined {
  switch (report.kind) {
    case 'top':
      return buildRankingSpec(report, canDraw);
    case 'status':
      return buildStatusSpec(report, canDraw);
    case 'pool':
      return buildPoolSpec(report, canDraw);
    case 'daily':
    case 'day':
      return buildSeriesSpec(report, canDraw);
    default:
      return undefined;
  }
}
