import { CARD, COLOR } from '../theme.ts';
import type { Layer, Panel } from './frame.ts';
import { BAR, barOffset, buildRows, type Row, rowChannel, sizeChannel } from './rows.ts';

const BEFORE = 5;

/** Something counted in two ranges. */
export interface ComparedItem {
  label: string;
  now: number;
  before: number;
}

/** A bar per item for the range asked about, with a thin grey one below it for the range before, and the change in words. */
export function buildComparedRows(
  items: readonly ComparedItem[],
  ranges: { now: string; before: string },
  format: (size: number) => string,
): Panel {
  const rows = items.map(({ label, now, before }): Row => {
    return {
      name: label,
      value: `${format(now)} · ${describeChange(now, before)}`,
      parts: [{ key: 'now', size: now }],
    };
  });
  const max = Math.max(...items.flatMap(({ now, before }) => [now, before]));
  const before = {
    data: { values: items.map(({ before: size }, row) => ({ row, size })) },
    mark: {
      type: 'bar',
      height: BEFORE,
      yOffset: barOffset(rows) + (BAR + BEFORE) / 2 + 1,
      color: COLOR.before,
      stroke: CARD,
    },
    encoding: { y: rowChannel(rows), x: sizeChannel('size', max) },
  } as Layer;
  const keys = [
    { key: 'now', color: COLOR.ok, words: ranges.now },
    { key: 'before', color: COLOR.before, words: ranges.before },
  ];
  return buildRows(rows, { max, keys, over: [before] });
}

/** `↑ 12%`, `↓ 3.4×`, `new`, `gone`, `same`. */
function describeChange(now: number, before: number): string {
  if (now === before) return 'same';
  if (before === 0) return 'new';
  if (now === 0) return 'gone';
  const change = now / before - 1;
  if (change >= 1) return `↑ ${Math.round((now / before) * 10) / 10}×`;
  const percent = Math.round(Math.abs(change) * 100);
  return `${change > 0 ? '↑' : '↓'} ${percent === 0 ? '<1' : Math.min(percent, 99)}%`;
}
