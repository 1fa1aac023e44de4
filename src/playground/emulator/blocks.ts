import { z } from 'zod';
import { ApiError, type Core, refusal } from './core.ts';
import {
  button,
  choosers,
  fields,
  flag,
  hasOnePicture,
  id,
  image,
  list,
  manyChoosers,
  mrkdwn,
  ONE_PICTURE,
  overflow,
  picture,
  plain,
  richText,
  text,
  typed,
  words,
} from './element-schema.ts';
import { isObject, listElements, walk } from './elements.ts';
import { asJson } from './http.ts';
import { BOT_USER_ID } from './state.ts';
import type { Block, BlockPlace, JsonObject, Surface } from './types.ts';

/**
 * Checks blocks and returns them as Slack stores them, with ids filled in and images resolved. Undefined if none are given.
 * Throws `invalid_blocks_format`, `invalid_blocks` or `msg_blocks_too_long`. Each is also a problem, except for an image that
 * is still being processed.
 */
export function acceptBlocks(core: Core, value: unknown, place: BlockPlace): Block[] | undefined {
  const parsed = asJson(value);
  if (parsed === undefined || parsed === null || parsed === '') return undefined;
  if (!Array.isArray(parsed) || !parsed.every((block) => isObject(block) && typeof block.type === 'string')) {
    const detail = 'blocks is not an array of objects with a type';
    throw refusal(core, ['invalid_blocks', place.where, detail], 'invalid_blocks_format');
  }
  const blocks = parsed as Block[];
  checkBlocks(core, blocks, place);
  checkFiles(core, blocks, place);
  return hydrate(core, blocks);
}

/** Lists the images in `blocks` that show an uploaded file, with the file's id and the json-pointer. */
function listImages(blocks: Block[] | undefined): { image: JsonObject; id: string; pointer: string }[] {
  return [...walk(blocks ?? [], '/blocks')].flatMap(({ node, pointer }) =>
    node.type === 'image' && isObject(node.slack_file)
      ? [{ image: node, id: String(node.slack_file.id), pointer: `${pointer}/slack_file` }]
      : [],
  );
}

/** Lists the ids of files that images in `blocks` show. */
export function listShownFiles(blocks: Block[] | undefined): string[] {
  return listImages(blocks).map(({ id }) => id);
}

/**
 * Checks the images of files in blocks. The file must be an image, visible to the bot and already processed
 * (slackapi/bolt-python#1251). In a private message its reader must be able to open it too.
 */
function checkFiles({ state, files }: Core, blocks: Block[], { where, reader }: BlockPlace): void {
  for (const { id, pointer } of listImages(blocks)) {
    const file = files.find(id);
    const fits = file && files.isImage(file) && files.isVisibleTo(file, BOT_USER_ID);
    if (!file?.ready || !fits) {
      if (!file || file.ready) state.problem('invalid_blocks', where, `${id} is no image that the bot may see`);
      throw reject([`invalid slack file [json-pointer:${pointer}]`]);
    }
    if (reader && !files.isVisibleTo(file, reader))
      state.problem('ephemeral', where, `${reader} is shown ${id}, which is not shared with them`);
  }
}

const ACTIONABLE = /^(button|overflow|checkboxes|radio_buttons|\w+_select|\w+_input|\w*picker)$/;

/** Returns a copy with ids for blocks and elements that have none, and with addresses and sizes for images of files. */
function hydrate(core: Core, blocks: Block[]): Block[] {
  const copy = structuredClone(blocks);
  for (const block of copy) block.block_id ??= core.state.nextId('b').toLowerCase();
  for (const { image, id } of listImages(copy)) {
    const { width, height, bytes } = core.files.find(id)!;
    const slack_file = { id, url: core.files.addressOf(id) };
    Object.assign(image, { slack_file, image_width: width, image_height: height, image_bytes: bytes.length });
  }
  for (const { node } of walk(copy, ''))
    if (ACTIONABLE.test(String(node.type))) node.action_id ??= core.state.nextId('a').toLowerCase();
  return copy;
}

/**
 * Schemas of the blocks that Headroom sends, and of views: docs.slack.dev/reference/block-kit. A rule that is stricter names
 * its source. Other types of block are refused, because Headroom sends none.
 */

/** Types: vercel/chat#373, NousResearch/hermes-agent#72871; 2,000 characters: docs.copilotkit.ai/reference/bot/components/Table. */
const cell = z.discriminatedUnion('type', [
  typed('raw_text', { text: words(2000) }),
  typed('rich_text', { elements: richText }),
]);

