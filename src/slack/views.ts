import { HeadroomError, QuestionError } from '../errors.ts';
import { buildSent } from '../messages/home.ts';
import { type Replaced, repair, toText } from '../messages/repair.ts';
import { type Block, type Message, richText } from '../messages/text.ts';
import { slackErrorOf } from './client/errors.ts';
import { openDirect } from './client/memory.ts';
import { sendRepaired } from './client/post.ts';
import type { Asked, Asking, SlackContext } from './context.ts';
import { withPlace } from './dispatch.ts';

/** Opens a modal, on top of an open one. Slack allows one per command or press, within 3 s. */
export async function openView({ ctx, asked }: Asking, view: Block): Promise<void> {
  if (!asked.triggerId) {
    const again = asked.text === undefined ? [] : [{ label: 'Open the form', command: asked.text }];
    throw new QuestionError(`Slack opens a form for a press, or for ${ctx.command}, not for a message.`, again);
  }
  const { triggerId: trigger_id } = asked;
  const { open, push } = ctx.client.views;
  const send = (one: Block) => (asked.modal ? push : open)({ trigger_id, view: one as never });
  await sendView(ctx, withPlace(view, asked), send, `${asked.user} ${nameOf(view)}`);
}

const REFUSED = 'Slack refused this window. An admin finds the reason in the log.';
const READ_ONLY = 'Slack refused a field of this form, so it cannot be sent. An admin finds the reason in the log.';

function nameOf(view: Block): string {
  return `view ${view.callback_id ?? JSON.stringify(view.title ?? view.type)}`;
}

/**
 * Sends a view; a block that Slack refuses is replaced by its text. A form that loses a field loses its submit button too, or
 * the field would be read as empty. `opened`: the person who opened it. A trigger may be used up by the refused attempt: then
 * the next press opens the view without the refused block.
 */
export async function sendView(
  ctx: SlackContext,
  view: Block,
  send: (view: Block) => Promise<unknown>,
  opened?: string,
): Promise<void> {
  // Views are built within their own limits, which differ from those of messages.
  const bound = (message: Message) => message;
  const whole = { text: REFUSED, blocks: view.blocks as Block[] };
  const known = opened === undefined ? undefined : ctx.refused.views.get(opened);
  const mended = known && repair(whole, { code: 'invalid_blocks', picture: false, faults: known }, bound)?.message;
  const refitted = ({ text, blocks }: Message) => send(refit(view, blocks.length > 0 ? blocks : [richText(text)]));
  const replaced: Replaced[] = [];
  const onReplaced = (these: readonly Replaced[]) => void replaced.push(...these);
  if (opened !== undefined) ctx.refused.views.delete(opened);
  try {
    await sendRepaired(mended ?? whole, refitted, { ...ctx, what: nameOf(view), bound, onReplaced });
  } catch (error) {
    if (opened === undefined || replaced.length === 0 || slackErrorOf(error) !== 'exchanged_trigger_id') throw error;
    ctx.refused.views.set(opened, replaced);
    ctx.refused.note(nameOf(view), replaced);
    throw new HeadroomError('slack', 'Slack refused a part of this window. Press again: it opens without that part.');
  }
}

/** Returns the view with other blocks. A form that lost a field loses its submit button too. */
export function refit(view: Block, blocks: readonly Block[]): Block {
  const countFields = (all: readonly Block[]) => all.filter(({ type }) => type === 'input').length;
  if (countFields(blocks) === countFields(view.blocks as Block[])) return { ...view, blocks };
  const { submit: _, callback_id: __, ...rest } = view;
  const texts = blocks.flatMap((block) => (block.type === 'input' ? (toText(block) ?? []) : block));
  return { ...rest, blocks: [richText(READ_ONLY), ...texts] };
}

/**
 * Uses the person's direct messages as the channel of a press in the Home tab, and says so in a modal, or nothing would seem
 * to happen. If the modal cannot be shown, the press still works.
 */
export async function withChannel({ ctx, asked }: Asking): Promise<Asked> {
  if (asked.channel !== '') return asked;
  if (asked.triggerId && !asked.modal) {
    await openView({ ctx, asked }, buildSent()).catch((error: unknown) =>
      ctx.log.debug({ error: String(error) }, 'a press in the Home tab was not confirmed'),
    );
  }
  return { ...asked, channel: await openDirect(ctx, asked.user) };
}

/** Replaces the content of an open modal. Returns false if it was changed again or closed meanwhile. */
export async function updateView(
  { ctx, asked }: Asking,
  { id, hash }: { id: string; hash?: string | undefined },
  view: Block,
): Promise<boolean> {
  try {
    const which = { view_id: id, ...(hash ? { hash } : {}) };
    await sendView(ctx, withPlace(view, asked), (one) => ctx.client.views.update({ ...which, view: one as never }));
    return true;
  } catch (error) {
    if (['hash_conflict', 'not_found'].includes(slackErrorOf(error) ?? '')) return false;
    throw error;
  }
}
