import { checkBlocks, reject } from './checks.ts';
import { type Core, refusal } from './core.ts';
import { isObject, walk } from './elements.ts';
import { asJson } from './http.ts';
import { BOT_USER_ID } from './seed.ts';
import type { Block, BlockPlace, JsonObject } from './types.ts';

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
