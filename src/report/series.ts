import { capitalise, HOUR_MS } from '../domain/calendar.ts';
import { amountOf, type Pool, versionOn } from '../domain/definition.ts';
import { isLowest, isOfNone, toMatcher } from '../domain/filter.ts';
import type { Question, SeriesReport, UsualRequests } from '../domain/report.ts';
import { compareCredits, ratioOf } from '../domain/thousandths.ts';
import { isAverage, STEP_NAMES, type StepGrain } from '../domain/usage.ts';
import { describeBound, describeKept, holdsFor, splitFilters } from './bounded.ts';
import { describeFolded, foldSteps, toFoldedTable } from './folded.ts';
import { countOf, creditsOf, eachStep, formatChangeSize, formatCount, formatInStep, formatPercent } from './format.ts';
import { ask, describeNothing, findCode, type Inquiry, openInquiry, type ReporterDeps, toHead } from './inquiry.ts';
import { noteAnswer, noteClients, noteCorrections, offerNearest } from './notes.ts';
import { describeOutcome } from './status.ts';
import { askBySteps, listMarks, listWhole, STEP_END_COLUMNS, type Step, stepColumns } from './steps.ts';
import { describePeakMinutes } from './summary.ts';
import { barColumn, buildTable, type Column } from './table.ts';
import { countNames, groupTotals, shareFailed, sumTotals, TOTAL_COLUMNS } from './totals.ts';
import {
  describeCause,
  findCause,
  findUsual,
  foreseeMonth,
  listUsualHours,
  MOST_USUAL_DAYS,
  USUAL_DAYS,
} from './usual.ts';

/** Reports requests per hour (or minute), of yesterday by default. Throws QuestionError for a range with too many hours. */
export async function reportDay(deps: ReporterDeps, question: Question, nowMs: number): Promise<SeriesReport> {
  const inquiry = await openInquiry(deps, { step: 'hour', ...question }, nowMs, question.step ? '7d' : 'yesterday');
  return reportSeries({ ...inquiry, question });
}

/** Reports requests per step of the range, 7 days by default: per day, one day per hour, a year per month. */
export async function reportDaily(deps: ReporterDeps, question: Question, nowMs: number): Promise<SeriesReport> {
  return reportSeries(await openInquiry(deps, question, nowMs));
}

