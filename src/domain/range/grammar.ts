import { type Clock, readClock, readDuration, readMinutesAgo } from './clock.ts';
import { readDay, readDaypart, readVague } from './day.ts';
import {
  type DayPoint,
  formatClockTime,
  formatPoint,
  HYPHEN,
  isMoment,
  isOneDay,
  isUnclear,
  type RangePoint,
  type RangeWord,
  type RangeWords,
  type Unclear,
  unclear,
} from './words.ts';

type Read<Words> = Words | Unclear | undefined;
type End = 'since' | 'after' | 'until' | 'before';

const TODAY: DayPoint = { kind: 'ago', days: 0 };

/** Words of an open end, before its point: alone, and behind a day. */
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
/** The same, behind it. */
const CLOSERS: readonly [RegExp, 'since' | 'until'][] = [
  [/^(.+) (?:\.\.|onwards?|on|and onwards?|and later|or later|and after)$/, 'since'],
  [/^(.+) (?:and earlier|or earlier|and before)$/, 'until'],
];
const SEPARATORS: readonly RegExp[] = [
  /^\.\.$/,
  /^(to|until|till|til|untill|through|thru)$/,
  new RegExp(`^${HYPHEN}$`),
];

/** Ways to say a range that follow no rule, without `the`. */
const ALL =
  /^(all( time| of time| the time)?|of all time|(since )?(for)?ever|since (beginning( of time)?|start|inception|day one)|from (beginning|start)|(entire|whole|full) history)$/;
const SO_FAR = /^((right )?now|so far today|today so far|day so far|day to date|earlier today)$/;
const RUNNING =
  /^(?:([wmqy])td|(week|month|quarter|year|hour) (?:to date|so far)|this (week|month|quarter|year) so far|(?:so far|earlier) this (week|month|quarter|year))$/;

/** Returns what these pieces mean as one range, all of them together; undefined where they are none. */
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
    readVague(plain)
  );
}

function readNamed(text: string): RangeWords | undefined {
  if (SO_FAR.test(text)) return { kind: 'at', point: TODAY };
  if (ALL.test(text)) return { kind: 'at', point: { kind: 'word', word: 'all-time' } };
  const [, letter, ...units] = RUNNING.exec(text) ?? [];
  const unit = letter ? { w: 'week', m: 'month', q: 'quarter', y: 'year' }[letter] : units.find(Boolean);
  return unit ? { kind: 'at', point: { kind: 'word', word: `this-${unit}` as RangeWord } } : undefined;
}

/** `since X`, `before X`, `X..`, `X onwards`. */
function readOpen(text: string): Read<RangeWords> {
  for (const { kind, alone } of OPENERS) {
    const [, word, rest] = alone.exec(text) ?? [];
    const read = rest && (kind === 'since' ? readSince(rest, word!) : readEnd(kind, rest, word === '..'));
    if (read) return read;
  }
  for (const [pattern, kind] of CLOSERS) {
    const [, rest] = pattern.exec(text) ?? [];
    const point = rest && readPoint(rest);
    if (point) return isUnclear(point) ? point : { kind, point };
  }
  return undefined;
}

function readSince(rest: string, opener: string): Read<RangeWords> {
  const ago = readMinutesAgo(rest);
  if (ago !== undefined)
    return ago % 60 === 0
      ? { kind: 'last', unit: 'hour', count: ago / 60 }
      : { kind: 'last', unit: 'minute', count: ago };
  // `since 3 days`, as some say for `the last 3 days`.
  const duration = opener === 'since' ? readDuration(rest) : undefined;
  return duration?.kind === 'last' ? duration : readEnd('since', rest);
}

