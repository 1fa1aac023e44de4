import { z } from 'zod';
import type { Composer } from '../delivery/slack-transport.ts';
import { formatDay } from '../domain/calendar.ts';
import { describeLimits, isSection, type StatedDay } from '../domain/digest.ts';
import type { Question, Report } from '../domain/report.ts';
import type { ScopeState } from '../domain/scope-state.ts';
import { buildDigest, buildDigestPart, type DigestLines } from '../messages/digest-message.ts';
import { countOf, formatCount, formatMoment, formatShare } from '../report/format.ts';
import { formatQuestion } from '../slack/command/format-question.ts';
import { DIGEST_WHAT, readValue } from '../store/json-columns.ts';
import { listDigests, type PostedDigest, setDigestHeadline } from '../store/subscription-repository.ts';
import {
  type DigestDay,
  type DigestSources,
  type DrawnPart,
  describeSilent,
  formatShortDay,
  openDay,
  type Stated,
  weekdayOf,
} from './digest-days.ts';
import { listPoolMarks } from './digest-pools.ts';
import { type AllSpoken, listChanges, speak } from './digest-sections.ts';

const ORDER = z.object({
  subscriptionId: z.number(),
  dueMs: z.number(),
  what: DIGEST_WHAT,
  every: z.enum(['day', 'week', 'month']),
  /** The person who asked for it; absent: it came by schedule. */
  sentBy: z.string().optional(),
  /** The message itself, or a section that follows in its thread. */
  part: z.string().transform((part) => (isSection(part) ? part : ('message' as const))),
});

/** Content of a digest's delivery: enough to make the same message whenever it is sent. */
export type DigestOrder = z.infer<typeof ORDER>;

export function readDigestOrder(stored: unknown): DigestOrder {
  return readValue('delivery.content', ORDER, stored);
}

/** A digest as data: the lines and the picture of its message, what follows in its thread, and what it states. */
export interface Digest {
  day: DigestDay;
  lines: DigestLines;
  drawn: Report | undefined;
  parts: readonly DrawnPart[];
  /** Empty if that section is off. */
  pools: readonly ScopeState[];
  stated: StatedDay;
}

/** From five minutes after its due time on, a digest says that it is late. */
const LATE_MS = 5 * 60_000;
const MAX_FINDINGS = 3;
/** Keep the last eight digests, so that the thread, sent seconds after its message, shows the same numbers. */
const REMEMBERED = 8;

/** Composes a digest's messages when they are sent, about the last day that was complete when the digest was due. */
export function createDigestComposer(ports: DigestSources): Composer {
  const remembered = new Map<string, Digest>();
  return async (stored, { key, nowMs, updating }) => {
    const order = readDigestOrder(stored);
    const about = `${order.subscriptionId} ${order.dueMs} ${order.sentBy}`;
    if (order.part !== 'message') {
      const { parts, day } = remembered.get(about) ?? (await composeDigest(ports, order, nowMs));
      const part = parts.find(({ section }) => section === order.part);
      return part && { ...buildDigestPart(part, day.calendar.zone), drawn: part.drawn, chartAt: 1 };
    }
    const digest = await composeDigest(ports, order, nowMs);
    remembered.set(about, digest);
    for (const old of [...remembered.keys()].slice(0, -REMEMBERED)) remembered.delete(old);
    if (!updating) await setDigestHeadline(ports.db, key, digest.stated);
    const { lines, parts, day } = digest;
    const more = parts.length > 0 && day.totals.requests > 0 ? ['more in the thread'] : [];
    return buildMessage({ ...digest, lines: { ...lines, context: [...lines.context, ...more] } });
  };
}

/** Builds the message for the channel, which a preview shows too. */
export function buildMessage({ lines, drawn }: Digest): ReturnType<typeof buildDigest> & Pick<Digest, 'drawn'> {
  return { ...buildDigest(lines), drawn };
}

/** Computes a digest. Rejects if the day's own numbers cannot be read; a section that fails is named as left out. */
export async function composeDigest(ports: DigestSources, order: DigestOrder, nowMs: number): Promise<Digest> {
  const { subscriptionId, what, every } = order;
  // The last day of the report zone that was complete at the due time.
  const day = ports.calendar.dayOf(order.dueMs) - 1;
  const stated = recall(await listDigests(ports.db, subscriptionId, 14), day);
  const about = await openDay(ports, { day, every, what }, stated, nowMs);
  const quiet = describeEmptyDay(about);
  const said: AllSpoken =
    quiet === undefined ? await speak(about) : { parts: [], findings: [], missing: [], spoken: new Set() };
  const pools = said.spoken.has('pools') && what.sections.includes('pools') ? await about.pools() : [];
  return {
    ...{ day: about, parts: said.parts, pools, drawn: said.chart },
    lines: {
      title: `API usage · ${formatShortDay(day)}`,
      quiet,
      headline: describeHeadline(about),
      span: describeSpan(about),
      findings: what.sections.includes('attention') ? said.findings.slice(0, MAX_FINDINGS) : undefined,
      pools: listPoolMarks(pools),
      context: listContext(about, order, said),
      sentBy: order.sentBy,
      buttons: listButtons(about),
    },
    stated: toStated(about, said),
  };
}

