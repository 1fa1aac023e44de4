import { HeadroomError, QuestionError } from '../errors.ts';
import { buildSent } from '../messages/home.ts';
import { type Replaced, repair, toText } from '../messages/repair.ts';
import { type Block, type Message, richText } from '../messages/text.ts';
import { slackErrorOf } from './client/errors.ts';
import { openDirect } from './client/memory.ts';
import { sendRepaired } from './client/post.ts';
import type { Asked, Asking, SlackContext } from './context.ts';
import { withPlace } from './payloads.ts';

/** Opens a modal for what was just typed or pressed, upon the one that is open: Slack allows it once and within 3 s. */
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
 * Sends a view; a block that Slack refuses gives way to its text. A form that loses a field can only be read: sent, it would
 * say that the field is empty. `opened`: by whom; a trigger works once, perhaps also where what it was to open is refused,
 * and then the next press opens the view without that part.
 */
export async function sendView(
  ctx: SlackContext,
  view: Block,
  send: (view: Block) => Promise<unknown>,
  opened?: string,
): Promise<void> {
  // Views have other limits than messages, and are built within them.
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

/** The view with other blocks; a form that lost a field loses its button too. */
export function refit(view: Block, blocks: readonly Block[]): Block {
  const countFields = (all: readonly Block[]) => all.filter(({ type }) => type === 'input').length;
  if (countFields(blocks) === countFields(view.blocks as Block[])) return { ...view, blocks };
  const { submit: _, callback_id: __, ...rest } = view;
  const texts = blocks.flatMap((block) => (block.type === 'input' ? (toText(block) ?? []) : block));
  return { ...rest, blocks: [richText(READ_ONLY), ...texts] };
}

/**
 * Gives what began in the Home tab the person's direct messages as its channel; a window says so, or nothing would seem to
 * happen. That it could not be said stops nothing.
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

/** Another content for a modal that is open. False: it was changed again, or closed, in the meantime. */
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
