import type { Report } from '../domain/report.ts';
import { countOf } from '../report/format.ts';
import { ACTIONS } from './action-ids.ts';
import { buildBody, noteDrawOrder, type Showing } from './answer-body.ts';
import { buildContext, type Readers } from './answer-context.ts';
import { buildControls, type ControlState } from './controls.ts';
import { buildFallback } from './fallback.ts';
import {
  MAX_BUTTON_VALUE,
  MAX_MESSAGE_BLOCKS,
  MAX_MESSAGE_CHARACTERS,
  MAX_ROW_BUTTONS,
  MAX_SECTION_TEXT,
} from './limits.ts';
import { button, clip, countCharacters, defuse, type Message, richText, toOneLine } from './text.ts';

/** What stands around the numbers of an answer: controls, readers, remarks. */
export interface AnswerFrame extends Showing, Readers {
  controls: ControlState;
  /** Why the answer is here, or what is missing from it. Plain text. */
  remarks?: readonly string[] | undefined;
}

/**
 * The message of an answer: the sentence that answers, its chart or table, one line of context, one row of controls. Within
 * Slack's limits whatever the report holds: rows that do not fit are counted, and the CSV has them.
 */
export function buildAnswer(report: Report, frame: AnswerFrame): Message {
  const { controls, remarks = [] } = frame;
  const sentence = richText(toOneLine(report.finding));
  const notes = [...remarks, ...report.notes];
  // Controls and context differ little by what is shown: their room is known before it.
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

/** Characters left for what is said of hidden rows, and for another button. */
const RESERVE = 400;

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
