import { NONE, OTHER } from '../domain/dimension.ts';
import type { Thousandths } from '../domain/event.ts';
import type { RankingReport, RankingRow } from '../domain/report.ts';
import type { Table } from '../domain/table.ts';
import { addCredits } from '../domain/thousandths.ts';
import type { MeterStep, Totals, UsageRow } from '../domain/usage.ts';
import { toPercent } from './format.ts';
import { barColumn, buildTable, type Column, order, orderBy } from './table.ts';

export function emptyTotals(): Totals {
  return { requests: 0, ok: 0, failed: 0, none: 0, credits: 0 };
}

export type Outcomes = Pick<Totals, 'ok' | 'failed'>;

/** Returns the share of failed calls among those with a status, 0 to 1. */
export function shareFailed({ ok, failed }: Outcomes): number {
  return ok + failed === 0 ? 0 : failed / (ok + failed);
}

/** Adds `more` into `sum`, and returns `sum`. */
export function addTotals(sum: Totals, more: Totals): Totals {
  sum.requests += more.requests;
  sum.ok += more.ok;
  sum.failed += more.failed;
  sum.none += more.none;
  sum.credits = addCredits(sum.credits, more.credits);
  return sum;
}

export function sumTotals(rows: Iterable<Totals>): Totals {
  const sum = emptyTotals();
  for (const row of rows) addTotals(sum, row);
  return sum;
}

/** Sums totals per key, in order of first appearance. */
export function groupTotals<Key>(rows: readonly UsageRow[], keyOf: (row: UsageRow) => Key): Map<Key, Totals> {
  const groups = new Map<Key, Totals>();
  for (const row of rows) addTotals(groups.getOrInsertComputed(keyOf(row), emptyTotals), row);
  return groups;
}

/** Counts the distinct names among the rows' first keys; `(none)` and `(other)` are not names. */
export function countNames(rows: readonly UsageRow[], nameOf: (key: string) => string): number {
  const keys = rows.map((row) => row.keys[0]!).filter(isNamed);
  return new Set(keys.map(nameOf).filter(isNamed)).size;
}

/** Tells whether a key is a value that a sender gave. */
export function isNamed(key: string): boolean {
  return key !== NONE && key !== OTHER;
}

/**
 * Finds the minute with the most single calls, the first of equal ones. `bulk`: calls of all these minutes that came as counts; they
 * may have been made in any minute.
 */
export function findPeak(minutes: readonly MeterStep[]): MeterStep | undefined {
  const peak = minutes.toSorted((a, b) => b.singles - a.singles || a.startMs - b.startMs)[0];
  return peak && { ...peak, bulk: minutes.reduce((sum, { bulk }) => sum + bulk, 0) };
}

/** Finds the name with the largest number, of equal ones the first by name; undefined if there are no names. */
export function findMost<N extends Thousandths>(
  numbers: Iterable<readonly [string, N]>,
): readonly [string, N] | undefined {
  let most: readonly [string, N] | undefined;
  for (const each of numbers) {
    if (!most || each[1] > most[1] || (each[1] === most[1] && each[0] < most[0])) most = each;
  }
  return most;
}

export interface RankingOptions {
  measure: 'requests' | 'credits';
  /** Column key, `-` before it for descending; absent: the measure, most first. */
  sort?: string;
  nameOf?: (key: string) => string;
  /** Index of the ranked key among a row's keys; absent: the first. */
  keyIndex?: number;
  /** All requests (or credits) of the range, where a filter leaves some out. */
  ofAll?: Thousandths;
  /** The sum of rows that the store left out; shares count it in the whole. */
  rest?: Totals | undefined;
}

/**
 * Returns every name with its totals in the order asked for, equal ones by the measure and then by name. `(none)` and then `(other)`
 * come last in any order. Shares are of the measure: row ÷ sum of all rows.
 */
export function rankRows(rows: readonly UsageRow[], options: RankingOptions): RankingRow[] {
  const { measure, nameOf = (key) => key, keyIndex = 0, ofAll, rest } = options;
  const sum = addCredits(sumTotals(rows)[measure], rest?.[measure] ?? 0);
  const byName = new Map<string, Named>();
  for (const usage of rows) {
    const id = usage.keys[keyIndex]!;
    const name = isNamed(id) ? nameOf(id) : id;
    const known = byName.get(name);
    if (!known) byName.set(name, { row: startRow(name, usage), id });
    else {
      addTotals(known.row, usage);
      if (id !== known.id) known.others = (known.others ?? new Set()).add(id);
    }
  }
  const named: RankingRow[] = [];
  const unnamed: RankingRow[] = [];
  for (const { row, id, others } of byName.values()) {
    row.sharePercent = toPercent(row[measure], sum);
    if (ofAll !== undefined) row.shareOfAllPercent = toPercent(row[measure], ofAll);
    if (others || id !== row.name) row.ids = [id, ...(others ?? [])].sort();
    (isNamed(row.name) ? named : unnamed).push(row);
  }
  const tie = (a: RankingRow, b: RankingRow) => order(b[measure], a[measure]) || order(a.name, b.name);
  named.sort(
    orderBy(options.sort ?? `-${measure}`, [NAME, ...TOTAL_COLUMNS, SHARE, SHARE_OF_ALL, FAILED_SHARE, OK_SHARE], tie),
  );
  return [...named, ...unnamed.sort((a, b) => order(a.name, b.name))];
}

