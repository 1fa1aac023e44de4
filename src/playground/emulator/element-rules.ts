import { isObject, listOptions, walk } from './elements.ts';
import type { Block, JsonObject } from './types.ts';

/** The documentation of the option object says 150, the types of @slack/types 75: what both take. */
const MAX_OPTION_VALUE = 75;

/** Checks what the schema cannot say of buttons, menus and fields; answers Slack's error messages. */
export function checkElements(blocks: Block[]): string[] {
  return [...walk(blocks, '/blocks')].flatMap(({ node, pointer }) => [
    ...checkOptions(node, pointer),
    ...checkInput(node, pointer),
    ...checkAddress(node, pointer),
  ]);
}

/** An initial option must be one of the options, word for word. */
function checkOptions(element: JsonObject, pointer: string): string[] {
  const options = listOptions(element);
  if (options.length === 0) return [];
  const long = options.filter(({ value }) => typeof value === 'string' && value.length > MAX_OPTION_VALUE);
  const initial = [element.initial_option, element.initial_options].flat().filter(isObject);
  const known = new Set(options.map(optionKey));
  return [
    ...long.map(() => `must be less than ${MAX_OPTION_VALUE + 1} characters [json-pointer:${pointer}/options]`),
    ...initial
      .filter((option) => !known.has(optionKey(option)))
      .map((option) => `initial option not in options: ${String(option.value)} [json-pointer:${pointer}]`),
  ];
}

function optionKey(option: JsonObject): string {
  return JSON.stringify([option.value, isObject(option.text) ? option.text.text : undefined]);
}

/**
 * What a field begins with must be something that it takes: not empty (Netflix/dispatch#6144), not longer than its bound,
 * between its least and its most (docs.slack.dev/reference/block-kit/block-elements, plain-text input and number input).
 */
function checkInput(element: JsonObject, pointer: string): string[] {
  const at = (key: string) => `[json-pointer:${pointer}/${key}]`;
  if (element.type === 'plain_text_input') {
    const { initial_value: initial, min_length: least = 0, max_length: most = 3000 } = element;
    return [
      ...(initial === '' ? [`must be more than 0 characters ${at('initial_value')}`] : []),
      ...(String(initial ?? '').length > Number(most)
        ? [`must be at most ${most} characters ${at('initial_value')}`]
        : []),
      ...(Number(least) > Number(most) ? [`must not be greater than max_length ${at('min_length')}`] : []),
    ];
  }
  if (element.type !== 'number_input') return [];
  const { initial_value: initial, min_value: least = -Infinity, max_value: most = Infinity } = element;
  const outside = initial !== undefined && (Number(initial) < Number(least) || Number(initial) > Number(most));
  return [
    ...(outside ? [`must be between min_value and max_value ${at('initial_value')}`] : []),
    ...(Number(least) > Number(most) ? [`must not be greater than max_value ${at('min_value')}`] : []),
  ];
}

/** A button opens its address in the reader's browser: docs.slack.dev/reference/block-kit/block-elements/button-element. */
function checkAddress({ type, url }: JsonObject, pointer: string): string[] {
  if (type !== 'button' || url === undefined) return [];
  const web = URL.canParse(String(url)) && /^https?:$/.test(new URL(String(url)).protocol);
  return web ? [] : [`must be a valid URL [json-pointer:${pointer}/url]`];
}

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
