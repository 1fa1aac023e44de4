import type { Question } from '../domain/report.ts';
import { HeadroomError, QuestionError } from '../errors.ts';
import { type AlertMetadata, buildAlertModal } from '../messages/alert-modal.ts';
import { describeRuns } from '../messages/digest-list.ts';
import { buildDigestModal, type DigestLimits, defaultSchedule } from '../messages/digest-modal.ts';
import { view as buildView } from '../messages/modal.ts';
import { type Block, clip, richText } from '../messages/text.ts';
import { slackErrorOf } from './client/errors.ts';
import { formatFilter } from './command/format-question.ts';
import type { Asked, SlackContext } from './context.ts';
import { listDigestParts } from './next-questions.ts';
import type { Person } from './permissions.ts';
import type { DigestSummary } from './ports.ts';

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

/** The form of a digest: the given one, or a new one for this channel, about the calls of an answer's question. */
export async function openDigestModal(
  ctx: SlackContext,
  asked: Asked,
  person: Person,
  { digest, question }: { digest?: DigestSummary; question?: Question } = {},
): Promise<void> {
  const channel = asked.channel.startsWith('D') ? undefined : asked.channel || undefined;
  const { zone } = person;
  const next = await describeNextRuns(ctx, digest?.schedule ?? defaultSchedule(zone), zone);
  const { sections } = ctx.digests;
  const parts = question && listDigestParts(question);
  const view = buildDigestModal({ digest, channel, zone, sections, next, parts, ...toLimits(question) });
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

/** The form of a bound on what an answer counts. */
export async function openAlertModal(
  ctx: SlackContext,
  asked: Asked,
  from: AlertMetadata,
  question: Question,
): Promise<void> {
  const { channel } = await ctx.alerts.routing();
  const counted = toCounted(question);
  const view = buildAlertModal(
    { ...from, question: fits(counted) ? counted : undefined },
    {
      counted: describeCounted(question),
      route: channel ? 'the channel of alerts' : 'the admins by direct message',
    },
  );
  await openView(ctx, asked, view);
}

/** Returns the filters and the scope of a question, as far as a form can carry them. */
function toLimits(question: Question | undefined): { limits?: DigestLimits; only?: string } {
  if (!question) return {};
  const { name, scope, report, ...counted } = toCounted(question);
  const named = name === undefined ? [] : [{ key: report as 'client' | 'route', patterns: [name], not: false }];
  const filters = [...named, ...(counted.filters ?? [])];
  const limits = { ...(filters.length > 0 ? { filters } : {}), ...(scope === undefined ? {} : { scope }) };
  if (Object.keys(limits).length === 0) return {};
  if (!fits(limits)) return { only: TOO_LONG };
  return { limits, only: `Only requests with ${clip(describeCounted(question), 500)}.` };
}

/** `client:"Acme CRM" status:4xx`, or all requests. */
function describeCounted(question: Question): string {
  const { report, name, scope, filters = [] } = toCounted(question);
  const subject = name !== undefined ? { key: report as 'client' | 'route', value: name } : undefined;
  const named = subject ?? (scope === undefined ? undefined : { key: 'scope' as const, value: scope });
  const all = [...(named ? [{ key: named.key, patterns: [named.value], not: false }] : []), ...filters];
  return all.length > 0 ? all.map(formatFilter).join(' ') : 'all requests';
}

const TOO_LONG =
  'The filters of that answer are too long for a form: this digest is about all calls. Use fewer names, or * for many.';

/** A form carries 3,000 characters of its own. */
function fits(metadata: object): boolean {
  return JSON.stringify(metadata).length <= 2000;
}

/** Of a question only what says which requests it counts. */
function toCounted({ report, dimension, name, scope, filters = [] }: Question): Question {
  const named = report === 'client' || report === 'route' || report === 'why';
  if (named && name !== undefined) return { report: report === 'route' ? 'route' : 'client', name, filters };
  if (scope !== undefined) return { report: 'pool', scope, filters };
  return { report: 'top', ...(dimension ? { dimension } : {}), filters };
}
