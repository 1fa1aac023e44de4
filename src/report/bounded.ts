import { capitalise } from '../domain/calendar.ts';
import type { Grouping, QuestionKey } from '../domain/dimension.ts';
import { type Bound, isLowest, isOfNone, isWithin } from '../domain/filter.ts';
import type { Question, RankingReport, RankingRow } from '../domain/report.ts';
import { ratioOf } from '../domain/thousandths.ts';
import type { Totals } from '../domain/usage.ts';
import { countOf, DIMENSION_WORDS, formatCount, formatLatency, formatPercent, joinFirst } from './format.ts';
import {
  ask,
  describeFiltered,
  describeNothing,
  type Inquiry,
  namerOf,
  openInquiry,
  type ReporterDeps,
  toHead,
  toShownFilters,
} from './inquiry.ts';
import { noteAnswer, offerNearest } from './notes.ts';
import { askTogether, clampRows, defaultRows } from './top.ts';
import { emptyTotals, isNamed, rankRows, shareFailed, toPage, toRankingTable } from './totals.ts';

/** How many names the sentence lists. */
const LISTED = 7;
/** Dimensions that say what is called; others say who calls. */
const CALLED = new Set<QuestionKey>(['route', 'method', 'module', 'function', 'version', 'kind', 'scope']);

/**
 * Splits filters into those that say which calls are counted, and those that say whose. `clients of team Sales without 429s` counts
 * 429s, among all clients of the team.
 */
export function splitFilters<Each extends { key: QuestionKey }>(
  filters: readonly Each[],
  dimension?: Grouping,
): { counted: Each[]; whose: Each[] } {
  const own = dimension === 'team' ? 'client' : dimension;
  const groups: ((key: QuestionKey) => boolean)[] = [
    (key) => key === 'status',
    (key) => CALLED.has(key) && key !== own,
    (key) => key !== own,
  ];
  const isCounted = groups.find((isOf) => filters.some(({ key }) => isOf(key))) ?? (() => false);
  return {
    counted: filters.filter(({ key }) => isCounted(key)),
    whose: filters.filter(({ key }) => !isCounted(key)),
  };
}

/**
 * Lists the names of a dimension whose numbers meet the question's bound, among all names that made calls. A bound that zero meets
 * includes names without any counted call. For a bound that asks for none (`without 429s`), rows have the numbers of all their calls.
 */
export async function reportBounded(deps: ReporterDeps, question: Question, nowMs: number): Promise<RankingReport> {
  const { dimension = 'client', offset = 0 } = question;
  const bound = question.bound!;
  const measure = question.measure ?? (bound.column === 'credits' ? 'credits' : 'requests');
  const inquiry = await openInquiry(deps, question, nowMs);
  const { whose, counted: ofCalls } = splitFilters(inquiry.filters, dimension);
  // `users over 500 calls by Acme`: only its own users can meet that.
  const areOwn =
    isLowest(bound) &&
    ofCalls.length > 0 &&
    !ofCalls.some(({ key, not }) => not || key === 'status' || CALLED.has(key));
  const key = dimension === 'team' ? 'client' : dimension;
  const [main, all] = await askTogether(inquiry, [
    (part) => ask(part, { groupBy: [key] }),
    (part) => ask(part, { groupBy: [key], filters: whose }),
  ]);
  const column = bound.column.endsWith('_percent') ? `-${bound.column}` : `-${measure}`;
  const options = { measure, sort: question.sort ?? column, nameOf: namerOf(inquiry, dimension) };
  const counted = rankRows(main.rows, options).filter(({ name }) => isNamed(name));
  const present = rankRows(all!.rows, options).filter(({ name }) => isNamed(name));
  const known = new Set(counted.map(({ name }) => name));
  const silent = present.filter(({ name }) => !known.has(name));
  const isNone = isOfNone(bound);
  const kept = isNone
    ? silent
    : [...counted, ...silent.map((row) => ({ ...row, ...emptyTotals(), sharePercent: 0 }))].filter((row) =>
        holdsFor(bound, row, row.sharePercent),
      );
  const page = toPage(kept, { offset, limit: clampRows(question.limit ?? defaultRows(dimension)) });
  const words = DIMENSION_WORDS[dimension];
  return {
    ...toHead(inquiry, [main, all!], {
      title: `${capitalise(words.plural)} that ${describeBound(inquiry, bound, dimension)}`,
      finding: present.length === 0 ? describeNothing({ ...inquiry, filters: whose }, all) : describe(),
      ...(kept.length > 0 ? { population: countOf(kept.length, words.singular, words.plural) } : {}),
      notes: [
        ...noteAnswer(inquiry, main),
        ...(isNone && kept.length > 0 && whose.length < inquiry.filters.length
          ? [`The numbers are of all calls of these ${words.plural}.`]
          : []),
      ],
      offers: offerNearest(inquiry, main),
    }),
    kind: 'top',
    dimension,
    measure,
    ...page,
    distinct: kept.length,
    table: toRankingTable(page.rows, capitalise(words.singular), measure),
  };

  function describe(): string {
    const nearest = isNone
      ? counted.toSorted((a, b) => a.requests - b.requests)[0]
      : [...counted]
          .sort((a, b) => numberOf(bound, b, b.sharePercent)! - numberOf(bound, a, a.sharePercent)!)
          .at(isLowest(bound) ? 0 : -1);
    return describeKept({
      ...{
        bound,
        of: areOwn && counted.length > 0 ? counted.length : present.length,
        words,
        what: describeBound(inquiry, bound, dimension),
      },
      any: describeBound(inquiry, undefined, dimension),
      kept: kept.map((row) => (isNone ? row.name : `${row.name} (${showValue(bound, row)})`)),
      ...(nearest && { nearest: { name: nearest.name, value: showValue(bound, nearest) } }),
    });
  }
}

