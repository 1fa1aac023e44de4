import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLParseError,
} from 'yaml';
import { type Field, quote, readText, type ValueOf } from '../domain/field.ts';
import { listNearest } from '../domain/names.ts';

/** One mistake in a file: its place, what was found, and how to fix it. */
export interface Mistake {
  /** Counted from 1, as `column` is. */
  line: number;
  column: number;
  /** `scopes[0].pools[1].anchor`; empty for the file as a whole. */
  place: string;
  text: string;
}

const WANTED: Readonly<Record<Field['kind'], string>> = {
  ...{ text: 'a text', link: 'a text', member: 'a text', whole: 'a whole number', credits: 'an amount' },
  ...{ day: 'a date', choice: 'a word' },
};

/** Longer texts are refused without parsing. A file of a thousand scopes has about 300,000 characters. */
const MAX_CHARACTERS = 1_000_000;
/** Aliases of aliases multiply: with many of them a short file could stand for a huge one. */
const MAX_ALIASES = 50;

interface Sheet {
  lines: LineCounter;
  /** The node that each alias (`*name`) stands for. */
  aliases: ReadonlyMap<Node, Node>;
  mistakes: Mistake[];
}

/**
 * Reads YAML as text: every scalar keeps its characters, so numbers never become floats. Syntax faults are added to the mistakes, at
 * most one per line; the cursor is at the whole document. The time it takes depends only on the length of the text, whatever its
 * content.
 */
export function openYaml(text: string): { root: YamlCursor; mistakes: Mistake[] } {
  const lines = new LineCounter();
  const mistakes: Mistake[] = [];
  const aliases = new Map<Node, Node>();
  const sheet = { lines, aliases, mistakes };
  if (text.length > MAX_CHARACTERS) {
    const size = `has ${text.length} characters; a file may have ${MAX_CHARACTERS}: shorten it; one pattern ("abc*") can replace many entries.`;
    mistakes.push({ line: 1, column: 1, place: '', text: size });
    return { root: new YamlCursor(sheet, null, ''), mistakes };
  }
  const document = parseDocument(text, { schema: 'failsafe', lineCounter: lines, prettyErrors: false });
  const faulty = new Set<number>();
  const note = (offset: number, describe: () => string) => {
    const { line, col } = lines.linePos(offset);
    // One typing error often makes the parser report two faults.
    if (faulty.has(line)) return;
    faulty.add(line);
    mistakes.push({ line, column: col, place: '', text: describe() });
  };
  for (const error of document.errors) note(error.pos[0], () => describeSyntaxFault(error, text));
  const anchors = new Map<string, Node>();
  let count = 0;
  visit(document, {
    Node(_, node) {
      if (!isAlias(node)) {
        if (node.anchor) anchors.set(node.anchor, node);
        return undefined;
      }
      const { source } = node;
      const target = anchors.get(source);
      count += 1;
      if (target) aliases.set(node, target);
      else note(node.range![0], () => `has *${source} outside quotation marks; write a pattern as "*${source}".`);
      if (count <= MAX_ALIASES) return undefined;
      note(
        node.range![0],
        () => `has the ${MAX_ALIASES + 1}st alias (*${source}); a file may have ${MAX_ALIASES}: write it out.`,
      );
      return visit.BREAK;
    },
  });
  return { root: new YamlCursor(sheet, document.contents, ''), mistakes };
}

/**
 * A place in a YAML document. Each reading function returns the value, or notes a mistake and returns undefined, so one pass finds
 * all mistakes. An absent place reads as undefined without a mistake, unless it is `required`.
 */
export class YamlCursor {
  readonly place: string;
  readonly #sheet: Sheet;
  readonly #node: Node | null;
  /** The node that a mistake points to if this place is absent. */
  readonly #parent: Node | null;

