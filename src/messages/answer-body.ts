import type { Report, TableReport } from '../domain/report.ts';
import { hasGraph, hasWords } from '../slack/next-questions.ts';
import { MAX_ALT_TEXT } from './limits.ts';
import { buildNativeCharts } from './native-chart.ts';
import { buildTable } from './table.ts';
import { type Block, clip, leaf, richList } from './text.ts';

/** How an answer's numbers are shown. */
export interface Showing {
  /** An uploaded chart that Slack has finished processing; `coming`: it will be added in a moment. */
  picture?: { fileId: string; altText: string } | 'coming' | undefined;
  /** Slack's own chart instead of a picture. */
  native: boolean;
}

/** Builds what stands between the sentence and the context of an answer. */
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
  if (isToldInWords(report)) {
    const hiddenRows = Math.max(0, report.sections.length - MAX_SECTIONS);
    return { blocks: buildSections(report), shown: 'words', hiddenRows };
  }
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

/** Lists what the status codes point to, each with its evidence. */
function buildClaims(report: Report, most: number): Block[] {
  if (report.kind !== 'status' || report.diagnosis.length === 0) return [];
  const shown = report.diagnosis.slice(0, most);
  const tell = (evidence: string) => (most === MAX_CLAIMS ? toFirstSentence(evidence) : clip(evidence, MAX_LINE));
  return [richList(shown.map(({ claim, evidence }) => [leaf(claim, { bold: true }), ` – ${tell(evidence)}`]))];
}

/** Sentences say more than a table in columns too narrow for a phone. What explains all scopes is too long for them. */
export function isToldInWords(report: Report): report is TableReport {
  if (report.kind === 'advice' || report.kind === 'why') return true;
  return hasWords(report) && report.question.view !== 'table';
}

/** A bullet a section; a title that the sentence has said is not said again, unless bullets could be mixed up without it. */
function buildSections({ kind, finding, sections }: TableReport): Block[] {
  const isFinding = kind === 'why' || kind === 'advice';
  const isSaid = ({ title }: { title: string }) => isFinding && finding.toLowerCase().includes(title.toLowerCase());
  const once = sections.filter(isSaid).length === 1;
  const items = sections.slice(0, MAX_SECTIONS).map((section) => {
    const lines = section.lines.slice(0, MAX_LINES).map((line) => endSentence(clip(line, MAX_LINE)));
    const text = lines.join(' ');
    return once && isSaid(section) ? [text] : [leaf(section.title, { bold: true }), ` – ${text}`];
  });
  return items.length > 0 ? [richList(items)] : [];
}

function toFirstSentence(text: string): string {
  return /^.*?\.(?= \p{Lu})/su.exec(text)?.[0] ?? text;
}

function endSentence(line: string): string {
  return /[.!?…]$/.test(line) ? line : `${line}.`;
}
