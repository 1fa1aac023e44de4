/**
 * The words of a range, read without knowing what day it is: `last 7 days`, `since monday`, `nov 5 to nov 12`.
 * Dates are taken as written, real or not; `resolveRange` turns the words into days and refuses those that cannot be.
 */
export type RangeWords =
  | { kind: 'word'; word: RangeWord }
  /** Previous whole days. */
  | { kind: 'days'; count: number }
  /** Whole calendar months before this one. */
  | { kind: 'months'; count: number }
  | { kind: 'at'; point: RangePoint }
  | { kind: 'span'; from: RangePoint; to: RangePoint }
  | { kind: 'since'; from: RangePoint };

export const RANGE_WORDS = [
  'today',
  'yesterday',
  '24h',
  'this-week',
  'last-week',
  'last-weekend',
  'this-month',
  'last-month',
  'this-quarter',
  'last-quarter',
  'this-year',
  'last-year',
] as const;
export type RangeWord = (typeof RANGE_WORDS)[number];

/** A day, or a longer named stretch. Without `year`: the latest that is not in the future. */
export type RangePoint =
  | { kind: 'date'; year?: number; month: number; day: number }
  /** 1 = Monday … 7 = Sunday: the latest one before today. */
  | { kind: 'weekday'; weekday: number }
  | { kind: 'ago'; days: number }
  | { kind: 'month'; year?: number; month: number }
  | { kind: 'quarter'; year?: number; quarter: number }
  | { kind: 'year'; year: number };

export const MONTH_NAMES = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
] as const;

export const WEEKDAY_NAMES = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;

const COUNT_WORDS = 'one two three four five six seven eight nine ten eleven twelve'.split(' ');

/** Other ways to say a range word or a count of days or months, after normalising. */
const PHRASES: Readonly<Record<string, RangeWords>> = {
  ...Object.fromEntries(RANGE_WORDS.map((word) => [word.replace('-', ' '), { kind: 'word', word } as const])),
  mtd: { kind: 'word', word: 'this-month' },
  'month to date': { kind: 'word', word: 'this-month' },
  wtd: { kind: 'word', word: 'this-week' },
  'week to date': { kind: 'word', word: 'this-week' },
  qtd: { kind: 'word', word: 'this-quarter' },
  'quarter to date': { kind: 'word', word: 'this-quarter' },
  ytd: { kind: 'word', word: 'this-year' },
  'year to date': { kind: 'word', word: 'this-year' },
  'so far today': { kind: 'word', word: 'today' },
  'today so far': { kind: 'word', word: 'today' },
  now: { kind: 'word', word: 'today' },
  'this morning': { kind: 'word', word: 'today' },
  'this afternoon': { kind: 'word', word: 'today' },
  tonight: { kind: 'word', word: 'today' },
  'last night': { kind: 'word', word: '24h' },
  overnight: { kind: 'word', word: '24h' },
  'last day': { kind: 'word', word: 'yesterday' },
  'past day': { kind: 'word', word: '24h' },
  'past week': { kind: 'days', count: 7 },
  'past fortnight': { kind: 'days', count: 14 },
  'last fortnight': { kind: 'days', count: 14 },
  fortnight: { kind: 'days', count: 14 },
  'past month': { kind: 'days', count: 30 },
  'past quarter': { kind: 'months', count: 3 },
  'past year': { kind: 'months', count: 12 },
  weekend: { kind: 'word', word: 'last-weekend' },
  'this weekend': { kind: 'word', word: 'last-weekend' },
};

const PREPOSITIONS = new Set(['on', 'in', 'during', 'for', 'over', 'within', 'the', 'of', 'from', 'between']);
const SEPARATORS = new Set(['to', '..', 'until', 'till', 'through', 'thru']);
/** Longer texts are no range, and are not looked into. */
const MAX_LENGTH = 80;

/** The words of a range in any case, spacing or hyphenation; undefined where the text is not one. Never throws. */
export function readRangeWords(text: string): RangeWords | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const words = toWords(text);
  const opening = words[0];
  while (words.length > 1 && PREPOSITIONS.has(words[0]!)) words.shift();
  const joined = words.join(' ');
  if (Object.hasOwn(PHRASES, joined)) return PHRASES[joined];
  return (
    readCount(joined) ?? readSince(words, opening === 'from') ?? readSpan(words, opening === 'between') ?? readAt(words)
  );
}

/** One word (no spaces) that reads back as the same: `last-week`, `14d`, `nov-5..nov-12`, `since-monday`. */
export function formatRangeWords(words: RangeWords): string {
  switch (words.kind) {
    case 'word':
      return words.word;
    case 'days':
      return `${words.count}d`;
    case 'months':
      return `${words.count}-months`;
    case 'at':
      return formatPoint(words.point);
    case 'span':
      return `${formatPoint(words.from)}..${formatPoint(words.to)}`;
    case 'since':
      return `since-${formatPoint(words.from)}`;
  }
}

