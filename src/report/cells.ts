import type { Thousandths } from '../domain/event.ts';
import type { ColumnType, Table, TableCell } from '../domain/table.ts';
import { withoutSign } from '../domain/thousandths.ts';
import { formatChange, formatCredits, formatInstant, formatLatency, formatPercent, formatRate } from './format.ts';

/** Stands where there is no value to show. */
export const NOTHING = '–';

export type ShownColumn = Table['columns'][number] & { index: number };

/** A value for people; a text as it is. Never empty. */
export function formatValue(
  cell: TableCell,
  { type, signed }: { type: ColumnType; signed?: boolean | undefined },
  zone: string,
): string {
  if (signed && type === 'percent' && cell !== null) return formatChange(Number(cell));
  if (signed && cell !== null && typeof cell !== 'string' && cell !== 0)
    return `${cell > 0 ? '+' : '-'}${formatValue(withoutSign(cell), { type }, zone)}`;
  if (cell === null || cell === '') return NOTHING;
  if (type === 'count') return formatRate(Number(cell));
  if (type === 'credits') return formatCredits(cell as Thousandths);
  if (type === 'percent') return formatPercent(Number(cell));
  if (type === 'duration') return formatLatency(Number(cell));
  if (type === 'time') return formatInstant(Number(cell), zone);
  return type === 'bar' ? drawBar(Number(cell)) || NOTHING : String(cell);
}

/** Columns as people see them, with their places in a row: the name, then numbers, which a phone shows beside it, then the rest. */
export function orderColumns({ columns, inOrder }: Pick<Table, 'columns' | 'inOrder'>): ShownColumn[] {
  const shown = columns.map((column, index) => ({ ...column, index })).filter(({ csvOnly }) => !csvOnly);
  if (inOrder) return shown;
  const name = shown.find((column) => column.name) ?? shown[0];
  const rank = (column: (typeof shown)[number]) =>
    column === name ? 0 : isNumber(column.type) ? 1 : column.type === 'bar' ? 3 : 2;
  return shown.toSorted((a, b) => rank(a) - rank(b));
}

export function isNumber(type: ColumnType): boolean {
  return type === 'count' || type === 'credits' || type === 'percent' || type === 'duration';
}

/** Each row in words: `ERP Connector 5,854 requests (35.7%, 5,718 OK, 136 failed)`. What is zero or absent is left out. */
export function describeRows(table: Table, zone: string): string[] {
  const [name, ...columns] = orderColumns(table).filter(({ type }) => type !== 'bar');
  if (!name) return [];
  const lead = columns.find(({ type }) => isNumber(type));
  return table.rows.map((row) => {
    const tell = (column: ShownColumn) => {
      const { type, label, signed } = column;
      const text = formatValue(row[column.index] ?? null, column, zone);
      const isBare = signed || type === 'text' || label === '%';
      return isBare || text === NOTHING ? text : `${text} ${toInner(text === '1' ? label.replace(/s$/, '') : label)}`;
    };
    const isTold = ({ index }: ShownColumn) => row[index] && row[index] !== NOTHING;
    const first = lead ? ` ${tell(lead)}` : '';
    const rest = columns.filter((column) => column !== lead && isTold(column)).map(tell);
    return `${formatValue(row[name.index] ?? null, name, zone)}${first}${rest.length > 0 ? ` (${rest.join(', ')})` : ''}`;
  });
}

/** `OK` and `p95` stay what they are. */
function toInner(label: string): string {
  const inner = label.replace(/^% /, '');
  return /^[A-Z][a-z]/.test(inner) ? inner.charAt(0).toLowerCase() + inner.slice(1) : inner;
}

const PARTS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'] as const;

/** A share 0–1 of `width` block characters, to an eighth of one; anything above nothing shows at least a sliver. */
export function drawBar(share: number, width = 10): string {
  const eighths = Math.round(Math.min(Math.max(share, 0), 1) * width * 8);
  const shown = share > 0 ? Math.max(eighths, 1) : 0;
  return '█'.repeat(Math.floor(shown / 8)) + PARTS[shown % 8]!;
}
