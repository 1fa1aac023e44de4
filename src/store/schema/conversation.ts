import type { Generated } from 'kysely';

/** Rows about conversations in Slack, as far as buttons, saved views and the audit need them. */
export interface ConversationTables {
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
  /** One line per change made by a person. */
  audit: {
    id: Generated<number>;
    at_ms: number;
    actor: string;
    action: string;
    detail: string;
  };
}