/** `isExplicit`: a moment without a day of its own is meant from the first data on. */
function readEnd(kind: End, rest: string, isExplicit = false): Read<RangeWords> {
  const isBegin = kind === 'since' || kind === 'after';
  const clock = readClock(rest);
  if (isUnclear(clock)) return clock;
  if (clock) return isBegin ? toClock(TODAY, clock, undefined) : toClock(TODAY, undefined, clock);
  const point = readPoint(rest);
  if (!point || isUnclear(point)) return point;
  if (!isMoment(point)) return { kind, point };
  if (isBegin) return { kind: 'since', point };
  if (isExplicit || point.kind !== 'moment') return { kind: 'until', point };
  return unclear(`“${kind} ${rest}” can begin on that day, or with the first data.`, [
    `${formatPoint(point.day)} until ${formatClockTime(point.clock)}`,
    `..${formatPoint(point)}`,
  ]);
}

/** `X to Y` in all spellings; an end that leaves something out takes it from the other. */
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
  const [from, to] = inOneOrder(left, right);
  if (isUnclear(from) || isUnclear(to)) return spread(from, to);
  // `this week to last week` compares two.
  if (from?.kind === 'word' && to?.kind === 'word') return undefined;
  // `27 aug to the 3rd`: the end takes its month from the beginning.
  const isBare = to?.kind === 'date' && to.month === undefined;
  if (from && to && (from.kind !== 'date' || !isBare)) return { kind: 'span', from, to };
  return readClockEnds(left, right, isSpan) ?? readDateEnds(from, left, to, right);
}

/** Both ends of a range; of `1/12 to 31/12` the second says which number is the month in both. */
function inOneOrder(left: string, right: string): [Read<RangePoint>, Read<RangePoint>] {
  const [from, to] = [readPoint(left), readPoint(right)];
  const areSlashed = [left, right].every((text) => /^\d{1,2}\/\d{1,2}(\/\d+)?$/.test(text));
  if (isUnclear(from) === isUnclear(to) || !areSlashed) return [from, to];
  const isDayFirst = Number.parseInt(isUnclear(from) ? right : left, 10) > 12;
  const choose = (end: Read<RangePoint>) =>
    isUnclear(end) ? readPoint(end.choices[isDayFirst ? 0 : 1]!.replace(/(?<=[a-z])-/, ' ')) : end;
  return [choose(from), choose(to)];
}

/** Lists the readings of a range of which one end is open to two: each with the same reading of the other end. */
function spread(from: Read<RangePoint>, to: Read<RangePoint>): Unclear | undefined {
  if (!from || !to) return undefined;
  const textsOf = (end: RangePoint | Unclear) => (isUnclear(end) ? end.choices : [formatPoint(end)]);
  const [froms, tos] = [textsOf(from), textsOf(to)];
  const longer = froms.length > tos.length ? froms : tos;
  const choices = longer.map((_, index) => `${froms[index] ?? froms[0]}..${tos[index] ?? tos[0]}`);
  return unclear([from, to].find(isUnclear)!.message, choices);
}

/** `yesterday 14:00 – 15:00`, `2 to 4pm on thursday`, `9:00 – 17:00`. */
function readClockEnds(left: string, right: string, isSpan: boolean): Read<RangeWords> {
  const [from, to] = [readClock(left), readClock(right)];
  if (isUnclear(from)) return from;
  if (isUnclear(to)) return to;
  if (from && to) {
    if (!from.bare || !to.bare) return toClock(TODAY, from, to);
    return isSpan ? toBare(from, to) : undefined;
  }
  const other = to ? readDayAndClock(left) : from && readDayAndClock(right);
  return other && toClock(other.day, from ?? other.clock, to ?? other.clock);
}

/** `between 2 and 4` can be night or day. */
function toBare(from: Clock, to: Clock): Unclear | undefined {
  if (from.minutes >= to.minutes) return undefined;
  const texts = [0, 720]
    .filter((add) => to.minutes + add <= 1440 && (add === 0 || to.minutes <= 720))
    .map((add) => `today ${formatClockTime(from.minutes + add)}-${formatClockTime(to.minutes + add)}`);
  return unclear(`I can't tell which hours or days are meant.`, texts);
}

