import { toMatcher } from '../domain/filter.ts';
import type { UsageRow } from '../domain/usage.ts';
import { countOf, formatClock, formatCount, formatDate, formatInStep, formatShare, joinWords } from './format.ts';
import type { Inquiry } from './inquiry.ts';
import { findMost, isNamed, sumTotals } from './totals.ts';

/** Failures that belong together, and what they say. The first that fits a status takes it. */
const FAILURES = [
  { name: '429', fits: (status: number) => status === 429, claim: 'Calls come faster than the rate allows' },
  { name: '400 and 422', fits: (s: number) => s === 400 || s === 422, claim: 'Malformed requests' },
  { name: '401 and 403', fits: (s: number) => s === 401 || s === 403, claim: 'Credentials or permissions are refused' },
  { name: '404 and 410', fits: (s: number) => s === 404 || s === 410, claim: 'Calls to what does not exist' },
  { name: '5xx', fits: (s: number) => s >= 500, claim: 'The server side fails' },
] as const;

/** Said of 429 instead, where the busiest minutes were below every rate limit that is declared. */
export const REFUSED_BELOW = 'Calls are refused (429) below the rate limit that is known here';

/** A class of failures is spoken of from this share of all failures on, … */
const LEAST_SHARE = 0.1;
/** … and placed with one client or route that has at least this share of it, of at least this many calls. */
const CONCENTRATED = 0.5;
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
 * What the failures point to, the largest class first, each with the numbers that it rests on; nothing without failures.
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
      const ending =
        codes.length === 1
          ? codes[0]!.status
          : codes.map((code) => `${code.status} (${formatCount(code.requests)})`).join(', ');
      const peak = name === '429' ? await findPeak(inquiry, numbers.steps) : undefined;
      const evidence = [
        `${formatCount(calls)} of ${formatCount(requests)} requests (${formatShare(calls, requests)}) ended in ${ending}`,
        ...placeWithin(numbers.byClient, statuses, 'from', inquiry.names.nameOf),
        ...placeWithin(numbers.byRoute, statuses, 'on', (route) => route),
        ...(peak?.lines ?? []),
      ];
      return { claim: peak?.isBelow ? REFUSED_BELOW : claim, evidence: `${evidence.join('; ')}.` };
    }),
  );
}

/** Where most of these failures are, beside that place's share of all calls; nothing when they are spread. */
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
  const all = sumTotals(rows).requests;
  const [name, most] = findMost(failures) ?? ['', 0];
  if (!isNamed(name) || calls.size < 2 || total < LEAST_CALLS || most < total * CONCENTRATED) return [];
  return [
    `${formatShare(most, total)} of them ${word} ${name}, which made ${formatShare(calls.get(name)!, all)} of all requests`,
  ];
}

/** The minute with the most calls, beside the rate limit, for the scopes of the question that have one, and whether all stay below. */
async function findPeak(
  inquiry: Inquiry,
  steps: StatusNumbers['steps'],
): Promise<{ lines: string[]; isBelow: boolean } | undefined> {
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
      const at = `${formatDate(calendar.dayOf(peak.startMs))} ${formatClock(peak.startMs, calendar.zone)}`;
      const text = `the busiest minute of ${name} then was ${at} with ${countOf(peak.singles, 'call')}, against ${formatCount(limit)} allowed a minute`;
      return [{ name, calls: peak.singles, limit, isBelow, text }];
    }),
  );
  const hours = (worst.endMs - worst.startMs) / 3_600_000;
  const on = formatInStep(worst.label, hours <= 1 ? 'hour' : hours <= 25 ? 'day' : 'month');
  const below = peaks.flat().filter(({ isBelow }) => isBelow);
  const others = peaks.flat().filter(({ isBelow }) => !isBelow);
  const lines = [
    `the most ${on} (${formatCount(of429(worst))})`,
    ...others.map(({ text }) => text),
    ...(below.length === 1 ? [`${below[0]!.text}, so it was another limit than this one`] : []),
    ...(below.length > 1
      ? [
          `the busiest minutes then were below the limits of ${joinWords(below.map(({ name, calls, limit }) => `${name} (${formatCount(calls)} of ${formatCount(limit)})`))}, so it was another limit than these`,
        ]
      : []),
  ];
  return { lines, isBelow: below.length > 0 && others.length === 0 };
}
