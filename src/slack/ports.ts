import type { AlertSign } from '../domain/alert.ts';
import type { DeclaredLimit, DeclaredPool } from '../domain/declaration.ts';
import type { ClientFields, DeclarationEdit, FieldFault, ScopeFields } from '../domain/declared-fields.ts';
import type { Filter } from '../domain/filter.ts';
import type { Picture } from '../domain/picture.ts';
import type { Question, Report } from '../domain/report.ts';
import type { Block } from '../messages/text.ts';

/**
 * Interfaces through which the Slack app uses the rest of Headroom. Implemented outside `slack/`, so that listeners do not
 * depend on how digests are scheduled or alerts are stored. Instants are epoch ms; people and channels are Slack ids.
 */

/** Draws a report; undefined if it has no chart. May reject: the answer then has a text and a table. */
export interface Charts {
  render(report: Report, options: { view?: 'graph' | 'table' | 'doughnut' | undefined }): Promise<Picture | undefined>;
}

/** The person who performs an action. */
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
  /** Limits in words, such as `only calls with scope crm`; empty: all calls. */
  limits: readonly string[];
  paused: boolean;
  /** End of the pause; absent: until resumed. */
  pausedUntilMs?: number;
  /** Reason why Headroom paused it, with the cure; absent if a person did. */
  pausedReason?: string;
  nextRuns: readonly number[];
}

/** A digest as it would be posted now. */
export interface DigestPreview {
  text: string;
  blocks: readonly Block[];
  /** Report of its chart. `chartAt`: index of the block before which the chart is placed. */
  drawn: Report | undefined;
  chartAt: number;
  /** Titles of the posts in its thread. */
  follows: readonly string[];
}

/** Absent fields stay unchanged; a new digest then has all sections and all calls. `filters` and `scope` limit the calls. */
export interface DigestChange {
  channel?: string;
  schedule?: string;
  sections?: readonly string[];
  filters?: readonly Filter[];
  scope?: string;
}

/**
 * Digests of this deployment. Every function rejects with HeadroomError (`schedule`) if the input cannot be read or the person
 * has no right; the message names the cure.
 */
export interface DigestPort {
  /** Lists the digests of a channel, or all. */
  list(channel?: string): Promise<DigestSummary[]>;
  add(digest: DigestChange & { channel: string; schedule: string }, by: Actor): Promise<DigestSummary>;
  /** `owner`: the person who takes it over. Admins may always, others once the owner has left. */
  change(id: number, change: DigestChange & { owner?: string }, by: Actor): Promise<DigestSummary>;
  /** Pauses until resumed (true) or until an instant; false: resumes. */
  pause(id: number, paused: boolean | number, by: Actor): Promise<DigestSummary>;
  remove(id: number, by: Actor): Promise<DigestSummary>;
}

/** Posts of digests. Rejects like DigestPort. */
export interface DigestPostPort {
  /** Returns the message that would be posted now, without posting it. */
  compose(where: { id?: number; channel: string }): Promise<DigestPreview>;
  /** Posts a digest now, in addition to scheduled ones. Default: the channel's digest; rejects if it has several. */
  send(where: { id?: number; channel: string }, by: Actor): Promise<DigestSummary>;
  /** Lists posts and missed posts, newest first, one line each. */
  history(where: { id?: number; channel: string }): Promise<readonly string[]>;
}

export interface AlertSummary {
  /**
   * An alert that is raised now, a past one, a mute, a rule added by a person, or a kind of alert that can be switched on
   * and off.
   */
  sort: 'raised' | 'past' | 'mute' | 'rule' | 'kind';
  id: string;
  /** `Daily credits of crm reached 90%`. */
  title: string;
  /** One line with its present state. */
  detail: string;
  enabled: boolean;
  /** Present sign of a raised alert. */
  sign?: AlertSign;
  acknowledgedBy?: string;
  mutedUntilMs?: number;
  mutedBy?: string;
  /** Of a past alert, epoch ms. `overSinceMs` absent: the time of its end is not known. */
  toldMs?: number;
  overSinceMs?: number;
}

export interface AlertRouting {
  /** Undefined: the admins by direct message. */
  channel: string | undefined;
  /** User or user group mentioned at 90 and 100%; undefined: nobody. */
  mention: string | undefined;
  kinds: readonly { kind: string; title: string; on: boolean }[];
}

