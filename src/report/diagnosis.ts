import { toMatcher } from '../domain/filter.ts';
import type { Span, UsageRow } from '../domain/usage.ts';
import { countOf, formatCount, formatInStep, formatMoment, formatShare, joinWords } from './format.ts';
import { type Inquiry, namerOf } from './inquiry.ts';
import { findMost, findPeak, isNamed } from './totals.ts';

/**
 * Classes of failures: a name (`claim`), what its client can do (`remedy`), and what to advise. A status belongs to the first class
 * that fits it.
 */
export const FAILURES = [
  {
    fits: (status: number) => status === 429,
    claim: 'Rate-limited (429)',
    remedy: 'Spread calls evenly; back off after each 429.',
    advice: 'Spread calls evenly; back off after a 429',
  },
  {
    fits: (status: number) => status === 400 || status === 422,
    claim: 'Bad requests (400, 422)',
    remedy: 'Check the route and the body against the documentation of the API.',
    advice: 'Fix the requests that return 400 or 422',
  },
  {
    fits: (status: number) => status === 401 || status === 403,
    claim: 'Access refused (401, 403)',
    remedy: 'Check whether its token has expired, and its permissions.',
    advice: 'Renew the credentials that are refused',
  },
  {
    fits: (status: number) => status === 404 || status === 410,
    claim: 'Not found (404)',
    remedy: 'Fix the calls that return 404: check their routes and ids.',
    advice: 'Fix the calls that return 404',
  },
  {
    fits: (status: number) => status >= 500,
    claim: 'Server errors (5xx)',
    remedy: 'Check the status page of the API, and this route on the server.',
    advice: 'Check the status page of the API and the routes that fail',
  },
] as const;

/** Takes the place of the class of 429s if the busiest minutes stayed below every declared rate limit. */
export const REFUSED_BELOW = {
  claim: 'Rate-limited (429) below the known limit',
  remedy: 'Find out which limit is being hit; back off after each 429.',
  advice: 'Find out which limit is being hit; back off after a 429',
} as const;

/** Counts calls and failures by the first key of rows whose second key is the status, and finds the name with the most failures. */
export function countFailures(
  rows: readonly UsageRow[],
  fits: (status: string) => boolean,
  nameOf: (key: string) => string = (key) => key,
): { calls: ReadonlyMap<string, number>; failed: number; worst: string; most: number } {
  const calls = new Map<string, number>();
  const failures = new Map<string, number>();
  let failed = 0;
  for (const { keys, requests } of rows) {
    const name = nameOf(keys[0]!);
    calls.set(name, (calls.get(name) ?? 0) + requests);
    if (!fits(keys[1]!)) continue;
    failures.set(name, (failures.get(name) ?? 0) + requests);
    failed += requests;
  }
  const [worst, most] = findMost(failures) ?? ['', 0];
  return { calls, failed, worst, most };
}

/** A class with a smaller share of all failures is not mentioned. */
const LEAST_SHARE = 0.1;
/** A client or route is named if it has at least this share of a class, and the class at least LEAST_CALLS calls. */
const CONCENTRATED = 0.5;
const NEARLY = 0.95;
const LEAST_CALLS = 10;

export interface StatusNumbers {
  codes: readonly { status: string; requests: number }[];
  steps: readonly { startMs: number; endMs: number; label: string; counts: Readonly<Record<string, number>> }[];
  /** Keys: client and status. */
  byClient: readonly UsageRow[];
  /** Keys: route and status. */
  byRoute: readonly UsageRow[];
}

/**
 * Lists likely causes of failures, the largest class first, each with the numbers behind it; empty without failures. For 429s it
 * looks up the busiest minute, in the step with the most of them, of scopes with a rate limit.
 */
export async function diagnoseStatus(
  inquiry: Inquiry,
  numbers: StatusNumbers,
): Promise<{ claim: string; evidence: string }[]> {
  const requests = numbers.codes.reduce((sum, code) => sum + code.requests, 0);
  const failed = numbers.codes.filter(({ status }) => Number(status) >= 400);
  const failures = failed.reduce((sum, code) => sum + code.requests, 0);
  const found = FAILURES.map((failure) => {
    const codes = failed.filter(({ status }) => FAILURES.find(({ fits }) => fits(Number(status))) === failure);
    return { ...failure, codes, calls: codes.reduce((sum, code) => sum + code.requests, 0) };
  })
    .filter(({ calls }) => calls > 0 && calls >= failures * LEAST_SHARE)
    .sort((a, b) => b.calls - a.calls);

  return Promise.all(
    found.map(async ({ claim, codes, calls }) => {
      const statuses = new Set(codes.map(({ status }) => status));
      const ending = codes.map((code) => `${formatCount(code.requests)} × ${code.status}`).join(', ');
      const peak = claim === FAILURES[0].claim ? await comparePeaks(inquiry, numbers.steps) : undefined;
      const evidence = [
        codes.length === 1
          ? `${countOf(calls, 'call')} (${formatShare(calls, requests)})`
          : `${countOf(calls, 'call')} (${formatShare(calls, requests)}): ${ending}`,
        ...placeWithin(numbers.byClient, statuses, 'from', inquiry.names.nameOf),
        ...placeWithin(numbers.byRoute, statuses, 'on', (route) => route),
        ...(peak ? [peak.worst] : []),
      ];
      return {
        claim: peak?.isBelow ? REFUSED_BELOW.claim : claim,
        evidence: [`${evidence.join(', ')}.`, ...(peak?.limits ?? [])].join(' '),
      };
    }),
  );
}

