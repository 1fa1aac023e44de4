import { type Clock, readClock, readDuration, readMinutesAgo } from './clock.ts';
import { readDay, readDayNumber, readVague, readYear } from './day.ts';
import {
  type DayPoint,
  formatClockTime,
  formatPoint,
  formatRangeWords,
  HYPHEN,
  isMoment,
  isOneDay,
  isUnclear,
  PHRASES,
  type RangePoint,
  type RangeWords,
  type Unclear,
  unclear,
} from './words.ts';

type Read<Words> = Words | Unclear | undefined;

const TODAY: DayPoint = { kind: 'ago', days: 0 };
const FILLERS = new Set(['on', 'in', 'during', 'for', 'over', 'within', 'the', 'of']);

/** Words of an open end, before or behind its point. */
const OPENERS: readonly [RegExp, 'since' | 'after' | 'until' | 'before'][] = [
  [/^(since|from|>=|starting(?: from| on| at| with)?|beginning (?:from|on|at|with)|as of)$/, 'since'],
  [/^(after|>|later than)$/, 'after'],
  [/^(until|till|til|untill|up to|up until|through|thru|<=|\.\.|ending(?: on| at| with)?|no later than)$/, 'until'],
  [/^(before|<|prior to|earlier than)$/, 'before'],
];
const CLOSERS: readonly [RegExp, 'since' | 'until'][] = [
  [/^(\.\.|onwards?|on|and onwards?|and later|or later|and after)$/, 'since'],
  [/^(and earlier|or earlier|and before)$/, 'until'],
];
const SEPARATORS: readonly RegExp[] = [
  /^\.\.$/,
  /^(to|until|till|til|untill|through|thru)$/,
  new RegExp(`^${HYPHEN}$`),
];

/** Returns what these pieces mean as one range, all of them together; undefined where they are none. */
export function readRangeTexts(texts: readonly string[]): Read<RangeWords> {
  const plain = [...texts];
  while (plain.length > 1 && FILLERS.has(plain[0]!)) plain.shift();
  const joined = plain.filter((text) => text !== 'the').join(' ');
  if (PHRASES.has(joined)) return { kind: 'word', word: PHRASES.get(joined)! };
  return (
    readDuration(texts) ??
    readOpen(plain) ??
    readSpan(plain) ??
    readPartOfDay(plain) ??
    readAt(plain) ??
    readVague(plain)
  );
}

/** `since X`, `before X`, `X..`, `X onwards`. */
function readOpen(texts: readonly string[]): Read<RangeWords> {
  for (let words = Math.min(3, texts.length - 1); words >= 1; words--) {
    const opener = OPENERS.find(([pattern]) => pattern.test(texts.slice(0, words).join(' ')));
    const rest = texts.slice(words);
    const read =
      opener && (opener[1] === 'since' ? readSince(rest, texts[0]!) : readEnd(opener[1], rest, texts[0] === '..'));
    if (read) return read;
    const closer = CLOSERS.find(([pattern]) => pattern.test(texts.slice(-words).join(' ')));
    const closed = closer && readPoint(texts.slice(0, -words));
    if (isUnclear(closed)) return closed;
    if (closed) return { kind: closer![1], point: closed };
  }
  return undefined;
}

function readSince(rest: readonly string[], opener: string): Read<RangeWords> {
  const ago = readMinutesAgo(rest);
  if (ago !== undefined)
    return ago % 60 === 0
      ? { kind: 'last', unit: 'hour', count: ago / 60 }
      : { kind: 'last', unit: 'minute', count: ago };
  // `since 3 days`, as some say for `the last 3 days`.
  const duration = opener === 'since' ? readDuration(rest) : undefined;
  if (duration?.kind === 'last') return duration;
  return readEnd('since', rest);
}

/** `isExplicit`: a moment without a day of its own is meant from the first data on. */
function readEnd(
  kind: 'since' | 'after' | 'until' | 'before',
  rest: readonly string[],
  isExplicit = false,
): Read<RangeWords> {
  const clock = readClock(rest);
  if (isUnclear(clock)) return clock;
  if (clock)
    return kind === 'since' || kind === 'after' ? toClock(TODAY, clock, undefined) : toClock(TODAY, undefined, clock);
  const point = readPoint(rest);
  if (!point || isUnclear(point)) return point;
  if (!isMoment(point)) return { kind, point };
  if (kind === 'since' || kind === 'after') return { kind: 'since', point };
  if (isExplicit || point.kind !== 'moment') return { kind: 'until', point };
  return unclear(`“${kind} ${rest.join(' ')}” can begin on that day, or with the first data.`, [
    `${formatPoint(point.day)} until ${formatClockTime(point.clock)}`,
    `..${formatPoint(point)}`,
  ]);
}

