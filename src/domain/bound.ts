export const BOUND_SIGNS = ['over', 'at-least', 'under', 'at-most'] as const;
export const BOUND_COLUMNS = ['requests', 'credits', 'share_percent', 'failed_percent', 'ok_percent', 'p95'] as const;

/** A number that the rows or steps of an answer are compared with: `over 100`, `under 5% failed`, `at least 500ms`. */
export interface Bound {
  sign: (typeof BOUND_SIGNS)[number];
  /** In the unit of its column: requests, whole credits, percent, or milliseconds. */
  value: number;
  column: (typeof BOUND_COLUMNS)[number];
}

export function isWithin({ sign, value }: Bound, number: number): boolean {
  if (sign === 'over') return number > value;
  if (sign === 'at-least') return number >= value;
  return sign === 'under' ? number < value : number <= value;
}

/** Tells whether a bound asks for rows without any requests. */
export function isOfNone({ sign, value, column }: Bound): boolean {
  return column === 'requests' && ((sign === 'under' && value <= 1) || (sign === 'at-most' && value < 1));
}

/** Tells whether a bound is a minimum: a larger number never breaks it. */
export function isLowest({ sign }: Bound): boolean {
  return sign === 'over' || sign === 'at-least';
}
