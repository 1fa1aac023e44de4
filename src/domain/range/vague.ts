import { readWeekday } from '../time-names.ts';
import { isUnclear, type Unclear, unclear } from './unclear.ts';
import { type DayPoint, formatClockTime, formatPoint, isOneDay } from './words.ts';

type ReadDay = (texts: readonly string[]) => DayPoint | Unclear | undefined;

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
export function readVague(texts: readonly string[], readDay: ReadDay): Unclear | undefined {
  const joined = texts.join(' ');
  if (FEASTS.test(joined) && readWeekday(texts[1]!) !== undefined) {
    return unclear(`I don't know the date of “${joined}”: name the date.`, ['yesterday', '7d', '30d']);
  }
  return (
    readFuture(joined, readDay) ?? readDaypart(texts, readDay) ?? readPartOf(joined, readDay) ?? readWeekdaysAgo(texts)
  );
}

function readFuture(joined: string, readDay: ReadDay): Unclear | undefined {
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
function readDaypart(texts: readonly string[], readDay: ReadDay): Unclear | undefined {
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
function readPartOf(joined: string, readDay: ReadDay): Unclear | undefined {
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
