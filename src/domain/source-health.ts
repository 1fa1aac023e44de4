/** How a source has been doing. Counts are of events since the source exists, or as far as they are kept. */
export interface SourceHealth {
  name: string;
  adapter: string;
  /** Newest receipt, epoch ms; absent: nothing was ever received. */
  lastReceivedMs?: number;
  /** Usual time between receipts; absent: too few to tell. */
  usualGapMs?: number;
  accepted: number;
  duplicates: number;
  /** Duplicates whose content differed from the first of their id. */
  conflicts: number;
  rejected: number;
  /** The commonest reasons of rejection, most first. */
  reasons: readonly { reason: string; events: number }[];
  /** Events without an id: each is counted, and so is its repetition. */
  withoutId: number;
  /** Events received after the day they belong to was over. */
  late: number;
  /** Median of receipt − event time; absent where events carry no time. */
  medianLagMs?: number;
}
