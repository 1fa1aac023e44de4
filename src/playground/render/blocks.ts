import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { renderToStaticMarkup } from 'react-dom/server';
import { type Block as LibraryBlock, Message } from 'slack-blocks-to-jsx';
import type { Block, JsonObject } from '../emulator/types.ts';
import { renderElement, renderImage } from './elements.ts';
import { h, type ReactNode, type Scene } from './scene.ts';
import { listOf, plainOf, renderRichText, renderText, withSigns } from './text.ts';

/** Blocks as HTML. One that cannot be drawn leaves a note in its place, never takes the others with it. */
export function renderBlocks(blocks: readonly Block[], scene: Scene): string {
  return blocks
    .map((block, index) => {
      try {
        const content = isTable(block)
          ? renderTable(block, captionOf(blocks, index), scene)
          : renderBlock(block, scene);
        return renderToStaticMarkup(h('div', { className: `block ${block.type}` }, content));
      } catch (error) {
        const note = `This ${block.type} block cannot be drawn: ${(error as Error).message}`;
        return renderToStaticMarkup(h('div', { className: 'block unknown' }, note));
      }
    })
    .join('');
}

function isTable({ type }: Block): boolean {
  return type === 'table' || type === 'data_table';
}

/** Its own caption, else what the nearest header above it says. */
function captionOf(blocks: readonly Block[], index: number): string {
  const header = blocks.slice(0, index).findLast(({ type }) => type === 'header');
  return String(blocks[index]!.caption ?? plainOf(header?.text, 'Table'));
}

function renderBlock(block: JsonObject, scene: Scene): ReactNode {
  const id = String(block.block_id ?? '');
  switch (block.type) {
    case 'header':
      return h(scene.heading, null, renderText(block.text, scene));
    case 'divider':
      return h('hr');
    case 'section':
      return renderSection(block, id, scene);
    case 'context':
      return listOf(block.elements).map((element, key) => renderElement(element, { block: id }, scene, key));
    case 'actions':
      return listOf(block.elements).map((element, key) => renderElement(element, { block: id }, scene, key));
    case 'rich_text':
      return renderRichText(block, scene);
    case 'image':
      return h('figure', null, block.title ? h('figcaption', null, plainOf(block.title)) : null, renderImage(block));
    case 'input':
      return renderField(block, id, scene);
    default:
      return renderByLibrary(block, scene);
  }
}

function renderSection(block: JsonObject, id: string, scene: Scene): ReactNode {
  const fields = listOf(block.fields);
  const text = h(
    'div',
    { className: 'text' },
    block.text ? h('p', null, renderText(block.text, scene)) : null,
    fields.length > 0
      ? h(
          'div',
          { className: 'fields' },
          fields.map((field, key) => h('p', { key }, renderText(field, scene))),
        )
      : null,
  );
  if (!block.accessory) return text;
  const label = plainOf((block.accessory as JsonObject).placeholder) || plainOf(block.text);
  return [
    h('div', { key: 'text', className: 'beside' }, text),
    renderElement(block.accessory as JsonObject, { block: id, label }, scene, 1),
  ];
}

/** An input block: label, element, hint, and room for an error, tied together for those who cannot see them. */
function renderField(block: JsonObject, id: string, scene: Scene): ReactNode {
  const element = block.element as JsonObject;
  const waits = block.dispatch_action !== true;
  // Ids in HTML hold no space; block ids may.
  const key = encodeURIComponent(id);
  const field = {
    id: `field-${key}`,
    labelId: `label-${key}`,
    ...(block.hint ? { hintId: `hint-${key}` } : {}),
    required: block.optional !== true,
  };
  const optional = block.optional === true ? h('span', { className: 'optional' }, ' (optional)') : null;
  const isGroup = element.type === 'checkboxes' || element.type === 'radio_buttons';
  return h(
    'div',
    { className: 'form-field', 'data-field': id },
    h(
      isGroup ? 'div' : 'label',
      { className: 'label', id: field.labelId, ...(isGroup ? {} : { htmlFor: field.id }) },
      plainOf(block.label),
      optional,
    ),
    renderElement(element, { block: id, waits, field }, scene),
    block.hint ? h('p', { className: 'hint', id: field.hintId }, plainOf(block.hint)) : null,
    h('p', { className: 'error', id: `error-${key}`, hidden: true }),
  );
}

/**
 * A table or data_table block; its first row is the header, its first column names the rows. The page makes it scroll by
 * itself, sideways, where it is too wide.
 */
function renderTable(block: JsonObject, caption: string, scene: Scene): ReactNode {
  const settings = listOf(block.column_settings);
  const rows = (Array.isArray(block.rows) ? block.rows : []) as JsonObject[][];
  const [head = [], ...body] = rows;
  const cell = (inHead: boolean) => (value: JsonObject, column: number) => {
    const { align, is_wrapped } = settings[column] ?? {};
    const number = value.type === 'raw_number' || align === 'right';
    const className = [number ? 'number' : '', is_wrapped ? 'wrapped' : ''].join(' ').trim();
    // A column of bars has no name, and needs none.
    const scope = inHead ? (value.text === '' ? undefined : 'col') : column === 0 && !number ? 'row' : undefined;
    const attributes = { key: column, scope, className: className || undefined };
    return h(scope ? 'th' : 'td', attributes, renderCell(value, scene));
  };
  return h(
    'div',
    { className: 'scroller', 'data-label': `${caption}: table` },
    h(
      'table',
      null,
      h('caption', null, h('span', { className: 'hidden' }, caption)),
      h('thead', null, h('tr', null, head.map(cell(true)))),
      h(
        'tbody',
        null,
        body.map((row, key) => h('tr', { key }, row.map(cell(false)))),
      ),
    ),
  );
}

function renderCell(cell: JsonObject, scene: Scene): ReactNode {
  if (cell.type === 'rich_text') return renderRichText(cell, scene);
  if (cell.type === 'raw_number') return String(cell.text ?? cell.value ?? '');
  return withSigns(String(cell.text ?? ''));
}

/**
 * Blocks that nobody acts on and whose exact text is not at stake (charts above all) are drawn by slack-blocks-to-jsx. The
 * others are drawn here: it has no elements that can be pressed once React is gone, no slack_file, no raw_number cells and
 * no data_table, and it reads escaped mentions as mentions, which Slack does not.
 */
function renderByLibrary(block: JsonObject, scene: Scene): ReactNode {
  const props = {
    blocks: [block as unknown as LibraryBlock],
    theme: scene.theme,
    withoutWrapper: true,
    logo: '/',
    name: '',
  };
  return h('div', { className: 'slack-blocks', 'data-theme': scene.theme }, h(Message, props));
}

/** Its stylesheet, for a class instead of an id: a page has many messages. */
export function readLibraryStyles(): string {
  const path = createRequire(import.meta.url).resolve('slack-blocks-to-jsx/dist/style.css');
  return readFileSync(path, 'utf8').replaceAll('#slack_blocks_to_jsx', '.slack-blocks');
}