async function reportSeries(inquiry: Inquiry): Promise<SeriesReport> {
  const { question, range, deps } = inquiry;
  const isWholeDay = range.firstDay === range.lastDay && !range.partial && !range.timed;
  const [{ answer, grain, steps, notes }, byClient, usualOf, usualOfDay, corrected, marked, ahead] = await Promise.all([
    askBySteps(inquiry, { groupBy: [] }),
    ask(inquiry, { groupBy: ['client'] }),
    findUsual(inquiry),
    // The usual requests of a day are not the sum of those of its hours.
    question.focus === 'busy' && isWholeDay ? findUsual({ ...inquiry, range: { ...range, grain: 'day' } }) : undefined,
    noteCorrections(inquiry),
    listMarks(inquiry),
    describeMonthEnd(inquiry),
  ]);
  const bars = steps.map(toBar);
  const totals = sumTotals(bars);
  const clients = countNames(byClient.rows, inquiry.names.nameOf);
  const expected =
    usualOf && grain === inquiry.range.grain ? steps.map((step, index) => usualOf(step, bars[index]!)) : [];
  const usual = expected.some((each) => each !== undefined) ? expected : undefined;
  const odd = question.focus === 'odd' ? findOdd(bars, expected) : undefined;
  // With a single client, the cause is plain.
  const cause = odd && clients > 1 ? await nameCause(inquiry, grain, odd) : undefined;
  // Minutes are counted by scope alone.
  const isPeak = question.focus === 'per-minute' && inquiry.filters.length === 0;
  const peaks = isPeak ? await describePeakMinutes(inquiry) : undefined;
  const limit = grain === 'day' ? findLimitLine(inquiry) : undefined;
  const above = limit ? bars.filter(limit.isOver) : [];
  const { bound } = question;
  // A running step may still grow, so it cannot be below a bound yet.
  const judged = bound && listWhole(inquiry, bars).concat(isLowest(bound) ? bars.filter(({ partial }) => partial) : []);
  const folding = isAverage(question.step) ? question.step : undefined;
  const folded = folding && foldSteps(inquiry, folding, bars);
  const kept = judged?.filter((bar) => holdsFor(bound!, bar));
  const whose = bound && isOfNone(bound) ? splitFilters(inquiry.filters).whose : inquiry.filters;
  // For steps without any counted calls, show all their calls instead of zeros.
  const isOfAll = whose.length < inquiry.filters.length;
  const told = isOfAll ? (await askBySteps({ ...inquiry, filters: whose }, { groupBy: [] })).steps.map(toBar) : bars;

  return {
    ...toHead(inquiry, [answer], {
      title: folding ? `Average requests per ${STEP_NAMES[folding]}` : `Requests per ${STEP_NAMES[grain]}`,
      finding: describe(),
      ...(clients > 0 ? { population: countOf(clients, 'client') } : {}),
      notes: [
        ...noteAnswer(inquiry, answer),
        ...noteClients(inquiry, answer, byClient),
        ...notes,
        ...corrected,
        ...(limit && totals.credits !== totals.requests * 1000
          ? ['The limit line is in credits; the bars are requests.']
          : []),
        ...(isOfAll && kept && kept.length > 0 ? [`The table has all calls of these ${STEP_NAMES[grain]}s.`] : []),
      ],
      offers: offerNearest(inquiry, answer),
    }),
    kind: question.report === 'day' ? 'day' : 'daily',
    grain: folding ?? grain,
    totals,
    clients,
    bars: folded ?? bars,
    ...(folded ? {} : { limit: limit && { name: limit.name, value: limit.value }, usual, ...marked }),
    table: folded
      ? toFoldedTable(folded, folding)
      : buildTable(
          told
            .map((bar, index) => ({ ...bar, usual: isOfAll ? undefined : usual?.[index]?.median }))
            .filter(({ startMs }) => !kept || kept.some((bar) => bar.startMs === startMs)),
          [
            ...stepColumns<Bar>(grain, deps.calendar, ({ label }) => label),
            ...TOTAL_COLUMNS,
            partial,
            ...(usual && !isOfAll ? [USUAL] : []),
            start,
            barColumn('Trend', told, (bar) => bar.requests),
          ],
        ),
  };

  function describe(): string {
    const what = totals.failed === totals.requests ? 'failed request' : 'request';
    if (folded && totals.requests > 0) return describeFolded(folded, folding, what, question.focus === 'quietest');
    if (bound && judged && kept) {
      const name = grain === 'five-minutes' ? 'five-minute step' : STEP_NAMES[grain];
      return describeKept({
        ...{ bound, of: judged.length, words: { singular: name, plural: `${name}s` } },
        ...{ what: describeBound(inquiry, bound), any: describeBound(inquiry, undefined) },
        kept: kept.map(({ label }) => label),
      });
    }
    if (peaks) return peaks;
    const isOfCodes = inquiry.filters.some(({ key }) => key === 'status');
    const none = totals.requests === 0 ? describeNothing(inquiry, answer) : undefined;
    const isEmpty = inquiry.range.toMs <= inquiry.range.fromMs;
    if (question.focus === 'busy' && isWholeDay) {
      const whole = { startMs: range.fromMs, day: range.firstDay, label: range.label, partial: false };
      return none ?? describeBusy(inquiry, 'day', [{ ...whole, ...totals }], [usualOfDay?.(whole, totals)]);
    }
    if (question.focus === 'busy') return none ?? describeBusy(inquiry, grain, bars, expected);
    if (question.focus !== 'odd' || isEmpty) return none ?? describeSteps(what);
    return describeOdd(
      inquiry,
      grain,
      bars,
      expected,
      [cause, none ?? (isOfCodes ? `${countOf(totals.requests, what)} in all.` : describeOutcome(totals))]
        .filter(Boolean)
        .join(' '),
    );
  }

  /** Puts the number that was asked for first; without a focus, the sum. */
  function describeSteps(what: string): string {
    const { focus } = question;
    const code = focus === undefined && findCode(inquiry.filters);
    const sum = code ? `${countOf(totals.requests, 'request')} that ended in ${code}` : countOf(totals.requests, what);
    const mean = findAverage(inquiry, bars);
    const average = mean > 0 ? `${formatCount(mean)} ${eachStep(grain)}` : '';
    const [first, last] = what === 'request' ? (['busiest', 'quietest'] as const) : (['most', 'fewest'] as const);
    const having = bars.filter(({ requests }) => requests > 0);
    // With failures in one step only, an average and a peak would say the same number again.
    if (what !== 'request' && focus === undefined && bars.length > 1 && having.length === 1)
      return `${sum}, ${totals.requests === 1 ? '' : 'all '}${formatInStep(having[0]!.label, grain)}.${ahead}`;
    const busiest = bars.length > 1 ? describeExtreme(grain, bars, first) : '';
    const peak = focus === 'quietest' ? describeExtreme(grain, listWhole(inquiry, bars), last) : busiest;
    const parts =
      focus === 'average' && average
        ? [[`${countOf(mean, what)} ${eachStep(grain)} on average`], [`${formatCount(totals.requests)} in all`, peak]]
        : (focus === 'busiest' || focus === 'quietest') && peak
          ? [[capitalise(peak)], [`${sum} in all`, average]]
          : [[sum, average], [peak]];
    const told = parts.map((part) => part.filter(Boolean).join(', ')).filter(Boolean);
    const over = limit && above.length > 0 ? ` ${countOf(above.length, 'day')} went over ${limit.words}.` : '';
    return `${told.join('; ')}.${over}${ahead}`;
  }
}

