import type { Report, TableReport } from '../domain/report.ts';
import type { Table } from '../domain/table.ts';
import { countOf } from '../report/format.ts';
import { describeRows } from '../report/table.ts';
import { countFitting, hasGraph, hasWords, isPage } from '../slack/next-questions.ts';
import { ACTIONS } from './action-ids.ts';
import {
  buildContext,
  buildControls,
  type ControlState,
  describeContext,
  type Readers,
  type Shown,
} from './controls.ts';
import {
  MAX_ALT_TEXT,
  MAX_BUTTON_VALUE,
  MAX_FALLBACK_TEXT,
  MAX_MESSAGE_BLOCKS,
  MAX_MESSAGE_CHARACTERS,
  MAX_ROW_BUTTONS,
  MAX_SECTION_TEXT,
} from './limits.ts';
import { buildNativeCharts } from './native-chart.ts';
import {
  actions,
  type Block,
  buildTable,
  button,
  clip,
  clipMarkup,
  countCharacters,
  defuse,
  leaf,
  type Message,
  mention,
  nameActor,
  place,
  richList,
  richText,
  toOneLine,
} from './text.ts';

/** Chart of an answer, if it has one. */
interface Showing {
  /** An uploaded chart that Slack has processed; `coming`: an edit will add it in a moment. */
  picture?: { fileId: string; altText: string } | 'coming' | undefined;
  /** Use Slack's own chart instead of a picture. */
  native: boolean;
}

/** Everything around the numbers of an answer: controls, readers, remarks. */
export interface AnswerFrame extends Showing, Readers {
  controls: ControlState;
  /** Reasons why the answer is here, or parts that are missing from it. Plain text. */
  remarks?: readonly string[] | undefined;
}

/**
 * Builds the message of an answer: the sentence that answers, its chart or table, one line of context, one row of controls. It
 * keeps Slack's limits for any report: rows that do not fit are counted, and the CSV has them.
 */
export function buildAnswer(report: Report, frame: AnswerFrame): Message {
  const { controls, remarks = [] } = frame;
  const sentence = richText(...splitFinding(report).map(({ text, isOwner }) => (isOwner ? place(text) : text)));
  const notes = [...remarks, ...report.notes];
  // Controls and context are about as long for any view: measure them first, and give the body the rest.
  const around = [sentence, buildContext(report, frame, notes), ...buildControls(report, controls, 'table')];
  const left = MAX_MESSAGE_CHARACTERS - countCharacters(around) - RESERVE;
  const { blocks, shown, hiddenRows } = buildBody(report, frame, left);
  const beside = [
    ...(shown === 'table' ? noteDrawOrder(report) : []),
    ...(hiddenRows > 0 ? [`${countOf(hiddenRows, 'more row')} in the CSV.`] : []),
  ];
  return {
    text: buildFallback(report, remarks),
    blocks: [
      sentence,
      ...blocks,
      buildContext(report, frame, [...notes, ...beside]),
      ...buildControls(report, controls, shown),
    ].slice(0, MAX_MESSAGE_BLOCKS),
  };
}

/** Splits an answer's sentence at the owners in it, which are ids of people and groups in Slack. */
function splitFinding(report: Report): { text: string; isOwner: boolean }[] {
  const owners = report.kind === 'client' ? (report.owners ?? []) : [];
  const finding = toOneLine(report.finding);
  if (owners.length === 0) return [{ text: finding, isOwner: false }];
  return finding.split(new RegExp(`\\b(${owners.join('|')})\\b`)).map((text, at) => ({ text, isOwner: at % 2 === 1 }));
}

/** Keep 400 characters free for the note about hidden rows, and for another button. */
const RESERVE = 400;

/** Blocks between the sentence and the context of an answer. */
interface AnswerBody {
  blocks: readonly Block[];
  shown: Shown;
  /** Rows that did not fit. */
  hiddenRows: number;
}

/** Claims beside a chart; beside a table there is room for more. */
const MAX_CLAIMS = 2;
const MAX_SECTIONS = 8;
const MAX_LINES = 12;
const MAX_LINE = 500;

/**
 * Shows the numbers of an answer once: as a chart; as a table if that is asked for or there is no chart; or as words if the
 * report consists of words. `characters`: its part of the message's limit.
 */
