import type { WebClient } from '@slack/web-api';
import type { NameSource } from '../domain/names.ts';
import type { Report, Reporter } from '../domain/report.ts';
import type { UsageReader } from '../domain/usage.ts';
import type { Logger } from '../log.ts';
import type { Db } from '../store/database.ts';
import type { Memory } from './client/memory.ts';
import type { RefusedBlocks } from './client/post.ts';
import type { Bot } from './identity.ts';
import type { People, Person } from './permissions.ts';
import type * as ports from './ports.ts';

/** Settings that the Slack app needs. */
export interface SlackConfig {
  botToken: string;
  /** HTTP mode, unless `appToken` is given. */
  signingSecret?: string;
  /** Socket Mode. */
  appToken?: string;
  /** Default Slack's. */
  apiUrl?: string;
  /** User and user-group ids. Empty: workspace admins. */
  admins: readonly string[];
  /** User and user-group ids. Empty: every full member. */
  viewers: readonly string[];
  /** `private`: every answer goes to the asker alone. */
  answers: 'channel' | 'private';
  /** Report time zone. */
  zone: string;
  /** Address that events can be sent to, for the example on an empty database. */
  publicUrl: string;
  /** Name of the slash command, `/usage`. */
  command?: string;
}

/** Settings and ports that the Slack app is constructed with. */
export interface SlackDeps {
  config: SlackConfig;
  reporter: Reporter & NameSource;
  charts: ports.Charts;
  toCsv(report: Report): string;
  usage: Pick<UsageReader, 'values'>;
  db: Db;
  digests: ports.DigestPort;
  digestPosts: ports.DigestPostPort;
  alerts: ports.AlertPort;
  alertRules: ports.AlertRulePort;
  alertRouting: ports.AlertRoutingPort;
  pools: ports.PoolPort;
  corrections: ports.CorrectionPort;
  doctor: ports.DoctorPort;
  instance: ports.InstancePort;
  /** Counts blocks that Slack refuses. */
  refused: RefusedBlocks;
  log: Logger;
  /** Epoch ms. */
  now(): number;
  /** Default: a timer. Tests replace it to decide which of two things comes first. */
  wait?(ms: number): Promise<void>;
}

/** Everything a listener works with: settings, ports, Slack’s client, caches. */
export interface SlackContext extends Omit<SlackDeps, 'wait'> {
  wait(ms: number): Promise<void>;
  /** Web API client for calls that a person waits for. */
  client: WebClient;
  people: People;
  /** Cache of Slack's answers. */
  memory: Memory;
  bot: Bot;
  /** The slash command with its slash: `/usage`. */
  command: string;
  /** `insert` returns true the first time that any instance inserts this key. */
  seen: { insert(key: string): Promise<boolean> };
}

/** A person's request: who asked, where, and the ways to answer there or to them alone. */
export interface Asked {
  user: string;
  channel: string;
  /** Thread of an answer that others see. The answer to a mention starts a thread. */
  threadTs?: string | undefined;
  /** True if they asked inside that thread, so that it has replies: Slack shows private messages only in such threads. */
  inThread?: boolean | undefined;
  /** Message of the pressed button. */
  messageTs?: string | undefined;
  /** Takes five messages within 30 minutes, also where the bot is not a member. */
  responseUrl?: string | undefined;
  /** The written command. It is offered as a button if only a press can do it. */
  text?: string | undefined;
  /** Opens one modal, within 3 s. */
  triggerId?: string | undefined;
  /** True if the pressed message is private: it can be replaced through the response URL. */
  ephemeral?: boolean | undefined;
  /** The open modal of the press: the next one is stacked on top of it, or replaces its content. */
  modal?: { id: string; hash?: string | undefined } | undefined;
  /** For the log: the typed words, or the name of the button or form. */
  what?: string | undefined;
  /** Time of the request, epoch ms. */
  atMs: number;
}

/** A request of a person whose rights are not known yet. */
export interface Asking {
  ctx: SlackContext;
  asked: Asked;
}

/** A request of a person whose rights are checked. `by`: the person as the ports know them. */
export interface Served extends Asking {
  person: Person;
  by: ports.Actor;
}
