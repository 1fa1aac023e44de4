import type { StatusReport } from '../../domain/report.ts';
import { STEP_NAMES } from '../../domain/usage.ts';
import { formatShare } from '../../report/format.ts';
import { formatCompact } from '../numbers.ts';
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
export function drawStatus(report: StatusReport): Drawing | undefined {
  const counts = report.steps.map((step) => countGroups(step.counts));
  const sumOf = (group: Group) => counts.reduce((sum, step) => sum + step[group], 0);
  const total = GROUPS.reduce((sum, group) => sum + sumOf(group), 0);
  if (total === 0) return undefined;
  const { axis, remarks } = toTimeAxis(report, report.steps);
  const max = Math.max(...counts.map((step) => GROUPS.reduce((sum, group) => sum + step[group], 0)));
  const errors = counts.map((step) => step['5xx']);
  const worst = Math.max(...errors);
  const keys = GROUPS.map((key) => ({
    key,
    color: STATUS_COLOR[key],
    words: sumOf(key) > 0 ? `${key} ${formatCompact(sumOf(key))} (${formatShare(sumOf(key), total)})` : undefined,
  }));
  const { marks = [] } = report;
  const isPanelNeeded = worst > 0 && worst < max * SEEN_SHARE;
  const parts = counts.flatMap((step, index) => GROUPS.map((key) => ({ step: index, key, size: step[key] })));
  const main = buildSteps(axis, [stackLayer(parts, keys, axis), ...markLayers(marks, axis)], {
    y: valueChannel(max * (marks.length > 0 ? 1.2 : 1.04)),
    height: PLOT_HEIGHT,
    labels: !isPanelNeeded,
  });
  if (!isPanelNeeded) return { remarks, panels: [main] };
  const only = parts.filter(({ key }) => key === '5xx');
  const panel = buildSteps(axis, [stackLayer(only, [keys.at(-1)!], axis)], {
    title: `Server errors (5xx) per ${STEP_NAMES[axis.grain]}, peak ${formatCompact(worst)}`,
    y: valueChannel(worst * 1.1, 2),
    height: LOW_HEIGHT,
  });
  return { remarks, panels: [main, panel] };
}

function countGroups(counts: Readonly<Record<string, number>>): Record<Group, number> {
  const groups = Object.fromEntries(GROUPS.map((group) => [group, 0])) as Record<Group, number>;
  for (const [status, count] of Object.entries(counts)) {
    const group =
      GROUPS.find((known) => known === status) ?? GROUPS.find((known) => known === `${status[0]}xx`) ?? '(none)';
    groups[group] += count;
  }
  return groups;
}