function formatPoint(point: RangePoint): string {
  switch (point.kind) {
    case 'date': {
      if (point.year === undefined) return `${MONTH_NAMES[point.month - 1]!.slice(0, 3)}-${point.day}`;
      return `${pad(point.year, 4)}-${pad(point.month, 2)}-${pad(point.day, 2)}`;
    }
    case 'weekday':
      return WEEKDAY_NAMES[point.weekday - 1]!;
    case 'ago':
      if (point.days === 0) return 'today';
      return point.days === 1 ? 'yesterday' : `${point.days}-days-ago`;
    case 'month':
      return point.year === undefined ? MONTH_NAMES[point.month - 1]! : `${pad(point.year, 4)}-${pad(point.month, 2)}`;
    case 'quarter':
      return point.year === undefined ? `q${point.quarter}` : `${pad(point.year, 4)}-q${point.quarter}`;
    case 'year':
      return pad(point.year, 4);
  }
}

function pad(number: number, width: number): string {
  return String(number).padStart(width, '0');
}

/** Lower-cased words; hyphens inside words separate them, those inside ISO dates stay. */
function toWords(text: string): string[] {
  const plain = text
    .toLowerCase()
    .replace(/[\u2010-\u2015\u2212]/g, '-')
    .replace(/\u2026|\.{2,3}/g, ' .. ')
    .replace(/[_,?!\s]+/g, ' ')
    .trim();
  return plain.split(' ').flatMap((word) => {
    if (/^\d{4}[-/]\d{1,2}([-/]\d{1,2})?$/.test(word)) return word.replaceAll('/', '-');
    if (word === '-') return 'to';
    const days = /^(\d{1,2})-(\d{1,2})$/.exec(word);
    if (days) return [days[1]!, 'to', days[2]!];
    return word.split('-').filter((part) => part !== '');
  });
}

function readCount(text: string): RangeWords | undefined {
  const match = /^(?:(?:last|past|previous|prev|trailing) )?(\d{1,5}|[a-z]+) ?([a-z]+)$/.exec(text);
  if (!match) return undefined;
  const count = readNumber(match[1]!);
  if (count === undefined || count === 0) return undefined;
  switch (match[2]) {
    case 'h':
    case 'hr':
    case 'hrs':
    case 'hour':
    case 'hours':
      return count === 24 ? { kind: 'word', word: '24h' } : undefined;
    case 'd':
    case 'day':
    case 'days':
      return count === 1 ? { kind: 'word', word: 'yesterday' } : { kind: 'days', count };
    case 'w':
    case 'wk':
    case 'wks':
    case 'week':
    case 'weeks':
      return { kind: 'days', count: count * 7 };
    case 'm':
    case 'mo':
    case 'mos':
    case 'month':
    case 'months':
      return count === 1 ? { kind: 'word', word: 'last-month' } : { kind: 'months', count };
    case 'y':
    case 'yr':
    case 'year':
    case 'years':
      return { kind: 'months', count: count * 12 };
    default:
      return undefined;
  }
}

function readNumber(text: string): number | undefined {
  if (/^\d{1,5}$/.test(text)) return Number(text);
  const word = COUNT_WORDS.indexOf(text);
  return word >= 0 ? word + 1 : undefined;
}

function readSince(words: string[], from: boolean): RangeWords | undefined {
  let rest: string[] | undefined;
  if (words[0] === 'since') rest = words.slice(1);
  else if (words.at(-1) === '..' || words.at(-1) === 'onwards' || words.at(-1) === 'on') rest = words.slice(0, -1);
  else if (from) rest = words;
  const point = rest && readPoint(rest);
  return point && { kind: 'since', from: point };
}

function readSpan(words: string[], between: boolean): RangeWords | undefined {
  const at = words.findIndex((word) => SEPARATORS.has(word) || (between && word === 'and'));
  if (at < 1 || at === words.length - 1) return undefined;
  const left = words.slice(0, at);
  const right = words.slice(at + 1);
  const from = readPoint(left);
  const to = readPoint(right);
  if (from && to) return { kind: 'span', from, to };
  // `5 to 12 nov` and `nov 5 to 12` say the month once.
  const bare = (side: string[]) => (side.length === 1 ? readDayNumber(side[0]!) : undefined);
  const fromDay = bare(left);
  if (to?.kind === 'date' && fromDay !== undefined) return { kind: 'span', from: { ...to, day: fromDay }, to };
  const toDay = bare(right);
  if (from?.kind === 'date' && toDay !== undefined) return { kind: 'span', from, to: { ...from, day: toDay } };
  return undefined;
}

