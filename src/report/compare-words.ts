import type { Thousandths } from '../domain/event.ts';
import type { Range } from '../domain/range.ts';
import type { ComparedRow, ComparedSection, CompareReport, Question } from '../domain/report.ts';
import { ratioOf, withoutSign } from '../domain/thousandths.ts';
import type { ComparedSide } from './compare-sides.ts';
import { MEASURES, toRate } from './compared-rows.ts';
import { formatCount, formatPercent, joinWords, toPercent } from './format.ts';
import { isNamed } from './totals.ts';

/** The numbers that the sentence of a comparison is made from: every row of its sections. */
interface Compared {
  total: ComparedRow;
  joined: readonly Pick<ComparedSection, 'dimension' | 'rows'>[];
  per: CompareReport['per'];
  range: Range;
  versus: Range;
  failures: readonly [ComparedSide['failures'], ComparedSide['failures']];
}

/** Names that a sentence lists. */
export const LISTED = 3;
/** Below this, in percent, a change is told as none. */
const SAME = 0.5;

/** `Requests went up 12% to 45,210; Acme CRM caused most of it.` */
export function describeChange(question: Question, measure: CompareReport['measure'], compared: Compared): string {
  const isOfCodes = question.report === 'status' && !(question.filters ?? []).some(({ key }) => key === 'status');
  if (isOfCodes && compared.failures.every(({ known }) => known > 0)) return describeFailures(compared);
  const { total, per, range, versus } = compared;
  const subject = subjectOf(question, measure);
  const size = (row: ComparedRow, side: 'now' | 'before') => {
    const value = toRate(row[side], per[side], measure);
    return `${MEASURES[measure].format(value)}${per.isDay ? ' a day' : ''}`;
  };
  if (total.now === 0 && total.before === 0) return `${subject}: none in ${range.label}, and none in ${versus.label}.`;
  if (measure === 'p95' && total.state === 'new')
    return `${subject} is ${size(total, 'now')}; ${versus.label} has no durations to compare with.`;
  if (measure === 'p95' && total.state === 'gone')
    return `No durations in ${range.label}; ${subject.charAt(0).toLowerCase()}${subject.slice(1)} was ${size(total, 'before')} in ${versus.label}.`;
  if (total.before === 0) return `${subject}: ${size(total, 'now')}, and none in ${versus.label}.`;
  if (total.now === 0) return `${subject}: none in ${range.label}, ${size(total, 'before')} in ${versus.label}.`;
  const percent = total.changePercent!;
  const cause = describeCause(compared, measure);
  if (Math.abs(percent) < SAME) return `${subject} stayed the same at ${size(total, 'now')}${cause}.`;
  return `${subject} went ${wayOf(percent)} ${formatStep(percent)} to ${size(total, 'now')}${cause}.`;
}

/** `2.7% of requests failed, down from 4.1%; 429s caused most of it.` */
function describeFailures({ joined, failures: [now, before] }: Compared): string {
  const [a, b] = [toPercent(now.failed, now.known), toPercent(before.failed, before.known)];
  const [shown, earlier] = [formatPercent(a), formatPercent(b)];
  if (now.failed + before.failed === 0) return 'No request failed, neither now nor before.';
  const fresh = (joined[0]?.rows ?? []).filter(({ name, state }) => /^[45]/.test(name) && state === 'new');
  const more = fresh.length > LISTED ? [`${formatCount(fresh.length - LISTED)} more`] : [];
  const news =
    fresh.length > 0
      ? ` ${joinWords([...fresh.slice(0, LISTED).map(({ name }) => `${name}s`), ...more])} ${fresh.length === 1 ? 'is' : 'are'} new.`
      : ' No error code is new.';
  if (shown === earlier) return `${shown} of requests failed, as before.${news}`;
  const shares = (joined[0]?.rows ?? [])
    .filter(({ name }) => /^[45]/.test(name))
    .map(({ name, now: n, before: m }) => ({ name, change: toPercent(n, now.known) - toPercent(m, before.known) }));
  const most = findMover(shares, a - b);
  const cause = most && most.share >= 0.5 ? `; ${most.name}s caused most of it` : '';
  return `${shown} of requests failed, ${wayOf(a - b)} from ${earlier}${cause}.${news}`;
}

/** Names who changed most in the direction of the sum; empty where there is only one name. */
function describeCause({ joined: [first], total, per }: Compared, measure: CompareReport['measure']): string {
  if (!first || first.dimension === 'status' || first.rows.length < 2) return '';
  const most = findMover(
    first.rows.filter(({ name, state }) => isNamed(name) && (state === undefined || measure !== 'p95')),
    total.change,
  );
  if (!most) return '';
  if (measure !== 'p95' && most.share >= 0.5 && Math.abs(total.changePercent ?? 0) >= SAME)
    return `; ${most.name} caused ${most.share > 0.995 && most.share < 1.005 ? 'all' : 'most'} of it`;
  const by = withoutSign(most.change);
  const shown = MEASURES[measure].format(by);
  return `; ${most.name} went ${wayOf(most.change)} most, by ${shown}${per.isDay ? ' a day' : ''}`;
}

function findMover<Row extends { name: string; change: Thousandths }>(
  rows: readonly Row[],
  change: Thousandths,
): (Row & { share: number }) | undefined {
  const isFall = change < 0;
  const isMore = (a: Thousandths, b: Thousandths) => (isFall ? a < b : a > b);
  const most = rows.reduce<Row | undefined>(
    (best, row) => (isMore(row.change, best?.change ?? 0) ? row : best),
    undefined,
  );
  return most && { ...most, share: change === 0 ? 0 : ratioOf(most.change, change) };
}

/** `12%`, `0.6%`: whole numbers from ten on; a fall shows 100% only where nothing is left. */
function formatStep(percent: number): string {
  const size = Math.abs(percent);
  if (size < 10) return formatPercent(size, []);
  const whole = percent < 0 && size < 100 ? Math.min(99, Math.round(size)) : Math.round(size);
  return `${formatCount(whole)}%`;
}

function wayOf(change: Thousandths): 'up' | 'down' {
  return change < 0 ? 'down' : 'up';
}

/** `Requests by Acme CRM`, `429s`, `Failures`, `Credits used`. */
function subjectOf({ report, name, filters = [] }: Question, measure: CompareReport['measure']): string {
  const noun = (measure === 'requests' ? nameStatus(filters) : undefined) ?? MEASURES[measure].noun;
  const positive = filters.filter(({ key, not }) => !not && (key === 'client' || key === 'route'));
  const [only] = positive;
  const named =
    name !== undefined && (report === 'client' || report === 'route')
      ? { key: report, value: name }
      : positive.length === 1 && only!.patterns.length === 1
        ? { key: only!.key, value: only!.patterns[0]! }
        : undefined;
  const joint = measure === 'p95' ? 'of' : named?.key === 'client' ? 'by' : 'to';
  return named ? `${noun} ${joint} ${named.value}` : noun;
}

function nameStatus(filters: NonNullable<Question['filters']>): string | undefined {
  const status = filters.find(({ key, not }) => key === 'status' && !not)?.patterns;
  if (!status) return undefined;
  const group = [...status].sort().join(' ');
  if (group === '4xx 5xx') return 'Failures';
  if (group === '1xx 2xx 3xx') return 'Successful requests';
  return status.length === 1 && /^\d/.test(status[0]!) ? `${status[0]}s`.replace(/xxs$/, 'xx responses') : undefined;
}
