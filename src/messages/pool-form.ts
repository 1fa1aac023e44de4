import { type GrantFields, NO_GRANT, type PoolFields, toPoolFields } from '../domain/pool-fields.ts';
import type { PoolSummary } from '../slack/ports.ts';
import { ACTIONS, CALLBACKS } from './action-ids.ts';
import { type FormPlace, input, modal } from './modal.ts';
import { describePool } from './pool-words.ts';
import { type Block, button, clip, leaf, option, plainContext, plainText, richText } from './text.ts';

/** Four blocks each: with the other fields they stay below a view's 100. */
export const MAX_GRANTS = 20;

/** Metadata that every window about pools carries: where it was asked for, and what it shows. */
export interface PoolsMetadata extends FormPlace {
  /** The scope that is shown; absent: all. */
  scope?: string | undefined;
}

/** Metadata of a pool's form. */
export interface PoolFormMetadata extends PoolsMetadata {
  scope: string;
  part: 'pools' | 'limits';
  /** Absent: a new one. */
  name?: string | undefined;
  basis?: string | undefined;
  /** Numbers of its grants, in their order: each has fields of its own, which keep what is typed when others come or go. */
  grants: readonly number[];
}

const PERIODS = [
  ['A month', 'month'],
  ['A day', 'day'],
  ['Any 24 hours (rolling)', 'rolling-24h'],
  ['A year', 'year'],
  ['Once, between two days', 'once'],
] as const;

/** Names of the fields, as a fault begins with them. */
export const POOL_LABELS: Readonly<Record<string, string>> = {
  name: 'Name',
  period: 'Period',
  anchor: 'Begins on day',
  from: 'First day',
  until: 'Last day',
  base: 'Amount',
  max: 'At most',
  priority: 'Priority',
  thresholds: 'Warn at',
  validFrom: 'Holds from',
  'grant-name': 'Name of the grant',
  'grant-quantity': 'Quantity',
  'grant-each': 'Credits each',
};

/** The form of a pool or limit as it is now; `more`: with room for one more grant. */
export function buildChangeForm(
  place: PoolsMetadata,
  given: { scope: string; part: 'pools' | 'limits'; summary: PoolSummary; more: boolean },
): Block {
  const { scope, part, summary, more } = given;
  const fields = { ...toPoolFields(summary.pool), validFrom: summary.planned ?? '' };
  const grants = more ? [...fields.grants, NO_GRANT] : fields.grants;
  const metadata: PoolFormMetadata = {
    ...{ ...place, scope, part, name: summary.pool.name, basis: summary.basis },
    grants: grants.map((_, index) => index),
  };
  return buildPoolForm(metadata, { ...fields, grants }, summary);
}

/** Every field of a pool or limit. `now`: what holds, for one that is changed. */
export function buildPoolForm(metadata: PoolFormMetadata, fields: PoolFields, now?: PoolSummary): Block {
  const { name, part, scope, grants } = metadata;
  const noun = part === 'limits' ? 'limit' : fields.period === 'once' ? 'add-on' : 'pool';
  return modal({
    callback: CALLBACKS.pool,
    title: name === undefined ? `New ${noun}` : `Change ${noun}`,
    submit: 'Save',
    metadata,
    blocks: [
      ...buildHead(metadata, now),
      ...(name === undefined
        ? [text('name', fields.name, { max: 200, hint: `Among the ${part} of ${clip(scope, 100)}` })]
        : []),
      ...buildPeriod(fields),
      number('base', fields.base, {
        decimals: true,
        optional: grants.length > 0,
        hint: `Credits ${fields.period === 'once' ? 'in total' : 'in each period'}. Grants are added to it.`,
      }),
      ...grants.flatMap((id, index) => buildGrant(id, index, fields.grants[index])),
      ...buildGrantButton(metadata),
      number('max', fields.max, { decimals: true, hint: 'A cap on the amount with its grants. Empty: none.' }),
      ...(part === 'pools'
        ? [number('priority', fields.priority, { hint: 'Lower is drawn first. Empty: after those that have one.' })]
        : []),
      text('thresholds', fields.thresholds, {
        optional: true,
        hint: 'Percentages, in ascending order. 100 always warns as well. 75, 90 is usual.',
      }),
      date(
        'validFrom',
        fields.validFrom,
        `${describeStart(metadata, fields)} With a day in the past, that time is counted again.`,
      ),
      plainContext('To set which calls a limit counts, costs or links, edit the scope as text.'),
      { type: 'actions', elements: [button({ action: `${ACTIONS.poolForm}:text`, text: 'Edit as text' })] },
    ],
  });
}

