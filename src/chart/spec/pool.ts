import type { PoolReport } from '../../domain/report.ts';
import { formatCount } from '../../report/format.ts';
import { isOver } from '../../report/scope-words.ts';
import { type CanDraw, toLabels } from '../labels.ts';
import { formatCompactCredits } from '../numbers.ts';
import { INNER, SIZE } from '../theme.ts';
import { type Bullet, buildBullets, describeMarks } from './bullet.ts';
import { buildFrame, type ChartSpec } from './frame.ts';

const MAX_BULLETS = 8;

/** A bar per pool in the order of drawing, then per limit, for every scope; undefined without pools and limits. */
export function buildPoolSpec(report: PoolReport, canDraw: CanDraw): ChartSpec | undefined {
  const several = report.scopes.length > 1;
  const bullets = report.scopes.flatMap((scope): Bullet[] => {
    const rank = (name: string) => scope.drawOrder.indexOf(name) + 1 || Number.POSITIVE_INFINITY;
    const pools = scope.pools.toSorted((a, b) => rank(a.name) - rank(b.name));
    const prefix = several ? `${scope.title}: ` : '';
    return [
      ...pools.map((balance) => ({
        label: `${prefix}${balance.name}`,
        balance,
        remarks: balance.drawnNow && pools.length > 1 ? ['in use now'] : [],
      })),
      ...scope.limits.map((balance) => ({ label: `${prefix}${balance.name} (limit)`, balance })),
      ...(isOver(scope) ? [{ label: `${prefix}Over the allowance`, text: formatCompactCredits(scope.overage) }] : []),
    ];
  });
  return bullets.some(({ balance }) => balance) ? buildBulletSpec(report, bullets, canDraw) : undefined;
}

/** The first bullets with unambiguous names, and how many more there are. */
export function buildBulletSpec(
  report: Parameters<typeof buildFrame>[0]['report'],
  bullets: readonly Bullet[],
  canDraw: CanDraw,
): ChartSpec {
  const shown = bullets.slice(0, MAX_BULLETS);
  const labels = toLabels(
    shown.map(({ label }) => label),
    INNER,
    SIZE.label,
    canDraw,
  );
  const hidden = bullets.length - shown.length;
  const remarks = [...describeMarks(shown), ...(hidden > 0 ? [`${formatCount(hidden)} more in the table`] : [])];
  return buildFrame({ report, canDraw, remarks: remarks.length > 0 ? [remarks.join(' · ')] : [] }, [
    buildBullets(shown.map((bullet, index) => ({ ...bullet, label: labels[index]! }))),
  ]);
}
