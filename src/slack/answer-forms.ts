import { DAY_MS } from '../domain/calendar.ts';
import type { QuestionKey } from '../domain/dimension.ts';
import type { Filter } from '../domain/filter.ts';
import type { Question } from '../domain/report.ts';
import { HeadroomError } from '../errors.ts';
import { CALLBACKS } from '../messages/action-ids.ts';
import {
  ALERT_FIELDS,
  ASK_FIELDS,
  buildAlertForm,
  buildAskForm,
  FILTER_FIELDS,
  FILTER_KEYS,
  SAVE_FIELDS,
} from '../messages/answer-forms.ts';
import { type FormFields, toOption } from '../messages/form.ts';
import { findAnswer, type KeptAnswer, upsertChosenFilters } from '../store/conversation-repository.ts';
import { addRule } from './alerts.ts';
import { answerQuestion } from './answer.ts';
import { describeCounted, fitsForm, toCounted } from './command/format-question.ts';
import { performText } from './commands.ts';
import type { Served, SlackContext } from './context.ts';
import { type AnswerFormMetadata, METADATA } from './form-metadata.ts';
import { form, type Listener, options, type Sent, shortcut } from './listen.ts';
import { saveView } from './saved-views.ts';
import { say } from './tell.ts';
import { openView } from './views.ts';

/** The forms that an answer, or a message, is the beginning of. Everybody may use them. */
export const ANSWER_FORMS: readonly Listener[] = [
  form({
    on: CALLBACKS.filters,
    metadata: METADATA.answer,
    fields: FILTER_FIELDS,
    again: 'filters',
    run: applyFilters,
  }),
  ...FILTER_KEYS.flatMap((key) => {
    const field = FILTER_FIELDS[key];
    return field.kind === 'search' ? options(field.action, (ctx, typed) => listValues(ctx, key, typed)) : [];
  }),
  form({
    on: CALLBACKS.saveView,
    metadata: METADATA.answer,
    fields: SAVE_FIELDS,
    async run(sent) {
      const { name, owner } = sent.typed;
      const question = (await findReferred(sent))?.question ?? sent.metadata.question;
      await saveView(sent, { name, owner: owner || 'user', ...(question ? { question } : {}) });
    },
  }),
  form({
    on: CALLBACKS.alert,
    metadata: METADATA.answer,
    fields: ALERT_FIELDS,
    run: saveAlert,
  }),
  // Slash commands do not work in threads; "Usage here" on a message does.
  shortcut(CALLBACKS.usageHere, async ({ ctx, asked, body: { message, message_ts } }) => {
    // A message with replies, and each of them, names its thread.
    const threadTs = message?.thread_ts ?? message?.ts ?? message_ts;
    const inThread = message?.thread_ts !== undefined;
    const { channel, responseUrl } = asked;
    await openView(ctx, asked, buildAskForm({ channel, threadTs, inThread, responseUrl }));
  }),
  form({
    on: CALLBACKS.ask,
    metadata: METADATA.ask,
    fields: ASK_FIELDS,
    run: (sent) => performText(sent, sent.typed.text),
  }),
];

/** The form of a bound on what an answer counts. */
export async function openAlertForm(
  { ctx, asked }: Served,
  from: AnswerFormMetadata,
  question: Question,
): Promise<void> {
  const { channel } = await ctx.alertRouting.get();
  const counted = toCounted(question);
  const view = buildAlertForm(
    { ...from, question: fitsForm(counted) ? counted : undefined },
    {
      counted: describeCounted(question),
      route: channel ? 'the channel of alerts' : 'the admins by direct message',
    },
  );
  await openView(ctx, asked, view);
}

async function applyFilters(sent: Sent<AnswerFormMetadata, typeof FILTER_FIELDS>): Promise<void> {
  const { ctx, asked, metadata, typed } = sent;
  const filters: Filter[] = FILTER_KEYS.map((key) => ({ key, patterns: typed[key], not: false })).filter(
    ({ patterns }) => patterns.length > 0,
  );
  await upsertChosenFilters(ctx.db, asked.user, asked.channel, filters);
  const answer = await findReferred(sent);
  const question = answer?.question ?? metadata.question;
  if (question) {
    const kept = (question.filters ?? []).filter((filter) => filter.not || !Object.hasOwn(FILTER_FIELDS, filter.key));
    const next = { ...question, filters: [...kept, ...filters] };
    if (answer?.asker !== asked.user) return answerQuestion(sent, { ...next, private: true });
    return answerQuestion({ ...sent, asked: { ...asked, ephemeral: answer.private } }, next, { change: answer });
  }
  const lines = filters.map(({ key, patterns }) => `${key}: ${patterns.join(', ')}`);
  const head =
    filters.length > 0 ? 'Your answers in this channel are filtered by:' : 'Your answers here are not filtered.';
  await say(ctx, asked, [head, ...lines], [{ label: 'Reset filters', command: 'reset' }]);
}

async function saveAlert(sent: Sent<AnswerFormMetadata, typeof ALERT_FIELDS>): Promise<void> {
  const { ctx, asked, metadata, typed } = sent;
  const question = metadata.question ?? (await findReferred(sent))?.question;
  if (!question) throw new HeadroomError('question', 'I no longer know what that answer was about: ask again.');
  const line = await addRule(sent, { name: typed.name, question, over: Number(typed.over), per: typed.per || 'hour' });
  await say(ctx, asked, [line], [{ label: 'Alerts', command: 'alerts' }]);
}

/** The answer that a form was opened from, where it is still known. */
async function findReferred({
  ctx,
  metadata: { answerId },
}: Pick<Sent<AnswerFormMetadata, FormFields>, 'ctx' | 'metadata'>): Promise<KeptAnswer | undefined> {
  return answerId ? findAnswer(ctx.db, answerId) : undefined;
}

const LOOKBACK_DAYS = 30;

/** The most used values of the last 30 days that contain what was typed. */
async function listValues(ctx: SlackContext, key: QuestionKey, contains: string) {
  if (key === 'client' || key === 'team') return listNamed(ctx, key, contains);
  const span = { fromMs: ctx.now() - LOOKBACK_DAYS * DAY_MS, toMs: ctx.now() };
  const values = await ctx.usage.values({ key, span, limit: 100, ...(contains ? { contains } : {}) });
  return values.slice(0, 100).map(({ value }) => toOption(value));
}

/** Clients by their shown names, and teams, found also by the ids of clients. */
async function listNamed(ctx: SlackContext, dimension: 'client' | 'team', contains: string) {
  const today = Temporal.Instant.fromEpochMilliseconds(ctx.now()).toZonedDateTimeISO(ctx.config.zone).toPlainDate();
  const range = `${today.subtract({ days: LOOKBACK_DAYS })}..${today}`;
  const report = await ctx.reporter.answer({ report: 'top', dimension, range, limit: 1000 }, ctx.now());
  const wanted = contains.toLowerCase();
  const rows = report.kind === 'top' ? report.rows : [];
  return rows
    .filter(({ name, ids = [] }) => [name, ...ids].some((text) => text.toLowerCase().includes(wanted)))
    .slice(0, 100)
    .map(({ name }) => toOption(name));
}
