import type { Report, TableReport } from '../domain/report.ts';
import { hasGraph } from '../slack/next-questions.ts';
import { MAX_ALT_TEXT } from './limits.ts';
import { buildNativeCharts } from './native-chart.ts';
import { buildTable } from './table.ts';
import { type Block, clip, leaf, richList, richText } from './text.ts';

/** How an answer's numbers are shown. */
export interface Showing {
  /** An uploaded chart that Slack has finished processing; `coming`: it will be added in a moment. */
  picture?: { fileId: string; altText: string } | 'coming' | undefined;
  /** Slack's own chart instead of a picture. */
  native: boolean;
}

/** What stands between the sentence and the context of an answer. */
export interface AnswerBody {
  blocks: readonly Block[];
  /** `words`: there is neither a chart nor a table to see. */
  shown: 'chart' | 'table' | 'words';
  /** Rows that did not fit. */
  hiddenRows: number;
}

/** Evidence beside a chart; a table has room for more. */
const MAX_CLAIMS = 2;
const MAX_SECTIONS = 8;
const MAX_LINES = 12;
const MAX_LINE = 500;

/**
 * The numbers of an answer, once: its chart, or the table where that is asked for or no chart can be shown, or words where
 * the report is words. `characters`: what it may take of the message's allowance.
 */
export function buildBody(report: Report, showing: Showing, characters: number): AnswerBody {
  const claims = buildClaims(report, MAX_CLAIMS);
  if (hasGraph(report.kind) && report.question.view !== 'table') {
    const chart = buildChart(report, showing);
    if (chart) return { blocks: [...claims, ...chart], shown: 'chart', hiddenRows: 0 };
  }
  if (isToldInWords(report)) return { blocks: buildSections(report), shown: 'words', hiddenRows: 0 };
  const table = buildTable(report.table, report.zone, characters);
  if (!table) return { blocks: claims, shown: 'words', hiddenRows: 0 };
  return {
    blocks: [...buildClaims(report, MAX_SECTIONS), table.block],
    shown: 'table',
    hiddenRows: table.hiddenRows,
  };
}

/** In which order pools are drawn, where there is more than one: a table shows it by its rows alone. */
export function noteDrawOrder(report: Report): string[] {
  if (report.kind !== 'pool') return [];
  return report.scopes
    .filter(({ drawOrder }) => drawOrder.length > 1)
    .map(({ title, drawOrder }) => `${title} draws from ${drawOrder.join(' → ')}.`);
}

/** Undefined where there is none to show. */
function buildChart(report: Report, { picture, native }: Showing): Block[] | undefined {
  if (picture === 'coming') return [];
  if (picture) {
    return [{ type: 'image', slack_file: { id: picture.fileId }, alt_text: clip(picture.altText, MAX_ALT_TEXT) }];
  }
  const charts = native ? buildNativeCharts(report) : [];
  return charts.length > 0 ? charts : undefined;
}

/** What the status codes point to, each with its evidence. */
function buildClaims(report: Report, most: number): Block[] {
  if (report.kind !== 'status' || report.diagnosis.length === 0) return [];
  const shown = report.diagnosis.slice(0, most);
  return [
    richList(shown.map(({ claim, evidence }) => [leaf(claim, { bold: true }), ` – ${clip(evidence, MAX_LINE)}`])),
  ];
}

/** Sentences, each with its own title: a table of them would say it all again, in columns too narrow for a phone. */
function isToldInWords(report: Report): report is TableReport {
  if (report.kind === 'advice' || report.kind === 'why') return true;
  return report.kind === 'explain' && report.question.scope !== undefined && report.question.view !== 'table';
}

/** A bullet a section where each is a sentence or two, else its title above its lines. */
function buildSections({ sections }: TableReport): Block[] {
  const shown = sections
    .slice(0, MAX_SECTIONS)
    .map(({ title, lines }) => ({ title, lines: lines.slice(0, MAX_LINES).map((line) => clip(line, MAX_LINE)) }));
  if (shown.length === 0) return [];
  if (shown.every(({ lines }) => lines.length <= 2)) {
    return [richList(shown.map(({ title, lines }) => [leaf(title, { bold: true }), ` – ${lines.join(' ')}`]))];
  }
  return shown.flatMap(({ title, lines }) => [
    richText(leaf(title, { bold: true })),
    ...(lines.length > 0 ? [richList(lines.map((line) => [line]))] : []),
  ]);
}
