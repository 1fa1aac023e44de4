import { HeadroomError } from '../errors.ts';
import { buildDigestModal } from './blocks/digest-modal.ts';
import { buildPoolModal } from './blocks/pool-modal.ts';
import type { Block } from './blocks/text.ts';
import type { Asked, SlackContext } from './context.ts';
import type { Person } from './permissions.ts';
import type { DigestSummary } from './ports.ts';

/** Opens a modal for what was just typed or pressed: Slack allows it once and within 3 s. */
export async function openView(ctx: SlackContext, asked: Asked, view: Block): Promise<void> {
  if (!asked.triggerId) {
    throw new HeadroomError('slack', `A form cannot be opened from here. Use ${ctx.command}, or a button.`);
  }
  await ctx.client.views.open({ trigger_id: asked.triggerId, view: view as never });
}

/** The form of a digest: a new one for this channel, or the given one. */
export async function openDigestModal(
  ctx: SlackContext,
  asked: Asked,
  person: Person,
  digest?: DigestSummary,
): Promise<void> {
  const channel = asked.channel.startsWith('D') ? undefined : asked.channel || undefined;
  const view = buildDigestModal({ digest, channel, zone: person.zone, sections: ctx.digests.sections });
  await openView(ctx, asked, view);
}

/** The declaration of pools as text, to be changed by an admin. */
export async function openPoolModal(ctx: SlackContext, asked: Asked, scope?: string): Promise<void> {
  await openView(ctx, asked, buildPoolModal({ yaml: await ctx.pools.show(scope), channel: asked.channel }));
}
