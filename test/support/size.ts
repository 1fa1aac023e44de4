const { HEADROOM_TORTURE } = process.env;

if (HEADROOM_TORTURE !== undefined && HEADROOM_TORTURE !== 'long')
  throw new Error(`HEADROOM_TORTURE is ${JSON.stringify(HEADROOM_TORTURE)}: set it to "long", or leave it out.`);

/** Whether this is `npm run torture`: the tests of `npm test`, with random walks, kill loops and fuzz at their full length. */
export const isLong = HEADROOM_TORTURE === 'long';

/** How often something random is tried: a few times in `npm test`, many times in `npm run torture`. */
export function size(few: number, many: number): number {
  return isLong ? many : few;
}
