import { randomBytes } from 'node:crypto';
import type { WebClient } from '@slack/web-api';
import { fitMessage } from '../messages/fit.ts';
import type { Message } from '../messages/text.ts';
import type { SlackDeps } from './deps.ts';
import type { People } from './permissions.ts';

/** What listeners work with. */
export interface SlackContext extends Omit<SlackDeps, 'wait'> {
  wait(ms: number): Promise<void>;
  /** For what a person waits for. */
  client: WebClient;
  people: People;
  bot: { userId: string; name: string; teamId: string };
  /** `/usage`. */
  command: string;
  /** True the first time that this key is seen by any instance. */
  seen: { insert(key: string): Promise<boolean> };
}

/** Someone asked for something somewhere: how to answer there, or to them alone. */
export interface Asked {
  user: string;
  channel: string;
  threadTs?: string | undefined;
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

const RESPONSE_TIMEOUT_MS = 5000;

/** Refused by a response URL; `error` is Slack's code. */
class ResponseUrlError extends Error {
  override readonly name = 'ResponseUrlError';
  readonly error: string;

  constructor(error: string) {
    super(`response_url: ${error}`);
    this.error = error;
  }
}

/** Posts to a response URL. Rejects with ResponseUrlError where Slack refuses it. */
export async function respond(url: string, body: Record<string, unknown>): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(RESPONSE_TIMEOUT_MS),
  });
  const text = await response.text();
  if (response.ok && !/"ok":\s*false/.test(text)) return;
  throw new ResponseUrlError(/"error":\s*"(\w+)"/.exec(text)?.[1] ?? `http_${response.status}`);
}

/** What is said to one person goes this way: through the response URL, else privately in the channel, else by DM. */
export async function tellPrivately(
  ctx: SlackContext,
  asked: Asked,
  message: Message,
  { replace = false }: { replace?: boolean } = {},
): Promise<void> {
  const thread = asked.threadTs ? { thread_ts: asked.threadTs } : {};
  const { text, blocks } = fitMessage(message);
  const content = { text, ...(blocks.length > 0 ? { blocks } : {}) };
  if (asked.responseUrl) {
    try {
      const where = { response_type: 'ephemeral', replace_original: replace, ...(replace ? {} : thread) };
      return await respond(asked.responseUrl, { ...content, ...where });
    } catch (error) {
      // Refused content is the caller's business; an expired address is not.
      if (isRefusedContent(error)) throw error;
    }
  }
  if (asked.channel && !asked.channel.startsWith('D')) {
    try {
      await ctx.client.chat.postEphemeral({
        channel: asked.channel,
        user: asked.user,
        ...thread,
        ...asBlocks(content),
      });
      return;
    } catch (error) {
      if (isRefusedContent(error)) throw error;
    }
  }
  const channel = asked.channel.startsWith('D') ? asked.channel : asked.user;
  const direct = channel === asked.channel ? thread : {};
  await ctx.client.chat.postMessage({ channel, ...direct, ...asBlocks(content), unfurl_links: false });
}

/** Blocks are checked by Slack; web-api's types do not know the newer ones. */
export function asBlocks<T extends { text: string; blocks?: unknown }>(content: T): T & { blocks?: never[] } {
  return content as T & { blocks?: never[] };
}

const CONTENT_ERRORS = /invalid_blocks|msg_blocks_too_long|only_one_table_allowed|invalid_attachments|msg_too_long/;

/** Slack did not want the content (as against the place, the time, or us). */
export function isRefusedContent(error: unknown): boolean {
  const { data, error: code } = error as { data?: { error?: string }; error?: string };
  return CONTENT_ERRORS.test(data?.error ?? code ?? '');
}

/** Ten characters: of answers in block ids, of failures in messages and in the log. */
export function newId(): string {
  return randomBytes(8).readBigUInt64BE().toString(36).slice(0, 10).padStart(10, '0');
}
