import type { Report } from '../domain/report.ts';
import { describeFilters, formatInstant } from '../report/format.ts';
import { ACTIONS } from './action-ids.ts';
import { buildPools, buildSummaryCards } from './cards.ts';
import { buildControls, type ControlState } from './controls.ts';
import { buildFallback } from './fallback.ts';
import {
  MAX_ALT_TEXT,
  MAX_BUTTON_VALUE,
  MAX_MESSAGE_BLOCKS,
  MAX_MESSAGE_CHARACTERS,
  MAX_ROW_BUTTONS,
  MAX_SECTION_TEXT,
} from './limits.ts';
import { buildNativeCharts } from './native-chart.ts';
import { buildTable } from './table.ts';
import {
  type Block,
  button,
  clip,
  countCharacters,
  defuse,
  header,
  type Leaf,
  leaf,
  type Message,
  plainContext,
  richList,
  richText,
  toOneLine,
} from './text.ts';

/** How an answer is dressed. */
export interface AnswerDress {
  controls: ControlState;
  /** An uploaded chart that Slack has finished processing. */
  picture?: { fileId: string; altText: string } | undefined;
  /** Slack's own chart instead of a picture. */
  native: boolean;
  /** Who asked, with the command that asks the same: on answers that others see. */
  asked?: { by: string; command: string } | undefined;
  /** IANA zone of the only reader, where it is known; undefined where there are several. */
  readerZone?: string | undefined;
  /** Why the answer is here, or what is missing from it. Plain text. */
  remarks?: readonly string[] | undefined;
}

/**
 * The message of an answer: finding, the body of its kind, chart, table, notes, exact range with zone and age, controls.
 * Within Slack's limits whatever the report holds: rows that do not fit are counted, and the CSV has them.
 */
export function buildAnswer(report: Report, dress: AnswerDress): Message {
  const before = [
    header(report.title),
    richText(toOneLine(report.finding)),
    ...buildBody(report),
    ...buildChart(report, dress),
  ];
  // The text stands alone where there is no picture, and its reader may not have typed the filters that apply.
  const filters = describeFilters(report.filters);
  const after = [
    ...buildOffers(report, dress.controls),
    ...buildNotes([...(dress.remarks ?? []), ...(filters ? [filters] : []), ...report.notes]),
    buildScopeLine(report, dress),
    ...buildControls(report, dress.controls),
  ];
  const left = MAX_MESSAGE_CHARACTERS - countCharacters(before) - countCharacters(after) - 400;
  const table = isToldInWords(report) ? undefined : buildTable(report.table, report.zone, left);
  const hidden = table?.hiddenRows
    ? [plainContext(`${table.hiddenRows} more rows do not fit into a message: they are in the CSV.`)]
    : [];
  const room = MAX_MESSAGE_BLOCKS - after.length - (table ? 1 : 0) - hidden.length;
  const blocks = [...before.slice(0, room), ...(table ? [table.block] : []), ...hidden, ...after];
  return { text: buildFallback(report, dress.remarks), blocks };
}

/** Sentences, each with its own title: a table of them would say it all again, in columns too narrow for a phone. */
function isToldInWords({ kind }: Report): boolean {
  return kind === 'advice' || kind === 'why';
}

/** The same without what Slack may refuse, one step further at each number: 1 no picture, 2 no native blocks, 3 no blocks. */
export function simplify(message: Message, step: 1 | 2 | 3): Message {
  const refusable = step === 1 ? ['image'] : ['image', 'table', 'data_visualization'];
  if (step === 3) return { text: message.text, blocks: [] };
  const kept = message.blocks.filter(({ type }) => !refusable.includes(type));
  // Without the table block its numbers still have to be there: the fallback text has them.
  const lostTable = step === 2 && message.blocks.some(({ type }) => type === 'table');
  const text = {
    type: 'section',
    text: { type: 'mrkdwn', text: clip(message.text, MAX_SECTION_TEXT), verbatim: true },
  };
  return { text: message.text, blocks: lostTable ? [text, ...kept.filter(({ type }) => type === 'actions')] : kept };
}

function buildBody(report: Report): Block[] {
  if (report.kind === 'summary') return buildSummaryCards(report);
  if (report.kind === 'pool') return buildPools(report);
  if (report.kind === 'status' && report.diagnosis.length > 0) {
    return [richList(report.diagnosis.map(({ claim, evidence }) => [leaf(claim, { bold: true }), ` – ${evidence}`]))];
  }
  if ('sections' in report && !('name' in report)) {
    return report.sections
      .slice(0, 10)
      .flatMap(({ title, lines }) => [
        richText(leaf(title, { bold: true })),
        ...(lines.length > 0 ? [richList(lines.slice(0, 40).map((line) => [clip(line, 500)]))] : []),
      ]);
  }
  return [];
}

function buildChart(report: Report, { picture, native }: AnswerDress): Block[] {
  if (picture) {
    return [{ type: 'image', slack_file: { id: picture.fileId }, alt_text: clip(picture.altText, MAX_ALT_TEXT) }];
  }
  return native ? buildNativeCharts(report) : [];
}

/** Questions that lead on from here. */
function buildOffers(report: Report, { answerId, revision }: ControlState): Block[] {
  const offers = (report.offers ?? [])
    .map(({ label, question }) => ({ label, value: JSON.stringify(question) }))
    .filter(({ value }) => value.length <= MAX_BUTTON_VALUE)
    .slice(0, MAX_ROW_BUTTONS);
  if (offers.length === 0) return [];
  const elements = offers.map(({ label, value }, index) =>
    button({ action: `${ACTIONS.view}:offer${index}`, text: label, value }),
  );
  return [{ type: 'actions', block_id: `answer:${answerId}:${revision}:offers`, elements }];
}

function buildNotes(notes: readonly string[]): Block[] {
  return notes.length > 0 ? [plainContext(...notes.slice(0, 10).map((note) => clip(note, 600)))] : [];
}

/** Exact range, zone and age; the reader's own time beside it where it differs (Slack writes it per reader where there are several). */
function buildScopeLine(report: Report, { readerZone, asked }: AnswerDress): Block {
  const range = [report.population, report.range?.label]
    .filter((part) => part !== undefined)
    .map((part) => `${part} · `)
    .join('');
  const leaves: (Leaf | string)[] = [`${range}${report.zone} · `];
  if (report.asOfMs === 0) leaves.push('no data yet');
  else {
    leaves.push(`data as of ${formatInstant(report.asOfMs, report.zone)}`);
    const theirs = readerZone ? formatInstant(report.asOfMs, readerZone) : undefined;
    const differs = theirs !== formatInstant(report.asOfMs, report.zone);
    if (readerZone && differs) leaves.push(` (your time ${theirs}, ${readerZone})`);
    if (!readerZone) leaves.push(' (your time ', toDate(report.asOfMs, report.zone), ')');
  }
  if (asked)
    leaves.push(
      ' · asked by ',
      { type: 'user', user_id: asked.by },
      ': ',
      leaf(asked.command.replace(/ summary$/, ''), { code: true }),
    );
  return richText(...leaves);
}

function toDate(ms: number, zone: string): Leaf {
  return {
    type: 'date',
    timestamp: Math.floor(ms / 1000),
    format: '{date_short_pretty} {time}',
    fallback: formatInstant(ms, zone),
  };
}

/** A message of our own words, with buttons that run commands. `lines` may hold names: they are shown as they are. */
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
    blocks: [
      ...lines.map((line) => richText(clip(line, MAX_SECTION_TEXT))),
      ...(buttons.length > 0 ? [{ type: 'actions', elements: buttons }] : []),
    ],
  };
}