/** `X to Y` in all spellings; an end that leaves something out takes it from the other. */
function readSpan(given: readonly string[]): Read<RangeWords> {
  const texts = /^(from|between|since)$/.test(given[0]!) ? given.slice(1) : given;
  const between = given.includes('between');
  for (const separator of between ? [/^and$/, ...SEPARATORS] : SEPARATORS) {
    for (const [at, text] of texts.entries()) {
      if (at === 0 || at === texts.length - 1 || !separator.test(text)) continue;
      const read = readEnds(texts.slice(0, at), texts.slice(at + 1), between || given.length > texts.length);
      if (read) return read;
    }
  }
  return undefined;
}

function readEnds(left: readonly string[], right: readonly string[], isSpan: boolean): Read<RangeWords> {
  const [from, to] = inOneOrder(left, right);
  if (isUnclear(from) || isUnclear(to)) return spread(from, to);
  // `this week to last week` compares two.
  if (from?.kind === 'word' && to?.kind === 'word') return undefined;
  if (from && to && (from.kind !== 'date' || to.kind !== 'day-of-month')) return { kind: 'span', from, to };
  return readClockEnds(left, right, isSpan) ?? readDateEnds(from, left, to, right);
}

/** Both ends of a range; of `1/12 to 31/12` the second says which number is the month in both. */
function inOneOrder(left: readonly string[], right: readonly string[]): [Read<RangePoint>, Read<RangePoint>] {
  const texts = [left, right].map((end) => end.join(' '));
  const [from, to] = [readPoint(left), readPoint(right)];
  const clear = isUnclear(from) ? texts[1] : texts[0];
  if (isUnclear(from) === isUnclear(to) || !texts.every((text) => /^\d{1,2}\/\d{1,2}(\/\d+)?$/.test(text)))
    return [from, to];
  const isDayFirst = Number.parseInt(clear!, 10) > 12;
  const choose = (end: Read<RangePoint>) =>
    isUnclear(end) ? readPoint(end.choices[isDayFirst ? 0 : 1]!.split(/(?<=[a-z])-/)) : end;
  return [choose(from), choose(to)];
}

/** Lists the readings of a range of which one end is open to two: each with the same reading of the other end. */
function spread(from: Read<RangePoint>, to: Read<RangePoint>): Unclear | undefined {
  if (!from || !to) return undefined;
  const textsOf = (end: RangePoint | Unclear) => (isUnclear(end) ? end.choices : [formatPoint(end)]);
  const [froms, tos] = [textsOf(from), textsOf(to)];
  const choices = Array.from(
    { length: Math.max(froms.length, tos.length) },
    (_, index) => `${froms[index] ?? froms[0]}..${tos[index] ?? tos[0]}`,
  );
  return unclear([from, to].find(isUnclear)!.message, choices);
}

/** `yesterday 14:00 – 15:00`, `2 to 4pm on thursday`, `9:00 – 17:00`. */
function readClockEnds(left: readonly string[], right: readonly string[], isSpan: boolean): Read<RangeWords> {
  const [from, to] = [readClock(left), readClock(right)];
  if (isUnclear(from) || isUnclear(to)) return isUnclear(from) ? from : (to as Unclear);
  if (from && to) {
    if (!from.bare || !to.bare) return toClock(TODAY, from, to);
    return isSpan ? toBare(TODAY, from, to) : undefined;
  }
  if (to) {
    const begin = readDayAndClock(left);
    return begin && toClock(begin.day, begin.clock, to);
  }
  if (from) {
    const end = readDayAndClock(right);
    return end && toClock(end.day, from, end.clock);
  }
  return undefined;
}

/** `between 2 and 4` can be night or day. */
function toBare(day: DayPoint, from: Clock, to: Clock): Unclear | undefined {
  if (from.minutes >= to.minutes) return undefined;
  const name = formatPoint(day);
  const texts = [0, 720]
    .filter((add) => to.minutes + add <= 1440 && (add === 0 || to.minutes <= 720))
    .map((add) => `${name} ${formatClockTime(from.minutes + add)}-${formatClockTime(to.minutes + add)}`);
  return unclear(`I can't tell which hours or days are meant.`, texts);
}

