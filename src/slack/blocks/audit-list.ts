import { formatInstant } from '../../report/format.ts';
import { type Block, clip, defuse, leaf, type Message, place, richList, richText } from './text.ts';

export interface Change {
  atMs: number;
  actor: string;
  action: string;
  detail: string;
}

const MAX_DETAIL = 200;

/** Who changed what, one bullet each. */
export function buildChanges(changes: readonly Change[], zone: string): Block {
  return richList(
    changes.map(({ atMs, actor, action, detail }) => [
      `${formatInstant(atMs, zone)} `,
      place(actor),
      ` ${action}: ${clip(detail, MAX_DETAIL)}`,
    ]),
  );
}

/** The answer to `audit`: the latest changes, newest first. */
export function buildAudit(changes: readonly Change[], zone: string): Message {
  const head = changes.length > 0 ? `The latest changes (${zone})` : 'Nothing was changed yet.';
  const lines = changes.map(
    ({ atMs, actor, action, detail }) => `${formatInstant(atMs, zone)} ${actor} ${action}: ${clip(detail, MAX_DETAIL)}`,
  );
  return {
    text: [head, ...lines.slice(0, 10).map(defuse)].join('\n'),
    blocks: [richText(leaf(head, { bold: true })), ...(changes.length > 0 ? [buildChanges(changes, zone)] : [])],
  };
}
