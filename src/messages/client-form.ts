import { CLIENT_FIELDS, type ClientFields } from '../domain/declared-fields.ts';
import type { ClientFormMetadata, FormPlace } from '../slack/form-metadata.ts';
import type { ClientSummary } from '../slack/ports.ts';
import { ACTIONS, CALLBACKS } from './action-ids.ts';
import { buildField, type FormFields, modal, view } from './form.ts';
import { actions, type Block, button, clip, leaf, plainContext, richText } from './text.ts';

/** Clients with buttons of their own, two blocks each. */
const MAX_CLIENTS = 45;

const { name, owner, team } = CLIENT_FIELDS;
export const CLIENT_FORM = {
  name,
  ids: {
    ...{ kind: 'lines', label: 'Client ids', required: CLIENT_FIELDS.id.required },
    hint: 'As senders name it, one a line; * matches any characters. All of them are shown as one client.',
  },
  owner: { ...owner, hint: 'The id of a Slack user (U…) or user group (S…).' },
  team: { ...team, hint: 'Who answers for it: /usage top teams adds its clients up.' },
} as const satisfies FormFields;

/** Every declared client, with its ids, owner and team. `said`: what just happened. */
export function buildClients(place: FormPlace, clients: readonly ClientSummary[], said?: string): Block {
  const shown = clients.slice(0, MAX_CLIENTS);
  const left = clients.length - shown.length;
  return view({
    title: 'Clients',
    metadata: place,
    blocks: [
      ...(said ? [richText(leaf(clip(said, 2500), { italic: true }))] : []),
      ...actions(button({ action: ACTIONS.clientEdit, text: 'Add a client' })),
      ...(clients.length === 0
        ? [richText('No client has a name or team yet: ids are shown as senders give them.')]
        : []),
      ...shown.flatMap(({ fields, basis }, index) => buildClient(fields, basis, index)),
      ...(left > 0 ? [plainContext(`${left} more are in the text: Pools → Edit as text.`)] : []),
    ],
  });
}

function buildClient(fields: ClientFields, basis: string, index: number): Block[] {
  const ids = fields.ids.split('\n').join(', ');
  const about = [
    clip(ids, 300),
    ...(fields.team === '' ? [] : [`team ${fields.team}`]),
    ...(fields.owner === '' ? [] : [`owner ${fields.owner}`]),
  ];
  return [
    richText(leaf(fields.name, { bold: true }), `\n${about.join(' · ')}`),
    ...actions(
      button({ action: `${ACTIONS.clientEdit}:${index}`, text: 'Edit', value: basis, spoken: `Edit ${fields.name}` }),
      button({
        action: `${ACTIONS.clientEnd}:${index}`,
        text: 'Remove',
        value: basis,
        style: 'danger',
        spoken: `Remove ${fields.name}`,
        confirm: {
          title: 'Remove its name?',
          text: `${clip(fields.name, 100)} is then shown by its ids, without owner and team. Its numbers stay.`,
          yes: 'Remove',
        },
      }),
    ),
  ];
}

export function buildClientForm(metadata: ClientFormMetadata, fields: ClientFields): Block {
  const keys = ['name', 'ids', 'owner', 'team'] as const;
  return modal({
    callback: CALLBACKS.client,
    title: metadata.basis === undefined ? 'New client' : 'Change client',
    submit: 'Save',
    metadata,
    blocks: keys.map((key) => buildField(key, CLIENT_FORM[key], fields[key])),
  });
}
