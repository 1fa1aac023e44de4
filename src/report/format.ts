import { type Calendar, formatDate, formatDay, MONTHS, SHORT_WEEKDAYS, toDate } from '../domain/calendar.ts';
import { formatCredits, toDecimal } from '../domain/definition.ts';
import type { QuestionKey } from '../domain/dimension.ts';
import type { Thousandths } from '../domain/event.ts';
import type { Filter } from '../domain/filter.ts';
import type { ReportHead } from '../domain/report.ts';
import { ratioOf } from '../domain/thousandths.ts';
import { STEP_NAMES, type StepGrain } from '../domain/usage.ts';

export { formatCredits, formatDate, toDecimal };

const counts = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** `2,310,000`. */
export function formatCount(count: number): string {
  return counts.format(count);
}

/** An average: whole from ten on, below that one decimal. */
export function formatRate(value: number): string {
  if (Number.isInteger(value) || Math.abs(value) >= 10) return formatCount(value);
  return String(Math.round(value * 10) / 10);
}

/**
 * `41%` if it is exactly that, else one decimal. Never rounded up to a level, 0 or 100 that is not reached: 89.97 → `89.9%`, 0.02 →
 * `<0.1%`.
 */
export function formatPercent(percent: number, levels: readonly number[] = [75, 90]): string {
  // Removes only the noise of binary fractions: 28.000000000000004.
  const exact = Math.round(percent * 1e12) / 1e12;
  if (Number.isInteger(exact)) return `${formatCount(exact)}%`;
  if (exact > 0 && exact < 0.1) return '<0.1%';
  let shown = Math.round(exact * 10) / 10;
  if ([...levels, 100].some((level) => exact < level && shown >= level)) shown = Math.floor(exact * 10) / 10;
  const [whole, tenth = '0'] = String(shown).split('.');
  return `${formatCount(Number(whole))}.${tenth}%`;
}

/** `+196`, `-642`: a difference with its sign, the same in tables and sentences; one too small to show is `0`. */
export function formatSigned(change: number, format: (size: number) => string = formatCount): string {
  return withSign(change, format(Math.abs(change)));
}

/** Puts the sign of a change before its size in words; a size of zero has none. */
export function withSign(change: Thousandths, size: string): string {
  return /[1-9]/.test(size) ? `${change > 0 ? '+' : '-'}${size}` : size;
}

/** `+12.5`, `-500`. */
export function formatSignedCredits(credits: Thousandths): string {
  return `${credits > 0 ? '+' : ''}${formatCredits(credits)}`;
}

/** `+12%`, `-0.4%`: a change, as tables show it; `<0.1%` has no sign. */
export function formatChange(percent: number): string {
  if (Math.abs(percent) < 0.1) return formatPercent(Math.abs(percent), []);
  return formatSigned(percent, (size) => formatPercent(size, []));
}

/** `12%`, `0.6%`: a change in a sentence, without its sign; whole numbers from ten on. A fall shows 100% only if nothing is left. */
export function formatChangeSize(percent: number): string {
  const size = Math.abs(percent);
  if (size < 10) return formatPercent(size, []);
  const whole = percent < 0 && size < 100 ? Math.min(99, Math.round(size)) : Math.round(size);
  return `${formatCount(whole)}%`;
}

/** Returns an unrounded percentage, 0–100; 0 if the whole is 0. */
export function toPercent(part: Thousandths, whole: Thousandths): number {
  return whole === 0 ? 0 : ratioOf(part, whole) * 100;
}

export function formatShare(part: Thousandths, whole: Thousandths): string {
  return formatPercent(toPercent(part, whole));
}

/** `20 Nov`. */
export function formatShortDate(day: number): string {
  const date = toDate(day);
  return `${date.day} ${MONTHS[date.month - 1]}`;
}

/** `Nov 2026`. */
export function formatMonthName(day: number): string {
  const date = toDate(day);
  return `${MONTHS[date.month - 1]} ${date.year}`;
}

