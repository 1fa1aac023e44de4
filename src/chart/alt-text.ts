import type { Report } from '../domain/report.ts';
import type { Table } from '../domain/table.ts';
import { STEP_NAMES } from '../domain/usage.ts';
import { isAddedUp, SO_FAR } from '../report/compared-rows.ts';
import { countOf, formatCount, formatInStep, formatPercent, joinWords } from '../report/format.ts';
import { LEVEL_SIGNS } from '../report/scope-words.ts';
import { describeRows, isNumber, orderColumns } from '../report/table.ts';
import { shareFailed } from '../report/totals.ts';
import type { ChartView } from './spec/build.ts';
import { cleanText } from './text.ts';

/** Slack's limit for the alternative text of an uploaded file (`alt_txt_too_large`); an image block takes twice as much. */
export const MAX_ALT_TEXT = 1000;
const MAX_FINDING = 400;

const FORMS: Partial<Record<Report['kind'], string>> = {
  summary: 'Bar chart of scopes',
  top: 'Bar chart',
  status: 'Stacked column chart',
  pool: 'Bar chart of pools',
  daily: 'Column chart',
  day: 'Column chart',
  history: 'Stacked column chart',
  client: 'Bar chart',
  route: 'Bar chart',
  latency: 'Bar chart',
  compare: 'Paired bar chart',
};

/**
 * Builds the alternative text: form, title, range, zone, finding, then the rows of the table in words. Plain text of at most 1,000
 * characters. If there is no room, the smallest rows are left out (`and 12 more`); numbers are never cut.
 */
export function buildAltText(report: Report, view: ChartView = 'graph'): string {
  const { table, zone } = report;
  const when = [...(report.range ? [cleanText(report.range.label)] : []), zone].join(', ');
  const partial = report.range?.partial ? ' (partial)' : '';
  const form = formOf(report, view);
  const isSummed = report.kind === 'compare' && isAddedUp(report);
  const head = [
    `${form}: ${isSummed ? SO_FAR : cleanText(report.title)}, ${when}${partial}.`,
    toWholeSentences(withoutSigns(report.finding)),
  ];
  const rows = form === 'Table' ? [] : describeRows(toDrawn(report), zone).map(cleanText);
  const lead = orderColumns(table).find(({ type }) => isNumber(type))?.index ?? 0;
  const sizeOf = (row: number) => Number(table.rows[row]?.[lead] ?? 0);
  const bySize = [...rows.keys()].sort((a, b) => sizeOf(b) - sizeOf(a));
  const textWith = (count: number) => {
    const kept = new Set(bySize.slice(0, count));
    const told = [...rows.filter((_, index) => kept.has(index)), ...describeRest(report, rows.length - count)];
    return [...head, told.length > 0 ? `${told.join('; ')}.` : '', ...describeMore(report)].filter(Boolean).join(' ');
  };
  let count = Math.min(rows.length, 200);
  while (count > 0 && textWith(count).length > MAX_ALT_TEXT) count--;
  return textWith(count);
}

/** Returns the rows that are drawn: those of the table; for status codes their groups, unless rates per step are drawn. */
function toDrawn(report: Report): Table {
  if (report.kind !== 'status' || report.steps.some(({ rate }) => rate !== undefined)) return report.table;
  return {
    columns: [
      { key: 'group', label: 'Group', type: 'text' },
      { key: 'requests', label: 'Requests', type: 'count' },
      { key: 'share', label: '%', type: 'percent' },
    ],
    rows: report.groups.map(({ group, requests, sharePercent }) => [group, requests, sharePercent]),
  };
}

function formOf(report: Report, view: ChartView): string {
  if (view === 'doughnut' && report.kind === 'top') return 'Doughnut chart';
  return 'steps' in report && report.steps && report.kind !== 'status' ? 'Line chart' : (FORMS[report.kind] ?? 'Table');
}

/** Removes the emoji of levels: words beside them say the same, and a screen reader would say "large blue circle". */
function withoutSigns(text: string): string {
  return Object.values(LEVEL_SIGNS).reduce((rest, sign) => rest.replaceAll(`${sign} `, ''), text);
}

/** Keeps as many whole sentences as fit: a cut inside one could change a number's meaning. */
function toWholeSentences(text: string): string {
  const sentences = new Intl.Segmenter('en', { granularity: 'sentence' }).segment(cleanText(text));
  let kept = '';
  for (const { segment } of sentences) {
    if (kept.length + segment.length > MAX_FINDING) break;
    kept += segment;
  }
  return kept.trim();
}

/** Describes rows that did not fit, and those of a ranking that are not listed. */
function describeRest(report: Report, dropped: number): string[] {
  const others = report.kind === 'top' ? report.others.count : 0;
  if (dropped > 0) return [`and ${formatCount(dropped + others)} more`];
  return others > 0 && report.kind === 'top'
    ? [`${countOf(others, 'other')} ${formatCount(report.others.requests)} requests`]
    : [];
}

/** Lists sentences about marks, limits and odd steps that the chart shows besides its rows. */
function describeMore(report: Report): string[] {
  if (report.kind === 'compare')
    return [
      `Before: ${cleanText(report.versus.label)}.`,
      ...(isAddedUp(report) ? ['Bars of each day stand below the lines.'] : []),
    ];
  if (report.kind !== 'daily' && report.kind !== 'day' && report.kind !== 'status') return [];
  const { marks = [] } = report;
  const marked = marks.slice(0, 5).map(({ label }) => cleanText(label));
  const sentences = marked.length > 0 ? [`Marked: ${joinWords(marked)}.`] : [];
  if (report.kind === 'status') return sentences;
  const { bars, usual = [], limit, grain } = report;
  const odd = bars.filter((_, step) => usual[step]?.isOdd).map(({ label }) => cleanText(label));
  const failing = bars.flatMap((bar, step) => {
    const share = usual[step]?.usualFailed;
    if (share === undefined) return [];
    const [now, before] = [shareFailed(bar), share].map((each) => formatPercent(each * 100));
    return [`${now} ${formatInStep(cleanText(bar.label), grain)} (usually ${before})`];
  });
  return [
    ...(failing.length > 0 ? [`Far from the usual share of failures: ${joinWords(failing.slice(0, 3))}.`] : []),
    ...(odd.length > 0 ? [`Far from the usual: ${joinWords(odd.slice(0, 5))}.`] : []),
    ...(limit ? [`Limit ${cleanText(limit.name)} ${formatCount(limit.value)} per ${STEP_NAMES[grain]}.`] : []),
    ...sentences,
  ];
}
