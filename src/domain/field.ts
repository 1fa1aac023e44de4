import { parseDay } from './calendar.ts';
import { MAX_EVENT_CREDITS, parseCredits } from './definition.ts';
import { listNearest } from './names.ts';

export interface Described {
  /** Names the field in a form and begins a message about a wrong value. */
  label: string;
  /** Shown under the field in a form. */
  hint?: string;
  /** Cure for an empty field (`name the grant`); absent: the field is optional. */
  required?: string;
}

/** A choice among words, each with the label that a form shows. */
export type ChoiceField<W extends string = string> = Described & {
  kind: 'choice';
  options: readonly (readonly [word: W, label: string])[];
};

/**
 * Describes a field for files and forms alike: the reader of a file checks values by it, and a form is built from it and reports
 * faults in the same words. `text`: one line without control characters, at most `most` (default 200); `link`: a web address;
 * `credits`: at most three decimals; `day`: a date of the report zone; `member`: the id of a Slack user or user group.
 */
export type Field =
  | ChoiceField
  | (Described &
      (
        | { kind: 'text' | 'credits'; most?: number }
        | { kind: 'whole'; least: number; most: number }
        | { kind: 'link' | 'day' | 'member' }
      ));

export type ValueOf<F extends Field> =
  F extends ChoiceField<infer W> ? W : F extends { kind: 'whole' | 'credits' | 'day' } ? number : string;

/** The value given for a field, or what is wrong with it and how to fix it: `is "x"; give a number`. */
export type Reading<T> = { value: T } | { fault: string };

/** Reads the text that was given for a field. */
export function readText<F extends Field>(field: F, given: string): Reading<ValueOf<F>>;
export function readText(field: Field, given: string): Reading<string | number> {
  const text = given.trim();
  switch (field.kind) {
    case 'text':
      return readLine(text, field.most ?? 200);
    case 'link':
      return readLink(text);
    case 'whole':
      return readWhole(text, field);
    case 'credits':
      return readCredits(text, field.most ?? MAX_EVENT_CREDITS);
    case 'day':
      return readDay(text);
    case 'choice':
      return readWord(
        text,
        field.options.map(([word]) => word),
      );
    case 'member':
      if (/^[UWS][A-Z0-9]{2,}$/.test(text)) return { value: text };
      return { fault: `is ${quote(text)}; give the id of a Slack user (U…) or user group (S…).` };
  }
}

/** Quotes a found text, shortened to fit a line. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 59)}…` : text);
}

function readLine(text: string, most: number): Reading<string> {
  if (text === '') return { fault: 'is empty; give a text.' };
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(text) || !text.isWellFormed())
    return { fault: 'holds characters that cannot be shown; give one line of plain text.' };
  return text.length > most ? { fault: `has ${text.length} characters; use at most ${most}.` } : { value: text };
}

function readLink(text: string): Reading<string> {
  const line = readLine(text, 3000);
  if ('fault' in line) return line;
  // `https://…` is accepted too: a placeholder for an address, which gets no button.
  if (text === 'https://…' || (/^https?:\/\//i.test(text) && URL.canParse(text))) return line;
  return { fault: `is ${quote(text)}; give an address that begins with https:// or http://.` };
}

function readWhole(text: string, { least, most }: { least: number; most: number }): Reading<number> {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return { value };
  return { fault: `is ${quote(text)}; give a whole number from ${least} to ${most}, digits only.` };
}

function readCredits(text: string, most: number): Reading<number> {
  // The largest amount of a pool has one digit more than `parseCredits` reads.
  const value = text === String(most / 1000) ? most : parseCredits(text);
  if (value !== undefined && value <= most) return { value };
  if (value !== undefined || /^\d{13,}$/.test(text))
    return { fault: `is ${quote(text)}; give at most ${most / 1000}.` };
  if (/^-\d/.test(text)) return { fault: `is ${quote(text)}; an amount cannot be below 0.` };
  if (/^\d+\.\d{4,}$/.test(text)) return { fault: `is ${quote(text)}; give at most three decimals.` };
  return { fault: `is ${quote(text)}; give a number like 52500 or 0.125, digits and a point only.` };
}

function readDay(text: string): Reading<number> {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return { fault: `is ${quote(text)}; give a date like 2026-01-31.` };
  try {
    return { value: parseDay(text) };
  } catch {
    return { fault: `is ${quote(text)}, which is not in the calendar; give a date that exists.` };
  }
}

function readWord(text: string, words: readonly string[]): Reading<string> {
  if (words.includes(text)) return { value: text };
  const [nearest] = listNearest(text, words, 1);
  return { fault: `is ${quote(text)}; ${nearest ? `did you mean "${nearest}"?` : `use one of ${words.join(', ')}.`}` };
}