type Expected = readonly (UsualRequests | undefined)[];

/** Finds the steps whose requests or failures are far from usual, and the furthest of each. */
function findOdd(bars: SeriesReport['bars'], expected: Expected) {
  const known = bars.flatMap((bar, index) => (expected[index] ? [{ ...bar, ...expected[index] }] : []));
  const oddOnes = known.filter(({ isOdd }) => isOdd);
  const failing = known.flatMap((each) =>
    each.usualFailed === undefined ? [] : [{ ...each, usual: each.usualFailed }],
  );
  const furthest = <Each>(of: readonly Each[], distance: (each: Each) => number) =>
    of.reduce<Each | undefined>((far, each) => (far && distance(far) >= distance(each) ? far : each), undefined);
  return {
    ...{ known, oddOnes, failing },
    mostOdd: furthest(oddOnes, (each) => Math.abs(each.requests - each.median)),
    mostFailing: furthest(failing, (each) => Math.abs(shareFailed(each) - each.usual)),
  };
}

/** `Mostly Acme CRM (+196) on /v2/accounts/{id}.` Names who caused the step furthest from usual; undefined where many did. */
async function nameCause(
  { deps: { usage, calendar }, definitions, filters, extent }: Inquiry,
  grain: StepGrain,
  { mostOdd, mostFailing }: ReturnType<typeof findOdd>,
): Promise<string | undefined> {
  const most = mostOdd ?? mostFailing;
  if (!most || !extent || (grain !== 'hour' && grain !== 'day')) return undefined;
  const { startMs } = most;
  const toMs = grain === 'hour' ? startMs + HOUR_MS : calendar.startOfDay(calendar.dayOf(startMs) + 1);
  const span = { fromMs: startMs, toMs };
  const usual = listUsualHours(span, extent, calendar);
  if (usual.length === 0) return undefined;
  const measure = mostOdd ? 'requests' : 'failed';
  const cause = await findCause({ usage, clients: definitions.clients }, { span, usual, measure, filters });
  return cause && describeCause(cause);
}

