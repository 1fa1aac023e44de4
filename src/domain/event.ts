/** Events further ahead of this server's clock are rejected: the sender's clock is wrong. */
export const MAX_AHEAD_MS = 5 * 60_000;

/**
 * Credits are whole thousandths everywhere inside, so that sums are exact: a number up to 2^53, beyond that always a bigint
 * (domain/thousandths.ts adds them). The credits of a single event, rule, grant or correction are below 2^53 and plain numbers.
 */
export type Thousandths = number | bigint;

/**
 * One usage fact as a sender gave it, checked and normalised by an adapter, before rules are applied.
 * Texts are non-empty when present. `method` is upper-cased, `route` is already a template.
 */
export interface UsageEvent {
  /** Unique per source; absent: always counted. At most 256 characters. */
  id?: string;
  /** The id as people may see it; absent: `id` itself. */
  shownId?: string;
  /** Start of the call, epoch ms; absent: time of receipt. */
  timeMs?: number;
  client: string;
  method?: string;
  route?: string;
  /** 100–599; absent: neither success nor failure. */
  status?: number;
  user?: string;
  ip?: string;
  module?: string;
  version?: string;
  function?: string;
  initiator?: string;
  /** Default `call`. */
  kind: string;
  scope?: string;
  /** Calls that this event stands for, 1–10^9. */
  count: number;
  records?: number;
  /** Thousandths, for all calls of the event; absent: given by the cost rules. */
  credits?: number;
  durationMs?: number;
}

/** A rejected event: its place in the request, its id if it had one, and what to do about it. */
export interface Rejection {
  index: number;
  id?: string;
  error: string;
  /** The event as sent, shortened, for the list of rejected events. Not part of the answer to the sender. */
  excerpt?: string;
  /** A body with this event alone, without credentials, so that it can be ingested again. */
  sent?: string;
}

/** Result of one request. `conflicts` are duplicates whose content differed from the first. */
export interface IngestResult {
  accepted: number;
  duplicates: number;
  conflicts: number;
  rejected: Rejection[];
  /** Time of the newest accepted event, epoch ms. */
  lastEventMs?: number;
  /** Accepted events without an id; and accepted events that came after their day was over. */
  withoutId?: number;
  late?: number;
  /** Number of events per field that was not read. */
  unread?: Readonly<Record<string, number>>;
}