/** `5 to 12 nov`, `nov 5 to 12 2026`, `2026-11-08 to 11-18`: one end says what both have in common. */
function readDateEnds(from: Read<RangePoint>, left: string, to: Read<RangePoint>, right: string): Read<RangeWords> {
  const day = /^(\d{1,2})(?:st|nd|rd|th|\.)?$/.exec(left)?.[1];
  if (to?.kind === 'date' && to.month !== undefined && day) {
    const { weekday: _weekday, ...date } = to;
    return { kind: 'span', from: { ...date, day: Number(day) }, to };
  }
  const [, end, ordinal, year] =
    /^(?:the )?(\d{1,2})(st|nd|rd|th|\.)?(?: (?:the )?((?:19|20)\d\d))?$/.exec(right) ?? [];
  if (from?.kind !== 'date' || from.month === undefined || !end) return undefined;
  const begin = { ...from, ...(year && { year: Number(year) }) };
  const { weekday: _weekday, ...date } = { ...begin, day: Number(end) };
  const isNextMonth = ordinal && ordinal !== '.' && date.day < begin.day;
  if (!isNextMonth) return { kind: 'span', from: begin, to: date };
  const isNextYear = begin.month === 12 && date.year !== undefined;
  const month = (begin.month! % 12) + 1;
  return { kind: 'span', from: begin, to: { ...date, month, ...(isNextYear && { year: date.year! + 1 }) } };
}

/** `today since 9`, `yesterday before noon`, `monday from 14:00`. */
function readPartOfDay(text: string): Read<RangeWords> {
  for (const { kind, behind } of OPENERS) {
    const [, dayText, rest] = behind.exec(text) ?? [];
    const day = dayText ? readDay(dayText) : undefined;
    const clock = day && readClock(rest!);
    if (isUnclear(clock)) return clock;
    if (!clock || !day || isUnclear(day)) continue;
    return kind === 'since' || kind === 'after' ? toClock(day, clock, undefined) : toClock(day, undefined, clock);
  }
  return undefined;
}

function readAt(text: string): Read<RangeWords> {
  const pair = PAIR.exec(text);
  if (pair) return readPair(text, pair[1]!, pair[2]!);
  const ago = readMinutesAgo(text);
  if (ago !== undefined) {
    const last = ago % 60 === 0 ? `${ago / 60}h` : `${ago}m`;
    return unclear(`“${text}” is a moment: a range needs a length.`, [last, '1h', '24h']);
  }
  const clock = readClock(text);
  if (isUnclear(clock)) return clock;
  if (clock && (!clock.bare || /^at /.test(text))) return atClock(TODAY, clock);
  const timed = readDayAndClock(text);
  if (timed && (!timed.clock.bare || / at |^at /.test(text))) return atClock(timed.day, timed.clock);
  const point = readPoint(text);
  if (!point || isUnclear(point)) return point;
  return point.kind === 'now' ? undefined : { kind: 'at', point };
}

const PAIR = new RegExp(`^(\\d{1,2}) ${HYPHEN} (\\d{1,2})$`);

/** `9-17` alone: a date, or hours of today. */
function readPair(text: string, one: string, two: string): Read<RangeWords> {
  const date = readDay(text);
  const [from, to] = [Number(one), Number(two)];
  const choices = isUnclear(date) ? date.choices : date ? [formatPoint(date)] : [];
  const hours = from < to && to <= 24 ? [`today ${formatClockTime(from * 60)}-${formatClockTime(to * 60)}`] : [];
  const all = [...choices, ...hours];
  return all.length === 0 ? undefined : unclear(`“${one}-${two}” can be a date or hours.`, all);
}

/** The hour that begins at a time; a number up to 12 alone can be morning or evening. */
function atClock(day: DayPoint, { minutes, bare }: Clock): Read<RangeWords> {
  if (!isOneDay(day)) return undefined;
  if (!bare || minutes === 0 || minutes > 720) return { kind: 'at', point: { kind: 'moment', day, clock: minutes } };
  const choices = [minutes, (minutes + 720) % 1440].map((each) => `${formatPoint(day)} ${formatClockTime(each)}`);
  return unclear(`“${minutes / 60}” can be in the morning or in the evening.`, choices);
}

