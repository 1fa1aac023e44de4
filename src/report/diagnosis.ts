import { toMatcher } from '../domain/filter.ts';
import type { UsageRow } from '../domain/usage.ts';
import { countOf, formatCount, formatInStep, formatMoment, formatShare, joinWords } from './format.ts';
import { type Inquiry, namerOf } from './inquiry.ts';
import { findMost, isNamed } from './totals.ts';

/** Failures that belong together, and what they say. The first that fits a status takes it. */
const FAILURES = [
  { name: '429', fits: (status: number) => status === 429, claim: 'Rate-limited (429)' },
  { name: '400 and 422', fits: (s: number) => s === 400 || s === 422, claim: 'Bad requests (400, 422)' },
  { name: '401 and 403', fits: (s: number) => s === 401 || s === 403, claim: 'Access refused (401, 403)' },
  { name: '404 and 410', fits: (s: number) => s === 404 || s === 410, claim: 'Not found (404)' },
  { name: '5xx', fits: (s: number) => s >= 500, claim: 'Server errors (5xx)' },
] as const;

/** Stands for 429 where the busiest minutes were below every rate limit that is declared. */
export const REFUSED_BELOW = 'Rate-limited (429) below the known limit';

/** A class of failures is spoken of from this share of all failures on, … */
const LEAST_SHARE = 0.1;
/** … and placed with one client or route that has at least this share of it, of at least this many calls. */
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
 * Lists what the failures point to, the largest class first, each with the numbers that it rests on; nothing without failures.
 * For 429 the minute with the most calls is looked up, in the step with the most of them, for scopes with a rate limit.
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
    found.map(async ({ name, claim, codes, calls }) => {
      const statuses = new Set(codes.map(({ status }) => status));
      const ending = codes.map((code) => `${formatCount(code.requests)} × ${code.status}`).join(', ');
      const peak = name === '429' ? await findPeak(inquiry, numbers.steps) : undefined;
      const evidence = [
        codes.length === 1
          ? `${countOf(calls, 'call')} (${formatShare(calls, requests)})`
          : `${countOf(calls, 'call')} (${formatShare(calls, requests)}): ${ending}`,
        ...placeWithin(numbers.byClient, statuses, 'from', inquiry.names.nameOf),
        ...placeWithin(numbers.byRoute, statuses, 'on', (route) => route),
        ...(peak ? [peak.worst] : []),
      ];
      return {
        claim: peak?.isBelow ? REFUSED_BELOW : claim,
        evidence: [`${evidence.join(', ')}.`, ...(peak?.limits ?? [])].join(' '),
      };
    }),
  );
}

/** Names where most of these failures are: `nearly all on /v1/jobs/{id}`; nothing when they are spread. */
function placeWithin(
  rows: readonly UsageRow[],
  statuses: ReadonlySet<string>,
  word: string,
  nameOf: (key: string) => string,
): string[] {
  const failures = new Map<string, number>();
  const calls = new Map<string, number>();
  for (const { keys, requests } of rows) {
    const name = nameOf(keys[0]!);
    calls.set(name, (calls.get(name) ?? 0) + requests);
    if (statuses.has(keys[1]!)) failures.set(name, (failures.get(name) ?? 0) + requests);
  }
  const total = [...failures.values()].reduce((sum, count) => sum + count, 0);
  const [name, most] = findMost(failures) ?? ['', 0];
  if (!isNamed(name) || calls.size < 2 || total < LEAST_CALLS || most < total * CONCENTRATED) return [];
  const part = most === total ? 'all' : most >= total * NEARLY ? 'nearly all' : formatShare(most, total);
  return [`${part} ${word} ${name}`];
}

/**
 * The minute with the most calls, beside the rate limit, for the scopes of the question that have one, and whether all stay
 * below.
 */
async function findPeak(
  inquiry: Inquiry,
  steps: StatusNumbers['steps'],
): Promise<{ worst: string; limits: string[]; isBelow: boolean } | undefined> {
  const of429 = (step: (typeof steps)[number]) => step.counts['429'] ?? 0;
  const worst = steps.reduce((best, step) => (best && of429(best) >= of429(step) ? best : step), steps[0]);
  if (!worst || of429(worst) === 0) return undefined;
  const { calendar, usage } = inquiry.deps;
  const asked = inquiry.filters.find(({ key, not }) => key === 'scope' && !not)?.patterns;
  const scopes = inquiry.definitions.scopes.filter(
    ({ name, rateLimitPerMinute }) =>
      rateLimitPerMinute !== undefined && (!asked || asked.some((pattern) => toMatcher(pattern)(name))),
  );
  const span = { fromMs: worst.startMs, toMs: worst.endMs };
  const titleOf = namerOf(inquiry, 'scope');
  const peaks = await Promise.all(
    scopes.map(async ({ name, rateLimitPerMinute: limit = 0 }) => {
      const minutes = await usage.meter({ meter: name, span, grain: 'minute' });
      const peak = minutes.reduce(
        (best, minute) => (best && best.singles >= minute.singles ? best : minute),
        minutes[0],
      );
      if (!peak || peak.singles === 0) return [];
      // Bulk calls may have filled any minute.
      const isBelow = peak.singles < limit && minutes.every(({ bulk }) => bulk === 0);
      const at = formatMoment(peak.startMs, calendar.zone);
      const text = `Peak minute of ${titleOf(name)}: ${formatCount(peak.singles)} of ${formatCount(limit)} allowed (${at}).`;
      return [{ isBelow, name: titleOf(name), counts: `${formatCount(peak.singles)} of ${formatCount(limit)}`, text }];
    }),
  );
  const hours = (worst.endMs - worst.startMs) / 3_600_000;
  const on = formatInStep(worst.label, hours <= 1 ? 'hour' : hours <= 25 ? 'day' : 'month');
  const below = peaks.flat().filter(({ isBelow }) => isBelow);
  const others = peaks.flat().filter(({ isBelow }) => !isBelow);
  const isBelow = below.length > 0 && others.length === 0;
  return {
    worst: `worst ${on} (${formatCount(of429(worst))})`,
    limits: isBelow
      ? [
          `The peak minute stayed below the limit of ${joinWords(below.map(({ name, counts }) => `${name} (${counts})`))}, so another limit applies.`,
        ]
      : [...others, ...below].map(({ text }) => text),
    isBelow,
  };
}
