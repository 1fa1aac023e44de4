import { walk } from './elements.ts';
import type { Block, JsonObject } from './types.ts';

/** What Slack refuses in texts wherever they stand, as its error messages. */
export function checkTexts(blocks: Block[]): string[] {
  return [...walk(blocks, '/blocks')].flatMap(({ node, pointer }) => [
    ...checkFilled(node, pointer),
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
