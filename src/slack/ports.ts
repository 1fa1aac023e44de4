import type { AlertSign } from '../domain/alert.ts';
import type { DeclaredLimit, DeclaredPool } from '../domain/declaration.ts';
import type { ClientFields, DeclarationEdit, FieldFault, ScopeFields } from '../domain/declared-fields.ts';
import type { Filter } from '../domain/filter.ts';
import type { Picture } from '../domain/picture.ts';
import type { Question, Report } from '../domain/report.ts';
import type { Block } from '../messages/text.ts';

/**
 * The rest of Headroom as the Slack app sees it, besides answers and storage. Implemented outside `slack/`, so that a
 * listener never knows how a digest is scheduled or an alert is kept. Instants are epoch ms; people and channels are ids.
 */

/** Draws a report; undefined where there is nothing to draw. May reject: the answer then stays text and table. */
export interface Charts {
  render(report: Report, options: { view?: 'graph' | 'table' | 'doughnut' | undefined }): Promise<Picture | undefined>;
}

/** Someone who does something, and where. */
export interface Actor {
  user: string;
  /** IANA zone of the person's Slack profile. */
  zone: string;
  admin: boolean;
}

export interface DigestSummary {
  id: number;
  channel: string;
  owner: string;
  /** `weekdays 09:00 Europe/Berlin`. */
  schedule: string;
  /** Sections that are on. */
  sections: readonly string[];
  /** `only calls with scope crm`; empty: it is about all calls. */
  limits: readonly string[];
  paused: boolean;
  /** Until when; absent: until resumed. */
  pausedUntilMs?: number;
  /** Reason why it was paused by itself, with the cure. */
  pausedReason?: string;
  nextRuns: readonly number[];
}

/** A digest as it would be posted now. */
export interface DigestPreview {
  text: string;
  blocks: readonly Block[];
  /** The report that its chart shows, and the block that stands behind it. */
  drawn: Report | undefined;
  chartAt: number;
  /** Titles of what follows in its thread. */
  follows: readonly string[];
}

/** Absent fields stay as they are; of a new digest, all sections and all calls. `filters` and `scope` limit the calls. */
export interface DigestChange {
  channel?: string;
  schedule?: string;
  sections?: readonly string[];
  filters?: readonly Filter[];
  scope?: string;
}

/**
 * Digests of this deployment. Every function rejects with HeadroomError (`schedule`) where the words make no sense or the
 * actor may not; the message says what would.
 */
export interface DigestPort {
  /** Those of a channel, or all. */
  list(channel?: string): Promise<DigestSummary[]>;
  add(digest: DigestChange & { channel: string; schedule: string }, by: Actor): Promise<DigestSummary>;
  /** `owner`: who takes it over; admins may always, anyone else once the owner has left. */
  change(id: number, change: DigestChange & { owner?: string }, by: Actor): Promise<DigestSummary>;
  /** Pauses until resumed (true) or until an instant; false: resumes. */
  pause(id: number, paused: boolean | number, by: Actor): Promise<DigestSummary>;
  remove(id: number, by: Actor): Promise<DigestSummary>;
}

/** Posts of digests. Rejects like DigestPort. */
export interface DigestPostPort {
  /** The message that would be posted now, posting nothing. */
  compose(where: { id?: number; channel: string }): Promise<DigestPreview>;
  /** Posts now (default: the channel's digest; of several it asks which), not standing for a scheduled one. */
  send(where: { id?: number; channel: string }, by: Actor): Promise<DigestSummary>;
  /** Lists posts and missed posts, newest first, one line each. */
  history(where: { id?: number; channel: string }): Promise<readonly string[]>;
}

export interface AlertSummary {
  /**
   * A raised alert that holds now, one that is over, a mute, a bound that somebody set, or a kind that can be switched on
   * and off.
   */
  sort: 'raised' | 'past' | 'mute' | 'rule' | 'kind';
  id: string;
  /** `Daily credits of crm reached 90%`. */
  title: string;
  /** One line of where it stands. */
  detail: string;
  enabled: boolean;
  /** Of a raised one, as it is now. */
  sign?: AlertSign;
  acknowledgedBy?: string;
  mutedUntilMs?: number;
  mutedBy?: string;
  /** Of a past one, epoch ms; `overSinceMs` absent: it is not known since when. */
  toldMs?: number;
  overSinceMs?: number;
}

