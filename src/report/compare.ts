import { type Calendar, HOUR_MS, MINUTE_MS } from '../domain/calendar.ts';
import type { QuestionKey } from '../domain/dimension.ts';
import type { Thousandths } from '../domain/event.ts';
import type { Range } from '../domain/range.ts';
import { counterpartOf, lengthInDays, resolveRange, resolveVersus } from '../domain/ranges.ts';
import {
  type ComparedRow,
  type ComparedSection,
  type CompareReport,
  MAX_RANKING_ROWS,
  type Question,
  RefusedQuestion,
} from '../domain/report.ts';
import { compareCredits, largerOf } from '../domain/thousandths.ts';
import { type Answer, askSide, type ComparedSide, withoutCalls } from './compare-sides.ts';
import { describeChange, LISTED } from './compare-words.ts';
import { joinRows, ONCE, sortRows, toComparedTable } from './compared-rows.ts';
import { joinSteps, type Steps } from './compared-steps.ts';
import { countOf, formatChange, formatCount, formatStepLabel, joinWords } from './format.ts';
import type { ReporterDeps } from './inquiry.ts';
import { defaultRows } from './top.ts';
import { isNamed } from './totals.ts';

/**
 * The same question for two ranges side by side: both numbers of every name, the change, what is new and what is gone. It is
 * made of two reports of the question, each of which counts as it does alone (`answer` makes them). Ranges of unequal length
 * are compared per day; days side by side are the same weekdays, where the range before is not named.
 */
export async function reportCompare(
  deps: ReporterDeps,
  answer: Answer,
  question: Question,
  nowMs: number,
): Promise<CompareReport> {
  const { versus: versusText = '', sort, limit, offset = 0, ...plain } = question;
  const extent = await deps.usage.extent();
  const options = { firstDay: extent?.firstDay, default: counterpartOf(versusText) ?? DEFAULTS[question.report] };
  const range = resolveRange(question.range, nowMs, deps.calendar, options);
  const isEmpty = range.toMs <= range.fromMs;
  const isByDays = (question.report === 'daily' || question.overTime === true) && range.grain === 'day';
  const versusOptions = { firstDay: extent?.firstDay, byWeeks: isByDays };
  const versus = isEmpty ? range : resolveVersus(versusText, range, nowMs, deps.calendar, versusOptions);
  const [now, before] = await askBoth(
    askSide(answer, { ...plain, range: range.text }),
    askSide(answer, { ...plain, range: versus.text }),
  );
  const measure: CompareReport['measure'] = question.report === 'latency' ? 'p95' : (question.measure ?? 'requests');
  const per = measure === 'p95' ? ONCE : comparePer(range, versus, nowMs);
  const joinOptions = { measure, per };
  const hasNone = now.total === undefined && before.total === undefined;
  const [total] = joinRows(toNumbers(now.total, hasNone), toNumbers(before.total, hasNone), joinOptions);
  const joined = joinSections(now, before, (dimension, a, b) => sortRows(joinRows(a, b, joinOptions), dimension, sort));
  const rows = limit ?? (question.report === 'status' ? MAX_RANKING_ROWS : defaultRows(question.dimension));
  const sections = joined.map(({ rows: all, ...section }) => {
    const shown = all.slice(offset, offset + rows);
    return { ...section, rows: shown, more: all.length - shown.length };
  });
  const steps = now.steps && before.steps && joinSteps(now.steps, before.steps);

  return {
    question,
    title: now.title,
    range,
    versus,
    zone: deps.calendar.zone,
    asOfMs: Math.max(now.asOfMs, before.asOfMs),
    filters: now.filters,
    finding:
      now.asOfMs === 0 || isEmpty || hasNone
        ? now.finding
        : describeChange({ ...question, name: now.name ?? question.name }, measure, {
            total: total!,
            joined,
            per,
            range,
            versus,
            failures: [now.failures, before.failures],
          }),
    ...(now.population ? { population: now.population } : {}),
    notes: [
      ...notePer(range, versus, per),
      ...(steps && isByDays ? notePairs(steps, range, versus, deps.calendar) : []),
      ...(now.steps && before.steps && per.isDay ? noteShared(now.steps, before.steps) : []),
      ...(range.fromMs < versus.toMs && versus.fromMs < range.toMs && !isEmpty ? ['The two ranges overlap.'] : []),
      ...(HAS_NO_STATES.has(question.report) ? [] : joined.slice(0, 1).flatMap(noteStates)),
      ...now.notes,
      ...before.notes.filter((note) => !now.notes.includes(note)).map((note) => `${versus.label}: ${note}`),
    ],
    kind: 'compare',
    measure,
    total: total!,
    sections: steps ? [] : sections,
    grain: now.steps?.grain ?? range.grain,
    ...(steps ? { steps } : {}),
    ...(steps && isByDays && isWeeksBefore(range, versus) ? { sameWeekdays: true as const } : {}),
    per,
    table: toComparedTable({
      sections,
      steps,
      measure,
      per,
      zone: deps.calendar.zone,
      grain: now.steps?.grain ?? range.grain,
    }),
  };
}

/** Tells whether a range lies whole weeks earlier, and not just before: that is worth saying. */
function isWeeksBefore(range: Range, versus: Range): boolean {
  const days = range.firstDay - versus.firstDay;
  return days > 0 && days % 7 === 0 && versus.lastDay < range.firstDay - 1;
}

