import type { PoolReport, ReportHead } from '../../domain/report.ts';
import { formatCount } from '../../report/format.ts';
import { isOver } from '../../report/scope-words.ts';
import { type CanDraw, toLabels } from '../labels.ts';
import { formatCompactCredits } from '../numbers.ts';
import { INNER, SIZE } from '../theme.ts';
import { type Bullet, buildBullets, describeMarks, isAnyOver } from './bullet.ts';
import { buildFrame, type ChartSpec } from './frame.ts';

const MAX_BULLETS = 8;

export interface BulletGroup {
  title: string;
  bullets: readonly Bullet[];
}

/** A bar per pool in the order of drawing, then per limit, scope by scope; undefined without pools and limits. */
export function buildPoolSpec(report: PoolReport, canDraw: CanDraw): ChartSpec | undefined {
  const groups = report.scopes.map((scope): BulletGroup => {
    const rank = (name: string) => scope.drawOrder.indexOf(name) + 1 || Number.POSITIVE_INFINITY;
    const pools = scope.pools.toSorted((a, b) => rank(a.name) - rank(b.name));
    const bullets = [
      ...pools.map((balance) => ({
        label: balance.name,
        balance,
        remarks: balance.drawnNow && pools.length > 1 ? ['in use now'] : [],
      })),
      ...scope.limits.map((balance) => ({ label: `${balance.name} (limit)`, balance })),
      ...(isOver(scope) ? [{ label: 'Over the allowance', text: formatCompactCredits(scope.overage) }] : []),
    ];
    return { title: scope.title, bullets };
  });
  const hasBars = groups.some(({ bullets }) => bullets.some((bullet) => 'balance' in bullet));
  return hasBars ? buildBulletSpec(report, groups, canDraw) : undefined;
}

/** The first bullets with unambiguous names, each group below its title where there are several, and how many more there are. */
export function buildBulletSpec(report: ReportHead, groups: readonly BulletGroup[], canDraw: CanDraw): ChartSpec {
  const shown = cut(groups, MAX_BULLETS);
  const all = shown.flatMap(({ bullets }) => bullets);
  const hidden = groups.reduce((sum, { bullets }) => sum + bullets.length, 0) - all.length;
  const remarks = [...describeMarks(all), ...(hidden > 0 ? [`${formatCount(hidden)} more in the table`] : [])];
  const titles = toLabels(
    shown.map(({ title }) => title),
    INNER,
    SIZE.label,
    canDraw,
  );
  const panels = shown.map(({ bullets }, at) => {
    const labels = toLabels(
      bullets.map(({ label }) => label),
      INNER,
      SIZE.label,
      canDraw,
    );
    return buildBullets(
      bullets.map((bullet, index) => ({ ...bullet, label: labels[index]! })),
      { ...(shown.length > 1 ? { title: titles[at]! } : {}), isOver: isAnyOver(all) },
    );
  });
  return buildFrame({ report, canDraw, remarks: remarks.length > 0 ? [remarks.join(' · ')] : [] }, panels);
}

/** The first `max` bullets of all groups together; groups without any are left out. */
function cut(groups: readonly BulletGroup[], max: number): BulletGroup[] {
  let room = max;
  return groups
    .map(({ title, bullets }) => {
      const kept = bullets.slice(0, room);
      room -= kept.length;
      return { title, bullets: kept };
    })
    .filter(({ bullets }) => bullets.length > 0);
}
