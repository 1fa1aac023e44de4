import { formatInstant } from '../report/format.ts';
import { ACTIONS } from '../slack/action-ids.ts';
import {
  type Block,
  button,
  clip,
  defuse,
  header,
  leaf,
  plainContext,
  richList,
  richText,
} from '../slack/blocks/text.ts';
import { MAX_FALLBACK_TEXT } from '../slack/limits.ts';
import type { DigestContent } from './digest-content.ts';
import {
  type DigestPart,
  describeDay,
  describeEmptyDay,
  describeSpan,
  describeSuccess,
  listParts,
} from './digest-text.ts';

/** Blocks of a message may hold about 13,200 characters in all; these leave room for the frame. */
const MAX_LINE = 300;
const MAX_PARTS = 14;
const MAX_LINES = 8;

export interface DigestFrame {
  /** Set where it goes out late: when it was due. */
  lateDueMs?: number;
  /** Who sent it, where it is not the scheduled one. */
  sentBy?: string;
  sections: readonly string[];
  schedule: string;
}

/** The message of a digest. `chartAt`: where its one chart belongs. */
export function buildDigest(
  content: DigestContent,
  frame: DigestFrame,
): { text: string; blocks: Block[]; chartAt: number } {
  const empty = describeEmptyDay(content);
  const headline = empty ?? describeDay(content);
  const success = !empty && frame.sections.includes('success') ? describeSuccess(content) : undefined;
  const span = describeSpan(content);
  const parts = empty ? [] : listParts(content).slice(0, MAX_PARTS);
  const footer = [
    ...(frame.lateDueMs === undefined ? [] : [`Late: was due ${formatInstant(frame.lateDueMs, content.zone)}.`]),
    ...(content.missing.length ? [`Left out: ${content.missing.join('; ')}.`] : []),
    ...(content.asOfMs ? [`Data as of ${formatInstant(content.asOfMs, content.zone)} (${content.zone}).`] : []),
    frame.schedule,
  ];
  const top = [
    ...(empty ? [] : [header('API usage digest')]),
    richText(leaf(clip(headline, 1000), { bold: true }), success ? `\n${success}` : '', span ? `\n${span}` : ''),
    ...(frame.sentBy ? [richText('Sent by ', { type: 'user', user_id: frame.sentBy }, ' outside its schedule.')] : []),
  ];
  const body = parts.flatMap(buildPart);
  const text = [
    defuse(headline),
    ...(success ? [defuse(success)] : []),
    ...(span ? [defuse(span)] : []),
    ...parts.map((part) => `${defuse(part.title)}: ${part.lines.map(defuse).join('; ')}`),
    ...footer.map(defuse),
  ].join('\n');
  const blocks = [...top, ...body, plainContext(footer.join(' ')), ...(empty ? [] : [buildButtons()])];
  return { text: clip(text, MAX_FALLBACK_TEXT), blocks, chartAt: top.length };
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
