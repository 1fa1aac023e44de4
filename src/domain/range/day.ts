import { MONTH_NAMES, readMonth, readNumber, readWeekday } from '../calendar.ts';
import {
  type DayPoint,
  formatClockTime,
  formatPoint,
  HYPHEN,
  isOneDay,
  isUnclear,
  RANGE_WORDS,
  type RangeWord,
  type Unclear,
  unclear,
} from './words.ts';

const FILLERS = new Set(['on', 'in', 'during', 'the', 'of', 'for', 'over', 'within', 'at', 'from']);
/** Other ways to say a stretch of days. */
const STRETCHES: Readonly<Record<string, RangeWord>> = {
  ...Object.fromEntries(RANGE_WORDS.filter((word) => word.includes('-')).map((word) => [word.replace('-', ' '), word])),
  'current week': 'this-week',
  'current month': 'this-month',
  'current quarter': 'this-quarter',
  'current year': 'this-year',
  'previous week': 'last-week',
  'previous month': 'last-month',
  'previous quarter': 'last-quarter',
  'previous year': 'last-year',
  'this qtr': 'this-quarter',
  'last qtr': 'last-quarter',
  'this yr': 'this-year',
  'last yr': 'last-year',
  weekend: 'last-weekend',
  'this weekend': 'last-weekend',
  'past weekend': 'last-weekend',
  'this past weekend': 'last-weekend',
  'last week end': 'last-weekend',
};

/** Returns the day, or the longer stretch of days, that these pieces name; undefined where they are none. */
export function readDay(given: readonly string[]): DayPoint | Unclear | undefined {
  let texts = given;
  while (texts.length > 1 && FILLERS.has(texts[0]!)) texts = texts.slice(1);
  const inner = texts.filter((text, index) => index === 0 || !/^(the|of)$/.test(text));
  if (inner.length === 0 || inner.length > 5) return undefined;
  const joined = inner.join(' ');
  if (Object.hasOwn(STRETCHES, joined)) return { kind: 'word', word: STRETCHES[joined]! };
  if (inner.length === 1) return readOne(inner[0]!);
  return readAgo(inner) ?? readYearPart(inner) ?? readOfWeek(inner) ?? readNamedDate(inner) ?? readHyphenated(inner);
}

function readOne(text: string): DayPoint | Unclear | undefined {
  if (text === 'today') return { kind: 'ago', days: 0 };
  if (text === 'yesterday') return { kind: 'ago', days: 1 };
  const iso = /^(\d{4})-(\d{1,2})(?:-(\d{1,2}))?$/.exec(text);
  if (iso) {
    const [year, month] = [Number(iso[1]), Number(iso[2])];
    return iso[3] === undefined ? { kind: 'month', year, month } : { kind: 'date', year, month, day: Number(iso[3]) };
  }
  const dotted = /^(\d{1,2})\.(\d{1,2})\.(\d{4})?$/.exec(text);
  if (dotted) {
    const month = Number(dotted[2]);
    if (dotted[3] === undefined && (month < 1 || month > 12)) return undefined;
    return { kind: 'date', ...(dotted[3] && { year: Number(dotted[3]) }), month, day: Number(dotted[1]) };
  }
  const parted = /^(\d{1,2})\/(\d{1,2})(?:\/(\d{4}|\d{2}))?$/.exec(text);
  if (parted) return readParted(text, Number(parted[1]), Number(parted[2]), parted[3]);
  const part = /^([qhw])(\d{1,2})$/.exec(text);
  if (part) return toPart(part[1]!, Number(part[2]), undefined);
  const ordinal = /^(\d{1,2})(?:st|nd|rd|th)$/.exec(text);
  if (ordinal) return { kind: 'day-of-month', day: Number(ordinal[1]) };
  const year = readYear(text);
  if (year !== undefined) return { kind: 'year', year };
  const month = readMonth(text);
  if (month !== undefined) return { kind: 'month', month };
  const weekday = readWeekday(text);
  return weekday === undefined ? undefined : { kind: 'weekday', weekday };
}

