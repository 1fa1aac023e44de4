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

/** Everything that the Slack app is given. */
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
  /** Notes blocks that Slack refuses. */
  refused: RefusedBlocks;
  log: Logger;
  /** Epoch ms. */
  now(): number;
  /** Default: a timer. Tests decide by it what comes first, instead of waiting. */
  wait?(ms: number): Promise<void>;
}

/** Everything a listener works with: settings, ports, Slack’s client, caches. */
export interface SlackContext extends Omit<SlackDeps, 'wait'> {
  wait(ms: number): Promise<void>;
  /** For what a person waits for. */
  client: WebClient;
  people: People;
  /** Latest answers of Slack. */
  memory: Memory;
  bot: Bot;
  /** `/usage`. */
  command: string;
  /** True the first time that this key is seen by any instance. */
  seen: { insert(key: string): Promise<boolean> };
}

/** Someone asked for something somewhere: how to answer there, or to them alone. */
export interface Asked {
  user: string;
  channel: string;
  /** The thread that an open answer goes to; that of a mention begins with its answer. */
  threadTs?: string | undefined;
  /** They asked in that thread, so it has replies: nowhere else does Slack show a private message in a thread. */
  inThread?: boolean | undefined;
  /** The message whose button was pressed. */
  messageTs?: string | undefined;
  /** Takes five messages within half an hour; works where the bot is not a member. */
  responseUrl?: string | undefined;
  /** The command, where it was written; a press does the same where only a press can. */
  text?: string | undefined;
  /** Opens a modal, once, within seconds. */
  triggerId?: string | undefined;
  /** The press came from a message that only they see: it can be replaced through the response URL. */
  ephemeral?: boolean | undefined;
  /** The press came from a form that is open: what it leads to is stacked upon it, or takes its place. */
  modal?: { id: string; hash?: string | undefined } | undefined;
  /** What it was, for the log: the words, or the name of the button or form. */
  what?: string | undefined;
  /** Epoch ms at which the request came in. */
  atMs: number;
}

/** Somebody asking for something, whose rights are not known yet. */
export interface Asking {
  ctx: SlackContext;
  asked: Asked;
}

/** Somebody who may; `by` is what the ports hear of them. */
export interface Served extends Asking {
  person: Person;
  by: ports.Actor;
}