export interface AlertRouting {
  /** Undefined: the admins by direct message. */
  channel: string | undefined;
  /** A user or user group, mentioned at 90 and 100%; undefined: nobody. */
  mention: string | undefined;
  kinds: readonly { kind: string; title: string; on: boolean }[];
}

/** Absent fields stay as they are; null: the admins by direct message, or nobody. `kinds`: turned on or off, as people call them. */
export interface RoutingChange {
  channel?: string | null;
  mention?: string | null;
  kinds?: Readonly<Record<string, boolean>>;
}

/**
 * Alerts of this deployment. `what` is an alert's id, or the name of a scope, pool, source, client or kind of alert as typed;
 * absent: all. Rejects like DigestPort.
 */
export interface AlertPort {
  list(): Promise<AlertSummary[]>;
  /** The scope that an alert is about, and the end of its pool's period; absent where it has none. */
  find(id: string): Promise<{ scope?: string; periodEndMs?: number } | undefined>;
  /** Returns the titles of those that nobody had acknowledged before. */
  acknowledge(target: { what?: string | undefined }, by: Actor): Promise<readonly string[]>;
  /** Admins only. `untilMs` absent: until unmuted. Answers what is muted, in words for people; so does `unmute`. */
  mute(target: { what?: string | undefined; untilMs?: number | undefined }, by: Actor): Promise<string>;
  unmute(target: { what?: string | undefined }, by: Actor): Promise<string>;
}

/** Bounds that people set on what a question counts. Rejects like DigestPort. */
export interface AlertRulePort {
  /** Warns when what a question counts exceeds `over` requests in an hour or a day. */
  add(rule: { name: string; question: Question; over: number; per: 'hour' | 'day' }, by: Actor): Promise<void>;
  remove(name: string, by: Actor): Promise<void>;
}

/** Routing of alerts: the place they go to, the mention, the kinds that are on. Changes are for admins. Rejects like DigestPort. */
export interface AlertRoutingPort {
  get(): Promise<AlertRouting>;
  /** Writes what differs; false where nothing does. */
  change(change: RoutingChange, by: Actor): Promise<boolean>;
  /** Sends a test message by the way that real alerts go. */
  test(by: Actor): Promise<void>;
}

/** Entries that correct what was counted: nothing is deleted. Admins only. */
export interface CorrectionPort {
  /**
   * `amount` is plus or minus thousandths; `on`: a day as typed (`2026-11-05`, `yesterday`), absent: today. What was entered,
   * what the scope used that day before and after, and what looks like a mistake, one line each.
   */
  correct(entry: { scope: string; amount: number; on?: string; reason: string }, by: Actor): Promise<string[]>;
}

export interface PoolSummary {
  pool: DeclaredPool | DeclaredLimit;
  /** Stands for its present content; see PoolEdit. */
  basis: string;
  /** The day from which this holds, where that is still to come. */
  planned?: number;
}

/** A declared scope with the pools and limits that have not ended, in the order of the declaration. */
export interface ScopeSummary {
  name: string;
  title: string;
  fields: ScopeFields;
  /** Of its fields. */
  basis: string;
  pools: readonly PoolSummary[];
  limits: readonly PoolSummary[];
}

/** One shown client: all ids that share its name, owner and team. */
export interface ClientSummary {
  fields: ClientFields;
  /** Stands for its present content; see ClientEdit. */
  basis: string;
}

/** Pools as admins change them in Slack. Rejects with HeadroomError (`definition`) naming line and cure. */
export interface PoolPort {
  list(): Promise<readonly ScopeSummary[]>;
  clients(): Promise<readonly ClientSummary[]>;
  /** The YAML of one scope (or all) as `pools show` prints it. */
  show(scope?: string): Promise<string>;
  /** Lists what is wrong with a change, as the reader of the YAML says it. Empty: it can be applied. */
  check(edit: DeclarationEdit): Promise<readonly FieldFault[]>;
  /** Applies a change; one line per difference, none where nothing differs. */
  apply(edit: DeclarationEdit, by: Actor): Promise<string[]>;
}

/** Checks this installation: one line per check, with a cure where it fails. */
export interface DoctorPort {
  check(): Promise<readonly { ok: boolean; line: string }[]>;
}

/** This process, for admins. */
export interface InstancePort {
  readonly version: string;
  /** End of the last minute tick, epoch ms; undefined before the first. */
  lastTickMs(): number | undefined;
}
