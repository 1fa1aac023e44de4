/** The same time by a zone's clock, whole weeks before: in a DST gap, the time that the clock then showed instead. */
export function weeksBefore(ms: number, weeks: number, zone: string): number {
  return Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(zone).subtract({ weeks }).epochMilliseconds;
}
