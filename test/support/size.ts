const { HEADROOM_TORTURE } = process.env;
// One number for all processes of a run: those that follow inherit it.
process.env.HEADROOM_SEED ??= String(Math.floor(Math.random() * 2 ** 31));
const { HEADROOM_SEED } = process.env;

if (HEADROOM_TORTURE !== undefined && HEADROOM_TORTURE !== 'long')
  throw new Error(`HEADROOM_TORTURE is ${JSON.stringify(HEADROOM_TORTURE)}: set it to "long", or leave it out.`);

if (!/^\d{1,10}$/.test(HEADROOM_SEED))
  throw new Error(`HEADROOM_SEED is ${JSON.stringify(HEADROOM_SEED)}: set it to the number that a run printed.`);

/** What everything random in this run follows from. */
export const SEED = Number(HEADROOM_SEED);

/** Whether this is `npm run torture`: the tests of `npm test`, with random walks, kill loops and fuzz at their full length. */
export const isLong = HEADROOM_TORTURE === 'long';

/** How often something random is tried: a few times in `npm test`, many times in `npm run torture`. */
export function size(few: number, many: number): number {
  return isLong ? many : few;
}
