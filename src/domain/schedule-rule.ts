import { HeadroomError } from '../errors.ts';
import { readWeekday, WEEKDAY_NAMES } from './calendar.ts';
import { listNearest } from './names.ts';
import { readClock } from './range/clock-words.ts';
import { formatClockTime } from './range.ts';
import { readZone } from './time-zone.ts';

/** The days and the time of day at which something is due, in a zone. Plain JSON. */
export type ScheduleRule = {
  /** `09:00`, 24 hours. */
  time: string;
  /** IANA name. */
  zone: string;
} & DaysRule;

type DaysRule =
  | { every: 'week' /** 1 = Monday … 7 = Sunday, ascending, at least one. */; weekdays: readonly number[] }
  /** 1–31; in a month without that day, the last one. */
  | { every: 'month'; day: number };

/** A due time. `date` is its local date (ISO) and identifies the period, even if a clock change moves the time. */
export interface Due {
  dueMs: number;
  date: string;
}

/** Thrown for a text that is no schedule; `suggestions` are texts that are. */
export class InvalidScheduleError extends HeadroomError {
  override readonly name = 'InvalidScheduleError';
  readonly suggestions: readonly string[];

  constructor(message: string, suggestions: readonly string[]) {
    super('schedule', message);
    this.suggestions = suggestions;
  }
}

const EVERY_DAY = [1, 2, 3, 4, 5, 6, 7];
const WORKING_DAYS = [1, 2, 3, 4, 5];
const WEEKEND = [6, 7];
const LAST_DAY = 31;
const USUAL_TIMES = ['09:00', '08:00', '17:00'];
const DEFAULT_TIME = '09:00';

const DAY_WORDS: Readonly<Record<string, readonly number[]>> = {
  ...{ daily: EVERY_DAY, everyday: EVERY_DAY },
  ...{ weekdays: WORKING_DAYS, weekday: WORKING_DAYS, workdays: WORKING_DAYS, workday: WORKING_DAYS },
  ...{ weekends: WEEKEND, weekend: WEEKEND },
};
const FILLERS = new Set(['every', 'each', 'on', 'at', 'the', 'in', 'of', 'and', 'day', 'days', 'oclock', "o'clock"]);

/** The parts of a schedule that the words so far have named. */
interface Draft {
  weekdays: Set<number>;
  weekly: boolean;
  monthly: boolean;
  monthDay?: number;
  time?: string;
  zoneWords: string[];
}

/**
 * Reads a schedule in words: `daily 09:00 Europe/Berlin`, `weekdays 9am`, `weekly mon 09:00`, `mon,thu 10:30`, `monthly 1 08:00`,
 * `monthly last 17:00`. Without a zone, `defaultZone` is taken. Throws InvalidScheduleError that names the wrong word and how to fix
 * it.
 */
export function parseSchedule(text: string, defaultZone: string): ScheduleRule {
  const words = text
    .slice(0, 200)
    .trim()
    .split(/[\s,]+/)
    .filter((word) => word !== '');
  const draft: Draft = { weekdays: new Set(), weekly: false, monthly: false, zoneWords: [] };
  for (let at = 0; at < words.length; at++) at += readWord(words, at, draft, text);
  const zone = draft.zoneWords.length === 0 ? defaultZone : toZone(draft, text);
  const days = toDays(draft, text);
  if (!draft.time) {
    const shown = describeDays(days);
    throw new InvalidScheduleError(
      `${quoteShort(text)} has no time of day.`,
      USUAL_TIMES.map((time) => `${shown} ${time} ${zone}`),
    );
  }
  return { ...days, time: draft.time, zone };
}

