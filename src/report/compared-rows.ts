import { type Calendar, capitalise, createCalendar, DAY_MS } from '../domain/calendar.ts';
import type { QuestionKey } from '../domain/dimension.ts';
import type { Thousandths } from '../domain/event.ts';
import type { ComparedRow, CompareReport } from '../domain/report.ts';
import type { ColumnType, Table } from '../domain/table.ts';
import { ratioOf, subtractCredits, withoutSign } from '../domain/thousandths.ts';
import type { StepGrain } from '../domain/usage.ts';
import {
  DIMENSION_WORDS,
  formatCredits,
  formatLatency,
  formatRate,
  formatStep,
  formatStepLabel,
  toLocal,
} from './format.ts';
import { buildTable, type Column, order, orderBy } from './table.ts';
import { isNamed } from './totals.ts';

type Basis = Pick<CompareReport, 'measure' | 'per'>;

/** Returns the number to compare: the sum itself, or its mean per day. Credits stay whole thousandths. */
export function toRate(sum: Thousandths, per: number, measure: Basis['measure']): Thousandths {
  if (per === 1) return sum;
  if (per === 0) return 0;
  return measure === 'credits' ? Math.round(ratioOf(sum, per)) : ratioOf(sum, per);
}

/**
 * Builds the row of a name: both numbers and their change. Undefined: the name has no number on that side, such as a client without
 * calls.
 */
export function compareRow(
  name: string,
  now: Thousandths | undefined,
  before: Thousandths | undefined,
  { measure, per }: Basis,
): ComparedRow {
  const [a, b] = [now ?? 0, before ?? 0];
  const rates = [toRate(a, per.now, measure), toRate(b, per.before, measure)] as const;
  const change = measure === 'credits' ? subtractCredits(...rates) : Number(rates[0]) - Number(rates[1]);
  return {
    ...{ name, now: a, before: b, change },
    ...(rates[1] === 0 ? {} : { changePercent: ratioOf(change, rates[1]) * 100 }),
    ...((a !== 0 || measure === 'p95') && before === undefined ? { state: 'new' as const } : {}),
    ...((b !== 0 || measure === 'p95') && now === undefined ? { state: 'gone' as const } : {}),
  };
}

/** Returns one row per name of either side, in no promised order. */
export function joinRows(
  now: ReadonlyMap<string, Thousandths>,
  before: ReadonlyMap<string, Thousandths>,
  basis: Basis,
): ComparedRow[] {
  return [...new Set([...now.keys(), ...before.keys()])].map((name) =>
    compareRow(name, now.get(name), before.get(name), basis),
  );
}

const SORTS: readonly Pick<Column<ComparedRow>, 'key' | 'cell'>[] = [
  { key: 'change', cell: ({ change }) => change },
  { key: 'change_percent', cell: ({ now, changePercent }) => changePercent ?? (now > 0 ? Infinity : 0) },
  { key: 'name', cell: ({ name }) => name },
  ...['requests', 'credits', 'p95'].map((key) => ({ key, cell: ({ now }: ComparedRow) => now })),
  { key: 'before', cell: ({ before }) => before },
];

/**
 * Sorts rows as asked, names before `(none)` and `(other)`. By default most first; for status codes failures first, by the size of
 * their change. Throws QuestionError for another column.
 */
export function sortRows(rows: readonly ComparedRow[], dimension: QuestionKey, sort?: string): ComparedRow[] {
  const tie = (a: ComparedRow, b: ComparedRow) =>
    order(b.now, a.now) || order(b.before, a.before) || order(a.name, b.name);
  const isFailure = ({ name }: ComparedRow) => Number(/^[45]/.test(name));
  const byChange = (a: ComparedRow, b: ComparedRow) =>
    isFailure(b) - isFailure(a) || order(withoutSign(b.change), withoutSign(a.change)) || tie(a, b);
  const isOfCodes = dimension === 'status' && sort === undefined;
  const asked = isOfCodes ? byChange : orderBy(sort ?? '-requests', SORTS, tie, 'a comparison ');
  return rows.toSorted((a, b) => Number(isNamed(b.name)) - Number(isNamed(a.name)) || asked(a, b));
}

/** Names, headings and formats for the values of each measure. */
interface MeasureWords {
  noun: string;
  label: string;
  /** Begins the names of the measure's CSV columns. */
  key: string;
  type: ColumnType;
  format(value: Thousandths): string;
}

