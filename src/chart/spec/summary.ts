import type { SummaryReport } from '../../domain/report.ts';
import type { ScopeCard } from '../../domain/scope-state.ts';
import { countOf } from '../../report/format.ts';
import { describeTeams } from '../../report/summary.ts';
import { type CanDraw, drawableText, shortenText } from '../labels.ts';
import { formatCompact, formatCompactCredits } from '../numbers.ts';
import { INNER, SIZE } from '../theme.ts';
import type { Bullet } from './bullet.ts';
import type { ChartSpec } from './frame.ts';
import { buildBulletSpec } from './pool.ts';

const LEVELS = ['healthy', 'approaching', 'critical', 'exhausted'] as const;

/** A bar per scope, worst first: the pool now drawn from with the scope's level, and each limit that is not healthy. Undefined without scopes. */
export function buildSummarySpec(report: SummaryReport, canDraw: CanDraw): ChartSpec | undefined {
  if (report.cards.length === 0) return undefined;
  const rank = ({ balance }: Bullet) => (balance ? LEVELS.indexOf(balance.level) * 1e6 + balance.percent : -1);
  const bullets = report.cards.flatMap((card) => toBullets(card, canDraw)).toSorted((a, b) => rank(b) - rank(a));
  return buildBulletSpec(report, [{ title: report.title, bullets }], canDraw);
}

function toBullets(card: ScopeCard, canDraw: CanDraw): Bullet[] {
  const limits = card.limits
    .filter(({ level }) => level !== 'healthy')
    .map((balance) => ({ label: `${card.title}: ${balance.name} (limit)`, balance }));
  if (!card.pool)
    return [{ label: card.title, text: `${formatCompact(card.requestsToday)} today, no pool` }, ...limits];
  const remarks = [
    ...(card.restCount > 0
      ? [`${formatCompactCredits(card.restLeft)} more in ${countOf(card.restCount, 'pool')}`]
      : []),
    ...(card.overage > 0 ? [`${formatCompactCredits(card.overage)} over`] : []),
  ];
  const teams = describeTeams(card);
  const note =
    teams === undefined
      ? {}
      : { note: shortenText(drawableText(`By team: ${teams}`, new Map(), canDraw), INNER, SIZE.small) };
  return [{ label: card.title, balance: { ...card.pool, level: card.level }, remarks, ...note }, ...limits];
}
