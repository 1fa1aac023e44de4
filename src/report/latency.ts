import { capitalise } from '../domain/calendar.ts';
import type { Grouping } from '../domain/dimension.ts';
import { type Bound, isLowest, isWithin } from '../domain/filter.ts';
import type { LatencyReport, Question, TimedRow } from '../domain/report.ts';
import { type LatencyAnswer, type LatencyQuery, type LatencyRow, STEP_NAMES, type StepGrain } from '../domain/usage.ts';
import { describeBound, describeKept } from './bounded.ts';
import { countOf, DIMENSION_WORDS, formatCount, formatInStep, formatLatency, joinFirst, joinWords } from './format.ts';
import { describeNothing, type Inquiry, namerOf, openInquiry, type ReporterDeps, toHead } from './inquiry.ts';
import { noteSingleCalls } from './notes.ts';
import { listSteps, STEP_END_COLUMNS, stepColumns } from './steps.ts';
import { buildTable, type Column, order, orderBy } from './table.ts';
import { clampRows } from './top.ts';
import { isNamed } from './totals.ts';

/**
 * Reports how long calls took: p50, p95, p99 and the slowest, by nearest rank over single calls, the slowest by p95 first; or per
 * step of the range. Ranks clients unless the question names another dimension or filters by a client, whose routes it ranks then.
 * Reaches back as far as raw events are kept. Throws QuestionError for an unknown sort column.
 */
export async function reportLatency(deps: ReporterDeps, question: Question, nowMs: number): Promise<LatencyReport> {
  const inquiry = await openInquiry(deps, question, nowMs);
  const isAboutClient = (question.filters ?? []).some(({ key, not }) => key === 'client' && !not);
  const dimension = question.dimension ?? (isAboutClient ? 'route' : 'client');
  return question.overTime ? reportSteps(inquiry, dimension) : reportRanked(inquiry, dimension);
}

async function reportRanked(inquiry: Inquiry, dimension: Grouping): Promise<LatencyReport> {
  const { question } = inquiry;
  const { limit = 5, offset = 0, sort = '-p95' } = question;
  const answer = await askLatency(inquiry, { groupBy: dimension === 'team' ? 'client' : dimension }, dimension);
  const all = toTimedRows(inquiry, dimension, answer.rows);
  const timed = sortTimed(
    all.filter(({ latency }) => latency),
    sort,
  );
  const { bound } = question;
  const ranked = bound ? timed.filter(({ latency }) => isWithin(bound, latency!.p95Ms)) : timed;
  const rows = ranked.slice(offset, offset + clampRows(limit));
  const words = DIMENSION_WORDS[dimension];
  const distinct = ranked.filter(({ name }) => isNamed(name)).length;
  return {
    ...toHead(inquiry, [answer], {
      title: `Latency of ${words.plural}`,
      finding:
        bound && timed.length > 0
          ? describeKept({
              ...{ bound, of: timed.filter(({ name }) => isNamed(name)).length, words, any: 'took time' },
              what: describeBound(inquiry, bound, dimension),
              kept: ranked
                .filter(({ name }) => isNamed(name))
                .map(({ name, latency }) => `${name} (${formatLatency(latency!.p95Ms)})`),
              nearest: toNearest(timed, bound),
            })
          : describeRanked(inquiry, answer, ranked, dimension),
      ...(distinct > 0 ? { population: countOf(distinct, words.singular, words.plural) } : {}),
      notes: [...noteLatency(inquiry, answer), ...(await noteUntimed(inquiry, answer, listUntimed(all)))],
    }),
    kind: 'latency',
    dimension,
    rows,
    distinct,
    total: answer.total,
    table: buildTable(rows, [{ ...NAME, label: capitalise(words.singular) }, ...COLUMNS]),
  };
}

