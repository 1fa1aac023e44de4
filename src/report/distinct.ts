import { capitalise } from '../domain/calendar.ts';
import type { Question, SeriesReport } from '../domain/report.ts';
import { STEP_NAMES } from '../domain/usage.ts';
import { countOf, DIMENSION_WORDS, eachStep, formatCount, formatInStep, formatRate } from './format.ts';
import {
  ask,
  describeNothing,
  type Inquiry,
  isOfFailures,
  namerOf,
  openInquiry,
  type ReporterDeps,
  toHead,
} from './inquiry.ts';
import { noteAnswer, offerNearest } from './notes.ts';
import { askBySteps, listWhole, STEP_END_COLUMNS, stepColumns } from './steps.ts';
import { barColumn, buildTable } from './table.ts';
import { countNames, sumTotals } from './totals.ts';

/**
 * Counts the different clients, users or other names that made calls, in each step of the range and in all of it. Exact as far as
 * totals or raw events tell names apart; notes say where they do not. `(none)` and `(other)` do not count.
 */
export async function reportDistinct(deps: ReporterDeps, question: Question, nowMs: number): Promise<SeriesReport> {
  const { dimension = 'client', report } = question;
  const inquiry = await openInquiry(deps, question, nowMs, report === 'day' ? 'yesterday' : undefined);
  const key = dimension === 'team' ? 'client' : dimension;
  const nameOf = namerOf(inquiry, dimension);
  const [{ answer, grain, steps, notes }, whole] = await Promise.all([
    askBySteps(inquiry, { groupBy: [key] }),
    ask(inquiry, { groupBy: [key] }),
  ]);
  const bars = steps.map(({ startMs, label, partial, rows }) => ({
    ...{ startMs, label, partial, ...sumTotals(rows) },
    distinct: countNames(rows, nameOf),
  }));
  const { singular, plural } = DIMENSION_WORDS[dimension];
  const total = countNames(whole.rows, nameOf);
  const most = bars.reduce((best, bar) => (bar.distinct > best.distinct ? bar : best), bars[0]!);

  return {
    ...toHead(inquiry, [answer], {
      title: `${capitalise(plural)} per ${STEP_NAMES[grain]}`,
      finding: total === 0 ? describeNothing(inquiry, answer) : describe(),
      notes: [...noteAnswer(inquiry, answer), ...notes],
      offers: offerNearest(inquiry, answer),
    }),
    kind: report === 'day' ? 'day' : 'daily',
    grain,
    totals: sumTotals(bars),
    clients: dimension === 'client' ? total : 0,
    bars,
    distinct: { dimension, total },
    table: buildTable(bars, [
      ...stepColumns<(typeof bars)[number]>(grain, deps.calendar, ({ label }) => label),
      { key: 'distinct', label: capitalise(plural), type: 'count', cell: ({ distinct }) => distinct },
      { key: 'requests', label: 'Requests', type: 'count', cell: ({ requests }) => requests },
      ...STEP_END_COLUMNS,
      barColumn('Trend', bars, ({ distinct }) => distinct),
    ]),
  };

  function describe(): string {
    const code = nameFailures(inquiry.filters);
    const verb = code ? `had ${code}` : `${total === 1 ? 'was' : 'were'} seen`;
    const all = `${countOf(total, singular, plural)} ${verb}`;
    const whole = listWhole(inquiry, bars);
    if (whole.length < 2) return `${all}.`;
    const least = Math.min(...whole.map(({ distinct }) => distinct));
    const every = `every ${STEP_NAMES[grain]}`;
    if (least === total) return `${all}, ${total > 1 ? 'all of them ' : ''}${every}.`;
    if (least === most.distinct) return `${all}, ${formatCount(least)} of them ${every}.`;
    const average = formatRate(whole.reduce((sum, { distinct }) => sum + distinct, 0) / whole.length);
    return `${all}, ${average} ${eachStep(grain)} on average; the most ${formatInStep(most.label, grain)}, with ${formatCount(most.distinct)}.`;
  }
}

/** `failures`, `429s` or `5xx responses`, if a filter lets only these through. */
function nameFailures(filters: Inquiry['filters']): string | undefined {
  const codes = filters.find(isOfFailures)?.patterns;
  if (!codes) return undefined;
  if (codes.length > 1) return 'failures';
  return codes[0]!.endsWith('xx') ? `${codes[0]} responses` : `${codes[0]}s`;
}

/** Puts the number of different names in the place of requests, so that charts draw it. Other series stay as they are. */
export function drawDistinct(report: SeriesReport): SeriesReport {
  if (!report.distinct) return report;
  const bars = report.bars.map((bar) => ({ ...bar, ...toPlain(bar.distinct ?? 0) }));
  return { ...report, bars, totals: toPlain(report.distinct.total) };
}

function toPlain(count: number) {
  return { requests: count, ok: count, failed: 0, none: 0, credits: 0 };
}
