import { NONE, OTHER } from '../../domain/dimension.ts';
import type { Thousandths } from '../../domain/event.ts';
import type { DrillReport, RankingReport, ReportHead } from '../../domain/report.ts';
import { ratioOf } from '../../domain/thousandths.ts';
import type { Latency, Totals } from '../../domain/usage.ts';
import { formatCompact, formatCompactCredits, formatCount, formatLatency, formatShare } from '../../report/format.ts';
import { addTotals, emptyTotals } from '../../report/totals.ts';
import { type CanDraw, drawableText, measureText, shortenText, toLabels } from '../text.ts';
import { CARD, COLOR, INNER, SERIES_COLORS, SIZE } from '../theme.ts';
import { byPixels, colorOf, type Drawing, type Key, type Panel, type Text, textLayers, toLayer } from './frame.ts';

/** A name and a number, with a bar of the whole width below them, which is what fits on a phone. */
export interface Row {
  name: string;
  /** Shown after the name, in the colour of failures. */
  failed?: string | undefined;
  /** Shown at the right end of the name's line. */
  value: string;
  /** Parts of the bar from the left; absent: no bar, words alone. */
  parts?: readonly { key: string; size: number }[];
  /** Small lines below the bar. */
  remarks?: readonly string[];
  /** A remainder, written paler than rows with a name. */
  isRest?: boolean;
}

/** Marks on the scale of the bars; `below`: pixels below the middle of each bar. */
export interface RowMarks {
  values: readonly { row: number; size: number }[];
  mark: object;
  below?: number;
  color?: object;
}

export interface RowsStyle {
  canDraw: CanDraw;
  title?: string | undefined;
  /** The largest value of the scale, in the unit of the bars. */
  max: number;
  /** Keys of parts in the order of stacking. */
  keys: readonly Key[];
  /** Rank of the first row. A name that cannot be drawn is replaced by its rank. */
  firstRank?: number;
  /** Marks behind the bars, and over them. */
  under?: readonly RowMarks[];
  over?: readonly RowMarks[];
}

export const BAR = 13;
const LINE = 20;
const GAP = 14;
const SPACE = 10;
const LEAST_SHARE = 0.007;
/** Two drawn pixels, one of them on the bar: edges are sharp, and need no extra shades in the palette. */
const EDGE = 1;

/** Draws bars in the given order, each below its name, on one scale from zero. */
export function buildRows(rows: readonly Row[], style: RowsStyle): Panel {
  const { canDraw, title, max, keys, firstRank, under = [], over = [] } = style;
  const most = Math.max(...rows.map(({ remarks = [] }) => remarks.length));
  const step = LINE + BAR + GAP + LINE * most;
  const last = rows.at(-1)!;
  const lastLines = last.remarks?.length ?? 0;
  const unused = GAP - 4 + LINE * (most - lastLines) + (last.parts || lastLines > 0 ? 0 : BAR);
  const bands = { domain: rows.map((_, row) => row), range: [0, rows.length * step], paddingInner: 0, paddingOuter: 0 };
  const y = { field: 'row', type: 'ordinal', axis: null, scale: bands };
  const scale = { domain: [0, max || 1], range: [1, INNER - 1], nice: false, round: true };
  const x = { field: 'size', type: 'quantitative', scale, axis: null };
  const middle = -step / 2 + LINE + BAR / 2 + 1;
  const marksOf = ({ values, mark, below = 0, color }: RowMarks) =>
    toLayer(values, { yOffset: middle + below, ...mark }, color ? { color } : {});
  const parts = rows.flatMap((each, row) =>
    toVisible(each.parts ?? [], max).map((part) => ({
      ...{ row, ...part, order: keys.findIndex(({ key }) => key === part.key) },
    })),
  );
  const bar = { type: 'bar', height: BAR, yOffset: middle, stroke: CARD, strokeWidth: EDGE };
  const stacked = { order: { field: 'order', type: 'quantitative' }, color: colorOf(keys, INNER) };
  return {
    ...(title ? { title: { text: shortenText(title, INNER, SIZE.label, 600), fontSize: SIZE.label, offset: 8 } } : {}),
    width: INNER,
    height: rows.length * step - unused,
    encoding: { y, x },
    layer: [
      ...under.map(marksOf),
      toLayer(parts, bar, stacked),
      ...over.map(marksOf),
      ...textLayers(listTexts(rows, { canDraw, firstRank, top: -step / 2 }), { x: byPixels('x') }),
    ],
  } as Panel;
}

