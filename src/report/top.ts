import { type Grouping, NONE } from '../domain/dimension.ts';
import { MAX_RANKING_ROWS, type Question, type RankingReport } from '../domain/report.ts';
import type { UsageAnswer } from '../domain/usage.ts';
import { DIMENSION_WORDS } from './dimension-words.ts';
import { capitalise, countOf } from './format.ts';
import { ask, describeNothing, type Inquiry, openInquiry, type ReporterDeps, toHead } from './inquiry.ts';
import { describeLeader } from './leader.ts';
import { noteAnswer, noteClients, offerNearest } from './notes.ts';
import { rankRows, toRankingTable } from './ranking.ts';
import { addTotals, countNames, emptyTotals, isNamed, sumTotals } from './totals.ts';

/** The limit of a question for every row, as comparisons ask. */
export const ALL_ROWS = Number.POSITIVE_INFINITY;

/** Rows of a ranking, 1 to MAX_RANKING_ROWS, or all. */
export function clampRows(asked: number): number {
  return asked === ALL_ROWS ? asked : Math.min(Math.max(asked, 1), MAX_RANKING_ROWS);
}

/** Rows of a ranking that asks for no number. */
export function defaultRows(dimension?: Grouping): number {
  return dimension === 'user' ? 3 : 5;
}

/**
 * Who, or what, makes the most requests (or uses the most credits): clients unless the question names another dimension.
 * Five rows, three for users, unless it asks for a number up to 1,000; from its `offset` on.
 * Under a filter each row has its share of all requests of the range besides its share of the filtered ones. Where raw
 * events shorten the range, all numbers are of the shortened one. Throws QuestionError for a sort column that there is not.
 */
export async function reportTop(deps: ReporterDeps, question: Question, nowMs: number): Promise<RankingReport> {
  const { dimension = 'client', measure = 'requests', offset = 0 } = question;
  const limit = clampRows(question.limit ?? defaultRows(dimension));
  const inquiry = await openInquiry(deps, question, nowMs);
  const isFiltered = inquiry.filters.length > 0;
  const key = dimension === 'team' ? 'client' : dimension;
  // Clients may share a shown name or a team, and another order needs every row.
  const isCut = key !== 'client' && question.sort === undefined && limit !== ALL_ROWS;
  const [main, all, clients] = await askTogether(inquiry, [
    (part) => ask(part, { groupBy: [key], ...(isCut ? { most: { by: [measure], rows: offset + limit } } : {}) }),
    (part) => (isFiltered ? ask(part, { filters: [] }) : undefined),
    (part) => (key === 'client' ? undefined : ask(part, { groupBy: ['client'] })),
  ]);
  const ofAll = all && sumTotals(all.rows)[measure];
  const { nameOf: clientOf, teamOf } = inquiry.names;
  const nameOf = dimension === 'client' ? clientOf : dimension === 'team' ? teamOf : undefined;
  const cut = main.rest ?? { ...emptyTotals(), rows: 0 };
  const ranked = rankRows(main.rows, { measure, sort: question.sort, nameOf, ofAll, rest: main.rest });
  const rows = ranked.slice(offset, offset + limit);
  const rest = [...ranked.slice(0, offset), ...ranked.slice(offset + limit)];
  const totals = addTotals(sumTotals(ranked), cut);
  const distinct = ranked.filter(({ name }) => isNamed(name)).length + cut.rows;
  const clientCount = dimension === 'client' ? distinct : countNames((clients ?? main).rows, clientOf);
  const words = DIMENSION_WORDS[dimension];

  const notes = [...noteAnswer(inquiry, main), ...(limit === ALL_ROWS ? [] : noteUnnamed())];
  if (clients) notes.push(...noteClients(inquiry, main, clients));

  const report = {
    kind: 'top' as const,
    dimension,
    measure,
    rows,
    others: { ...addTotals(sumTotals(rest), cut), count: rest.length + cut.rows },
    totals,
    distinct,
    clients: clientCount,
    table: toRankingTable(rows, capitalise(words.singular), measure),
  };
  return {
    ...toHead(inquiry, [main, ...(all ? [all] : [])], {
      title: `Top ${words.plural}`,
      finding:
        totals.requests === 0
          ? describeNothing(inquiry, main)
          : describeLeader(inquiry, { ranked, totals, distinct, dimension, measure }),
      ...(totals.requests > 0 ? { population: describePopulation() } : {}),
      notes,
      offers: offerNearest(inquiry, main),
    }),
    ...report,
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

/** Asks at once; where the first answer is shortened, the others are asked again for what it covers, so that shares agree. */
async function askTogether(
  inquiry: Inquiry,
  [first, ...others]: readonly [Asking, ...Asking[]],
): Promise<[UsageAnswer, ...(UsageAnswer | undefined)[]]> {
  const [main, ...rest] = await Promise.all([first(inquiry)!, ...others.map((other) => other(inquiry))]);
  const { shortened } = main!;
  if (!shortened) return [main!, ...rest];
  const covered = { ...inquiry.span, fromMs: Math.min(shortened.fromMs, inquiry.span.toMs) };
  return [main!, ...(await Promise.all(others.map((other) => other({ ...inquiry, span: covered }))))];
}
