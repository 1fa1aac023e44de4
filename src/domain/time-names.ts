export const MONTH_NAMES = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
] as const;

export const WEEKDAY_NAMES = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;

const capitalise = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);

/** `Jan` … `Dec`. */
export const MONTHS: readonly string[] = MONTH_NAMES.map((name) => capitalise(name.slice(0, 3)));
/** `Monday` … `Sunday`. */
export const WEEKDAYS: readonly string[] = WEEKDAY_NAMES.map(capitalise);
/** `Mon` … `Sun`. */
export const SHORT_WEEKDAYS: readonly string[] = WEEKDAYS.map((name) => name.slice(0, 3));

const NUMBER_NAMES = 'one two three four five six seven eight nine ten eleven twelve'.split(' ');

/** A whole number in digits (at most five) or as a word up to twelve. */
export function readNumber(text: string): number | undefined {
  if (/^\d{1,5}$/.test(text)) return Number(text);
  const word = NUMBER_NAMES.indexOf(text);
  return word >= 0 ? word + 1 : undefined;
}

/** 1–12 for a month's name or its first letters (at least three). */
export function readMonth(word: string): number | undefined {
  const name = word.replace(/\.$/, '');
  if (name.length < 3) return undefined;
  if (name === 'sept') return 9;
  const index = MONTH_NAMES.findIndex((month) => month === name || month.slice(0, 3) === name);
  return index >= 0 ? index + 1 : undefined;
}

/** 1 (Monday) – 7 for a weekday's name, its plural or its usual abbreviations. */
export function readWeekday(word: string): number | undefined {
  const name = word.toLowerCase().replace(/\.$/, '');
  if (name.length < 3) return undefined;
  const known = ['tues', 'weds', 'thur', 'thurs'];
  const index = WEEKDAY_NAMES.findIndex(
    (weekday) =>
      name === weekday ||
      name === `${weekday}s` ||
      name === weekday.slice(0, 3) ||
      (known.includes(name) && weekday.startsWith(name.slice(0, 3))),
  );
  return index >= 0 ? index + 1 : undefined;
}