const label = words(20);
const names = <T>(list: z.ZodArray<z.ZodType<T>>, nameOf: (one: T) => string) =>
  list.refine((all) => new Set(all.map(nameOf)).size === all.length, 'names must be unique');
const point = z.strictObject({ label, value: z.number() });
const series = z.strictObject({ name: label, data: names(list(point, 20), (one) => one.label) });
const axes = z.strictObject({
  categories: names(list(label, 20), (one) => one),
  x_label: words(50).optional(),
  y_label: words(50).optional(),
});
/** Slack refuses a chart that breaks a rule instead of cutting it: vercel/chat#696. */
const chart = z.discriminatedUnion('type', [
  z
    .strictObject({
      type: z.enum(['line', 'bar', 'area']),
      series: names(list(series, 6), (one) => one.name),
      axis_config: axes,
    })
    .superRefine(({ series: all, axis_config: { categories } }, context) => {
      const wanted = JSON.stringify([...categories].sort());
      for (const [index, { data }] of all.entries())
        if (JSON.stringify(data.map((one) => one.label).sort()) !== wanted)
          context.addIssue({
            code: 'custom',
            message: 'data must have one point per category',
            path: ['series', index, 'data'],
          });
    }),
  typed('pie', {
    segments: names(list(z.strictObject({ label, value: z.number().positive() }), 6), (one) => one.label),
  }),
]);

const block = z.discriminatedUnion('type', [
  typed('header', { block_id: id, text: plain(150), level: z.int().min(1).max(4).optional() }),
  typed('divider', { block_id: id }),
  typed('section', {
    block_id: id,
    text: text().optional(),
    fields: list(text(2000), 10).optional(),
    accessory: z.discriminatedUnion('type', [button, overflow, image, ...choosers, ...manyChoosers]).optional(),
    expand: flag,
  }).refine((one) => one.text !== undefined || one.fields !== undefined, 'must have text or fields'),
  typed('context', { block_id: id, elements: list(z.discriminatedUnion('type', [image, plain(), mrkdwn()]), 10) }),
  typed('actions', {
    block_id: id,
    elements: list(z.discriminatedUnion('type', [button, overflow, ...choosers]), 25),
  }),
  z.strictObject({ ...picture, block_id: id, title: plain(2000).optional() }).refine(hasOnePicture, ONE_PICTURE),
  typed('rich_text', { block_id: id, elements: richText }),
  typed('input', {
    block_id: id,
    label: plain(2000),
    element: z.discriminatedUnion('type', [...fields, ...choosers, ...manyChoosers]),
    dispatch_action: flag,
    hint: plain(2000).optional(),
    optional: flag,
  }),
  typed('table', {
    block_id: id,
    rows: list(list(cell, 20), 100).refine(
      (rows) => rows.every(({ length }) => length === rows[0]!.length),
      'rows must have the same number of cells',
    ),
    column_settings: z
      .array(z.strictObject({ align: z.enum(['left', 'center', 'right']).optional(), is_wrapped: flag }).nullable())
      .max(20)
      .optional(),
  }),
  typed('data_visualization', { block_id: id, title: words(50), chart }),
]);

/** Fields of every view: docs.slack.dev/reference/views. The blocks are checked one by one elsewhere. */
const shell = {
  blocks: list(z.looseObject({ type: z.string() }), 100),
  private_metadata: z.string().max(3000).optional(),
  callback_id: z.string().max(255).optional(),
  external_id: z.string().max(255).optional(),
};
const view = z.discriminatedUnion('type', [
  typed('home', { ...shell }),
  typed('modal', {
    ...shell,
    title: plain(24),
    close: plain(24).optional(),
    submit: plain(24).optional(),
    clear_on_close: flag,
    notify_on_close: flag,
  }).refine(({ blocks, submit }) => submit !== undefined || !blocks.some(({ type }) => type === 'input'), {
    error: 'missing required field: submit',
    path: ['submit'],
  }),
]);

/** Show only the first five messages, so that the important ones are seen. */
const MAX_MESSAGES = 5;

/** Returns the errors of a block, each ending in Slack's `[json-pointer:…]`. `pointer`: place of the block, such as `/blocks/3`. */
export function findSchemaErrors(given: unknown, pointer: string): string[] {
  return toMessages(block.safeParse(given, { reportInput: true }), pointer);
}

/** Returns the errors of a view's other fields, such as title, submit and private_metadata. */
export function findViewErrors(given: unknown): string[] {
  return toMessages(view.safeParse(given, { reportInput: true }), '');
}

function toMessages(read: z.ZodSafeParseResult<unknown>, pointer: string): string[] {
  const issues = read.error?.issues.slice(0, MAX_MESSAGES) ?? [];
  return issues.map((issue) => `${toMessage(issue)} [json-pointer:${[pointer, ...issue.path.map(String)].join('/')}]`);
}

