import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { JsonObject } from '../emulator/types.ts';
import { Html } from './html.ts';

/** Loads React and slack-blocks-to-jsx with the first chart, not before: they take some 40 MiB of memory. */
const load = createRequire(import.meta.url);

/** Drawn charts by block. Blocks never change in place, and a conversation is drawn again on every change of the workspace. */
const drawn = new WeakMap<JsonObject, Record<string, Html>>();

/** Draws a chart block with slack-blocks-to-jsx. Other blocks are not drawn with it: their buttons need React in the page. */
export function renderChart(block: JsonObject, theme: 'light' | 'dark'): Html {
  const charts = drawn.getOrInsertComputed(block, () => ({}));
  charts[theme] ??= draw(block, theme);
  return charts[theme];
}

function draw(block: JsonObject, theme: 'light' | 'dark'): Html {
  const { createElement }: typeof import('react') = load('react');
  const { renderToStaticMarkup }: typeof import('react-dom/server') = load('react-dom/server');
  const { Message }: typeof import('slack-blocks-to-jsx') = load('slack-blocks-to-jsx');
  const props = { blocks: [block as never], theme, withoutWrapper: true, logo: '/', name: '' };
  const place = { className: 'slack-blocks', 'data-theme': theme };
  return new Html(renderToStaticMarkup(createElement('div', place, createElement(Message, props))));
}

/** Returns the stylesheet of slack-blocks-to-jsx, with a class instead of its id, because a page has many messages. */
export function readLibraryStyles(): string {
  const path = load.resolve('slack-blocks-to-jsx/dist/style.css');
  return readFileSync(path, 'utf8').replaceAll('#slack_blocks_to_jsx', '.slack-blocks');
}
