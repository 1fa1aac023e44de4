import { type Unclear, unclear } from './unclear.ts';

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
