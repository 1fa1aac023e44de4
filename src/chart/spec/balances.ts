import type { PoolReport, SummaryReport } from '../../domain/report.ts';
import { LEVELS, type PoolState, type ScopeCard } from '../../domain/scope-state.ts';
import {
  countOf,
  formatCompact,
  formatCompactCredits,
  formatCount,
  formatPercent,
  joinWords,
} from '../../report/format.ts';
import { compareScopes, isOver, nameLevel, poolsLevelOf } from '../../report/scope-words.ts';
import { describeTeams } from '../../report/summary.ts';
import { type CanDraw, toLabels } from '../text.ts';
import { CARD, COLOR, INNER, LEVEL_COLOR, SIZE } from '../theme.ts';
import type { Drawing, Panel } from './frame.ts';
import { BAR, buildRows, type Row, type RowMarks } from './rows.ts';

const MAX_BULLETS = 8;
/** The scale ends here, in percent, if something is over its amount. A bar that goes further is drawn broken. */
const REACH = 112;
const KEYS = Object.entries(LEVEL_COLOR).map(([key, color]) => ({ key, color }));

/** A balance as a bar, or a name with words alone if there is no amount to compare with. */
interface Bullet extends Row {
  balance?: PoolState;
  /** Order of urgency, the highest first: by level, then by the share used. */
  rank: number;
}

interface BulletGroup {
  title: string;
  bullets: readonly Bullet[];
}

/** Draws a bar per pool in draw order, then per limit, scope by scope, the worst first; undefined without pools and limits. */
export function drawPools(report: PoolReport, canDraw: CanDraw): Drawing | undefined {
  const groups = report.scopes.toSorted(compareScopes).map((scope): BulletGroup => {
    const { title, pools, limits, current, overage } = scope;
    const bullets = [
      ...pools.map((pool) => toBullet(pool.name, pool, pool.drawnNow && pools.length > 1 ? ['in use now'] : [])),
      ...limits.map((limit) => toBullet(`${limit.name} (limit)`, limit)),
      ...(isOver(scope) ? [{ name: 'Over the allowance', value: formatCompactCredits(overage), rank: Infinity }] : []),
    ];
    // A used-up pool is no problem while a later one has something left.
    const done = pools.indexOf(current!);
    return { title, bullets: bullets.map((bullet, place) => (place < done ? { ...bullet, rank: 0 } : bullet)) };
  });
  return groups.some(({ bullets }) => bullets.length > 0) ? drawBullets(groups, canDraw) : undefined;
}

/**
 * Draws a bar per scope, worst first: the pool now drawn from with the scope's level, and each limit that is not healthy. Undefined
 * without scopes.
 */
export function drawSummary(report: SummaryReport, canDraw: CanDraw): Drawing | undefined {
  if (report.cards.length === 0) return undefined;
  const bullets = report.cards.flatMap(toBullets).toSorted((a, b) => b.rank - a.rank);
  return drawBullets([{ title: report.title, bullets }], canDraw);
}

function toBullets(card: ScopeCard): Bullet[] {
  const { title: name, current, restCount, restLeft, overage } = card;
  const limits = card.limits
    .filter((limit) => limit.level !== 'healthy')
    .map((limit) => toBullet(`${name}: ${limit.name} (limit)`, limit));
  if (!current) return [{ name, value: `${formatCompact(card.requestsToday)} today, no pool`, rank: -1 }, ...limits];
  const remarks = [
    ...(restCount > 0 ? [`${formatCompactCredits(restLeft)} more in ${countOf(restCount, 'pool')}`] : []),
    ...(overage > 0 ? [`${formatCompactCredits(overage)} over`] : []),
  ];
  const teams = describeTeams(card);
  const level = poolsLevelOf(card);
  const bullet = toBullet(name, { ...current, level }, remarks, teams && `By team: ${teams}`);
  return [{ ...bullet, value: describeLevel(current, nameLevel(level, card)) }, ...limits];
}

