import type { Calendar } from '../domain/calendar.ts';
import type { Latency, RawEvent, Span, UsageRow } from '../domain/usage.ts';
import { countFailures, FAILURES, REFUSED_BELOW, type ScopePeak } from './diagnosis.ts';
import { countOf, formatCount, formatDuration, formatLatency, formatMoment, formatShare } from './format.ts';
import { type Inquiry, namerOf } from './inquiry.ts';
import { findMost, isNamed } from './totals.ts';

/** A fault in how a client calls, the numbers that show it, and a cure. */
export interface Symptom {
  claim: string;
  evidence: string;
  remedy: string;
}

const LEAST_CALLS = 10;
/** A client with this many addresses is compared with the others. */
export const MANY_ADDRESSES = 10;

/** Finds routes that are called at regular intervals, the busiest first. */
export function findPollingRoutes(events: readonly RawEvent[]): Symptom[] {
  const byRoute = Map.groupBy(
    events.filter(({ count }) => count === 1),
    ({ method, route }) => [method, route].filter(Boolean).join(' ') || 'calls without a route',
  );
  return [...byRoute]
    .flatMap(([route, calls]) => {
      const polling = findPolling(calls.map(({ timeMs }) => timeMs));
      return polling ? [{ route, ...polling }] : [];
    })
    .sort((a, b) => b.calls - a.calls || (a.route < b.route ? -1 : 1))
    .map(({ route, calls, everyMs, variation, pauses }) => ({
      claim: `Polls every ${formatDuration(everyMs)}`,
      evidence:
        `${countOf(calls, 'call')} of ${route} come ${formatDuration(everyMs)} apart, ${formatShare(calls, events.length)} of its calls ` +
        `(coefficient of variation ${variation.toFixed(2)} over ${formatCount(calls - 1 - pauses)} gaps` +
        `${pauses > 0 ? `, ${countOf(pauses, 'pause')} left out` : ''}).`,
      remedy: 'Poll less often, ask only for what changed, or cache the answers.',
    }));
}

/** Finds the route with most of a client's failures, per class of failures except 429s. `rows`: keys route and status. */
export function findFailingRoutes(rows: readonly UsageRow[]): Symptom[] {
  return FAILURES.slice(1).flatMap(({ fits, claim, remedy }) => {
    const { calls, failed, worst, most } = countFailures(rows, (status) => fits(Number(status)));
    if (failed < LEAST_CALLS) return [];
    const all = calls.get(worst)!;
    const place = isNamed(worst)
      ? `, ${most === failed ? 'all' : formatCount(most)} of them on ${worst} (${formatShare(most, all)} of its ${formatCount(all)} calls)`
      : '';
    return [{ claim, evidence: `${countOf(failed, 'call')}${place}.`, remedy }];
  });
}

/** Lists the scopes that refused a client with 429, with the span from the first to the last such minute. */
export function listRefused(events: readonly RawEvent[]): Map<string, Span> {
  const spans = new Map<string, Span>();
  for (const { scope, timeMs, status } of events) {
    if (status !== 429) continue;
    const startMs = timeMs - (timeMs % 60_000);
    const span = spans.getOrInsertComputed(scope, () => ({ fromMs: startMs, toMs: startMs }));
    span.fromMs = Math.min(span.fromMs, startMs);
    span.toMs = Math.max(span.toMs, startMs + 60_000);
  }
  return spans;
}

/**
 * Finds calls that were refused with 429, beside the client's busiest minute and the rate limit of its scope. `peaks`: the busiest
 * minutes of a whole scope while it refused the client. If these stayed below every rate limit, another limit applies, and the claim
 * says so.
 */
