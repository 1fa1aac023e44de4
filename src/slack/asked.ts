import { z } from 'zod';
import type { Block } from '../messages/text.ts';
import { openDirect } from './client/memory.ts';
import type { Asked, SlackContext } from './context.ts';
import { readPlace } from './form-state.ts';
import { sayWhere } from './views.ts';

/** Absent where Slack sends none, or something else. */
export function maybe<T>(schema: z.ZodType<T>) {
  return schema
    .nullish()
    .transform((value) => value ?? undefined)
    .catch(undefined);
}

const text = z.string();
const part = maybe(text);
const BLOCK: z.ZodType<Block> = z.looseObject({ type: text });

/** The parts of a press (block_actions, message shortcut) that listeners use. */
const PRESS = z.object({
  user: z.object({ id: text }),
  channel: maybe(z.object({ id: text })),
  container: maybe(z.object({ channel_id: part, message_ts: part, thread_ts: part, is_ephemeral: maybe(z.boolean()) })),
  message: maybe(z.object({ ts: part, thread_ts: part, blocks: z.unknown().optional() })),
  /** Of a message shortcut. */
  message_ts: part,
  /** The view in which something was pressed, as Slack hands it back. */
  view: maybe(
    z.object({
      ...{ id: text, type: part, hash: part, private_metadata: part, callback_id: part },
      ...{
        title: z.unknown().optional(),
        submit: z.unknown().optional(),
        close: z.unknown().optional(),
        blocks: maybe(z.array(BLOCK)),
      },
      state: maybe(z.object({ values: z.unknown().optional() })),
    }),
  ),
  response_url: part,
  trigger_id: part,
});
export type PressBody = z.infer<typeof PRESS>;

const PRESSED = z.object({
  ...{ action_id: text, block_id: part, value: part },
  selected_option: maybe(z.object({ value: text })),
});

/** Reads what Slack sends of a press. Throws where nobody pressed. */
export function readPress(body: unknown): PressBody {
  return PRESS.parse(body);
}

/** Reads which element was pressed; `value`: that of the button, or of the chosen entry, empty where it has none. */
export function readPressed(element: unknown): { action: string; blockId: string | undefined; value: string } {
  const { action_id: action, block_id: blockId, value = '', selected_option: chosen } = PRESSED.parse(element);
  return { action, blockId, value: chosen?.value ?? value };
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
