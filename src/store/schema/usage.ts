import type { Generated } from 'kysely';

/** Usage: what was sent, and its totals. See `src/usage/segment.ts` for what the blobs hold. */
export interface UsageTables {
  /** One row per fact about this deployment (`report_zone`, `id_seed`). */
  setting: { name: string; value: string };
  /** A dimension's text, known by a number from its first use on. */
  value: {
    id: Generated<number>;
    dimension: string;
    text: string;
    place_day: number;
  };
  /** How many values of a dimension have a place of their own in a day's totals. */
  value_places: { dimension: string; day: number; places: number };
  /** Remembered ids (src/usage/id-set.ts) as they were committed. */
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
  };
  /** Days whose rows in `usage_daily` must be written again. */
  usage_daily_due: { day: number };
}
