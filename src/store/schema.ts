import type { Generated } from 'kysely';
import type { DeliveryState, NewDelivery } from '../domain/delivery.ts';

/**
 * Every table, as the migrations leave it. Instants are epoch milliseconds, days are days since 1970-01-01 in the report
 * zone, truth values are 0 or 1, structured columns are JSON text.
 */
export interface Database {
  // Usage: what was sent, and its totals. See `src/usage/segment.ts` for what the blobs hold.

  /** One row per fact about this deployment (`report_zone`, `id_seed`). */
  setting: { name: string; value: string };
  /** A dimension's text, known by a number from its first use on. */
  value: {
    id: Generated<number>;
    dimension: string;
    text: string;
    place_day: number;
  };
  /** Counts values that have a place of their own in the totals, by dimension and day. */
  value_places: { dimension: string; day: number; places: number };
  /** Remembered ids (src/usage/ids.ts) as they were committed. */
  id_batch: { id: Generated<number>; count: number; ids: Uint8Array };
  /** Remembered ids, a part of all of them, in blocks (src/usage/id-runs.ts); all are forgotten after `until_s`. */
  id_run: {
    id: Generated<number>;
    part: number;
    count: number;
    blocks: number;
    until_s: number;
    filter: Uint8Array;
  };
  id_block: { id: number; ids: Uint8Array };
  /** Committed events that the totals do not hold yet, one row per commit. */
  inbox: {
    seq: Generated<number>;
    received_ms: number;
    first_day: number;
    last_day: number;
    events: number;
    body: Uint8Array;
    /** As senders gave them (src/usage/sent-ids.ts). */
    ids: Generated<Uint8Array>;
    import_id: number | null;
  };
  /** Raw events of one day that the totals hold; `first_seq`–`last_seq` are the commits they came in. */
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
   * Daily totals by each dimension and status, for the tools of whoever runs it (src/usage/daily-rows.ts). `day` is a date
   * (text in SQLite), a `status` that was not sent is null, `credits` are credits, not thousandths.
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

  // Senders, what they sent that was not taken, and files that were imported.

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
    /** Requests refused because it was over its limit. */
    limited: Generated<number>;
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

  // Declarations and who changed them, and corrections made by hand. Rows are never updated or deleted.

  /** One row per change; `body` is the whole of `Definitions`, and the highest version holds. */
  definition: {
    version: number;
    applied_ms: number;
    actor: string;
    body: string;
  };
  /** Plus or minus `credits` (thousandths) of a meter, at the time they apply to. `requests` is of older versions, and not read. */
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

  // The delivery log, and what makes digests due.

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
    /** Not tried again before. */
    next_ms: number;
    attempts: number;
    /** Whoever leased the row last; only that attempt may write its outcome. */
    attempt_id: string | null;
    lease_until_ms: number;
    /** Just before the first call to Slack: nothing of ours can be older. */
    first_call_ms: number | null;
    /** 1 where some call's outcome was ever unknown: then a copy may exist in Slack. */
    unclear: number;
    /** A newer one takes its place unless it is in Slack already. */
    superseded: number;
    sent_channel: string | null;
    sent_ts: string | null;
    sent_ms: number | null;
    /** The last look for copies. */
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
    /** Why it cannot be posted, with the cure. */
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
    /** The numbers that were posted, JSON: what later corrections are told against. */
    headline: string | null;
  };
  lease: { name: string; holder: string; until_ms: number };
  instance: { id: string; version: string; started_ms: number; seen_ms: number };

  // Alerts, and what decides whether there is one.

  alert: {
    id: Generated<number>;
    key: string;
    kind: string;
    /** `crm/Daily credits`, a source, an hour…: what is muted and acknowledged together. */
    subject: string;
    /** The pool's period, an episode, or the hour or silence it is about. */
    period: string;
    level: number | null;
    /** Counts how often the level was armed again in this period. */
    arm: number;
    /** Of the pool, when the level was reached; thousandths. */
    amount: number | null;
    /** Passed together with a higher level, which alone was told. */
    covered: number;
    content: string;
    /** JSON list of its messages' delivery keys. */
    delivery_keys: string;
    at_ms: number;
    acked_by: string | null;
    acked_ms: number | null;
    /** When what it warns of was over. */
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

  // Rows about conversations in Slack, as far as buttons, saved views and the audit need them.

  /** Requests of Slack that were taken: their signature, or the id of their event. Kept for a quarter of an hour. */
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
  /** What happened to the API itself, such as a deploy, as a pipeline told it: for lines across charts. */
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
