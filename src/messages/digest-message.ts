import type { Table } from '../domain/table.ts';
import { formatMoment } from '../report/format.ts';
import type { DigestPreview, DigestSummary } from '../slack/ports.ts';
import { ACTIONS } from './action-ids.ts';
import { MAX_TABLE_CHARACTERS } from './limits.ts';
import { buildNativeCharts } from './native-chart.ts';
import {
  actions,
  type Block,
  buildTable,
  button,
  clip,
  defuse,
  header,
  leaf,
  type Message,
  nameActor,
  plainContext,
  richList,
  richText,
} from './text.ts';

const MAX_LINE = 300;
const MAX_POOLS = 6;

/** Parts of a digest's message, in order. Texts are plain: names in them are never read as markup. */
export interface DigestLines {
  /** `API usage · Sat 28 Nov`. */
  title: string;
  /** The line of a day without calls, shown instead of all others. */
  quiet?: string | undefined;
  /** `3,252 requests`, and the rest of the line. Absent: that section is off. */
  headline?: { count?: string; rest: string } | undefined;
  /** Figures that a weekly or monthly digest adds. */
  span?: string | undefined;
  /** Empty: nothing needs attention. Absent: that section is off. */
  findings?: readonly { sign: string; text: string }[] | undefined;
  pools?: readonly { sign: string; name: string; percent: string }[] | undefined;
  /** Small print: zone, limits, late, who sent it. */
  context: readonly string[];
  sentBy?: string | undefined;
  buttons: readonly { text: string; command: string }[];
}

/** Builds the message of a digest. `chartAt`: index at which to insert its chart, after the headline. */
export function buildDigest(lines: DigestLines): Message & { chartAt: number } {
  const { title, quiet, headline, span, findings, pools = [], context, sentBy, buttons } = lines;
  const text = [...listLines(lines).map((line) => defuse(line)), ...(sentBy ? [`Sent by <@${sentBy}>`] : [])];
  const small = context.length > 0 || sentBy ? [buildContext(context, sentBy)] : [];
  const head = quiet === undefined ? [header(title)] : [richText(quiet)];
  if (quiet === undefined && (headline || span)) head.push(buildHead(headline, span));
  const body = [
    ...(findings ? [buildFindings(findings)] : []),
    ...(pools.length > 0 ? [richText(leaf('Pools', { bold: true }), ` ${describePools(pools)}`)] : []),
  ];
  return {
    text: text.join('\n'),
    blocks: quiet === undefined ? [...head, ...body, ...small, ...buildButtons(buttons)] : [...head, ...small],
    chartAt: head.length,
  };
}

/** Lists the same message as lines of plain text. */
export function listLines({ title, quiet, headline, span, findings, pools = [], context }: DigestLines): string[] {
  if (quiet !== undefined) return [quiet, ...context];
  return [
    title,
    ...(headline ? [`${headline.count ?? ''}${headline.rest}`] : []),
    ...(span ? [span] : []),
    ...(findings ? (findings.length > 0 ? findings.map(({ sign, text }) => `${sign} ${text}`) : [CALM]) : []),
    ...(pools.length > 0 ? [`Pools: ${describePools(pools)}`] : []),
    context.join(' · '),
  ];
}

const CALM = 'Nothing needs attention.';

function buildHead(headline: DigestLines['headline'], span: string | undefined): Block {
  return richText(
    ...(headline?.count ? [leaf(headline.count, { bold: true })] : []),
    headline ? clip(headline.rest, MAX_LINE) : '',
    span ? `${headline ? '\n' : ''}${clip(span, MAX_LINE)}` : '',
  );
}

function buildFindings(findings: NonNullable<DigestLines['findings']>): Block {
  if (findings.length === 0) return richText(CALM);
  return richText(
    leaf('Needs attention', { bold: true }),
    ...findings.map(({ sign, text }) => `\n${sign} ${clip(text, MAX_LINE)}`),
  );
}

function describePools(pools: NonNullable<DigestLines['pools']>): string {
  const shown = pools.slice(0, MAX_POOLS).map(({ sign, name, percent }) => `${sign} ${clip(name, 40)} ${percent}`);
  const more = pools.length - shown.length;
  return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join(' · ');
}

function buildContext(context: readonly string[], sentBy: string | undefined): Block {
  if (!sentBy) return plainContext(clip(context.join(' · '), 1500));
  const words = [...context, 'sent by '].join(' · ');
  return richText(words.charAt(0).toUpperCase() + words.slice(1), { type: 'user', user_id: sentBy });
}

function buildButtons(buttons: DigestLines['buttons']): Block[] {
  return actions(
    ...buttons.map(({ text, command }, index) =>
      button({ action: `${ACTIONS.run}:${index + 1}`, text, value: command }),
    ),
  );
}

const MAX_ROWS = 10;

/** One message in the thread of a digest. Texts are plain. */
export interface DigestPart {
  title: string;
  /** The section in one sentence. */
  sentence?: string | undefined;
  lines?: readonly string[] | undefined;
  table?: Table | undefined;
}

/** Builds a section: its sentence, then its lines and its table, at most ten rows each. A picture goes after the sentence. */
export function buildDigestPart({ title, sentence, lines = [], table }: DigestPart, zone: string): Message {
  const shown = lines.slice(0, MAX_ROWS).map((line) => clip(line, MAX_LINE));
  const more = lines.length - shown.length;
  const rows = [...shown, ...(more > 0 ? [`and ${more} more`] : [])];
  const built = table && buildTable({ ...table, rows: table.rows.slice(0, MAX_ROWS) }, zone, MAX_TABLE_CHARACTERS);
  const blocks: Block[] = [
    richText(leaf(title, { bold: true }), ...(sentence ? ['\n', sentence] : [])),
    ...(rows.length > 0 ? [richList(rows.map(nameActor))] : []),
    ...(built ? [built.block] : []),
  ];
  return { text: [title, ...(sentence ? [sentence] : []), ...rows].map((line) => defuse(line)).join('\n'), blocks };
}

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
  const thread = follows.length > 0 ? [`When it is posted, its thread has: ${follows.join(' · ')}`] : [];
  const mark = plainContext(follows.length > 0 ? 'Preview without its thread' : 'Preview');
  const at = blocks.findLastIndex(({ type }) => type === 'context');
  const marked =
    at < 0 ? [...blocks, mark] : blocks.with(at, { ...mark, elements: [mark.elements, blocks[at]!.elements].flat() });
  return {
    text: [`Preview: ${text}`, ...thread].join('\n'),
    blocks: marked.toSpliced(chartAt, 0, ...charts),
  };
}
