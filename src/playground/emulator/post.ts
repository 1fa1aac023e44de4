import { acceptBlocks, listShownFiles } from './blocks.ts';
import { ApiError, type Core, refusal } from './core.ts';
import { isObject, walk } from './elements.ts';
import { asJson } from './http.ts';
import { BOT_USER_ID, type WorkspaceState } from './state.ts';
import type { Block, BlockPlace, Channel, Ephemeral, JsonObject, Message } from './types.ts';

const MAX_TEXT = 4000;

export interface Content {
  text: string;
  blocks?: Message['blocks'];
  metadata?: Message['metadata'];
}

/**
 * Checks and returns text, blocks and metadata of a message. Throws `no_text` if there is neither text nor a block. Blocks
 * without `text` are a problem here, and a warning in Slack: notifications and screen readers would have nothing to show.
 */
export function acceptContent(core: Core, args: JsonObject, place: BlockPlace): Content {
  const blocks = acceptBlocks(core, args.blocks, place);
  const text = typeof args.text === 'string' ? args.text : '';
  if (text === '' && !(blocks && blocks.length > 0))
    throw refusal(core, ['missing_text', place.where, 'neither text nor blocks'], 'no_text');
  if (text === '') core.state.problem('missing_text', place.where, 'blocks without text');
  refuseLongText(core, text, place.where);
  return { text, ...(blocks ? { blocks } : {}), ...acceptMetadata(core, args.metadata, place.where) };
}

/**
 * Throws `msg_too_long` for more than 4,000 characters, as chat.update and chat.postEphemeral do
 * (docs.slack.dev/reference/methods). For chat.postMessage there are reports of that error (seratch/ChatGPT-in-Slack#102) and
 * of a text split into several messages (slackapi/java-slack-sdk#704).
 */
export function refuseLongText(core: Core, text: string, where: string): void {
  if (text.length <= MAX_TEXT) return;
  throw refusal(core, ['oversize', where, `text of ${text.length} characters, ${MAX_TEXT} fit`], 'msg_too_long');
}

/** Checks metadata: a type of letters, digits and `_`, and a payload (docs.slack.dev/messaging/message-metadata). */
export function acceptMetadata(core: Core, value: unknown, where: string): Pick<Content, 'metadata'> {
  const metadata = asJson(value);
  if (metadata === undefined || metadata === null || metadata === '') return {};
  if (
    !isObject(metadata) ||
    typeof metadata.event_type !== 'string' ||
    !/^\w+$/.test(metadata.event_type) ||
    !isObject(metadata.event_payload)
  ) {
    const detail = 'metadata needs event_type and an event_payload object';
    throw refusal(core, ['invalid_arguments', where, detail], 'invalid_metadata_format');
  }
  return { metadata: { event_type: metadata.event_type, event_payload: metadata.event_payload } };
}

/**
 * Posts a private message. In a thread without replies nobody sees it, though Slack answers `ok`:
 * docs.slack.dev/reference/methods/chat.postEphemeral, argument `thread_ts`.
 */
export function addPrivately(
  core: Core,
  where: string,
  fields: Parameters<WorkspaceState['addEphemeral']>[0],
): Ephemeral {
  const { channel, thread_ts: thread } = fields;
  const alive = core.state.channelMessages(channel).some((one) => one.thread_ts === thread && one.ts !== thread);
  const seen = !thread || alive;
  if (!seen) core.state.problem('ephemeral', where, `the thread ${thread} has no replies: ${fields.to} sees nothing`);
  return core.state.addEphemeral(fields, seen);
}

/**
 * Notes a problem for each block that keeps its `block_id` in an updated message, because its menus would keep their chosen
 * entry: docs.slack.dev/reference/block-kit/blocks, `block_id`.
 */
export function checkNewIds({ state }: Core, where: string, before: Block[] = [], after: Block[] = []): void {
  const ids = new Set(before.map(({ block_id: id }) => id));
  for (const { type, block_id: id } of after)
    if (id !== undefined && ids.has(id)) state.problem('invalid_blocks', where, `${type} keeps its block_id ${id}`);
}

/** Shares the files that a message shows with its conversation. */
export function shareShownFiles(core: Core, message: Message): void {
  for (const id of listShownFiles(message.blocks)) {
    const file = core.files.find(id);
    if (file && !file.shares.some((share) => share.channel === message.channel)) {
      file.shares.push({ channel: message.channel, ts: message.ts });
      core.state.changed();
    }
  }
}

/** Tells whether a message is shown in the channel, not only in a thread. */
export function isInChannel({ ts, thread_ts: thread, subtype }: Message): boolean {
  return !thread || thread === ts || subtype === 'thread_broadcast';
}