/** Lists the small print: zone, limits, how late it is, what is missing. */
function listContext(
  { what, calendar: { zone }, nowMs, totals }: DigestDay,
  { dueMs, sentBy }: DigestOrder,
  { missing }: AllSpoken,
): string[] {
  const frame = [
    ...describeLimits(what),
    ...(nowMs - dueMs >= LATE_MS && !sentBy ? [`posted late: due ${formatMoment(dueMs, zone)}`] : []),
  ];
  if (totals.requests === 0) return frame;
  return [...[zone, ...frame], ...(missing.length > 0 ? [`left out: ${missing.join('; ')}`] : [])];
}

/**
 * Collects the number that earlier digests stated last for each day; `posted` is newest first. A digest whose delivery row was
 * deleted (`forgotten`) counts as posted: `deleteSettledDeliveries` first clears the headlines of those that never were.
 */
function recall(posted: readonly PostedDigest[], before: number): Stated {
  const sent = posted.flatMap(({ headline, state, sentMs }) => {
    const isPosted = state === 'sent' || state === 'forgotten';
    return headline && isPosted && headline.day < before ? [{ ...headline, sentMs }] : [];
  });
  const requestsOf = new Map<number, number>();
  for (const { day, requests, restated = [] } of sent.toReversed())
    for (const one of [...restated, { day, requests }]) requestsOf.set(one.day, one.requests);
  return { requestsOf, correctionsUntilMs: sent[0] && (sent[0].correctionsUntilMs ?? sent[0].sentMs) };
}

/** Returns the numbers that this digest states. Changes and corrections that it leaves out wait for the next one. */
function toStated(about: DigestDay, { spoken }: AllSpoken): StatedDay {
  const { day, totals, nowMs, calendar, stated } = about;
  const isTold = spoken.has('corrections');
  return {
    ...{ day, requests: totals.requests, failed: totals.failed },
    restated: isTold ? listChanges(about).map(({ day, requests }) => ({ day, requests })) : [],
    correctionsUntilMs: isTold ? nowMs : (stated.correctionsUntilMs ?? calendar.startOfDay(day)),
  };
}

/** Lists the buttons. Their commands name the digest's date, because `yesterday` is another day when somebody clicks tomorrow. */
function listButtons({ day, what, filters }: DigestDay): { text: string; command: string }[] {
  const about = { range: formatDay(day), filters };
  const questions: [string, Question][] = [
    ['Top clients', { report: 'top', dimension: 'client', ...about }],
    ['Status codes', { report: 'status', ...about }],
    ['Pools', { report: 'pool', ...(what.scope ? { scope: what.scope } : {}) }],
  ];
  return questions.map(([text, question]) => ({ text, command: formatQuestion(question) }));
}

/** `3,252 requests`, then `, ↓ 53% vs. Friday, ↑ 8% vs. a usual Saturday · 95.5% succeeded`; undefined if both sections are off. */
export function describeHeadline({ what, totals, dayBefore, weekday, day }: DigestDay): DigestLines['headline'] {
  const { requests, ok, failed } = totals;
  const success =
    what.sections.includes('success') && ok + failed > 0 ? `${formatShare(ok, ok + failed)} succeeded` : undefined;
  if (!what.sections.includes('requests')) return success ? { rest: success } : undefined;
  const comparisons = [
    ...(dayBefore === undefined ? [] : [describeChange(requests, dayBefore, `vs. ${weekdayOf(day - 1)}`)]),
    ...(weekday === undefined ? [] : [describeChange(requests, weekday, `vs. a usual ${weekdayOf(day)}`)]),
  ];
  return {
    count: countOf(requests, 'request'),
    rest: `${comparisons.map((each) => `, ${each}`).join('')}${success ? ` · ${success}` : ''}`,
  };
}

/** `↓ 53% vs. Friday`, `unchanged vs. Friday`, `↑ from 0 vs. Friday`. */
function describeChange(now: number, before: number, than: string): string {
  if (now === before) return `unchanged ${than}`;
  if (before === 0) return `↑ from 0 ${than}`;
  const percent = (Math.abs(now - before) / before) * 100;
  const size = percent < 1 ? '<1' : formatCount(Math.round(percent));
  return `${now > before ? '↑' : '↓'} ${size}% ${than}`;
}

/** `Last 7 days: 8,400 requests, 1,200 a day, ↑ 5% vs. the 7 before`. Undefined for a daily digest. */
function describeSpan({ span }: DigestDay): string | undefined {
  if (!span) return undefined;
  const before = span.before === undefined ? '' : `, ${describeChange(span.requests, span.before, 'vs. the 7 before')}`;
  return `${span.name}: ${countOf(span.requests, 'request')}, ${formatCount(span.perDay)} a day${before}`;
}

/** Writes the only line of a day without calls: it was quiet, or a source was silent. Undefined on other days. */
function describeEmptyDay(about: DigestDay): string | undefined {
  if (about.totals.requests > 0) return undefined;
  const date = `${formatShortDay(about.day)} (${about.calendar.zone})`;
  const silent = describeSilent(about, '');
  if (silent) return `🔴 Usage of ${date} is unknown: nothing came from ${silent}. See /usage sources.`;
  const usual = about.weekAverage ? `; the week before had ${formatCount(about.weekAverage)} a day` : '';
  return `Quiet day: no requests on ${date}${usual}.`;
}