/** Lists the texts of each row: name, failures, value and remarks. */
function listTexts(
  rows: readonly Row[],
  { canDraw, firstRank, top }: { canDraw: CanDraw; firstRank: number | undefined; top: number },
): (Text & { row: number; x: number })[] {
  const names = toLabels(
    rows.map(({ name }) => name),
    INNER,
    SIZE.label,
    canDraw,
    firstRank,
  );
  return rows.flatMap(({ value, failed = '', isRest, remarks = [] }, row) => {
    const failedWidth = failed ? measureText(failed, SIZE.small) + SPACE : 0;
    const room = INNER - measureText(value, SIZE.label, 600) - SPACE - failedWidth;
    const name = shortenText(names[row]!, room, SIZE.label);
    const line = { row, x: 0, align: 'left', dy: top + LINE / 2, color: isRest ? COLOR.muted : COLOR.text } as const;
    return [
      { ...line, text: name, fontSize: SIZE.label },
      { ...line, text: failed, x: measureText(name, SIZE.label) + SPACE, color: COLOR.failed },
      { ...line, text: value, x: INNER, align: 'right', fontSize: SIZE.label, weight: 600 },
      ...remarks.map((remark, at) => ({
        ...{ ...line, dy: line.dy + LINE + BAR + 4 + at * LINE, color: COLOR.muted },
        text: shortenText(drawableText(remark, canDraw), INNER, SIZE.small),
      })),
    ];
  });
}

/** Widens small parts to at least two pixels; if the bar becomes too long, the largest part is shortened. */
function toVisible(parts: NonNullable<Row['parts']>, max: number): { key: string; size: number }[] {
  const visible = parts
    .filter(({ size }) => size > 0)
    .map(({ key, size }) => ({ key, size: Math.max(size, max * LEAST_SHARE) }));
  const excess = visible.reduce((sum, { size }) => sum + size, 0) - max;
  const largest = Math.max(...visible.map(({ size }) => size));
  return excess <= 0
    ? visible
    : visible.map((part) => (part.size === largest ? { ...part, size: largest - excess } : part));
}

const MAX_BARS = 10;

/** One line of a drawn ranking: the largest by name, all others as one. */
interface RankedItem extends Totals {
  name: string;
  isRest: boolean;
  /** Share of all counted calls; absent for the others. */
  sharePercent?: number;
}

/**
 * Returns the first `max` rows, then all others as one (`38 others`) unless they are nothing. Values beyond the cap (`(other)`)
 * belong to the others.
 */
export function toRankedItems(report: RankingReport, max: number): RankedItem[] {
  const named = report.rows.filter(({ name }) => name !== OTHER);
  const hidden = [...named.slice(max), ...report.rows.filter(({ name }) => name === OTHER)];
  const items = named.slice(0, max).map((row) => ({ ...row, isRest: false }));
  const rest = [...hidden, report.others].reduce(addTotals, emptyTotals());
  if (rest.requests === 0 && rest.credits === 0) return items;
  const isCounted = hidden.every(({ name }) => name !== OTHER);
  const count = report.others.count + hidden.length;
  const name = isCounted ? (count === 1 ? '1 other' : `${formatCount(count)} others`) : 'All others';
  return [...items, { ...rest, name, isRest: true }];
}

/**
 * Draws horizontal bars, largest first, with failures told apart. Others are a line of words, since their bar could flatten the rest.
 * Undefined without rows.
 */