function readAt(words: string[]): RangeWords | undefined {
  const point = readPoint(words);
  if (!point) return undefined;
  if (point.kind === 'ago' && point.days <= 1) return { kind: 'word', word: point.days === 0 ? 'today' : 'yesterday' };
  return { kind: 'at', point };
}

function readPoint(given: readonly string[]): RangePoint | undefined {
  const words = given.filter((word) => !PREPOSITIONS.has(word));
  const [first, second, third] = words;
  if (first === undefined || words.length > 3) return undefined;
  if (words.length === 1) return readPointWord(first);
  if (third === 'ago') {
    const count = first === 'a' ? 1 : readNumber(first);
    const days = second === 'day' || second === 'days' ? 1 : second === 'week' || second === 'weeks' ? 7 : undefined;
    return count === undefined || days === undefined ? undefined : { kind: 'ago', days: count * days };
  }
  if (words.join(' ') === 'day before yesterday') return { kind: 'ago', days: 2 };
  if (words.length === 2) {
    if (first === 'last' || first === 'this' || first === 'past') {
      const point = readPointWord(second!);
      return point?.kind === 'weekday' || (point?.kind === 'month' && point.year === undefined) ? point : undefined;
    }
    const year = readYear(second!) ?? readYear(first);
    const named = readPointWord(readYear(first) === undefined ? first : second!);
    if (year !== undefined && (named?.kind === 'month' || named?.kind === 'quarter') && named.year === undefined) {
      return { ...named, year };
    }
  }
  const year = third === undefined ? undefined : readYear(third);
  if (third !== undefined && year === undefined) return undefined;
  const month = readMonth(first) ?? readMonth(second!);
  const day = readDayNumber(first) ?? readDayNumber(second!);
  if (month === undefined || day === undefined) return undefined;
  return { kind: 'date', ...(year !== undefined && { year }), month, day };
}

function readPointWord(word: string): RangePoint | undefined {
  if (word === 'today' || word === 'now') return { kind: 'ago', days: 0 };
  if (word === 'yesterday') return { kind: 'ago', days: 1 };
  const iso = /^(\d{4})-(\d{1,2})(?:-(\d{1,2}))?$/.exec(word);
  if (iso) {
    const year = Number(iso[1]);
    const month = Number(iso[2]);
    return iso[3] === undefined ? { kind: 'month', year, month } : { kind: 'date', year, month, day: Number(iso[3]) };
  }
  const dotted = /^(\d{1,2})\.(\d{1,2})\.(\d{4})$/.exec(word);
  if (dotted) return { kind: 'date', year: Number(dotted[3]), month: Number(dotted[2]), day: Number(dotted[1]) };
  const quarter = /^(\d{4})?q([1-4])$/.exec(word);
  if (quarter) {
    return { kind: 'quarter', ...(quarter[1] && { year: Number(quarter[1]) }), quarter: Number(quarter[2]) };
  }
  const year = readYear(word);
  if (year !== undefined) return { kind: 'year', year };
  const month = readMonth(word);
  if (month !== undefined) return { kind: 'month', month };
  const weekday = readWeekday(word);
  return weekday === undefined ? undefined : { kind: 'weekday', weekday };
}

function readYear(word: string): number | undefined {
  return /^(19|20)\d\d$/.test(word) ? Number(word) : undefined;
}

function readDayNumber(word: string): number | undefined {
  const match = /^(\d{1,2})(?:st|nd|rd|th|\.)?$/.exec(word);
  return match ? Number(match[1]) : undefined;
}

/** 1–12 for a month's name or its first letters (at least three). */
function readMonth(word: string): number | undefined {
  if (word.length < 3) return undefined;
  const index = MONTH_NAMES.findIndex(
    (name) => name === word || name.slice(0, 3) === word || `${name.slice(0, 3)}.` === word,
  );
  if (index >= 0) return index + 1;
  return word === 'sept' ? 9 : undefined;
}

/** 1 (Monday) – 7 for a weekday's name, its plural or its usual abbreviations. */
export function readWeekday(word: string): number | undefined {
  const name = word.toLowerCase().replace(/\.$/, '');
  if (name.length < 3) return undefined;
  const known = ['tues', 'weds', 'thur', 'thurs'];
  const index = WEEKDAY_NAMES.findIndex(
    (weekday) =>
      name === weekday ||
      name === `${weekday}s` ||
      name === weekday.slice(0, 3) ||
      (known.includes(name) && weekday.startsWith(name.slice(0, 3))),
  );
  return index >= 0 ? index + 1 : undefined;
}
