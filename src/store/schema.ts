import type { Generated } from 'kysely';
import type { DeliveryState, NewDelivery } from '../domain/delivery.ts';

/**
 * All tables, as the migrations create them. Instants are epoch milliseconds, days are days since 1970-01-01 in the report
 * zone, booleans are 0 or 1, structured columns are JSON text.
 */
export interface Database {
  // Usage: raw events and their totals. `src/usage/segment.ts` describes the blobs.

  /** One row per fact about this deployment (`report_zone`, `id_seed`). */
  setting: { name: string; value: string };
  /** One row per text of a dimension; blobs refer to it by `id`. */
  value: {
    id: Generated<number>;
    dimension: string;
    text: string;
    place_day: number;
  };
  /** Counts the values of a dimension that were given a place of their own in the totals on a day. */
  value_places: { dimension: string; day: number; places: number };
  /** Remembered ids of events (src/usage/ids.ts), one row per commit. */
  id_batch: { id: Generated<number>; count: number; ids: Uint8Array };
  /** A sorted run of remembered ids of one `part`, in blocks (src/usage/id-runs.ts); all are forgotten after `until_s`. */
  id_run: {
    id: Generated<number>;
    part: number;
    count: number;
    blocks: number;
    until_s: number;
    filter: Uint8Array;
  };
  id_block: { id: number; ids: Uint8Array };
  /** Committed events that are not in the totals yet, one row per commit. */
  inbox: {
    seq: Generated<number>;
    received_ms: number;
    first_day: number;
    last_day: number;
    events: number;
    body: Uint8Array;
    /** Ids of the events as sent (src/usage/sent-ids.ts). */
    ids: Generated<Uint8Array>;
    import_id: number | null;
  };
  /** Raw events of one day that are in the totals; `first_seq`–`last_seq` are the commits they came in. */
  event_segment: {
    id: Generated<number>;
    day: number;
    first_seq: number;
    last_seq: number;
    received_ms: number;
    events: number;
    body: Uint8Array;
    ids: Generated<Uint8Array>;
    import_id: number | null;
  };
  /** Part of a total: `cube` names the grain and dimensions, `bucket` is a day (or a month for monthly totals). */
  total_segment: {
    id: Generated<number>;
    cube: string;
    bucket: number;
    cells: number;
    body: Uint8Array;
  };
  /**
   * Daily totals by each dimension and status, for the operator's own tools (src/usage/daily-rows.ts). `day` is a date (text in
   * SQLite), a `status` that was not sent is null, `credits` are credits, not thousandths.
   */
  usage_daily: {
    day: string;
    dimension: string;
    value: string;
    status: number | null;
    requests: number;
    ok: number;
    failed: number;
    credits: number;
    credits_thousandths: Generated<number>;
  };
  /** Days whose rows in `usage_daily` must be written again. */
  usage_daily_due: { day: number };

