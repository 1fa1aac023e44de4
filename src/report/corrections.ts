import { firstDayOf, monthOf } from '../domain/calendar.ts';
import { type Filter, toMatcher } from '../domain/filter.ts';
import type { ScopeState } from '../domain/scope-state.ts';
import { sumCredits } from '../domain/thousandths.ts';
import type { Correction } from '../domain/usage.ts';
import { countOf, formatDate, formatSignedCredits } from './format.ts';
import type { Inquiry, ReporterDeps } from './inquiry.ts';

/** Those of the scopes that pass. Under other filters than scopes none can be placed. */
export function narrowCorrections<C extends Correction>(corrections: readonly C[], filters: readonly Filter[]): C[] {
  if (filters.some(({ key }) => key !== 'scope')) return [];
  return corrections.filter((each) =>
    filters.every(({ patterns, not }) => patterns.some((pattern) => toMatcher(pattern)(scopeOf(each))) !== not),
  );
}

/** Says how many corrections apply to the range of a report of requests, and their sum. */
export async function noteCorrections({ deps, span, filters }: Inquiry): Promise<string[]> {
  if (!deps.corrections) return [];
  const applying = narrowCorrections(await deps.corrections(span), filters);
  if (applying.length === 0) return [];
  return [`${describeSum(applying)}: counted in pools, not in these requests.`];
}

/**
 * The same for what balances hold: corrections since the earliest running period of a scope, or of this month, up to
 * `untilMs`.
 */
export async function noteBalanceCorrections(
  deps: ReporterDeps,
  states: readonly ScopeState[],
  untilMs: number,
): Promise<string[]> {
  if (!deps.corrections || states.length === 0) return [];
  const monthMs = deps.calendar.startOfDay(firstDayOf(monthOf(deps.calendar.dayOf(untilMs - 1))));
  const begins = states.map(({ pools, limits }) =>
    Math.min(monthMs, ...[...pools, ...limits].map(({ period }) => period.fromMs)),
  );
  const all = await deps.corrections({ fromMs: Math.min(...begins), toMs: untilMs });
  return states.flatMap(({ scope, title }, index) => {
    const applying = all.filter((each) => scopeOf(each) === scope && each.timeMs >= begins[index]!);
    const since = formatDate(deps.calendar.dayOf(begins[index]!));
    return applying.length > 0 ? [`${title} includes ${describeSum(applying)} since ${since}.`] : [];
  });
}

/** `2 corrections, -500 credits in all`. */
function describeSum(corrections: readonly Correction[]): string {
  const sum = sumCredits(corrections.map(({ credits }) => credits));
  const all = corrections.length > 1 ? ' in all' : '';
  return `${countOf(corrections.length, 'correction')}, ${formatSignedCredits(sum)} credits${all}`;
}

function scopeOf({ meter }: Correction): string {
  return meter.split('/')[0]!;
}
