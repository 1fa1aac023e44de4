const { HEADROOM_TORTURE } = process.env;
// All processes of a run use the same seed: child processes inherit it.
process.env.HEADROOM_SEED ??= String(Math.floor(Math.random() * 2 ** 31));
const { HEADROOM_SEED } = process.env;

if (HEADROOM_TORTURE !== undefined && HEADROOM_TORTURE !== 'long')
  throw new Error(`HEADROOM_TORTURE is ${JSON.stringify(HEADROOM_TORTURE)}: set it to "long", or leave it out.`);

if (!/^\d{1,10}$/.test(HEADROOM_SEED))
  throw new Error(`HEADROOM_SEED is ${JSON.stringify(HEADROOM_SEED)}: set it to the number that a run printed.`);

/** Seed of everything random in this run. */
export const SEED = Number(HEADROOM_SEED);

/** True in `npm run torture`, which runs the tests of `npm test` with random walks, kill loops and fuzz at their full length. */
export const isLong = HEADROOM_TORTURE === 'long';

/** Returns the number of runs of a random test: `few` in `npm test`, `many` in `npm run torture`. */
export function size(few: number, many: number): number {
  return isLong ? many : few;
}