/** Absent fields stay unchanged. `channel` null: the admins by direct message; `mention` null: nobody. `kinds`: on or off, by name. */
export interface RoutingChange {
  channel?: string | null;
  mention?: string | null;
  kinds?: Readonly<Record<string, boolean>>;
}

/**
 * Alerts of this deployment. `what`: an alert's id, or the typed name of a scope, pool, source, client or kind of alert; absent:
 * all. Rejects like DigestPort.
 */
export interface AlertPort {
  list(): Promise<AlertSummary[]>;
  /** Lists alerts that were sent in a range, or in the last 30 days, newest first. Rejects with QuestionError for a range that cannot be. */
  told(
    range: string | undefined,
  ): Promise<{ label: string; alerts: readonly { title: string; sign: AlertSign; atMs: number }[] }>;
  /** Returns the scope of an alert and the end of its pool's period, each if it has one. */
  find(id: string): Promise<{ scope?: string; periodEndMs?: number } | undefined>;
  /** Returns the titles of alerts that were not acknowledged before. */
  acknowledge(target: { what?: string | undefined }, by: Actor): Promise<readonly string[]>;
  /** For admins. `untilMs` absent: until unmuted. Both functions return a sentence with the muted or unmuted alerts. */
  mute(target: { what?: string | undefined; untilMs?: number | undefined }, by: Actor): Promise<string>;
  unmute(target: { what?: string | undefined }, by: Actor): Promise<string>;
}

/** Alert rules that people add on the count of a question. Rejects like DigestPort. */
export interface AlertRulePort {
  /** Adds a rule that alerts when the question counts more than `over` requests in an hour or a day. */
  add(rule: { name: string; question: Question; over: number; per: 'hour' | 'day' }, by: Actor): Promise<void>;
  remove(name: string, by: Actor): Promise<void>;
}

/** Routing of alerts: their channel, mention, and the kinds that are on. Changes are for admins. Rejects like DigestPort. */
export interface AlertRoutingPort {
  get(): Promise<AlertRouting>;
  /** Stores the changes; returns false if nothing differs. */
  change(change: RoutingChange, by: Actor): Promise<boolean>;
  /** Sends a test message to where alerts go. */
  test(by: Actor): Promise<void>;
}

/** Corrections of counted usage: entries that are added, so that nothing is deleted. For admins. */
export interface CorrectionPort {
  /**
   * Adds a correction. `amount`: thousandths of a credit, plus or minus; `on`: a typed day (`2026-11-05`, `yesterday`), absent:
   * today. Returns lines with the entry, the scope's usage of that day before and after, and warnings of likely mistakes.
   */
  correct(entry: { scope: string; amount: number; on?: string; reason: string }, by: Actor): Promise<string[]>;
}

export interface PoolSummary {
  pool: DeclaredPool | DeclaredLimit;
  /** Fingerprint of its present content, see PoolEdit. */
  basis: string;
  /** Day from which it is valid, if that is in the future. */
  planned?: number;
}

/** A declared scope with its pools and limits that have not ended, in the order of the declaration. */
export interface ScopeSummary {
  name: string;
  title: string;
  fields: ScopeFields;
  /** Fingerprint of its fields. */
  basis: string;
  pools: readonly PoolSummary[];
  limits: readonly PoolSummary[];
}

/** A client as shown: all ids that share its name, owner and team. */
export interface ClientSummary {
  fields: ClientFields;
  /** Fingerprint of its present content, see ClientEdit. */
  basis: string;
}

/** Declared pools and clients, as admins change them in Slack. Rejects with HeadroomError (`definition`) with line and cure. */
export interface PoolPort {
  list(): Promise<readonly ScopeSummary[]>;
  clients(): Promise<readonly ClientSummary[]>;
  /** Returns the YAML of one scope, or of all, as `pools show` prints it. */
  show(scope?: string): Promise<string>;
  /** Lists the faults of a change, as reading the YAML would. Empty: it can be applied. */
  check(edit: DeclarationEdit): Promise<readonly FieldFault[]>;
  /** Applies a change. Returns one line per difference. */
  apply(edit: DeclarationEdit, by: Actor): Promise<string[]>;
}

/** Checks this installation: one line per check, with a cure if it fails. */
export interface DoctorPort {
  check(): Promise<readonly { ok: boolean; line: string }[]>;
}

/** State of this process, for admins. */
export interface InstancePort {
  readonly version: string;
  /** End of the last minute tick, epoch ms; undefined before the first. */
  lastTickMs(): number | undefined;
}
