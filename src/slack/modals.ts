import type { Question } from '../domain/report.ts';
import { HeadroomError } from '../errors.ts';
import { type AlertMetadata, buildAlertModal } from './blocks/alert-modal.ts';
import { describeRuns } from './blocks/digest-list.ts';
import { buildDigestModal, defaultSchedule } from './blocks/digest-modal.ts';
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
  const { zone } = person;
  const next = await describeNextRuns(ctx, digest?.schedule ?? defaultSchedule(zone), zone);
  const view = buildDigestModal({ digest, channel, zone, sections: ctx.digests.sections, next });
  await openView(ctx, asked, view);
}

/** The next three runs of a schedule as typed, or what is wrong with it. */
export async function describeNextRuns(ctx: SlackContext, schedule: string, zone: string): Promise<string> {
  try {
    return describeRuns(await ctx.digests.preview(schedule, zone));
  } catch (error) {
    if (error instanceof HeadroomError) return error.message;
    throw error;
  }
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
