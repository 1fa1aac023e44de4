import type { RangeWord } from './words.ts';

/** Phrases for a running span: `week to date`, `so far this week`. */
const RUNNING = [
  ['week', 'wtd', 'this-week'],
  ['month', 'mtd', 'this-month'],
  ['quarter', 'qtd', 'this-quarter'],
  ['year', 'ytd', 'this-year'],
] as const;

const ALL =
  'all|all time|all of time|all the time|of all time|ever|forever|since forever|since ever|since beginning|since start|' +
  'since inception|since day one|since beginning of time|from beginning|from start|entire history|whole history|full history';
const TODAY = 'now|right now|so far today|today so far|day so far|day to date|earlier today';

/** Ways to say a range that follow no rule, without `the`. */
export const PHRASES: ReadonlyMap<string, RangeWord> = new Map([
  ...ALL.split('|').map((phrase) => [phrase, 'all-time'] as const),
  ...TODAY.split('|').map((phrase) => [phrase, 'today'] as const),
  ...['this hour', 'current hour', 'hour so far'].map((phrase) => [phrase, 'this-hour'] as const),
  ...RUNNING.flatMap(([unit, short, word]) =>
    [
      short,
      `${unit} to date`,
      `${unit} so far`,
      `this ${unit} so far`,
      `so far this ${unit}`,
      `earlier this ${unit}`,
    ].map((phrase) => [phrase, word] as const),
  ),
]);