/** Reads the word at a place into the draft. Returns how many words after it were read too. */
function readWord(words: readonly string[], at: number, draft: Draft, text: string): number {
  const word = words[at]!.toLowerCase().replace(/[.;]$/, '');
  const next = words[at + 1]?.toLowerCase() ?? '';
  const weekdays = readWeekdays(word);
  const before = words[at - 1]?.toLowerCase();
  if (word === 'day' && (before === 'every' || before === 'each')) for (const day of EVERY_DAY) draft.weekdays.add(day);
  else if (word === 'monthly' || word === 'month') draft.monthly = true;
  else if (word === 'weekly' || word === 'week') draft.weekly = true;
  else if (weekdays) for (const weekday of weekdays) draft.weekdays.add(weekday);
  else if (word === 'last' && draft.monthDay === undefined) setMonthDay(draft, LAST_DAY);
  else if (word === 'first' && draft.monthDay === undefined) setMonthDay(draft, 1);
  else if (FILLERS.has(word)) return 0;
  else if (draft.monthly && draft.monthDay === undefined && /^\d{1,2}(st|nd|rd|th)?$/.test(word)) {
    const day = Number.parseInt(word, 10);
    if (day < 1 || day > 31) {
      throw new InvalidScheduleError(
        `A month has no day ${day}; it has 1 to 31, and last.`,
        suggestTimes('monthly 1', draft),
      );
    }
    draft.monthDay = day;
  } else if (/^\d{1,2}(st|nd|rd|th)$/.test(word) && draft.weekdays.size === 0) {
    setMonthDay(draft, Math.min(31, Math.max(1, Number.parseInt(word, 10))));
  } else if (/^\d/.test(word) || word === 'noon' || word === 'midnight') {
    const half = next === 'am' || next === 'pm' ? next : '';
    setTime(draft, word + half, text);
    return half ? 1 : 0;
  } else draft.zoneWords.push(words[at]!);
  return 0;
}

function setMonthDay(draft: Draft, day: number): void {
  draft.monthly = true;
  draft.monthDay = day;
}

/** `mon`, `weekdays`, `mon-fri`, `sat-mon`. */
function readWeekdays(word: string): readonly number[] | undefined {
  if (Object.hasOwn(DAY_WORDS, word)) return DAY_WORDS[word];
  const [from, to, more] = word.split(/[-–]/).map(readWeekday);
  if (from === undefined || more !== undefined || (word.includes('-') && to === undefined)) return undefined;
  if (to === undefined) return [from];
  const length = ((to - from + 7) % 7) + 1;
  return Array.from({ length }, (_, i) => ((from - 1 + i) % 7) + 1);
}

/** `09:00`, `9`, `9am`, `9:30pm`, `9.30`, `0900`, `noon`. */
function setTime(draft: Draft, word: string, text: string): void {
  const clock = readClock(word.replace(/^(\d{1,2})\.?(\d{2})(?=$|[aphu])/, '$1:$2').replace(/uhr$/, 'h'));
  if (clock?.kind !== 'clock' || clock.minutes === 1440)
    throw new InvalidScheduleError(
      `${quoteShort(word)} is not a time of day; times are 00:00 to 23:59, or 9am.`,
      suggestTimes(describeDraft(draft), draft),
    );
  const time = formatClockTime(clock.minutes);
  if (draft.time !== undefined && draft.time !== time)
    throw new InvalidScheduleError(
      `${quoteShort(text)} has two times, ${draft.time} and ${time}; a schedule has one.`,
      [draft.time, time].map((one) => `${describeDraft(draft)} ${one}`),
    );
  draft.time = time;
}

function toDays(draft: Draft, text: string): DaysRule {
  const ask = (message: string, ...choices: string[]) =>
    new InvalidScheduleError(
      message,
      choices.map((days) => `${days} ${draft.time ?? DEFAULT_TIME}`),
    );
  const { monthly, monthDay, weekly } = draft;
  const weekdays = [...draft.weekdays].sort();
  if (monthly && weekdays.length > 0)
    throw ask(
      `${quoteShort(text)} names days of the week and of the month; a schedule has one kind.`,
      describeDays({ every: 'week', weekdays }),
      `monthly ${monthDay ?? 1}`,
    );
  if (monthDay !== undefined) return { every: 'month', day: monthDay };
  if (monthly) throw ask('On which day of the month? Write 1 to 31, or last.', 'monthly 1', 'monthly last');
  if (weekdays.length > 0) return { every: 'week', weekdays };
  if (weekly) throw ask('On which day of the week?', 'weekly mon', 'weekly fri');
  const open = text.trim() === '' ? 'A schedule is missing.' : `${quoteShort(text)} does not say on which days.`;
  throw ask(open, 'daily', 'weekdays', 'weekly mon', 'monthly 1');
}

function toZone(draft: Draft, text: string): string {
  const words = draft.zoneWords.join(' ').replace(/^\(|\)$/g, '');
  const reading = readZone(words);
  if ('zone' in reading) return reading.zone;
  const days = describeDraft(draft);
  const time = draft.time ?? DEFAULT_TIME;
  if (reading.suggestions.length > 0) {
    throw new InvalidScheduleError(
      `${quoteShort(words)} is not the name of one time zone; names are such as ${reading.suggestions[0]}.`,
      reading.suggestions.slice(0, 5).map((zone) => `${days} ${time} ${zone}`),
    );
  }
  // It resembles no zone, so it is probably a mistyped weekday.
  const near = listNearest(
    draft.zoneWords[0]!,
    ['daily', 'weekdays', 'weekends', 'weekly', 'monthly', ...WEEKDAY_NAMES],
    3,
  );
  throw new InvalidScheduleError(
    words.includes('/')
      ? `There is no time zone ${quoteShort(words)}.`
      : `I don’t understand ${quoteShort(words)}${words === text.trim() ? '' : ` in ${quoteShort(text)}`}.`,
    near.length > 0
      ? near.map((word) => `${word === 'monthly' ? 'monthly 1' : word === 'weekly' ? 'weekly mon' : word} ${time}`)
      : [`${days} ${time}`, `${days} ${time} Europe/London`],
  );
}

