import { countTexts, isObject, listElements, listOptions, walk } from './elements.ts';
import type { Block, JsonObject } from './types.ts';

export type Surface = 'message' | 'modal' | 'home';

/** https://docs.slack.dev/reference/block-kit/blocks: 50 in a message, 100 in a view. */
const MAX_BLOCKS: Record<Surface, number> = { message: 50, modal: 100, home: 100 };
/** Slack refuses a third chart in one message, though its documentation does not say so. */
const MAX_CHARTS = 2;
const MAX_MARKDOWN_CHARACTERS = 12_000;
/** Over all cells of all tables of a message: docs.slack.dev/reference/block-kit/blocks/table-block and data-table-block. */
const MAX_TABLE_CHARACTERS = 10_000;
/**
 * Over every `text` in the blocks. Undocumented: "12,000 text characters with a buffer for block containers" (a maintainer,
 * slackapi/bolt-js#2509); a message whose texts summed to 11,341 was refused (slackapi/bolt-js#2867).
 */
export const MAX_MESSAGE_CHARACTERS = 11_300;

/** Block types that a surface does not show. */
const REFUSED: Record<Surface, ReadonlySet<string>> = {
  message: new Set(['alert', 'file']),
  modal: new Set(['table', 'data_table', 'data_visualization', 'markdown', 'file', 'container']),
  home: new Set(['table', 'data_table', 'markdown', 'file', 'alert']),
};

/** Limits that the schema cannot express, as Slack's error messages; empty when all are kept. */
export function findRuleErrors(blocks: Block[], surface: Surface): string[] {
  return [
    ...checkCounts(blocks, surface),
    ...checkIds(blocks),
    ...checkOptions(blocks),
    ...checkTexts(blocks),
    ...checkTableSizes(blocks),
    ...blocks.flatMap((block, index) => checkData(block, `/blocks/${index}`)),
    ...checkImageUrls(blocks),
  ];
}

function checkCounts(blocks: Block[], surface: Surface): string[] {
  const errors: string[] = [];
  if (blocks.length > MAX_BLOCKS[surface])
    errors.push(`no more than ${MAX_BLOCKS[surface]} items allowed [json-pointer:/blocks]`);
  for (const [index, block] of blocks.entries()) {
    if (REFUSED[surface].has(block.type)) {
      errors.push(`unsupported type: ${block.type} in a ${surface} [json-pointer:/blocks/${index}/type]`);
    }
  }
  const ofType = (...types: string[]) => blocks.filter((block) => types.includes(block.type));
  if (ofType('table', 'data_table').length > 1) errors.push('only_one_table_allowed [json-pointer:/blocks]');
  if (ofType('data_visualization').length > MAX_CHARTS) {
    errors.push(`no more than ${MAX_CHARTS} data_visualization blocks allowed [json-pointer:/blocks]`);
  }
  if (countTexts(ofType('markdown')) > MAX_MARKDOWN_CHARACTERS) {
    errors.push(
      `markdown blocks must be no more than ${MAX_MARKDOWN_CHARACTERS} characters in all [json-pointer:/blocks]`,
    );
  }
  const focused = listElements(blocks).filter(({ element }) => element.focus_on_load === true);
  if (focused.length > 1) errors.push('only one element may have focus_on_load [json-pointer:/blocks]');
  return errors;
}

/** block_id is unique in a message or view; action_id within its block (docs: "in the containing block"). */
function checkIds(blocks: Block[]): string[] {
  const errors: string[] = [];
  const seen = new Set<string>();
  for (const [index, block] of blocks.entries()) {
    if (block.block_id === undefined) continue;
    if (seen.has(block.block_id))
      errors.push(`\`block_id\` already exists: ${block.block_id} [json-pointer:/blocks/${index}/block_id]`);
    seen.add(block.block_id);
  }
  const actions = new Map<Block, Set<string>>();
  for (const { block, element } of listElements(blocks)) {
    if (typeof element.action_id !== 'string') continue;
    const ids = actions.get(block) ?? new Set();
    actions.set(block, ids);
    if (ids.has(element.action_id))
      errors.push(`\`action_id\` already exists: ${element.action_id} [json-pointer:/blocks]`);
    ids.add(element.action_id);
  }
  return errors;
}

