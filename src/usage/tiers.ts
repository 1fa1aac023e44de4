/** So many segments of about one size are merged into one. */
const TIER = 4;

/**
 * Which of a bucket's segments (the newest first) are merged with new rows, so that the bucket has few segments and a row
 * is rewritten a logarithmic number of times: every tier of like size that is full with them, as long as no more than
 * `maxRows` come together.
 */
export function takeFullTiers<S>(
  segments: readonly S[],
  rowsOf: (segment: S) => number,
  newRows: number,
  maxRows = Number.POSITIVE_INFINITY,
): S[] {
  let taken = 0;
  let rows = newRows;
  while (taken < segments.length) {
    const larger = segments.findIndex((segment, index) => index >= taken && rowsOf(segment) > rows * TIER);
    const end = larger < 0 ? segments.length : larger;
    const together = segments.slice(taken, end).reduce((sum, segment) => sum + rowsOf(segment), rows);
    if (end - taken < TIER - 1 || together > maxRows) break;
    rows = together;
    taken = end;
  }
  return segments.slice(0, taken);
}
