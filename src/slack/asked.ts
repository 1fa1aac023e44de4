import type { Block } from '../messages/text.ts';
import { openDirect } from './client/memory.ts';
import type { Asked, SlackContext } from './context.ts';
import { readPlace } from './form-state.ts';
import { sayWhere } from './views.ts';

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
  view?: OpenView;
  response_url?: string;
  trigger_id?: string;
}

/** A view in which something was pressed, as Slack hands it back. */
interface OpenView {
  id: string;
  type?: string;
  hash?: string;
  private_metadata?: string;
  callback_id?: string;
  title?: object;
  submit?: object;
  close?: object;
  blocks?: readonly Block[];
  state?: { values?: unknown };
}

/** Reads who pressed, and where: for a form, where that was opened. `channel` is empty for what began in the Home tab. */
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

/**
 * Gives a press in the Home tab the person's direct messages as its channel; a window says so, or nothing would seem to
 * happen.
 */
export async function withChannel(ctx: SlackContext, asked: Asked): Promise<Asked> {
  if (asked.channel !== '') return asked;
  if (!asked.modal) await sayWhere(ctx, asked);
  return { ...asked, channel: await openDirect(ctx, asked.user) };
}
