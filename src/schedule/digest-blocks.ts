import { formatDay } from '../domain/calendar.ts';
import type { Question } from '../domain/report.ts';
import { ACTIONS } from '../messages/action-ids.ts';
import { MAX_FALLBACK_TEXT, MAX_MESSAGE_CHARACTERS } from '../messages/limits.ts';
import {
  type Block,
  button,
  clip,
  countCharacters,
  defuse,
  header,
  leaf,
  plainContext,
  richList,
  richText,
} from '../messages/text.ts';
import { formatDate, formatInstant } from '../report/format.ts';
import { formatQuestion } from '../slack/command/format-question.ts';
import { type DigestContent, toFilters } from './digest-content.ts';
import type { DigestWhat } from './digest-sections.ts';
import {
  type DigestPart,
  describeDay,
  describeEmptyDay,
  describeSilent,
  describeSpan,
  describeSuccess,
  listParts,
} from './digest-text.ts';

const MAX_LINE = 300;
const MAX_PARTS = 20;
const MAX_LINES = 8;
/** Headline, notes, footer and buttons. */
const FRAME_CHARACTERS = 3000;

export interface DigestFrame {
  /** Set where it goes out late: when it was due. */
  lateDueMs?: number;
  /** Who sent it, where it is not the scheduled one. */
  sentBy?: string;
  what: DigestWhat;
  /** What its calls are limited to; absent: all calls. */
  only?: string;
  schedule: string;
}

/** The message of a digest. `chartAt`: where its one chart belongs. */
export function buildDigest(
  content: DigestContent,
  frame: DigestFrame,
): { text: string; blocks: Block[]; chartAt: number } {
  const empty = describeEmptyDay(content);
  const headline =
    empty ??
    (frame.what.sections.includes('requests')
      ? describeDay(content)
      : `API usage of ${formatDate(content.day)} (${content.zone})`);
  const success = !empty && frame.what.sections.includes('success') ? describeSuccess(content) : undefined;
  const span = describeSpan(content);
  const silent = describeSilent(content);
  const all = empty ? [] : listParts(content);
  const parts = fitParts(all);
  const cutOff = all.slice(parts.length).map(({ title }) => title);
  const only = frame.only ? `Only calls with ${frame.only}` : undefined;
  const footer = [
    ...(frame.lateDueMs === undefined ? [] : [`Late: was due ${formatInstant(frame.lateDueMs, content.zone)}.`]),
    ...(content.missing.length ? [`Left out: ${content.missing.join('; ')}.`] : []),
    ...(cutOff.length ? [`More than one message holds: ${cutOff.join(', ')} (see /usage).`] : []),
    ...(content.asOfMs ? [`Data as of ${formatInstant(content.asOfMs, content.zone)} (${content.zone}).`] : []),
    frame.schedule,
  ];
  const top = [
    ...(empty ? [] : [header('API usage digest')]),
    richText(
      leaf(clip(headline, 1000), { bold: true }),
      success ? `\n${success}` : '',
      span ? `\n${span}` : '',
      silent ? `\n${clip(silent, 500)}` : '',
      only ? `\n${clip(only, 500)}` : '',
    ),
    ...(frame.sentBy ? [richText('Sent by ', { type: 'user', user_id: frame.sentBy }, ' outside its schedule.')] : []),
  ];
  const body = parts.flatMap(buildPart);
  const text = [
    defuse(headline),
    ...(success ? [defuse(success)] : []),
    ...(span ? [defuse(span)] : []),
    ...(silent ? [defuse(clip(silent, 500))] : []),
    ...(only ? [defuse(clip(only, 500))] : []),
    ...parts.map((part) => `${defuse(part.title)}: ${part.lines.map(defuse).join('; ').replaceAll('.;', ';')}`),
    ...footer.map(defuse),
  ];
  const blocks = [
    ...top,
    ...body,
    plainContext(clip(footer.filter(Boolean).join(' '), 1500) || ' '),
    ...(empty ? [] : [buildButtons(content.day, frame.what)]),
  ];
  return { text: joinWithin(text, MAX_FALLBACK_TEXT), blocks, chartAt: top.length };
}

/** The first parts, as many as Slack takes in one message beside the frame. */
function fitParts(parts: readonly DigestPart[]): DigestPart[] {
  const fitting: DigestPart[] = [];
  let left = MAX_MESSAGE_CHARACTERS - FRAME_CHARACTERS;
  for (const part of parts.slice(0, MAX_PARTS)) {
    left -= countCharacters(buildPart(part));
    if (left < 0) break;
    fitting.push(part);
  }
  return fitting;
}

/** Whole lines as far as they fit: cut inside, an escaped character would show its code. */
function joinWithin(lines: readonly string[], limit: number): string {
  let text = '';
  for (const line of lines) {
    if (text.length + line.length + 1 > limit) continue;
    text += text ? `\n${line}` : line;
  }
  return text;
}

function buildPart(part: DigestPart): Block[] {
  return [
    richText(leaf(part.title, { bold: true })),
    richList(part.lines.slice(0, MAX_LINES).map((line) => [clip(line, MAX_LINE)])),
  ];
}

/** What the digest is about: its own day, since `yesterday` is another one when the button is clicked tomorrow. */
function buildButtons(day: number, what: DigestWhat): Block {
  const about = { range: formatDay(day), filters: toFilters(what) };
  const run = (place: number, text: string, question: Question): Block =>
    button({ action: `${ACTIONS.run}:${place}`, text, value: formatQuestion(question) });
  return {
    type: 'actions',
    elements: [
      run(1, 'Top clients', { report: 'top', dimension: 'client', ...about }),
      run(2, 'Status codes', { report: 'status', ...about }),
      run(3, 'Pools', { report: 'pool', ...(what.scope ? { scope: what.scope } : {}) }),
    ],
  };
}