export function drawRanking(report: RankingReport, canDraw: CanDraw): Drawing | undefined {
  if (report.rows.length === 0) return undefined;
  const { measure, totals } = report;
  const byCredits = measure === 'credits';
  const items = toRankedItems(report, MAX_BARS);
  // If a bound leaves rows out, the rows shown are not the whole.
  const showShare = ({ sharePercent, ...item }: RankedItem): string[] =>
    report.question.bound === undefined
      ? [formatShare(item[measure], totals[measure])]
      : sharePercent === undefined
        ? []
        : [formatShare(sharePercent, 100)];
  const rows = items.map((item): Row => {
    const size = byCredits ? formatCompactCredits(item.credits) : formatCompact(item.requests);
    return {
      name: item.name,
      value: [size, ...showShare(item)].join(' · '),
      isRest: item.isRest,
      failed: byCredits || item.isRest ? undefined : describeFailed(item),
      ...(item.isRest ? {} : { parts: byCredits ? [{ key: 'ok', size: Number(item.credits) }] : toParts(item) }),
    };
  });
  const max = Math.max(...items.filter(({ isRest }) => !isRest).map((item) => Number(item[measure])));
  const keys = byCredits ? [{ key: 'ok', color: COLOR.ok }] : outcomeKeys(totals);
  return { panels: [buildRows(rows, { canDraw, firstRank: firstRankOf(report), max, keys })] };
}

/** Returns the rank of the first row on this page. */
export function firstRankOf({ question }: Pick<ReportHead, 'question'>): number {
  return (question.offset ?? 0) + 1;
}

/** `22% failed`, from one percent on: less cannot be seen in a bar either. */
export function describeFailed({ failed, requests }: Totals): string | undefined {
  return failed * 100 >= requests && failed > 0 ? `${formatShare(failed, requests)} failed` : undefined;
}

export function toParts({ ok, failed, none }: Totals): { key: string; size: number }[] {
  return [
    { key: 'ok', size: ok },
    { key: 'failed', size: failed },
    { key: 'none', size: none },
  ];
}

/**
 * Keys of outcomes with their counts: `ok 2.2M`, `failed 97.1k`. Without words if all calls are ok, since there is nothing to
 * explain.
 */
export function outcomeKeys(totals: Totals): Key[] {
  const isPlain = totals.failed === 0 && totals.none === 0;
  return (['ok', 'failed', 'none'] as const).map((key) => ({
    key,
    color: COLOR[key],
    words:
      isPlain || totals[key] === 0 ? undefined : `${key === 'none' ? 'no status' : key} ${formatCompact(totals[key])}`,
  }));
}

const MAX_SLICES = 5;
const RING = { x: 89, inner: 54, outer: 84 } as const;
const LIST = RING.x + RING.outer + 24;
const STEP = 44;
/** Slices below this share of the circle have no room for a number. */
const NUMBERED_SHARE = 0.05;

/**
 * Draws a ring of at most five slices, largest first, with a numbered list as its legend. The numbers are in the slices too, so that
 * they can be found without colour. Draws bars if there is nothing to share out.
 */
