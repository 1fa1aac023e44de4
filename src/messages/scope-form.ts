import type { ScopeFields } from '../domain/pool-fields.ts';
import { CALLBACKS } from './action-ids.ts';
import { input, modal } from './modal.ts';
import type { PoolsMetadata } from './pool-form.ts';
import { type Block, clip, leaf, plainContext, richText } from './text.ts';

/** `scope` absent: a new one. */
export interface ScopeFormMetadata extends PoolsMetadata {
  basis?: string | undefined;
}

/** Names of the fields, as a fault begins with them. */
export const SCOPE_LABELS: Readonly<Record<keyof ScopeFields, string>> = {
  name: 'Name',
  title: 'Title',
  rateLimit: 'Rate limit per minute',
  addon: 'Address to buy an add-on',
  upgrade: 'Address to upgrade',
};

/** What a scope is called, its rate limit, and the addresses of its buttons. */
export function buildScopeForm(metadata: ScopeFormMetadata, fields: ScopeFields): Block {
  const { scope } = metadata;
  return modal({
    callback: CALLBACKS.scope,
    title: scope === undefined ? 'New scope' : 'Change scope',
    submit: 'Save',
    metadata,
    blocks: [
      ...(scope === undefined
        ? [text('name', fields, { max: 200, hint: 'As events name it, such as crm' })]
        : [richText(leaf(clip(scope, 200), { bold: true }))]),
      text('title', fields, { optional: true, max: 200, hint: 'As people read it. Empty: its name.' }),
      input({
        id: 'rateLimit',
        label: SCOPE_LABELS.rateLimit,
        optional: true,
        element: {
          type: 'number_input',
          is_decimal_allowed: false,
          min_value: '1',
          ...(fields.rateLimit ? { initial_value: fields.rateLimit } : {}),
        },
        hint: 'Shown beside the peak minute. Empty: none.',
      }),
      text('addon', fields, { optional: true, max: 3000, hint: 'Its button is shown on amber and red.' }),
      text('upgrade', fields, { optional: true, max: 3000 }),
      plainContext(
        scope === undefined
          ? 'It counts the events that name it; pools are added next. Rules for other events are declared as text.'
          : 'Which calls it counts, and what they cost, is declared as text.',
      ),
    ],
  });
}

function text(
  id: keyof ScopeFields,
  fields: ScopeFields,
  { max, hint, optional }: { max: number; hint?: string; optional?: boolean },
): Block {
  return input({
    id,
    label: SCOPE_LABELS[id],
    optional,
    hint,
    element: { type: 'plain_text_input', max_length: max, ...(fields[id] ? { initial_value: fields[id] } : {}) },
  });
}
