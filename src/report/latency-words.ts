import type { Grouping } from '../domain/dimension.ts';
import type { LatencyReport, TimedRow } from '../domain/report.ts';
import type { LatencyAnswer, StepGrain } from '../domain/usage.ts';
import { DIMENSION_WORDS } from './dimension-words.ts';
import { countOf, formatCount, formatInStep, formatLatency } from './format.ts';
import { describeNothing, type Inquiry } from './inquiry.ts';
import { formatRawStart } from './notes.ts';
import { isNamed } from './totals.ts';

/** Below this, a percentile rests on a handful of calls: their number stands beside it. */
const FEW = 100;

/** Names who is slowest, before or after what all calls took: whichever was asked for. */
export function describeRanked(
  inquiry: Inquiry,
  answer: LatencyAnswer,
  ranked: readonly TimedRow[],
  dimension: Grouping,
): string {
  const nothing = describeNone(inquiry, answer);
  if (nothing) return nothing;
  const [first, second] = ranked.filter(({ name }) => isNamed(name)).toSorted((a, b) => p95Of(b) - p95Of(a));
  const all = answer.total.latency!;
  const overall = `p95 is ${formatLatency(all.p95Ms)}, p50 ${formatLatency(all.p50Ms)}.`;
  if (!first) return overall;
  const few = first.latency!.timed < FEW ? ` over ${countOf(first.latency!.timed, 'call')}` : '';
  const slowest = `${first.name} is slowest: p95 ${formatLatency(p95Of(first))}${few}`;
  // Who was asked for stands in the filters, or is the only one.
  const isAsked = inquiry.filters.some(({ key, not }) => key !== dimension && !not);
  if (!second && !isAsked) return `${first.name}: ${overall}`;
  if (!second) return overall;
  if (isAsked) return `${overall} ${slowest}.`;
  return `${slowest}, ${formatLatency(all.p95Ms)} for all ${DIMENSION_WORDS[dimension].plural}.`;
}

/** The percentiles of the whole range, and its worst step. */
export function describeSteps(
  inquiry: Inquiry,
  answer: LatencyAnswer,
  steps: NonNullable<LatencyReport['steps']>,
  grain: StepGrain,
): string {
  const nothing = describeNone(inquiry, answer);
  if (nothing) return nothing;
  const all = answer.total.latency!;
  const overall = `p95 is ${formatLatency(all.p95Ms)}, p50 ${formatLatency(all.p50Ms)}`;
  const timed = steps.filter(({ latency }) => latency);
  if (timed.length < 2) return `${overall}.`;
  const worst = timed.reduce((most, step) => (p95Of(step) > p95Of(most) ? step : most));
  return `${overall}; slowest ${formatInStep(worst.name, grain)} with p95 ${formatLatency(p95Of(worst))}.`;
}

/** Lists what a reader must know to trust the percentiles: older days that are gone, and calls without a duration. */
export function noteLatency(inquiry: Inquiry, { total, shortened }: LatencyAnswer): string[] {
  const { requests, latency } = total;
  const left = requests - (latency?.timed ?? 0);
  return [
    ...(shortened ? [noteShortened(inquiry, shortened.fromMs)] : []),
    ...(latency && left > 0
      ? [`Computed from ${formatCount(latency.timed)} calls; ${formatCount(left)} have no duration of their own.`]
      : []),
  ];
}

function noteShortened(inquiry: Inquiry, fromMs: number): string {
  const since = formatRawStart(inquiry, fromMs);
  return fromMs >= inquiry.span.toMs
    ? `Single calls are only kept since ${since}, after the range asked for.`
    : `Single calls are only kept since ${since}; earlier days are left out.`;
}

function describeNone(inquiry: Inquiry, answer: LatencyAnswer): string | undefined {
  const { total, shortened } = answer;
  if (total.requests === 0)
    return describeNothing(
      inquiry,
      shortened ? { shortened: { ...shortened, reason: 'no-total', nearest: [] } } : undefined,
    );
  return total.latency ? undefined : `None of the ${countOf(total.requests, 'request')} says how long it took.`;
}

function p95Of({ latency }: TimedRow): number {
  return latency!.p95Ms;
}