/** Returns the message of an issue, in Slack's own words where they are known. */
function toMessage(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_union') {
    const { type } = issue.input as JsonObject;
    return `unsupported type: ${String(type)}`;
  }
  if (issue.code === 'unrecognized_keys') return `unexpected field: ${issue.keys.join(', ')}`;
  if (issue.code === 'invalid_type' && issue.input === undefined)
    return `missing required field: ${String(issue.path.at(-1))}`;
  if (issue.code === 'too_big' && issue.origin === 'string')
    return `must be less than ${Number(issue.maximum) + 1} characters`;
  if (issue.code === 'too_big' && issue.origin === 'array') return `no more than ${issue.maximum} items allowed`;
  if (issue.code === 'too_small' && issue.origin === 'string')
    return `must be more than ${Number(issue.minimum) - 1} characters`;
  return issue.message;
}

/** Most blocks per surface: https://docs.slack.dev/reference/block-kit/blocks. */
const MAX_BLOCKS: Record<Surface, number> = { message: 50, modal: 100, home: 100 };
/** Slack refuses a third chart in one message, though its documentation does not say so: vercel/chat#696. */
const MAX_CHARTS = 2;
/**
 * Characters in the cells of all tables of a message: docs.slack.dev/reference/block-kit/blocks/table-block (seen live:
 * openclaw/openclaw#116447, getnao/nao#1178, vellum-ai/vellum-assistant#36219).
 */
const MAX_TABLE_CHARACTERS = 10_000;
/**
 * Characters of every `text` in the blocks. Undocumented: "12,000 text characters with a buffer for block containers" (a maintainer,
 * slackapi/bolt-js#2509); a message whose texts summed to 11,341 was refused (slackapi/bolt-js#2867).
 */
export const MAX_MESSAGE_CHARACTERS = 11_300;

/** Block types that a surface refuses, as listed under "Available in surfaces" on each block's page. */
const REFUSED: Record<Surface, readonly string[]> = {
  message: [],
  modal: ['table', 'data_visualization'],
  home: ['table'],
};

/** Returns Slack's error messages about blocks: those of each block, or if there are none, those of all blocks together. */
export function findBlockErrors(blocks: readonly object[], surface: Surface): string[] {
  const each = blocks.flatMap((block, index) => findSchemaErrors(block, `/blocks/${index}`));
  return each.length > 0 ? each : findRuleErrors(blocks as Block[], surface);
}

/** Checks the rules between blocks, such as their number and unique ids. */
function findRuleErrors(blocks: Block[], surface: Surface): string[] {
  const ofType = (wanted: string) => blocks.filter(({ type }) => type === wanted);
  const focused = listElements(blocks).filter(({ element }) => element.focus_on_load === true);
  const whole: [broken: boolean, message: string][] = [
    [blocks.length > MAX_BLOCKS[surface], `no more than ${MAX_BLOCKS[surface]} items allowed`],
    [ofType('table').length > 1, 'only_one_table_allowed'],
    [ofType('data_visualization').length > MAX_CHARTS, `no more than ${MAX_CHARTS} data_visualization blocks allowed`],
    [focused.length > 1, 'only one element may have focus_on_load'],
  ];
  return [
    ...whole.filter(([broken]) => broken).map(([, message]) => `${message} [json-pointer:/blocks]`),
    ...blocks.flatMap((block, index) => [
      ...(REFUSED[surface].includes(block.type)
        ? [`unsupported type: ${block.type} in a ${surface} [json-pointer:/blocks/${index}/type]`]
        : []),
      ...(block.type === 'table' && countTexts(ofType('table')) > MAX_TABLE_CHARACTERS
        ? [`cells must be no more than ${MAX_TABLE_CHARACTERS} characters in all [json-pointer:/blocks/${index}/rows]`]
        : []),
    ]),
    ...findTwice(blocks.map((block, index) => [block.block_id, `/blocks/${index}/block_id`])).map(
      ([id, pointer]) => `\`block_id\` already exists: ${id} [json-pointer:${pointer}]`,
    ),
    // The elements' pages ask for an id that is unique "in the containing block".
    ...blocks.flatMap((block, index) =>
      findTwice(listElements([block]).map(({ element }) => [element.action_id, `/blocks/${index}`])).map(
        ([id, pointer]) => `\`action_id\` already exists: ${id} [json-pointer:${pointer}]`,
      ),
    ),
  ];
}

function findTwice(ids: [id: unknown, pointer: string][]): [id: string, pointer: string][] {
  return ids.flatMap(([id, pointer], index) =>
    id !== undefined && ids.findIndex(([other]) => other === id) < index ? [[String(id), pointer]] : [],
  );
}