export const MEASURES: Readonly<Record<CompareReport['measure'], MeasureWords>> = {
  requests: {
    noun: 'Requests',
    label: 'Requests',
    key: 'requests',
    type: 'count',
    format: (value) => formatRate(Number(value)),
  },
  credits: { noun: 'Credits used', label: 'Credits', key: 'credits', type: 'credits', format: formatCredits },
  p95: {
    noun: 'Latency (p95)',
    label: 'p95',
    key: 'p95_ms',
    type: 'duration',
    format: (value) => formatLatency(Number(value)),
  },
};

interface Compared extends Pick<CompareReport, 'sections' | 'steps' | 'measure' | 'per' | 'zone'> {
  grain: StepGrain;
}

/** One line of the table: a name, or a step of both ranges. Null: no value, such as a step that one range does not have. */
interface Line extends Omit<{ [Part in keyof ComparedRow]: ComparedRow[Part] | null }, 'name'> {
  name: string;
  dimension: string;
  nameBefore?: string | undefined;
  label?: string;
}

/**
 * Builds the table: both numbers of each row, or their means per day where these are compared; the change; new or gone. All
 * comparisons have the same CSV columns, except for the measure in their names.
 */
export function toComparedTable(compared: Compared): Table {
  const { sections, steps, measure, per } = compared;
  const { type, label, key } = MEASURES[measure];
  const several = sections.length > 1 && !steps;
  const first = sections[0]?.dimension;
  const named = several || !first ? 'Name' : capitalise(DIMENSION_WORDS[first].singular);
  const isPerDay = per.isDay && !steps;
  const perDay = (side: 'now' | 'before') => (line: Line) =>
    isPerDay ? toRate(line[side] ?? 0, per[side], measure) : null;
  const columns: Column<Line>[] = [
    {
      key: 'name',
      label: named,
      type: 'text',
      ...(steps ? { csvOnly: true } : { name: true }),
      cell: ({ name }) => name,
    },
    { key, label, type, csvOnly: isPerDay, cell: ({ now }) => now },
    { key: `${key}_before`, label: 'Before', type, csvOnly: isPerDay, cell: ({ before }) => before },
    { key: `${key}_per_day`, label: 'A day', type, csvOnly: !isPerDay, cell: perDay('now') },
    { key: `${key}_per_day_before`, label: 'Before', type, csvOnly: !isPerDay, cell: perDay('before') },
    { key: 'change', label: 'Change', type, signed: true, cell: ({ change }) => change },
    { key: 'change_percent', label: '%', type: 'percent', signed: true, cell: ({ changePercent }) => changePercent },
    {
      ...{ key: 'state', label: 'New or gone', type: 'text', csvOnly: steps !== undefined || measure === 'p95' },
      cell: ({ state }) => state,
    },
    { key: 'dimension', label: 'By', type: 'text', csvOnly: !several, cell: ({ dimension }) => dimension },
    { key: 'name_before', label: 'Before', type: 'text', csvOnly: true, cell: ({ nameBefore }) => nameBefore },
    ...(steps
      ? [
          {
            key: 'label',
            label: 'Time',
            type: 'text',
            name: true,
            shownOnly: true,
            cell: (line: Line) => line.label,
          } as const,
        ]
      : []),
  ];
  return buildTable(steps ? listSteps(compared, steps) : listNames(compared), columns);
}

function listNames({ sections, measure }: Compared): Line[] {
  return sections.flatMap(({ dimension, rows }) =>
    rows.map((row): Line => {
      // A name without durations has no latency at all, while a name without calls has 0 of them.
      if (measure !== 'p95' || row.state === undefined) return { ...row, dimension };
      const half = { name: row.name, dimension, change: null, state: null };
      return row.state === 'gone'
        ? { ...half, now: null, before: row.before }
        : { ...half, now: row.now, before: null };
    }),
  );
}

/** Returns one line per step. Steps have equal lengths, so they are never compared per day. */
function listSteps({ measure, zone, grain }: Compared, steps: NonNullable<CompareReport['steps']>): Line[] {
  const calendar: Calendar = createCalendar(zone);
  const nameOf = (ms: number) => formatStep(ms, calendar.dayOf(ms), grain, zone);
  return steps.map(({ startMs, beforeMs, now, before }) => {
    const name = nameOf(startMs);
    const place = {
      ...{ name, dimension: grain, label: formatStepLabel(startMs, grain, calendar) },
      nameBefore: beforeMs === undefined ? undefined : nameOf(beforeMs),
    };
    // A step that one range does not have shows no change.
    if (now === undefined || before === undefined)
      return { ...place, now: now ?? null, before: before ?? null, change: null };
    return { ...compareRow(name, now, before, { measure, per: ONCE }), ...place };
  });
}