/** An initial option must be one of the options, word for word. */
function checkOptions(blocks: Block[]): string[] {
  return listElements(blocks).flatMap(({ element }) => {
    const options = listOptions(element);
    if (options.length === 0) return [];
    const initial = [element.initial_option, element.initial_options].flat().filter(isObject);
    const known = new Set(options.map(optionKey));
    return initial
      .filter((option) => !known.has(optionKey(option)))
      .map((option) => `initial option not in options: ${String(option.value)} [json-pointer:/blocks]`);
  });
}

function optionKey(option: JsonObject): string {
  return JSON.stringify([option.value, isObject(option.text) ? option.text.text : undefined]);
}

/**
 * No text is empty, wherever it stands: table cells (vercel/chat#373, hermes-agent#72871), rich_text leaves and links
 * (hermes-agent#59621, slack-go/slack#1412), text objects (docs.slack.dev/reference/block-kit/composition-objects/text-object).
 * A single space was taken in a cell (vercel/chat#327), not said of anything else, so blank text is refused as well; a
 * leaf of rich text may be a line break.
 */
function checkTexts(blocks: Block[]): string[] {
  return [...walk(blocks, '/blocks')]
    .filter(({ node: { type, text } }) => typeof text === 'string' && (type === 'text' ? text : text.trim()) === '')
    .map(({ pointer }) => `must be more than 0 characters [json-pointer:${pointer}/text]`);
}

/** Every cell of every table of the message: openclaw#116447, nao#1178, vellum-assistant#36219. */
function checkTableSizes(blocks: Block[]): string[] {
  const tables = blocks.flatMap((block, index) =>
    block.type === 'table' || block.type === 'data_table'
      ? [{ rows: block.rows, pointer: `/blocks/${index}/rows` }]
      : [],
  );
  const characters = tables.reduce((sum, { rows }) => sum + countTexts(rows), 0);
  if (characters <= MAX_TABLE_CHARACTERS) return [];
  return [`cells must be no more than ${MAX_TABLE_CHARACTERS} characters in all [json-pointer:${tables[0]!.pointer}]`];
}

function checkData(block: Block, pointer: string): string[] {
  if (block.type === 'data_visualization') return checkChart(block, pointer);
  if (block.type !== 'data_table' || !Array.isArray(block.rows)) return [];
  const errors: string[] = [];
  const rows = block.rows as JsonObject[][];
  if (rows[0]?.some((cell) => cell.type === 'rich_text')) {
    errors.push(`header cells cannot be rich_text [json-pointer:${pointer}/rows/0]`);
  }
  if (rows.some((row) => row.length !== rows[0]?.length)) {
    errors.push(`rows must have the same number of cells [json-pointer:${pointer}/rows]`);
  }
  return errors;
}

/** Each series has one point per category, under the category's name; series names are unique. */
function checkChart(block: Block, pointer: string): string[] {
  const chart = block.chart;
  if (!isObject(chart) || !Array.isArray(chart.series) || !isObject(chart.axis_config)) return [];
  const categories = JSON.stringify([...((chart.axis_config.categories as unknown[]) ?? [])].sort());
  const series = chart.series as { name?: string; data?: { label?: string }[] }[];
  const errors: string[] = [];
  if (new Set(series.map((one) => one.name)).size !== series.length) {
    errors.push(`series names must be unique [json-pointer:${pointer}/chart/series]`);
  }
  for (const [index, one] of series.entries()) {
    const labels = JSON.stringify([...(one.data ?? [])].map((point) => point.label).sort());
    if (labels !== categories) {
      errors.push(`data must have one point per category [json-pointer:${pointer}/chart/series/${index}/data]`);
    }
  }
  return errors;
}

/** Slack's servers fetch image_url: an address of this machine or a private network can never work. */
function checkImageUrls(blocks: Block[]): string[] {
  const errors: string[] = [];
  for (const { node, pointer } of walk(blocks, '/blocks')) {
    if (node.type !== 'image' || typeof node.image_url !== 'string' || !URL.canParse(node.image_url)) continue;
    const { hostname, protocol } = new URL(node.image_url);
    const local = /^(localhost|127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|\[)/.test(hostname);
    if (local || !protocol.startsWith('http'))
      errors.push(`downloading image failed [json-pointer:${pointer}/image_url]`);
  }
  return errors;
}
