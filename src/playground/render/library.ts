import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Block, Message } from 'slack-blocks-to-jsx';
import type { JsonObject } from '../emulator/types.ts';
import { h, type ReactNode, type Scene } from './scene.ts';

/**
 * Blocks that nobody acts on and whose exact text is not at stake (charts above all) are drawn by slack-blocks-to-jsx. The
 * others are drawn here: it has no elements that can be pressed once React is gone, no slack_file, no raw_number cells and
 * no data_table, and it reads escaped mentions as mentions, which Slack does not.
 */
export function renderByLibrary(block: JsonObject, scene: Scene): ReactNode {
  const props = { blocks: [block as unknown as Block], theme: scene.theme, withoutWrapper: true, logo: '/', name: '' };
  return h('div', { className: 'slack-blocks', 'data-theme': scene.theme }, h(Message, props));
}

/** Its stylesheet, for a class instead of an id: a page has many messages. */
export function readLibraryStyles(): string {
  const path = createRequire(import.meta.url).resolve('slack-blocks-to-jsx/dist/style.css');
  return readFileSync(path, 'utf8').replaceAll('#slack_blocks_to_jsx', '.slack-blocks');
}
