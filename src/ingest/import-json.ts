import type { Cutter, FileRecord } from './import-content.ts';
import { readJsonParts, skipToEntries } from './json-recovery.ts';

/** In front of entries from the middle of a file that wraps them, so that they are read as those at its beginning are. */
const WRAPPER = '{"events":[';

/**
 * Joins lines of a file of JSON, an array or objects one after the other, to entries: a new one begins where a line begins
 * as that of the first entry does. What is no JSON costs itself alone.
 */
export function createJsonCutter(head: string, isWhole: boolean): Cutter {
  const wrapper = skipToEntries(head);
  const first = head.indexOf('{', wrapper);
  const lineStart = head.lastIndexOf('\n', first) + 1;
  const isWrapped = wrapper > 0;
  /** The entries are those of an array. */
  const isList = isWrapped || /^\ufeff?\s*\[/.test(head);
  /** Where lines begin that begin an entry. */
  const columns = head.slice(lineStart, first).trim() === '' ? [first - lineStart] : [first - lineStart, 0];
  let isFirst = isWhole;
  let waiting: FileRecord[] = [];

  function* settle(isLast: boolean): Generator<FileRecord> {
    const whole = waiting.map((line) => line.text).join('\n');
    const prefix = isWrapped && !isFirst ? WRAPPER : '';
    const text = isWrapped ? prefix + whole : whole.replace(/^\ufeff?\s*\[/, (start) => ' '.repeat(start.length));
    isFirst = false;
    // Behind its entries a wrapper may hold other fields.
    const parts = prefix !== '' && /^\s*\]/.test(whole) ? [] : [...readJsonParts(text, undefined, true)];
    const end = parts.at(-1);
    const cut = isLast && end && 'fault' in end && breaksOff(end) ? parts.pop() : undefined;
    const size = waiting.reduce((sum, line) => sum + line.size, 0);
    if (parts.length === 0 && !isLast) yield { text: '', size, finished: true, lines: waiting.length };
    // The closing bracket is not taken: a file that has grown goes on after the last entry.
    const last = isLast ? sizeTo(waiting, endOf(text, parts) - prefix.length) : { size, lines: waiting.length };
    for (const [at, part] of parts.entries()) {
      const taken = at < parts.length - 1 ? { size: 0, lines: 0 } : last;
      yield { text: part.text, finished: true, ...taken, ...('value' in part ? { value: part.value } : {}) };
    }
    // Without its closing bracket a list was cut off.
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

/** Tells whether an entry is JSON as far as it goes: more of it may come. Its last word or escape may be a part of one. */
function breaksOff({ text, fault }: { text: string; fault: number }): boolean {
  return /^(?:[-+.\w]*|\\(?:u[\da-f]{0,3})?)\s*$/i.test(text.slice(fault));
}

/** Where the last of these parts ends. */
function endOf(text: string, parts: readonly { text: string }[]): number {
  return parts.reduce((at, part) => text.indexOf(part.text, at) + part.text.length, 0);
}

/** Bytes and line ends of the lines up to this character of their text. */
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
