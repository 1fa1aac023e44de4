import type { JsonObject } from '../../emulator/types.ts';
import { listOf, renderRichText } from './rich-text.ts';
import { h, type ReactNode, type Scene } from './scene.ts';
import { withSigns } from './signs.ts';

/** A table or data_table block; its first row is the header. Scrolls sideways by itself where it is too wide. */
export function renderTable(block: JsonObject, scene: Scene): ReactNode {
  const settings = listOf(block.column_settings);
  const rows = (Array.isArray(block.rows) ? block.rows : []) as JsonObject[][];
  const [head = [], ...body] = rows;
  const cell = (tag: 'th' | 'td') => (value: JsonObject, column: number) => {
    const { align, is_wrapped } = settings[column] ?? {};
    const number = value.type === 'raw_number' || align === 'right';
    const className = [number ? 'number' : '', is_wrapped ? 'wrapped' : ''].join(' ').trim();
    return h(
      tag,
      { key: column, ...(className ? { className } : {}), ...(tag === 'th' ? { scope: 'col' } : {}) },
      renderCell(value, scene),
    );
  };
  return h(
    'div',
    { className: 'table', role: 'region', tabIndex: 0, 'aria-label': String(block.caption ?? 'Table') },
    h(
      'table',
      null,
      h('thead', null, h('tr', null, head.map(cell('th')))),
      h(
        'tbody',
        null,
        body.map((row, key) => h('tr', { key }, row.map(cell('td')))),
      ),
    ),
  );
}

function renderCell(cell: JsonObject, scene: Scene): ReactNode {
  if (cell.type === 'rich_text') return renderRichText(cell, scene);
  if (cell.type === 'raw_number') return String(cell.text ?? cell.value ?? '');
  return withSigns(String(cell.text ?? ''));
}
