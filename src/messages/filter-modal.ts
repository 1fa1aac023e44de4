import type { QuestionKey } from '../domain/dimension.ts';
import type { Filter } from '../domain/filter.ts';
import { ACTIONS, CALLBACKS } from './action-ids.ts';
import { MAX_OPTION_VALUE, MAX_PLACEHOLDER } from './limits.ts';
import { type AnswerReference, type FormPlace, input, modal } from './modal.ts';
import { type Block, type Option, option, plainText } from './text.ts';

/** Fields of the form; every other filter can be typed. */
export const FILTER_FIELDS: readonly { key: QuestionKey; label: string }[] = [
  { key: 'client', label: 'Clients' },
  { key: 'team', label: 'Teams' },
  { key: 'route', label: 'Routes' },
  { key: 'user', label: 'Users' },
  { key: 'module', label: 'Modules' },
  { key: 'method', label: 'Methods' },
  { key: 'scope', label: 'Scopes' },
];

const STATUSES = ['2xx', '3xx', '4xx', '429', '5xx', '(none)'] as const;

export interface FilterMetadata extends AnswerReference, FormPlace {}

/** Values by search, kept for this person and channel until they are reset. */
export function buildFilterModal(metadata: FilterMetadata, filters: readonly Filter[]): Block {
  const statuses = STATUSES.map((status) => option(status, status));
  const chosenStatuses = statuses.filter(({ value }) => patternsOf(filters, 'status').includes(value));
  return modal({
    callback: CALLBACKS.filters,
    title: 'Filters',
    submit: 'Apply',
    metadata,
    blocks: [
      ...FILTER_FIELDS.map(({ key, label }) => {
        const chosen = patternsOf(filters, key).map(toOption);
        return input({
          id: key,
          label,
          optional: true,
          element: {
            type: 'multi_external_select',
            action_id: `${ACTIONS.search}:${key}`,
            min_query_length: 0,
            placeholder: plainText('Search…', MAX_PLACEHOLDER),
            ...(chosen.length > 0 ? { initial_options: chosen } : {}),
          },
        });
      }),
      input({
        id: 'status',
        label: 'Status',
        optional: true,
        element: {
          type: 'multi_static_select',
          options: statuses,
          ...(chosenStatuses.length > 0 ? { initial_options: chosenStatuses } : {}),
        },
        hint: 'Kept for you in this channel until you press Reset filters. Nothing chosen: no filters.',
      }),
    ],
  });
}

function patternsOf(filters: readonly Filter[], key: QuestionKey): readonly string[] {
  return filters.find((filter) => filter.key === key && !filter.not)?.patterns ?? [];
}

/** A value too long for a menu is found by its beginning. */
export function toOption(value: string): Option {
  return option(value, value.length <= MAX_OPTION_VALUE ? value : `${value.slice(0, MAX_OPTION_VALUE - 1)}*`);
}
