import type { Generated } from 'kysely';

/** Senders, what they sent that was not taken, and files that were imported. */
export interface SourceTables {
  source: {
    id: Generated<number>;
    name: string;
    adapter: string;
    /** JSON. */
    options: string;
    /** SHA-256 of the token, hex. */
    token_hash: string;
    /** The signing secret, sealed with SECRET_KEY. */
    secret: string | null;
    /** Credentials from before a rotation, which open the source too until then. */
    old_token_hash: string | null;
    old_secret: string | null;
    old_until_ms: number | null;
    created_ms: number;
    /** Set: takes nothing any more; its events stay. */
    revoked_ms: number | null;
    accepted: Generated<number>;
    duplicates: Generated<number>;
    conflicts: Generated<number>;
    rejected: Generated<number>;
    without_id: Generated<number>;
    late: Generated<number>;
    last_event_ms: number | null;
    last_received_ms: number | null;
    /** JSON arrays of the latest times between receipts, and from event to receipt. */
    gaps_ms: Generated<string>;
    lags_ms: Generated<string>;
    /** JSON: events by field that was not read of them. */
    unread: Generated<string>;
  };
  rejected_event: {
    id: Generated<number>;
    source_id: number;
    at_ms: number;
    event_id: string | null;
    reason: string;
    excerpt: string | null;
    /** A body that holds this event alone, without credentials, so that it can be read again. */
    sent: string | null;
  };
  /** Cumulative series of metrics, a row per series and start. `points`: JSON of [nanoseconds, value, calls, first calls]. */
  otlp_series: {
    source_id: number;
    /** SHA-256 of what names the series. */
    series: string;
    start: string;
    points: string;
    seen_ms: number;
  };
  /** `hash` is the SHA-256 of the first `bytes` of the file's (decompressed) content: the part taken. */
  import_file: {
    id: Generated<number>;
    source_id: number;
    name: string;
    format: string;
    bytes: number;
    hash: string;
    lines: number;
    events: number;
    duplicates: number;
    rejected: number;
    first_event_ms: number | null;
    last_event_ms: number | null;
    started_ms: number;
    updated_ms: number;
  };
}
