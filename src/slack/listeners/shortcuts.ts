import type { App } from '@slack/bolt';
import { CALLBACKS } from '../../messages/action-ids.ts';
import { buildAskModal } from '../../messages/ask-modal.ts';
import type { SlackContext } from '../context.ts';
import { serve } from '../failure.ts';
import { openView } from '../modals.ts';
import { askedByPress, type PressBody } from './asked.ts';

/** "Usage here" on a message: slash commands do not work in threads, this does. */
export function registerShortcuts(app: App, ctx: SlackContext): void {
  app.shortcut(/.*/, async ({ ack, body }) => {
    await ack();
    if (body.callback_id !== CALLBACKS.usageHere) return;
    const press = body as unknown as PressBody & { message_ts: string };
    // A message with replies, and each of them, names its thread.
    const threadTs = press.message?.thread_ts ?? press.message_ts;
    const inThread = press.message?.thread_ts !== undefined;
    const asked = { ...askedByPress(press, ctx.now()), threadTs, inThread };
    const { channel, responseUrl } = asked;
    await serve(ctx, asked, () => openView(ctx, asked, buildAskModal({ channel, threadTs, inThread, responseUrl })));
  });
}