/** `5 to 12 nov`, `nov 5 to 12 2026`, `2026-11-08 to 11-18`: one end says what both have in common. */
function readDateEnds(
  from: RangePoint | undefined,
  left: readonly string[],
  to: RangePoint | undefined,
  right: readonly string[],
): Read<RangeWords> {
  const leftDay = left.length === 1 ? readDayNumber(left[0]!) : undefined;
  if (to?.kind === 'date' && leftDay !== undefined) {
    const { weekday: _weekday, ...date } = to;
    return { kind: 'span', from: { ...date, day: leftDay }, to };
  }
  const plain = right.filter((text) => text !== 'the');
  const year = plain.length === 2 ? readYear(plain[1]!) : undefined;
  const rightDay = plain.length === 1 || year !== undefined ? readDayNumber(plain[0]!) : undefined;
  if (from?.kind !== 'date' || rightDay === undefined) return undefined;
  const begin = { ...from, ...(year !== undefined && { year }) };
  const { weekday: _weekday, ...date } = begin;
  const end = { ...date, day: rightDay };
  return { kind: 'span', from: begin, to: /[a-z]$/.test(plain[0]!) ? { ...end, ...monthAfter(begin, rightDay) } : end };
}

/** `27 aug to the 3rd` ends in the month after. */
function monthAfter({ year, month, day }: DayPoint & { kind: 'date' }, end: number): { year?: number; month: number } {
  if (end >= day) return { month };
  return { ...(year !== undefined && { year: month === 12 ? year + 1 : year }), month: (month % 12) + 1 };
}

/** `today since 9`, `yesterday before noon`, `monday from 14:00`. */
function readPartOfDay(texts: readonly string[]): Read<RangeWords> {
  for (let at = 1; at < texts.length - 1; at++) {
    for (let words = 1; words <= 2 && at + words < texts.length; words++) {
      const opener = OPENERS.find(([pattern]) => pattern.test(texts.slice(at, at + words).join(' ')));
      const day = opener && readDay(texts.slice(0, at));
      const clock = day && readClock(texts.slice(at + words));
      if (isUnclear(clock)) return clock;
      if (!clock || !day || isUnclear(day)) continue;
      const isBegin = opener![1] === 'since' || opener![1] === 'after';
      return isBegin ? toClock(day, clock, undefined) : toClock(day, undefined, clock);
    }
  }
  return undefined;
}

function readAt(texts: readonly string[]): Read<RangeWords> {
  if (texts.length === 3 && texts[1] === HYPHEN && texts.every((text) => text === HYPHEN || /^\d{1,2}$/.test(text)))
    return readPair(texts);
  const ago = readMinutesAgo(texts);
  if (ago !== undefined) {
    const last = ago % 60 === 0 ? `${ago / 60}h` : `${ago}m`;
    return unclear(`“${texts.join(' ')}” is a moment: a range needs a length.`, [last, '1h', '24h']);
  }
  const clock = readClock(texts);
  if (isUnclear(clock)) return clock;
  if (clock && (!clock.bare || texts[0] === 'at')) return atClock(TODAY, clock);
  const timed = readDayAndClock(texts);
  if (timed && (!timed.clock.bare || texts.includes('at'))) return atClock(timed.day, timed.clock);
  const point = readPoint(texts);
  if (!point || isUnclear(point)) return point;
  if (point.kind === 'word') return { kind: 'word', word: point.word };
  if (point.kind === 'ago' && point.days <= 1) return { kind: 'word', word: point.days === 0 ? 'today' : 'yesterday' };
  return point.kind === 'now' ? undefined : { kind: 'at', point };
}

/** `9-17` alone: a date, or hours of today. */
function readPair(texts: readonly string[]): Read<RangeWords> {
  const date = readDay(texts);
  const [from, to] = [Number(texts[0]), Number(texts[2])];
  const choices = isUnclear(date) ? date.choices : date ? [formatPoint(date)] : [];
  const hours = from < to && to <= 24 ? [`today ${formatClockTime(from * 60)}-${formatClockTime(to * 60)}`] : [];
  const all = [...choices, ...hours];
  return all.length === 0 ? undefined : unclear(`“${texts[0]}-${texts[2]}” can be a date or hours.`, all);
}

/** The hour that begins at a time; a number up to 12 alone can be morning or evening. */
function atClock(day: DayPoint, clock: Clock): Read<RangeWords> {
  if (!isOneDay(day)) return undefined;
  if (clock.bare && clock.minutes > 0 && clock.minutes <= 720) {
    const name = formatPoint(day);
    const choices = [clock.minutes, (clock.minutes + 720) % 1440].map(
      (minutes) => `${name} ${formatClockTime(minutes)}`,
    );
    return unclear(`“${clock.minutes / 60}” can be in the morning or in the evening.`, choices);
  }
  return { kind: 'at', point: { kind: 'moment', day, clock: clock.minutes } };
}

