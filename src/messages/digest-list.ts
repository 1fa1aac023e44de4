import { formatMoment } from '../report/format.ts';
import type { DigestPreview, DigestSummary } from '../slack/ports.ts';
import { ACTIONS } from './action-ids.ts';
import { buildNativeCharts } from './native-chart.ts';
import { actions, type Block, button, defuse, leaf, type Message, plainContext, richText } from './text.ts';

const MAX_SHOWN = 12;

/** A digest in lines: schedule and state, then its next three runs. */
export function describeDigest(digest: DigestSummary): { lines: string[] } {
  const next = digest.nextRuns.length > 0 ? [describeRuns(digest)] : [];
  const { schedule, limits, paused } = digest;
  return { lines: [[schedule, ...limits, ...(paused ? [describePause(digest)] : [])].join(' · '), ...next] };
}

/** `paused until Mon 30 Nov 00:00`, by the schedule's own zone; `paused: invite me with /invite @headroom`. */
export function describePause({ schedule, pausedUntilMs, pausedReason }: DigestSummary): string {
  if (pausedReason) return `paused: ${pausedReason}`;
  return pausedUntilMs === undefined ? 'paused' : `paused until ${formatMoment(pausedUntilMs, zoneOf(schedule))}`;
}

/** `Next: 22 Nov 2026 09:00, … (Europe/Berlin)`: the next three runs, in the zone that the schedule's last word names. */
export function describeRuns({ schedule, nextRuns }: Pick<DigestSummary, 'schedule' | 'nextRuns'>): string {
  const zone = zoneOf(schedule);
  const runs = nextRuns.slice(0, 3).map((ms) => formatMoment(ms, zone));
  return runs.length > 0 ? `Next: ${runs.join(', ')} (${zone})` : 'It will not run.';
}

function zoneOf(schedule: string): string {
  return schedule.split(' ').at(-1)!;
}

/** Asks for confirmation before a digest is sent to its channel. */
export function buildSendPrompt(digest: DigestSummary): Message {
  const line = `Everyone in its channel will see digest ${digest.id} (${digest.schedule}).`;
  return { text: defuse(line), blocks: [richText(line), ...actions(buildSend(digest))] };
}

/** Builds the list of a channel's digests, each with its buttons. */
export function buildDigestList(digests: readonly DigestSummary[], { command }: { command: string }): Message {
  const none = `No digest is posted here yet. Add one: ${command} digest add daily 09:00`;
  const rows = digests.slice(0, MAX_SHOWN).map((digest) => ({ digest, ...describeDigest(digest) }));
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
        ...buildDigestButtons(digest),
      ]),
      ...actions(button({ action: ACTIONS.digestNew, text: 'Add a digest' })),
    ],
  };
}

function buildSend({ id }: DigestSummary): Block {
  const confirm = { title: 'Send it now?', text: 'Everyone in its channel will see it.', yes: 'Send' };
  return button({ action: ACTIONS.digestSend, text: 'Send now', value: String(id), confirm });
}

export function buildDigestButtons(digest: DigestSummary): Block[] {
  const { id, paused } = digest;
  const value = String(id);
  const remove = { title: 'Remove this digest?', text: 'It will not be posted any more.', yes: 'Remove' };
  return actions(
    button({ action: ACTIONS.digestPreview, text: 'Preview', value }),
    buildSend(digest),
    button({ action: ACTIONS.digestEdit, text: 'Edit', value }),
    button({
      action: ACTIONS.digestPause,
      text: paused ? 'Resume' : 'Pause',
      value: `${value}:${paused ? 'resume' : 'pause'}`,
    }),
    button({ action: ACTIONS.digestRemove, text: 'Remove', value, style: 'danger', confirm: remove }),
  );
}

/**
 * Builds a digest as it would be posted now, for one person, with Slack's own chart instead of the picture, which only a channel
 * can show. Its small print begins with “Preview”.
 */
export function buildDigestPreview({ text, blocks, drawn, chartAt, follows }: DigestPreview): Message {
  const charts = drawn ? buildNativeCharts(drawn).slice(0, 1) : [];
  const thread = follows.length > 0 ? [`In its thread: ${follows.join(' · ')}`] : [];
  const mark = plainContext('Preview');
  const at = blocks.findLastIndex(({ type }) => type === 'context');
  const marked =
    at < 0 ? [...blocks, mark] : blocks.with(at, { ...mark, elements: [mark.elements, blocks[at]!.elements].flat() });
  return {
    text: [`Preview: ${text}`, ...thread].join('\n'),
    blocks: marked.toSpliced(chartAt, 0, ...charts),
  };
}
