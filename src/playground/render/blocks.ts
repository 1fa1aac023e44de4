import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Block, JsonObject } from '../emulator/types.ts';
import { renderElement, renderImage } from './elements.ts';
import { attributes, type Content, Html, html } from './html.ts';
import { listOf, plainOf, type Scene } from './scene.ts';
import { renderRichText, renderText, withSigns } from './text.ts';

/** Draws blocks as HTML. A block that fails is replaced by a note; the others are drawn all the same. */
export function renderBlocks(blocks: readonly Block[], scene: Scene): string {
  return blocks.map((block, index) => renderBlock(block, captionOf(blocks, index), scene).text).join('');
}

function renderBlock(block: Block, caption: string, scene: Scene): Html {
  try {
    return html`<div class="block ${block.type}">${renderInside(block, caption, scene)}</div>`;
  } catch (error) {
    const why = (error as Error).message;
    return html`<div class="block unknown">This ${block.type} block cannot be drawn: ${why}</div>`;
  }
}

/** Returns a block's own caption, else the text of the nearest header above it, else `Table`. */
function captionOf(blocks: readonly Block[], index: number): string {
  const header = blocks.slice(0, index).findLast(({ type }) => type === 'header');
  return String(blocks[index]!.caption ?? plainOf(header?.text, 'Table'));
}

function renderInside(block: Block, caption: string, scene: Scene): Content {
  const id = String(block.block_id ?? '');
  switch (block.type) {
    case 'header':
      return scene.heading === 'h2'
        ? html`<h2>${renderText(block.text, scene)}</h2>`
        : html`<h3>${renderText(block.text, scene)}</h3>`;
    case 'divider':
      return html`<hr>`;
    case 'section':
      return renderSection(block, id, scene);
    case 'context':
    case 'actions':
      return listOf(block.elements).map((element) => renderElement(element, { block: id }, scene));
    case 'rich_text':
      return renderRichText(block, scene);
    case 'image': {
      const title = block.title ? html`<figcaption>${plainOf(block.title)}</figcaption>` : null;
      return html`<figure>${title}${renderImage(block)}</figure>`;
    }
    case 'input':
      return renderField(block, id, scene);
    case 'table':
    case 'data_table':
      return renderTable(block, caption, scene);
    case 'data_visualization':
      return renderChart(block, scene.theme);
    default:
      return html`<span class="unknown">(${block.type})</span>`;
  }
}

function renderSection(block: JsonObject, id: string, scene: Scene): Content {
  const fields = listOf(block.fields).map((field) => html`<p>${renderText(field, scene)}</p>`);
  const text = html`
    <div class="text">
      ${block.text ? html`<p>${renderText(block.text, scene)}</p>` : null}
      ${fields.length > 0 && html`<div class="fields">${fields}</div>`}
    </div>`;
  if (!block.accessory) return text;
  const accessory = block.accessory as JsonObject;
  const label = plainOf(accessory.placeholder) || plainOf(block.text);
  return html`<div class="beside">${text}</div>${renderElement(accessory, { block: id, label }, scene)}`;
}

/** Draws an input block: label, element, hint, and a place for an error. Ids tie them together for screen readers. */
function renderField(block: JsonObject, id: string, scene: Scene): Html {
  const element = block.element as JsonObject;
  // A block id may have spaces; an id in HTML may not.
  const key = encodeURIComponent(id);
  const field = {
    id: `field-${key}`,
    labelId: `label-${key}`,
    hintId: block.hint ? `hint-${key}` : undefined,
    required: block.optional !== true,
  };
  const words = html`${plainOf(block.label)}${field.required ? null : html`<span class="optional"> (optional)</span>`}`;
  const isGroup = element.type === 'checkboxes' || element.type === 'radio_buttons';
  const label = isGroup
    ? html`<div class="label" id="${field.labelId}">${words}</div>`
    : html`<label class="label" id="${field.labelId}" for="${field.id}">${words}</label>`;
  const hint = block.hint ? html`<p class="hint" id="hint-${key}">${plainOf(block.hint)}</p>` : null;
  const drawn = renderElement(element, { block: id, waits: block.dispatch_action !== true, field }, scene);
  return html`
    <div class="form-field" data-field="${id}">
      ${label}${drawn}${hint}
      <p class="error" id="error-${key}" hidden=""></p>
    </div>`;
}

/**
 * Draws a table or data_table block. Its first row is the header; its first column names the rows. A table that is too wide
 * scrolls sideways on its own.
 */
function renderTable(block: JsonObject, caption: string, scene: Scene): Html {
  const settings = listOf(block.column_settings);
  const [head = [], ...body] = listOf(block.rows) as unknown as JsonObject[][];
  const toRow = (cells: JsonObject[], inHead: boolean) =>
    html`<tr>${cells.map((cell, column) => renderCell(cell, { inHead, column, ...settings[column] }, scene))}</tr>`;
  return html`
    <div class="scroller" data-label="${caption}: table">
      <table>
        <caption><span class="hidden">${caption}</span></caption>
        <thead>${toRow(head, true)}</thead>
        <tbody>${body.map((row) => toRow(row, false))}</tbody>
      </table>
    </div>`;
}

interface CellPlace {
  inHead: boolean;
  column: number;
  align?: string;
  is_wrapped?: boolean;
}

function renderCell(cell: JsonObject, { inHead, column, align, is_wrapped }: CellPlace, scene: Scene): Html {
  const number = cell.type === 'raw_number' || align === 'right';
  const names = [number && 'number', is_wrapped && 'wrapped'].filter(Boolean).join(' ');
  // A column of bars has an empty header.
  const scope = inHead ? cell.text !== '' && 'col' : column === 0 && !number && 'row';
  const given = attributes({ scope, class: names || undefined });
  const content =
    cell.type === 'rich_text' ? renderRichText(cell, scene) : withSigns(String(cell.text ?? cell.value ?? ''));
  return scope ? html`<th${given}>${content}</th>` : html`<td${given}>${content}</td>`;
}

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