function buildBody(report: Report, showing: Showing, characters: number): AnswerBody {
  const claims = buildClaims(report, MAX_CLAIMS);
  if (hasGraph(report.kind) && report.question.view !== 'table') {
    const chart = buildChart(report, showing);
    if (chart) return { blocks: [...claims, ...chart], shown: 'chart', hiddenRows: 0 };
  }
  if (isToldInWords(report)) {
    const hiddenRows = Math.max(0, report.sections.length - MAX_SECTIONS);
    return { blocks: buildSections(report), shown: 'words', hiddenRows };
  }
  const listed = toListed(report);
  const table = buildTable(listed, report.zone, characters);
  if (!table) return { blocks: claims, shown: 'words', hiddenRows: 0 };
  return {
    blocks: [...buildClaims(report, MAX_SECTIONS), table.block],
    shown: 'table',
    hiddenRows: table.hiddenRows,
  };
}

/** Says in which order several pools are drawn, which a table shows only by the order of its rows. */
export function noteDrawOrder(report: Report): string[] {
  if (report.kind !== 'pool') return [];
  return report.scopes
    .filter(({ pools }) => pools.length > 1)
    .map(({ title, pools }) => `${title} draws from ${pools.map(({ name }) => name).join(' → ')}.`);
}

/** Cuts the table of a page to the rows that fit on a phone; the next page has the rest. */
function toListed({ question, table }: Report): Table {
  return isPage(question) ? { ...table, rows: table.rows.slice(0, countFitting(table)) } : table;
}

/** Undefined if there is no chart to show. */
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

/** Tells whether a report is shown as sentences, because the columns of a table would be too narrow on a phone. */
export function isToldInWords(report: Report): report is TableReport {
  if (report.kind === 'advice' || report.kind === 'why') return true;
  return hasWords(report) && report.question.view !== 'table';
}

/** Makes one bullet per section. Drops a title that the sentence contains, if no other section's title is in it. */
function buildSections({ kind, finding, sections }: TableReport): Block[] {
  const isFinding = kind === 'why' || kind === 'advice';
  const isSaid = ({ title }: { title: string }) => isFinding && finding.toLowerCase().includes(title.toLowerCase());
  const once = sections.filter(isSaid).length === 1;
  const items = sections.slice(0, MAX_SECTIONS).map((section) => {
    const lines = section.lines.slice(0, MAX_LINES).map((line) => endSentence(clip(line, MAX_LINE)));
    const text = lines.join(' ');
    return once && isSaid(section)
      ? nameActor(text)
      : [leaf(section.title, { bold: true }), ...nameActor(` – ${text}`)];
  });
  return items.length > 0 ? [richList(items)] : [];
}

function toFirstSentence(text: string): string {
  return /^.*?\.(?= \p{Lu})/su.exec(text)?.[0] ?? text;
}

function endSentence(line: string): string {
  return /[.!?…]$/.test(line) ? line : `${line}.`;
}

/**
 * Writes the whole answer as text, for notifications, screen readers, and if Slack refuses the blocks: finding, rows, notes,
 * context. It is cut at whole lines, with the number of missing rows. Names in it cannot mention anybody or format anything.
 */
export function buildFallback(report: Report, extra: readonly string[] = []): string {
  const head = [
    splitFinding(report)
      .map(({ text, isOwner }) => (isOwner ? mention(text) : defuse(text)))
      .join(''),
  ];
  const tail = [...extra, ...report.notes, describeContext(report)].map((line) => defuse(toOneLine(line)));
  const rows = describeRows(report.table, report.zone).map((row) => defuse(toOneLine(row)));
  let left = MAX_FALLBACK_TEXT - [...head, ...tail].join('\n').length - 40;
  const shown: string[] = [];
  for (const row of rows) {
    left -= row.length + 3;
    if (left < 0) break;
    shown.push(`• ${row}`);
  }
  const missing = rows.length - shown.length;
  const lines = [...head, ...shown, ...(missing > 0 ? [`and ${missing} more rows`] : []), ...tail];
  return clipMarkup(lines.join('\n'), MAX_FALLBACK_TEXT);
}

/** Builds a message of plain lines, with buttons that run commands. Names in `lines` are safe: nothing in them is markup. */
export function buildNotice(
  lines: readonly string[],
  commands: readonly { label: string; command: string }[] = [],
): Message {
  const buttons = commands
    .slice(0, MAX_ROW_BUTTONS)
    .map(({ label, command }, index) =>
      button({ action: `${ACTIONS.run}:${index}`, text: label, value: clip(command, MAX_BUTTON_VALUE) }),
    );
  return {
    text: lines.map(defuse).join('\n'),
    blocks: [...lines.map((line) => richText(clip(line, MAX_SECTION_TEXT))), ...actions(...buttons)],
  };
}
