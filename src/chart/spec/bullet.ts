import type { PoolBalance } from '../../domain/scope-state.ts';
import { formatPercent, joinWords } from '../../report/format.ts';
import { formatCompactCredits } from '../numbers.ts';
import { CARD, COLOR, LEVEL_COLOR } from '../theme.ts';
import type { Layer, Panel } from './frame.ts';
import { BAR, barOffset, buildRows, type Row, rowChannel, sizeChannel } from './rows.ts';

/** Where the scale ends when something is over its amount; what is further over ends there in a broken bar. */
const REACH = 112;

const KEYS = Object.entries(LEVEL_COLOR).map(([key, color]) => ({ key, color }));

type Balance = Pick<PoolBalance, 'used' | 'amount' | 'left' | 'percent' | 'level' | 'thresholds'>;

/** A balance as a bar, or a name with words alone where there is nothing to measure against. */
export interface Bullet {
  label: string;
  balance?: Balance;
  /** In place of the percentage. */
  text?: string;
  /** After the amounts. */
  remarks?: readonly string[];
  /** In a line of its own below them. */
  note?: string;
}

/** Tells whether the scale must go on beyond 100%. */
export function isAnyOver(bullets: readonly Bullet[]): boolean {
  return bullets.some(({ balance }) => balance && balance.percent > 100);
}

/** Bars over a grey track of 0–100%, with their thresholds as marks and the level in words. */
export function buildBullets(bullets: readonly Bullet[], style: { title?: string; isOver: boolean }): Panel {
  const reach = style.isOver ? REACH : 100;
  const rows = bullets.map(({ label, balance, text, remarks = [], note }): Row => {
    const remark = [...(balance ? [describeAmounts(balance)] : []), ...remarks].join(' · ');
    return {
      name: label,
      value: text ?? (balance ? describeLevel(balance) : ''),
      remarks: [remark, note].filter((line) => line !== undefined).filter((line) => line !== ''),
      ...(balance ? { parts: [{ key: balance.level, size: Math.min(balance.percent, reach) }] } : {}),
    };
  });
  const balances = bullets.flatMap(({ balance }, row) => (balance ? [{ row, ...balance }] : []));
  const y = rowChannel(rows);
  const yOffset = barOffset(rows);
  const at = (field: string) => sizeChannel(field, reach);
  const track: Layer = {
    data: { values: balances.map(({ row }) => ({ row, size: 100 })) },
    mark: { type: 'bar', height: BAR, yOffset, color: COLOR.track },
    encoding: { y, x: at('size') },
  } as Layer;
  const ticks: Layer = {
    data: {
      values: balances.flatMap(({ row, thresholds, percent }) =>
        [...thresholds, ...(style.isOver ? [100] : [])].map((mark) => ({ row, mark, isPassed: percent > mark })),
      ),
    },
    mark: { type: 'tick', yOffset, size: BAR, thickness: 4 / 3 },
    encoding: {
      y,
      x: at('mark'),
      color: { condition: { test: 'datum.isPassed', value: CARD }, value: COLOR.muted },
    },
  } as Layer;
  const breaks = {
    data: { values: balances.filter(({ percent }) => percent > REACH).map(({ row }) => ({ row, mark: 106 })) },
    mark: {
      type: 'point',
      shape: 'M-0.7,1L-0.1,-1M0.1,1L0.7,-1',
      size: 220,
      yOffset,
      stroke: CARD,
      strokeWidth: 3,
      opacity: 1,
      filled: false,
    },
    encoding: { y, x: at('mark') },
  } as Layer;
  return buildRows(rows, {
    ...(style.title ? { title: style.title } : {}),
    max: reach,
    keys: KEYS,
    under: [track],
    over: [ticks, breaks],
  });
}

/** `Marks at 75%, 90% and 100%`, where all bars have the same. */
export function describeMarks(bullets: readonly Bullet[]): string[] {
  const balances = bullets.flatMap(({ balance }) => (balance ? [balance] : []));
  const [first, ...others] = new Set(balances.map(({ thresholds }) => thresholds.join()));
  if (!first || others.length > 0) return [];
  const marks = [...first.split(','), ...(isAnyOver(bullets) ? ['100'] : [])];
  return [`Marks at ${joinWords(marks.map((mark) => `${mark}%`))}`];
}

/** `93.1% critical`; a healthy one has no word, and nothing is no share of an amount of nothing. */
function describeLevel({ amount, percent, thresholds, level }: Balance): string {
  const share = amount === 0 ? '' : formatPercent(percent, thresholds);
  return [share, level === 'healthy' ? '' : level].filter(Boolean).join(' ');
}

/** `48.5k of 52.5k used, 4,000 left`. */
function describeAmounts({ used, amount, left }: Balance): string {
  const rest = left > 0 ? `, ${formatCompactCredits(left)} left` : '';
  return `${formatCompactCredits(used)} of ${formatCompactCredits(amount)} used${rest}`;
}