async function reportSteps(inquiry: Inquiry, dimension: Grouping): Promise<LatencyReport> {
  const { range, deps } = inquiry;
  // Percentiles of five minutes cannot be made from those of minutes.
  const grain = range.grain === 'minute' || range.grain === 'day' || range.grain === 'month' ? range.grain : 'hour';
  const answer = await askLatency(inquiry, { grain });
  const steps = listSteps(inquiry, grain, answer.rows).map(({ startMs, label, partial, rows: [row] }) => {
    const { requests = 0, latency } = row ?? {};
    return { startMs, name: label, partial, requests, ...(latency ? { latency } : {}) };
  });
  return {
    ...toHead(inquiry, [answer], {
      title: `Latency per ${STEP_NAMES[grain]}`,
      finding: describeSteps(inquiry, answer, steps, grain),
      notes: [...noteLatency(inquiry, answer), ...(await noteUntimed(inquiry, answer, []))],
    }),
    kind: 'latency',
    dimension,
    rows: [],
    distinct: 0,
    grain,
    steps,
    total: answer.total,
    table: buildTable(steps, [
      ...stepColumns<(typeof steps)[number]>(grain, deps.calendar, ({ name }) => name),
      ...COLUMNS,
      ...STEP_END_COLUMNS,
    ]),
  };
}

/** Asks for the inquiry's range under its filters. Ids that share a shown name (or a team, if `label` is that) count as one. */
export async function askLatency(
  inquiry: Inquiry,
  query: Partial<LatencyQuery>,
  label: Grouping = 'client',
): Promise<LatencyAnswer> {
  const { deps, span, filters } = inquiry;
  const together = query.groupBy === 'client' ? await listShared(inquiry, label) : [];
  return deps.usage.latency({ span, filters, grain: 'all', together, ...query });
}

async function listShared({ deps, definitions, names, span }: Inquiry, label: Grouping): Promise<string[][]> {
  if (definitions.clients.length === 0) return [];
  const ids = await deps.usage.values({ key: 'client', span, limit: Number.MAX_SAFE_INTEGER });
  const byName = Map.groupBy(
    ids.map(({ value }) => value).filter(isNamed),
    label === 'team' ? names.teamOf : names.nameOf,
  );
  return [...byName.values()].filter((shared) => shared.length > 1);
}

function toTimedRows(inquiry: Inquiry, dimension: Grouping, rows: readonly LatencyRow[]): TimedRow[] {
  const nameOf = namerOf(inquiry, dimension);
  return rows.map(({ key, requests, latency }) => ({
    name: isNamed(key) ? nameOf(key) : key,
    requests,
    ...(latency ? { latency } : {}),
  }));
}

const NAME: Column<TimedRow> = { key: 'name', label: 'Name', type: 'text', cell: ({ name }) => name };
const COLUMNS: readonly Column<TimedRow>[] = [
  { key: 'p95_ms', label: 'p95', type: 'duration', cell: ({ latency }) => latency?.p95Ms },
  { key: 'p50_ms', label: 'p50', type: 'duration', cell: ({ latency }) => latency?.p50Ms },
  { key: 'p99_ms', label: 'p99', type: 'duration', cell: ({ latency }) => latency?.p99Ms },
  { key: 'slowest_ms', label: 'Slowest', type: 'duration', cell: ({ latency }) => latency?.slowestMs },
  { key: 'requests', label: 'Requests', type: 'count', cell: ({ requests }) => requests },
  { key: 'timed', label: 'With a duration', type: 'count', csvOnly: true, cell: ({ latency }) => latency?.timed ?? 0 },
];

/** Sorts rows as asked, equal ones by p95, then by name; `(none)` and `(other)` come last. `p95` and `p95_ms` name the same column. */
function sortTimed(rows: readonly TimedRow[], sort: string): TimedRow[] {
  const plain = (key: string) => key.replace(/_ms$/, '');
  const columns = [NAME, ...COLUMNS].map((column) => ({ ...column, key: plain(column.key) }));
  const byP95 = (a: TimedRow, b: TimedRow) => b.latency!.p95Ms - a.latency!.p95Ms || order(a.name, b.name);
  const asked = orderBy(plain(sort), columns, byP95);
  return rows.toSorted((a, b) => Number(isNamed(b.name)) - Number(isNamed(a.name)) || asked(a, b));
}

