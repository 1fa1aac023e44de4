import type { Cutter, FileRecord } from './import-content.ts';
import { readJsonParts, skipToEntries } from './json-recovery.ts';

/** Prefix for entries from the middle of a wrapped list, so that they are read like those at its beginning. */
const WRAPPER = '{"events":[';

/**
 * Joins lines of a JSON file, an array or objects one after the other, to entries. A new entry begins at a line that is indented
 * like the first entry. A broken entry does not affect the others.
 */
export function createJsonCutter(head: string, isWhole: boolean): Cutter {
  const wrapper = skipToEntries(head);
  const first = head.indexOf('{', wrapper);
  const lineStart = head.lastIndexOf('\n', first) + 1;
  const isWrapped = wrapper > 0;
  /** True if the entries are in an array. */
  const isList = isWrapped || /^\ufeff?\s*\[/.test(head);
  /** Columns at which a line with `{` begins an entry. */
  const columns = head.slice(lineStart, first).trim() === '' ? [first - lineStart] : [first - lineStart, 0];
  let isFirst = isWhole;
  let waiting: FileRecord[] = [];

  function* settle(isLast: boolean): Generator<FileRecord> {
    const whole = waiting.map((line) => line.text).join('\n');
    const prefix = isWrapped && !isFirst ? WRAPPER : '';
    const text = isWrapped ? prefix + whole : whole.replace(/^\ufeff?\s*\[/, (start) => ' '.repeat(start.length));
    isFirst = false;
    // After the entries, a wrapper may have other fields: ignore them.
    const parts = prefix !== '' && /^\s*\]/.test(whole) ? [] : [...readJsonParts(text, undefined, true)];
    const end = parts.at(-1);
    const cut = isLast && end && 'fault' in end && breaksOff(end) ? parts.pop() : undefined;
    const size = waiting.reduce((sum, line) => sum + line.size, 0);
    if (parts.length === 0 && !isLast) yield { text: '', size, finished: true, lines: waiting.length };
    // Do not take the closing bracket: if the file grows, the import continues after the last entry.
    const last = isLast ? sizeTo(waiting, endOf(text, parts) - prefix.length) : { size, lines: waiting.length };
    for (const [at, part] of parts.entries()) {
      const taken = at < parts.length - 1 ? { size: 0, lines: 0 } : last;
      yield { text: part.text, finished: true, ...taken, ...('value' in part ? { value: part.value } : {}) };
    }
    // A list without its closing bracket was cut off: more entries may come.
    const isOpen = isLast && isList && parts.length > 0 && !/^[\s,]*\]/.test(text.slice(endOf(text, parts)));
    if (cut || isOpen) yield { text: cut?.text ?? '[', size: 0, finished: false, lines: 0 };
    waiting = [];
  }

  return function* cut(lines, isLast) {
    for (const line of lines) {
      if (waiting.length > 0 && columns.some((column) => beginsAt(line.text, column))) yield* settle(false);
      waiting.push(line);
    }
    if (isLast && waiting.length > 0) yield* settle(true);
  };
}

/** Tells whether an entry is JSON that was cut off, so that more of it may come. Its last word or escape may be incomplete. */
function breaksOff({ text, fault }: { text: string; fault: number }): boolean {
  return /^(?:[-+.\w]*|\\(?:u[\da-f]{0,3})?)\s*$/i.test(text.slice(fault));
}

/** Returns the offset at which the last of these parts ends. */
function endOf(text: string, parts: readonly { text: string }[]): number {
  return parts.reduce((at, part) => text.indexOf(part.text, at) + part.text.length, 0);
}

/** Counts bytes and line ends up to a character of the joined lines. */
function sizeTo(lines: readonly FileRecord[], end: number): { size: number; lines: number } {
  let left = end;
  let size = 0;
  for (const [at, line] of lines.entries()) {
    if (left <= line.text.length) {
      return { size: size + Math.min(line.size, Buffer.byteLength(line.text.slice(0, left))), lines: at };
    }
    size += line.size;
    left -= line.text.length + 1;
  }
  return { size, lines: lines.length };
}

function beginsAt(line: string, column: number): boolean {
  return line[column] === '{' && line.slice(0, column).trim() === '';
}
