import { DIGEST_SECTIONS } from '../domain/digest.ts';
import type { DigestMetadata } from '../slack/form-metadata.ts';
import type { DigestSummary } from '../slack/ports.ts';
import { ACTIONS, CALLBACKS } from './action-ids.ts';
import { buildField, type FormFields, modal } from './form.ts';
import { type Block, plainContext } from './text.ts';

const DEFAULT_RHYTHM = 'daily';
const DEFAULT_TIME = '09:00';

/** The schedule that a new digest's form begins with, as it would be typed. */
export function defaultSchedule(zone: string): string {
  return `${DEFAULT_RHYTHM} ${DEFAULT_TIME} ${zone}`;
}

const RHYTHMS = [
  ['daily', 'Every day'],
  ['weekdays', 'Monday to Friday'],
  ['weekly mon', 'Every Monday'],
  ['weekly tue', 'Every Tuesday'],
  ['weekly wed', 'Every Wednesday'],
  ['weekly thu', 'Every Thursday'],
  ['weekly fri', 'Every Friday'],
  ['weekly sat', 'Every Saturday'],
  ['weekly sun', 'Every Sunday'],
  ['monthly 1', 'First day of the month'],
  ['monthly 15', '15th of the month'],
  ['monthly 31', 'Last day of the month'],
] as const;

const live = ACTIONS.digestWhen;
const toOptions = (fits: (part: string) => boolean) =>
  DIGEST_SECTIONS.filter(({ part }) => fits(part)).map(({ key, title }) => [key, title] as const);

/** Fields of a digest; of sections, Slack takes ten of at most in one field. */
export const DIGEST_FIELDS = {
  channel: {
    kind: 'channel',
    label: 'Channel',
    current: true,
    required: 'choose one',
    hint: 'I’ll join public channels myself; invite me to private ones.',
  },
  rhythm: { kind: 'choice', label: 'When', live, required: 'choose one', options: RHYTHMS as Rhythms },
  time: { kind: 'time', label: 'At', live, required: 'choose one' },
  zone: {
    ...({ kind: 'text', label: 'Time zone', live, most: 64 } as const),
    ...{ required: 'give one', hint: 'An IANA name, such as Europe/Berlin' },
  },
  sections: { kind: 'choices', label: 'In the message', options: toOptions((part) => part !== 'thread') },
  thread: { kind: 'choices', label: 'In its thread', options: toOptions((part) => part === 'thread') },
} as const satisfies FormFields;

type Rhythms = readonly (readonly [string, string])[];

/** Block id of the line with the next runs. */
export const NEXT_RUNS_BLOCK = 'next_runs';

/** Builds the form of a digest: its channel, times and sections. `next` says its next runs. `zone` is the person's own. */
export function buildDigestForm(given: {
  digest?: DigestSummary | undefined;
  channel?: string | undefined;
  zone: string;
  next: string;
  /** Limits on the calls of a new one, and the same in words. */
  limits?: Pick<DigestMetadata, 'filters' | 'scope'> | undefined;
  only?: string | undefined;
  /** Parts of a new one's thread, by their keys; empty or absent: all. */
  parts?: readonly string[] | undefined;
}): Block {
  const { digest, zone, parts = [] } = given;
  const fields = DIGEST_FIELDS;
  const all = DIGEST_SECTIONS.map(({ key }) => key);
  const channel = digest?.channel ?? given.channel;
  const words = digest ? readSchedule(digest.schedule) : undefined;
  const rhythm = words?.rhythm ?? DEFAULT_RHYTHM;
  const isOffered = RHYTHMS.some(([value]) => value === rhythm);
  const options: Rhythms = isOffered ? RHYTHMS : [...RHYTHMS, [rhythm, rhythm]];
  return modal({
    callback: CALLBACKS.digest,
    title: digest ? 'Change digest' : 'New digest',
    submit: 'Save',
    metadata: { id: digest?.id, channel, ...given.limits } satisfies DigestMetadata,
    blocks: [
      ...(given.only ? [plainContext(given.only)] : []),
      buildField('channel', fields.channel, channel),
      buildField('rhythm', { ...fields.rhythm, options }, rhythm),
      buildField('time', fields.time, words?.time ?? DEFAULT_TIME),
      buildField('zone', fields.zone, words?.zone ?? zone),
      { ...plainContext(given.next), block_id: NEXT_RUNS_BLOCK },
      ...tick('sections', digest?.sections ?? all),
      ...tick('thread', digest?.sections ?? (parts.length > 0 ? parts : all)),
    ],
  });

  function tick(id: 'sections' | 'thread', wanted: readonly string[]): Block[] {
    const offered = fields[id].options.map(([key]) => key);
    const chosen = offered.filter((key) => wanted.includes(key));
    return [buildField(id, fields[id], chosen)];
  }
}

/** `weekly mon 09:00 Europe/Berlin` in its parts. */
function readSchedule(schedule: string): { rhythm: string; time: string; zone: string } | undefined {
  const match = /^(.+?) (\d{1,2}:\d{2}) (\S+)$/.exec(schedule);
  return match ? { rhythm: match[1]!, time: match[2]!.padStart(5, '0'), zone: match[3]! } : undefined;
}
