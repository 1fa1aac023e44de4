import type { Thousandths } from '../domain/event.ts';
import type { Range } from '../domain/range.ts';
import type { ComparedRow, ComparedSection, CompareReport, Question } from '../domain/report.ts';
import { compareCredits, largerOf, ratioOf, withoutSign } from '../domain/thousandths.ts';
import { MEASURES, toRate } from './compared-rows.ts';
import { DIMENSION_WORDS, formatChangeSize, formatDate, formatPercent, joinFirst, toPercent } from './format.ts';
import { isNamed } from './totals.ts';

/** Failed calls of a range, and all its calls with a status. */
export interface Failures {
  failed: number;
  known: number;
}

/** The numbers behind the sentence of a comparison, with every row of its sections. */
interface Compared {
  total: ComparedRow;
  joined: readonly Pick<ComparedSection, 'dimension' | 'rows'>[];
  per: CompareReport['per'];
  range: Range;
  versus: Range;
  failures: readonly [Failures, Failures];
}

/** How many names a sentence lists. */
const LISTED = 3;
/** A change below this, in percent, counts as none. */
const SAME = 0.5;

/** `Requests went up 12% to 45,210; Acme CRM caused most of it.` */
export function describeChange(question: Question, measure: CompareReport['measure'], compared: Compared): string {
  const isOfCodes = question.report === 'status' && !(question.filters ?? []).some(({ key }) => key === 'status');
  if (isOfCodes && compared.failures.every(({ known }) => known > 0))
    return describeFailures(compared, question.focus === 'succeeded');
  const { total, per, range, versus } = compared;
  const subject = subjectOf(question, measure);
  const size = (row: ComparedRow, side: 'now' | 'before') =>
    formatSize(toRate(row[side], per[side], measure), measure, per);
  if (total.now === 0 && total.before === 0) return `${subject}: none in ${range.label}, and none in ${versus.label}.`;
  if (measure === 'p95' && total.state === 'new')
    return `${subject} is ${size(total, 'now')}; ${versus.label} has no durations to compare with.`;
  if (measure === 'p95' && total.state === 'gone')
    return `No durations in ${range.label}; ${subject.charAt(0).toLowerCase()}${subject.slice(1)} was ${size(total, 'before')} in ${versus.label}.`;
  if (total.before === 0) return `${subject}: ${size(total, 'now')}, and none in ${versus.label}.`;
  if (total.now === 0) return `${subject}: none in ${range.label}, ${size(total, 'before')} in ${versus.label}.`;
  const percent = total.changePercent!;
  const { sort } = question;
  const mover = sort === 'change' || sort === '-change' ? describeMover(sort, compared, measure) : undefined;
  const cause = mover ? '' : describeCause(compared, measure);
  const change =
    Math.abs(percent) < SAME ? 'stayed the same at' : `went ${wayOf(percent)} ${formatChangeSize(percent)} to`;
  return `${mover ? `${mover} ` : ''}${subject} ${change} ${size(total, 'now')}${cause}.`;
}

/** `2.7% of requests failed, down from 4.1%; most of the change is in 429s.` */
function describeFailures({ joined, failures: [now, before] }: Compared, isOfSuccess: boolean): string {
  const [a, b] = [toPercent(now.failed, now.known), toPercent(before.failed, before.known)];
  const [shown, earlier] = [a, b].map((failed) => formatPercent(isOfSuccess ? 100 - failed : failed));
  const told = `${shown} of requests ${isOfSuccess ? 'succeeded' : 'failed'}`;
  if (now.failed + before.failed === 0) return 'No request failed, neither now nor before.';
  const codes = (joined[0]?.rows ?? []).filter(({ name }) => /^[45]/.test(name));
  const fresh = codes.filter(({ state }) => state === 'new').map(({ name }) => `${name}s`);
  const news =
    fresh.length > 0
      ? ` ${joinFirst(fresh, LISTED)} ${fresh.length === 1 ? 'is' : 'are'} new.`
      : ' No error code is new.';
  if (shown === earlier) return `${told}, as before.${news}`;
  const shares = codes.map(({ name, now: n, before: m }) => ({
    name,
    change: toPercent(n, now.known) - toPercent(m, before.known),
  }));
  const most = findMover(shares, a - b);
  const cause = most && most.share >= 0.5 ? `; most of the change is in ${most.name}s` : '';
  return `${told}, ${wayOf(isOfSuccess ? b - a : a - b)} from ${earlier}${cause}.${news}`;
}

