import { z } from 'zod';
import type { Composer } from '../delivery/slack-transport.ts';
import { type Calendar, formatDay } from '../domain/calendar.ts';
import {
  type DigestRhythm,
  type DigestSection,
  type DigestWhat,
  isSection,
  type StatedDay,
  toFilters,
} from '../domain/digest.ts';
import type { Picture } from '../domain/picture.ts';
import type { Question, Report } from '../domain/report.ts';
import { buildDigest, buildDigestPart, buildQuietDigest, type DigestLines } from '../messages/digest-message.ts';
import type { Block } from '../messages/text.ts';
import { formatMoment } from '../report/format.ts';
import { formatQuestion } from '../slack/command/format-question.ts';
import { DIGEST_WHAT, readValue } from '../store/json-columns.ts';
import { listDigests, type PostedDigest, setDigestHeadline } from '../store/subscription-repository.ts';
import { composeDigest, type DigestContent, type DigestSources, type Said } from './digest-content.ts';
import {
  describeEmptyDay,
  describeHeadline,
  describeSpan,
  formatShortDay,
  listFindings,
  listPoolMarks,
  MAX_FINDINGS,
  toPart,
} from './digest-words.ts';

/** Content of a digest's delivery: enough to make the same message whenever it is sent. */
export interface DigestOrder {
  subscriptionId: number;
  dueMs: number;
  what: DigestWhat;
  every: DigestRhythm;
  /** The person who asked for it; absent: it came by schedule. */
  sentBy?: string | undefined;
  /** The message itself, or a section that follows in its thread. */
  part: 'message' | DigestSection;
}

const ORDER = z.object({
  subscriptionId: z.number(),
  dueMs: z.number(),
  what: DIGEST_WHAT,
  every: z.enum(['day', 'week', 'month']),
  sentBy: z.string().optional(),
  part: z.string().transform((part) => (isSection(part) ? part : ('message' as const))),
});

export function readDigestOrder(stored: unknown): DigestOrder {
  return readValue('delivery.content', ORDER, stored);
}

export interface DigestComposerPorts extends DigestSources {
  render(report: Report, options: { view?: 'graph' | undefined }): Promise<Picture | undefined>;
}

/** A digest up to five minutes late is not called late. */
const LATE_MS = 5 * 60_000;
/** Keeps the content of the last eight digests: the thread follows its message within seconds, from the same numbers. */
const REMEMBERED = 8;

/** Makes a digest's messages at the time of sending, for the day that was complete when it was due. */
export function createDigestComposer(ports: DigestComposerPorts): Composer {
  const remembered = new Map<string, DigestContent>();
  return async (stored, { key, nowMs, updating }) => {
    const order = readDigestOrder(stored);
    const about = `${order.subscriptionId} ${order.dueMs} ${order.sentBy}`;
    if (order.part !== 'message') {
      const content = remembered.get(about) ?? (await composeContent(ports, order, nowMs)).content;
      return composePart(ports, content, order.part);
    }
    const { content, said } = await composeContent(ports, order, nowMs);
    remembered.set(about, content);
    for (const old of [...remembered.keys()].slice(0, -REMEMBERED)) remembered.delete(old);
    if (!updating) await setDigestHeadline(ports.db, key, toStated(content, said, ports.calendar));
    const { text, blocks, chartAt, drawn } = buildMessage(ports, content, order);
    const image = drawn && { title: drawn.title, at: chartAt, draw: () => ports.render(drawn, {}) };
    return { text, blocks, ...(image ? { image } : {}) };
  };
}

export async function composeContent(
  ports: DigestComposerPorts,
  order: DigestOrder,
  nowMs: number,
): Promise<{ content: DigestContent; said: Said }> {
  const day = dayOf(order, ports.calendar);
  const said = recall(await listDigests(ports.db, order.subscriptionId, 14), day);
  return { content: await composeDigest(ports, order.what, { day, every: order.every }, said, nowMs), said };
}

/** The message without its chart, and the report that this draws; also what a preview shows. */
export function buildMessage(
  { calendar }: Pick<DigestComposerPorts, 'calendar'>,
  content: DigestContent,
  order: DigestOrder,
): { text: string; blocks: readonly Block[]; chartAt: number; drawn: Report | undefined } {
  const lines = toLines(content, order, calendar);
  const empty = describeEmptyDay(content);
  if (empty === undefined) return { ...buildDigest(lines), drawn: content.series };
  return { ...buildQuietDigest({ ...lines, title: empty }), chartAt: 0, drawn: undefined };
}

