import { capitalise } from '../domain/calendar.ts';
import { type Grouping, NONE } from '../domain/dimension.ts';
import type { Thousandths } from '../domain/event.ts';
import { MAX_RANKING_ROWS, type Question, type RankingReport, type RankingRow } from '../domain/report.ts';
import type { Totals, UsageAnswer } from '../domain/usage.ts';
import {
  countOf,
  DIMENSION_WORDS,
  formatCount,
  formatCredits,
  formatPercent,
  formatShare,
  joinFirst,
} from './format.ts';
import {
  ask,
  describeNothing,
  findCode,
  type Inquiry,
  isOfFailures,
  namerOf,
  openInquiry,
  type ReporterDeps,
  toHead,
} from './inquiry.ts';
import { noteAnswer, noteClients, offerNearest } from './notes.ts';
import { countNames, isNamed, rankRows, sumTotals, toPage, toRankingTable } from './totals.ts';

/** The limit of a question that wants every row, as comparisons do. */
export const ALL_ROWS = Number.POSITIVE_INFINITY;

/** Clamps a number of rows to 1–MAX_RANKING_ROWS; ALL_ROWS stays. */
export function clampRows(asked: number): number {
  return asked === ALL_ROWS ? asked : Math.min(Math.max(asked, 1), MAX_RANKING_ROWS);
}

/** Returns the rows of a ranking that asks for no number. */
export function defaultRows(dimension?: Grouping): number {
  return dimension === 'user' ? 3 : 5;
}

/**
 * Ranks who, or what, makes the most requests (or uses the most credits): clients unless the question names another dimension.
 * Returns five rows, three for users, unless it asks for a number up to 1,000; starts at its `offset`. Under a filter each row also
 * has its share of all requests of the range. If the range is shortened to raw events, all numbers are of the shortened range. Throws
 * QuestionError for an unknown sort column.
 */
export async function reportTop(deps: ReporterDeps, question: Question, nowMs: number): Promise<RankingReport> {
  const { dimension = 'client', measure = 'requests', offset = 0 } = question;
  const limit = clampRows(question.limit ?? defaultRows(dimension));
  const inquiry = await openInquiry(deps, question, nowMs);
  const isFiltered = inquiry.filters.length > 0;
  const key = dimension === 'team' ? 'client' : dimension;
  // The store may leave small rows out, except of clients, whose ids may share a name, and for another order.
  const isCut = key !== 'client' && question.sort === undefined && limit !== ALL_ROWS;
  // If the filter is for names of this dimension, their share is of all failures under the other filters.
  const others = inquiry.filters.filter((filter) => filter.not || filter.key !== key);
  const isOfNames = others.length > 0 && others.length < inquiry.filters.length;
  const [main, all, clients, shareOf] = await askTogether(inquiry, [
    (part) => ask(part, { groupBy: [key], ...(isCut ? { most: { by: [measure], rows: offset + limit } } : {}) }),
    (part) => (isFiltered ? ask(part, { filters: [] }) : undefined),
    (part) => (key === 'client' ? undefined : ask(part, { groupBy: ['client'] })),
    (part) => (isOfNames ? ask(part, { filters: others }) : undefined),
  ]);
  const ofAll = all && sumTotals(all.rows)[measure];
  const ranked = rankRows(main.rows, {
    measure,
    sort: question.sort,
    nameOf: namerOf(inquiry, dimension),
    ofAll,
    rest: main.rest,
  });
  const page = toPage(ranked, { offset, limit }, main.rest);
  const { totals } = page;
  const distinct = ranked.filter(({ name }) => isNamed(name)).length + (main.rest?.rows ?? 0);
  const clientCount = dimension === 'client' ? distinct : countNames((clients ?? main).rows, inquiry.names.nameOf);
  const words = DIMENSION_WORDS[dimension];

  return {
    ...toHead(inquiry, [main, ...(all ? [all] : [])], {
      title: `Top ${words.plural}`,
      finding:
        totals.requests === 0
          ? describeNothing(inquiry, main)
          : describeLeader(inquiry, {
              ...{ ranked, totals, distinct, dimension, measure },
              ...(shareOf && { shareOf: sumTotals(shareOf.rows) }),
            }),
      ...(totals.requests > 0 ? { population: describePopulation() } : {}),
      notes: [
        ...noteAnswer(inquiry, main),
        ...(limit === ALL_ROWS ? [] : noteUnnamed()),
        ...(clients ? noteClients(inquiry, main, clients) : []),
      ],
      offers: offerNearest(inquiry, main),
    }),
    kind: 'top',
    dimension,
    measure,
    ...page,
    distinct,
    table: toRankingTable(page.rows, capitalise(words.singular), measure),
  };

  function describePopulation(): string {
    const named = countOf(distinct, words.singular, words.plural);
    return dimension === 'client' ? named : `${named} · ${countOf(clientCount, 'client')}`;
  }

  function noteUnnamed(): string[] {
    const none = ranked.find(({ name }) => name === NONE);
    return none ? [`${countOf(none.requests, 'request')} had no ${words.singular}: ${NONE} in the table.`] : [];
  }
}

