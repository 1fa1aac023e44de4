import { CALLBACKS } from '../../messages/action-ids.ts';
import { buildAskModal } from '../../messages/ask-modal.ts';
import type { SlackContext } from '../context.ts';
import { openView } from '../modals.ts';
import type { Listen } from './listen.ts';

/** "Usage here" on a message: slash commands do not work in threads, this does. */
export function registerShortcuts(listen: Listen, ctx: SlackContext): void {
  listen.shortcut(CALLBACKS.usageHere, async (asked, _person, { message, message_ts }) => {
    // A message with replies, and each of them, names its thread.
    const threadTs = message?.thread_ts ?? message?.ts ?? message_ts;
    const inThread = message?.thread_ts !== undefined;
    const { channel, responseUrl } = asked;
    await openView(ctx, asked, buildAskModal({ channel, threadTs, inThread, responseUrl }));
  });
}
