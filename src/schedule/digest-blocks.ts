import { formatDate, formatInstant } from '../report/format.ts';
import { ACTIONS } from '../slack/action-ids.ts';
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
} from '../slack/blocks/text.ts';
import { MAX_FALLBACK_TEXT, MAX_MESSAGE_CHARACTERS } from '../slack/limits.ts';
import type { DigestContent } from './digest-content.ts';
import {
  type DigestPart,
  describeDay,
  describeEmptyDay,
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
  sections: readonly string[];
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
    (frame.sections.includes('requests')
      ? describeDay(content)
      : `API usage of ${formatDate(content.day)} (${content.zone})`);
  const success = !empty && frame.sections.includes('success') ? describeSuccess(content) : undefined;
  const span = describeSpan(content);
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
      only ? `\n${clip(only, 500)}` : '',
    ),
    ...(frame.sentBy ? [richText('Sent by ', { type: 'user', user_id: frame.sentBy }, ' outside its schedule.')] : []),
  ];
  const body = parts.flatMap(buildPart);
  const text = [
    defuse(headline),
    ...(success ? [defuse(success)] : []),
    ...(span ? [defuse(span)] : []),
    ...(only ? [defuse(clip(only, 500))] : []),
    ...parts.map((part) => `${defuse(part.title)}: ${part.lines.map(defuse).join('; ').replaceAll('.;', ';')}`),
    ...footer.map(defuse),
  ];
  const blocks = [
    ...top,
    ...body,
    plainContext(clip(footer.filter(Boolean).join(' '), 1500) || ' '),
    ...(empty ? [] : [buildButtons()]),
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

function buildButtons(): Block {
  return {
    type: 'actions',
    elements: [
      button({ action: `${ACTIONS.run}:1`, text: 'Top clients', value: 'top clients yesterday' }),
      button({ action: `${ACTIONS.run}:2`, text: 'Status codes', value: 'status yesterday' }),
      button({ action: `${ACTIONS.run}:3`, text: 'Pools', value: 'pool' }),
    ],
  };
}