/** Builds a bar. `remarks` follow the amounts; the note has a line of its own below them. */
function toBullet(name: string, balance: PoolState, remarks: readonly string[] = [], note?: string): Bullet {
  const { level, percent, used, amount, left } = balance;
  const rest = left > 0 ? `, ${formatCompactCredits(left)} left` : '';
  const amounts = `${formatCompactCredits(used)} of ${formatCompactCredits(amount)} used${rest}`;
  return {
    ...{ name, balance, value: describeLevel(balance, level), rank: LEVELS.indexOf(level) * 1e6 + percent },
    remarks: [[amounts, ...remarks].join(' · '), ...(note ? [note] : [])],
    parts: [{ key: level, size: Math.min(percent, REACH) }],
  };
}

/** Draws the worst bars, each group below its title if there are several, and says how many more there are. */
function drawBullets(groups: readonly BulletGroup[], canDraw: CanDraw): Drawing {
  const all = groups.flatMap(({ bullets }) => bullets);
  const worst = new Set(all.toSorted((a, b) => b.rank - a.rank).slice(0, MAX_BULLETS));
  const shown = groups
    .map(({ title, bullets }) => ({ title, bullets: bullets.filter((bullet) => worst.has(bullet)) }))
    .filter(({ bullets }) => bullets.length > 0);
  const balances = [...worst].flatMap(({ balance }) => (balance ? [balance] : []));
  const isAnyOver = balances.some(({ percent }) => percent > 100);
  const hidden = all.length - worst.size;
  const remarks = [
    ...describeMarks(balances, isAnyOver),
    ...(hidden > 0 ? [`${formatCount(hidden)} more in the table`] : []),
  ];
  const names = shown.map(({ title }) => title);
  const titles = toLabels(names, INNER, SIZE.label, canDraw);
  const panels = shown.map(({ bullets }, at) =>
    buildPanel(bullets, { canDraw, title: shown.length > 1 ? titles[at] : undefined, isAnyOver }),
  );
  return { remarks: remarks.length > 0 ? [remarks.join(' · ')] : [], panels };
}

/** Draws bars over a grey track of 0–100%, with their thresholds as marks and the level in words. */
function buildPanel(
  bullets: readonly Bullet[],
  { isAnyOver, ...style }: { canDraw: CanDraw; title: string | undefined; isAnyOver: boolean },
): Panel {
  const balances = bullets.flatMap(({ balance }, row) => (balance ? [{ row, ...balance }] : []));
  const track: RowMarks = {
    values: balances.map(({ row }) => ({ row, size: 100 })),
    mark: { type: 'bar', height: BAR, color: COLOR.track },
  };
  const ticks: RowMarks = {
    values: balances.flatMap(({ row, thresholds, percent }) =>
      [...thresholds, ...(isAnyOver ? [100] : [])].map((size) => ({ row, size, isPassed: percent > size })),
    ),
    mark: { type: 'tick', size: BAR, thickness: 1 },
    color: { condition: { test: 'datum.isPassed', value: CARD }, value: COLOR.muted },
  };
  const breaks: RowMarks = {
    values: balances.filter(({ percent }) => percent > REACH).map(({ row }) => ({ row, size: 106 })),
    mark: {
      ...{ type: 'point', shape: 'M-0.7,1L-0.1,-1M0.1,1L0.7,-1', size: 220 },
      ...{ stroke: CARD, strokeWidth: 3, opacity: 1, filled: false },
    },
  };
  const max = isAnyOver ? REACH : 100;
  return buildRows(bullets, { ...style, max, keys: KEYS, under: [track], over: [ticks, breaks] });
}

/** `Marks at 75%, 90% and 100%`, if all bars have the same. */
function describeMarks(balances: readonly PoolState[], isAnyOver: boolean): string[] {
  const [first, ...others] = new Set(balances.map(({ thresholds }) => thresholds.join()));
  if (!first || others.length > 0) return [];
  const marks = [...first.split(','), ...(isAnyOver ? ['100'] : [])];
  return [`Marks at ${joinWords(marks.map((mark) => `${mark}%`))}`];
}

/** `93.1% critical`, `57.4% over`; a healthy one has no word, and an amount of 0 has no share. */
function describeLevel({ amount, percent, thresholds }: PoolState, word: string): string {
  const share = amount === 0 ? '' : formatPercent(percent, thresholds);
  return [share, word === 'healthy' ? '' : word].filter(Boolean).join(' ');
}