/** Returns a message as the API and events show it. */
export function toMessageObject(core: Core, message: Message | Ephemeral, withMetadata = false): JsonObject {
  const { channel, metadata, ...rest } = message;
  const { to: _to, ...shown } = rest as Omit<Ephemeral, 'channel' | 'metadata'>;
  const replies = core.state
    .channelMessages(channel)
    .filter((one) => one.thread_ts === message.ts && one.ts !== message.ts);
  return {
    ...shown,
    ...(metadata && withMetadata ? { metadata } : {}),
    ...(replies.length > 0
      ? {
          thread_ts: message.ts,
          reply_count: replies.length,
        }
      : {}),
  };
}

/** Finds a channel that the bot may see: any public one, and those it is a member of. Throws `channel_not_found`. */
export function getVisibleChannel(core: Core, id: string): Channel {
  const channel = core.state.channels.get(id);
  if (!channel || (channel.kind !== 'public' && !channel.members.has(BOT_USER_ID)))
    throw new ApiError('channel_not_found');
  return channel;
}

/** Finds a conversation that the bot may post to, and throws otherwise. A user id means the direct message with that person. */
export function getPostingChannel(core: Core, id: string): Channel {
  const user = core.state.users.get(id);
  if (user?.is_bot) throw new ApiError('cannot_dm_bot');
  if (user?.deleted) throw new ApiError('channel_not_found');
  const channel = user ? core.state.openDirect(user.id) : getVisibleChannel(core, id);
  if (channel.is_archived) throw new ApiError('is_archived');
  if (!channel.members.has(BOT_USER_ID)) throw new ApiError('not_in_channel');
  return channel;
}

/**
 * Returns a copy in which the control characters of every plain_text are entities, as Slack returns blocks to an app
 * (slackapi/bolt-python#513). Only `value` stays as it was, so an app must keep there what it needs to read again.
 */
export function escapePlainText<T>(value: T): T {
  const copy = structuredClone(value);
  for (const { node } of walk(copy, '')) {
    if (node.type === 'plain_text' && typeof node.text === 'string') node.text = escapeControls(node.text);
  }
  return copy;
}

function escapeControls(text: string): string {
  return text
    .replaceAll(/&(?!(?:amp|lt|gt);)/g, '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}

/**
 * Returns a person's text as Slack sends it to the app (a command's text: only with `should_escape`). Control characters become
 * entities, `@name` and `#name` become ids, and web addresses get angle brackets. Escaped references are kept.
 */
export function escapeText(core: Core, text: string): string {
  return text
    .split(/(<[@#!][^>]*>|<https?:[^>]*>)/)
    .map((part, index) => (index % 2 === 1 ? part : escapePart(core, part)))
    .join('');
}

/** Pattern of bare domains. Slack knows many more endings than these. */
const DOMAIN = /(?<![\w@./:<|-])((?:[a-z0-9-]+\.)+(?:com|org|net|io|dev|app|co))(?![\w@-])/gi;
const MAIL = /(?<![\w.+<|-]|mailto:)([\w.+-]+@(?:[a-z0-9-]+\.)+[a-z]{2,})(?![\w>|])/gi;

/**
 * Returns a message as Slack sends it to the app. Besides `escapeText`, bare domains and mail addresses become links, and
 * mentions have no name: docs.slack.dev/messaging/formatting-message-text.
 */
export function escapeMessage(core: Core, text: string): string {
  return escapeText(core, text)
    .replaceAll(/<([@#][A-Z0-9]+)\|[^>]*>/g, '<$1>')
    .replaceAll(MAIL, (address) => `<mailto:${address}|${address}>`)
    .replaceAll(DOMAIN, (domain) => `<http://${domain}|${domain}>`);
}

function escapePart(core: Core, text: string): string {
  return escapeControls(text)
    .replaceAll(/(?<![\w/])https?:\/\/[^\s"”]+/g, (url) => `<${url}>`)
    .replaceAll(/(?<![\w@.])@([\w.-]+)/g, (whole, name: string) => {
      const user = [...core.state.users.values()].find((one) => one.name === name);
      if (user) return `<@${user.id}|${user.name}>`;
      const group = [...core.state.userGroups.values()].find((one) => one.handle === name);
      return group ? `<!subteam^${group.id}|@${group.handle}>` : whole;
    })
    .replaceAll(/(?<![\w#&])#([\w-]+)/g, (whole, name: string) => {
      const channel = [...core.state.channels.values()].find((one) => one.name === name);
      return channel ? `<#${channel.id}|${channel.name}>` : whole;
    });
}
