import { type Calendar, firstDayOf, monthOf } from '../domain/calendar.ts';
import { OTHER } from '../domain/dimension.ts';
import { type Filter, toMatcher } from '../domain/filter.ts';
import { daysText, timesText } from '../domain/ranges.ts';
import type { Offer } from '../domain/report.ts';
import type { ScopeState } from '../domain/scope-state.ts';
import { sumCredits } from '../domain/thousandths.ts';
import type { Correction, ShortenedReason, UsageAnswer } from '../domain/usage.ts';
import { countOf, DIMENSION_WORDS, formatDate, formatSignedCredits, joinWords } from './format.ts';
import type { Inquiry, ReporterDeps } from './inquiry.ts';

/** Begins the note about a range that is older than the data. */
export const DATA_BEGINS = 'Data begins on';

/** Lists what a reader must know to trust an answer: it is older than the data, cut to raw events, or has values over the cap. */
export function noteAnswer(inquiry: Inquiry, answer: UsageAnswer): string[] {
  const { range, extent } = inquiry;
  const notes: string[] = [];
  if (extent && range.firstDay < extent.firstDay) notes.push(`${DATA_BEGINS} ${formatDate(extent.firstDay)}.`);
  notes.push(...noteOlderDays(inquiry));
  if (answer.shortened) notes.push(noteShortened(inquiry, answer.shortened));
  if (answer.capped.length > 0) {
    notes.push(
      `Rare ${joinWords(answer.capped.map((key) => DIMENSION_WORDS[key].plural))} are counted together as ${OTHER}; totals are exact.`,
    );
  }
  return notes;
}

/** Notes since when clients are known, where totals answer the whole range but only raw events can count clients. */
export function noteClients(inquiry: Inquiry, main: UsageAnswer, clients: UsageAnswer): string[] {
  if (main.shortened || !clients.shortened) return [];
  const since = formatRawStart(inquiry, clients.shortened.fromMs);
  return [`Clients are only known since ${since}.`];
}

/** Returns the day on which a shortened answer begins; where nothing of the range is left, the first day with raw events. */
export function formatRawStart({ deps, span, extent }: Inquiry, fromMs: number): string {
  const day = deps.calendar.dayOf(fromMs);
  return formatDate(fromMs < span.toMs ? day : Math.max(day, extent?.firstRawDay ?? day));
}

/** Notes since when single calls are kept, for answers made from these alone. */
export function noteSingleCalls(inquiry: Inquiry, fromMs: number): string {
  const since = formatRawStart(inquiry, fromMs);
  const rest = fromMs >= inquiry.span.toMs ? ', after the range asked for' : '; earlier days are left out';
  return `Single calls are only kept since ${since}${rest}.`;
}

/** Offers the same question reduced to what totals hold, where an answer was cut short. */
export function offerNearest(inquiry: Inquiry, answer: UsageAnswer): Offer[] {
  const { range } = inquiry;
  const { offset: _, ...question } = inquiry.question;
  if (!answer.shortened) return [];
  if (range.timed) return offerLonger(inquiry, answer.shortened.reason);
  if (answer.shortened.reason !== 'no-total') return [];
  const { nearest } = answer.shortened;
  const filters = (question.filters ?? []).filter(({ key }) => nearest.includes(key === 'team' ? 'client' : key));
  if (filters.length === (question.filters ?? []).length) return [];
  const kept = filters.map(({ key }) => DIMENSION_WORDS[key].singular);
  return [
    {
      label: kept.length > 0 ? `Whole range, by ${joinWords(kept)} only` : 'Whole range, no filters',
      question: { ...question, filters },
    },
  ];
}

/** Offers whole hours where minutes are gone, and whole days where hours are. */
function offerLonger(
  { question: { offset: _, ...question }, range, deps, extent }: Inquiry,
  reason: ShortenedReason,
): Offer[] {
  const { calendar } = deps;
  const offer = (label: string, text: string): Offer => ({ label, question: { ...question, range: text } });
  const days = range.lastDay > range.firstDay ? 'Whole days' : 'The whole day';
  const offers = [offer(days, daysText({ first: range.firstDay, last: range.lastDay }))];
  const [fromMs, toMs] = [calendar.startOfHour(range.fromMs), endOfHour(range.toMs, calendar)];
  const hasHours = extent !== undefined && range.firstDay >= extent.firstHourDay;
  const isLonger = fromMs < range.fromMs || toMs > range.toMs;
  if (reason === 'no-minutes' && hasHours && isLonger)
    offers.unshift(offer('Whole hours', timesText(fromMs, toMs, calendar)));
  return offers;
}

function endOfHour(ms: number, calendar: Calendar): number {
  const hour = calendar.startOfHour(ms);
  if (hour === ms) return ms;
  const day = calendar.dayOf(ms);
  return calendar.hoursOf(day).find((each) => each > ms) ?? calendar.startOfDay(day + 1);
}

/**
 * Notes days that a change of the report zone could not recount. Filters and drill-downs ask for pairs of dimensions, which reach
 * back less far.
 */
function noteOlderDays({ olderZones, range, filters, question }: Inquiry): string[] {
  const combines = filters.length > 0 || question.name !== undefined;
  return olderZones
    .map(({ zone, beforeDay, pairsBeforeDay }) => ({ zone, day: combines ? pairsBeforeDay : beforeDay }))
    .filter(({ day }) => range.firstDay < day)
    .map(({ zone, day }) => `Days before ${formatDate(day)} are counted in ${zone}.`);
}

function noteShortened(inquiry: Inquiry, shortened: NonNullable<UsageAnswer['shortened']>): string {
  const isGone = shortened.fromMs >= inquiry.span.toMs;
  if (shortened.reason !== 'no-total') {
    const { dayOf } = inquiry.deps.calendar;
    const isHours = shortened.reason === 'no-hours';
    const kept = isHours ? inquiry.extent?.firstHourDay : inquiry.extent?.firstRawDay;
    const day = isGone ? (kept ?? dayOf(shortened.fromMs)) : dayOf(shortened.fromMs);
    return `${isHours ? 'Hours' : 'Minutes'} are only kept since ${formatDate(day)}${isGone ? '' : '; earlier ones are left out'}.`;
  }
  const since = formatRawStart(inquiry, shortened.fromMs);
  const nearest = shortened.nearest.map((key) => DIMENSION_WORDS[key].singular);
  const more = nearest.length > 0 ? ` The whole range can be answered by ${joinWords(nearest)}.` : '';
  return isGone
    ? `This combination is only kept since ${since}, after the range asked for.${more}`
    : `This combination is only kept since ${since}; earlier days are left out.${more}`;
}

/**
 * Keeps corrections of the scopes that pass the filters. Other filters than scopes leave none, because a correction has no other
 * dimension.
 */
export function narrowCorrections<C extends Correction>(corrections: readonly C[], filters: readonly Filter[]): C[] {
  if (filters.some(({ key }) => key !== 'scope')) return [];
  return corrections.filter((each) =>
    filters.every(({ patterns, not }) => patterns.some((pattern) => toMatcher(pattern)(scopeOf(each))) !== not),
  );
}

/** Notes how many corrections apply to the range of a report of requests, and their sum. */
export async function noteCorrections({ deps, span, filters }: Inquiry): Promise<string[]> {
  if (!deps.corrections) return [];
  const applying = narrowCorrections(await deps.corrections(span), filters);
  if (applying.length === 0) return [];
  return [`${describeSum(applying)}: counted in pools, not in these requests.`];
}

/**
 * Notes corrections that balances include: per scope, those since its earliest running period or since the start of the month, up to
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
