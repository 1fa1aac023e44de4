import { createCalendar } from '../domain/calendar.ts';
import type { ComparedRow, CompareReport } from '../domain/report.ts';
import type { Table } from '../domain/table.ts';
import type { StepGrain } from '../domain/usage.ts';
import { joinRows, MEASURES, toRate } from './compared-rows.ts';
import { DIMENSION_WORDS } from './dimension-words.ts';
import { capitalise, formatStep, formatStepLabel } from './format.ts';

interface Compared extends Pick<CompareReport, 'sections' | 'steps' | 'measure' | 'per' | 'zone'> {
  grain: StepGrain;
}

/**
 * Both numbers of each row, per day beside it where that is what is compared, the change, and what is new or gone. The columns
 * of the CSV are the same for all comparisons, but for the measure in their names.
 */
export function toComparedTable(compared: Compared): Table {
  const { sections, steps, measure, per } = compared;
  const { type, label, key } = MEASURES[measure];
  const several = sections.length > 1 && !steps;
  const first = sections[0]?.dimension;
  const named = several || !first ? 'Name' : capitalise(DIMENSION_WORDS[first].singular);
  const isPerDay = per.isDay && !steps;
  return {
    columns: [
      { key: 'name', label: named, type: 'text', ...(steps ? { csvOnly: true } : { name: true }) },
      { key, label, type, csvOnly: isPerDay },
      { key: `${key}_before`, label: 'Before', type, csvOnly: isPerDay },
      { key: `${key}_per_day`, label: 'A day', type, ...(isPerDay ? {} : { csvOnly: true }) },
      { key: `${key}_per_day_before`, label: 'Before', type, ...(isPerDay ? {} : { csvOnly: true }) },
      { key: 'change', label: 'Change', type, signed: true },
      { key: 'change_percent', label: '%', type: 'percent', signed: true },
      { key: 'state', label: 'New or gone', type: 'text', csvOnly: steps !== undefined || measure === 'p95' },
      { key: 'dimension', label: 'By', type: 'text', csvOnly: !several },
      { key: 'name_before', label: 'Before', type: 'text', csvOnly: true },
      ...(steps ? ([{ key: 'label', label: 'Time', type: 'text', name: true, shownOnly: true }] as const) : []),
    ],
    rows: steps
      ? toStepRows(compared, steps)
      : sections.flatMap(({ dimension, rows }) => rows.map((row) => toCells(row, compared, dimension))),
  };
}

function toCells(row: ComparedRow, { measure, per }: Compared, dimension: string, beforeName: string | null = null) {
  const perDay = (sum: number, days: number) => (per.isDay ? toRate(sum, days, measure) : null);
  // Where no call has a duration there is no latency, while calls that were not made are 0 of them.
  const isHalf = measure === 'p95' && row.state !== undefined;
  return [
    row.name,
    isHalf && row.state === 'gone' ? null : row.now,
    isHalf && row.state === 'new' ? null : row.before,
    perDay(row.now, per.now),
    perDay(row.before, per.before),
    isHalf ? null : row.change,
    row.changePercent ?? null,
    isHalf ? null : (row.state ?? null),
    dimension,
    beforeName,
  ];
}

/** Steps are as long as each other, however many there are. */
function toStepRows(compared: Compared, steps: NonNullable<CompareReport['steps']>): Table['rows'] {
  const { measure, zone, grain } = compared;
  const calendar = createCalendar(zone);
  const nameOf = (ms: number) => formatStep(ms, calendar.dayOf(ms), grain, zone);
  const alone = { ...compared, per: { now: 1, before: 1, isDay: false } };
  return steps.map(({ startMs, beforeMs, now, before }) => {
    const name = nameOf(startMs);
    const [row] = joinRows(new Map([[name, now ?? 0]]), new Map([[name, before ?? 0]]), { measure, per: alone.per });
    const cells = toCells(row!, alone, grain, beforeMs === undefined ? null : nameOf(beforeMs));
    // Of a step that one range does not have there is no change.
    const isHalf = now === undefined || before === undefined;
    return [
      name,
      now ?? null,
      before ?? null,
      null,
      null,
      ...(isHalf ? [null, null, null] : cells.slice(5, 8)),
      ...cells.slice(8),
      formatStepLabel(startMs, grain, calendar),
    ];
  });
}
