import type { PoolReport, SummaryReport } from '../../domain/report.ts';
import type { PoolBalance, ScopeCard } from '../../domain/scope-state.ts';
import { countOf, formatCount, formatPercent, joinWords } from '../../report/format.ts';
import { isOver, LEVELS } from '../../report/scope-words.ts';
import { describeTeams } from '../../report/summary.ts';
import type { CanDraw } from '../labels.ts';
import { toLabels } from '../labels.ts';
import { formatCompact, formatCompactCredits } from '../numbers.ts';
import { CARD, COLOR, INNER, LEVEL_COLOR, SIZE } from '../theme.ts';
import type { Drawing, Panel } from './frame.ts';
import { BAR, buildRows, type Row, type RowMarks } from './rows.ts';

const MAX_BULLETS = 8;
/** Where the scale ends when something is over its amount; what is further over ends there in a broken bar. */
const REACH = 112;
const KEYS = Object.entries(LEVEL_COLOR).map(([key, color]) => ({ key, color }));

/** A balance as a bar, or a name with words alone where there is nothing to measure against. */
interface Bullet {
  name: string;
  balance?: PoolBalance;
  /** In place of the percentage. */
  text?: string;
  /** After the amounts. */
  remarks?: readonly string[];
  /** In a line of its own below them. */
  note?: string | undefined;
}

interface BulletGroup {
  title: string;
  bullets: readonly Bullet[];
}

/** A bar per pool in the order of drawing, then per limit, scope by scope; undefined without pools and limits. */
export function drawPools(report: PoolReport, canDraw: CanDraw): Drawing | undefined {
  const groups = report.scopes.map((scope): BulletGroup => {
    const bullets = [
      ...scope.pools.map((balance) => ({
        name: balance.name,
        balance,
        remarks: balance.drawnNow && scope.pools.length > 1 ? ['in use now'] : [],
      })),
      ...scope.limits.map((balance) => ({ name: `${balance.name} (limit)`, balance })),
      ...(isOver(scope) ? [{ name: 'Over the allowance', text: formatCompactCredits(scope.overage) }] : []),
    ];
    return { title: scope.title, bullets };
  });
  return groups.some(({ bullets }) => bullets.length > 0) ? drawBullets(groups, canDraw) : undefined;
}

/** A bar per scope, worst first: the pool now drawn from with the scope's level, and each limit that is not healthy. Undefined without scopes. */
export function drawSummary(report: SummaryReport, canDraw: CanDraw): Drawing | undefined {
  if (report.cards.length === 0) return undefined;
  const rank = ({ balance }: Bullet) => (balance ? LEVELS.indexOf(balance.level) * 1e6 + balance.percent : -1);
  const bullets = report.cards.flatMap(toBullets).toSorted((a, b) => rank(b) - rank(a));
  return drawBullets([{ title: report.title, bullets }], canDraw);
}

function toBullets(card: ScopeCard): Bullet[] {
  const { title: name, pool, level, restCount, restLeft, overage } = card;
  const limits = card.limits
    .filter((limit) => limit.level !== 'healthy')
    .map((balance) => ({ name: `${name}: ${balance.name} (limit)`, balance }));
  if (!pool) return [{ name, text: `${formatCompact(card.requestsToday)} today, no pool` }, ...limits];
  const remarks = [
    ...(restCount > 0 ? [`${formatCompactCredits(restLeft)} more in ${countOf(restCount, 'pool')}`] : []),
    ...(overage > 0 ? [`${formatCompactCredits(overage)} over`] : []),
  ];
  const teams = describeTeams(card);
  return [{ name, balance: { ...pool, level }, remarks, note: teams && `By team: ${teams}` }, ...limits];
}

/** The first bullets, each group below its title where there are several, and how many more there are. */
function drawBullets(groups: readonly BulletGroup[], canDraw: CanDraw): Drawing {
  const shown = cut(groups, MAX_BULLETS);
  const all = shown.flatMap(({ bullets }) => bullets);
  const balances = all.flatMap(({ balance }) => (balance ? [balance] : []));
  const isAnyOver = balances.some(({ percent }) => percent > 100);
  const hidden = groups.reduce((sum, { bullets }) => sum + bullets.length, 0) - all.length;
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

/** Bars over a grey track of 0–100%, with their thresholds as marks and the level in words. */
function buildPanel(
  bullets: readonly Bullet[],
  { isAnyOver, ...style }: { canDraw: CanDraw; title: string | undefined; isAnyOver: boolean },
): Panel {
  const reach = isAnyOver ? REACH : 100;
  const rows = bullets.map(({ name, balance, text, remarks = [], note }): Row => {
    const remark = [...(balance ? [describeAmounts(balance)] : []), ...remarks].join(' · ');
    return {
      name,
      value: text ?? (balance ? describeLevel(balance) : ''),
      remarks: [remark, note ?? ''].filter(Boolean),
      ...(balance ? { parts: [{ key: balance.level, size: Math.min(balance.percent, reach) }] } : {}),
    };
  });
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
  return buildRows(rows, { ...style, max: reach, keys: KEYS, under: [track], over: [ticks, breaks] });
}

/** `Marks at 75%, 90% and 100%`, where all bars have the same. */
function describeMarks(balances: readonly PoolBalance[], isAnyOver: boolean): string[] {
  const [first, ...others] = new Set(balances.map(({ thresholds }) => thresholds.join()));
  if (!first || others.length > 0) return [];
  const marks = [...first.split(','), ...(isAnyOver ? ['100'] : [])];
  return [`Marks at ${joinWords(marks.map((mark) => `${mark}%`))}`];
}

/** `93.1% critical`; a healthy one has no word, and nothing is no share of an amount of nothing. */
function describeLevel({ amount, percent, thresholds, level }: PoolBalance): string {
  const share = amount === 0 ? '' : formatPercent(percent, thresholds);
  return [share, level === 'healthy' ? '' : level].filter(Boolean).join(' ');
}

/** `48.5k of 52.5k used, 4,000 left`. */
function describeAmounts({ used, amount, left }: PoolBalance): string {
  const rest = left > 0 ? `, ${formatCompactCredits(left)} left` : '';
  return `${formatCompactCredits(used)} of ${formatCompactCredits(amount)} used${rest}`;
}
