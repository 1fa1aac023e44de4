import {
  capitalise,
  MONTH_NAMES,
  NUMBER_NAMES,
  readMonth,
  readNumber,
  readWeekday,
  WEEKDAY_NAMES,
} from '../calendar.ts';
import {
  type DayPoint,
  HYPHEN,
  isOneDay,
  makeOf,
  RANGE_WORDS,
  type RangeWord,
  type RangeWords,
  type Read,
  TODAY,
  Unclear,
} from '../range.ts';

export const MONTH = `(${MONTH_NAMES.map((name) => `${name}|${name.slice(0, 3)}`).join('|')}|sept)`;
export const WEEKDAY = `(${WEEKDAY_NAMES.map((name) => `${name}s?|${name.slice(0, 3)}`).join('|')}|tues|weds|thurs?)`;
const DAY = String.raw`(\d{1,2})(?:st|nd|rd|th|\.)?`;
const YEAR = String.raw`((?:19|20)\d\d)`;
export const NUMBER = String.raw`(\d{1,5}|an?|${NUMBER_NAMES.join('|')})`;
const ORDINAL = '(first|second|third|fourth|[1-4](?:st|nd|rd|th))';

type DateWords = DayPoint & { kind: 'date' };

/** Ways to name a day or a longer stretch of days; a pattern matches the whole text. */
const FORMS: readonly [RegExp, (...groups: string[]) => Read<DayPoint>][] = [
  [/^today$/, () => TODAY],
  [/^yesterday$/, () => ({ kind: 'ago', days: 1 })],
  [/^day before yesterday$/, () => ({ kind: 'ago', days: 2 })],
  [form(`${NUMBER} (day|week|fortnight)s? (?:ago|back|earlier)`), readAgo],
  [/^(\d{4})-(\d{1,2})-(\d{1,2})$/, (year, month, day) => toDate(day!, month, year)],
  [/^(\d{4})-(\d{1,2})$/, (year, month) => toMonths(1, Number(month), year)],
  [
    /^(\d{1,2})\.(\d{1,2})\.(\d{4})?$/,
    (day, month, year) => (year || (Number(month) > 0 && Number(month) < 13) ? toDate(day!, month, year) : undefined),
  ],
  [/^(\d{1,2})\/(\d{1,2})(?:\/(\d{4}|\d{2}))?$/, (one, two, year) => readParted(one!, two!, year)],
  [new RegExp(`^(\\d{1,2}) ${HYPHEN} (\\d{1,2})$`), (one, two) => readParted(one!, two!, undefined, '-')],
  [
    form(`(?:${YEAR} )?([qhw])(\\d{1,2})(?: ${YEAR})?`),
    (before, mark, number, year) => toPart(mark!, number!, before ?? year),
  ],
  [form(`(?:${YEAR} )?${ORDINAL} (quarter|qtr|half)(?: ${YEAR})?`), readOrdinalPart],
  [
    form(`(?:${YEAR} )?(?:week|cw|kw|wk) (\\d{1,2})(?: ${YEAR})?`),
    (before, week, year) => toPart('w', week!, before ?? year),
  ],
  [form(`(?:${YEAR} )?quarter ([1-4])(?: ${YEAR})?`), (before, number, year) => toPart('q', number!, before ?? year)],
  [form(`${DAY} ${MONTH}(?: ${YEAR})?`), (day, month, year) => toDate(day!, month, year)],
  [form(`${MONTH} ${DAY}(?: ${YEAR})?`), (month, day, year) => toDate(day!, month, year)],
  [
    form(`(?:last |this |past |previous )?${MONTH}(?: ${YEAR})?`),
    (month, year) => toMonths(1, readMonth(month!)!, year),
  ],
  [form(`(.+) (?:in )?(this|last) year`), (part, which) => readPartOfYear(part!, which!)],
  [form(`(this|last) year (?:in )?(.+)`), (which, part) => readPartOfYear(part!, which!)],
  [form(`${YEAR} ${MONTH}`), (year, month) => toMonths(1, readMonth(month!)!, year)],
  [/^(\d{1,2})(?:st|nd|rd|th)$/, (day) => toDate(day!)],
  [form(YEAR), (year) => toMonths(12, 1, year)],
  [
    form(`(last |this |past |previous )?${WEEKDAY}`),
    (which, weekday) => ({
      ...{ kind: 'weekday', weekday: readWeekday(weekday!)! },
      ...(which === 'this ' && { week: 0 as const }),
    }),
  ],
  [
    form(`${WEEKDAY} (last|this|previous) week`),
    (weekday, which) => ({ kind: 'weekday', weekday: readWeekday(weekday!)!, week: which === 'this' ? 0 : 1 }),
  ],
  [form(`${WEEKDAY} (.+)`), readWeekdayDate],
  [/^week (.+)$/, readWeekOf],
];

