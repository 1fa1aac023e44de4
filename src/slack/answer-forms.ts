import { z } from 'zod';
import { DAY_MS } from '../domain/calendar.ts';
import type { QuestionKey } from '../domain/dimension.ts';
import type { Filter } from '../domain/filter.ts';
import type { Question } from '../domain/report.ts';
import { HeadroomError } from '../errors.ts';
import { ACTIONS } from '../messages/action-ids.ts';
import { type FormFields, toOption } from '../messages/form.ts';
import { clip, richText } from '../messages/text.ts';
import { findAnswer, type KeptAnswer, upsertChosenFilters } from '../store/conversation-repository.ts';
import { QUESTION } from '../store/json-columns.ts';
import { addRule } from './alerts.ts';
import { answerQuestion } from './answer.ts';
import { describeCounted, fitsForm, toCounted } from './command/format-question.ts';
import type { Asking, SlackContext } from './context.ts';
import { form, type Sent } from './form.ts';
import { type Listener, options } from './listen.ts';
import { saveView } from './saved-views.ts';
import { say } from './tell.ts';

/** Schema of the reference that a form keeps to its answer. `question` is absent where it is too long for a form's metadata. */
const ABOUT = z.object({ answerId: z.string().optional(), question: QUESTION.optional() });
type About = z.infer<typeof ABOUT>;

/** Returns the reference to an answer that a form keeps. */
export function referTo(answerId: string | undefined, question: Question): About {
  return { answerId, ...(fitsForm(question) ? { question } : {}) };
}

const STATUSES = ['2xx', '3xx', '4xx', '429', '5xx', '(none)'] as const;

function search<K extends QuestionKey>(key: K, label: string) {
  return { kind: 'search', label, action: `${ACTIONS.search}:${key}`, many: true } as const;
}

/** Fields of the filter form. Filters on other dimensions can be typed as words. */
const FILTER_FIELDS = {
  client: search('client', 'Clients'),
  team: search('team', 'Teams'),
  route: search('route', 'Routes'),
  user: search('user', 'Users'),
  module: search('module', 'Modules'),
  method: search('method', 'Methods'),
  scope: search('scope', 'Scopes'),
  status: {
    kind: 'list',
    label: 'Status',
    options: STATUSES.map((status) => [status, status] as const),
    hint: 'Saved for you in this channel until you press Reset filters. Leave empty for no filters.',
  },
} as const satisfies FormFields & Partial<Record<QuestionKey, unknown>>;
const FILTER_KEYS = Object.keys(FILTER_FIELDS) as (keyof typeof FILTER_FIELDS)[];

/** Form of the filters that a person chooses for a channel. They apply to later questions there until they are reset. */
export const FILTER_FORM = form({
  ...{ on: 'filters', title: 'Filters', submit: 'Apply', again: 'filters' },
  about: ABOUT,
  fields: FILTER_FIELDS,
  layout: (put, filters: readonly Filter[]) =>
    FILTER_KEYS.map((key) => put(key, filters.find((filter) => filter.key === key && !filter.not)?.patterns)),
  run: applyFilters,
});

/** Form that saves a question as a view of the person or of the channel. */
export const SAVE_FORM = form({
  ...{ on: 'save_view', title: 'Save as view', submit: 'Save' },
  about: ABOUT,
  fields: {
    name: {
      ...{ kind: 'text', label: 'Name', most: 60 },
      ...{ required: 'give it a name', hint: 'Opened again with: open NAME' },
    },
    owner: {
      ...{ kind: 'choice', label: 'For', required: 'choose one' },
      options: [
        ['user', 'Only me'],
        ['channel', 'Everyone in this channel'],
      ],
    },
  },
  async run(sent) {
    const { name, owner } = sent.typed;
    const question = (await findReferred(sent))?.question ?? sent.about.question;
    await saveView(sent, { name, owner: owner || 'user', ...(question ? { question } : {}) });
  },
});