export function findBursts(
  inquiry: Inquiry,
  rows: readonly UsageRow[],
  events: readonly RawEvent[],
  peaks: readonly ScopePeak[],
): Symptom[] {
  const refused = rows.filter(({ keys }) => keys[1] === '429').reduce((sum, { requests }) => sum + requests, 0);
  if (refused === 0) return [];
  const titleOf = namerOf(inquiry, 'scope');
  const scopes = listRefused(events);
  const minutes = new Map<string, { scope: string; startMs: number; calls: number }>();
  for (const { scope, timeMs, count } of events) {
    if (count > 1 || (scopes.size > 0 && !scopes.has(scope))) continue;
    const startMs = timeMs - (timeMs % 60_000);
    minutes.getOrInsertComputed(`${startMs} ${scope}`, () => ({ scope, startMs, calls: 0 })).calls += 1;
  }
  const peak = [...minutes.values()].toSorted((a, b) => b.calls - a.calls)[0];
  const limit = inquiry.definitions.scopes.find(({ name }) => name === peak?.scope)?.rateLimitPerMinute;
  const when = peak && formatMoment(peak.startMs, inquiry.deps.calendar.zone);
  const peakWords = peak ? `; peak minute ${when} with ${countOf(peak.calls, 'call')}` : '';
  const limitWords = limit === undefined ? '' : ` (${titleOf(peak!.scope)} allows ${formatCount(limit)})`;
  const seen = events.reduce((sum, { status, count }) => sum + (status === 429 ? count : 0), 0);
  const peakOf = (scope: string) => peaks.find((each) => each.scope === scope);
  const isBelow = seen === refused && [...scopes.keys()].every((scope) => peakOf(scope)?.isBelow);
  const most =
    isBelow && peak && peakOf(peak.scope)!.singles > peak.calls
      ? ` ${titleOf(peak.scope)} got at most ${formatCount(peakOf(peak.scope)!.singles)} a minute in all.`
      : '';
  const evidence = `${countOf(refused, 'call')} refused${peakWords}${limitWords}.${most}`;
  const { claim, remedy } = isBelow ? REFUSED_BELOW : FAILURES[0];
  return [{ claim, evidence: isBelow ? `${evidence} Another limit applies.` : evidence, remedy }];
}

/**
 * Finds a client that is used from far more addresses than other clients. `others`: rows with the number of addresses of each other
 * client.
 */
export function findManyAddresses(addresses: number, others: readonly UsageRow[]): Symptom[] {
  const counts = others.flatMap(({ values = 0 }) => (values > 0 ? [values] : [])).sort((a, b) => a - b);
  const usual = counts[Math.floor(counts.length / 2)];
  if (addresses < MANY_ADDRESSES || (usual !== undefined && addresses < usual * 3)) return [];
  const beside = usual === undefined ? '' : `; other clients typically use ${formatCount(usual)}`;
  return [
    {
      claim: 'Used from many addresses',
      evidence: `Its calls come from ${countOf(addresses, 'IP address', 'IP addresses')}${beside}.`,
      remedy: 'If the key is not meant to be shared, rotate it and give each user their own.',
    },
  ];
}

/** Finds calls that are counted on another date than people may expect: late arrivals, and dates that differ in UTC. */
export function findOtherDates(events: readonly RawEvent[], calendar: Calendar): Symptom[] {
  const late = events.filter(
    ({ timeMs, receivedMs, imported }) => !imported && calendar.dayOf(receivedMs) > calendar.dayOf(timeMs),
  );
  const elsewhere = events.filter(({ timeMs }) => Math.floor(timeMs / 86_400_000) !== calendar.dayOf(timeMs));
  const least = Math.max(LEAST_CALLS, events.length / 100);
  const found: Symptom[] = [];
  if (late.length >= least)
    found.push({
      claim: 'Late calls',
      evidence: `${formatCount(late.length)} of ${countOf(events.length, 'event')} arrived after their day was over.`,
      remedy: 'Calls count on the day they were made. Send sooner, or read a day once its late events are in.',
    });
  if (elsewhere.length >= least)
    found.push({
      claim: `Days are counted in ${calendar.zone}, not UTC`,
      evidence: `${formatCount(elsewhere.length)} of ${countOf(events.length, 'event')} fall on another date in UTC.`,
      remedy: `Compare only with numbers counted in ${calendar.zone}.`,
    });
  return found;
}

