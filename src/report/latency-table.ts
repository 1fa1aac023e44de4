import type { Calendar } from '../domain/calendar.ts';
import type { LatencyReport, TimedRow } from '../domain/report.ts';
import type { Table } from '../domain/table.ts';
import type { StepGrain } from '../domain/usage.ts';
import { formatStep } from './format.ts';

const COLUMNS = [
  { key: 'p95_ms', label: 'p95', type: 'duration' },
  { key: 'p50_ms', label: 'p50', type: 'duration' },
  { key: 'p99_ms', label: 'p99', type: 'duration' },
  { key: 'slowest_ms', label: 'Slowest', type: 'duration' },
  { key: 'requests', label: 'Requests', type: 'count' },
  { key: 'timed', label: 'With a duration', type: 'count', csvOnly: true },
] as const satisfies Table['columns'];

export function toRankedTable(rows: readonly TimedRow[], label: string): Table {
  return {
    columns: [{ key: 'name', label, type: 'text' }, ...COLUMNS],
    rows: rows.map((row) => [row.name, ...toCells(row)]),
  };
}

export function toStepsTable(steps: NonNullable<LatencyReport['steps']>, grain: StepGrain, calendar: Calendar): Table {
  const isNamedByDay = grain === 'day' || grain === 'month';
  const key = isNamedByDay || grain === 'hour' ? grain : 'minute';
  return {
    columns: [
      { key, label: 'Time', type: 'text', csvOnly: true },
      {
        key: 'label',
        label: { day: 'Day', month: 'Month', hour: 'Hour', minute: 'Minute' }[key],
        type: 'text',
        shownOnly: true,
      },
      ...COLUMNS,
      { key: 'partial', label: 'Partial', type: 'text', csvOnly: true },
      { key: 'start', label: 'Start', type: 'time', csvOnly: true },
    ],
    rows: steps.map((step) => [
      formatStep(step.startMs, calendar.dayOf(step.startMs), grain, calendar.zone),
      step.name,
      ...toCells(step),
      step.partial ? 'yes' : 'no',
      step.startMs,
    ]),
  };
}

function toCells({ latency, requests }: Omit<TimedRow, 'name'>): (number | null)[] {
  const { p50Ms = null, p95Ms = null, p99Ms = null, slowestMs = null, timed = 0 } = latency ?? {};
  return [p95Ms, p50Ms, p99Ms, slowestMs, requests, timed];
}
