import type { WebClient } from '@slack/web-api';
import { insertAudit } from '../store/audit-repository.ts';
import type { Memory } from './client/memory.ts';
import type { SlackDeps } from './deps.ts';
import type { FormPlace } from './form-metadata.ts';
import type { Bot } from './identity.ts';
import type { People } from './permissions.ts';

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
  /** Epoch ms at which the request came in. */
  atMs: number;
}

/** Returns what a form carries of the place where it is opened. */
export function toFormPlace({ channel, threadTs, inThread }: FormPlace): FormPlace {
  return { channel, ...(threadTs ? { threadTs } : {}), ...(inThread ? { inThread } : {}) };
}

/** One line of the audit for a change that is made here; what changes through a port is written down there. */
export async function note(ctx: SlackContext, asked: Asked, action: string, detail: string): Promise<void> {
  await insertAudit(ctx.db, { atMs: ctx.now(), actor: asked.user, action, detail });
}