/** Names who changed most in the direction of the sum; empty if there is only one name. */
function describeCause({ joined: [first], total, per }: Compared, measure: CompareReport['measure']): string {
  if (!first || first.dimension === 'status' || first.rows.length < 2) return '';
  const most = findMover(
    first.rows.filter(({ name, state }) => isNamed(name) && (state === undefined || measure !== 'p95')),
    total.change,
  );
  if (!most) return '';
  if (measure !== 'p95' && most.share >= 0.5 && Math.abs(total.changePercent ?? 0) >= SAME)
    return `; ${most.name} caused ${most.share > 0.995 && most.share < 1.005 ? 'all' : 'most'} of it`;
  return `; ${most.name} went ${wayOf(most.change)} most, by ${formatSize(withoutSign(most.change), measure, per)}`;
}

/** Names the largest rise or fall: `Acme CRM went down most, by 1,281 to 7,606.` */
function describeMover(
  sort: string,
  { joined: [first], per }: Compared,
  measure: CompareReport['measure'],
): string | undefined {
  if (!first || first.dimension === 'status' || first.rows.length < 2) return undefined;
  const isFall = sort === 'change';
  const most = findMover(
    first.rows.filter(({ name }) => isNamed(name)),
    isFall ? -1 : 1,
  );
  if (!most) return `None of these ${isFall ? 'went down' : 'went up'}.`;
  const change = formatSize(withoutSign(most.change), measure, per);
  return `${most.name} went ${wayOf(most.change)} most, by ${change} to ${formatSize(toRate(most.now, per.now, measure), measure, per)}.`;
}

/** `1,281`; for ranges compared per day `1,281 a day`. */
function formatSize(value: Thousandths, measure: CompareReport['measure'], { isDay }: CompareReport['per']): string {
  return `${MEASURES[measure].format(value)}${isDay ? ' a day' : ''}`;
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

/** Says how many days each range has, if they are compared per day: `Compared per day, 7 days with 31`. */
export function tellDays(
  ranges: readonly Range[],
  known: readonly Range[],
  { now, before, isDay }: CompareReport['per'],
): string[] {
  if (!isDay) return [];
  const [own, other] = [now, before].map((length, side) => {
    const days = Number.isInteger(length) ? String(length) : length.toFixed(1);
    const { firstDay } = known[side]!;
    const since = firstDay > ranges[side]!.firstDay ? ` (data begins on ${formatDate(firstDay)})` : '';
    return `${days}${side > 0 ? '' : length === 1 ? ' day' : ' days'}${since}`;
  });
  return [`Compared per day, ${own} with ${other}`];
}

/** Notes that paired days are different weekdays, so that weekends do not line up. */
export function notePairs([first]: NonNullable<CompareReport['steps']>, range: Range, versus: Range): string[] {
  if (!first?.beforeMs || (range.firstDay - versus.firstDay) % 7 === 0) return [];
  return ['Days are paired in order, not by weekday.'];
}

/** `a and b are new`, `c is gone`. */
export function tellStates({ rows }: Pick<ComparedSection, 'rows'>): string[] {
  const tell = (state: NonNullable<ComparedRow['state']>) => {
    const found = rows
      .filter((row) => row.state === state && isNamed(row.name))
      .toSorted((a, b) => compareCredits(largerOf(b.now, b.before), largerOf(a.now, a.before)))
      .map(({ name }) => name);
    return found.length > 0 ? [`${joinFirst(found, LISTED)} ${found.length === 1 ? 'is' : 'are'} ${state}`] : [];
  };
  return [...tell('new'), ...tell('gone')];
}

/** Names the leader before the change, in a ranking sorted by its numbers: `Acme made the most: 600, after 400. …` */
export function sayWhoLeads(report: CompareReport): CompareReport {
  const { question, sections, total, per, measure, finding } = report;
  const order = question.report === 'top' ? /^(-?)(requests|credits)$/.exec(question.sort ?? '') : null;
  const first = sections[0]?.rows[0];
  if (!order || !first || total.now === 0 || !isNamed(first.name)) return report;
  const show = (side: 'now' | 'before') => formatSize(toRate(first[side], per[side], measure), measure, per);
  const verb = measure === 'credits' ? 'used' : DIMENSION_WORDS[sections[0]!.dimension].verb;
  const most = `${first.name} ${verb} the ${order[1] ? 'most' : 'fewest'}: ${show('now')}, after ${show('before')}.`;
  return { ...report, finding: `${most} ${finding}` };
}