export function drawDoughnut(report: RankingReport, canDraw: CanDraw): Drawing | undefined {
  const { measure } = report;
  const total = report.totals[measure];
  if (report.rows.length === 0 || total <= 0) return drawRanking(report, canDraw);
  const hasRest = report.rows.length > MAX_SLICES || report.others.count > 0;
  const format = (size: Thousandths) =>
    measure === 'credits' ? formatCompactCredits(size) : formatCompact(Number(size));
  const items = toRankedItems(report, hasRest ? MAX_SLICES - 1 : MAX_SLICES);
  const names = items.map(({ name }) => name);
  const labels = toLabels(names, INNER, SIZE.label, canDraw, firstRankOf(report));
  const height = Math.max(2 * RING.outer + 4, items.length * STEP);
  const middle = height / 2;
  const slices = items.map((item, row) => ({
    row,
    y: middle + (row - (items.length - 1) / 2) * STEP,
    size: Number(item[measure]),
    color: item.isRest ? COLOR.other : SERIES_COLORS[row]!,
    number: item.isRest || ratioOf(item[measure], total) < NUMBERED_SHARE ? '' : String(row + 1),
    name: shortenText(item.isRest ? item.name : `${row + 1}  ${labels[row]}`, INNER - LIST - 2, SIZE.label),
    value: `${format(item[measure])} · ${formatShare(item[measure], total)}`,
  }));
  const at = { x: { value: RING.x }, y: { value: middle } };
  const ring = {
    ...at,
    theta: { field: 'size', type: 'quantitative', stack: true, scale: { domain: [0, Number(total)] } },
    order: { field: 'row', type: 'quantitative' },
  };
  const arc = { type: 'arc', innerRadius: RING.inner, outerRadius: RING.outer, stroke: CARD, strokeWidth: 2 };
  const number = { type: 'text', radius: (RING.inner + RING.outer) / 2, fontWeight: 600 };
  const swatch = { type: 'square', size: 180, opacity: 1, filled: true, yOffset: -9, xOffset: -12 };
  const color = { field: 'color', type: 'nominal', scale: null, legend: null };
  const numberColor = { condition: { test: 'datum.row === 1', value: COLOR.text }, value: '#FFFFFF' };
  const list = { x: { value: LIST }, y: byPixels('y') };
  const middles = [
    { text: format(total), dy: -4, fontSize: 22, weight: 600 as const },
    { text: measure, dy: 18, color: COLOR.muted },
  ];
  const lines = slices.flatMap(({ y, name, value }) => [
    { text: name, y, align: 'left' as const, dy: -9, fontSize: SIZE.label },
    { text: value, y, align: 'left' as const, dy: 11, color: COLOR.muted },
  ]);
  const panel: Panel = {
    width: INNER,
    height,
    layer: [
      toLayer(slices, arc, { ...ring, color }),
      toLayer(slices, number, { ...ring, color: numberColor, text: { field: 'number', type: 'nominal' } }),
      toLayer(slices, swatch, { ...list, color }),
      ...textLayers(middles, at),
      ...textLayers(lines, list),
    ],
  };
  return { panels: [panel] };
}

const MAX_SECTIONS = 2;
const MAX_SECTION_BARS = 5;

/** Draws bars of the first two dimensions with any names, in the report's order, on one scale; undefined without any. */
export function drawDrill(report: DrillReport, canDraw: CanDraw): Drawing | undefined {
  const sections = report.sections.filter(({ rows }) => rows.some(({ name }) => name !== NONE)).slice(0, MAX_SECTIONS);
  if (sections.length === 0) return undefined;
  const max = Math.max(
    ...sections.flatMap(({ rows }) => rows.slice(0, MAX_SECTION_BARS).map(({ requests }) => requests)),
  );
  const panels = sections.map((section, index) => {
    const shown = section.rows.slice(0, MAX_SECTION_BARS);
    const all = section.rows.length + section.more;
    const rows = shown.map((row) => {
      // All calls with a status code fail, or none does, so their share of all calls says more.
      const isStatus = section.dimension === 'status';
      return {
        name: row.name,
        value: `${formatCompact(row.requests)}${isStatus ? ` · ${formatShare(row.requests, report.totals.requests)}` : ''}`,
        failed: isStatus ? undefined : describeFailed(row),
        parts: toParts(row),
      };
    });
    return buildRows(rows, {
      canDraw,
      title: all > shown.length ? `${section.title} (${shown.length} of ${formatCount(all)})` : section.title,
      max,
      keys: outcomeKeys(report.totals).map((each) => (index === 0 ? each : { ...each, words: undefined })),
    });
  });
  return { remarks: report.latency ? [describeLatency(report.latency)] : [], panels };
}

function describeLatency({ p50Ms, p95Ms, p99Ms }: Latency): string {
  return `Latency: p50 ${formatLatency(p50Ms)} · p95 ${formatLatency(p95Ms)} · p99 ${formatLatency(p99Ms)}`;
}