/** `20 Nov 2026 14:05`, local to the zone. */
export function formatInstant(ms: number, zone: string): string {
  const local = toLocal(ms, zone);
  return `${local.day} ${MONTHS[local.month - 1]} ${local.year} ${clockOf(local)}`;
}

/** `Mon 30 Nov 04:32`, local to the zone: a recent or near instant, in a sentence. */
export function formatMoment(ms: number, zone: string): string {
  const local = toLocal(ms, zone);
  return `${SHORT_WEEKDAYS[local.dayOfWeek - 1]} ${local.day} ${MONTHS[local.month - 1]} ${clockOf(local)}`;
}

/** `14:05`, local to the zone. */
export function formatClock(ms: number, zone: string): string {
  return clockOf(toLocal(ms, zone));
}

/** `2026-10-25T02:00+02:00`: a local hour with its offset, since the clock may show it twice. */
export function formatHour(ms: number, zone: string): string {
  return toLocal(ms, zone).toString({ timeZoneName: 'never', smallestUnit: 'minute' });
}

/** `2026-11-20`, `2026-11` or `2026-11-20T14:00+00:00`: a step as CSV names it; a week by its first day. */
export function formatStep(ms: number, day: number, grain: StepGrain, zone: string): string {
  if (grain === 'month') return formatDay(day).slice(0, 7);
  return grain === 'day' || grain === 'week' ? formatDay(day) : formatHour(ms, zone);
}

/** `20 Nov`, `week of 16 Nov`, `Nov 2026`, `14:00`: a step as people see it. */
export function formatStepLabel(ms: number, grain: StepGrain, { zone, dayOf }: Calendar): string {
  if (grain === 'month') return formatMonthName(dayOf(ms));
  if (grain === 'week') return `week of ${formatShortDate(dayOf(ms))}`;
  if (grain === 'weekday') return SHORT_WEEKDAYS[toDate(dayOf(ms)).dayOfWeek - 1]!;
  return grain === 'day' ? formatShortDate(dayOf(ms)) : formatClock(ms, zone);
}

/** `at 14:00`, `on 20 Nov`, `on 20 Nov 14:00`, `in Nov 2026`: the label of a step within a sentence. */
export function formatInStep(label: string, grain: StepGrain): string {
  if (grain === 'month') return `in ${label}`;
  if (grain === 'week') return `in the ${label}`;
  return `${grain === 'day' || /[a-z] /.test(label) ? 'on' : 'at'} ${label}`;
}

/** `a day`, `an hour`, `per 5 minutes`. */
export function eachStep(grain: StepGrain): string {
  return `${grain === 'hour' ? 'an' : grain === 'five-minutes' ? 'per' : 'a'} ${STEP_NAMES[grain]}`;
}

/** `40 ms`, `2.2 s`, `5 min`, `2.5h`, `3d`: a length of time in its largest fitting unit, at most one decimal. */
export function formatDuration(ms: number): string {
  const [unit, size] = ([['d', 86_400_000] as const, ['h', 3_600_000], [' min', 60_000], [' s', 1000]] as const).find(
    ([, least]) => ms >= least,
  ) ?? [' ms', 1];
  const tenths = Math.round((ms / size) * 10);
  return `${formatCount(Math.floor(tenths / 10))}${tenths % 10 === 0 ? '' : `.${tenths % 10}`}${unit}`;
}

/** Formats how long a call took: `0.3 ms`, `41.3 ms`, `420 ms`, `2.2 s`. */
export function formatLatency(ms: number): string {
  return formatDuration(ms >= 100 && ms < 1000 ? Math.round(ms) : ms);
}

const compact = new Intl.NumberFormat('en-US', { notation: 'compact', maximumSignificantDigits: 3 });

