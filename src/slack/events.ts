import { z } from 'zod';
import { buildIntroduction } from '../messages/help.ts';
import type { Message } from '../messages/text.ts';
import { insertGreeting } from '../store/conversation-repository.ts';
import { callSlack } from './client/errors.ts';
import { postMessage, sendRepaired } from './client/post.ts';
import { performText } from './commands.ts';
import type { Asked, SlackContext } from './context.ts';
import { maybeText } from './dispatch.ts';
import { publishHome } from './home.ts';
import { type Listener, serveIfAllowed } from './listen.ts';
import { newId, tell } from './tell.ts';

const id = z.string().min(1);
const nothing = z.undefined().optional();
/** A message written by a person. */
const WRITTEN = z.object({ channel: id, ts: id, user: id, text: maybeText, thread_ts: maybeText, bot_id: nothing });
type Written = z.infer<typeof WRITTEN>;
/** Slack was seen to tell of replies that mention nobody in threads that the bot is in (pymc-labs/daimon#83). */
const MENTION = WRITTEN.refine(({ text }) => text?.includes('<@'));
const DIRECT = WRITTEN.extend({ channel_type: z.literal('im'), subtype: nothing });

/** Listeners of events: mentions, direct messages, the Home tab, invitations and lost access. */
export const EVENTS: readonly Listener[] = [
  event('app_mention', MENTION, answerWritten),
  event('message', DIRECT, answerWritten),
  event('app_home_opened', z.object({ tab: z.literal('home'), user: id }), openHome),
  event('member_joined_channel', z.object({ user: id, channel: id }), introduce),
  ...['app_uninstalled', 'tokens_revoked'].map((gone) =>
    event(gone, z.object({}), async ({ log }) =>
      log.error({ event: gone }, 'Slack took our access away: install the app again'),
    ),
  ),
];

/** Listens to an event, and handles each event id once. Events that do not match the schema are ignored. */
function event<T>(name: string, schema: z.ZodType<T>, run: (ctx: SlackContext, event: T) => Promise<void>): Listener {
  return (app, ctx) =>
    app.event(name, async ({ event: given, body }) => {
      const read = schema.safeParse(given);
      if (read.success && (await ctx.seen.insert(`event:${body.event_id ?? newId()}`))) await run(ctx, read.data);
    });
}

/** Answers a mention in its thread and a direct message in place. Without a question the bot introduces itself. */
async function answerWritten(ctx: SlackContext, event: Written): Promise<void> {
  if (event.user === ctx.bot.userId) return;
  const asked: Asked = {
    user: event.user,
    channel: event.channel,
    threadTs: event.thread_ts ?? (event.channel.startsWith('D') ? undefined : event.ts),
    inThread: event.thread_ts !== undefined,
    atMs: ctx.now(),
  };
  // Remove the mention with its punctuation: `@Headroom: top clients`, `hey @Headroom, who …`.
  const text = (event.text ?? '').replaceAll(new RegExp(`<@${ctx.bot.userId}(\\|[^>]*)?>[\\s,:;!]*`, 'g'), ' ').trim();
  await serveIfAllowed({ ctx, asked: { ...asked, what: text } }, (served) =>
    text === '' ? tell(served, buildIntroduction(ctx.command, ctx.bot.name)) : performText(served, text),
  );
}

async function openHome(ctx: SlackContext, { user }: { user: string }): Promise<void> {
  try {
    await publishHome(ctx, await ctx.people.find(user));
  } catch (error) {
    ctx.log.warn({ error: String(error), user }, 'Home tab could not be published');
  }
}

/** Introduces the bot once per channel, however often it is invited. */
async function introduce(ctx: SlackContext, { user, channel }: { user: string; channel: string }): Promise<void> {
  if (user !== ctx.bot.userId || !(await insertGreeting(ctx.db, channel, ctx.now()))) return;
  const post = (message: Message) => callSlack(() => postMessage(ctx.client, { channel }, message), ctx);
  await sendRepaired(buildIntroduction(ctx.command, ctx.bot.name), post, { ...ctx, what: 'introduction' }).catch(
    (error) => ctx.log.warn({ error: String(error), channel }, 'could not be introduced'),
  );
}
