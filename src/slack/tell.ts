import { randomBytes } from 'node:crypto';
import { HeadroomError, type Suggestion } from '../errors.ts';
import { buildNotice } from '../messages/answer-message.ts';
import { fitMessage, type Message } from '../messages/text.ts';
import { callSlack, closingOf, isRefusedContent } from './client/errors.ts';
import { postMessage, sendRepaired } from './client/post.ts';
import { respond } from './client/web-client.ts';
import type { Asking, SlackConfig, SlackContext } from './context.ts';

/**
 * Sends a message to one person, by the first of these ways that works: in the thread where they asked, through the response
 * URL, privately in the channel, by direct message. `replace`: in place of the private message whose button they pressed.
 * A block that Slack refuses is replaced by its text.
 */
export async function tell(asking: Asking, message: Message, { replace = false } = {}): Promise<void> {
  const send = (one: Message) => tellOnce(asking, one, replace);
  await sendRepaired(fitMessage(message), send, { ...asking.ctx, what: 'private message' });
}

/** Sends lines to one person, with commands as buttons below. */
export function say(asking: Asking, lines: readonly string[], buttons?: readonly Suggestion[]): Promise<void> {
  return tell(asking, buildNotice(lines, buttons));
}

async function tellOnce({ ctx, asked }: Asking, { text, blocks }: Message, replace: boolean): Promise<void> {
  const { user, channel, responseUrl, inThread, threadTs } = asked;
  // Slack checks blocks; web-api's types do not know the newer ones.
  const content = { text, ...(blocks.length > 0 ? { blocks: blocks as never[] } : {}) };
  const here = channel !== '' && !channel.startsWith('D');
  const postEphemeral = (thread: { thread_ts?: string }) =>
    ctx.client.chat.postEphemeral({ channel, user, ...thread, ...content });
  const direct = channel.startsWith('D') ? channel : user;
  const postDirect = (place: { threadTs?: string }) =>
    postMessage(ctx.client, { channel: direct, ...place }, { text, blocks });
  const ways: (() => Promise<unknown>)[] = [];
  // A private message through a response URL may not appear in the thread: Slack does not promise it.
  if (here && !replace && inThread && threadTs) ways.push(() => postEphemeral({ thread_ts: threadTs }));
  if (responseUrl) {
    const where = { response_type: 'ephemeral', replace_original: replace };
    ways.push(() => respond(responseUrl, { ...content, ...where }));
  }
  if (here) ways.push(() => postEphemeral({}));
  if (direct === channel && threadTs) ways.push(() => postDirect({ threadTs }));
  ways.push(() => postDirect({}));
  for (const attempt of ways) {
    try {
      await attempt();
      return;
    } catch (error) {
      // Refused content is refused by every way. An expired response URL, or a channel without the bot, leaves the next way.
      if (isRefusedContent(error) || attempt === ways.at(-1)) throw error;
    }
  }
}

/** Returns a random id of ten characters, for answers (in block ids) and failures (in messages and the log). */
export function newId(): string {
  return randomBytes(8).readBigUInt64BE().toString(36).slice(0, 10).padStart(10, '0');
}

/**
 * A conversation as a place for answers. Open: `audience` says who sees an answer there. Closed: `reason` is told to a person
 * who asks there, `cure` to one who wants a digest or alert posted there.
 */
export type Place = { open: true; direct: boolean; audience: string } | { open: false; reason: string; cure: string };

/** Cache an open conversation for five seconds: `conversations.info` takes 50 calls a minute, and busy channels ask more. */
const OPEN_MS = 5000;

type Closed = Extract<Place, { open: false }>;

/** Reason and cure of each way in which a conversation can be closed. */
const CLOSED = {
  'not a member': (bot: string) => [
    `Headroom is not a member of this conversation, so the answer is for you alone. To have answers here: /invite @${bot}`,
    `invite me first with /invite @${bot} in that channel.`,
  ],
  archived: () => [
    'This channel is archived, so the answer is for you alone.',
    'that channel is archived; choose another.',
  ],
  shared: () => [
    'This channel is shared outside your organisation, so the answer is for you alone.',
    'that channel is shared outside your organisation; choose another.',
  ],
  restricted: () => [
    'Apps may not post in this channel, so the answer is for you alone.',
    'apps may not post in that channel.',
  ],
};

function close(why: keyof typeof CLOSED, bot: string): Closed {
  const [reason, cure] = CLOSED[why](bot) as [string, string];
  return { open: false, reason, cure };
}

/** Returns the closed place that a post's error stands for; undefined if the error is about something else. */
export function closedBy(error: unknown, botName: string): Closed | undefined {
  const why = closingOf(error);
  return why && close(why, botName);
}

/** Looks up a conversation. A closed one is not cached, so an invitation takes effect at once. */
export function findPlace(ctx: SlackContext, channel: string): Promise<Place> {
  return ctx.memory.ask(
    `place:${channel}`,
    OPEN_MS,
    () => lookUp(ctx, channel),
    ({ open }) => open,
  );
}

async function lookUp({ client, bot, wait }: SlackContext, channel: string): Promise<Place> {
  const botName = bot.name;
  try {
    const ask = () => client.conversations.info({ channel, include_num_members: true });
    const { channel: info } = await callSlack(ask, { wait, repeatable: true });
    if (!info) return close('not a member', botName);
    if (info.is_im) return { open: true, direct: true, audience: 'you alone' };
    if (info.is_archived) return close('archived', botName);
    if (info.is_ext_shared || info.is_pending_ext_shared || info.is_org_shared) {
      return close('shared', botName);
    }
    if (!info.is_member && !info.is_mpim) return close('not a member', botName);
    const members = info.num_members ? `the ${info.num_members} members` : 'everyone';
    const audience = info.is_mpim ? 'everyone in this conversation' : `${members} of #${info.name}`;
    return { open: true, direct: false, audience };
  } catch (error) {
    const place = closedBy(error, botName);
    if (place) return place;
    throw error;
  }
}

/** Tells whether answers are private to the asker until they are shared by a press. */
export function isPrivateByDefault(config: Pick<SlackConfig, 'answers' | 'viewers'>): boolean {
  return config.answers === 'private' || config.viewers.length > 0;
}

/** Makes sure that the bot can post digests and alerts to a channel, joining a public one. Rejects with the cure. */
export async function prepareChannel(ctx: SlackContext, channel: string): Promise<void> {
  if (channel === '') throw new HeadroomError('schedule', 'Choose a channel.');
  const place = await findPlace(ctx, channel);
  if (place.open) return;
  await ctx.client.conversations.join({ channel }).catch(() => {});
  const again = await findPlace(ctx, channel);
  if (again.open) return;
  throw new HeadroomError('schedule', `I cannot post there: ${again.cure}`);
}
