import type { PoolBalance } from '../../domain/report.ts';
import { formatPercent } from '../../report/format.ts';
import { measureText } from '../font.ts';
import { shortenText } from '../labels.ts';
import { formatCompactCredits } from '../numbers.ts';
import { CHART_WIDTH, COLOR, CONTENT_WIDTH, LEVEL_COLOR, MARGIN, SIZE } from '../theme.ts';
import { boxLayer, type Layer, lineLayer, textLayer } from './marks.ts';

/** How far bars reach at most; what is beyond ends in an arrow and its number. */
const MAX_PERCENT = 150;
const BAR_HEIGHT = 16;

/** A named bar of a balance, or a name with text alone where there is nothing to measure against. */
export interface Bullet {
  label: string;
  balance?: Pick<PoolBalance, 'used' | 'amount' | 'percent' | 'level' | 'thresholds'>;
  /** In place of the percentage and the amounts. */
  text?: string;
  /** A line below the bar. */
  remark?: string;
}

/** Bars over a grey track of 0–100 %, dashed marks at their thresholds, level in words beside the number. */
export function buildBullets(bullets: readonly Bullet[], top: number): { layers: Layer[]; bottom: number } {
  const highest = Math.max(100, ...bullets.map(({ balance }) => balance?.percent ?? 0));
  const reach = Math.min(MAX_PERCENT, highest > 100 ? Math.max(110, Math.ceil(highest / 10) * 10) : 100);
  const scale = { domain: [0, reach], range: [MARGIN, CHART_WIDTH - MARGIN] } as const;
  const xOf = (percent: number) => MARGIN + (CONTENT_WIDTH * Math.min(percent, reach)) / reach;
  const layers: Layer[] = [];
  let y = top;
  bullets.forEach((bullet, index) => {
    const { balance } = bullet;
    const text = bullet.text ?? (balance ? describe(balance) : '');
    const label = shortenText(bullet.label, CONTENT_WIDTH - measureText(text, SIZE.label) - 16, SIZE.label, 600);
    layers.push(
      ...textLayer([{ x: MARGIN, y: y + 16, text: label }], { size: SIZE.label, color: COLOR.text, weight: 600 }),
      ...textLayer([{ x: CHART_WIDTH - MARGIN, y: y + 16, text }], {
        size: SIZE.label,
        color: COLOR.text,
        align: 'right',
      }),
    );
    y += 24;
    if (balance) {
      const bar = { y, y2: y + BAR_HEIGHT };
      const marks = [...new Set([...balance.thresholds, ...(reach > 100 ? [100] : [])])];
      layers.push(
        ...boxLayer(
          [
            { ...bar, x: 0, x2: 100, color: COLOR.track },
            { ...bar, x: 0, x2: Math.min(balance.percent, reach), color: LEVEL_COLOR[balance.level] },
          ],
          { x: scale },
        ),
        ...lineLayer(
          marks.map((mark) => ({ x: xOf(mark), x2: xOf(mark), y: y - 2, y2: y + BAR_HEIGHT + 2 })),
          { color: COLOR.text, width: 1.5, dash: [3, 2] },
        ),
      );
      if (balance.percent > reach) {
        layers.push(
          ...textLayer([{ x: CHART_WIDTH - MARGIN - 4, y: y + BAR_HEIGHT - 3, text: '→' }], {
            size: SIZE.label,
            color: '#FFFFFF',
            weight: 600,
            align: 'right',
          }),
        );
      }
      y += BAR_HEIGHT + 4;
      if (!sharesMarks(balance, bullets[index + 1]?.balance)) {
        layers.push(
          ...textLayer(
            spread(balance.thresholds, xOf).map(({ percent, x }) => ({
              x,
              y: y + 13,
              text: `${percent} %`,
            })),
            { size: SIZE.small, color: COLOR.muted, align: 'center' },
          ),
        );
        y += 18;
      }
    }
    if (bullet.remark) {
      layers.push(
        ...textLayer([{ x: MARGIN, y: y + 14, text: bullet.remark }], { size: SIZE.small, color: COLOR.muted }),
      );
      y += 18;
    }
    y += 10;
  });
  return { layers, bottom: y - 6 };
}

/** `93 %, critical · 4.65 M of 5 M`. */
function describe(balance: NonNullable<Bullet['balance']>): string {
  const percent = balance.amount === 0 ? '' : `${formatPercent(balance.percent, balance.thresholds)}, `;
  return `${percent}${balance.level} · ${formatCompactCredits(balance.used)} of ${formatCompactCredits(balance.amount)}`;
}

function sharesMarks(balance: NonNullable<Bullet['balance']>, next: Bullet['balance']): boolean {
  return next !== undefined && next.thresholds.join() === balance.thresholds.join();
}

/** Tick labels that do not touch; thresholds before the ends. */
function spread(thresholds: readonly number[], xOf: (percent: number) => number): { percent: number; x: number }[] {
  const kept: { percent: number; x: number; half: number }[] = [];
  for (const percent of new Set([...thresholds, 100, 0])) {
    const half = measureText(`${percent} %`, SIZE.small) / 2;
    const x = Math.min(Math.max(xOf(percent), MARGIN + half), CHART_WIDTH - MARGIN - half);
    if (kept.every((other) => Math.abs(other.x - x) >= other.half + half + 4)) kept.push({ percent, x, half });
  }
  return kept;
}