/** The lines of the message; of a day without calls, its small print. */
export function toLines(content: DigestContent, { dueMs, sentBy }: DigestOrder, calendar: Calendar): DigestLines {
  const { zone, nowMs, missing, what, day } = content;
  const isEmpty = describeEmptyDay(content) !== undefined;
  const frame = [
    ...describeLimits(what),
    ...(nowMs - dueMs >= LATE_MS && !sentBy ? [`posted late: due ${formatMoment(dueMs, zone)}`] : []),
  ];
  return {
    title: `API usage · ${formatShortDay(day)}`,
    headline: describeHeadline(content),
    span: describeSpan(content),
    findings: what.sections.includes('attention') ? listFindings(content, calendar).slice(0, MAX_FINDINGS) : undefined,
    pools: listPoolMarks(content),
    context: isEmpty
      ? frame
      : [
          zone,
          ...frame,
          ...(missing.length > 0 ? [`left out: ${missing.join('; ')}`] : []),
          ...(listParts(content, calendar).length > 0 ? ['more in the thread'] : []),
        ],
    sentBy,
    buttons: listButtons(content),
  };
}

/** Sections of the thread that have something to say. */
export function listParts(content: DigestContent, calendar: Calendar): NonNullable<ReturnType<typeof toPart>>[] {
  return content.what.sections.flatMap((section) => toPart(content, section, calendar) ?? []);
}

function composePart(ports: DigestComposerPorts, content: DigestContent, section: DigestSection) {
  if (describeEmptyDay(content) !== undefined) return undefined;
  const part = toPart(content, section, ports.calendar);
  if (!part) return undefined;
  const { drawn } = part;
  const { text, blocks } = buildDigestPart(part, content.zone);
  const image = drawn && { title: drawn.title, at: 1, draw: () => ports.render(drawn, {}) };
  return { text, blocks, ...(image ? { image } : {}) };
}

function toStated(
  { day, nowMs, totals, changes, corrections }: DigestContent,
  said: Said,
  calendar: Calendar,
): StatedDay {
  return {
    ...{ day, requests: totals.requests, failed: totals.failed },
    restated: (changes ?? []).map(({ day, requests }) => ({ day, requests })),
    // A quiet day tells none: they are left for the next one.
    correctionsUntilMs: corrections ? nowMs : (said.correctionsUntilMs ?? calendar.startOfDay(day)),
  };
}

/** Collects the numbers that digests posted before a day have stated last for each day; `posted` is newest first. */
function recall(posted: readonly PostedDigest[], before: number): Said {
  const sent = posted.flatMap(({ headline, state, sentMs }) => {
    return headline && state === 'sent' && headline.day < before ? [{ ...headline, sentMs }] : [];
  });
  const requestsOf = new Map<number, number>();
  for (const { day, requests, restated = [] } of sent.toReversed())
    for (const one of [...restated, { day, requests }]) requestsOf.set(one.day, one.requests);
  return { requestsOf, correctionsUntilMs: sent[0] && (sent[0].correctionsUntilMs ?? sent[0].sentMs) };
}

function describeLimits({ filters, scope }: DigestWhat): string[] {
  const words = filters.map(({ key, patterns, not }) => `${not ? 'not ' : ''}${key} ${patterns.join(' or ')}`);
  const all = [...words, ...(scope ? [`scope ${scope}`] : [])];
  return all.length > 0 ? [`only calls with ${all.join(', ')}`] : [];
}

/** Returns the buttons, which name the digest's own day: `yesterday` is another day when somebody clicks tomorrow. */
function listButtons({ day, what }: DigestContent): { text: string; command: string }[] {
  const about = { range: formatDay(day), filters: toFilters(what) };
  const questions: [string, Question][] = [
    ['Top clients', { report: 'top', dimension: 'client', ...about }],
    ['Status codes', { report: 'status', ...about }],
    ['Pools', { report: 'pool', ...(what.scope ? { scope: what.scope } : {}) }],
  ];
  return questions.map(([text, question]) => ({ text, command: formatQuestion(question) }));
}

/** The last day of the report zone that was complete at the due time. */
function dayOf(order: DigestOrder, calendar: Calendar): number {
  return calendar.dayOf(order.dueMs) - 1;
}
