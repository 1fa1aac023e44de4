import type { Composer } from '../delivery/composer.ts';
import type { Calendar } from '../domain/calendar.ts';
import { formatDay } from '../domain/calendar.ts';
import type { Picture } from '../domain/picture.ts';
import type { RankingReport, Report } from '../domain/report.ts';
import { buildTable } from '../messages/table.ts';
import { defuse, leaf, richText } from '../messages/text.ts';
import type { Db } from '../store/database.ts';
import { listDigests, type PostedDigest, setDigestHeadline } from '../store/subscription-repository.ts';
import { buildDigest, type DigestFrame } from './digest-blocks.ts';
import {
  composeDigest,
  type DigestContent,
  type DigestSources,
  type Said,
  type StatedDay,
  toFilters,
} from './digest-content.ts';
import type { DigestWhat } from './digest-sections.ts';

/** What a digest's delivery holds: enough to say the same whenever it is sent. */
export interface DigestOrder {
  subscriptionId: number;
  dueMs: number;
  what: DigestWhat;
  /** As people write it. */
  schedule: string;
  /** How often it comes: a week's or a month's digest also sums that. */
  every: 'day' | 'week' | 'month';
  /** Who asked for it, where it is not the scheduled one. */
  sentBy?: string;
  /** The message itself, or what follows in its thread. */
  part: 'message' | 'clients';
}

export interface DigestComposerPorts extends DigestSources {
  db: Db;
  render(report: Report, options: { view?: 'graph' | undefined }): Promise<Picture | undefined>;
}

/** Less than this is not worth calling late. */
const LATE_MS = 5 * 60_000;

/** Makes a digest's message at the time of sending, for the day that was complete when it was due. */
export function createDigestComposer(ports: DigestComposerPorts): Composer {
  return async (content, { key, nowMs, updating }) => {
    const order = content as DigestOrder;
    const day = dayOf(order, ports.calendar);
    if (order.part === 'clients') return composeClients(ports, order, day, nowMs);
    const { text, blocks, chartAt, digest, said } = await composeMessage(ports, order, nowMs);
    if (!updating) {
      const { totals, changes = [], corrections } = digest;
      const stated: StatedDay = {
        ...{ day, requests: totals.requests, failed: totals.failed },
        restated: changes.map(({ day, requests }) => ({ day, requests })),
        // A quiet day tells none: they are left for the next one.
        correctionsUntilMs: corrections ? nowMs : (said.correctionsUntilMs ?? ports.calendar.startOfDay(day)),
      };
      await setDigestHeadline(ports.db, key, stated);
    }
    const { status } = digest;
    return {
      text,
      blocks,
      ...(status && digest.totals.requests > 0
        ? { image: { title: 'Status codes', at: chartAt, draw: () => ports.render(status, {}) } }
        : {}),
    };
  };
}

/** The message without its chart; also what a preview shows. */
export async function composeMessage(
  ports: DigestComposerPorts,
  order: DigestOrder,
  nowMs: number,
): Promise<ReturnType<typeof buildDigest> & { digest: DigestContent; said: Said }> {
  const day = dayOf(order, ports.calendar);
  const said = recall(await listDigests(ports.db, order.subscriptionId, 14), day);
  const digest = await composeDigest(ports, order.what, { day, every: order.every }, said, nowMs);
  const frame: DigestFrame = {
    what: order.what,
    schedule: order.sentBy ? '' : order.schedule,
    ...describeLimits(order.what),
    ...(nowMs - order.dueMs >= LATE_MS && !order.sentBy ? { lateDueMs: order.dueMs } : {}),
    ...(order.sentBy ? { sentBy: order.sentBy } : {}),
  };
  return { ...buildDigest(digest, frame), digest, said };
}

/** What the posted digests before a day said last of each day; `posted`: the newest first. */
function recall(posted: readonly PostedDigest[], before: number): Said {
  const sent = posted.flatMap(({ headline, state, sentMs }) =>
    headline && state === 'sent' && (headline as StatedDay).day < before
      ? [{ ...(headline as StatedDay), sentMs }]
      : [],
  );
  const requestsOf = new Map<number, number>();
  for (const { day, requests, restated = [] } of sent.toReversed())
    for (const one of [...restated, { day, requests }]) requestsOf.set(one.day, one.requests);
  return { requestsOf, correctionsUntilMs: sent[0] && (sent[0].correctionsUntilMs ?? sent[0].sentMs) };
}

function describeLimits({ filters, scope }: DigestOrder['what']): Pick<DigestFrame, 'only'> {
  const words = filters.map(({ key, patterns, not }) => `${not ? 'not ' : ''}${key} ${patterns.join(' or ')}`);
  const all = [...words, ...(scope ? [`scope ${scope}`] : [])];
  return all.length > 0 ? { only: all.join(', ') } : {};
}

/** The last day of the report zone that was complete at the due time. */
function dayOf(order: DigestOrder, calendar: Calendar): number {
  return calendar.dayOf(order.dueMs) - 1;
}

/** In the thread: the ranking of clients as table and chart; nothing where there is none. */
async function composeClients(ports: DigestComposerPorts, order: DigestOrder, day: number, nowMs: number) {
  if (!order.what.sections.includes('clients')) return undefined;
  const report = (await ports.reporter.answer(
    { report: 'top', dimension: 'client', range: formatDay(day), limit: 10, filters: toFilters(order.what) },
    nowMs,
  )) as RankingReport;
  if (report.totals.requests === 0) return undefined;
  const table = buildTable(report.table, report.zone, 8000);
  return {
    text: defuse(report.finding),
    blocks: [richText(leaf(report.title, { bold: true }), `\n${report.finding}`), ...(table ? [table.block] : [])],
    image: { title: report.title, at: 1, draw: () => ports.render(report, {}) },
  };
}
