import { MAX_TABLE_CHARACTERS } from './limits.ts';
import { type Block, clip, countCharacters, leaf, plainContext, plainText, richList, richText } from './text.ts';

/**
 * A block as text, for where Slack refuses the block itself: a table as one line per row, a chart as its points, a picture
 * as its alt text. Undefined where no other text is left to say: a divider, buttons, or what is plain text already.
 */
export function toText(block: Block): Block | undefined {
  switch (block.type) {
    case 'table':
      return toLines(block);
    case 'data_visualization':
      return toPoints(block);
    case 'image':
      return plainContext(String(block.alt_text ?? ''));
    case 'rich_text':
    case 'header':
    case 'context':
      return toParagraph(block);
    case 'section':
      return block.fields || block.accessory ? toParagraph(block) : undefined;
    default:
      return undefined;
  }
}

interface Cell {
  text: string;
}

/** `acme-web · Requests 947 · OK 930`: what a cell is stands before it, but for the first. */
function toLines(table: Block): Block {
  const [head = [], ...rows] = table.rows as Cell[][];
  const lines = rows.map(([name, ...cells]) => [
    leaf(name?.text ?? '', { bold: true }),
    cells.map(({ text }, index) => ` · ${head[index + 1]?.text} ${text}`).join(''),
  ]);
  let left = MAX_TABLE_CHARACTERS;
  const shown = lines.filter((line) => {
    left -= countCharacters(richText(...line));
    return left >= 0;
  });
  const more = lines.length - shown.length;
  return richList(more > 0 ? [...shown, [`and ${more} more`]] : shown);
}

interface Point {
  label: string;
  value: number;
}

/** `Requests: acme-web 930, billing 12`, one line per series. */
function toPoints({ title, chart }: Block): Block {
  const { series, segments } = chart as { series?: { name: string; data: Point[] }[]; segments?: Point[] };
  const lines = (series ?? [{ name: '', data: segments ?? [] }]).map(({ name, data }) => {
    const points = data.map(({ label, value }) => `${label} ${value}`).join(', ');
    return name ? `${name}: ${points}` : points;
  });
  return richText(leaf(String(title), { bold: true }), ...lines.map((line) => `\n${clip(line, 1000)}`));
}

function toParagraph(block: Block): Block {
  return { type: 'section', text: plainText(listTexts(block).join('')) };
}

function listTexts(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(listTexts);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) =>
    typeof item !== 'string' ? listTexts(item) : key === 'text' || key === 'fallback' ? [item] : [],
  );
}
