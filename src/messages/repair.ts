import { MAX_TABLE_CHARACTERS } from './limits.ts';
import {
  type Block,
  clip,
  clipMarkup,
  countCharacters,
  fitMessage,
  leaf,
  type Message,
  plainContext,
  plainText,
  richList,
  richText,
} from './text.ts';

/** A block that was replaced by text, with Slack's reason; `pointer` is `/blocks` if Slack named no place. */
export interface Replaced extends Fault {
  type: string;
}

export interface Repair {
  message: Message;
  replaced: Replaced[];
}

/** Types of blocks to replace one after another if Slack does not say which it refuses, the newest in Slack first. */
const SUSPECTS = ['data_visualization', 'image', 'table'];
const SHORTEST_TEXT = 300;

/**
 * Changes a refused message as little as possible: the block that Slack names becomes text in its place. If it names none, charts
 * become text, then pictures, then tables, and at last all blocks are dropped for the text beside them. Call it again with its
 * result and the next refusal until the message passes; undefined: nothing is left to remove.
 */
export function repair(message: Message, refusal: Refusal, bound: Bound = fitMessage): Repair | undefined {
  const { code, picture, faults } = refusal;
  if (code === 'msg_too_long') return shortenText(message);
  if (message.blocks.length === 0) return undefined;
  if (code === 'msg_blocks_too_long') return shorten(message);
  if (picture) return replaceType(message, 'image', code, bound) ?? dropBlocks(message, code);
  return replaceNamed(message, faults, bound) ?? replaceSuspect(message, code, bound) ?? dropBlocks(message, code);
}

/** Cuts a repaired message to Slack's limits; those of a view differ from those of a message. */
export type Bound = (message: Message) => Message;

function replaceNamed({ text, blocks }: Message, faults: readonly Fault[], bound: Bound): Repair | undefined {
  const places = new Map<number, Fault>();
  for (const fault of faults) {
    const index = Number(/^\/blocks\/(\d+)/.exec(fault.pointer)?.[1]);
    if (index < blocks.length && !places.has(index)) places.set(index, fault);
  }
  if (places.size === 0) return undefined;
  const rest = blocks.flatMap((block, index) => {
    const fault = places.get(index);
    return fault ? (withoutElement(block, fault.pointer) ?? toText(block) ?? []) : block;
  });
  const replaced = [...places].map(([index, fault]) => ({ type: blocks[index]!.type, ...fault }));
  return { message: bound({ text, blocks: rest }), replaced };
}

/** Removes one refused button or menu from its row, and keeps the others; undefined if the row has no other. */
function withoutElement(block: Block, pointer: string): Block | undefined {
  if (block.type !== 'actions') return undefined;
  const index = /^\/blocks\/\d+\/elements\/(\d+)/.exec(pointer)?.[1];
  const elements = block.elements as Block[];
  if (index === undefined || elements.length < 2) return undefined;
  return { ...block, elements: elements.toSpliced(Number(index), 1) };
}

function replaceSuspect(message: Message, code: string, bound: Bound): Repair | undefined {
  const type = SUSPECTS.find((suspect) => message.blocks.some((block) => block.type === suspect));
  return type === undefined ? undefined : replaceType(message, type, code, bound);
}

function replaceType({ text, blocks }: Message, type: string, reason: string, bound: Bound): Repair | undefined {
  if (!blocks.some((block) => block.type === type)) return undefined;
  const rest = blocks.flatMap((block) => (block.type === type ? (toText(block) ?? []) : block));
  return { message: bound({ text, blocks: rest }), replaced: [{ type, pointer: '/blocks', reason }] };
}

function dropBlocks({ text }: Message, reason: string): Repair {
  return { message: { text, blocks: [] }, replaced: [{ type: 'message', pointer: '/blocks', reason }] };
}

/** Cuts to two thirds each time: Slack's limit is not documented and may be lower than ours. */
function shorten(message: Message): Repair {
  const characters = Math.floor((countCharacters(message.blocks) * 2) / 3);
  const reason = 'msg_blocks_too_long';
  if (characters < SHORTEST_TEXT) return dropBlocks(message, reason);
  return { message: fitMessage(message, characters), replaced: [{ type: 'message', pointer: '/blocks', reason }] };
}

function shortenText({ text, blocks }: Message): Repair | undefined {
  if (text.length < SHORTEST_TEXT) return undefined;
  const shorter = clipMarkup(text, Math.floor((text.length * 2) / 3));
  return {
    message: { text: shorter, blocks },
    replaced: [{ type: 'message', pointer: '/text', reason: 'msg_too_long' }],
  };
}

/**
 * Converts a refused block to text: a table to one line per row, a chart to its points, a picture to its alt text, a field to its
 * label and value. Undefined if there is no text to say, as for a divider or buttons, or if the block is plain text already.
 */
export function toText(block: Block): Block | undefined {
  switch (block.type) {
    case 'table':
      return toLines(block);
    case 'data_visualization':
      return toPoints(block);
    case 'image':
      return plainContext(String(block.alt_text ?? ''));
    case 'input':
      return toParagraph({ ...block, element: toHeld(block.element as Block) });
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

/** `acme-web · Requests 947 · OK 930`: each cell but the first follows the label of its column. */
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

/** Returns the texts of an element's value, without its other choices. */
function toHeld(element: Block): unknown {
  const held = Object.entries(element).filter(([key]) => key.startsWith('initial_'));
  return held.map(([, value]) => (typeof value === 'string' ? { text: `: ${value}` } : [{ text: ': ' }, value]));
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

/** A fault that Slack found in blocks, and its place: `/blocks/4/rows/0/5/text`. */
export interface Fault {
  pointer: string;
  reason: string;
}

/** Slack's reason for refusing a message. */
export interface Refusal {
  /** Slack's code: `invalid_blocks`. */
  code: string;
  /** True if the uploaded picture is at fault. */
  picture: boolean;
  /** Empty for a response URL, which answers only a code. */
  faults: readonly Fault[];
}

const POINTER = /^(?:\[ERROR\] )?(.*) \[json-pointer:([^\]]*)\]$/s;

/**
 * Lists the faults that an error of the Web API names; empty if it names no place. Chat methods return sentences that end in a
 * pointer, `blocks.validate` returns objects whose pointer may lack `/blocks`.
 */
export function listFaults(error: unknown): Fault[] {
  const answer = error as { data?: { errors?: unknown; response_metadata?: { messages?: unknown } } } | undefined;
  const told = [answer?.data?.errors, answer?.data?.response_metadata?.messages].find(
    (list) => Array.isArray(list) && list.length > 0,
  );
  return ((told ?? []) as unknown[]).flatMap(toFault);
}

function toFault(told: unknown): Fault[] {
  if (typeof told === 'string') {
    const [, reason, pointer] = POINTER.exec(told) ?? [];
    return pointer === undefined ? [] : [{ pointer: fromBlocks(pointer), reason: reason! }];
  }
  const { pointer, message, code } = (told ?? {}) as { pointer?: unknown; message?: unknown; code?: unknown };
  return typeof pointer === 'string' ? [{ pointer: fromBlocks(pointer), reason: String(message ?? code) }] : [];
}

function fromBlocks(pointer: string): string {
  return /^\/\d/.test(pointer) ? `/blocks${pointer}` : pointer.replace(/^\/?(?:message|view)\//, '/');
}