/** A part of one day; times that leave am or pm open take what the other says. */
function toClock(day: DayPoint, from: Clock | undefined, to: Clock | undefined): Read<RangeWords> {
  if (!isOneDay(day)) return undefined;
  const name = formatPoint(day);
  if (!from || !to) {
    const only = (from ?? to)!;
    // `since 9` says neither whether 9 is an hour nor of which day.
    if (only.bare && day === TODAY) {
      const word = from ? 'since' : 'until';
      const number = only.minutes / 60;
      const date = number >= 1 ? [`${word}-${formatPoint({ kind: 'date', day: number })}`] : [];
      const time = `today ${word} ${formatClockTime(only.minutes)}`;
      return unclear(`“${number}” can be an hour or a day.`, [time, ...date]);
    }
    return { kind: 'clock', day, ...(from && { from: from.minutes }), ...(to && { to: to.minutes }) };
  }
  const begin = from.half || !to.half || from.minutes > 720 ? from.minutes : beginBefore(from.minutes, to.minutes);
  const end = to.half || !from.half || to.minutes > 720 ? to.minutes : endAfter(begin, to.minutes);
  if (begin === end)
    return unclear('The range begins and ends at the same time.', [`${name} ${formatClockTime(begin)}`]);
  // `9-5` and `11:30-1:30` can be meant by a clock of twelve hours; `22:00-06:00` and `11:30-01:30` can not.
  if (end < begin && !from.half && !to.half && begin <= 720 && to.short) {
    const isAfternoon = end + 720 > begin && end < 720;
    const texts = [...(isAfternoon ? [end + 720] : []), end].map(
      (each) => `${name} ${formatClockTime(begin)}-${formatClockTime(each)}`,
    );
    return unclear('The end can be in the afternoon, or on the day after.', texts);
  }
  return { kind: 'clock', day, from: begin, to: end };
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

/** A day and a time in either order: `yesterday at 14:00`, `9am on friday`. */
function readDayAndClock(text: string): { day: DayPoint; clock: Clock } | undefined {
  const words = text.split(' ');
  for (let at = 1; at < words.length; at++) {
    const [before, behind] = [words.slice(0, at).join(' '), words.slice(at).join(' ')];
    for (const [dayText, clockText] of [
      [before, behind.replace(/^(from|between|on) /, '')],
      [behind, before],
    ] as const) {
      const clock = readClock(clockText);
      const day = clock && !isUnclear(clock) ? readDay(dayText) : undefined;
      if (clock && !isUnclear(clock) && day && !isUnclear(day) && isOneDay(day)) return { day, clock };
    }
  }
  return undefined;
}

/** A stretch of days or a moment. */
function readPoint(text: string): Read<RangePoint> {
  if (/^(now|right now|present|the present|date|this moment)$/.test(text)) return { kind: 'now' };
  const instant = readInstant(text);
  if (instant) return instant;
  const ago = readMinutesAgo(text);
  if (ago !== undefined) return { kind: 'minutes-ago', minutes: ago };
  const day = readDay(text);
  if (day) return day;
  const timed = readDayAndClock(text);
  if (!timed || (timed.clock.bare && !/\bat\b/.test(text))) return undefined;
  return { kind: 'moment', day: timed.day, clock: timed.clock.minutes };
}

/** `2026-11-05T14:00Z`, with any offset. */
function readInstant(text: string): Read<RangePoint> {
  if (!/^\d{4}-\d{1,2}-\d{1,2}t\S*(z|[+-]\d{2}:?\d{2})$/.test(text)) return undefined;
  try {
    const { epochMilliseconds: ms } = Temporal.Instant.from(text.toUpperCase());
    const minute = Math.floor(ms / 60_000) * 60_000;
    if (ms === minute) return { kind: 'instant', ms };
    const choices = [minute, minute + 60_000].map((each) => formatPoint({ kind: 'instant', ms: each }));
    return unclear(`“${text.toUpperCase()}” names seconds; a range begins and ends at whole minutes.`, choices);
  } catch {
    return undefined;
  }
}