type Asking = (part: Inquiry) => Promise<UsageAnswer> | undefined;

/** Asks all at once. If the first answer is shortened, the others are asked again for what it covers, so that shares agree. */
export async function askTogether(
  inquiry: Inquiry,
  [first, ...others]: readonly [Asking, ...Asking[]],
): Promise<[UsageAnswer, ...(UsageAnswer | undefined)[]]> {
  const [main, ...rest] = await Promise.all([first(inquiry)!, ...others.map((other) => other(inquiry))]);
  const { shortened } = main!;
  if (!shortened) return [main!, ...rest];
  const covered = { ...inquiry.span, fromMs: Math.min(shortened.fromMs, inquiry.span.toMs) };
  return [main!, ...(await Promise.all(others.map((other) => other({ ...inquiry, span: covered }))))];
}

/** The numbers behind a ranking's sentence, with every row in the order asked for. */
interface Ranked {
  ranked: readonly RankingRow[];
  totals: Totals;
  distinct: number;
  dimension: Grouping;
  measure: 'requests' | 'credits';
  /** Totals under the other filters: the whole that names in the filter have a share of. */
  shareOf?: Totals;
}

const FEW = 20;
/** Names in a sentence about several that are equal. */
const MOST_NAMED = 3;
/** Columns whose shares get a sentence of their own: `Warehouse Export has 68% of the 2,277 failures.` */
const SHARED: Readonly<
  Record<string, { column: 'ok' | 'failed' | 'none'; words: string; none: string; only: string }>
> = {
  ok: {
    column: 'ok',
    words: 'successful requests',
    none: 'No request succeeded.',
    only: 'made the only successful request',
  },
  failed: { column: 'failed', words: 'failures', none: 'No request failed.', only: 'has the only failure' },
  none: {
    column: 'none',
    words: 'requests without a status',
    none: 'Every request had a status.',
    only: 'made the only request without a status',
  },
};

/**
 * Names who is first: by failures where the question sorts by them, else by the measure. `ERP Connector made 35% of 39,897 requests;
 * 1.7% of its calls failed.`
 */
