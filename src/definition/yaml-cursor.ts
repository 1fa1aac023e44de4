import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml';
import { MAX_EVENT_CREDITS, parseCredits } from '../domain/amount.ts';
import { parseDay } from '../domain/calendar.ts';
import type { Thousandths } from '../domain/event.ts';
import { listNearest } from '../domain/nearest.ts';
import { describeSyntaxFault } from './yaml-syntax.ts';

/** One thing that is wrong with a file: where, what was found, and the cure. */
export interface Mistake {
  /** From 1. */
  line: number;
  column: number;
  /** `scopes[0].pools[1].anchor`; empty for the file as a whole. */
  place: string;
  text: string;
}

interface Sheet {
  document: Document.Parsed | Document;
  lines: LineCounter;
  mistakes: Mistake[];
}

/**
 * Reads YAML as text: every scalar keeps the characters that it was written with, so numbers are never floats on the way.
 * Faults of the syntax are among the mistakes; the cursor stands on the whole document.
 */
export function openYaml(text: string): { root: YamlCursor; mistakes: Mistake[] } {
  const lines = new LineCounter();
  const document = parseDocument(text, { schema: 'failsafe', lineCounter: lines, prettyErrors: false });
  const mistakes: Mistake[] = [];
  const note = (offset: number, what: string) => {
    const { line, col } = lines.linePos(offset);
    // One slip often makes the parser stumble twice.
    if (!mistakes.some((mistake) => mistake.line === line)) mistakes.push({ line, column: col, place: '', text: what });
  };
  for (const error of document.errors) note(error.pos[0], describeSyntaxFault(error, text));
  visit(document, {
    Alias(_, alias) {
      if (!alias.resolve(document))
        note(alias.range![0], `has *${alias.source} outside quotation marks; write a pattern as "*${alias.source}".`);
    },
  });
  return { root: new YamlCursor({ document, lines, mistakes }, document.contents, ''), mistakes };
}

/**
 * A place in a YAML document. Each reading function answers with the value, or notes a mistake and answers undefined, so one
 * pass finds all mistakes. A place that is absent reads as undefined without a mistake, unless it is `required`.
 */
export class YamlCursor {
  readonly place: string;
  readonly #sheet: Sheet;
  readonly #node: Node | null;
  /** The node to point to when there is nothing here. */
  readonly #parent: Node | null;

  constructor(sheet: Sheet, node: Node | null, place: string, parent: Node | null = null) {
    this.#sheet = sheet;
    this.#node = node && isAlias(node) ? (node.resolve(sheet.document) ?? null) : node;
    this.#parent = parent;
    this.place = place;
  }

  get isAbsent(): boolean {
    return this.#node === null;
  }