/**
 * Reports for which new and gone names are not listed: those of one name, durations, which may be missing although there are
 * calls, and status codes, whose sentence has them.
 */
const HAS_NO_STATES = new Set<Question['report']>(['client', 'route', 'latency', 'status']);

const DEFAULTS: Partial<Record<Question['report'], string>> = { summary: 'today', day: 'yesterday' };

function toNumbers(total: Thousandths | undefined, isAbsentZero: boolean): ReadonlyMap<string, Thousandths> {
  return new Map(total === undefined && !isAbsentZero ? [] : [['total', total ?? 0]]);
}

/** Asks for both sides. A name that is unknown around one of the ranges has no calls there: only if both refuse it is it an error. */
async function askBoth(
  now: Promise<ComparedSide>,
  before: Promise<ComparedSide>,
): Promise<[ComparedSide, ComparedSide]> {
  const [a, b] = await Promise.allSettled([now, before]);
  if (a.status === 'fulfilled' && b.status === 'fulfilled') return [a.value, b.value];
  if (a.status === 'fulfilled' && isUnknownName(b)) return [a.value, withoutCalls(a.value)];
  if (b.status === 'fulfilled' && isUnknownName(a)) return [withoutCalls(b.value), b.value];
  throw a.status === 'rejected' ? a.reason : (b as PromiseRejectedResult).reason;
}

function isUnknownName(result: PromiseSettledResult<unknown>): boolean {
  return result.status === 'rejected' && result.reason instanceof RefusedQuestion;
}

/** Decides whether to compare per day. Running ranges may differ by an hour, and a day with a clock change counts as one day. */
function comparePer(range: Range, versus: Range, nowMs: number): CompareReport['per'] {
  const [now, before] = [lengthInDays(range, nowMs), lengthInDays(versus, nowMs)];
  const slack = range.partial ? HOUR_MS : MINUTE_MS;
  const isEqual = Math.abs(now - before) * 24 * HOUR_MS <= slack;
  return isEqual ? ONCE : { now, before, isDay: true };
}

function notePer(range: Range, versus: Range, { now, before, isDay }: CompareReport['per']): string[] {
  if (!isDay) return [];
  const days = (length: number) => (Number.isInteger(length) ? countOf(length, 'day') : `${length.toFixed(1)} days`);
  return [`Compared per day: ${range.label} is ${days(now)}, ${versus.label} is ${days(before)}.`];
}

/** Says which days stand side by side where they are different weekdays: weekends then lie across each other. */
function notePairs(
  [first]: NonNullable<CompareReport['steps']>,
  range: Range,
  versus: Range,
  calendar: Calendar,
): string[] {
  if (!first?.beforeMs || (range.firstDay - versus.firstDay) % 7 === 0) return [];
  const [now, before] = [first.startMs, first.beforeMs].map((ms) => formatStepLabel(ms, 'day', calendar));
  return [`Days are paired in order: ${now} with ${before}, and so on; “vs” alone pairs the same weekdays.`];
}

/** Adds the sums of the whole days that both ranges begin with: a mean over different weekdays would mislead. */
function noteShared({ grain, bars: first }: Steps, { grain: grainBefore, bars: second }: Steps): string[] {
  if (grain !== 'day' || grainBefore !== 'day') return [];
  const isPair = (day: number) => [first[day], second[day]].every((bar) => bar?.value !== undefined && !bar.partial);
  let days = 0;
  while (isPair(days)) days++;
  if (days < 2) return [];
  const [now, before] = [first, second].map((bars) => bars.slice(0, days).reduce((sum, bar) => sum + bar.value!, 0));
  const change = before === 0 ? '' : ` (${formatChange((now! / before! - 1) * 100)})`;
  return [`The first ${countOf(days, 'day')} of each: ${formatCount(now!)} after ${formatCount(before!)}${change}.`];
}

type Joined = Omit<ComparedSection, 'more'>;

/** Joins the sections of both sides, in the order of the first. A section with a single name is left out. */
function joinSections(
  now: ComparedSide,
  before: ComparedSide,
  join: (
    dimension: QuestionKey,
    a: ReadonlyMap<string, Thousandths>,
    b: ReadonlyMap<string, Thousandths>,
  ) => ComparedRow[],
): Joined[] {
  const find = (side: ComparedSide, dimension: string) => side.sections.find((each) => each.dimension === dimension);
  const all = [...now.sections, ...before.sections.filter(({ dimension }) => !find(now, dimension))];
  return all
    .map(({ title, dimension }) => {
      const [a, b] = [find(now, dimension)?.counts, find(before, dimension)?.counts];
      return { title, dimension, rows: join(dimension, a ?? new Map(), b ?? new Map()) };
    })
    .filter(({ dimension, rows }) => all.length === 1 || rows.length > 1 || dimension === 'status');
}

/** `New: a and b. Gone: c (1,200 before).` */
function noteStates({ rows }: Joined): string[] {
  const tell = (state: ComparedRow['state'], word: string) => {
    const found = rows
      .filter((row) => row.state === state && isNamed(row.name))
      .toSorted((a, b) => compareCredits(largerOf(b.now, b.before), largerOf(a.now, a.before)));
    if (found.length === 0) return [];
    const more = found.length > LISTED ? [`${formatCount(found.length - LISTED)} more`] : [];
    return [`${word}: ${joinWords([...found.slice(0, LISTED).map(({ name }) => name), ...more])}.`];
  };
  return [...tell('new', 'New'), ...tell('gone', 'Gone')];
}
