import { findSchemaErrors } from './block-schema.ts';
import { listElements, walk } from './elements.ts';
import type { Block, Surface } from './types.ts';

/** https://docs.slack.dev/reference/block-kit/blocks: 50 in a message, 100 in a view. */
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