  // Senders, events of theirs that were rejected, and files that were imported.

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
    /** Credentials from before a rotation, still accepted until `old_until_ms`. */
    old_token_hash: string | null;
    old_secret: string | null;
    old_until_ms: number | null;
    created_ms: number;
    /** Set if revoked: the source accepts nothing any more; its events stay. */
    revoked_ms: number | null;
    accepted: Generated<number>;
    duplicates: Generated<number>;
    conflicts: Generated<number>;
    rejected: Generated<number>;
    without_id: Generated<number>;
    late: Generated<number>;
    /** Requests refused because the source was over its limit. */
    limited: Generated<number>;
    last_event_ms: number | null;
    last_received_ms: number | null;
    /** JSON arrays of the latest times between receipts, and from event to receipt. */
    gaps_ms: Generated<string>;
    lags_ms: Generated<string>;
    /** JSON: for each field that is not read, the number of events that had it. */
    unread: Generated<string>;
  };
  rejected_event: {
    id: Generated<number>;
    source_id: number;
    at_ms: number;
    event_id: string | null;
    reason: string;
    excerpt: string | null;
    /** A body with this event alone, without credentials, so that it can be sent again. */
    sent: string | null;
  };
  /** Cumulative series of OTLP metrics, one row per series and start. `points`: JSON of [nanoseconds, value, calls, first calls]. */
  otlp_series: {
    source_id: number;
    /** SHA-256 of the name and attributes of the series. */
    series: string;
    start: string;
    points: string;
    seen_ms: number;
  };
  /** `hash` is the SHA-256 of the first `bytes` of the file's (decompressed) content: the part that was imported. */
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

  // Declarations and who changed them, and corrections made by hand. Rows are never updated or deleted.

  /** One row per change; `body` is the whole of `Definitions`, and the highest version holds. */
  definition: {
    version: number;
    applied_ms: number;
    actor: string;
    body: string;
  };
  /** Plus or minus `credits` (thousandths) of a meter at a time. `requests` comes from older versions, and is not read. */
  correction: {
    id: Generated<number>;
    meter: string;
    time_ms: number;
    credits: number;
    requests: number;
    reason: string;
    actor: string;
    entered_ms: number;
  };

  // The delivery log, digests and their schedules, and running instances.

  delivery: {
    id: Generated<number>;
    key: string;
    kind: NewDelivery['kind'];
    /** Channel, or user for a direct message. */
    channel: string;
    content: string;
    thread_key: string | null;
    broadcast: number;
    updates_key: string | null;
    /** Order of sending: lower first. */
    rank: number;
    due_ms: number;
    state: DeliveryState;
    /** Not tried before this instant. */
    next_ms: number;
    attempts: number;
    /** The attempt that leased the row last; only it may write the outcome. */
    attempt_id: string | null;
    lease_until_ms: number;
    /** Just before the first call to Slack: no copy of the message can be older. */
    first_call_ms: number | null;
    /** 1 if the outcome of a call was ever unknown: a copy may exist in Slack. */
    unclear: number;
    /** 1 if a newer delivery takes its place, unless it is in Slack already. */
    superseded: number;
    sent_channel: string | null;
    sent_ts: string | null;
    sent_ms: number | null;
    /** When copies were last looked for. */
    swept_ms: number;
    error: string | null;
  };
  subscription: {
    id: Generated<number>;
    channel: string;
    owner: string;
    /** A schedule of `src/domain/schedule-rule.ts`, JSON. */
    schedule: string;
    /** Sections, filters and scope, JSON. */
    what: string;
    paused: number;
    paused_until_ms: number | null;
    /** Why it cannot be posted, and the cure. */
    broken: string | null;
    next_due_ms: number | null;
    created_ms: number;
    removed_ms: number | null;
  };
  digest: {
    subscription_id: number;
    local_day: number;
    due_ms: number;
    claimed_ms: number;
    delivery_key: string;
    /** JSON: the numbers that were posted, with which later digests compare. */
    headline: string | null;
  };
  lease: { name: string; holder: string; until_ms: number };
  instance: { id: string; version: string; started_ms: number; seen_ms: number };

  // Alerts, and the rows that decide whether one is raised.

  alert: {
    id: Generated<number>;
    key: string;
    kind: string;
    /** `crm/Daily credits`, a source, an hour …: alerts of a subject are muted and acknowledged together. */
    subject: string;
    /** The pool's period, an episode, or the hour or silence it is about. */
    period: string;
    level: number | null;
    /** Counts how often the level was armed again in this period. */
    arm: number;
    /** Amount of the pool when the level was reached; thousandths. */
    amount: number | null;
    /** 1 if it was passed together with a higher level, and only that was sent. */
    covered: number;
    content: string;
    /** JSON list of its messages' delivery keys. */
    delivery_keys: string;
    at_ms: number;
    acked_by: string | null;
    acked_ms: number | null;
    /** When its reason was gone. */
    over_ms: number | null;
  };
  alert_episode: {
    subject: string;
    number: number;
    started_ms: number;
    below_since_ms: number | null;
    ended_ms: number | null;
  };
  /** `what`: a subject, a kind, or `*`. */
  alert_mute: { what: string; until_ms: number | null; muted_by: string };
  alert_rule: { name: string; question: string; over: number; per: 'hour' | 'day'; added_by: string };

  // Conversations in Slack, as far as buttons, saved views and the audit need them.

  /** Requests of Slack that were handled: their signature, or the id of their event. Kept for a quarter of an hour. */
  slack_request: { key: string; seen_ms: number };
  /** An answer with buttons. `ts` is null for one that only the asker sees. */
  answer: {
    id: string;
    asker: string;
    channel: string;
    ts: string | null;
    thread_ts: string | null;
    private: 0 | 1;
    question: string;
    /** JSON: the questions behind the entries of its drill-down menu. */
    drill: string;
    created_ms: number;
  };
  /** `owner` is a user or a channel. */
  saved_view: {
    owner: string;
    name: string;
    question: string;
    saved_by: string;
    saved_ms: number;
  };
  /** Filters that a person chose for a channel, until they are reset. */
  chosen_filter: { user: string; channel: string; filters: string };
  /** Channels in which the bot has introduced itself. */
  greeting: { channel: string; greeted_ms: number };
  /** Events in the life of the API, such as a deploy, that a pipeline reports: lines across charts. */
  mark: { at_ms: number; label: string; source: Generated<string> };
  /** One line per change made by a person. */
  audit: {
    id: Generated<number>;
    at_ms: number;
    actor: string;
    action: string;
    detail: string;
  };
}
