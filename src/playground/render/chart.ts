import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { JsonObject } from '../emulator/types.ts';
import { Html } from './html.ts';

/** Loaded with the first chart: they take some 40 MiB. */
const load = createRequire(import.meta.url);

/** Charts by block, which is never changed in place: the whole conversation is drawn anew whenever something happens. */
const drawn = new WeakMap<JsonObject, Record<string, Html>>();

/** A chart block as slack-blocks-to-jsx draws it. Of the other blocks it has no element that can be pressed once React is gone. */
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

/** Its stylesheet, for a class instead of an id: a page has many messages. */
export function readLibraryStyles(): string {
  const path = load.resolve('slack-blocks-to-jsx/dist/style.css');
  return readFileSync(path, 'utf8').replaceAll('#slack_blocks_to_jsx', '.slack-blocks');
}