/** `5/11` is 5 November or 11 May; `20/11` can only be one. */
function readParted(text: string, one: number, two: number, years: string | undefined): DayPoint | Unclear | undefined {
  const year = years === undefined ? undefined : years.length === 2 ? 2000 + Number(years) : Number(years);
  const dates = [
    { month: two, day: one },
    { month: one, day: two },
  ]
    .filter(({ month, day }) => month >= 1 && month <= 12 && day >= 1 && day <= 31)
    .map((date) => ({ kind: 'date' as const, ...(year !== undefined && { year }), ...date }));
  const [first, second] = dates;
  if (!first || !second || one === two) return first;
  const names = dates.map(
    ({ month, day }) => `${day} ${MONTH_NAMES[month - 1]!.replace(/^./, (c) => c.toUpperCase())}`,
  );
  return unclear(`“${text}” can be ${names.join(' or ')}.`, [formatPoint(first), formatPoint(second)]);
}

/** `3 days ago`, `a week ago`, `day before yesterday`. */
function readAgo(texts: readonly string[]): DayPoint | Unclear | undefined {
  const joined = texts.join(' ');
  if (joined === 'day before yesterday') return { kind: 'ago', days: 2 };
  if (texts.length !== 3 || !/^(ago|back|earlier)$/.test(texts[2]!)) return undefined;
  const count = /^an?$/.test(texts[0]!) ? 1 : readNumber(texts[0]!);
  if (count === undefined) return undefined;
  switch (texts[1]!.replace(/s$/, '')) {
    case 'day':
      return { kind: 'ago', days: count };
    case 'week':
      return { kind: 'ago', days: count * 7 };
    case 'fortnight':
      return { kind: 'ago', days: count * 14 };
    case 'month':
      return unclear(
        `“${joined}” can be a day or a whole month: name the month, or the days.`,
        count === 1 ? ['last-month', '30d'] : [`${count}-months`, `${count * 30}d`],
      );
    case 'year':
      return unclear(
        `“${joined}” can be a day or a whole year: name the year, or a date in it.`,
        count === 1 ? ['last-year', '12-months'] : [`${count * 12}-months`, 'last-year'],
      );
    default:
      return undefined;
  }
}

/** `last friday`, `monday last week`, `friday this week`, `week of nov 3`. */
function readOfWeek(texts: readonly string[]): DayPoint | Unclear | undefined {
  const [first, second, third] = texts;
  if (texts.length === 2 && /^(last|this|past|previous)$/.test(first!)) {
    const point = readOne(second!);
    return point?.kind === 'weekday' || (point?.kind === 'month' && point.year === undefined) ? point : undefined;
  }
  if (first === 'week' && texts.length > 1) {
    const day = readDay(texts.slice(1));
    if (isUnclear(day)) return day;
    return day && isOneDay(day) ? { kind: 'week-of', day } : undefined;
  }
  const weekday = readWeekday(first!);
  if (texts.length === 3 && weekday !== undefined && /^(last|this|previous)$/.test(second!) && third === 'week') {
    return { kind: 'weekday', weekday, week: second === 'this' ? 0 : 1 };
  }
  return undefined;
}

