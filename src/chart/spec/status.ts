import type { StatusReport } from '../../domain/report.ts';
import { STEP_NAMES } from '../../domain/usage.ts';
import { formatCompact, formatShare } from '../../report/format.ts';
import type { CanDraw } from '../text.ts';
import { STATUS_COLOR } from '../theme.ts';
import { buildSteps, LOW_HEIGHT, markLayers, stackLayer, valueChannel } from './columns.ts';
import type { Drawing } from './frame.ts';
import { toTimeAxis } from './time-axis.ts';

type Group = keyof typeof STATUS_COLOR;
/** From the zero line up, so that failures stand on top. */
const GROUPS: readonly Group[] = ['2xx', '1xx', '3xx', '(none)', '4xx', '429', '5xx'];
const PLOT_HEIGHT = 180;
/** Server errors below this share of the scale vanish beside the rest. */
const SEEN_SHARE = 0.15;

/** Requests per step stacked by status group; few server errors again alone on their own scale. Undefined without requests. */
export function drawStatus(report: StatusReport, canDraw: CanDraw): Drawing | undefined {
  const parts = report.steps.flatMap(({ counts }, step) =>
    GROUPS.map((key) => ({ step, key, size: counts[key] ?? 0 })),
  );
  const sumOf = (group: Group) => parts.reduce((sum, { key, size }) => sum + (key === group ? size : 0), 0);
  const total = parts.reduce((sum, { size }) => sum + size, 0);
  if (total === 0) return undefined;
  const { axis, remarks } = toTimeAxis(report, report.steps);
  const errors = parts.filter(({ key }) => key === '5xx');
  const worst = Math.max(...errors.map(({ size }) => size));
  const max = Math.max(
    ...report.steps.map(({ counts }) => Object.values(counts).reduce((sum, count) => sum + count, 0)),
  );
  const keys = GROUPS.map((key) => ({
    key,
    color: STATUS_COLOR[key],
    words: sumOf(key) > 0 ? `${key}: ${formatCompact(sumOf(key))} (${formatShare(sumOf(key), total)})` : undefined,
  }));
  const { marks = [] } = report;
  const isPanelNeeded = worst > 0 && worst < max * SEEN_SHARE;
  const main = buildSteps(axis, [stackLayer(parts, keys, axis), ...markLayers(marks, axis, canDraw)], {
    y: valueChannel(max * (marks.length > 0 ? 1.2 : 1.04)),
    height: PLOT_HEIGHT,
    labels: !isPanelNeeded,
  });
  if (!isPanelNeeded) return { remarks, panels: [main] };
  const panel = buildSteps(axis, [stackLayer(errors, [keys.at(-1)!], axis)], {
    title: `Server errors (5xx) per ${STEP_NAMES[axis.grain]}, peak ${formatCompact(worst)}`,
    y: valueChannel(worst * 1.1, 2),
    height: LOW_HEIGHT,
  });
  return { remarks, panels: [main, panel] };
}