  constructor(sheet: Sheet, node: Node | null, place: string, parent: Node | null = null) {
    this.#sheet = sheet;
    this.#node = node && isAlias(node) ? (sheet.aliases.get(node) ?? null) : node;
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

  /** Notes a mistake if this place is absent. */
  required(cure: string): this {
    if (this.isAbsent) this.note(`is missing; ${cure}.`);
    return this;
  }

  /** Returns the values of a map; unknown keys are mistakes. Empty values count as absent. */
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

  /** Returns the text of a key, if it has one; notes no mistakes. */
  peek(key: string): string | undefined {
    const value = isMap(this.#node) ? this.#node.get(key) : undefined;
    return typeof value === 'string' ? value.trim() : undefined;
  }

  /** Returns the entries of a list; empty if the list is absent. */
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

  /** Returns the value of a field; notes what is wrong with it, or that it is required and missing. */
  read<F extends Field>(field: F): ValueOf<F> | undefined {
    if (field.required) this.required(field.required);
    const text = this.#scalar(WANTED[field.kind]);
    if (text === undefined) return undefined;
    const read = readText(field, text);
    return 'fault' in read ? this.note(read.fault) : read.value;
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

function describe(node: Node): string {
  if (isMap(node)) return 'a map of keys';
  if (isSeq(node)) return 'a list';
  return isScalar(node) ? quote(String(node.value)) : 'something else';
}

/** Tells whether a value is empty: nothing after `key:`, or YAML's words for null. */
function isEmpty(node: Node): boolean {
  return isScalar(node) && node.type === 'PLAIN' && ['', '~', 'null'].includes(String(node.value));
}

/** At most this many characters are quoted from the place of a fault. */
const MOST_SHOWN = 100;

/**
 * Explains a syntax fault in YAML and how to fix it, in words for the person who wrote the file. Faults that hardly happen by
 * accident keep the parser's words.
 */
export function describeSyntaxFault({ code, message, pos }: YAMLParseError, text: string): string {
  const here = text.slice(pos[0], pos[0] + MOST_SHOWN);
  const word = /^[^\s:,[\]{}]*/.exec(here)![0] || here.charAt(0);
  switch (code) {
    case 'TAB_AS_INDENT':
      return 'begins with a tab; indent with spaces.';
    case 'BAD_INDENT':
    case 'MISSING_CHAR':
      return describeMissing(message);
    case 'BLOCK_AS_IMPLICIT_KEY':
      return 'holds more than one value; put a text with ": " in quotation marks, and line up keys that belong together.';
    case 'MULTILINE_IMPLICIT_KEY':
      return `has no ": " behind ${quote(firstLine(here))}; write key: value.`;
    case 'DUPLICATE_KEY':
      return `repeats the key ${quote(word)}; keep one of them.`;
    case 'MULTIPLE_DOCS':
      return 'begins a second document ("---"); keep one, or put them in files of their own.';
    case 'BAD_SCALAR_START':
      return `begins a text with ${quote(here.charAt(0))}; put the text in quotation marks.`;
    case 'BAD_ALIAS':
      return 'has a "*" outside quotation marks; write a pattern as "*" or "abc*".';
    case 'BAD_DQ_ESCAPE':
      return `has ${here.slice(0, 2)} within "…", which means nothing; write \\\\ for a backslash, or put the text in '…'.`;
    case 'UNEXPECTED_TOKEN':
      return `has ${quote(word)} where nothing more is expected; take it out, or put the whole text in quotation marks.`;
    default:
      return `is not YAML that can be read: ${message.replace(/\.$/, '')}; compare it with the example in the README.`;
  }
}

function describeMissing(message: string): string {
  if (message.includes('end with a }')) return 'comes before a map begun with "{" is closed; close it with "}".';
  if (message.includes('end with a ]')) return 'comes before a list begun with "[" is closed; close it with "]".';
  const mark = /closing (["'])quote/.exec(message)?.[1];
  if (mark) return `ends before a text begun with ${mark} is closed; add the second ${mark}.`;
  if (message.includes('without - indicator'))
    return 'is indented unlike the lines before it; line it up with the keys that it belongs to, or begin it with "- ".';
  return 'lacks a "," or ":" between entries, or is indented unlike its neighbours; compare it with the lines before it.';
}

function firstLine(text: string): string {
  const line = text.split('\n', 1)[0]!.trim();
  return line.length > 40 ? `${line.slice(0, 40)}…` : line;
}
