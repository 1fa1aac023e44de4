import { walk } from './elements.ts';
import type { Block, JsonObject } from './types.ts';

/** Checks texts wherever they stand; answers Slack's error messages. */
export function checkTexts(blocks: Block[]): string[] {
  return [...walk(blocks, '/blocks')].flatMap(({ node, pointer }) => [
    ...checkFilled(node, pointer),
    ...checkDate(node, pointer),
    ...checkRichText(node, pointer),
  ]);
}

/**
 * No text is empty: table cells (vercel/chat#373, NousResearch/hermes-agent#72871), rich_text leaves and links
 * (NousResearch/hermes-agent#59621, slack-go/slack#1412), text objects (minimum 1,
 * docs.slack.dev/reference/block-kit/composition-objects/text-object). A single space was taken in a cell
 * (vercel/chat#327), not said of anything else, so blank text is refused as well; a leaf of rich text may be a line break.
 */
function checkFilled(node: JsonObject, pointer: string): string[] {
  const keys = ['text', 'alt_text', 'fallback'].filter((key) => typeof node[key] === 'string');
  return keys
    .filter((key) => (node.type === 'text' ? node[key] : String(node[key]).trim()) === '')
    .map((key) => `must be more than 0 characters [json-pointer:${pointer}/${key}]`);
}

/** docs.slack.dev/messaging/formatting-message-text#date-formatting; a format of other words shows nothing of the date. */
const DATE_TOKENS =
  /\{(date_num|date_slash|date|date_short|date_long|date_pretty|date_short_pretty|date_long_pretty|time|time_secs|ago)\}/;
const DATE_MARKUP = /<!date\^([^>]*)>/g;

/** A date has a format with a known part, and in markup a text for old clients. */
function checkDate({ type, text, format }: JsonObject, pointer: string): string[] {
  if (type === 'date' && !DATE_TOKENS.test(String(format)))
    return [`invalid date format [json-pointer:${pointer}/format]`];
  if (type !== 'mrkdwn') return [];
  const wrong = [...String(text).matchAll(DATE_MARKUP)].filter(
    ([, inside]) => !/^\d+\^[^|^]+(\^https?:[^|]+)?\|.+$/.test(inside!) || !DATE_TOKENS.test(inside!),
  );
  return wrong.length > 0 ? [`invalid date format [json-pointer:${pointer}/text]`] : [];
}

const CONTAINERS = /^rich_text(_section|_list|_quote|_preformatted)?$/;

/**
 * Sources disagree on empty `elements`: taken by Block Kit Builder (slackapi/python-slack-sdk#1576), "missing element"
 * elsewhere (NousResearch/hermes-agent#59621). Preformatted text holds text and links alone (RichTextPreformatted of
 * @slack/types).
 */
function checkRichText(node: JsonObject, pointer: string): string[] {
  if (!CONTAINERS.test(String(node.type)) || !Array.isArray(node.elements)) return [];
  const elements = node.elements as JsonObject[];
  if (elements.length === 0) return [`missing element [json-pointer:${pointer}/elements]`];
  if (node.type !== 'rich_text_preformatted') return [];
  return elements.flatMap(({ type }, index) =>
    type === 'text' || type === 'link'
      ? []
      : [`unsupported type: ${String(type)} [json-pointer:${pointer}/elements/${index}/type]`],
  );
}