/** Form that adds an alert rule on the count of an answer. */
export const ALERT_FORM = form({
  ...{ on: 'alert', title: 'Set an alert', submit: 'Save' },
  about: ABOUT,
  fields: {
    name: { kind: 'text', label: 'Name', most: 60, required: 'give it a name' },
    over: { kind: 'whole', label: 'Alert above', least: 0, most: 1e15 - 1, required: 'give a number of requests' },
    per: {
      ...{ kind: 'choice', label: 'Requests', required: 'choose one' },
      options: [
        ['hour', 'in one hour'],
        ['day', 'in one day'],
      ],
    },
  },
  /** `counted`: the filters of the answer in words, or `all requests`. */
  layout: (put, { counted, route }: { counted: string; route: string }) => [
    richText(`Counts: ${clip(counted, 500)}`),
    put('name', clip(counted, 60), { hint: `What the alert is called. It goes to ${route}.` }),
    put('over', '1000'),
    put('per'),
  ],
  async run(sent) {
    const { name, over, per } = sent.typed;
    const question = sent.about.question ?? (await findReferred(sent))?.question;
    if (!question) throw new HeadroomError('question', 'I no longer know what that answer was about: ask again.');
    const line = await addRule(sent, { name, question, over: Number(over), per: per || 'hour' });
    await say(sent, [line], [{ label: 'Alerts', command: 'alerts' }]);
  },
});

/** Listeners that search the values offered by the filter form. */
export const FILTER_SEARCHES: readonly Listener[] = FILTER_KEYS.flatMap((key) => {
  const field = FILTER_FIELDS[key];
  return field.kind === 'search' ? options(field.action, (ctx, typed) => listValues(ctx, key, typed)) : [];
});

/** Opens the form of an alert rule for the count of an answer. */
export async function openAlertForm(asking: Asking, about: About, question: Question): Promise<void> {
  const { channel } = await asking.ctx.alertRouting.get();
  const counted = toCounted(question);
  await ALERT_FORM.open(
    asking,
    { ...about, question: fitsForm(counted) ? counted : undefined },
    {
      counted: describeCounted(question),
      route: channel ? 'the channel of alerts' : 'the admins by direct message',
    },
  );
}

async function applyFilters(sent: Sent<About, typeof FILTER_FIELDS>): Promise<void> {
  const { ctx, asked, about, typed } = sent;
  const filters: Filter[] = FILTER_KEYS.map((key) => ({ key, patterns: typed[key], not: false })).filter(
    ({ patterns }) => patterns.length > 0,
  );
  await upsertChosenFilters(ctx.db, asked.user, asked.channel, filters);
  const answer = await findReferred(sent);
  const question = answer?.question ?? about.question;
  if (question) {
    const kept = (question.filters ?? []).filter((filter) => filter.not || !Object.hasOwn(FILTER_FIELDS, filter.key));
    const next = { ...question, filters: [...kept, ...filters] };
    if (answer?.asker !== asked.user) return answerQuestion(sent, { ...next, private: true });
    return answerQuestion({ ...sent, asked: { ...asked, ephemeral: answer.private } }, next, { change: answer });
  }
  const lines = filters.map(({ key, patterns }) => `${key}: ${patterns.join(', ')}`);
  const head =
    filters.length > 0 ? 'Your answers in this channel are filtered by:' : 'Your answers here are not filtered.';
  await say(sent, [head, ...lines], [{ label: 'Reset filters', command: 'reset' }]);
}

/** Returns the answer that a form was opened from; undefined once it has been deleted. */
async function findReferred({ ctx, about }: Asking & { about: About }): Promise<KeptAnswer | undefined> {
  return about.answerId ? findAnswer(ctx.db, about.answerId) : undefined;
}

const LOOKBACK_DAYS = 30;

/** The most used values of the last 30 days that contain what was typed. */
async function listValues(ctx: SlackContext, key: QuestionKey, contains: string) {
  if (key === 'client' || key === 'team') return listNamed(ctx, key, contains);
  const span = { fromMs: ctx.now() - LOOKBACK_DAYS * DAY_MS, toMs: ctx.now() };
  const values = await ctx.usage.values({ key, span, limit: 100, ...(contains ? { contains } : {}) });
  return values.slice(0, 100).map(({ value }) => toOption(value));
}

/** Lists clients or teams by name. Typing a client's id finds it too. */
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