/** `q3 2026`, `2026 q3`, `third quarter 2025`, `first half 2026`, `week 45`, `october 2025`. */
function readYearPart(texts: readonly string[]): DayPoint | Unclear | undefined {
  const yearAt = texts.findIndex((text) => readYear(text) !== undefined);
  const year = yearAt < 0 ? undefined : readYear(texts[yearAt]!);
  const rest = texts.filter((_, index) => index !== yearAt);
  if (rest.length === 2) {
    const [first, second] = rest;
    const ordinals = ['first', 'second', 'third', 'fourth'];
    const order = ordinals.indexOf(first!) + 1 || Number(/^(\d)(?:st|nd|rd|th)$/.exec(first!)?.[1] ?? 0);
    if (order > 0 && /^(quarter|qtr)$/.test(second!)) return toPart('q', order, year);
    if (order > 0 && second === 'half') return toPart('h', order, year);
    if (/^(week|cw|kw|wk)$/.test(first!) && /^\d{1,2}$/.test(second!)) return toPart('w', Number(second), year);
    if (first === 'quarter' && /^[1-4]$/.test(second!)) return toPart('q', Number(second), year);
    return undefined;
  }
  if (rest.length !== 1 || year === undefined) return undefined;
  const point = readOne(rest[0]!);
  if (isUnclear(point) || !point || 'year' in point) return undefined;
  return ['month', 'quarter', 'half', 'week'].includes(point.kind) ? ({ ...point, year } as DayPoint) : undefined;
}

/** `20 nov`, `nov 20 2026`, `friday 20 november 2026`, `fri 2026-11-20`. */
function readNamedDate(texts: readonly string[]): DayPoint | Unclear | undefined {
  const weekday = readWeekday(texts[0]!);
  if (weekday !== undefined) {
    const date = readDay(texts.slice(1));
    if (isUnclear(date)) return date;
    return date?.kind === 'date' || date?.kind === 'day-of-month' ? { ...date, weekday } : undefined;
  }
  const [first, second, third] = texts;
  const year = third === undefined ? undefined : readYear(third);
  if (texts.length > 3 || (third !== undefined && year === undefined)) return undefined;
  const month = readMonth(first!) ?? readMonth(second!);
  const day = readDayNumber(first!) ?? readDayNumber(second!);
  if (month === undefined || day === undefined) return undefined;
  return { kind: 'date', ...(year !== undefined && { year }), month, day };
}

/** `11-18` is month and day, or day and month where both can be. */
function readHyphenated(texts: readonly string[]): DayPoint | Unclear | undefined {
  const [first, hyphen, second] = texts;
  if (texts.length !== 3 || hyphen !== HYPHEN || !/^\d{1,2}$/.test(first!) || !/^\d{1,2}$/.test(second!))
    return undefined;
  return readParted(`${first}-${second}`, Number(first), Number(second), undefined);
}

function toPart(letter: string, number: number, year: number | undefined): DayPoint | undefined {
  const of = year === undefined ? {} : { year };
  if (letter === 'q') return number >= 1 && number <= 4 ? { kind: 'quarter', ...of, quarter: number } : undefined;
  if (letter === 'h') return number >= 1 && number <= 2 ? { kind: 'half', ...of, half: number } : undefined;
  return number >= 1 && number <= 53 ? { kind: 'week', ...of, week: number } : undefined;
}

export function readYear(text: string): number | undefined {
  return /^(19|20)\d\d$/.test(text) ? Number(text) : undefined;
}

export function readDayNumber(text: string): number | undefined {
  const match = /^(\d{1,2})(?:st|nd|rd|th|\.)?$/.exec(text);
  return match ? Number(match[1]) : undefined;
}

const UNITS = '(?:minutes?|mins?|hours?|days?|weeks?|months?|quarters?|qtrs?|years?|yrs?|weekends?)';
const DAYPARTS: Readonly<Record<string, readonly [number, number]>> = {
  morning: [6, 12],
  afternoon: [12, 18],
  evening: [18, 24],
  night: [22, 6],
};
/** Words of a stretch that say about where in it. */
const VAGUE =
  /^(early|mid|late|around|about|roughly|approximately|circa|middle of|beginning of|start of|end of|(?:first|second|third|fourth|last|\d+(?:st|nd|rd|th)) (?:week|weekend|days?|half|part|[a-z]+day) (?:of|in)|\d+(?:st|nd|rd|th) of|half of)( the)? /;
