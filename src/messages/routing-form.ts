import type { RoutingMetadata } from '../slack/form-metadata.ts';
import type { AlertRouting } from '../slack/ports.ts';
import { ACTIONS, CALLBACKS } from './action-ids.ts';
import { buildField, type FormFields, modal } from './form.ts';
import { type Block, type Message, type Option, place, plainContext, richText } from './text.ts';

/** Values of the form: as alerts are routed now, or as it is being filled in. */
export interface Routing {
  to: 'channel' | 'admins';
  channel: string;
  who: 'group' | 'person' | 'nobody';
  group: Option | undefined;
  person: string;
  kinds: readonly string[];
}

/** Fields of the form. A choice brings the field that it needs; `groups`: the workspace's plan has them. */
export function listRoutingFields(kinds: AlertRouting['kinds'], groups: boolean) {
  const live = ACTIONS.alertForm;
  return {
    to: {
      ...({ kind: 'choice', label: 'Alerts go to', live, required: 'choose one' } as const),
      options: [
        ['channel', 'A channel'],
        ['admins', 'The admins, by direct message'],
      ],
    },
    channel: {
      ...({ kind: 'channel', label: 'Channel', required: 'choose one' } as const),
      hint: 'I’ll join public channels myself; invite me to private ones.',
    },
    who: {
      ...({ kind: 'choice', label: 'At 90% and 100% mention', live, required: 'choose one' } as const),
      options: [
        ...(groups ? [['group', 'A user group'] as const] : []),
        ['person', 'One person'],
        ['nobody', 'Nobody'],
      ],
    },
    group: { kind: 'search', label: 'User group', action: ACTIONS.alertGroup, required: 'choose one' },
    person: { kind: 'person', label: 'Person', required: 'choose one' },
    kinds: {
      ...({ kind: 'choices', label: 'Warn when' } as const),
      options: kinds.slice(0, 10).map(({ kind, title }) => [kind, title] as const),
    },
  } as const satisfies FormFields;
}

/** Returns the values of what holds. `group`: the group that is mentioned, with its name. */
export function toRouting({ channel, mention, kinds }: AlertRouting, group: Option | undefined): Routing {
  return {
    to: channel ? 'channel' : 'admins',
    channel: channel ?? '',
    who: mention === undefined ? 'nobody' : mention.startsWith('S') ? 'group' : 'person',
    group,
    person: mention && !mention.startsWith('S') ? mention : '',
    kinds: kinds.filter(({ on }) => on).map(({ kind }) => kind),
  };
}

/** Builds the form of routing: the place alerts go to, the mention, and the kinds that are sent. */
export function buildRoutingForm(metadata: RoutingMetadata, values: Routing, kinds: AlertRouting['kinds']): Block {
  const fields = listRoutingFields(kinds, !metadata.noGroups);
  const { to, channel, who, group, person } = values;
  return modal({
    callback: CALLBACKS.alertRoute,
    title: 'Alert routing',
    submit: 'Save',
    metadata,
    blocks: [
      buildField('to', fields.to, to),
      ...(to === 'channel' ? [buildField('channel', fields.channel, channel)] : []),
      buildField('who', fields.who, who),
      ...(who === 'group' ? [buildField('group', fields.group, group ? [group] : [])] : []),
      ...(who === 'person' ? [buildField('person', fields.person, person)] : []),
      plainContext('Only if no other pool has credits left. Other alerts mention no one.'),
      buildField('kinds', fields.kinds, values.kinds),
    ],
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
