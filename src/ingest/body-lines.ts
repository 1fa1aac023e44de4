import { isUtf8 } from 'node:buffer';

/** One line of a body, without its end; of bytes that are no UTF-8, as Latin-1. */
export interface BodyLine {
  text: string;
  isUtf8: boolean;
}

const NEWLINE = 10;
const RETURN = 13;

/** The bytes as UTF-8 where a byte order mark says UTF-16, as files from Windows have it; else as they are. */
export function toUtf8(bytes: Uint8Array): Uint8Array {
  const encoding = findUtf16(bytes);
  return encoding === undefined ? bytes : Buffer.from(new TextDecoder(encoding).decode(bytes));
}

/** The form of UTF-16 that a byte order mark names. */
export function findUtf16(bytes: Uint8Array): 'utf-16le' | 'utf-16be' | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  return bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : undefined;
}

/** The lines of a body, empty ones too, without a byte order mark. Each is decoded by itself: an odd byte stays in its line. */
export function* readBodyLines(body: Uint8Array): Generator<BodyLine> {
  if (isUtf8(body)) {
    for (const text of splitLines(new TextDecoder('utf-8').decode(body))) yield { text, isUtf8: true };
    return;
  }
  const buffer = Buffer.from(body.buffer, body.byteOffset, body.length);
  const separator = buffer.includes(NEWLINE) ? NEWLINE : RETURN;
  for (let start = 0; start < buffer.length; ) {
    const found = buffer.indexOf(separator, start);
    const end = found < 0 ? buffer.length : found;
    const line = buffer.subarray(start, end);
    const valid = isUtf8(line);
    yield { text: line.toString(valid ? 'utf8' : 'latin1').replace(/\r$/, ''), isUtf8: valid };
    start = end + 1;
  }
}

/** The lines of a text log. A return ends one too: servers escape those that senders send. */
export function* readLogLines(body: Uint8Array): Generator<string> {
  for (const { text } of readBodyLines(body)) {
    if (text.includes('\r')) yield* text.split('\r');
    else yield text;
  }
}

/** A list of 20 million lines is never made: whoever reads them may stop before. */
export function* splitLines(text: string): Generator<string> {
  const separator = text.includes('\n') ? '\n' : '\r';
  for (let start = 0; start <= text.length; ) {
    const found = text.indexOf(separator, start);
    const end = found < 0 ? text.length : found;
    yield text.slice(start, end > start && text.charCodeAt(end - 1) === RETURN ? end - 1 : end);
    start = end + 1;
  }
}