/** Named days whose name ends like a weekday's: part of them alone is another day. */
const FEASTS = /^(black|good|cyber|super|easter|palm|whit|ash|maundy|shrove|boxing|giving) [a-z]+$/;

/** Returns the question to ask back for words that name a time, but none in particular, or one to come. */
export function readVague(texts: readonly string[]): Unclear | undefined {
  const joined = texts.join(' ');
  if (FEASTS.test(joined) && readWeekday(texts[1]!) !== undefined) {
    return unclear(`I don't know the date of “${joined}”: name the date.`, ['yesterday', '7d', '30d']);
  }
  return readFuture(joined) ?? readDaypart(texts) ?? readPartOf(joined) ?? readWeekdaysAgo(texts);
}

function readFuture(joined: string): Unclear | undefined {
  const next = /^(?:next|coming|upcoming|following) (.+)$/.exec(joined);
  const named = next?.[1] ?? '';
  const isFuture =
    /^(tomorrow|day after tomorrow|later today)\b/.test(joined) ||
    new RegExp(`^(?:(?:\\d+|[a-z]+) )?${UNITS}$`).test(named) ||
    new RegExp(`^(\\d+|an?|[a-z]+) ${UNITS} (from now|hence)$`).test(joined) ||
    (next !== null && ['weekday', 'month'].includes(readDay([named])?.kind ?? ''));
  if (!isFuture) return undefined;
  return unclear(`“${joined}” is still to come: usage is counted up to now.`, ['today', 'yesterday', '7d']);
}

/** `this morning`, `yesterday evening`, `last night`, `monday morning`, `morning of 15 nov`. */
function readDaypart(texts: readonly string[]): Unclear | undefined {
  const joined = texts.filter((text) => !/^(early|late|in|the)$/.test(text)).join(' ');
  const hours = `The hours of “${texts.join(' ')}” are not fixed.`;
  if (/^(last night|overnight|yesterday night)$/.test(joined)) {
    return unclear(hours, ['yesterday 18:00-06:00', 'yesterday 22:00-06:00', '24h']);
  }
  if (joined === 'tonight') return unclear(hours, ['today', 'yesterday since 18:00']);
  const match = /^(?:(.+) )?(morning|afternoon|evening|night)(?: of (.+))?$/.exec(joined);
  const said = match?.[1] ?? match?.[3];
  if (!match || said === undefined) return undefined;
  const day = said === 'this' ? ({ kind: 'ago', days: 0 } as const) : readDay(said.split(' '));
  if (!day || isUnclear(day) || !isOneDay(day)) return undefined;
  const [from, to] = DAYPARTS[match[2]!]!;
  const name = formatPoint(day);
  const wider = match[2] === 'morning' ? [`${name} 00:00-12:00`] : [];
  return unclear(hours, [`${name} ${formatClockTime(from * 60)}-${formatClockTime(to * 60)}`, ...wider, name]);
}

/** `late october`, `first week of november`: the whole is the nearest. */
function readPartOf(joined: string): Unclear | undefined {
  const match = VAGUE.exec(joined);
  const whole = match && joined.slice(match[0].length);
  const word = whole && /^(week|month|quarter|year)$/.test(whole) ? `this ${whole}` : whole;
  const day = word ? readDay(word.split(' ')) : undefined;
  if (!day) return undefined;
  return unclear(
    `“${joined}” does not say from which day to which.`,
    isUnclear(day) ? day.choices : [formatPoint(day)],
  );
}

/** `2 fridays ago`. */
function readWeekdaysAgo(texts: readonly string[]): Unclear | undefined {
  const weekday = texts.length === 3 && /^(ago|back)$/.test(texts[2]!) ? readWeekday(texts[1]!) : undefined;
  if (weekday === undefined) return undefined;
  return unclear(`I can't tell which day “${texts.join(' ')}” is: name its date.`, [
    formatPoint({ kind: 'weekday', weekday }),
    formatPoint({ kind: 'weekday', weekday, week: 1 }),
  ]);
}
