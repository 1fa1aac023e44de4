import type { CompareReport } from '../domain/report.ts';
import type { ColumnType } from '../domain/table.ts';
import { formatCredits, formatLatency, formatRate } from './format.ts';

/** How values of a measure are named, headed and written. */
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