/** `Yes: 18:00 had 554 requests (usually 120); 40% of requests failed at 19:00 (usually 2%).` */
function describeOdd(
  inquiry: Inquiry,
  grain: StepGrain,
  bars: SeriesReport['bars'],
  expected: Expected,
  all: string,
): string {
  const { known, oddOnes, failing, mostOdd, mostFailing } = findOdd(bars, expected);
  const steps = `${STEP_NAMES[grain]}s`;
  const found: string[] = [];
  if (mostOdd) {
    const others = oddOnes.length > 1 ? `, the furthest of ${oddOnes.length} unusual ${steps}` : '';
    const usual = `usually ${formatCount(Math.round(mostOdd.median))}`;
    found.push(`${mostOdd.label} had ${countOf(mostOdd.requests, 'request')} (${usual})${others}`);
  }
  if (mostFailing) {
    const [share, usual] = [shareFailed(mostFailing), mostFailing.usual].map((each) => formatPercent(each * 100));
    const others = failing.length > 1 ? `, the furthest of ${failing.length} such ${steps}` : '';
    found.push(`${share} of requests failed ${formatInStep(mostFailing.label, grain)} (usually ${usual})${others}`);
  }
  if (found.length > 0) return `Unusual: ${found.join('; ')}. ${all}`;
  const judged = known.filter(({ partial }) => !partial).length;
  if (judged === 0) return `${sayNoUsual(inquiry, known.length > 0)} ${all}`;
  const unknown = bars.filter((bar, index) => !bar.partial && !expected[index]).length;
  const which =
    unknown > 0
      ? ` in ${formatCount(judged)} of ${countOf(bars.length, STEP_NAMES[grain])}; of the others too little is known`
      : judged < bars.length
        ? ' so far'
        : '';
  return `Nothing unusual: requests and failures are about as usual${which}. ${all}`;
}

/** A difference below this, in percent, counts as usual. */
const AS_USUAL = 5;

/** `Busier than usual: 7,363 requests, 14% over the usual 6,439.` Counts only steps that are over and have a usual number. */
function describeBusy(
  inquiry: Inquiry,
  grain: StepGrain,
  bars: SeriesReport['bars'],
  expected: readonly (UsualRequests | undefined)[],
): string {
  const judged = bars.flatMap((bar, index) =>
    expected[index] && !bar.partial ? [{ ...bar, ...expected[index] }] : [],
  );
  const all = `${countOf(sumTotals(bars).requests, 'request')} in all.`;
  if (judged.length === 0) return `${sayNoUsual(inquiry, expected.some(Boolean))} ${all}`;
  const { requests } = sumTotals(judged);
  const usual = Math.round(judged.reduce((sum, { median }) => sum + median, 0));
  const percent = usual === 0 ? Infinity : (requests / usual - 1) * 100;
  const isAsUsual = requests === usual || Math.abs(percent) < AS_USUAL;
  const way = isAsUsual ? 'As busy as' : percent > 0 ? 'Busier than' : 'Quieter than';
  const part =
    judged.length < bars.length
      ? ` in ${formatCount(judged.length)} of ${countOf(bars.length, STEP_NAMES[grain])}`
      : '';
  const share =
    isAsUsual || usual === 0 ? 'usually' : `${formatChangeSize(percent)} ${percent > 0 ? 'over' : 'under'} the usual`;
  return `${way} usual: ${countOf(requests, 'request')}${part}, ${share} ${formatCount(usual)}.`;
}

/** Says why nothing is called usual. `isRunning`: the usual is known, but the range is not over. */
function sayNoUsual(inquiry: Inquiry, isRunning: boolean): string {
  const where = inquiry.range.label.replace(/^last /, 'the last ');
  return `I can't say what is usual in ${where}: ${isRunning ? RUNNING : whyNoUsual(inquiry)}.`;
}

const RUNNING = 'its calls are still coming in';

function whyNoUsual({ range }: Inquiry): string {
  if (range.lastDay - range.firstDay >= MOST_USUAL_DAYS)
    return `only ranges of up to ${MOST_USUAL_DAYS} days are compared with their usual`;
  const isWhole = range.grain === 'hour' || (range.grain === 'day' && !range.timed);
  return isWhole
    ? 'too little is known of the weeks before'
    : 'only whole hours and days are compared with their usual';
}

