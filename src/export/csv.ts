import type { ClientNames } from '../report/client-names.ts';
import { toCsvCell } from '../report/csv.ts';
import { columnsOf, type Encoder, type Exported, PIECE, rowsOf } from './encoder.ts';

/** RFC 4180 with one header row. A text that a spreadsheet would take for a formula gets a leading `'`. */
export function encodeCsv(what: Exported, names: Pick<ClientNames, 'nameOf'>): Encoder {
  let text = `${columnsOf(what)
    .map(({ name }) => name)
    .join(',')}\r\n`;
  return {
    *add(page) {
      for (const row of rowsOf(page, names)) {
        text += `${row.map(toCsvCell).join(',')}\r\n`;
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
