import {
  at,
  type DayPoint,
  HYPHEN,
  isMoment,
  isOneDay,
  lastMinutes,
  makeOf,
  type RangePoint,
  type RangeWord,
  type RangeWords,
  type Read,
  TODAY,
  Unclear,
} from '../range.ts';
import {
  type Clock,
  readClock,
  readDaypart,
  readDuration,
  readMinutesAgo,
  readMonthsAgo,
  readVague,
} from './clock-words.ts';
import { readDay, readPartedEnds } from './day-words.ts';

type End = 'since' | 'after' | 'until' | 'before';

/** Words that make one end of a range open, before its point: alone, and after a day. */
const OPENERS = (
  [
    ['since', 'since|from|>=|starting(?: from| on| at| with)?|beginning (?:from|on|at|with)|as of'],
    ['after', 'after|>|later than'],
    [
      'until',
      String.raw`until|till|til|untill|up to|up until|through|thru|<=|\.\.|ending(?: on| at| with)?|no later than`,
    ],
    ['before', 'before|<|prior to|earlier than'],
  ] as [End, string][]
).map(([kind, words]) => ({
  kind,
  alone: new RegExp(`^(${words}) (.+)$`),
  behind: new RegExp(`^(.+) (?:${words}) (.+)$`),
}));
/** Words that make one end open, after its point. */
const CLOSERS: readonly [RegExp, 'since' | 'until'][] = [
  [/^(.+) (?:\.\.|onwards?|on|and onwards?|and later|or later|and after)$/, 'since'],
  [/^(.+) (?:and earlier|or earlier|and before)$/, 'until'],
];
const SEPARATORS: readonly RegExp[] = [
  /^\.\.$/,
  /^(to|until|till|til|untill|through|thru)$/,
  new RegExp(`^${HYPHEN}$`),
];

/** Fixed phrases for ranges, without `the`. */
const ALL =
  /^(all( time| of time| the time)?|of all time|(since )?(for)?ever|since (beginning( of time)?|start|inception|day one|launch|(we|it|they|he|she)( first)? (started|began|begun|launched|joined|appeared))|from (beginning|start)|(entire|whole|full) history)$/;
const SO_FAR = /^((right )?now|so far today|today so far|day so far|day to date|earlier today)$/;
const RUNNING =
  /^(?:([wmqy])td|(week|month|quarter|year|hour) (?:to date|so far)|this (week|month|quarter|year) so far|(?:so far|earlier) this (week|month|quarter|year))$/;

/** Reads these pieces as one range, all of them together; undefined if they are none. */
export function readRangeTexts(texts: readonly string[]): Read<RangeWords> {
  const whole = texts.join(' ');
  const plain = whole
    .replace(/^of the (?=(week|month|quarter|year)$)/, 'this ')
    .replace(/^(?:(?:on|in|during|for|over|within|the|of) )+(?=.)/, '');
  return (
    readNamed(plain.replace(/\bthe /g, '')) ??
    readDuration(whole) ??
    readOpen(plain) ??
    readSpan(plain) ??
    readPartOfDay(plain) ??
    readDaypart(plain) ??
    readAt(plain) ??
    readMonthsAgo(plain) ??
    readVague(plain)
  );
}

function readNamed(text: string): RangeWords | undefined {
  if (SO_FAR.test(text)) return at(TODAY);
  if (ALL.test(text)) return at({ kind: 'word', word: 'all-time' });
  const [, letter, ...units] = RUNNING.exec(text) ?? [];
  const unit = letter ? { w: 'week', m: 'month', q: 'quarter', y: 'year' }[letter] : units.find(Boolean);
  return unit ? at({ kind: 'word', word: `this-${unit}` as RangeWord }) : undefined;
}

/** `since X`, `before X`, `X..`, `X onwards`. */
function readOpen(text: string): Read<RangeWords> {
  for (const { kind, alone } of OPENERS) {
    const [, word, rest] = alone.exec(text) ?? [];
    const read = rest && readEnd(kind, word!, rest);
    if (read) return read;
  }
  for (const [pattern, kind] of CLOSERS) {
    const [, rest] = pattern.exec(text) ?? [];
    const read = rest && (makeOf(readPoint(rest), (point): RangeWords => ({ kind, point })) ?? readMonthsAgo(rest));
    if (read) return read;
  }
  return undefined;
}