function describeLeader({ question, filters }: Inquiry, numbers: Ranked): string {
  const { ranked, totals, measure, dimension } = numbers;
  const named = ranked.filter(({ name }) => isNamed(name));
  const column = question.sort?.replace(/^-/, '');
  const isAscending = question.sort !== undefined && !question.sort.startsWith('-');
  const isFailures = measure === 'requests' && filters.some(isOfFailures);
  const code = findCode(filters);
  const shared =
    column !== undefined && Object.hasOwn(SHARED, column)
      ? SHARED[column]
      : isFailures && !(isAscending && column === 'name')
        ? { ...SHARED.failed!, words: code ? `requests that ended in ${code}` : SHARED.failed!.words }
        : undefined;
  if (question.focus === 'total') {
    const most =
      named[0] && numbers.distinct > 1
        ? `; ${named[0].name} ${verbOf(numbers)} ${formatPercent(named[0].sharePercent)}`
        : '';
    return `${sizeOf(totals, measure)}${measure === 'credits' ? ' used' : ''}${most}.`;
  }
  const first = named[0];
  const words = DIMENSION_WORDS[dimension];
  if (!first) return `${sizeOf(totals, measure)}, none with ${article(words.singular)} ${words.singular}.`;
  if (shared) {
    const sum = (numbers.shareOf ?? totals)[shared.column];
    if (sum === 0) return shared.none;
    if (isAscending) {
      // Under a filter for failures, names without any are not in the ranking.
      const among =
        isFailures && numbers.distinct > 1
          ? `Of the ${formatCount(numbers.distinct)} ${words.plural} with ${shared.words}, `
          : '';
      return `${among}${first.name} has the fewest${among ? '' : ` ${shared.words}`}: ${formatCount(first[shared.column])}.`;
    }
    const own = first[shared.column];
    if (sum === 1) return `${first.name} ${shared.only}.`;
    if (own === sum) return `${first.name} has all ${formatCount(sum)} ${shared.words}.`;
    // A small number says more than its share.
    const part = sum < FEW ? formatCount(own) : formatShare(own, sum);
    return `${first.name} has ${part} of the ${formatCount(sum)} ${shared.words}.`;
  }
  if (totals.failed > 0 && (column === 'ok_percent' || column === 'failed_percent')) {
    const [rate, part, ended] =
      column === 'ok_percent'
        ? (['success', first.ok, 'succeeded'] as const)
        : (['error', first.failed, 'failed'] as const);
    const share = formatShare(part, first.ok + first.failed);
    return `${first.name} has the ${isAscending ? 'lowest' : 'highest'} ${rate} rate: ${share} of its ${countOf(first.requests, 'call')} ${ended}.`;
  }
  if (isAscending && column !== 'name') {
    const equal = named.filter((row) => row[measure] === first[measure]).map(({ name }) => name);
    const each = equal.length > 1 ? ' each' : '';
    return `${joinFirst(equal, MOST_NAMED)} ${verbOf(numbers)} the fewest: ${show(first[measure], measure)}${each} of ${sizeOf(totals, measure)}.`;
  }
  const leader = named.reduce((best, row) => (row[measure] > best[measure] ? row : best));
  // A filter on statuses already says how the calls ended.
  const isTold = leader.failed > 0 && !filters.some(({ key }) => key === 'status');
  const failed = isTold ? ` ${formatShare(leader.failed, leader.requests)} of its calls failed.` : '';
  // For a single name in the filter, its share of all calls says more than "all".
  const isAsked = (question.filters ?? []).some(
    ({ key, not, patterns }) => key === dimension && !not && patterns.length > 0,
  );
  const isAll = numbers.distinct === 1 && leader[measure] === totals[measure];
  const part = isAll
    ? isAsked && leader.shareOfAllPercent !== undefined
      ? `${sizeOf(totals, measure)}, ${formatPercent(leader.shareOfAllPercent)} of all`
      : `all ${sizeOf(totals, measure)}`
    : `${formatPercent(leader.sharePercent)} of ${sizeOf(totals, measure)}`;
  if (totals.requests === 1 && isAll)
    return `${leader.name} ${verbOf(numbers)} the only request${failed ? `;${failed}` : '.'}`;
  return `${leader.name} ${verbOf(numbers)} ${part}${failed ? `;${failed}` : '.'}`;
}

function verbOf({ measure, dimension }: Ranked): string {
  return measure === 'credits' ? 'used' : DIMENSION_WORDS[dimension].verb;
}

function sizeOf(totals: Totals, measure: Ranked['measure']): string {
  return `${show(totals[measure], measure)} ${totals[measure] === (measure === 'credits' ? 1000 : 1) ? measure.slice(0, -1) : measure}`;
}

function show(value: Thousandths, measure: Ranked['measure']): string {
  return measure === 'credits' ? formatCredits(value) : formatCount(Number(value));
}

function article(noun: string): string {
  return /^[aeiou]/i.test(noun) && noun !== 'user' ? 'an' : 'a';
}