function buildHead({ name, scope }: PoolFormMetadata, now: PoolSummary | undefined): Block[] {
  if (name === undefined || !now) return [];
  const planned = now.planned
    ? [richText(leaf(`This is planned from ${now.planned} on: `, { bold: true }), 'what you save takes its place.')]
    : [];
  return [
    richText(leaf(clip(name, 200), { bold: true }), ` of ${clip(scope, 200)}\n${clip(describePool(now.pool), 1500)}`),
    ...planned,
  ];
}

/** The fields that a period needs stand with it; the others are not there. */
function buildPeriod(fields: PoolFields): Block[] {
  const options = PERIODS.map(([label, value]) => option(label, value));
  return [
    input({
      id: 'period',
      label: POOL_LABELS.period!,
      live: true,
      element: {
        type: 'static_select',
        action_id: `${ACTIONS.poolForm}:period`,
        options,
        initial_option: options.find(({ value }) => value === fields.period) ?? options[0],
      },
    }),
    ...(fields.period === 'month'
      ? [
          number('anchor', fields.anchor || '1', {
            optional: false,
            hint: 'Of the month; 31 is the last day of any month.',
          }),
        ]
      : []),
    ...(fields.period === 'once'
      ? [date('from', fields.from, undefined, false), date('until', fields.until, 'Both days count.', false)]
      : []),
  ];
}

function buildGrant(id: number, index: number, grant: GrantFields | undefined): Block[] {
  return [
    {
      type: 'section',
      block_id: `grant:${id}`,
      text: plainText(`Grant ${index + 1}`),
      accessory: button({
        action: `${ACTIONS.poolForm}:drop`,
        text: 'Remove',
        value: String(id),
        spoken: `Remove grant ${index + 1}`,
      }),
    },
    text(`grant-name:${id}`, grant?.name ?? '', {
      max: 200,
      hint: grant?.name ? undefined : 'Such as Users, or Unattended Robot',
    }),
    number(`grant-quantity:${id}`, grant?.quantity ?? '1', { optional: false }),
    number(`grant-each:${id}`, grant?.each ?? '', { decimals: true, optional: false }),
  ];
}

function buildGrantButton({ grants }: PoolFormMetadata): Block[] {
  if (grants.length >= MAX_GRANTS) return [];
  return [
    {
      type: 'actions',
      elements: [button({ action: `${ACTIONS.poolForm}:grant`, text: 'Add a grant (licences, seats…)' })],
    },
  ];
}

/** Explains the default where no day is given. */
function describeStart({ name }: PoolFormMetadata, { period }: PoolFields): string {
  return name === undefined && period === 'once' ? 'Empty: its first day.' : 'Empty: today.';
}

function labelOf(id: string): string {
  return POOL_LABELS[id.split(':')[0]!]!;
}

function text(
  id: string,
  value: string,
  given: { max?: number; hint?: string | undefined; optional?: boolean } = {},
): Block {
  return input({
    id,
    label: labelOf(id),
    optional: given.optional,
    hint: given.hint,
    element: {
      type: 'plain_text_input',
      ...(given.max ? { max_length: given.max } : {}),
      ...(value ? { initial_value: value } : {}),
    },
  });
}

function number(
  id: string,
  value: string,
  { decimals = false, hint, optional = true }: { decimals?: boolean; hint?: string; optional?: boolean } = {},
): Block {
  return input({
    id,
    label: labelOf(id),
    optional,
    hint,
    element: {
      type: 'number_input',
      is_decimal_allowed: decimals,
      min_value: '0',
      ...(value ? { initial_value: value } : {}),
    },
  });
}

function date(id: string, value: string, hint?: string, optional = true): Block {
  return input({
    id,
    label: labelOf(id),
    optional,
    hint,
    element: { type: 'datepicker', ...(value ? { initial_date: value } : {}) },
  });
}
