import type { RankingRow, Totals } from '../domain/report.ts';
import type { Table } from '../domain/table.ts';
import type { UsageRow } from '../domain/usage.ts';
import { QuestionError } from '../errors.ts';
import { toPercent } from './format.ts';
import { addTotals, isNamed, sumTotals } from './totals.ts';

export interface RankingOptions {
  measure: 'requests' | 'credits';
  /** Column key, `-` before it for descending; absent: the measure, most first. */
  sort?: string;
  nameOf?: (key: string) => string;
  /** Which of a row's keys is ranked. */
  keyIndex?: number;
  /** All requests (or credits) of the range, where a filter leaves some out. */
  ofAll?: number;
  /** What the store left out of `rows`; part of the whole that shares are of. */
  rest?: Totals | undefined;
}

/**
 * Every name with its totals, in the order asked for, equal ones by the measure and then by name. What is no name, `(none)` and then `(other)`, comes
 * last in any order. Shares are of the measure: row ÷ sum of the rows.
 */
export function rankRows(rows: readonly UsageRow[], options: RankingOptions): RankingRow[] {
  const { measure, nameOf = (key) => key, keyIndex = 0, ofAll, rest } = options;
  const sum = sumTotals(rows)[measure] + (rest?.[measure] ?? 0);
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
  named.sort(comparing(options.sort ?? `-${measure}`, measure));
  return [...named, ...unnamed.sort((a, b) => lastness(a) - lastness(b))];
}

/** A row with the ids that share its name: nearly always one. */
interface Named {
  row: RankingRow;
  id: string;
  others?: Set<string>;
}

function startRow(name: string, { requests, ok, failed, none, credits }: UsageRow): RankingRow {
  return { name, requests, ok, failed, none, credits, sharePercent: 0 };
}

/** Columns of a ranking; `label` heads the names. The fifth for people, share of all, is there only under a filter. */
export function toRankingTable(rows: readonly RankingRow[], label: string, measure: 'requests' | 'credits'): Table {
  const filtered = rows.some(({ shareOfAllPercent }) => shareOfAllPercent !== undefined);
  const most = Math.max(...rows.map((row) => row[measure]), 1);
  return {
    columns: [
      { key: 'name', label, type: 'text' },
      { key: 'requests', label: 'Requests', type: 'count' },
      { key: 'share_percent', label: measure === 'credits' ? '% of credits' : '%', type: 'percent' },
      { key: 'ok', label: 'OK', type: 'count' },
      { key: 'failed', label: 'Failed', type: 'count' },
      ...(filtered ? [{ key: 'share_of_all_percent', label: '% of all', type: 'percent' } as const] : []),
      { key: 'none', label: 'No status', type: 'count', csvOnly: true },
      { key: 'credits', label: 'Credits', type: 'credits', csvOnly: measure === 'requests' },
      { key: 'ids', label: 'Ids', type: 'text', csvOnly: true },
      { key: 'bar', label: 'Share', type: 'bar' },
    ],
    rows: rows.map((row) => [
      row.name,
      row.requests,
      row.sharePercent,
      row.ok,
      row.failed,
      ...(filtered ? [row.shareOfAllPercent ?? null] : []),
      row.none,
      row.credits,
      row.ids?.join(' ') ?? null,
      Math.max(0, row[measure] / most),
    ]),
  };
}

const SORTS: Readonly<Record<string, (row: RankingRow) => number | string>> = {
  name: (row) => row.name,
  requests: (row) => row.requests,
  share_percent: (row) => row.sharePercent,
  share_of_all_percent: (row) => row.shareOfAllPercent ?? row.sharePercent,
  ok: (row) => row.ok,
  failed: (row) => row.failed,
  none: (row) => row.none,
  credits: (row) => row.credits,
};

function comparing(sort: string, measure: 'requests' | 'credits'): (a: RankingRow, b: RankingRow) => number {
  const column = sort.replace(/^-/, '');
  const read = Object.hasOwn(SORTS, column) ? SORTS[column]! : undefined;
  if (!read) {
    throw new QuestionError(
      `Cannot sort by ${JSON.stringify(column)}; the columns are ${Object.keys(SORTS).join(', ')}.`,
    );
  }
  const sign = sort.startsWith('-') ? -1 : 1;
  return (a, b) => sign * order(read(a), read(b)) || b[measure] - a[measure] || order(a.name, b.name);
}

function order(a: number | string, b: number | string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function lastness({ name }: RankingRow): number {
  return name === '(none)' ? 0 : 1;
}
