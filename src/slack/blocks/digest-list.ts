import { formatInstant } from '../../report/format.ts';
import { ACTIONS } from '../action-ids.ts';
import type { DigestSummary } from '../ports.ts';
import { type Block, button, defuse, leaf, type Message, richText } from './text.ts';

const MAX_SHOWN = 12;

/** A digest in lines: schedule and state, then its next three runs. */
export function describeDigest(digest: DigestSummary, zone: string): { lines: string[] } {
  const runs = digest.nextRuns.slice(0, 3).map((ms) => formatInstant(ms, zone));
  const state = digest.paused ? ` – paused${digest.pausedReason ? `: ${digest.pausedReason}` : ''}` : '';
  const next = runs.length > 0 && !digest.paused ? [`Next: ${runs.join(', ')} (${zone})`] : [];
  return { lines: [`${digest.schedule}${state}`, ...next] };
}

/** The digests of a channel, each with its buttons. */
export function buildDigestList(
  digests: readonly DigestSummary[],
  { command, zone }: { command: string; zone: string },
): Message {
  const none = `No digest is posted here yet. Add one: ${command} digest add daily 09:00`;
  const rows = digests.slice(0, MAX_SHOWN).map((digest) => ({ digest, ...describeDigest(digest, zone) }));
  return {
    text:
      rows.length === 0
        ? none
        : rows.map(({ digest, lines }) => defuse(`${digest.id}: ${lines.join(', ')}`)).join('\n'),
    blocks: [
      ...(rows.length === 0 ? [richText(none)] : []),
      ...rows.flatMap(({ digest, lines }) => [
        richText(leaf(`Digest ${digest.id}  `, { bold: true }), lines.join('\n'), '\nOwner: ', {
          type: 'user',
          user_id: digest.owner,
        }),
        buildDigestButtons(digest),
      ]),
      { type: 'actions', elements: [button({ action: ACTIONS.digestNew, text: 'Add a digest' })] },
    ],
  };
}

export function buildDigestButtons({ id, paused }: DigestSummary): Block {
  const value = String(id);
  const remove = { title: 'Remove this digest?', text: 'It will not be posted any more.', yes: 'Remove' };
  const send = { title: 'Send it now?', text: 'Everyone in its channel will see it.', yes: 'Send' };
  return {
    type: 'actions',
    elements: [
      button({ action: ACTIONS.digestPreview, text: 'Preview', value }),
      button({ action: ACTIONS.digestSend, text: 'Send now', value, confirm: send }),
      button({ action: ACTIONS.digestEdit, text: 'Edit', value }),
      button({
        action: ACTIONS.digestPause,
        text: paused ? 'Resume' : 'Pause',
        value: `${value}:${paused ? 'resume' : 'pause'}`,
      }),
      button({ action: ACTIONS.digestRemove, text: 'Remove', value, style: 'danger', confirm: remove }),
    ],
  };
}