  note(text: string): undefined {
    const offset = (this.#node ?? this.#parent)?.range?.[0] ?? 0;
    const { line, col } = this.#sheet.lines.linePos(offset);
    this.#sheet.mistakes.push({ line, column: col, place: this.place, text });
    return undefined;
  }

  /** Notes a mistake where nothing stands here. */
  required(cure: string): this {
    if (this.isAbsent) this.note(`is missing; ${cure}.`);
    return this;
  }

  /** The values of a map; keys that are not known are mistakes. Values left empty count as absent. */
  fields<K extends string>(known: readonly K[]): Record<K, YamlCursor> | undefined {
    const node = this.#node;
    if (node === null) return undefined;
    if (!isMap(node)) return this.note(`is ${describe(node)}; give keys and values (${known.join(', ')}).`);
    const found = new Map<string, Node | null>();
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? String(key.value) : '';
      if (known.some((one) => one === name)) found.set(name, isNode(value) && !isEmpty(value) ? value : null);
      else {
        const [nearest] = listNearest(name, known, 1);
        const cure = nearest ? `did you mean "${nearest}"?` : `known here: ${known.join(', ')}.`;
        new YamlCursor(this.#sheet, isNode(key) ? key : null, this.#join(name), node).note(`is not known; ${cure}`);
      }
    }
    return Object.fromEntries(
      known.map((name) => [name, new YamlCursor(this.#sheet, found.get(name) ?? null, this.#join(name), node)]),
    ) as Record<K, YamlCursor>;
  }

  /** The text of a key, if it has one; notes nothing. */
  peek(key: string): string | undefined {
    const value = isMap(this.#node) ? this.#node.get(key) : undefined;
    return typeof value === 'string' ? value.trim() : undefined;
  }

  /** The entries of a list; none where it is absent. */
  list(): YamlCursor[] {
    const node = this.#node;
    if (node === null) return [];
    if (!isSeq(node)) {
      this.note(`is ${describe(node)}; give a list ([…], or lines that begin with "- ").`);
      return [];
    }
    return node.items.map(
      (item, index) => new YamlCursor(this.#sheet, isNode(item) ? item : null, `${this.place}[${index}]`, node),
    );
  }

  /** One line of text without control characters, 1–`longest` characters. */
  text(longest = 200): string | undefined {
    const text = this.#scalar('a text')?.trim();
    if (text === undefined) return undefined;
    if (text === '') return this.note('is empty; give a text.');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
    if (/[\u0000-\u001f\u007f]/.test(text) || !text.isWellFormed())
      return this.note('holds characters that cannot be shown; give one line of plain text.');
    if (text.length > longest) return this.note(`has ${text.length} characters; use at most ${longest}.`);
    return text;
  }

  /** A whole number between `least` and `most`. */
  wholeNumber(least: number, most: number): number | undefined {
    const text = this.#scalar('a whole number')?.trim();
    if (text === undefined) return undefined;
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    return this.note(`is ${quote(text)}; give a whole number from ${least} to ${most}, digits only.`);
  }

  /** An amount of credits, at most three decimals. */
  credits(most: Thousandths = MAX_EVENT_CREDITS): Thousandths | undefined {
    const text = this.#scalar('an amount')?.trim();
    if (text === undefined) return undefined;
    // The largest amount of a pool has one digit more than any of an event.
    const value = text === String(most / 1000) ? most : parseCredits(text);
    if (value !== undefined && value <= most) return value;
    if (value !== undefined || /^\d{13,}$/.test(text))
      return this.note(`is ${quote(text)}; give at most ${most / 1000}.`);
    if (/^-\d/.test(text)) return this.note(`is ${quote(text)}; an amount cannot be below 0.`);
    if (/^\d+\.\d{4,}$/.test(text)) return this.note(`is ${quote(text)}; give at most three decimals.`);
    return this.note(`is ${quote(text)}; give a number like 52500 or 0.125, digits and a point only.`);
  }

  /** A date of the report zone, as its day. */
  day(): number | undefined {
    const text = this.#scalar('a date')?.trim();
    if (text === undefined) return undefined;
    if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return this.note(`is ${quote(text)}; give a date like 2026-01-31.`);
    try {
      return parseDay(text);
    } catch {
      return this.note(`is ${quote(text)}, which is not in the calendar; give a date that exists.`);
    }
  }

  /** A web address. */
  link(): string | undefined {
    const text = this.text(3000);
    if (text === undefined) return undefined;
    // `https://…` is taken too: a place kept for an address, which no button stands for.
    if (text === 'https://…' || (/^https?:\/\//i.test(text) && URL.canParse(text))) return text;
    return this.note(`is ${quote(text)}; give an address that begins with https:// or http://.`);
  }

  /** One of these words. */
  word<W extends string>(words: readonly W[]): W | undefined {
    const text = this.#scalar('a word')?.trim();
    if (text === undefined) return undefined;
    const found = words.find((word) => word === text);
    if (found) return found;
    const [nearest] = listNearest(text, words, 1);
    return this.note(
      `is ${quote(text)}; ${nearest ? `did you mean "${nearest}"?` : `use one of ${words.join(', ')}.`}`,
    );
  }

  #scalar(wanted: string): string | undefined {
    const node = this.#node;
    if (node === null) return undefined;
    if (isScalar(node)) return String(node.value);
    return this.note(`is ${describe(node)}; give ${wanted}.`);
  }

  #join(key: string): string {
    return this.place === '' ? key : `${this.place}.${key}`;
  }
}

/** Quotes what was found, short enough for a line. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 59)}…` : text);
}

function describe(node: Node): string {
  if (isMap(node)) return 'a map of keys';
  if (isSeq(node)) return 'a list';
  return isScalar(node) ? quote(String(node.value)) : 'something else';
}

/** `key:` with nothing after it, or YAML's words for nothing. */
function isEmpty(node: Node): boolean {
  return isScalar(node) && node.type === 'PLAIN' && ['', '~', 'null'].includes(String(node.value));
}