function readEnd(kind: End, word: string, rest: string): Read<RangeWords> {
  const ago = kind === 'since' ? readMinutesAgo(rest) : undefined;
  if (ago !== undefined) return lastMinutes(ago);
  // `since this morning`
  const part = kind === 'since' || kind === 'after' ? readDaypart(rest) : undefined;
  if (part?.kind === 'clock') {
    const clock = (kind === 'since' ? part.from : part.to) ?? 0;
    if (part.day === TODAY) return { kind: 'clock', day: TODAY, from: clock };
    return { kind: 'since', point: { kind: 'moment', day: part.day, clock } };
  }
  // Some people say `since 3 days` for `the last 3 days`.
  const duration = word === 'since' ? readDuration(rest) : undefined;
  if (duration?.kind === 'last') return duration;
  const time = readMonthsAgo(rest) ?? makeOf(readClock(rest), (clock) => toOpenClock(kind, clock));
  if (time) return time;
  return makeOf<RangePoint, RangeWords>(readPoint(rest), (point) => {
    if (!isMoment(point)) return { kind, point };
    if (kind === 'since' || kind === 'after') return { kind: 'since', point };
    // A range that begins with `..` begins with the first data, so nothing is unclear.
    if (word === '..' || point.kind !== 'moment') return { kind: 'until', point };
    return new Unclear(`“${kind} ${rest}” can begin on that day, or with the first data.`, [
      { kind: 'clock', day: point.day, to: point.clock },
      { kind: 'until', point },
    ]);
  });
}

/** Reads `X to Y` in all spellings; an end that leaves something out takes it from the other. */
function readSpan(given: string): Read<RangeWords> {
  const text = given.replace(/^(from|between|since) /, '');
  const words = text.split(' ');
  const isBetween = /\bbetween\b/.test(given);
  for (const separator of isBetween ? [/^and$/, ...SEPARATORS] : SEPARATORS) {
    for (const [at, word] of words.entries()) {
      if (at === 0 || at === words.length - 1 || !separator.test(word)) continue;
      const [left, right] = [words.slice(0, at), words.slice(at + 1)].map((end) => end.join(' '));
      const read = readEnds(left!, right!, isBetween || given !== text);
      if (read) return read;
    }
  }
  return undefined;
}

function readEnds(left: string, right: string, isSpan: boolean): Read<RangeWords> {
  const [from, to] = [readPoint(left), readPoint(right)];
  const open = readMonthsAgo(from ? right : left);
  if (open && (from ?? to ?? readMonthsAgo(right))) return open;
  return (
    readPartedEnds(left, right) ??
    makeOf(from, (begin) => makeOf(to, (end) => toSpan(begin, end))) ??
    readClockEnds(left, right, isSpan) ??
    readDateEnds(from, left, to, right)
  );
}

function toSpan(from: RangePoint, to: RangePoint): RangeWords | undefined {
  // `this week to last week` asks for a comparison.
  if (from.kind === 'word' && to.kind === 'word') return undefined;
  // `27 aug to the 3rd`: the end takes its month from the beginning.
  const isBare = to.kind === 'date' && to.month === undefined;
  return from.kind === 'date' && isBare ? undefined : { kind: 'span', from, to };
}

/** `yesterday 14:00 – 15:00`, `2 to 4pm on thursday`, `9:00 – 17:00`. */
function readClockEnds(left: string, right: string, isSpan: boolean): Read<RangeWords> {
  const [from, to] = [readClock(left), readClock(right)];
  if (!from)
    return makeOf(to && readDayAndClock(left), ({ day, clock }) => makeOf(to, (end) => toClock(day, clock, end)));
  if (!to)
    return makeOf(readDayAndClock(right), ({ day, clock }) => makeOf(from, (begin) => toClock(day, begin, clock)));
  return makeOf(from, (begin) =>
    makeOf(to, (end) => {
      if (!begin.bare || !end.bare) return toClock(TODAY, begin, end);
      return isSpan ? toBare(begin, end) : undefined;
    }),
  );
}

/** Asks back: `between 2 and 4` can be at night or in the afternoon. */
function toBare(from: Clock, to: Clock): Unclear<RangeWords> | undefined {
  if (from.minutes >= to.minutes) return undefined;
  const halves = [0, 720].filter((add) => to.minutes + add <= 1440 && (add === 0 || to.minutes <= 720));
  return new Unclear(
    `I can't tell which hours or days are meant.`,
    halves.map((add) => ({ kind: 'clock', day: TODAY, from: from.minutes + add, to: to.minutes + add })),
  );
}