/** Three digits, for charts: `9,412` (exact below ten thousand), `86.1k`, `2.31M`, `9B`. */
export function formatCompact(value: number): string {
  if (Math.abs(value) < 10_000)
    return Number.isInteger(value) || Math.abs(value) >= 100 ? formatCount(value) : String(Math.round(value * 10) / 10);
  return compact.format(value).replace('K', 'k');
}

export function formatCompactCredits(credits: Thousandths): string {
  return formatCompact(ratioOf(credits, 1000));
}

/** `1 client`, `42 clients`. */
export function countOf(count: number, singular: string, plural = `${singular}s`): string {
  return `${formatCount(count)} ${count === 1 ? singular : plural}`;
}

/** `1 credit`, `2.5 credits`. */
export function creditsOf(credits: Thousandths): string {
  return `${formatCredits(credits)} ${credits === 1000 ? 'credit' : 'credits'}`;
}

/** `a`, `a and b`, `a, b and c`. */
export function joinWords(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

/** Joins the first `most` words: `a, b, c and 2 more`. */
export function joinFirst(words: readonly string[], most: number): string {
  return joinWords(words.length > most ? [...words.slice(0, most), `${formatCount(words.length - most)} more`] : words);
}

/** Returns an instant as clocks of the zone show it. */
export function toLocal(ms: number, zone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(zone);
}

function clockOf(local: Temporal.ZonedDateTime): string {
  return `${String(local.hour).padStart(2, '0')}:${String(local.minute).padStart(2, '0')}`;
}

/** `Filters: client:Acme CRM, not status:429 or 5xx`; undefined without filters. */
export function describeFilters(filters: readonly Filter[]): string | undefined {
  if (filters.length === 0) return undefined;
  const parts = filters.map(({ key, patterns, not }) => `${not ? 'not ' : ''}${key}:${patterns.join(' or ')}`);
  return `Filters: ${parts.join(', ')}`;
}

/** Names of dimensions for people, and a verb between a value and its requests: `Acme CRM made`, `/v1/orders got`. */
export const DIMENSION_WORDS: Readonly<Record<QuestionKey, { singular: string; plural: string; verb: string }>> = {
  client: { singular: 'client', plural: 'clients', verb: 'made' },
  team: { singular: 'team', plural: 'teams', verb: 'made' },
  route: { singular: 'route', plural: 'routes', verb: 'got' },
  user: { singular: 'user', plural: 'users', verb: 'made' },
  ip: { singular: 'IP address', plural: 'IP addresses', verb: 'made' },
  module: { singular: 'module', plural: 'modules', verb: 'made' },
  method: { singular: 'method', plural: 'methods', verb: 'was used for' },
  function: { singular: 'function', plural: 'functions', verb: 'got' },
  version: { singular: 'API version', plural: 'API versions', verb: 'got' },
  kind: { singular: 'kind', plural: 'kinds', verb: 'was' },
  initiator: { singular: 'initiator', plural: 'initiators', verb: 'made' },
  source: { singular: 'source', plural: 'sources', verb: 'sent' },
  scope: { singular: 'scope', plural: 'scopes', verb: 'got' },
  status: { singular: 'status code', plural: 'status codes', verb: 'ended' },
};

/**
 * Returns how fresh numbers are that may still change, in a zone: only the clock if that is on the range's last day. Undefined for
 * settled numbers.
 */
export function formatAge(
  { asOfMs, range, zone: reportZone }: Pick<ReportHead, 'asOfMs' | 'range' | 'zone'>,
  zone = reportZone,
): { text: string; isClock: boolean } | undefined {
  // Ranges of months end with yesterday, so they do not change.
  const isLive = !range || (range.partial && range.grain !== 'month');
  if (asOfMs === 0 || !isLive) return undefined;
  const dateOf = (ms: number) => toLocal(ms, reportZone).toPlainDate();
  const isClock = range !== undefined && asOfMs < range.toMs && dateOf(asOfMs).equals(dateOf(range.toMs - 1));
  return { text: (isClock ? formatClock : formatMoment)(asOfMs, zone), isClock };
}