/** Names where most of these failures are: `nearly all on /v1/jobs/{id}`; empty when they are spread. */
function placeWithin(
  rows: readonly UsageRow[],
  statuses: ReadonlySet<string>,
  word: string,
  nameOf: (key: string) => string,
): string[] {
  const { calls, failed, worst, most } = countFailures(rows, (status) => statuses.has(status), nameOf);
  if (!isNamed(worst) || calls.size < 2 || failed < LEAST_CALLS || most < failed * CONCENTRATED) return [];
  const part = most === failed ? 'all' : most >= failed * NEARLY ? 'nearly all' : formatShare(most, failed);
  return [`${part} ${word} ${worst}`];
}

/**
 * Compares the busiest minute of each scope of the question with its rate limit, in the step with the most 429s. `isBelow`: all
 * stayed below, so another limit refused the calls.
 */
async function comparePeaks(
  inquiry: Inquiry,
  steps: StatusNumbers['steps'],
): Promise<{ worst: string; limits: string[]; isBelow: boolean } | undefined> {
  const of429 = (step: (typeof steps)[number]) => step.counts['429'] ?? 0;
  const worst = steps.reduce((best, step) => (best && of429(best) >= of429(step) ? best : step), steps[0]);
  if (!worst || of429(worst) === 0) return undefined;
  const span = { fromMs: worst.startMs, toMs: worst.endMs };
  const asked = inquiry.filters.find(({ key, not }) => key === 'scope' && !not)?.patterns.map(toMatcher);
  const names = inquiry.definitions.scopes.map(({ name }) => name);
  const counted = names.filter((name) => !asked || asked.some((matches) => matches(name)));
  const peaks = await listPeaks(inquiry, new Map(counted.map((name) => [name, span])));
  const hours = (worst.endMs - worst.startMs) / 3_600_000;
  const on = formatInStep(worst.label, hours <= 1 ? 'hour' : hours <= 25 ? 'day' : hours <= 169 ? 'week' : 'month');
  const isBelow = peaks.length > 0 && peaks.every((peak) => peak.isBelow);
  const countsOf = ({ singles, limit }: ScopePeak) => `${formatCount(singles)} of ${formatCount(limit)}`;
  const limits = isBelow
    ? [
        `The peak minute stayed below the limit of ${joinWords(peaks.map((peak) => `${peak.title} (${countsOf(peak)})`))}, so another limit applies.`,
      ]
    : peaks
        .toSorted((a, b) => Number(a.isBelow) - Number(b.isBelow))
        .map((peak) => {
          const at = formatMoment(peak.startMs, inquiry.deps.calendar.zone);
          return `Peak minute of ${peak.title}: ${countsOf(peak)} allowed (${at}).`;
        });
  return { worst: `worst ${on} (${formatCount(of429(worst))})`, limits, isBelow };
}

/** The busiest minute of a scope within a span, by single calls, with its rate limit. */
export interface ScopePeak {
  scope: string;
  title: string;
  startMs: number;
  singles: number;
  limit: number;
  /** True only if no calls came as counts, because these may have filled any minute. */
  isBelow: boolean;
}

/** Finds the busiest minute of each scope in its span; leaves out scopes without a rate limit or without single calls. */
export async function listPeaks(inquiry: Inquiry, spans: ReadonlyMap<string, Span>): Promise<ScopePeak[]> {
  const { definitions, deps } = inquiry;
  const titleOf = namerOf(inquiry, 'scope');
  const peaks = await Promise.all(
    definitions.scopes.map(async ({ name: scope, rateLimitPerMinute: limit }) => {
      const span = spans.get(scope);
      if (limit === undefined || !span) return [];
      const peak = findPeak(await deps.usage.meter({ meter: scope, span, grain: 'minute' }));
      if (!peak || peak.singles === 0) return [];
      const { startMs, singles, bulk } = peak;
      return [{ scope, title: titleOf(scope), startMs, singles, limit, isBelow: singles < limit && bulk === 0 }];
    }),
  );
  return peaks.flat();
}