/** Returns one page of a ranking, the sum of all other rows, and the sum of all. `cut`: the sum of rows that the store left out. */
export function toPage(
  ranked: readonly RankingRow[],
  { offset, limit }: { offset: number; limit: number },
  cut: Totals & { rows: number } = { ...emptyTotals(), rows: 0 },
): Pick<RankingReport, 'rows' | 'others' | 'totals'> {
  const rows = ranked.slice(offset, offset + limit);
  const rest = [...ranked.slice(0, offset), ...ranked.slice(offset + limit)];
  const others = { ...addTotals(sumTotals(rest), cut), count: rest.length + cut.rows };
  return { rows, others, totals: addTotals(sumTotals(ranked), cut) };
}

/** A row with the ids that share its name; nearly always a single one. */
interface Named {
  row: RankingRow;
  id: string;
  others?: Set<string>;
}

function startRow(name: string, { requests, ok, failed, none, credits }: UsageRow): RankingRow {
  return { name, requests, ok, failed, none, credits, sharePercent: 0 };
}

/** Columns of totals that rankings, drill-downs and series have. */
export const TOTAL_COLUMNS = [
  { key: 'requests', label: 'Requests', type: 'count', cell: ({ requests }) => requests },
  { key: 'ok', label: 'OK', type: 'count', cell: ({ ok }) => ok },
  { key: 'failed', label: 'Failed', type: 'count', cell: ({ failed }) => failed },
  { key: 'none', label: 'No status', type: 'count', csvOnly: true, cell: ({ none }) => none },
  { key: 'credits', label: 'Credits', type: 'credits', csvOnly: true, cell: ({ credits }) => credits },
] as const satisfies readonly Column<Totals>[];

export const SHARE: Column<RankingRow> = {
  key: 'share_percent',
  label: '%',
  type: 'percent',
  cell: ({ sharePercent }) => sharePercent,
};

/** A column that people see only under a filter. */
const SHARE_OF_ALL: Column<RankingRow> = {
  key: 'share_of_all_percent',
  label: '% of all',
  type: 'percent',
  cell: ({ shareOfAllPercent, sharePercent }) => shareOfAllPercent ?? sharePercent,
};

/** Calls without a status have neither failed nor succeeded. */
const hasOutcome = ({ ok, failed }: Totals) => ok + failed > 0;

/** Share of failures. Rankings only sort by it: who fails most often, however many calls it makes. */
export const FAILED_SHARE: Column<Totals> = {
  key: 'failed_percent',
  label: 'Failed %',
  type: 'percent',
  cell: (row) => (hasOutcome(row) ? shareFailed(row) * 100 : undefined),
};

/** Share of successes, used likewise. */
export const OK_SHARE: Column<Totals> = {
  ...{ key: 'ok_percent', label: 'OK %', type: 'percent' },
  cell: (row) => (hasOutcome(row) ? (1 - shareFailed(row)) * 100 : undefined),
};

export const NAME: Column<RankingRow> = { key: 'name', label: 'Name', type: 'text', cell: ({ name }) => name };

/** Builds the table of a ranking; `label` heads the names, and `more` comes before the bars. */
export function toRankingTable(
  rows: readonly RankingRow[],
  label: string,
  measure: 'requests' | 'credits',
  more: readonly Column<RankingRow>[] = [],
): Table {
  const [requests, ok, failed, none, credits] = TOTAL_COLUMNS;
  const isFiltered = rows.some(({ shareOfAllPercent }) => shareOfAllPercent !== undefined);
  return buildTable(rows, [
    { ...NAME, label },
    requests,
    { ...SHARE, label: measure === 'credits' ? '% of credits' : '%' },
    ...[ok, failed],
    ...(isFiltered ? [SHARE_OF_ALL] : []),
    none,
    { ...credits, csvOnly: measure === 'requests' },
    { key: 'ids', label: 'Ids', type: 'text', csvOnly: true, cell: ({ ids }) => ids?.join(' ') },
    ...more,
    barColumn('Share', rows, (row) => row[measure]),
  ]);
}
