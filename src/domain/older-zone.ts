/** After a change of the report zone: which days are still counted in the one before. */
export interface OlderZone {
  zone: string;
  /** Totals of days before this one are those of the older zone's days. */
  beforeDay: number;
  /** The same for totals of pairs of dimensions, which hours do not hold. */
  pairsBeforeDay: number;
}
