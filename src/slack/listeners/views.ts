import type { QuestionKey } from '../../domain/dimension.ts';
import type { Filter } from '../../domain/filter.ts';
import { HeadroomError } from '../../errors.ts';
import { CALLBACKS } from '../../messages/action-ids.ts';
import type { AlertMetadata } from '../../messages/alert-modal.ts';
import { buildNotice } from '../../messages/answer-message.ts';
import type { AskMetadata } from '../../messages/ask-modal.ts';
import type { DigestMetadata } from '../../messages/digest-modal.ts';
import { FILTER_FIELDS, type FilterMetadata } from '../../messages/filter-modal.ts';
import type { AnswerReference } from '../../messages/modal.ts';
import type { SaveMetadata } from '../../messages/save-modal.ts';
import { findAnswer, type KeptAnswer, upsertChosenFilters } from '../../store/conversation-repository.ts';
import { answerQuestion } from '../answer.ts';
import { type SlackContext, tellPrivately } from '../context.ts';
import { performText } from '../perform.ts';
import { prepareChannel, tellChange } from '../perform-digests.ts';
import { saveView } from '../perform-views.ts';
import { toActor } from '../permissions.ts';
import { toSchedule } from './fields.ts';
import { faultAt, type Listen, type Submitted } from './listen.ts';

/** Forms of what everybody may do. */
export function registerViews(listen: Listen, ctx: SlackContext): void {
  listen.form<FilterMetadata>(CALLBACKS.filters, { submit: (given) => applyFilters(ctx, given) });
  listen.form<SaveMetadata>(CALLBACKS.saveView, {
    async submit({ asked, metadata, field }) {
      const owner = field('owner') === 'channel' ? 'channel' : 'user';
      const question = (await findReferred(ctx, metadata))?.question ?? metadata.question;
      await saveView(ctx, asked, { name: field('name').trim(), owner, ...(question ? { question } : {}) });
    },
  });
  listen.form<AskMetadata>(CALLBACKS.ask, {
    submit: ({ asked, person, field }) => performText(ctx, asked, person, field('text')),
  });
  listen.form<DigestMetadata>(CALLBACKS.digest, {
    check: (given) => checkDigest(ctx, given),
    submit: (given) => saveDigest(ctx, given),
  });
  listen.form<AlertMetadata>(CALLBACKS.alert, {
    check: async ({ field }) => ({
      ...(field('name').trim() === '' ? { name: 'Give it a name.' } : {}),
      ...(/^\d{1,15}$/.test(field('over')) ? {} : { over: 'A whole number of requests, such as 1000.' }),
    }),
    submit: (given) => saveAlert(ctx, given),
  });
}

async function applyFilters(
  ctx: SlackContext,
  { asked, person, metadata, choices }: Submitted<FilterMetadata>,
): Promise<void> {
  const keys: QuestionKey[] = [...FILTER_FIELDS.map(({ key }) => key), 'status'];
  const filters: Filter[] = keys
    .map((key) => ({ key, patterns: choices(key), not: false }))
    .filter(({ patterns }) => patterns.length > 0);
  await upsertChosenFilters(ctx.db, asked.user, asked.channel, filters);
  const answer = await findReferred(ctx, metadata);
  const question = answer?.question ?? metadata.question;
  if (question) {
    const kept = (question.filters ?? []).filter((filter) => filter.not || !keys.includes(filter.key));
    const next = { ...question, filters: [...kept, ...filters] };
    if (answer?.asker !== asked.user) return answerQuestion(ctx, asked, person, { ...next, private: true });
    return answerQuestion(ctx, { ...asked, ephemeral: answer.private }, person, next, { change: answer });
  }
  const lines = filters.map(({ key, patterns }) => `${key}: ${patterns.join(', ')}`);
  const head =
    filters.length > 0 ? 'Your answers in this channel are filtered by:' : 'Your answers here are not filtered.';
  await tellPrivately(ctx, asked, buildNotice([head, ...lines], [{ label: 'Reset filters', command: 'reset' }]));
}

async function saveAlert(
  ctx: SlackContext,
  { asked, person, metadata, field }: Submitted<AlertMetadata>,
): Promise<void> {
  const name = field('name').trim();
  const per = field('per') === 'day' ? 'day' : 'hour';
  const over = Number(field('over'));
  const question = metadata.question ?? (await findReferred(ctx, metadata))?.question;
  if (!question) throw new HeadroomError('question', 'I no longer know what that answer was about: ask again.');
  await ctx.alerts.add({ name, question, over, per }, toActor(person));
  const line = `You will hear when ${name} counts more than ${over.toLocaleString('en-US')} requests in one ${per}.`;
  await tellPrivately(ctx, asked, buildNotice([line], [{ label: 'Alerts', command: 'alerts' }]));
}

/** The answer that a form was opened from, where it is still known. */
async function findReferred(ctx: SlackContext, { answerId }: AnswerReference): Promise<KeptAnswer | undefined> {
  return answerId ? findAnswer(ctx.db, answerId) : undefined;
}

/** Faults by field. The time zone is the only free text of a schedule. */
async function checkDigest(
  ctx: SlackContext,
  { person: { zone }, field, choices }: Submitted<unknown>,
): Promise<Record<string, string>> {
  return {
    ...(await faultAt('zone', () => ctx.digests.preview(toSchedule(field), zone))),
    ...(await faultAt('channel', () => prepareChannel(ctx, field('channel')))),
    ...(ctx.digests.sections.length > 0 && choices('sections').length + choices('thread').length === 0
      ? { sections: 'Choose at least one.' }
      : {}),
  };
}

async function saveDigest(ctx: SlackContext, given: Submitted<DigestMetadata>): Promise<void> {
  const { asked, person, metadata, field, choices } = given;
  const offered = ctx.digests.sections.length > 0;
  const digest = {
    channel: field('channel'),
    schedule: toSchedule(field),
    ...(offered ? { sections: [...choices('sections'), ...choices('thread')] } : {}),
    ...(metadata.filters ? { filters: metadata.filters } : {}),
    ...(metadata.scope ? { scope: metadata.scope } : {}),
  };
  const by = toActor(person);
  const saved =
    metadata.id === undefined ? await ctx.digests.add(digest, by) : await ctx.digests.change(metadata.id, digest, by);
  const here = { ...asked, channel: asked.channel || digest.channel };
  await tellChange(ctx, here, 'Saved', saved);
}
