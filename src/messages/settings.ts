import type { SlackConfig } from '../slack/deps.ts';
import { buildNotice } from './answer-message.ts';
import { type Leaf, leaf, type Message, place, richText } from './text.ts';

/** Who may what, and where answers go; people and groups by name. */
export function buildSettings({ zone, answers, viewers, admins }: SlackConfig): Message {
  const secret = answers === 'private' || viewers.length > 0;
  const { text, blocks } = buildNotice(
    ['These are settings of the environment (ANSWERS, VIEWERS, ADMINS, REPORT_TIMEZONE).'],
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