/** A part of one day; times that leave am or pm open take what the other says. */
function toClock(day: DayPoint, from: Clock | undefined, to: Clock | undefined): Read<RangeWords> {
  if (!isOneDay(day)) return undefined;
  const name = formatPoint(day);
  if (!from || !to) {
    const only = (from ?? to)!;
    const isToday = day === TODAY;
    // `since 9` says neither whether 9 is an hour nor of which day.
    if (only.bare && isToday) {
      const word = from ? 'since' : 'until';
      const number = only.minutes / 60;
      const date = number >= 1 ? [`${word}-${formatPoint({ kind: 'day-of-month', day: number })}`] : [];
      return unclear(`“${number}” can be an hour or a day.`, [
        `today ${word} ${formatClockTime(only.minutes)}`,
        ...date,
      ]);
    }
    return { kind: 'clock', day, ...(from && { from: from.minutes }), ...(to && { to: to.minutes }) };
  }
  const begin = from.half || !to.half || from.minutes > 720 ? from.minutes : beginBefore(from.minutes, to.minutes);
  const end = to.half || !from.half || to.minutes > 720 ? to.minutes : endAfter(begin, to.minutes);
  if (begin === end)
    return unclear('The range begins and ends at the same time.', [`${name} ${formatClockTime(begin)}`]);
  // `9-5` and `11:30-1:30` can be meant by a clock of twelve hours; `22:00-06:00` and `11:30-01:30` can not.
  if (end < begin && !from.half && !to.half && begin <= 720 && to.short) {
    const afternoon =
      end + 720 > begin && end < 720 ? [`${name} ${formatClockTime(begin)}-${formatClockTime(end + 720)}`] : [];
    return unclear('The end can be in the afternoon, or on the day after.', [
      ...afternoon,
      `${name} ${formatClockTime(begin)}-${formatClockTime(end)}`,
    ]);
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
function readDayAndClock(texts: readonly string[]): { day: DayPoint; clock: Clock } | undefined {
  for (let at = 1; at < texts.length; at++) {
    const [before, behind] = [texts.slice(0, at), texts.slice(at)];
    for (const [dayTexts, clockTexts] of [
      [before, behind[0] === 'from' || behind[0] === 'between' || behind[0] === 'on' ? behind.slice(1) : behind],
      [behind, before],
    ] as const) {
      const clock = readClock(clockTexts);
      const day = clock && !isUnclear(clock) ? readDay(dayTexts) : undefined;
      if (clock && !isUnclear(clock) && day && !isUnclear(day) && isOneDay(day)) return { day, clock };
    }
  }
  return undefined;
}

/** A stretch of days or a moment. */
function readPoint(texts: readonly string[]): Read<RangePoint> {
  const joined = texts.join(' ');
  if (/^(now|right now|present|the present|date|this moment)$/.test(joined)) return { kind: 'now' };
  const instant = texts.length === 1 ? readInstant(joined) : undefined;
  if (instant) return instant;
  const ago = readMinutesAgo(texts);
  if (ago !== undefined) return { kind: 'minutes-ago', minutes: ago };
  const day = readDay(texts);
  if (day) return day;
  const timed = readDayAndClock(texts);
  if (!timed || (timed.clock.bare && !texts.includes('at'))) return undefined;
  return { kind: 'moment', day: timed.day, clock: timed.clock.minutes };
}

/** `2026-11-05T14:00Z`, with any offset. */
function readInstant(text: string): Read<RangePoint> {
  if (!/^\d{4}-\d{1,2}-\d{1,2}t.*(z|[+-]\d{2}:?\d{2})$/.test(text)) return undefined;
  try {
    const { epochMilliseconds: ms } = Temporal.Instant.from(text.toUpperCase());
    if (ms % 60_000 === 0) return { kind: 'instant', ms };
    const minute = ms - (((ms % 60_000) + 60_000) % 60_000);
    const choices = [minute, minute + 60_000].map((each) =>
      formatRangeWords({ kind: 'at', point: { kind: 'instant', ms: each } }),
    );
    return unclear(`“${text.toUpperCase()}” names seconds; a range begins and ends at whole minutes.`, choices);
  } catch {
    return undefined;
  }
}