/**
 * Finds growth: at least half as many calls again as in the span of the same length before, with the route that grew most. Keys:
 * route.
 */
export function findGrowth(now: readonly UsageRow[], before: readonly UsageRow[], label: string): Symptom[] {
  const grown = new Map<string, number>();
  let [sum, was] = [0, 0];
  for (const { keys, requests } of now) {
    sum += requests;
    grown.set(keys[0]!, (grown.get(keys[0]!) ?? 0) + requests);
  }
  for (const { keys, requests } of before) {
    was += requests;
    grown.set(keys[0]!, (grown.get(keys[0]!) ?? 0) - requests);
  }
  if (was < LEAST_CALLS || sum < was * 1.5 || sum - was < 100) return [];
  const [route, most] = findMost(grown)!;
  const place = isNamed(route)
    ? `; ${formatShare(Math.min(most, sum - was), sum - was)} of the growth is on ${route}`
    : '';
  return [
    {
      claim: 'Much more traffic than before',
      evidence: `${countOf(sum, 'request')}, up from ${formatCount(was)} in ${label} before (${(sum / was).toFixed(1)}×)${place}.`,
      remedy: 'Ask its owner what changed.',
    },
  ];
}

/** Calls of one span, and how long the single ones took. */
export interface Timed {
  requests: number;
  failed: number;
  latency?: Latency | undefined;
}

/** Finds calls that take half as long again as in the span before while a larger share fails: one cause for both. */
export function findSlowdown(now: Timed, before: Timed): Symptom[] {
  const [slow, was] = [now.latency, before.latency];
  if (!slow || !was || slow.timed < LEAST_CALLS || was.timed < LEAST_CALLS || now.failed < LEAST_CALLS) return [];
  const isWorse = now.failed * before.requests >= 1.5 * before.failed * now.requests;
  if (!isWorse || slow.p95Ms < 1.5 * was.p95Ms) return [];
  return [
    {
      claim: 'Slower, and failing more',
      evidence:
        `p95 went from ${formatLatency(was.p95Ms)} to ${formatLatency(slow.p95Ms)}, ` +
        `failures from ${formatShare(before.failed, before.requests)} to ${formatShare(now.failed, now.requests)}.`,
      remedy: 'Look at the server and what it calls: overload and timeouts do both.',
    },
  ];
}

/** Calls that come at regular intervals. */
export interface Polling {
  calls: number;
  /** Median time between calls. */
  everyMs: number;
  /** Standard deviation ÷ mean of the gaps that count. */
  variation: number;
  /** Number of gaps left out because they are more than five times the median, as over a night. */
  pauses: number;
}

/** Fewer gaps than this are no evidence of polling. */
const LEAST_GAPS = 20;
/** Calls closer together than this are a burst, whatever their rhythm. */
const LEAST_EVERY_MS = 1000;
const MOST_VARIATION = 0.2;
const PAUSE = 5;
const MOST_PAUSES = 0.1;

/**
 * Finds polling: calls at these times (epoch ms, ascending) look like a machine that asks again and again. The coefficient of
 * variation of the gaps is below 0.2, over at least 20 gaps of a second or more. Undefined otherwise.
 */
export function findPolling(timesMs: readonly number[]): Polling | undefined {
  const gaps = timesMs.slice(1).map((ms, index) => ms - timesMs[index]!);
  const sorted = [...gaps].sort((a, b) => a - b);
  const everyMs = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const steady = gaps.filter((gap) => gap <= everyMs * PAUSE);
  const pauses = gaps.length - steady.length;
  if (everyMs < LEAST_EVERY_MS || steady.length < LEAST_GAPS || pauses > gaps.length * MOST_PAUSES) return undefined;
  const mean = steady.reduce((sum, gap) => sum + gap, 0) / steady.length;
  const variance = steady.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / steady.length;
  const variation = Math.sqrt(variance) / mean;
  return variation < MOST_VARIATION ? { calls: timesMs.length, everyMs, variation, pauses } : undefined;
}
