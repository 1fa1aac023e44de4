import type { Asked, SlackContext } from '../context.ts';
import { openDirect } from '../csv-file.ts';

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
  view?: { id: string; private_metadata?: string };
  response_url?: string;
  trigger_id?: string;
}

/** Who pressed, and where. `channel` is empty for a press in the Home tab. */
export function askedByPress(body: PressBody, nowMs: number): Asked {
  const { container, message } = body;
  const threadTs = container?.thread_ts ?? message?.thread_ts;
  const inThread = threadTs !== undefined && threadTs !== (container?.message_ts ?? message?.ts);
  return {
    user: body.user.id,
    channel: body.channel?.id ?? container?.channel_id ?? '',
    ...(inThread ? { threadTs } : {}),
    ...(body.response_url ? { responseUrl: body.response_url } : {}),
    ...(body.trigger_id ? { triggerId: body.trigger_id } : {}),
    ephemeral: container?.is_ephemeral ?? false,
    atMs: nowMs,
  };
}

/** What is asked in the Home tab is answered in the person's direct messages. */
export async function withChannel(ctx: SlackContext, asked: Asked): Promise<Asked> {
  return asked.channel === '' ? { ...asked, channel: await openDirect(ctx, asked.user) } : asked;
}
