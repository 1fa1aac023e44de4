import type { Block, JsonObject, View } from './types.ts';

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Lists the elements of blocks, each with its block. */
export function listElements(blocks: Block[]): { block: Block; element: Block }[] {
  return blocks.flatMap((block) =>
    [block.accessory, block.element, block.elements]
      .flat()
      .filter((element): element is Block => isObject(element) && typeof element.type === 'string')
      .map((element) => ({ block, element })),
  );
}

/** Yields every object inside a list of blocks, with its json-pointer; containers come before their contents. */
export function* walk(value: unknown, pointer: string): Generator<{ node: JsonObject; pointer: string }> {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) yield* walk(item, `${pointer}/${index}`);
  } else if (isObject(value)) {
    yield { node: value, pointer };
    for (const [key, item] of Object.entries(value)) yield* walk(item, `${pointer}/${key}`);
  }
}

/** Lists the options of a select, radio, checkbox or overflow element, those of groups too. */
export function listOptions(element: JsonObject): JsonObject[] {
  const groups = Array.isArray(element.option_groups) ? (element.option_groups as JsonObject[]) : [];
  return [element.options, ...groups.map((group) => group.options)].flat().filter(isObject);
}

/** Key of an element's value in `actions[]` and `view.state.values`, by type: docs.slack.dev/reference/interaction-payloads */
const VALUE_KEY: Record<string, string> = {
  button: 'value',
  plain_text_input: 'value',
  number_input: 'value',
  static_select: 'selected_option',
  external_select: 'selected_option',
  radio_buttons: 'selected_option',
  overflow: 'selected_option',
  multi_static_select: 'selected_options',
  multi_external_select: 'selected_options',
  checkboxes: 'selected_options',
  users_select: 'selected_user',
  conversations_select: 'selected_conversation',
  datepicker: 'selected_date',
  timepicker: 'selected_time',
};

/**
 * Returns the state of an element after a person gave `value`: for menus an option's value (or its text, or the option itself),
 * for multiple choice a list of these, for others a text, an id or a date. Throws if a menu does not offer it.
 */
export function toElementState(element: Block, value: unknown): JsonObject {
  const key = VALUE_KEY[element.type] ?? 'value';
  const wanted = isObject(value) && Object.hasOwn(value, key) ? value[key] : value;
  if (key === 'selected_option') return { type: element.type, [key]: wanted === null ? null : pick(element, wanted) };
  if (key === 'selected_options') {
    return { type: element.type, [key]: [wanted].flat().map((item) => pick(element, item)) };
  }
  return { type: element.type, [key]: wanted };
}

function pick(element: Block, wanted: unknown): JsonObject {
  const options = listOptions(element);
  // An external menu has no options of its own: the caller passes an option that `suggest` returned.
  if (options.length === 0 && isObject(wanted)) return wanted;
  const value = isObject(wanted) ? wanted.value : wanted;
  const found = options.find(
    (option) => option.value === value || (isObject(option.text) && option.text.text === value),
  );
  if (found) return found;
  const offered = options.map((option) => String(option.value)).join(', ');
  throw new Error(`${element.type} ${String(element.action_id)} offers ${offered}; not ${JSON.stringify(value)}`);
}

/** Finds an element and its block. Throws if there is none or more than one; the error lists all elements. */
export function getElement(blocks: Block[], actionId: string, blockId?: string): { block: Block; element: Block } {
  const all = listElements(blocks);
  const found = all.filter(
    ({ block, element }) => element.action_id === actionId && (blockId === undefined || block.block_id === blockId),
  );
  if (found.length === 1) return found[0]!;
  const known = all
    .map(({ block, element }) => `${String(element.action_id)} (in ${String(block.block_id)})`)
    .join(', ');
  throw new Error(`${found.length} elements with action_id ${actionId}; there are: ${known || 'none'}`);
}

type Values = View['state']['values'];

/**
 * Returns the values of all elements: those of `given`, else their initial ones. `untouched`: blocks that an update added. Slack
 * sends no value for these until someone touches them, though people see the initial ones: slackapi/bolt-js#1258,
 * bolt-python#572.
 */
