import { measureText } from '../font.ts';
import { shortenText } from '../labels.ts';
import { SIZE } from '../theme.ts';

/** Something with a colour of its own, and what the legend says of it; without words it is not in the legend. */
export interface Key {
  key: string;
  color: string;
  words?: string | undefined;
}

const SWATCH = 22;
const COLUMN_GAP = 16;

/** The colour channel of `key` fields, with a legend in as many columns as fit `width`; no legend for a single key. */
export function colorOf(keys: readonly Key[], width: number) {
  const named = keys.filter(({ words }) => words);
  const words = named.map(({ words }) => shortenText(words!, width - SWATCH, SIZE.small));
  const texts = Object.fromEntries(named.map(({ key }, index) => [`_${key}`, words[index]!]));
  return {
    field: 'key',
    type: 'nominal' as const,
    scale: { domain: keys.map(({ key }) => key), range: keys.map(({ color }) => color) },
    legend:
      named.length < 2
        ? null
        : {
            values: named.map(({ key }) => key),
            labelExpr: `(${JSON.stringify(texts)})['_' + datum.value]`,
            columns: countColumns(words, width),
            columnPadding: COLUMN_GAP,
          },
  };
}

/** Vega sets all columns of a row apart by their own widest text. */
function countColumns(words: readonly string[], width: number): number {
  const fits = (columns: number) => {
    const widths = Array.from({ length: columns }, (_, column) =>
      Math.max(
        ...words.filter((_, at) => at % columns === column).map((text) => SWATCH + measureText(text, SIZE.small)),
      ),
    );
    return widths.reduce((sum, each) => sum + each, (columns - 1) * COLUMN_GAP) <= width;
  };
  let columns = words.length;
  while (columns > 1 && !fits(columns)) columns -= 1;
  return columns;
}
