import type { Table } from '../domain/table.ts';
import { MAX_TABLE_CHARACTERS } from './limits.ts';
import { buildTable } from './table.ts';
import { type Block, clip, defuse, leaf, type Message, richList, richText } from './text.ts';

const MAX_LINE = 300;
const MAX_ROWS = 10;

/** One message in the thread of a digest. Texts are plain. */
export interface DigestPart {
  title: string;
  /** The section in one sentence. */
  sentence?: string | undefined;
  lines?: readonly string[] | undefined;
  table?: Table | undefined;
}

/** A section: its sentence, then its lines or its table, at most ten rows. A picture goes behind the sentence. */
export function buildDigestPart({ title, sentence, lines = [], table }: DigestPart, zone: string): Message {
  const shown = lines.slice(0, MAX_ROWS).map((line) => clip(line, MAX_LINE));
  const more = lines.length - shown.length;
  const rows = [...shown, ...(more > 0 ? [`and ${more} more`] : [])];
  const built = table && buildTable({ ...table, rows: table.rows.slice(0, MAX_ROWS) }, zone, MAX_TABLE_CHARACTERS);
  const blocks: Block[] = [
    richText(leaf(title, { bold: true }), ...(sentence ? ['\n', sentence] : [])),
    ...(rows.length > 0 ? [richList(rows.map((line) => [line]))] : []),
    ...(built ? [built.block] : []),
  ];
  return { text: [title, ...(sentence ? [sentence] : []), ...rows].map((line) => defuse(line)).join('\n'), blocks };
}
