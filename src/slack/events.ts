import type { App } from '@slack/bolt';
import { z } from 'zod';
import { buildIntroduction } from '../messages/help.ts';
import type { Message } from '../messages/text.ts';
import { insertGreeting } from '../store/conversation-repository.ts';
import { maybe } from './asked.ts';
import { callSlack } from './client/errors.ts';
import { sendRepaired } from './client/send-repaired.ts';
import { type Asked, asBlocks, type SlackContext, serveIfAllowed, tellPrivately } from './context.ts';
import { publishHome } from './home.ts';
import { performText } from './perform.ts';

const part = maybe(z.string());
/** A message as somebody wrote it. */
const WRITTEN = z.object({
  ...{ channel: z.string(), ts: z.string() },
  ...{ user: part, text: part, thread_ts: part, bot_id: part, subtype: part, channel_type: part },
});
type Written = z.infer<typeof WRITTEN>;

/** Events, each once by its id: mentions, direct messages, the Home tab, being invited. */
export function registerEvents(app: Pick<App, 'event'>, ctx: SlackContext): void {
  const once = (body: { event_id?: string }) =>
    body.event_id === undefined ? Promise.resolve(true) : ctx.seen.insert(`event:${body.event_id}`);
  app.event('app_mention', async ({ event, body }) => {
    if (await once(body)) await answerWritten(ctx, WRITTEN.parse(event));
  });
  app.event('message', async ({ event, body }) => {
    const written = WRITTEN.parse(event);
    const typed =
      written.channel_type === 'im' && !written.subtype && !written.bot_id && written.user !== ctx.bot.userId;
    if (typed && (await once(body))) await answerWritten(ctx, written);
  });
  app.event('app_home_opened', async ({ event, body }) => {
    if (event.tab !== 'home' || !event.user || !(await once(body))) return;
    await openHome(ctx, event.user);
  });
  for (const gone of ['app_uninstalled', 'tokens_revoked'] as const) {
    app.event(gone, async () => ctx.log.error({ event: gone }, 'Slack took our access away: install the app again'));
  }
  app.event('member_joined_channel', async ({ event, body }) => {
    if (event.user === ctx.bot.userId && (await once(body))) await introduce(ctx, event.channel);
  });
}

/** A mention is answered in its thread, a direct message beside it. Without a question the bot introduces itself. */
async function answerWritten(ctx: SlackContext, event: Written): Promise<void> {
  if (!event.user || event.bot_id) return;
  const asked: Asked = {
    user: event.user,
    channel: event.channel,
    threadTs: event.thread_ts ?? (event.channel.startsWith('D') ? undefined : event.ts),
    inThread: event.thread_ts !== undefined,
    atMs: ctx.now(),
  };
  // `@Headroom: top clients` and `hey @Headroom, who …`: what is left of the address says nothing.
  const text = (event.text ?? '').replaceAll(new RegExp(`<@${ctx.bot.userId}(\\|[^>]*)?>[\\s,:;!]*`, 'g'), ' ').trim();
  await serveIfAllowed(ctx, asked, (person) =>
    text === ''
      ? tellPrivately(ctx, asked, buildIntroduction(ctx.command, ctx.bot.name))
      : performText(ctx, asked, person, text),
  );
}

async function openHome(ctx: SlackContext, user: string): Promise<void> {
  try {
    await publishHome(ctx, await ctx.people.find(user));
  } catch (error) {
    ctx.log.warn({ error: String(error), user }, 'Home tab could not be published');
  }
}

/** Once in each channel, however often the bot is invited. */
async function introduce(ctx: SlackContext, channel: string): Promise<void> {
  if (typeof channel !== 'string' || !(await insertGreeting(ctx.db, channel, ctx.now()))) return;
  const post = ({ text, blocks }: Message) =>
    callSlack(() => ctx.client.chat.postMessage({ channel, ...asBlocks({ text, blocks }), unfurl_links: false }), ctx);
  await sendRepaired(buildIntroduction(ctx.command, ctx.bot.name), post, { ...ctx, what: 'introduction' }).catch(
    (error) => ctx.log.warn({ error: String(error), channel }, 'could not be introduced'),
  );
}
