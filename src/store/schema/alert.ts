import type { Generated } from 'kysely';

/** Alerts, and what decides whether there is one. */
export interface AlertTables {
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
}