function suggestTimes(days: string, draft: Draft): string[] {
  return (draft.time ? [draft.time] : USUAL_TIMES).map((time) => `${days} ${time}`);
}

function describeDraft(draft: Draft): string {
  if (draft.monthly) return describeDays({ every: 'month', day: draft.monthDay ?? 1 });
  return draft.weekdays.size === 0 ? 'daily' : describeDays({ every: 'week', weekdays: [...draft.weekdays].sort() });
}

function quoteShort(text: string): string {
  return `“${text.length > 60 ? `${text.slice(0, 60)}…` : text}”`;
}

/** Writes a rule as words that `parseSchedule` reads back: `weekdays 09:00 Europe/Berlin`. */
export function formatSchedule(rule: ScheduleRule): string {
  return `${describeDays(rule)} ${rule.time} ${rule.zone}`;
}

function describeDays(rule: DaysRule): string {
  if (rule.every === 'month') return `monthly ${rule.day === LAST_DAY ? 'last' : rule.day}`;
  const days = rule.weekdays.join();
  if (days === EVERY_DAY.join()) return 'daily';
  if (days === WORKING_DAYS.join()) return 'weekdays';
  if (days === WEEKEND.join()) return 'weekends';
  const names = rule.weekdays.map((weekday) => WEEKDAY_NAMES[weekday - 1]!.slice(0, 3));
  return names.length === 1 ? `weekly ${names[0]}` : names.join(',');
}

/**
 * Returns when a rule is due on a local date, epoch ms; undefined if it is not due on that date, or if its zone skipped the date
 * (Samoa, 30 December 2011). A time that a clock change skips is due as Temporal's `compatible` says; a time that comes twice is due
 * the first time.
 */
export function dueMs(rule: ScheduleRule, on: string | Temporal.PlainDate): number | undefined {
  const date = Temporal.PlainDate.from(on);
  const isDue =
    rule.every === 'week' ? rule.weekdays.includes(date.dayOfWeek) : date.day === Math.min(rule.day, date.daysInMonth);
  if (!isDue) return undefined;
  const exists = date.toZonedDateTime(rule.zone).toPlainDate().equals(date);
  if (!exists) return undefined;
  return date.toZonedDateTime({ timeZone: rule.zone, plainTime: rule.time }).epochMilliseconds;
}

/** Returns the first due time after an instant. */
export function nextDue(rule: ScheduleRule, afterMs: number): Due {
  // Start one day earlier: a time that a clock change skips may be due after midnight.
  return search(rule, localDate(rule, afterMs).subtract({ days: 1 }), 1, (ms) => ms > afterMs);
}

/** Returns the last due time at or before an instant. */
export function latestDue(rule: ScheduleRule, atOrBeforeMs: number): Due {
  return search(rule, localDate(rule, atOrBeforeMs).add({ days: 1 }), -1, (ms) => ms <= atOrBeforeMs);
}

/** Returns the next `count` due times after an instant, in order. */
export function listNext(rule: ScheduleRule, afterMs: number, count: number): Due[] {
  const list: Due[] = [];
  while (list.length < count) list.push(nextDue(rule, list.at(-1)?.dueMs ?? afterMs));
  return list;
}

function localDate(rule: ScheduleRule, ms: number): Temporal.PlainDate {
  return Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(rule.zone).toPlainDate();
}

function search(rule: ScheduleRule, from: Temporal.PlainDate, step: 1 | -1, fits: (ms: number) => boolean): Due {
  // A rule is due at least once in any 62 days; twice that covers a date that a zone left out.
  for (let i = 0, date = from; i < 124; i++, date = date.add({ days: step })) {
    const ms = dueMs(rule, date);
    if (ms !== undefined && fits(ms)) return { dueMs: ms, date: date.toString() };
  }
  throw new HeadroomError('schedule', `The schedule ${formatSchedule(rule)} is never due; give it at least one day.`);
}
