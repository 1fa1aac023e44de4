import type { Question } from '../domain/report.ts';
import { HeadroomError } from '../errors.ts';
import { type AlertMetadata, buildAlertModal } from './blocks/alert-modal.ts';
import { buildDigestModal } from './blocks/digest-modal.ts';
import { buildPoolModal } from './blocks/pool-modal.ts';
import type { Block } from './blocks/text.ts';
import { formatQuestion } from './command/format-question.ts';
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

/** The form of a bound on what an answer counts. */
export async function openAlertModal(
  ctx: SlackContext,
  asked: Asked,
  from: AlertMetadata,
  question: Question,
): Promise<void> {
  const route = await ctx.alerts.route();
  const counted = toCounted(question);
  const view = buildAlertModal(
    { ...from, question: counted, threadTs: asked.threadTs },
    {
      counted: formatQuestion(counted),
      route: route ? 'the channel of alerts' : 'the admins by direct message',
    },
  );
  await openView(ctx, asked, view);
}

/** Of a question only what says which requests it counts. */
function toCounted({ report, dimension, name, scope, filters = [] }: Question): Question {
  const named = report === 'client' || report === 'route' || report === 'why';
  if (named && name !== undefined) return { report: report === 'route' ? 'route' : 'client', name, filters };
  if (scope !== undefined) return { report: 'pool', scope, filters };
  return { report: 'top', ...(dimension ? { dimension } : {}), filters };
}
