import { readWeekday } from '../calendar.ts';
import { form, MONTH, NUMBER, readCount, readDay, WEEKDAY } from './day-words.ts';
import { at, isOneDay, last, makeOf, type RangeWords, type Read, TODAY, Unclear } from './words.ts';

const DAYPARTS: Readonly<Record<string, readonly [number, number]>> = {
  morning: [6, 12],
  afternoon: [12, 18],
  evening: [18, 24],
  // A question about a night that is over means the evening too.
  night: [18, 6],
};

/** The usual hours of `last night`, `this morning`, `yesterday evening`, `morning of 15 nov`: the answer names them. */
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

const UNITS = '(?:minutes?|mins?|hours?|days?|weeks?|months?|quarters?|qtrs?|years?|yrs?|weekends?)';
const YESTERDAY = at({ kind: 'ago', days: 1 });

/** Ways to name a time, but none in particular, or one to come: each is asked back. */
const VAGUE: readonly [RegExp, (text: string, ...groups: string[]) => Read<RangeWords>][] = [
  // Named days whose name ends like a weekday's: part of them alone is another day.
  [
    form(`(?:black|good|cyber|super|easter|palm|whit|ash|maundy|shrove|boxing|giving) ${WEEKDAY}`),
    (text) => {
      const choices = [YESTERDAY, last(7, 'day'), last(30, 'day')];
      return new Unclear(`I don't know the date of “${text}”: name the date.`, choices);
    },
  ],
  [/^(?:tomorrow|day after tomorrow|later today)$/, toCome],
  [form(`(?:next|coming|upcoming|following) (?:(?:\\d+|[a-z]+) )?(?:${UNITS}|${WEEKDAY}|${MONTH})`), toCome],
  [form(`(?:\\d+|an?|[a-z]+) ${UNITS} (?:from now|hence)`), toCome],
  // `late october`, `first week of november`: the whole is the nearest.
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

/** Returns the question to ask back for words that name a time, but none in particular, or one to come. */
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

/** `2 months ago` leaves open whether a day is meant. */
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