/** Compare sums as they are, not per day. */
export const ONCE: CompareReport['per'] = { now: 1, before: 1, isDay: false };

/** The steps of one side of a comparison. */
export interface Steps {
  grain: StepGrain;
  zone: string;
  bars: readonly { startMs: number; value: number | undefined; partial: boolean }[];
}

/**
 * Tells whether to draw running totals. This is so where days of different weekdays are paired: their plain lines would cross at each
 * weekend.
 */
export function isAddedUp({ steps = [], grain, measure }: Pick<CompareReport, 'steps' | 'grain' | 'measure'>): boolean {
  const days = steps.map(({ startMs, beforeMs = startMs }) => Math.round((startMs - beforeMs) / DAY_MS));
  return grain === 'day' && measure !== 'p95' && days.some((apart) => apart % 7 !== 0);
}

/** Title of a chart of running totals; the table below it has the days. */
export const SO_FAR = 'Requests so far, day by day';

/** Returns running totals; undefined where a value is, as after the end of the shorter range. */
export function addUp<Value extends number | undefined>(values: readonly Value[]): (Value | number)[] {
  let sum = 0;
  return values.map((value) => {
    sum += value ?? 0;
    return value === undefined ? value : sum;
  });
}

/**
 * Pairs steps in order. Hours of ranges that begin at the same time of day are paired by the clock, so that a clock change doubles or
 * skips one hour and moves no other. Undefined if the ranges have steps of different widths.
 */
export function joinSteps(now: Steps, before: Steps): CompareReport['steps'] {
  const { zone, grain } = now;
  const [first, firstBefore] = [now.bars[0], before.bars[0]].map((bar) => bar && toLocal(bar.startMs, zone));
  if (grain !== before.grain || !first) return undefined;
  const isByClock =
    grain === 'hour' &&
    firstBefore !== undefined &&
    ([first, firstBefore].every((local) => local.equals(local.startOfDay())) ||
      first.toPlainTime().equals(firstBefore.toPlainTime()));
  const toPlaces = ({ bars }: Steps, begin = first) =>
    new Map(bars.map((bar, index) => [isByClock ? placeOf(bar.startMs, begin) : index, bar]));
  const [own, other] = [toPlaces(now), toPlaces(before, firstBefore)];
  const places = [...new Set([...own.keys(), ...other.keys()])].sort((a, b) => a - b);
  return places.map((place) => {
    const [bar, beside] = [own.get(place), other.get(place)];
    return {
      startMs: bar?.startMs ?? moveStep(beside!.startMs, firstBefore!, first),
      ...(bar?.value === undefined ? {} : { now: bar.value }),
      ...(beside?.value === undefined ? {} : { before: beside.value }),
      ...(beside ? { beforeMs: beside.startMs } : {}),
    };
  });
}

/**
 * Numbers an hour by the clock, counted from the day of `first`. Numbers are even, so that an hour which the clock shows a second
 * time fits in between.
 */
function placeOf(ms: number, first: Temporal.ZonedDateTime): number {
  const local = toLocal(ms, first.timeZoneId);
  const { days } = first.toPlainDate().until(local.toPlainDate());
  return ((days * 24 + local.hour) * 60 + local.minute) * 2 + Number(isSecond(local));
}

/**
 * Moves a step into the other range: as long after `first` by the clock as it is after `firstBefore`. A time that the clock does not
 * show there stays unchanged.
 */
function moveStep(ms: number, firstBefore: Temporal.ZonedDateTime, first: Temporal.ZonedDateTime): number {
  const local = toLocal(ms, first.timeZoneId);
  const since = firstBefore.toPlainDateTime().until(local.toPlainDateTime(), { largestUnit: 'months' });
  const clock = first.toPlainDateTime().add(since);
  const moved = clock.toZonedDateTime(first.timeZoneId);
  return isSecond(local) || !moved.toPlainDateTime().equals(clock) ? ms : moved.epochMilliseconds;
}

/** Tells whether the clock shows this time for the second time, after it was set back. */
function isSecond(local: Temporal.ZonedDateTime): boolean {
  const earlier = local.toPlainDateTime().toZonedDateTime(local.timeZoneId, { disambiguation: 'earlier' });
  return !earlier.equals(local);
}
