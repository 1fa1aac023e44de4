import { HeadroomError } from '../errors.ts';

/** Entries of one array, or values one after the other; and how deep they may nest. */
export const MAX_ENTRIES = 100_000;
/** Objects and arrays of one body in all: each costs memory, however few bytes it has on the way. */
const MAX_NESTED = 1_000_000;

/**
 * Throws `too_large`, or `unreadable` where no event nests so deep, for a text whose JSON would take far more memory than its bytes, before anything of it is parsed. A
 * text with few brackets costs a search for each object; one too short for so many entries (`{},`) costs nothing.
 */
export function checkJsonBounds(text: string): void {
  if (text.length < 3 * MAX_ENTRIES) return;
  if (!exceeds(text, '{') && !exceeds(text, '[')) return;
  let depth = 0;
  let nested = 0;
  let entries = 0;
  const level = /^\s*\[/.test(text) ? 1 : 0;
  const structure = /["{}[\]]/g;
  for (let found = structure.exec(text); found; found = structure.exec(text)) {
    const char = found[0];
    if (char === '"') structure.lastIndex = endOfString(text, found.index);
    else if (char === '{' || char === '[') {
      nested += 1;
      if (depth === level) entries += 1;
      depth += 1;
      if (depth > MAX_ENTRIES) throw tooDeep();
      if (entries > MAX_ENTRIES) throw tooMany();
      if (nested > MAX_NESTED) throw tooMuch(`more than ${MAX_NESTED} objects and arrays`);
    } else if (depth > 0) depth -= 1;
  }
}

function exceeds(text: string, bracket: string): boolean {
  let count = 0;
  for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1)) {
    count += 1;
    if (count > MAX_ENTRIES) return true;
  }
  return false;
}

function endOfString(text: string, quote: number): number {
  for (let end = text.indexOf('"', quote + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text[end - 1 - slashes] === '\\') slashes += 1;
    if (slashes % 2 === 0) return end + 1;
  }
  return text.length;
}

/** The refusal of a body with more entries than one request may have. */
export function tooMany(): HeadroomError {
  return tooMuch(`more than ${MAX_ENTRIES} events`);
}

function tooDeep(): HeadroomError {
  return new HeadroomError('unreadable', `The body is JSON nested more than ${MAX_ENTRIES} deep: send events.`);
}

function tooMuch(what: string): HeadroomError {
  return new HeadroomError('too_large', `The body holds ${what}, so none was counted: send fewer events per request.`);
}
