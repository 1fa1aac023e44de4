import { readNumber } from '../calendar.ts';
import { isUnclear, type RangeWords, type Unclear, unclear } from './words.ts';

/** A time of the clock in minutes. `bare`: a number alone, which may be no time at all; `half`: am or pm was said. */
export interface Clock {
  kind: 'clock';
  minutes: number;
  bare: boolean;
  half: boolean;
  /** The hour has one digit, as it has on a clock of twelve hours. */
  short: boolean;
}

const NAMED: Readonly<Record<string, number>> = { midnight: 0, noon: 720, midday: 720 };

/** Returns the time that these pieces show: `14:00`, `9am`, `9 pm`, `noon`, `14h30`, `at 14:00`, a number alone. */
export function readClock(given: readonly string[]): Clock | Unclear | undefined {
  const texts = toHalf(given[0] === 'at' || given[0] === 'around' ? given.slice(1) : given);
  const named = given[0] === 'at';
  const [first, second] = texts;
  if (first === undefined || texts.length > 2) return undefined;
  if (texts.length === 1 && Object.hasOwn(NAMED, first)) return toClock(NAMED[first]!, false, true);
  if (texts.length === 2 && !/^([ap]m?|h|hrs|hours?|uhr|o'?clock|oclock)$/.test(second!)) return undefined;
  const match = /^(\d{1,2})(?:[:.h](\d{2}))?(?::(\d{2}))?([ap]m?|h)?$/.exec(
    `${first}${second ?? ''}`.replace(/(hrs|hours?|uhr)$/, 'h'),
  );
  const compact = named && second === undefined ? /^(?!19|20)([01]\d|2[0-3])([0-5]\d)$/.exec(first) : undefined;
  if (compact) return toClock(Number(compact[1]) * 60 + Number(compact[2]), false, false);
  if (!match) return undefined;
  const [, hours, minutes, seconds = '00', ending = ''] = match;
  const half = /^[ap]/.test(ending);
  const hour = half ? (Number(hours) % 12) + (ending.startsWith('p') ? 12 : 0) : Number(hours);
  const minute = Number(minutes ?? 0);
  if (minute > 59 || hour > 24 || (hour === 24 && minute > 0) || (half && (Number(hours) > 12 || hours === '0')))
    return undefined;
  if (first.includes('.') && !half) return undefined;
  if (seconds !== '00') {
    const shown = `${hours}:${minutes}`;
    return unclear(`“${first}” names seconds; a range begins and ends at whole minutes.`, [`today ${shown}`]);
  }
  const bare = minutes === undefined && !half && ending === '';
  return toClock(hour * 60 + minute, bare, half, hours!.length === 1);
}

/** `3 in the afternoon` is `3 pm`. */
function toHalf(texts: readonly string[]): readonly string[] {
  const end = texts.slice(1).join(' ');
  if (/^(in (the )?)?morning$/.test(end)) return [texts[0]!, 'am'];
  return /^((in (the )?)?(afternoon|evening)|at night)$/.test(end) ? [texts[0]!, 'pm'] : texts;
}

function toClock(minutes: number, bare: boolean, half: boolean, short = false): Clock {
  return { kind: 'clock', minutes, bare, half, short };
}

const LEADS = new Set(['last', 'past', 'previous', 'prev', 'trailing', 'latest', 'recent', 'rolling']);
const FILLERS = new Set(['the', 'in', 'within', 'over', 'during', 'for', 'of', 'on', 'these']);

/** A unit's length in minutes or, where days are not all of one length, in months. */
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

/** One more way to say a length where no number stands before the unit. */
const WORDS: Readonly<Record<string, RangeWords>> = {
  hour: { kind: 'last', unit: 'hour', count: 1 },
  minute: { kind: 'last', unit: 'minute', count: 1 },
  'half hour': { kind: 'last', unit: 'minute', count: 30 },
  'half an hour': { kind: 'last', unit: 'minute', count: 30 },
  'quarter hour': { kind: 'last', unit: 'minute', count: 15 },
  'quarter of an hour': { kind: 'last', unit: 'minute', count: 15 },
  'hour and a half': { kind: 'last', unit: 'minute', count: 90 },
  'half day': { kind: 'last', unit: 'hour', count: 12 },
  'half a day': { kind: 'last', unit: 'hour', count: 12 },
  fortnight: { kind: 'last', unit: 'day', count: 14 },
};
/** `last week` is the calendar week, `past week` the seven days. */
const PAST: Readonly<Record<string, RangeWords>> = {
  day: { kind: 'last', unit: 'hour', count: 24 },
  week: { kind: 'last', unit: 'day', count: 7 },
  month: { kind: 'last', unit: 'day', count: 30 },
  quarter: { kind: 'last', unit: 'month', count: 3 },
  year: { kind: 'last', unit: 'month', count: 12 },
};

/** Returns the time just gone by that these pieces name: `3h`, `last 15 minutes`, `past two weeks`, `1h30m`, `3 months`. */
export function readDuration(given: readonly string[]): RangeWords | Unclear | undefined {
  let texts = given;
  while (texts.length > 1 && FILLERS.has(texts[0]!)) texts = texts.slice(1);
  const lead = LEADS.has(texts[0]!) ? texts[0] : undefined;
  if (lead !== undefined) texts = texts.slice(1);
  const joined = texts.join(' ').replace(/^an? (?=hour and|half|quarter|fortnight)/, '');
  if (lead !== undefined || /^(half|quarter|hour and|fortnight)/.test(joined)) {
    if (Object.hasOwn(WORDS, joined)) return WORDS[joined];
    if (lead === 'past' && Object.hasOwn(PAST, joined)) return PAST[joined];
    if (joined === 'day') return { kind: 'word', word: 'yesterday' };
  }
  const vague = /^(?:an? )?(couple(?: of)?|few|several|some) ([a-z]+)$/.exec(joined);
  if (vague) return readVague(joined, vague[1]!.startsWith('couple'), vague[2]!);
  return readCounts(joined, lead);
}

function readVague(joined: string, couple: boolean, unit: string): Unclear | undefined {
  const choices = (couple ? [2, 3] : [3, 5, 7]).map((count) => readCounts(`${count} ${unit}`, undefined));
  const texts = choices.flatMap((words) => (words?.kind === 'last' ? [formatLast(words)] : []));
  return texts.length === 0 ? undefined : unclear(`“${joined}” leaves open how many.`, texts);
}

/** One or more numbers with their units, in falling order. */
function readCounts(joined: string, lead: string | undefined): RangeWords | Unclear | undefined {
  let minutes = 0;
  let months = 0;
  let smallest = Number.POSITIVE_INFINITY;
  let parts = 0;
  const pattern = /(\d{1,5}(?:\.\d{1,2})?|[a-z]+) ?([a-z]+)(?: and (a half)$| and | |$|(?=\d))/y;
  while (pattern.lastIndex < joined.length) {
    const match = pattern.exec(joined);
    if (!match) return undefined;
    const count = readCount(match[1]!, lead) ?? Number.NaN;
    if (/^s(ec|ecs|econds?)?$/.test(match[2]!)) {
      // `429s` are calls, not seconds.
      return Number.isNaN(count) || /\d{3}s *$/.test(match[0])
        ? undefined
        : unclear('The shortest range is a minute.', ['1m', '5m', '15m']);
    }
    const unit = UNITS.find(([name]) => name.test(match[2]!))?.[1];
    if (!unit || Number.isNaN(count) || count === 0) return undefined;
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
  return minutes > 0 ? toShortest(minutes, smallest, joined, lead) : undefined;
}

function readCount(text: string, lead: string | undefined): number | undefined {
  if (/^an?$/.test(text)) return lead === undefined ? undefined : 1;
  return /^\d+\.\d+$/.test(text) ? Number(text) : readNumber(text);
}

function toMonths(months: number, joined: string): RangeWords | Unclear {
  if (!Number.isInteger(months)) {
    const [less, more] = [Math.floor(months), Math.ceil(months)];
    return unclear(`“${joined}” is not a number of whole months.`, [`${Math.max(1, less)}-months`, `${more}-months`]);
  }
  const isQuarters = /\bq|quarter|qtr/.test(joined);
  if (isQuarters) {
    return months === 3 ? { kind: 'word', word: 'last-quarter' } : { kind: 'last', unit: 'quarter', count: months / 3 };
  }
  return months === 1 ? { kind: 'word', word: 'last-month' } : { kind: 'last', unit: 'month', count: months };
}

/** In days where only days were named, in hours where no minutes are left over. */
function toShortest(minutes: number, smallest: number, joined: string, lead: string | undefined): RangeWords | Unclear {
  if (!Number.isInteger(minutes))
    return unclear(`“${joined}” is not a number of whole minutes.`, [`${Math.ceil(minutes)}m`]);
  if (smallest >= DAY && minutes % DAY === 0) {
    if (minutes > DAY) return { kind: 'last', unit: 'day', count: minutes / DAY };
    return lead === 'past' ? PAST.day! : { kind: 'word', word: 'yesterday' };
  }
  if (smallest >= 60 && minutes % 60 === 0) return { kind: 'last', unit: 'hour', count: minutes / 60 };
  return { kind: 'last', unit: 'minute', count: minutes };
}

function formatLast(words: RangeWords & { kind: 'last' }): string {
  return `${words.count}${{ minute: 'm', hour: 'h', day: 'd', month: '-months', quarter: '-quarters' }[words.unit]}`;
}

/** `3 hours ago`, `an hour ago`, `15m ago`: how many minutes before now. */
export function readMinutesAgo(texts: readonly string[]): number | undefined {
  if (texts.length < 2 || !/^(ago|back|earlier)$/.test(texts.at(-1)!)) return undefined;
  const length = readCounts(texts.slice(0, -1).join(' '), 'last');
  if (isUnclear(length) || length?.kind !== 'last') return undefined;
  if (length.unit === 'minute') return length.count;
  return length.unit === 'hour' ? length.count * 60 : undefined;
}
