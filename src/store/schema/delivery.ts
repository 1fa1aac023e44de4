import type { Generated } from 'kysely';
import type { DeliveryState, NewDelivery } from '../../domain/delivery.ts';

/** The delivery log, and what makes digests due. */
export interface DeliveryTables {
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
}
