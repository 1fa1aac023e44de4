import type { PoolReport } from '../../domain/report.ts';
import { formatCount } from '../../report/format.ts';
import { isOver } from '../../report/scope-words.ts';
import { type CanDraw, toLabels } from '../labels.ts';
import { formatCompactCredits } from '../numbers.ts';
import { CONTENT_WIDTH, SIZE } from '../theme.ts';
import { type Bullet, buildBullets } from './bullet.ts';
import { buildFrame } from './frame.ts';
import type { ChartSpec } from './marks.ts';

const MAX_BULLETS = 8;

/** A bar per pool in the order of drawing, then per limit, for every scope; undefined without pools and limits. */
export function buildPoolSpec(report: PoolReport, canDraw: CanDraw): ChartSpec | undefined {
  const several = report.scopes.length > 1;
  const bullets = report.scopes.flatMap((scope): Bullet[] => {
    const rank = (name: string) => scope.drawOrder.indexOf(name) + 1 || Number.POSITIVE_INFINITY;
    const pools = scope.pools.toSorted((a, b) => rank(a.name) - rank(b.name));
    const prefix = several ? `${scope.title}: ` : '';
    const overage: Bullet[] = isOver(scope)
      ? [{ label: `${prefix}Overage`, text: `${formatCompactCredits(scope.overage)} not covered by any pool` }]
      : [];
    return [
      ...pools.map((balance) => ({
        label: `${prefix}${balance.name}`,
        balance,
        ...(balance.drawnNow && pools.length > 1 ? { remark: `In use · ${balance.period.label}` } : {}),
      })),
      ...scope.limits.map((balance) => ({ label: `${prefix}${balance.name} (limit)`, balance })),
      ...overage,
    ];
  });
  if (!bullets.some(({ balance }) => balance)) return undefined;
  const shown = bullets.slice(0, MAX_BULLETS);
  const labels = toLabels(
    shown.map(({ label }) => label),
    CONTENT_WIDTH,
    SIZE.label,
    canDraw,
  );
  const hidden = bullets.length - shown.length;
  const footnotes = hidden > 0 ? [`${formatCount(hidden)} more in the table.`] : [];
  return buildFrame({ report, canDraw, footnotes }, (top) =>
    buildBullets(
      shown.map((bullet, index) => ({ ...bullet, label: labels[index]! })),
      top,
    ),
  );
}