/** Instructions to a sender for sending durations, by the adapter of its source. */
const CURES: Readonly<Record<string, string>> = {
  native: 'add duration_ms to each event',
  cloudevents: 'add duration_ms to data',
  'access-log': 'log the duration too ($request_time in nginx), as JSON or in a format that you name',
  kong: 'keep latencies.request in what http-log sends',
  firehose: 'add responseLatency ($context.responseLatency) to the log format',
  otlp: 'send traces: spans have a duration, metrics and logs have none',
  segment: 'add duration_ms to the properties',
  logpush: 'add the field EdgeTimeToFirstByteMs to the job',
};
const NAMED = 3;

/** Lists names without any duration, those with the most calls first. */
function listUntimed(rows: readonly TimedRow[]): string[] {
  return rows
    .filter(({ latency }) => !latency)
    .toSorted((a, b) => b.requests - a.requests || order(a.name, b.name))
    .map(({ name }) => name);
}

/**
 * Notes whose calls have no duration at all, and what their senders can do. `untimed`: names of the ranking without any. Sources are
 * looked up only if there are such names, or no duration at all.
 */
async function noteUntimed(inquiry: Inquiry, { total }: LatencyAnswer, untimed: readonly string[]): Promise<string[]> {
  const { deps, span, filters } = inquiry;
  if (total.requests === 0 || (total.latency && untimed.length === 0)) return [];
  const [{ rows }, sources] = await Promise.all([
    deps.usage.latency({ span, filters, grain: 'all', groupBy: 'source' }),
    deps.sources?.() ?? [],
  ]);
  const adapters = new Map(sources.map(({ name, adapter }) => [name, adapter]));
  const without = listUntimed(toTimedRows(inquiry, 'source', rows));
  const cures = without.slice(0, NAMED).map((source) => {
    const cure = CURES[adapters.get(source) ?? 'native'] ?? CURES.native!;
    return `${source} sends no durations: ${cure}.`;
  });
  const named = untimed.filter(isNamed);
  const more = named.length > NAMED ? [countOf(named.length - NAMED, 'other')] : [];
  return [
    ...(total.latency && named.length > 0
      ? [`No durations from ${joinWords([...named.slice(0, NAMED), ...more])}.`]
      : []),
    ...cures,
  ];
}

/** Below this many calls, a percentile is shown with their number. */
const FEW = 100;
/** Names in the sentence about the slowest call. */
const MOST_NAMED = 3;

/** Finds the name that comes nearest to a bound without meeting it. */
function toNearest(timed: readonly TimedRow[], bound: Bound): { name: string; value: string } | undefined {
  const sorted = timed.filter(({ name }) => isNamed(name)).toSorted((a, b) => p95Of(b) - p95Of(a));
  const nearest = sorted.at(isLowest(bound) ? 0 : -1);
  return nearest && { name: nearest.name, value: formatLatency(p95Of(nearest)) };
}

/** Names who is slowest (or fastest, if these come first) and what all calls took, whichever was asked for first. */
function describeRanked(
  inquiry: Inquiry,
  answer: LatencyAnswer,
  ranked: readonly TimedRow[],
  dimension: Grouping,
): string {
  const nothing = describeNone(inquiry, answer);
  if (nothing) return nothing;
  const asked = percentileOf(inquiry.question);
  const percentile = ({ latency }: Pick<TimedRow, 'latency'>) => latency![`${asked}Ms`];
  const isFastest = /^p\d/.test(inquiry.question.sort ?? '');
  const [first, second] = ranked
    .filter(({ name }) => isNamed(name))
    .toSorted((a, b) => (percentile(b) - percentile(a)) * (isFastest ? -1 : 1));
  const overall = `${describePercentiles(inquiry, answer)}.`;
  if (!first) return overall;
  if (inquiry.question.sort?.startsWith('-slowest')) return `${describeSlowest(answer, ranked)}; ${overall}`;
  const few = first.latency!.timed < FEW ? ` over ${countOf(first.latency!.timed, 'call')}` : '';
  const outermost = `${first.name} is ${isFastest ? 'fastest' : 'slowest'}: ${asked} ${formatLatency(percentile(first))}${few}`;
  // A filter names who was asked about; without one, a dimension asks who is slowest.
  const isOfAll = inquiry.question.dimension === undefined;
  const isAsked = isOfAll || inquiry.filters.some(({ key, not }) => key !== dimension && !not);
  if (!second && (isOfAll || !isAsked)) return `${first.name}: ${overall}`;
  if (!second) return overall;
  if (isAsked) return `${overall} ${outermost}.`;
  // Those that a filter names are not all.
  const which = inquiry.filters.some(({ key, not }) => key === dimension && !not) ? 'these' : 'all';
  return `${outermost}, ${formatLatency(percentile(answer.total))} for ${which} ${DIMENSION_WORDS[dimension].plural}.`;
}

