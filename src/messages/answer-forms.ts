import type { QuestionKey } from '../domain/dimension.ts';
import type { Filter } from '../domain/filter.ts';
import type { AnswerFormMetadata, AskMetadata } from '../slack/form-metadata.ts';
import { ACTIONS, CALLBACKS } from './action-ids.ts';
import { buildField, type FormFields, modal } from './form.ts';
import { type Block, clip, richText } from './text.ts';

const STATUSES = ['2xx', '3xx', '4xx', '429', '5xx', '(none)'] as const;

function search<K extends QuestionKey>(key: K, label: string) {
  return { kind: 'search', label, action: `${ACTIONS.search}:${key}`, many: true } as const;
}

/** Filters of the form, by what they filter; every other can be typed. */
export const FILTER_FIELDS = {
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
    hint: 'Kept for you in this channel until you press Reset filters. Nothing chosen: no filters.',
  },
} as const satisfies FormFields & Partial<Record<QuestionKey, unknown>>;

export const FILTER_KEYS = Object.keys(FILTER_FIELDS) as (keyof typeof FILTER_FIELDS)[];

/** Values by search, kept for this person and channel until they are reset. */
export function buildFilterForm(metadata: AnswerFormMetadata, filters: readonly Filter[]): Block {
  const patternsOf = (key: QuestionKey) => filters.find((filter) => filter.key === key && !filter.not)?.patterns ?? [];
  return modal({
    callback: CALLBACKS.filters,
    title: 'Filters',
    submit: 'Apply',
    metadata,
    blocks: FILTER_KEYS.map((key) => buildField(key, FILTER_FIELDS[key], patternsOf(key))),
  });
}

export const SAVE_FIELDS = {
  name: {
    kind: 'text',
    label: 'Name',
    most: 60,
    required: 'give it a name',
    hint: 'Opened again with: open NAME',
  },
  owner: {
    kind: 'choice',
    label: 'For',
    required: 'choose one',
    options: [
      ['user', 'Only me'],
      ['channel', 'Everyone in this channel'],
    ],
  },
} as const satisfies FormFields;

/** A name for a question, and whose view it becomes. */
export function buildSaveForm(metadata: AnswerFormMetadata): Block {
  return modal({
    callback: CALLBACKS.saveView,
    title: 'Save as view',
    submit: 'Save',
    metadata,
    blocks: [buildField('name', SAVE_FIELDS.name), buildField('owner', SAVE_FIELDS.owner)],
  });
}

export const ALERT_FIELDS = {
  name: { kind: 'text', label: 'Name', most: 60, required: 'give it a name' },
  over: { kind: 'whole', label: 'Alert above', least: 0, most: 1e15 - 1, required: 'give a number of requests' },
  per: {
    kind: 'choice',
    label: 'Requests',
    required: 'choose one',
    options: [
      ['hour', 'in one hour'],
      ['day', 'in one day'],
    ],
  },
} as const satisfies FormFields;

const OVER = '1000';

/** A bound on what an answer counts. `counted`: what that is, in the words of a filter, or all requests. */
export function buildAlertForm(
  metadata: AnswerFormMetadata,
  { counted, route }: { counted: string; route: string },
): Block {
  const { name, over, per } = ALERT_FIELDS;
  const hint = `What the alert is called. It goes to ${route}.`;
  return modal({
    callback: CALLBACKS.alert,
    title: 'Set an alert',
    submit: 'Save',
    metadata,
    blocks: [
      richText(`Counts: ${clip(counted, 500)}`),
      buildField('name', name, clip(counted, name.most), { hint }),
      buildField('over', over, OVER),
      buildField('per', per),
    ],
  });
}

export const ASK_FIELDS = {
  text: {
    kind: 'text',
    label: 'What do you want to know?',
    most: 500,
    hint: 'For example: top clients 7d · status today · client "Acme CRM" 30d. Empty: the usage cards.',
  },
} as const satisfies FormFields;

/** The form that asks for a command to answer in the thread of a message, where slash commands do not work. */
export function buildAskForm(metadata: AskMetadata): Block {
  return modal({
    callback: CALLBACKS.ask,
    title: 'Usage in this thread',
    submit: 'Answer here',
    metadata,
    blocks: [buildField('text', ASK_FIELDS.text)],
  });
}
