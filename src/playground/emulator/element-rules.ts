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