/** Counts the characters of every `text` in `blocks`, menus included. `msg_blocks_too_long` goes by this (slackapi/bolt-js#2867). */
export function countTexts(blocks: unknown): number {
  let total = 0;
  for (const { node } of walk(blocks, '')) {
    if (typeof node.text === 'string') total += node.text.length;
  }
  return total;
}

/** Creates the error `invalid_blocks` with its messages, which Slack repeats under `response_metadata.messages`. */
export function reject(messages: string[]): ApiError {
  return new ApiError('invalid_blocks', {
    errors: messages,
    response_metadata: { messages: messages.map((message) => `[ERROR] ${message}`) },
  });
}

/** Throws `invalid_blocks` or `msg_blocks_too_long`. Each is also a problem, unless the workspace does not know a block type yet. */
export function checkBlocks(core: Core, blocks: Block[], { where, surface }: BlockPlace): void {
  const unknown = findUnknown(core, blocks);
  if (unknown.length > 0) throw reject(unknown);
  const errors = findBlockErrors(blocks, surface);
  if (errors.length > 0) {
    core.state.problem('invalid_blocks', where, errors.join('; '));
    throw reject(errors);
  }
  const characters = countTexts(blocks);
  const oversize = `${characters} characters in blocks, ${MAX_MESSAGE_CHARACTERS} fit`;
  if (surface === 'message' && characters > MAX_MESSAGE_CHARACTERS)
    throw refusal(core, ['oversize', where, oversize], 'msg_blocks_too_long');
}

function findUnknown({ faults }: Core, blocks: Block[]): string[] {
  return blocks.flatMap(({ type }, index) =>
    faults?.unknownBlocks.has(type) ? [`unsupported type: ${type} [json-pointer:/blocks/${index}/type]`] : [],
  );
}

/**
 * Notes a problem if a menu cannot hold the options that the app offered for it:
 * docs.slack.dev/reference/block-kit/block-elements/select-menu-element#external_select
 */
export function checkOffered({ state }: Core, kind: 'options' | 'option_groups', offered: JsonObject[]): void {
  const menu = { type: 'static_select', [kind]: offered };
  const errors = offered.length === 0 ? [] : findBlockErrors([{ type: 'actions', elements: [menu] }], 'modal');
  if (errors.length > 0) state.problem('invalid_blocks', 'block_suggestion', errors.join('; '));
}

const KINDS = ['blocks', 'message', 'view'] as const;
/** Characters of each argument: docs.slack.dev/reference/methods/blocks.validate */
const MAX_VALIDATED = 100_000;

/**
 * Checks `blocks`, `message` or `view`, and throws the errors with which Slack would refuse it. Nothing is sent, so they are
 * no problems. Answer and pointers follow docs.slack.dev/reference/methods/blocks.validate: for `blocks`, a pointer begins
 * with the block's index.
 */
export function validate(core: Core, args: JsonObject): JsonObject {
  const [kind, ...others] = KINDS.filter((one) => args[one] !== undefined);
  const payload = kind && args[kind];
  const blocks = kind === 'blocks' ? payload : isObject(payload) ? (payload.blocks ?? []) : undefined;
  if (!kind || others.length > 0 || !Array.isArray(blocks))
    throw new ApiError('invalid_arguments', {
      response_metadata: { messages: ['must provide exactly one of `blocks`, `view`, or `message`, as JSON'] },
    });
  if (JSON.stringify(payload).length > MAX_VALIDATED)
    throw new ApiError('invalid_arguments', {
      response_metadata: { messages: [`[ERROR] must be less than ${MAX_VALIDATED + 1} characters`] },
    });
  const isView = kind === 'view' && isObject(payload);
  const surface = !isView ? 'message' : payload.type === 'home' ? 'home' : 'modal';
  const told = [
    ...(isView ? findViewErrors(payload) : []),
    ...findUnknown(core, blocks as Block[]),
    ...findBlockErrors(blocks, surface),
    ...(!isView && countTexts(blocks) > MAX_MESSAGE_CHARACTERS ? ['blocks are too long [json-pointer:/blocks]'] : []),
  ];
  if (told.length === 0) return {};
  const errors = told.map((one) => {
    const [, message = one, place = ''] = /^(.*) \[json-pointer:(.*)\]$/s.exec(one) ?? [];
    const pointer = kind === 'blocks' ? place.replace(/^\/blocks/, '') : place;
    return { code: 'failed_constraint', message, pointer };
  });
  throw new ApiError(`invalid_${kind}`, { errors });
}
