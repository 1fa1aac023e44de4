import type { JsonObject } from '../emulator/types.ts';
import { listOf, renderRichText } from './rich-text.ts';
import { h, type ReactNode, type Scene } from './scene.ts';
import { withSigns } from './signs.ts';

/**
 * A table or data_table block; its first row is the header, its first column names the rows. The page makes it scroll by
 * itself, sideways, where it is too wide.
 */
export function renderTable(block: JsonObject, caption: string, scene: Scene): ReactNode {
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
