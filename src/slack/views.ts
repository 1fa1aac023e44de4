import { QuestionError } from '../errors.ts';
import { view as buildView } from '../messages/form.ts';
import { type Block, richText } from '../messages/text.ts';
import { slackErrorOf } from './client/errors.ts';
import type { Asked, SlackContext } from './context.ts';

/** Opens a modal for what was just typed or pressed, upon the one that is open: Slack allows it once and within 3 s. */
export async function openView(ctx: SlackContext, asked: Asked, view: Block): Promise<void> {
  if (!asked.triggerId) {
    const again = asked.text === undefined ? [] : [{ label: 'Open the form', command: asked.text }];
    throw new QuestionError(`Slack opens a form for a press, or for ${ctx.command}, not for a message.`, again);
  }
  const given = { trigger_id: asked.triggerId, view: view as never };
  await (asked.modal ? ctx.client.views.push(given) : ctx.client.views.open(given));
}

/** Says that the answer to a press in the Home tab is in Messages. That it could not be said stops nothing. */
export async function sayWhere(ctx: SlackContext, asked: Asked): Promise<void> {
  const line = richText('The answer is in the Messages tab, beside this Home tab.');
  await openView(ctx, asked, buildView({ title: 'Sent to Messages', metadata: {}, blocks: [line] })).catch(
    (error: unknown) => ctx.log.debug({ error: String(error) }, 'a press in the Home tab was not confirmed'),
  );
}

/** Another content for a modal that is open. False: it was changed again, or closed, in the meantime. */
export async function updateView(
  ctx: SlackContext,
  { id, hash }: { id: string; hash?: string | undefined },
  view: Block,
): Promise<boolean> {
  try {
    await ctx.client.views.update({ view_id: id, ...(hash ? { hash } : {}), view: view as never });
    return true;
  } catch (error) {
    if (['hash_conflict', 'not_found'].includes(slackErrorOf(error) ?? '')) return false;
    throw error;
  }
}