/** Reads `5 to 12 nov`, `nov 5 to 12 2026`, `2026-11-08 to 11-18`: one end takes from the other what both have in common. */
function readDateEnds(from: Read<RangePoint>, left: string, to: Read<RangePoint>, right: string): Read<RangeWords> {
  const day = /^(\d{1,2})(?:st|nd|rd|th|\.)?$/.exec(left)?.[1];
  const [, end, ordinal, year] =
    /^(?:the )?(\d{1,2})(st|nd|rd|th|\.)?(?: (?:the )?((?:19|20)\d\d))?$/.exec(right) ?? [];
  if (day)
    return makeOf(to, (last) => {
      if (last.kind !== 'date' || last.month === undefined) return undefined;
      const { weekday: _, ...date } = last;
      return { kind: 'span', from: { ...date, day: Number(day) }, to: last };
    });
  return makeOf(end ? from : undefined, (first) => {
    if (first.kind !== 'date' || first.month === undefined) return undefined;
    const begin = { ...first, ...(year && { year: Number(year) }) };
    const { weekday: _, ...date } = { ...begin, day: Number(end) };
    const isNextMonth = ordinal && ordinal !== '.' && date.day < begin.day;
    if (!isNextMonth) return { kind: 'span', from: begin, to: date };
    const isNextYear = first.month === 12 && date.year !== undefined;
    const month = (first.month % 12) + 1;
    return { kind: 'span', from: begin, to: { ...date, month, ...(isNextYear && { year: date.year! + 1 }) } };
  });
}

/** `today since 9`, `yesterday before noon`, `monday from 14:00`. */
function readPartOfDay(text: string): Read<RangeWords> {
  for (const { kind, behind } of OPENERS) {
    const [, day, rest] = behind.exec(text) ?? [];
    const read = day && makeOf(readDay(day), (on) => makeOf(readClock(rest!), (clock) => toOpenClock(kind, clock, on)));
    if (read) return read;
  }
  return undefined;
}

function readAt(text: string): Read<RangeWords> {
  const pair = PAIR.exec(text);
  if (pair) return readPair(text, pair[1]!, pair[2]!);
  const ago = readMinutesAgo(text);
  if (ago !== undefined) {
    const lengths = [ago, 60, 24 * 60].map(lastMinutes);
    return new Unclear(`“${text}” is a moment: a range needs a length.`, lengths);
  }
  const isSaid = / at |^at /.test(text);
  return (
    makeOf(readClock(text), (clock) => (clock.bare && !isSaid ? undefined : atClock(TODAY, clock))) ??
    makeOf(readDayAndClock(text), ({ day, clock }) => (clock.bare && !isSaid ? undefined : atClock(day, clock))) ??
    makeOf(readPoint(text), (point) => (point.kind === 'now' ? undefined : at(point)))
  );
}

const PAIR = new RegExp(`^(\\d{1,2}) ${HYPHEN} (\\d{1,2})$`);

/** Asks back: `9-17` alone can be a date, or hours of today. */
function readPair(text: string, one: string, two: string): Read<RangeWords> {
  const date = readDay(text);
  const dates = date instanceof Unclear ? date.meanings : date ? [date] : [];
  const meanings = dates.map(at);
  const [from, to] = [Number(one), Number(two)];
  if (from < to && to <= 24) meanings.push({ kind: 'clock', day: TODAY, from: from * 60, to: to * 60 });
  return meanings.length === 0 ? undefined : new Unclear(`“${one}-${two}” can be a date or hours.`, meanings);
}

/** Returns the hour that begins at a time. A number up to 12 alone can be in the morning or evening. */
function atClock(day: DayPoint, { minutes, bare }: Clock): Read<RangeWords> {
  const hour = (clock: number) => at({ kind: 'moment', day, clock });
  if (!isOneDay(day)) return undefined;
  if (!bare || minutes === 0 || minutes > 720) return hour(minutes);
  const halves = [minutes, (minutes + 720) % 1440];
  return new Unclear(`“${minutes / 60}” can be in the morning or in the evening.`, halves.map(hour));
}

