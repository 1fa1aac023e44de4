import type { Filter } from '../domain/filter.ts';
import type { DigestPort, DigestSummary } from '../slack/ports.ts';
import { ACTIONS, CALLBACKS } from './action-ids.ts';
import { input, modal } from './modal.ts';
import { type Block, option, plainContext } from './text.ts';

const DEFAULT_RHYTHM = 'daily';
const DEFAULT_TIME = '09:00';

/** The schedule that a new digest's form begins with, as it would be typed. */
export function defaultSchedule(zone: string): string {
  return `${DEFAULT_RHYTHM} ${DEFAULT_TIME} ${zone}`;
}

const RHYTHMS = [
  ['Every day', 'daily'],
  ['Monday to Friday', 'weekdays'],
  ['Every Monday', 'weekly mon'],
  ['Every Tuesday', 'weekly tue'],
  ['Every Wednesday', 'weekly wed'],
  ['Every Thursday', 'weekly thu'],
  ['Every Friday', 'weekly fri'],
  ['Every Saturday', 'weekly sat'],
  ['Every Sunday', 'weekly sun'],
  ['First day of the month', 'monthly 1'],
  ['15th of the month', 'monthly 15'],
  ['Last day of the month', 'monthly 31'],
] as const;

export interface DigestLimits {
  filters?: readonly Filter[];
  scope?: string;
}

export interface DigestMetadata extends DigestLimits {
  /** Of the digest that is changed; undefined: a new one. */
  id?: number | undefined;
  channel?: string | undefined;
}

/** Where the next runs stand. */
export const NEXT_RUNS_BLOCK = 'next_runs';

/** Where, when and what of a digest. `next` says its next runs. `zone` is the person's own. */
export function buildDigestModal(given: {
  digest?: DigestSummary | undefined;
  channel?: string | undefined;
  zone: string;
  sections: DigestPort['sections'];
  next: string;
  /** What a new one's calls are limited to, and the same in words. */
  limits?: DigestLimits | undefined;
  only?: string | undefined;
  /** Parts of a new one's thread, by their keys; empty or absent: all. */
  parts?: readonly string[] | undefined;
}): Block {
  const { digest, zone, sections } = given;
  const channel = digest?.channel ?? given.channel;
  const words = digest ? readSchedule(digest.schedule) : undefined;
  const rhythms = RHYTHMS.map(([text, value]) => option(text, value));
  if (words && !rhythms.some(({ value }) => value === words.rhythm)) rhythms.push(option(words.rhythm, words.rhythm));
  return modal({
    callback: CALLBACKS.digest,
    title: digest ? 'Change digest' : 'New digest',
    submit: 'Save',
    metadata: { id: digest?.id, channel, ...given.limits } satisfies DigestMetadata,
    blocks: [
      ...(given.only ? [plainContext(given.only)] : []),
      input({
        id: 'channel',
        label: 'Channel',
        element: {
          type: 'conversations_select',
          filter: { include: ['public', 'private'], exclude_bot_users: true, exclude_external_shared_channels: true },
          ...(channel ? { initial_conversation: channel } : { default_to_current_conversation: true }),
        },
        hint: 'I’ll join public channels myself; invite me to private ones.',
      }),
      input({
        id: 'rhythm',
        label: 'When',
        live: true,
        element: {
          action_id: `${ACTIONS.digestWhen}:rhythm`,
          type: 'static_select',
          options: rhythms,
          initial_option: rhythms.find(({ value }) => value === (words?.rhythm ?? DEFAULT_RHYTHM)),
        },
      }),
      input({
        id: 'time',
        label: 'At',
        live: true,
        element: {
          action_id: `${ACTIONS.digestWhen}:time`,
          type: 'timepicker',
          initial_time: words?.time ?? DEFAULT_TIME,
        },
      }),
      input({
        id: 'zone',
        label: 'Time zone',
        live: true,
        element: {
          action_id: `${ACTIONS.digestWhen}:zone`,
          type: 'plain_text_input',
          initial_value: words?.zone ?? zone,
          max_length: 64,
        },
        hint: 'An IANA name, such as Europe/Berlin',
      }),
      { ...plainContext(given.next), block_id: NEXT_RUNS_BLOCK },
      ...buildSections('sections', 'In the message', (part) => part !== 'thread'),
      ...buildSections('thread', 'In its thread', (part) => part === 'thread'),
    ],
  });

  /** A field of checkboxes, which Slack takes ten of at most. */
  function buildSections(id: string, label: string, fits: (part: string) => boolean): Block[] {
    const options = sections.filter(({ part }) => fits(part)).map(({ key, title }) => option(title, key));
    const wanted = digest?.sections ?? (id === 'thread' && given.parts?.length ? given.parts : undefined);
    const chosen = wanted ? options.filter(({ value }) => wanted.includes(value)) : options;
    if (options.length === 0) return [];
    const ticked = chosen.length > 0 ? { initial_options: chosen } : {};
    return [input({ id, label, optional: true, element: { type: 'checkboxes', options, ...ticked } })];
  }
}

/** `weekly mon 09:00 Europe/Berlin` in its parts. */
function readSchedule(schedule: string): { rhythm: string; time: string; zone: string } | undefined {
  const match = /^(.+?) (\d{1,2}:\d{2}) (\S+)$/.exec(schedule);
  return match ? { rhythm: match[1]!, time: match[2]!.padStart(5, '0'), zone: match[3]! } : undefined;
}
