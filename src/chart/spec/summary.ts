import type { ScopeCard, SummaryReport } from '../../domain/report.ts';
import { countOf, formatCount } from '../../report/format.ts';
import { type CanDraw, toLabels } from '../labels.ts';
import { formatCompact, formatCompactCredits } from '../numbers.ts';
import { CONTENT_WIDTH, SIZE } from '../theme.ts';
import { type Bullet, buildBullets } from './bullet.ts';
import { buildFrame } from './frame.ts';
import type { ChartSpec } from './marks.ts';

const MAX_BULLETS = 8;

/** A bar per scope: the pool now drawn from, with the scope's level; undefined without scopes. */
export function buildSummarySpec(report: SummaryReport, canDraw: CanDraw): ChartSpec | undefined {
  if (report.cards.length === 0) return undefined;
  const shown = report.cards.slice(0, MAX_BULLETS);
  const labels = toLabels(
    shown.map(({ title }) => title),
    CONTENT_WIDTH,
    SIZE.label,
    canDraw,
  );
  const hidden = report.cards.length - shown.length;
  const footnotes = hidden > 0 ? [`${formatCount(hidden)} more in the table.`] : [];
  return buildFrame({ report, canDraw, footnotes }, (top) =>
    buildBullets(
      shown.map((card, index) => toBullet(card, labels[index]!)),
      top,
    ),
  );
}

function toBullet(card: ScopeCard, label: string): Bullet {
  if (!card.pool) return { label, text: `${formatCompact(card.requestsToday)} requests today, no pool` };
  const remarks = [
    ...(card.restCount > 0
      ? [`${formatCompactCredits(card.restLeft)} more in ${countOf(card.restCount, 'further pool')}`]
      : []),
    ...(card.overage > 0 ? [`overage ${formatCompactCredits(card.overage)}`] : []),
  ];
  return {
    label,
    balance: { ...card.pool, level: card.level },
    ...(remarks.length > 0 ? { remark: remarks.join(' · ') } : {}),
  };
}
