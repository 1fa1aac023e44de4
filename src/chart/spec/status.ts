import type { StatusReport } from '../../domain/report.ts';
import { STEP_NAMES } from '../../domain/usage.ts';
import { formatShare } from '../../report/format.ts';
import type { CanDraw } from '../labels.ts';
import { formatCompact } from '../numbers.ts';
import { COLOR, MARGIN, SIZE, STATUS_COLOR } from '../theme.ts';
import { type ColumnPart, columnLayers, layOutColumns, timeLabelLayers } from './columns.ts';
import { buildFrame } from './frame.ts';
import { type ChartSpec, textLayer } from './marks.ts';
import { describeClockChange, stepGrainOf, toTimeLabels } from './time-axis.ts';

/** From the zero line up, so that failures stand on top. */
const STACK = ['2xx', '1xx', '3xx', '(none)', '4xx', '429', '5xx'] as const;
type Group = (typeof STACK)[number];

const PLOT_HEIGHT = 180;
const PANEL_HEIGHT = 56;

/**
 * Requests per step stacked by status group; where there are server errors, these again alone on their own scale, since a few of
 * them vanish beside the rest. Undefined without requests.
 */
export function buildStatusSpec(report: StatusReport, canDraw: CanDraw): ChartSpec | undefined {
  const { steps } = report;
  const counts = steps.map((step) => countGroups(step.counts));
  const sums = STACK.map((group) => counts.reduce((sum, step) => sum + step[group], 0));
  const total = sums.reduce((sum, value) => sum + value, 0);
  if (total === 0) return undefined;

  const present = STACK.filter((_, index) => sums[index]! > 0);
  const legend = present.map((group) => {
    const sum = sums[STACK.indexOf(group)]!;
    return { label: `${group} ${formatCompact(sum)} (${formatShare(sum, total)})`, color: STATUS_COLOR[group]! };
  });
  const max = Math.max(...counts.map((step) => STACK.reduce((sum, group) => sum + step[group], 0)));
  const errors = counts.map((step) => step['5xx']);
  const worst = Math.max(...errors);
  const starts = steps.map(({ startMs }) => startMs);
  const grain = stepGrainOf(report.range, starts);
  const clockChange = grain === 'hour' ? describeClockChange(starts, report.zone) : undefined;

  return buildFrame({ report, canDraw, legend, footnotes: clockChange ? [clockChange] : [] }, (top) => {
    const main = layOutColumns(steps.length, max * 1.04, top + 6, PLOT_HEIGHT, formatCompact);
    const hasErrors = worst > 0;
    const panel = {
      ...main,
      top: main.bottom + 34,
      bottom: main.bottom + 34 + PANEL_HEIGHT,
      max: worst * 1.1,
    };
    const last = hasErrors ? panel : main;
    const labels = timeLabelLayers(
      last,
      toTimeLabels(starts, grain, report.zone, (main.right - main.left) / steps.length),
    );
    return {
      layers: [
        ...columnLayers(main, counts.flatMap(toStack), formatCompact),
        ...(hasErrors
          ? [
              ...textLayer(
                [
                  {
                    x: MARGIN,
                    y: panel.top - 8,
                    text: `5xx alone, per ${STEP_NAMES[grain]}: at most ${formatCompact(worst)}`,
                  },
                ],
                {
                  size: SIZE.small,
                  color: COLOR.text,
                  weight: 600,
                },
              ),
              ...columnLayers(
                panel,
                errors.map((to, index) => ({ index, from: 0, to, color: STATUS_COLOR['5xx']! })),
                formatCompact,
                2,
              ),
            ]
          : []),
        ...labels.layers,
      ],
      bottom: labels.bottom,
    };
  });
}

function toStack(step: Record<Group, number>, index: number): ColumnPart[] {
  let from = 0;
  return STACK.map((group) => {
    const part = { index, from, to: from + step[group], color: STATUS_COLOR[group]! };
    from = part.to;
    return part;
  });
}

function countGroups(counts: Readonly<Record<string, number>>): Record<Group, number> {
  const groups = Object.fromEntries(STACK.map((group) => [group, 0])) as Record<Group, number>;
  for (const [status, count] of Object.entries(counts)) {
    const group =
      STACK.find((known) => known === status) ?? STACK.find((known) => known === `${status[0]}xx`) ?? '(none)';
    groups[group] += count;
  }
  return groups;
}
