import { randomBytes } from 'node:crypto';
import type { WebClient } from '@slack/web-api';
import { HeadroomError, QuestionError } from '../errors.ts';
import { buildNotice } from '../messages/answer-message.ts';
import { fitMessage } from '../messages/fit.ts';
import type { FormPlace } from '../messages/form.ts';
import type { Message } from '../messages/text.ts';
import { insertAudit } from '../store/audit-repository.ts';
import { describeRefusal, isRefusedContent } from './client/errors.ts';
import type { Memory } from './client/memory.ts';
import { sendRepaired } from './client/send-repaired.ts';
import { respond } from './client/web-client.ts';
import type { SlackDeps } from './deps.ts';
import type { Bot } from './identity.ts';
import type { People, Person } from './permissions.ts';

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
  modal?: { id: string; hash: string } | undefined;
  /** Epoch ms at which the request came in. */
  atMs: number;
}

/** Returns what a form carries of the place where it is opened. */
export function toFormPlace({ channel, threadTs, inThread }: Asked): FormPlace {
  return { channel, ...(threadTs ? { threadTs } : {}), ...(inThread ? { inThread } : {}) };
}

/**
 * Tells one person something, by the first of these ways that works: in the thread where they asked, through the response
 * URL, privately in the channel, by direct message. `replace`: in the place of the private message that they pressed.
 * A block that Slack refuses gives way to its text.
 */
export async function tellPrivately(
  ctx: SlackContext,
  asked: Asked,
  message: Message,
  { replace = false }: { replace?: boolean } = {},
): Promise<void> {
  const fitting = fitMessage(message);
  await sendRepaired(fitting, (one) => tellOnce(ctx, asked, one, replace), { ...ctx, what: 'private message' });
}

async function tellOnce(
  ctx: SlackContext,
  { user, channel, responseUrl, inThread, threadTs }: Asked,
  { text, blocks }: Message,
  replace: boolean,
): Promise<void> {
  const content = { text, ...(blocks.length > 0 ? { blocks } : {}) };
  const here = channel !== '' && !channel.startsWith('D');
  const postEphemeral = (thread: { thread_ts?: string }) =>
    ctx.client.chat.postEphemeral({ channel, user, ...thread, ...asBlocks(content) });
  const ways: (() => Promise<unknown>)[] = [];
  // Slack does not promise to keep a thread's private message in it when that comes through a response URL.
  if (here && !replace && inThread && threadTs) {
    const thread = { thread_ts: threadTs };
    ways.push(() => postEphemeral(thread));
  }
  if (responseUrl) {
    const where = { response_type: 'ephemeral', replace_original: replace };
    ways.push(() => respond(responseUrl, { ...content, ...where }));
  }
  if (here) ways.push(() => postEphemeral({}));
  for (const tell of ways) {
    try {
      await tell();
      return;
    } catch (error) {
      // Content that is refused no other way takes either; an expired address, or a channel without the bot, leaves the next.
      if (isRefusedContent(error)) throw error;
    }
  }
  const direct = channel.startsWith('D') ? channel : user;
  const thread = direct === channel && threadTs ? { thread_ts: threadTs } : {};
  await ctx.client.chat.postMessage({ channel: direct, ...thread, ...asBlocks(content), unfurl_links: false });
}

/** Blocks are checked by Slack; web-api's types do not know the newer ones. */
export function asBlocks<T extends { text: string; blocks?: unknown }>(content: T): T & { blocks?: never[] } {
  return content as T & { blocks?: never[] };
}

/** Ten characters: of answers in block ids, of failures in messages and in the log. */
export function newId(): string {
  return randomBytes(8).readBigUInt64BE().toString(36).slice(0, 10).padStart(10, '0');
}

/** One line of the audit for a change that is made here; what changes through a port is written down there. */
export async function note(ctx: SlackContext, asked: Asked, action: string, detail: string): Promise<void> {
  await insertAudit(ctx.db, { atMs: ctx.now(), actor: asked.user, action, detail });
}

const ADMINS_ONLY = 'Only admins may change that.';
const HELP = [{ label: 'What is wrong here?', command: 'debug' }];

/** Codes whose message is meant for the person who asked. */
const FOR_PEOPLE = new Set<HeadroomError['code']>([
  'question',
  'range',
  'schedule',
  'definition',
  'slack',
  'unauthorised',
]);

/**
 * Does what a person asked for, if they may: checked anew for every command and press, for the one who makes it. What goes
 * wrong is told to that person alone; what they cannot help gets a short id that the log has too. Never rejects.
 */
export async function serveIfAllowed(
  ctx: SlackContext,
  asked: Asked,
  task: (person: Person) => Promise<void>,
  needs: 'view' | 'admin' = 'view',
): Promise<void> {
  try {
    const person = await ctx.people.find(asked.user);
    const refusal = refuse(ctx, person, needs);
    if (refusal) await tellPrivately(ctx, asked, buildNotice([refusal])).catch((error) => logUntold(ctx, asked, error));
    else await task(person);
  } catch (error) {
    await tellFailure(ctx, asked, error);
  }
}

/** Returns why a person may not do something; undefined where they may. */
export function refuse(ctx: SlackContext, person: Person, needs: 'view' | 'admin' = 'view'): string | undefined {
  if (!person.fullMember) {
    return 'API usage is for full members of this workspace, not for guests or people of other organisations.';
  }
  if (!person.mayView) {
    return `Only the people listed in VIEWERS may see API usage here. An admin of ${ctx.bot.name} can add you.`;
  }
  return needs === 'admin' && !person.admin ? ADMINS_ONLY : undefined;
}

/** Tells a person what went wrong; never rejects. */
export async function tellFailure(ctx: SlackContext, asked: Asked, error: unknown): Promise<void> {
  try {
    const { text, buttons } = describeFailure(ctx, asked, error);
    await tellPrivately(ctx, asked, buildNotice([text], buttons));
  } catch (unreachable) {
    logUntold(ctx, asked, unreachable);
  }
}

/** The person has left, is a bot, or the place is gone. */
function logUntold(ctx: SlackContext, { user, channel }: Asked, error: unknown): void {
  ctx.log.warn({ user, channel, error: String(error) }, 'somebody could not be told');
}

/** Returns what to tell a person about a failure, with commands that help; logs what the person cannot help. */
export function describeFailure(
  ctx: SlackContext,
  asked: Asked,
  error: unknown,
): { text: string; buttons: readonly { label: string; command: string }[] } {
  if (error instanceof QuestionError) return { text: error.message, buttons: error.suggestions };
  if (error instanceof HeadroomError && FOR_PEOPLE.has(error.code)) return { text: error.message, buttons: [] };
  const refusal = describeRefusal(error);
  if (refusal) {
    ctx.log.warn({ user: asked.user, error: String(error) }, 'Slack refused what somebody asked for');
    return { text: refusal, buttons: HELP };
  }
  const id = newId();
  ctx.log.error({ id, user: asked.user, error: String(error), stack: (error as Error)?.stack }, 'request failed');
  return {
    text: `That did not work: something went wrong on this side. Please try again; if it stays, tell an admin the id ${id}.`,
    buttons: HELP,
  };
}

/** Refuses with a message to the person; for what only admins may do. */
export function requireAdmin(person: Person, what = 'change that'): void {
  if (!person.admin) throw new HeadroomError('unauthorised', `Only admins may ${what}.`);
}