/** Tells whether totals meet a bound. `share`: their share of all, in percent. */
export function holdsFor(bound: Bound, totals: Totals, share = 0): boolean {
  const value = numberOf(bound, totals, share);
  return value !== undefined && isWithin(bound, value);
}

/** Returns the number that a bound is about; undefined for a rate if no call has a status. */
function numberOf({ column }: Bound, totals: Totals, share: number): number | undefined {
  if (column === 'requests') return totals.requests;
  if (column === 'credits') return ratioOf(totals.credits, 1000);
  if (column === 'share_percent') return share;
  if (totals.ok + totals.failed === 0) return undefined;
  return (column === 'failed_percent' ? shareFailed(totals) : 1 - shareFailed(totals)) * 100;
}

function showValue(bound: Bound, row: RankingRow): string {
  const value = numberOf(bound, row, row.sharePercent) ?? 0;
  return bound.column.endsWith('_percent') ? formatPercent(value) : formatCount(value);
}

const SIGNS: Readonly<Record<Bound['sign'], string>> = {
  over: 'more than',
  'at-least': 'at least',
  under: 'fewer than',
  'at-most': 'at most',
};

/** `made fewer than 100 requests`, `had no 429s`, `had an error rate over 5%`; without a bound `had 429s`. */
export function describeBound(inquiry: Inquiry, bound: Bound | undefined, dimension?: Grouping): string {
  const { counted } = splitFilters(toShownFilters(inquiry), dimension);
  // Who has none of what is not so has only that.
  const isOnly = counted.length === 1 && counted[0]!.not && (!bound || isOfNone(bound));
  const noun = describeFiltered(isOnly ? counted.map((filter) => ({ ...filter, not: false })) : counted);
  const made =
    dimension && /^(made|got|sent)$/.test(DIMENSION_WORDS[dimension].verb) ? DIMENSION_WORDS[dimension].verb : 'had';
  const verb = noun.startsWith('requests') ? made : 'had';
  if (!bound) return `${verb} ${isOnly ? `other requests than ${noun.replace(/^requests /, '')}` : noun}`;
  if (isOfNone(bound)) return `${verb} ${isOnly ? 'only' : 'no'} ${noun}`;
  if (bound.sign === 'at-least' && bound.column === 'requests' && bound.value === 1) return `${verb} ${noun}`;
  const value = bound.column.endsWith('_percent') ? formatPercent(bound.value, []) : formatCount(bound.value);
  const sign = bound.column.endsWith('_percent') ? SIGNS[bound.sign].replace('fewer', 'less') : SIGNS[bound.sign];
  if (bound.column === 'p95') return `had a p95 of ${sign.replace('fewer', 'less')} ${formatLatency(bound.value)}`;
  if (bound.column === 'share_percent') return `${verb} ${sign} ${value} of ${noun}`;
  if (bound.column === 'credits') return `used ${sign} ${value} credits`;
  if (bound.column === 'requests')
    return `${verb} ${sign} ${value} ${bound.value === 1 ? noun.replace(/s\b/, '') : noun}`;
  return `had ${bound.column === 'ok_percent' ? 'a success' : 'an error'} rate of ${sign} ${value}`;
}

/** `2 of 8 clients made fewer than 100 requests: A (12) and B (56).` If no name meets the bound, names the nearest. */
export function describeKept({
  bound,
  of,
  words: { singular, plural },
  what,
  any,
  kept,
  nearest,
}: {
  bound: Bound;
  of: number;
  words: { singular: string; plural: string };
  what: string;
  /** Says the same as `what`, without a bound. */
  any: string;
  kept: readonly string[];
  nearest?: { name: string; value: string } | undefined;
}): string {
  const names = joinFirst(kept, LISTED);
  const all = of === 1 ? `The only ${singular}` : `All ${countOf(of, singular, plural)}`;
  if (kept.length === 0) {
    const who = of === 1 ? `The only ${singular}` : `None of ${countOf(of, singular, plural)}`;
    const far = nearest ? `; ${nearest.name} has the ${isLowest(bound) ? 'most' : 'fewest'}: ${nearest.value}` : '';
    return isOfNone(bound)
      ? `${all} ${any}${far}.`
      : of === 1
        ? `No: ${nearest?.name ?? 'it'} has ${nearest?.value ?? 0}.`
        : `${who} ${what}${far}.`;
  }
  if (kept.length === of && isOfNone(bound))
    return of === 1 ? `${all}, ${names}, ${what}.` : `None of ${countOf(of, singular, plural)} ${any}.`;
  if (kept.length === of) return of === 1 ? `${all}, ${names}, ${what}.` : `${all} ${what}: ${names}.`;
  return `${formatCount(kept.length)} of ${countOf(of, singular, plural)} ${what}: ${names}.`;
}
