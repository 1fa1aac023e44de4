import { readNumber, readWeekday } from '../calendar.ts';
import { at, isOneDay, last, lastMinutes, makeOf, type RangeWords, type Read, TODAY, Unclear } from '../range.ts';
import { form, MONTH, NUMBER, readCount, readDay, WEEKDAY } from './day-words.ts';

/** A time of day in minutes. `bare`: a number alone, which may be no time at all; `half`: am or pm was said. */
export interface Clock {
  kind: 'clock';
  minutes: number;
  bare: boolean;
  half: boolean;
  /** The hour has one digit, as on a twelve-hour clock. */
  short: boolean;
}

/** Reads a time of day: `14:00`, `9am`, `9 pm`, `noon`, `14h30`, `at 14:00`, a number alone. */
export function readClock(given: string): Read<Clock> {
  if (!/\d|\b(midnight|noon|midday)$/.test(given)) return undefined;
  const text = given
    .replace(/^(at|around) /, '')
    .replace(/^(midnight|noon|midday)$/, (name) => (name === 'midnight' ? '00:00' : '12:00pm'))
    .replace(/ (this |in (the )?)?morning$/, 'am')
    .replace(/(?<=^12\S*) ((this |in (the )?)?evening|at night)$|(?<=^0?[1-5]([:.]\d\d)?) at night$/, 'am')
    .replace(/ ((this |in (the )?)?(afternoon|evening)|at night)$/, 'pm')
    .replace(/ ?(hrs|hours?|uhr|o'?clock)$/, 'h');
  const compact = given.startsWith('at ') && /^(?!19|20)([01]\d|2[0-3])([0-5]\d)$/.exec(text);
  if (compact) return toClock(compact[1]!, compact[2]!, '');
  const match = /^(\d{1,2})(?:[:.h](\d{2}))?(?::(\d{2}))? ?([ap]m?|h)?$/.exec(text);
  if (!match) return undefined;
  const [, hours, minutes, seconds = '00', ending = ''] = match;
  if (text.includes('.') && !/^[ap]/.test(ending)) return undefined;
  const clock = toClock(hours!, minutes, ending);
  if (!clock || seconds === '00') return clock;
  return new Unclear(`“${text}” names seconds; a range begins and ends at whole minutes.`, [clock]);
}

function toClock(hours: string, minutes: string | undefined, ending: string): Clock | undefined {
  const half = /^[ap]/.test(ending);
  const hour = half ? (Number(hours) % 12) + (ending.startsWith('p') ? 12 : 0) : Number(hours);
  const minute = Number(minutes ?? 0);
  const isPast = minute > 59 || hour > 24 || (hour === 24 && minute > 0);
  if (isPast || (half && (Number(hours) > 12 || hours === '0'))) return undefined;
  const bare = minutes === undefined && ending === '';
  return { kind: 'clock', minutes: hour * 60 + minute, bare, half, short: hours.length === 1 };
}

/** Length of each unit in minutes; of months and longer ones, whose days vary, in months. */
const UNITS: readonly [RegExp, { minutes: number } | { months: number }][] = [
  [/^(m|mins?|minutes?)$/, { minutes: 1 }],
  [/^(h|hrs?|hours?)$/, { minutes: 60 }],
  [/^(d|days?)$/, { minutes: 1440 }],
  [/^(w|wks?|weeks?)$/, { minutes: 7 * 1440 }],
  [/^fortnights?$/, { minutes: 14 * 1440 }],
  [/^(mo|mos|mths?|months?)$/, { months: 1 }],
  [/^(q|qtrs?|quarters?)$/, { months: 3 }],
  [/^(y|yrs?|years?)$/, { months: 12 }],
];
const DAY = 1440;

/** Lengths without a number, and the same with one. */
const PARTS: readonly [RegExp, string][] = [
  [/^(an? )?half (an )?hour$/, '30 minutes'],
  [/^(an? )?quarter (of an )?hour$/, '15 minutes'],
  [/^(an )?hour and a half$/, '90 minutes'],
  [/^(an? )?half (a )?day$/, '12 hours'],
  [/^(a )?fortnight$/, '14 days'],
];
/** Lengths meant by `past` and a unit: `last week` is the calendar week, `past week` the last seven days. */
const PAST: Readonly<Record<string, string>> = {
  day: '24 hours',
  week: '7 days',
  month: '30 days',
  quarter: '3 months',
  year: '12 months',
};

/** Reads the length of time up to now: `3h`, `last 15 minutes`, `past two weeks`, `1h30m`, `3 months`. */
export function readDuration(text: string): Read<RangeWords> {
  const match =
    /^(?:(?:the|in|within|over|during|for|of|on|these) )*(?:(last|past|previous|prev|trailing|latest|recent|rolling) )?(.+)$/.exec(
      text,
    );
  const [, lead, said = ''] = match ?? [];
  const part = PARTS.find(([pattern]) => pattern.test(said))?.[1];
  if (part) return readCounts(part);
  const vague = /^(?:an? )?(couple(?: of)?|few|several|some) ([a-z]+)$/.exec(said);
  if (vague) {
    const counts = vague[1]!.startsWith('couple') ? [2, 3] : [3, 5, 7];
    const meanings = counts
      .map((count) => readCounts(`${count} ${vague[2]}`))
      .filter((words) => words?.kind === 'last');
    return meanings.length === 0 ? undefined : new Unclear(`“${said}” leaves open how many.`, meanings);
  }
  if (lead === undefined) return readCounts(said);
  if (lead === 'past' && Object.hasOwn(PAST, said)) return readCounts(PAST[said]!);
  if (/^(hour|minute)$/.test(said)) return readCounts(`1 ${said}`);
  if (said === 'day') return readCounts('1 day');
  return readCounts(said.replace(/^an? /, '1 '), lead === 'past');
}

/** Reads one or more numbers with units, largest unit first. `isLive`: one day means the last 24 hours. */
function readCounts(joined: string, isLive = false): Read<RangeWords> {
  let minutes = 0;
  let months = 0;
  let smallest = Number.POSITIVE_INFINITY;
  let parts = 0;
  const pattern = /(\d{1,5}(?:\.\d{1,2})?|[a-z]+(?= )) ?(M|[a-z]+)(?: and (a half)$| and | |$|(?=\d))/y;
  while (pattern.lastIndex < joined.length) {
    const match = pattern.exec(joined);
    if (!match) return undefined;
    const count = /^\d+\.\d+$/.test(match[1]!) ? Number(match[1]) : readNumber(match[1]!);
    if (/^(M|s(ec|ecs|econds?)?)$/.test(match[2]!)) {
      const isAll = /^(ago|back|earlier)?$/.test(joined.slice(pattern.lastIndex));
      // `429s` are calls, not seconds.
      if (!count || !isAll || /\d{3}s *$/.test(match[0])) return undefined;
      if (match[2] !== 'M') return new Unclear('The shortest range is a minute.', [1, 5, 15].map(lastMinutes));
      return new Unclear(`“${count}M” can be minutes or months.`, [last(count, 'minute'), last(count, 'month')]);
    }
    const unit = UNITS.find(([name]) => name.test(match[2]!))?.[1];
    if (!unit || !count) return undefined;
    const exact = count + (match[3] ? 0.5 : 0);
    if ('months' in unit) {
      if (parts > 0) return undefined;
      months = exact * unit.months;
    } else {
      if (months > 0 || unit.minutes >= smallest) return undefined;
      minutes += exact * unit.minutes;
      smallest = Math.min(smallest, Number.isInteger(exact) ? unit.minutes : unit.minutes / 2);
    }
    parts++;
  }
  if (months > 0) return toMonths(months, joined);
  return minutes > 0 ? toShortest(minutes, smallest, joined, isLive) : undefined;
}

function toMonths(months: number, joined: string): Read<RangeWords> {
  if (!Number.isInteger(months)) {
    const [less, more] = [Math.max(1, Math.floor(months)), Math.ceil(months)];
    return new Unclear(`“${joined}” is not a number of whole months.`, [last(less, 'month'), last(more, 'month')]);
  }
  const isQuarters = /\bq|quarter|qtr/.test(joined);
  if (isQuarters) return months === 3 ? at({ kind: 'word', word: 'last-quarter' }) : last(months / 3, 'quarter');
  return months === 1 ? at({ kind: 'word', word: 'last-month' }) : last(months, 'month');
}

/** Returns a length in days if only days were named, in hours if no minutes are left over. */
function toShortest(minutes: number, smallest: number, joined: string, isLive: boolean): Read<RangeWords> {
  if (!Number.isInteger(minutes))
    return new Unclear(`“${joined}” is not a number of whole minutes.`, [lastMinutes(Math.ceil(minutes))]);
  const isDays = smallest >= DAY && minutes % DAY === 0;
  if (isDays && minutes > DAY) return last(minutes / DAY, 'day');
  if (isDays && !isLive) return at({ kind: 'ago', days: 1 });
  return smallest >= 60 ? lastMinutes(minutes) : last(minutes, 'minute');
}

/** Reads `3 hours ago`, `an hour ago`, `15m ago` as minutes before now. */
export function readMinutesAgo(text: string): number | undefined {
  const [, said] = /^(.+) (?:ago|back|earlier)$/.exec(text) ?? [];
  const length = said ? readCounts(said.replace(/^an? /, '1 ')) : undefined;
  if (length?.kind !== 'last') return undefined;
  if (length.unit === 'minute') return length.count;
  return length.unit === 'hour' ? length.count * 60 : undefined;
}

const DAYPARTS: Readonly<Record<string, readonly [number, number]>> = {
  morning: [6, 12],
  afternoon: [12, 18],
  evening: [18, 24],
  // A question about a past night includes the evening.
  night: [18, 6],
};

/** Reads `last night`, `this morning`, `yesterday evening`, `morning of 15 nov` as their usual hours, which the answer names. */
export function readDaypart(text: string): Read<RangeWords> {
  if (text === 'tonight') return { kind: 'clock', day: TODAY, from: DAYPARTS.night![0] * 60 };
  const usual = text.replace(/^(?:last night|overnight|over night|during night)$/, 'yesterday night');
  const [, before, part, behind] = DAYPART.exec(usual) ?? [];
  const said = (before ?? behind ?? '').trim();
  return makeOf(said === 'this' ? TODAY : part ? readDay(said) : undefined, (day) => {
    const [from, to] = DAYPARTS[part!]!;
    return isOneDay(day) ? { kind: 'clock', day, from: from * 60, to: to * 60 } : undefined;
  });
}

const DAYPART = /^(?:(?:in|the) )*(.+ )?(morning|afternoon|evening|night)(?: of (.+))?$/;

const UNIT_WORDS = '(?:minutes?|mins?|hours?|days?|weeks?|months?|quarters?|qtrs?|years?|yrs?|weekends?)';
const YESTERDAY = at({ kind: 'ago', days: 1 });

/** Phrases that name no definite time, or a future one: each is asked back. */
const VAGUE: readonly [RegExp, (text: string, ...groups: string[]) => Read<RangeWords>][] = [
  // Holidays and the like whose name ends with a weekday: the weekday alone would be another day.
  [
    form(`(?:black|good|cyber|super|easter|palm|whit|ash|maundy|shrove|boxing|giving) ${WEEKDAY}`),
    (text) => {
      const choices = [YESTERDAY, last(7, 'day'), last(30, 'day')];
      return new Unclear(`I don't know the date of “${text}”: name the date.`, choices);
    },
  ],
  [/^(?:tomorrow|day after tomorrow|later today)$/, toCome],
  [form(`(?:next|coming|upcoming|following) (?:(?:\\d+|[a-z]+) )?(?:${UNIT_WORDS}|${WEEKDAY}|${MONTH})`), toCome],
  [form(`(?:\\d+|an?|[a-z]+) ${UNIT_WORDS} (?:from now|hence)`), toCome],
  // `late october`, `first week of november`: offer the whole month.
  [
    /^(?:early|mid|late|around|about|roughly|approximately|circa|middle of|beginning of|start of|end of|(?:first|second|third|fourth|last|\d+(?:st|nd|rd|th)) (?:week|weekend|days?|half|part|[a-z]+day) (?:of|in)|\d+(?:st|nd|rd|th) of|half of)(?: the)? (.+)$/,
    readPartOf,
  ],
  [
    form(`\\S+ ${WEEKDAY} (?:ago|back)`),
    (text, day) => {
      const weekday = { kind: 'weekday', weekday: readWeekday(day!)! } as const;
      return new Unclear(`I can't tell which day “${text}” is: name its date.`, [
        at(weekday),
        at({ ...weekday, week: 1 }),
      ]);
    },
  ],
];

/** Returns the question to ask back for phrases that name no definite time, or a future one. */
export function readVague(text: string): Read<RangeWords> {
  for (const [pattern, ask] of VAGUE) {
    const match = pattern.exec(text);
    const asked = match && ask(text, ...match.slice(1));
    if (asked) return asked;
  }
  return undefined;
}

function toCome(text: string): Unclear<RangeWords> {
  const choices = [at(TODAY), YESTERDAY, last(7, 'day')];
  return new Unclear(`“${text}” is still to come: usage is counted up to now.`, choices);
}

function readPartOf(text: string, whole?: string): Read<RangeWords> {
  const day = readDay(whole!.replace(/^(?=(week|month|quarter|year)$)/, 'this '));
  const question = `“${text}” does not say from which day to which.`;
  return makeOf(day, (day) => new Unclear(question, [at(day)]));
}

/** Asks back for `2 months ago`: it can be a day or a whole month. */
export function readMonthsAgo(text: string): Unclear<RangeWords> | undefined {
  const { said, number, unit } = MONTHS_AGO.exec(text)?.groups ?? {};
  if (!number) return undefined;
  const count = readCount(number);
  const months = (size: number): RangeWords =>
    size === 1 ? at({ kind: 'word', word: 'last-month' }) : last(size, 'month');
  const [hint, meanings] =
    unit === 'month'
      ? ['the days', [months(count), last(count * 30, 'day')]]
      : ['a date in it', [at({ kind: 'word', word: 'last-year' }), months(count * 12)]];
  if (unit === 'year' && count > 1) meanings.reverse();
  return new Unclear(`“${said}” can be a day or a whole ${unit}: name the ${unit}, or ${hint}.`, meanings);
}

const MONTHS_AGO = form(
  `(?:(?:at|about|around|roughly|early|mid|late|middle of|week of|${WEEKDAY}) )?(?:the )?(?<said>(?<number>${NUMBER}) (?<unit>month|year)s? (?:ago|back|earlier))`,
);
