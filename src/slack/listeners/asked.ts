import { openDirect } from '../client/conversations.ts';
import type { Asked, SlackContext } from '../context.ts';
import { sayWhere } from '../modals.ts';
import { readPlace } from './metadata.ts';

/** The parts of a press (block_actions, message shortcut) that listeners use. */
export interface PressBody {
  user: { id: string };
  channel?: { id: string };
  container?: {
    channel_id?: string;
    message_ts?: string;
    thread_ts?: string;
    is_ephemeral?: boolean;
    view_id?: string;
  };
  message?: { ts?: string; thread_ts?: string; blocks?: unknown };
  /** Of a message shortcut. */
  message_ts?: string;
  view?: { id: string; type?: string; hash?: string; private_metadata?: string };
  response_url?: string;
  trigger_id?: string;
}

/** Who pressed, and where: for a form, where that was opened. `channel` is empty for what began in the Home tab. */
export function askedByPress(body: PressBody, nowMs: number): Asked {
  const { container, message } = body;
  const threadTs = container?.thread_ts ?? message?.thread_ts;
  const messageTs = container?.message_ts ?? message?.ts;
  const inThread = threadTs !== undefined && threadTs !== messageTs;
  const modal = body.view?.type === 'modal' ? body.view : undefined;
  const { channel = '', responseUrl: _, ...from } = readPlace(modal?.private_metadata);
  return {
    user: body.user.id,
    channel: body.channel?.id ?? container?.channel_id ?? channel,
    ...(inThread ? { threadTs, inThread } : from),
    ...(messageTs ? { messageTs } : {}),
    ...(modal ? { modal: { id: modal.id, hash: modal.hash ?? '' } } : {}),
    ...(body.response_url ? { responseUrl: body.response_url } : {}),
    ...(body.trigger_id ? { triggerId: body.trigger_id } : {}),
    ephemeral: container?.is_ephemeral ?? false,
    atMs: nowMs,
  };
}

/** What is asked in the Home tab is answered in the person's direct messages, and a window says so: nothing else would move. */
export async function withChannel(ctx: SlackContext, asked: Asked): Promise<Asked> {
  if (asked.channel !== '') return asked;
  if (!asked.modal) await sayWhere(ctx, asked);
  return { ...asked, channel: await openDirect(ctx, asked.user) };
}
