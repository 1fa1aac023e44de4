import { formatMoment } from '../report/format.ts';
import { describeChange } from './audit-words.ts';
import { type Block, clip, defuse, type Leaf, leaf, type Message, place, richList, richText } from './text.ts';

export interface Change {
  atMs: number;
  actor: string;
  action: string;
  detail: string;
}

const MAX_DETAIL = 200;

/** Who changed what, one sentence a bullet. */
export function buildChanges(changes: readonly Change[], zone: string): Block {
  return richList(
    changes.map((change) => [
      `${formatMoment(change.atMs, zone)} · `,
      place(change.actor),
      ' ',
      ...nameConversations(clip(describeChange(change, zone), MAX_DETAIL)),
    ]),
  );
}

/** Ids of channels and people as Slack shows them to the reader: letters and digits in any order after the first letter. */
function nameConversations(detail: string): Leaf[] {
  return detail
    .split(/\b([CGUW](?=[A-Z]*\d)[A-Z0-9]{7,})\b/)
    .map((part, index) => (index % 2 === 1 ? place(part) : leaf(part)));
}

/** The answer to `audit`: the latest changes, newest first. */
export function buildAudit(changes: readonly Change[], zone: string): Message {
  const head = changes.length > 0 ? `Latest changes (${zone})` : 'Nothing was changed yet.';
  const lines = changes.map(
    (change) =>
      `${formatMoment(change.atMs, zone)} · ${change.actor} ${clip(describeChange(change, zone), MAX_DETAIL)}`,
  );
  return {
    text: [head, ...lines.slice(0, 10).map(defuse)].join('\n'),
    blocks: [richText(leaf(head, { bold: true })), ...(changes.length > 0 ? [buildChanges(changes, zone)] : [])],
  };
}
