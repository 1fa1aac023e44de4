import type { AlertRouting } from '../slack/ports.ts';
import { ACTIONS, CALLBACKS } from './action-ids.ts';
import { MAX_PLACEHOLDER } from './limits.ts';
import { type FormPlace, input, modal } from './modal.ts';
import { type Block, type Message, type Option, option, place, plainContext, plainText, richText } from './text.ts';

export interface RoutingMetadata extends FormPlace {
  /** The workspace's plan has no user groups. */
  noGroups?: boolean;
}

/** Fields of the form of where alerts go: as it is now, or as it is being filled in. */
export interface RoutingFields {
  to: 'channel' | 'admins';
  channel: string;
  who: 'group' | 'person' | 'nobody';
  group: Option | undefined;
  person: string;
  kinds: readonly string[];
}

const TO = [option('A channel', 'channel'), option('The admins, by direct message', 'admins')];
const WHO = [option('A user group', 'group'), option('One person', 'person'), option('Nobody', 'nobody')];

/** The fields of what holds. `group`: the group that is mentioned, with its name. */
export function toRoutingFields({ channel, mention, kinds }: AlertRouting, group: Option | undefined): RoutingFields {
  return {
    to: channel ? 'channel' : 'admins',
    channel: channel ?? '',
    who: mention === undefined ? 'nobody' : mention.startsWith('S') ? 'group' : 'person',
    group,
    person: mention && !mention.startsWith('S') ? mention : '',
    kinds: kinds.filter(({ on }) => on).map(({ kind }) => kind),
  };
}

/** Where alerts go, who is mentioned, and which are sent at all. A choice brings the field that it needs. */
export function buildRoutingModal(
  metadata: RoutingMetadata,
  fields: RoutingFields,
  kinds: AlertRouting['kinds'],
): Block {
  const boxes = kinds.slice(0, 10).map(({ kind, title }) => option(title, kind));
  const ticked = boxes.filter(({ value }) => fields.kinds.includes(value));
  return modal({
    callback: CALLBACKS.alertRoute,
    title: 'Alert routing',
    submit: 'Save',
    metadata,
    blocks: [
      choose('to', 'Alerts go to', TO, fields.to),
      ...(fields.to === 'channel' ? [buildChannel(fields.channel)] : []),
      choose('who', 'At 90% and 100% mention', metadata.noGroups ? WHO.slice(1) : WHO, fields.who),
      ...(fields.who === 'group' ? [buildGroup(fields.group)] : []),
      ...(fields.who === 'person' ? [buildPerson(fields.person)] : []),
      plainContext('Only if no other pool has credits left. Other alerts mention no one.'),
      input({
        id: 'kinds',
        label: 'Warn when',
        optional: true,
        element: { type: 'checkboxes', options: boxes, ...(ticked.length > 0 ? { initial_options: ticked } : {}) },
      }),
    ],
  });
}

function choose(id: string, label: string, options: Option[], value: string): Block {
  return input({
    id,
    label,
    live: true,
    element: {
      type: 'radio_buttons',
      action_id: `${ACTIONS.alertForm}:${id}`,
      options,
      initial_option: options.find((one) => one.value === value),
    },
  });
}

function buildChannel(channel: string): Block {
  return input({
    id: 'channel',
    label: 'Channel',
    element: {
      type: 'conversations_select',
      filter: { include: ['public', 'private'], exclude_bot_users: true, exclude_external_shared_channels: true },
      ...(channel ? { initial_conversation: channel } : {}),
    },
    hint: 'I’ll join public channels myself; invite me to private ones.',
  });
}

function buildGroup(group: Option | undefined): Block {
  return input({
    id: 'group',
    label: 'User group',
    element: {
      type: 'external_select',
      action_id: ACTIONS.alertGroup,
      min_query_length: 0,
      placeholder: plainText('Search…', MAX_PLACEHOLDER),
      ...(group ? { initial_option: group } : {}),
    },
  });
}

function buildPerson(person: string): Block {
  return input({
    id: 'person',
    label: 'Person',
    element: { type: 'users_select', ...(person ? { initial_user: person } : {}) },
  });
}

/** Describes where alerts go now, in one line. In its fallback text nobody is mentioned by it. */
export function describeRouting({ channel, mention, kinds }: AlertRouting): Message {
  const on = `${kinds.filter((kind) => kind.on).length} of ${kinds.length} kinds are on.`;
  const [admins, nobody] = ['the admins by direct message', 'no one is mentioned'];
  const where = channel ? `<#${channel}>` : admins;
  return {
    text: `Alerts go to ${where}. At 90% and 100% ${mention ? 'on-call is mentioned' : nobody}. ${on}`,
    blocks: [
      richText(
        'Alerts go to ',
        channel ? place(channel) : admins,
        '. At 90% and 100% ',
        ...(mention ? [place(mention), ' is mentioned'] : [nobody]),
        `. ${on}`,
      ),
    ],
  };
}