/** Returns a day from a time on, or up to it. `since 9` can be an hour of today or a day of the month, so it is asked back. */
function toOpenClock(kind: End, { minutes, bare }: Clock, said?: DayPoint): Read<RangeWords> {
  const day = said ?? TODAY;
  if (!isOneDay(day)) return undefined;
  const isBegin = kind === 'since' || kind === 'after';
  const time: RangeWords = { kind: 'clock', day, ...(isBegin ? { from: minutes } : { to: minutes }) };
  if (!bare || said) return time;
  const number = minutes / 60;
  const date: RangeWords = { kind: isBegin ? 'since' : 'until', point: { kind: 'date', day: number } };
  return new Unclear(`“${number}” can be an hour or a day.`, number >= 1 ? [time, date] : [time]);
}

/** Returns a part of one day. If only one time has am or pm, the other follows it. */
function toClock(day: DayPoint, from: Clock, to: Clock): Read<RangeWords> {
  if (!isOneDay(day)) return undefined;
  const begin = from.half || !to.half || from.minutes > 720 ? from.minutes : beginBefore(from.minutes, to.minutes);
  const end = to.half || !from.half || to.minutes > 720 ? to.minutes : endAfter(begin, to.minutes);
  const until = (last: number): RangeWords => ({ kind: 'clock', day, from: begin, to: last });
  if (begin === end)
    return new Unclear('The range begins and ends at the same time.', [at({ kind: 'moment', day, clock: begin })]);
  // `9-5` and `11:30-1:30` can be times of a twelve-hour clock; `22:00-06:00` and `11:30-01:30` cannot.
  if (end < begin && !from.half && !to.half && begin <= 720 && to.short) {
    const isAfternoon = end + 720 > begin && end < 720;
    const ends = isAfternoon ? [end + 720, end] : [end];
    return new Unclear('The end can be in the afternoon, or on the day after.', ends.map(until));
  }
  return until(end);
}

/** `2-4pm` begins at 14:00, `9-5pm` at 09:00. */
function beginBefore(begin: number, end: number): number {
  const hour = begin % 720;
  return end > 720 && hour + 720 < end ? hour + 720 : hour;
}

/** `11am-3` ends at 15:00, `11pm-3` at 03:00 on the day after. */
function endAfter(begin: number, end: number): number {
  const hour = end % 720;
  return [hour, hour + 720].find((minutes) => minutes > begin) ?? hour;
}

/** Reads a day and a time in either order: `yesterday at 14:00`, `9am on friday`. */
function readDayAndClock(text: string): Read<{ day: DayPoint; clock: Clock }> {
  const words = text.split(' ');
  for (let at = 1; at < words.length; at++) {
    const [before, behind] = [words.slice(0, at).join(' '), words.slice(at).join(' ')];
    for (const [dayText, clockText] of [
      [before, behind.replace(/^(from|between|on) /, '')],
      [behind, before],
    ] as const) {
      const read = makeOf(readClock(clockText), (clock) =>
        makeOf(readDay(dayText), (day) => (isOneDay(day) ? { day, clock } : undefined)),
      );
      if (read) return read;
    }
  }
  return undefined;
}

/** Reads a stretch of days or a moment. */
function readPoint(text: string): Read<RangePoint> {
  if (/^(now|right now|present|the present|date|this moment)$/.test(text)) return { kind: 'now' };
  const ago = readMinutesAgo(text);
  if (ago !== undefined) return { kind: 'minutes-ago', minutes: ago };
  return (
    readInstant(text) ??
    readDay(text) ??
    makeOf(readDayAndClock(text), ({ day, clock }) =>
      clock.bare && !/\bat\b/.test(text) ? undefined : { kind: 'moment', day, clock: clock.minutes },
    )
  );
}

/** `2026-11-05T14:00Z`, with any offset. */
function readInstant(text: string): Read<RangePoint> {
  if (!/^\d{4}-\d{1,2}-\d{1,2}t\S*(z|[+-]\d{2}:?\d{2})$/.test(text)) return undefined;
  try {
    const { epochMilliseconds } = Temporal.Instant.from(text.toUpperCase());
    const ms = Math.floor(epochMilliseconds / 60_000) * 60_000;
    if (ms === epochMilliseconds) return { kind: 'instant', ms };
    return new Unclear(`“${text.toUpperCase()}” names seconds; a range begins and ends at whole minutes.`, [
      { kind: 'instant', ms },
      { kind: 'instant', ms: ms + 60_000 },
    ]);
  } catch {
    return undefined;
  }
}