/** `Slowest call: 430 ms (Warehouse Export and Acme CRM)`: the longest duration, and everyone with such a call. */
function describeSlowest({ total }: LatencyAnswer, ranked: readonly TimedRow[]): string {
  const { slowestMs } = total.latency!;
  const names = ranked.filter(({ name, latency }) => isNamed(name) && latency?.slowestMs === slowestMs);
  const who =
    names.length > 0
      ? ` (${joinFirst(
          names.map(({ name }) => name),
          MOST_NAMED,
        )})`
      : '';
  return `Slowest call: ${formatLatency(slowestMs)}${who}`;
}

/** Returns the percentile that the ranking is sorted by. */
function percentileOf({ sort = '' }: Question): 'p50' | 'p95' | 'p99' {
  return sort.includes('p50') ? 'p50' : sort.includes('p99') ? 'p99' : 'p95';
}

/** `p95 is 900 ms, p50 91 ms`: begins with the one asked for. */
function describePercentiles({ question }: Inquiry, { total }: LatencyAnswer): string {
  const asked = percentileOf(question);
  const other = asked === 'p50' ? 'p95' : 'p50';
  const show = (which: typeof asked) => formatLatency(total.latency![`${which}Ms`]);
  const median = asked === 'p50' ? 'p50 (the median, not the average)' : asked;
  return `${median} is ${show(asked)}, ${other} ${show(other)}`;
}

/** Says the percentiles of the whole range, and its slowest step. */
function describeSteps(
  inquiry: Inquiry,
  answer: LatencyAnswer,
  steps: NonNullable<LatencyReport['steps']>,
  grain: StepGrain,
): string {
  const nothing = describeNone(inquiry, answer);
  if (nothing) return nothing;
  const overall = describePercentiles(inquiry, answer);
  const timed = steps.filter(({ latency }) => latency);
  if (timed.length < 2) return `${overall}.`;
  const worst = timed.reduce((most, step) => (p95Of(step) > p95Of(most) ? step : most));
  return `${overall}; slowest ${formatInStep(worst.name, grain)} with p95 ${formatLatency(p95Of(worst))}.`;
}

/** Lists what a reader must know to trust the percentiles: older days are gone, and some calls have no duration. */
function noteLatency(inquiry: Inquiry, { total, shortened }: LatencyAnswer): string[] {
  const { requests, latency } = total;
  const left = requests - (latency?.timed ?? 0);
  const without = left === 1 ? 'has no duration of its own' : 'have no duration of their own';
  return [
    ...(shortened ? [noteSingleCalls(inquiry, shortened.fromMs)] : []),
    ...(latency && left > 0
      ? [`Computed from ${countOf(latency.timed, 'call')}; ${formatCount(left)} ${without}.`]
      : []),
  ];
}

function describeNone(inquiry: Inquiry, answer: LatencyAnswer): string | undefined {
  const { total, shortened } = answer;
  if (total.requests === 0)
    return describeNothing(
      inquiry,
      shortened ? { shortened: { ...shortened, reason: 'no-total', nearest: [] } } : undefined,
    );
  if (total.latency) return undefined;
  const which =
    total.requests === 1 ? 'The only request does not say' : `None of ${formatCount(total.requests)} requests says`;
  return `${which} how long it took.`;
}

function p95Of({ latency }: TimedRow): number {
  return latency!.p95Ms;
}
