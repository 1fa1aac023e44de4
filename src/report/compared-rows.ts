import type { ComparedRow, CompareReport } from '../domain/report.ts';
import type { ColumnType } from '../domain/table.ts';
import { QuestionError } from '../errors.ts';
import { formatCredits, formatLatency, formatRate } from './format.ts';
import { isNamed } from './totals.ts';

type Basis = Pick<CompareReport, 'measure' | 'per'>;

/** A sum as it is compared: itself, or per day. Credits stay whole thousandths. */
export function toRate(sum: number, per: number, measure: Basis['measure']): number {
  if (per === 1) return sum;
  if (per === 0) return 0;
  return measure === 'credits' ? Math.round(sum / per) : sum / per;
}

/** One row per name of either side, in no promised order. */
export function joinRows(
  now: ReadonlyMap<string, number>,
  before: ReadonlyMap<string, number>,
  { measure, per }: Basis,
): ComparedRow[] {
  return [...new Set([...now.keys(), ...before.keys()])].map((name) => {
    const [a, b] = [now.get(name) ?? 0, before.get(name) ?? 0];
    const rates = [toRate(a, per.now, measure), toRate(b, per.before, measure)] as const;
    const change = rates[0] - rates[1];
    return {
      name,
      now: a,
      before: b,
      change,
      ...(rates[1] === 0 ? {} : { changePercent: (change / rates[1]) * 100 }),
      ...((a !== 0 || measure === 'p95') && !before.has(name) ? { state: 'new' as const } : {}),
      ...((b !== 0 || measure === 'p95') && !now.has(name) ? { state: 'gone' as const } : {}),
    };
  });
}

const SORTS: Readonly<Record<string, (row: ComparedRow) => number | string>> = {
  change: ({ change }) => change,
  change_percent: ({ now, changePercent }) => changePercent ?? (now > 0 ? Number.POSITIVE_INFINITY : 0),
  name: ({ name }) => name,
  requests: ({ now }) => now,
  credits: ({ now }) => now,
  p95: ({ now }) => now,
  before: ({ before }) => before,
};

/** In the order asked for (absent: most first), names before `(none)` and `(other)`. Throws QuestionError for another column. */
export function sortRows(rows: readonly ComparedRow[], sort = '-requests'): ComparedRow[] {
  const column = sort.replace(/^-/, '');
  const read = Object.hasOwn(SORTS, column) ? SORTS[column]! : undefined;
  if (!read)
    throw new QuestionError(
      `Cannot sort a comparison by ${JSON.stringify(column)}; the columns are ${Object.keys(SORTS).join(', ')}.`,
    );
  const sign = sort.startsWith('-') ? -1 : 1;
  return rows.toSorted(
    (a, b) =>
      Number(isNamed(b.name)) - Number(isNamed(a.name)) ||
      sign * order(read(a), read(b)) ||
      b.now - a.now ||
      b.before - a.before ||
      order(a.name, b.name),
  );
}

function order(a: number | string, b: number | string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Names, headings and formats for the values of each measure. */
interface MeasureWords {
  noun: string;
  label: string;
  /** Begins the names of its CSV columns. */
  key: string;
  type: ColumnType;
  format(value: number): string;
}

export const MEASURES: Readonly<Record<CompareReport['measure'], MeasureWords>> = {
  requests: { noun: 'Requests', label: 'Requests', key: 'requests', type: 'count', format: formatRate },
  credits: { noun: 'Credits used', label: 'Credits', key: 'credits', type: 'credits', format: formatCredits },
  p95: { noun: 'Latency (p95)', label: 'p95', key: 'p95_ms', type: 'duration', format: formatLatency },
};
