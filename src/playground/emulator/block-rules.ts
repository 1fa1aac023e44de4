import { checkCharts, checkTables } from './data-rules.ts';
import { checkElements, checkTexts } from './element-rules.ts';
import { countTexts, isObject, listElements, walk } from './elements.ts';
import type { Block } from './types.ts';

export type Surface = 'message' | 'modal' | 'home';

/** https://docs.slack.dev/reference/block-kit/blocks: 50 in a message, 100 in a view. */
const MAX_BLOCKS: Record<Surface, number> = { message: 50, modal: 100, home: 100 };
/** Slack refuses a third chart in one message, though its documentation does not say so. */
const MAX_CHARTS = 2;
const MAX_MARKDOWN_CHARACTERS = 12_000;
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
    ...checkTexts(blocks),
    ...checkElements(blocks),
    ...checkTables(blocks),
    ...checkCharts(blocks),
    ...checkImages(blocks),
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

/** Pictures that Slack could never show: an address it cannot reach, or what is no id of a file. */
function checkImages(blocks: Block[]): string[] {
  const errors: string[] = [];
  for (const { node, pointer } of walk(blocks, '/blocks')) {
    if (node.type !== 'image') continue;
    // docs.slack.dev/reference/block-kit/composition-objects/slack-file-object; slackapi/python-slack-sdk#1521
    const id = isObject(node.slack_file) ? node.slack_file.id : undefined;
    if (id !== undefined && !/^F[A-Z0-9]{8,}$/.test(String(id)))
      errors.push(`must match pattern: ^[F][A-Z0-9]{8,}$ [json-pointer:${pointer}/slack_file/id]`);
    if (typeof node.image_url === 'string' && !isPublic(node.image_url))
      errors.push(`downloading image failed [json-pointer:${pointer}/image_url]`);
  }
  return errors;
}

/** Slack's servers fetch image_url: an address of this machine or a private network can never work. */
function isPublic(address: string): boolean {
  if (!URL.canParse(address)) return true;
  const { hostname, protocol } = new URL(address);
  const local = /^(localhost|127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|\[)/.test(hostname);
  return !local && protocol.startsWith('http');
}