/** Reads the day, or the longer stretch of days, that a text names; undefined if it names none. */
export function readDay(given: string): Read<DayPoint> {
  const joined = given
    .replace(/^((on|in|during|the|of|for|over|within|at|from) )+(?=.)/, '')
    .replace(/(?<= )(the|of) /g, '')
    .replace(/^month (?=[a-z])/, '');
  const word = joined
    .replace(/^current /, 'this ')
    .replace(/^(previous|past) (?=week|month|quarter|qtr|year|yr)/, 'last ')
    .replace(/ qtr$/, ' quarter')
    .replace(/ yr$/, ' year')
    .replace(/^((last|this|past|this past) )?week ?end$/, 'last weekend')
    .replaceAll(' ', '-');
  if (RANGE_WORDS.includes(word as RangeWord)) return { kind: 'word', word: word as RangeWord };
  for (const [pattern, toPoint] of FORMS) {
    const match = pattern.exec(joined);
    if (match) return toPoint(...match.slice(1));
  }
  return undefined;
}

/** Makes a pattern that matches whole texts. */
export function form(source: string): RegExp {
  return new RegExp(`^${source}$`);
}

function toDate(day: string, month?: string, year?: string): DateWords {
  const number = month && (readMonth(month) ?? Number(month));
  return { kind: 'date', ...(year && { year: Number(year) }), ...(number && { month: number }), day: Number(day) };
}

function toMonths(size: 1 | 3 | 6 | 12, number: number, year?: string): DayPoint {
  return { kind: 'months', size, number, ...(year && { year: Number(year) }) };
}

/** `q3`, `h1`, `w45`. */
function toPart(mark: string, text: string, year?: string): DayPoint | undefined {
  const number = Number(text);
  if (number < 1 || number > { q: 4, h: 2, w: 53 }[mark]!) return undefined;
  if (mark === 'w') return { kind: 'week', week: number, ...(year && { year: Number(year) }) };
  return toMonths(mark === 'q' ? 3 : 6, number, year);
}

function readOrdinalPart(before?: string, order?: string, part?: string, year?: string): Read<DayPoint> {
  const number = ['first', 'second', 'third', 'fourth'].indexOf(order!) + 1 || Number(order![0]);
  return toPart(part === 'half' ? 'h' : 'q', String(number), before ?? year);
}

/** Lists the dates that two numbers can be: with the day first, with the month first. */
function datesOf(one: string, two: string, years?: string): (DateWords | undefined)[] {
  const year = years?.length === 2 ? `20${years}` : years;
  const isDate = (day: number, month: number) => day >= 1 && day <= 31 && month >= 1 && month <= 12;
  return [
    [one, two],
    [two, one],
  ].map(([day, month]) => (isDate(Number(day), Number(month)) ? toDate(day!, month, year) : undefined));
}

/** Reads two numbers as a date: `5/11` is 5 November or 11 May, `20/11` only 20 November. */
function readParted(one: string, two: string, years?: string, sign = '/'): Read<DateWords> {
  const dates = datesOf(one, two, years).filter((date) => date !== undefined);
  if (dates.length < 2 || Number(one) === Number(two)) return dates[0];
  const names = dates.map(({ day, month }) => `${day} ${capitalise(MONTH_NAMES[month! - 1]!)}`);
  const text = [one, two, ...(years ? [years] : [])].join(sign);
  return new Unclear(`“${text}” can be ${names.join(' or ')}.`, dates);
}

/** Reads `5/11 to 8/11` with the day first in both, or the month first in both. In `1/12 to 31/12` the end decides which. */
export function readPartedEnds(left: string, right: string): Read<RangeWords> {
  const ends = [left, right].map((text) => /^(\d{1,2})\/(\d{1,2})(?:\/(\d{4}|\d{2}))?$/.exec(text)?.slice(1) ?? []);
  const [froms, tos] = ends.map(([one, two, year]) => (one ? datesOf(one, two!, year) : []));
  const spans = [0, 1].flatMap((order): RangeWords[] => {
    const [from, to] = [froms![order], tos![order]];
    return from && to ? [{ kind: 'span', from, to }] : [];
  });
  const open = ends.map(([one, two, year]) => one && readParted(one, two!, year)).find((end) => end instanceof Unclear);
  return open && spans.length > 1 ? new Unclear(open.message, spans) : spans[0];
}

/** `3 days ago`, `a week ago`. */
function readAgo(number?: string, unit?: string): DayPoint {
  return { kind: 'ago', days: readCount(number!) * { day: 1, week: 7, fortnight: 14 }[unit!]! };
}

/** Reads a number in digits or in words; `a` is 1. */
export function readCount(number: string): number {
  return /^an?$/.test(number) ? 1 : readNumber(number)!;
}

/** `friday 20 november`, `tuesday the 17th`. */
function readWeekdayDate(weekday?: string, rest?: string): Read<DayPoint> {
  return makeOf(readDay(rest!), (date) =>
    date.kind === 'date' ? { ...date, weekday: readWeekday(weekday!)! } : undefined,
  );
}

/** `november last year`, `last year in q3`. */
function readPartOfYear(part: string, which: string): Read<DayPoint> {
  return makeOf(readDay(part), (point) =>
    point.kind === 'months' && point.year === undefined && point.size < 12
      ? { ...point, yearsAgo: which === 'this' ? 0 : 1 }
      : undefined,
  );
}

function readWeekOf(rest?: string): Read<DayPoint> {
  return makeOf(readDay(rest!), (day) => (isOneDay(day) ? { kind: 'week-of', day } : undefined));
}
