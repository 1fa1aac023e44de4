import type { App } from '@slack/bolt';
import type { SlackContext } from '../context.ts';
import { serve } from '../failure.ts';
import { performText } from '../perform.ts';

/** Any slash command that Slack sends here is ours, whatever the manifest calls it. */
export function registerCommands(app: App, ctx: SlackContext): void {
  app.command(/.*/, async ({ command, ack }) => {
    await ack();
    const asked = {
      user: command.user_id,
      channel: command.channel_id,
      responseUrl: command.response_url,
      triggerId: command.trigger_id,
      atMs: ctx.now(),
    };
    await serve(ctx, asked, (person) => performText(ctx, asked, person, command.text));
  });
}