export function toState(blocks: Block[], given: Values = {}, untouched: readonly string[] = []): Values {
  const values: Values = {};
  for (const { block, element } of listElements(blocks)) {
    const key = VALUE_KEY[element.type];
    if (!key || element.type === 'button' || element.type === 'overflow' || !block.block_id) continue;
    const isLost = untouched.includes(block.block_id);
    const initial = isLost
      ? undefined
      : element[key === 'value' ? 'initial_value' : key.replace('selected', 'initial')];
    const empty = key === 'selected_options' ? [] : null;
    values[block.block_id] ??= {};
    values[block.block_id]![String(element.action_id)] = given[block.block_id]?.[String(element.action_id)] ?? {
      type: element.type,
      [key]: initial ?? empty,
    };
  }
  return values;
}

/**
 * Makes state of the values that a test or the playground gives: by block_id and action_id (`{b: {a: value}}`), or just by
 * action_id or block_id (`{a: value}`). Throws for a name that the view does not have.
 */
export function toGivenState(blocks: Block[], given: Record<string, unknown>): Values {
  const values: Values = {};
  const set = (block: Block, element: Block, value: unknown) => {
    values[block.block_id!] ??= {};
    values[block.block_id!]![String(element.action_id)] = toElementState(element, value);
  };
  const all = listElements(blocks);
  for (const [name, value] of Object.entries(given)) {
    const inBlock = all.filter(({ block }) => block.block_id === name);
    const nested = isObject(value)
      ? inBlock.filter(({ element }) => Object.hasOwn(value, String(element.action_id)))
      : [];
    if (nested.length > 0) {
      for (const { block, element } of nested) set(block, element, (value as JsonObject)[String(element.action_id)]);
      continue;
    }
    const target = inBlock.length === 1 ? inBlock[0]! : getElement(blocks, name);
    set(target.block, target.element, value);
  }
  return values;
}

/** Returns the errors for which Slack's client does not submit a form, by block_id: a required input is empty, a value invalid. */
export function findInputErrors(blocks: Block[], values: Values): Record<string, string> {
  const errors: Record<string, string> = {};
  for (const block of blocks) {
    if (block.type !== 'input' || !isObject(block.element) || !block.block_id) continue;
    const element = block.element as Block;
    const state = values[block.block_id]?.[String(element.action_id)] ?? {};
    const value = state[VALUE_KEY[element.type] ?? 'value'];
    const empty = value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);
    if (empty) {
      if (block.optional !== true) errors[block.block_id] = 'Please complete this required field.';
      continue;
    }
    if (typeof value !== 'string') continue;
    const { min_length, max_length } = element as { min_length?: number; max_length?: number };
    if (max_length !== undefined && value.length > max_length)
      errors[block.block_id] = `Must be at most ${max_length} characters.`;
    if (min_length !== undefined && value.length < min_length)
      errors[block.block_id] = `Must be at least ${min_length} characters.`;
    const wrong = findFormatError(element, value);
    if (wrong) errors[block.block_id] = wrong;
  }
  return errors;
}

/** Returns the error of a number or date that its field does not accept: docs.slack.dev/reference/block-kit/block-elements */
function findFormatError(element: Block, value: string): string | undefined {
  if (element.type === 'datepicker' && !/^\d{4}-\d{2}-\d{2}$/.test(value)) return 'Must be a date.';
  if (element.type !== 'number_input') return undefined;
  const { is_decimal_allowed, min_value, max_value } = element as JsonObject;
  if (!/^-?\d+(\.\d+)?$/.test(value)) return 'Must be a number.';
  if (is_decimal_allowed !== true && value.includes('.')) return 'Must be a whole number.';
  if (min_value !== undefined && Number(value) < Number(min_value)) return `Must be at least ${String(min_value)}.`;
  if (max_value !== undefined && Number(value) > Number(max_value)) return `Must be at most ${String(max_value)}.`;
  return undefined;
}
