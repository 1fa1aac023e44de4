import { z } from 'zod';
import { formatMoment } from '../report/format.ts';
import type { SlackConfig } from '../slack/context.ts';
import { buildNotice } from './answer-message.ts';
import {
  type Block,
  clip,
  defuse,
  type Leaf,
  leaf,
  type Message,
  namePlaces,
  place,
  richList,
  richText,
} from './text.ts';

/** Builds the answer to `settings`: who may ask and change, and where answers go; people and groups by name. */
export function buildSettings({ zone, answers, viewers, admins }: SlackConfig): Message {
  const secret = answers === 'private' || viewers.length > 0;
  const { text, blocks } = buildNotice(
    ['Set in the environment: ANSWERS, VIEWERS, ADMINS, REPORT_TIMEZONE.'],
    [
      { label: 'Pools', command: 'pool' },
      { label: 'Alerts', command: 'alerts' },
      { label: 'Digests', command: 'digest' },
      { label: 'Health check', command: 'debug' },
    ],
  );
  const lines = [
    `Report time zone: ${zone}`,
    `Answers: ${secret ? 'to the asker alone, unless shared' : 'in the channel where they are asked'}`,
  ];
  const people = [
    richText('Who may ask: ', ...listPeople(viewers, 'every full member')),
    richText('Who may change: ', ...listPeople(admins, 'the admins of the workspace')),
  ];
  return { text: [...lines, text].join('\n'), blocks: [...lines.map((line) => richText(line)), ...people, ...blocks] };
}

function listPeople(ids: readonly string[], everybody: string): Leaf[] {
  if (ids.length === 0) return [leaf(everybody)];
  return ids.flatMap((id, index) => (index === 0 ? [place(id)] : [leaf(', '), place(id)]));
}

/** Builds the list of checks of this installation, failed ones first. */
export function buildDebug(checks: readonly { ok: boolean; line: string }[]): Message {
  const wrong = checks.filter(({ ok }) => !ok).map(({ line }) => line);
  const right = checks.filter(({ ok }) => ok).map(({ line }) => line);
  const headline =
    wrong.length === 0 ? 'Nothing is wrong that I can see.' : `${wrong.length} of ${checks.length} checks failed:`;
  return {
    text: [headline, ...wrong.map((line) => `✗ ${line}`), ...right.map((line) => `✓ ${line}`)].map(defuse).join('\n'),
    blocks: [
      richText(leaf(headline, { bold: true })),
      ...toList(wrong),
      ...(right.length > 0 ? [richText(leaf('In order:', { bold: true })), ...toList(right)] : []),
    ],
  };
}

function toList(lines: readonly string[]): Block[] {
  return lines.length === 0 ? [] : [richList(lines.slice(0, 60).map((line) => [clip(line, 400)]))];
}

export interface Change {
  atMs: number;
  actor: string;
  action: string;
  detail: string;
}

const MAX_DETAIL = 200;

/** Lists latest changes by people, one sentence a bullet. */
export function buildChanges(changes: readonly Change[], zone: string): Block {
  return richList(
    changes.map((change) => [
      `${formatMoment(change.atMs, zone)} · `,
      place(change.actor),
      ' ',
      ...namePlaces(clip(describeChange(change, zone), MAX_DETAIL)),
    ]),
  );
}

/** Builds the answer to `audit`: the latest changes, newest first. */
export function buildAudit(changes: readonly Change[], zone: string): Message {
  const head = changes.length > 0 ? `Latest changes (${zone})` : 'Nothing has been changed yet.';
  const lines = changes.map(
    (change) =>
      `${formatMoment(change.atMs, zone)} · ${change.actor} ${clip(describeChange(change, zone), MAX_DETAIL)}`,
  );
  return {
    text: [head, ...lines.slice(0, 10).map(defuse)].join('\n'),
    blocks: [richText(leaf(head, { bold: true })), ...(changes.length > 0 ? [buildChanges(changes, zone)] : [])],
  };
}

/** Verbs of changes: the sentence begins with a person, and the detail follows the verb. */
const VERBS: Readonly<Record<string, string>> = {
  'digest.add': 'added digest',
  'digest.remove': 'removed digest',
  'digest.send': 'sent digest',
  'alert.mute': 'muted',
  'alert.unmute': 'unmuted',
  'alert.enable': 'turned on alerts of the kind',
  'alert.disable': 'turned off alerts of the kind',
  'alert.add': 'added the alert',
  'alert.remove': 'removed the alert',
  'alert.acknowledge': 'acknowledged',
  'alert.test': 'sent a test alert to',
  'alert.route': 'sent alerts to',
  'alert.mention': 'had alerts mention',
  'view.save': 'saved the view',
  'view.remove': 'removed the view',
  pools: 'changed',
  correct: 'corrected',
  recount: 'recounted',
  rezone: 'changed the report zone:',
  forget: 'removed personal data:',
  'source.add': 'added the source',
  'source.set': 'changed the source',
  'source.rotate': 'made new credentials for the source',
  'source.remove': 'removed the source',
  'source.retry': 'sent rejected events again of the source',
  import: 'made import',
  'import.undo': 'took back import',
  restore: 'restored the database',
  'move-to': 'moved everything to PostgreSQL',
};

/** Verbs of changes to a digest, whose detail is its id and the written columns as JSON. */
const DIGEST_VERBS: Readonly<Record<string, string>> = {
  'digest.pause': 'paused',
  'digest.resume': 'resumed',
  'digest.change': 'changed',
  'digest.takeover': 'took over',
};

const DIGEST_DETAIL = /^(\d+): (\{.*\})$/s;
const WRITTEN = z.object({ pausedUntilMs: z.number().nullish(), channel: z.string().optional() }).loose();
const PARTS = { schedule: 'its times', what: 'its sections', channel: 'its channel' } as const;
const ISO_TIME = /\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z/g;

/** Writes a change as the rest of a sentence that begins with the person: `paused digest 1 until Mon 30 Nov 00:00`. */
export function describeChange({ action, detail }: { action: string; detail: string }, zone: string): string {
  const verb = DIGEST_VERBS[action];
  const digest = verb ? DIGEST_DETAIL.exec(detail) : null;
  if (verb && digest) return `${verb} digest ${digest[1]}${describeWritten(action, digest[2]!, zone)}`;
  const told = detail.replace(ISO_TIME, (time) => formatMoment(Date.parse(time), zone));
  return `${VERBS[action] ?? `${action}:`} ${told}`.trim();
}

function describeWritten(action: string, json: string, zone: string): string {
  const written = WRITTEN.safeParse(JSON.parse(json)).data;
  if (action === 'digest.pause') {
    return written?.pausedUntilMs == null ? '' : ` until ${formatMoment(written.pausedUntilMs, zone)}`;
  }
  if (action !== 'digest.change' || !written) return '';
  const parts = (['schedule', 'what', 'channel'] as const).filter((key) => key in written).map((key) => PARTS[key]);
  return parts.length > 0 ? `: ${parts.join(', ')}` : '';
}
