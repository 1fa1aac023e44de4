import { toDecimal } from '../domain/definition.ts';
import type { Thousandths } from '../domain/event.ts';
import type { ClientNames } from '../report/client-names.ts';
import { toCsvCell } from '../report/table.ts';
import type { Cell } from '../sql/part-rows.ts';
import { columnsOf, type Encoder, type Exported, PIECE, rowsOf } from './encoder.ts';

/** Encodes RFC 4180 with one header row. A text that a spreadsheet would take for a formula gets a leading `'`. */
export function encodeCsv(what: Exported, names: Pick<ClientNames, 'nameOf'>): Encoder {
  const columns = columnsOf(what);
  const toCell = (cell: Cell, place: number) =>
    cell !== null && columns[place]!.type === 'credits' ? toDecimal(cell as Thousandths) : toCsvCell(cell);
  let text = `${columns.map(({ name }) => name).join(',')}\r\n`;
  return {
    *add(page) {
      for (const row of rowsOf(page, names)) {
        text += `${row.map(toCell).join(',')}\r\n`;
        if (text.length < PIECE) continue;
        yield text;
        text = '';
      }
    },
    *end() {
      yield text;
    },
  };
}