/** For the running month only: ` At the usual pace Nov 2026 ends at about 167,000.` */
async function describeMonthEnd(inquiry: Inquiry): Promise<string> {
  const { text, lastDay, firstDay } = inquiry.range;
  if (text !== 'this-month' || lastDay < firstDay) return '';
  const { calendar } = inquiry.deps;
  const first = Math.min(firstDay, lastDay - USUAL_DAYS - 1);
  const span = { fromMs: calendar.startOfDay(first), toMs: inquiry.span.toMs };
  const { rows } = await ask(inquiry, { span, grain: 'day' });
  const byDay = groupTotals(rows, ({ startMs }) => calendar.dayOf(startMs));
  const requests = Array.from({ length: lastDay - first + 1 }, (_, index) => byDay.get(first + index)?.requests ?? 0);
  const month = foreseeMonth(requests, lastDay);
  return month && month.soFar > 0
    ? ` At the usual pace ${month.name} ends at about ${formatCount(Number(month.end.toPrecision(3)))}.`
    : '';
}

type Bar = SeriesReport['bars'][number] & { usual?: number | undefined };

function toBar({ startMs, label, partial, rows }: Step): Bar {
  return { startMs, label, partial, ...sumTotals(rows) };
}

const [partial, start] = STEP_END_COLUMNS;
const USUAL: Column<Bar> = { key: 'usual', label: 'Usual', type: 'count', cell: (bar) => bar.usual };

/**
 * Averages over complete steps: a running one, or one from before data began, would lower the average. Returns 0 if there are fewer
 * than two.
 */
function findAverage(inquiry: Inquiry, bars: readonly Bar[]): number {
  const whole = listWhole(inquiry, bars);
  if (whole.length < 2) return 0;
  return Math.round(whole.reduce((sum, bar) => sum + bar.requests, 0) / whole.length);
}

/** `quietest on 8 Nov with 4,021, and 2 other days`. Only complete steps count for the least, as in the average. */
function describeExtreme(
  grain: StepGrain,
  bars: readonly Bar[],
  word: 'busiest' | 'most' | 'quietest' | 'fewest',
): string {
  const step = grain === 'five-minutes' ? 'five-minute step' : STEP_NAMES[grain];
  const pick = word === 'busiest' || word === 'most' ? Math.max : Math.min;
  const extreme = pick(...bars.map(({ requests }) => requests));
  const [first, ...others] = bars.filter(({ requests }) => requests === extreme);
  if (!first) return `no ${step} is over yet`;
  const also = others.length > 0 ? `, and ${countOf(others.length, `other ${step}`)}` : '';
  return `${word} ${formatInStep(first.label, grain)} with ${formatCount(extreme)}${also}`;
}

/**
 * Finds the line that a daily chart shows: the lowest daily or rolling amount in force on the last day of the range, of the scope
 * asked for or of the only declared one. `isOver` judges each day by the amount of that day. Undefined under other filters, because a
 * limit is for all calls of its scope.
 */
function findLimitLine({ filters, definitions, range, deps }: Inquiry) {
  const asked = filters.find(({ key, not }) => key === 'scope' && !not)?.patterns;
  if (filters.some(({ key }) => key !== 'scope')) return undefined;
  const scopes = definitions.scopes.filter(({ name }) =>
    asked ? asked.some((pattern) => toMatcher(pattern)(name)) : definitions.scopes.length === 1,
  );
  if (scopes.length !== 1) return undefined;
  const scope = scopes[0]!;
  const isInForce = ({ fromDay, untilDay = Infinity }: Pool, day: number) => fromDay <= day && day <= untilDay;
  const on = (pool: Pool, day: number) => amountOf(versionOn(pool.amounts, day));
  const [lowest] = [...scope.limits.filter(({ match }) => !match), ...scope.pools]
    .filter(({ period }) => period.kind === 'day' || period.kind === 'rolling-24h')
    .filter((pool) => isInForce(pool, range.lastDay))
    .sort((a, b) => compareCredits(on(a, range.lastDay), on(b, range.lastDay)));
  if (!lowest) return undefined;
  const last = on(lowest, range.lastDay);
  const isSteady = lowest.amounts.every(({ fromDay }) => fromDay <= range.firstDay || fromDay > range.lastDay);
  return {
    name: lowest.name,
    value: ratioOf(last, 1000),
    words: `${lowest.name} (${isSteady ? '' : 'by the amount of its day, at last '}${creditsOf(last)})`,
    isOver({ startMs, credits }: Bar): boolean {
      const day = deps.calendar.dayOf(startMs);
      return isInForce(lowest, day) && compareCredits(credits, on(lowest, day)) > 0;
    },
  };
}
