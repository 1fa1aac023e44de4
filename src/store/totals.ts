import type { Calendar } from '../domain/calendar.ts';
import { monthOf } from '../domain/calendar.ts';
import { type Cube, DAY_CUBES, EXCLUDED_DAYS, HOUR_CUBES, METER_DAYS, METER_MINUTES, MONTH_CUBES } from './cube.ts';
import type { Db } from './database.ts';
import { Grouping } from './grouping.ts';
import { type Batch, type Column, decodeSegment, encodeSegment, gather } from './segment.ts';
import type { ValuePlaces } from './value-places.ts';

/** Rows of each local day, in order of the days. */
export function splitByDay(batch: Batch, calendar: Calendar): Map<number, Batch> {
  const time = batch.columns.time!;
  const rowsOf = new Map<number, number[]>();
  for (let row = 0; row < batch.length; row += 1) {
    const day = calendar.dayOf(time[row]!);
    const rows = rowsOf.get(day);
    if (rows) rows.push(row);
    else rowsOf.set(day, [row]);
  }
  const days = [...rowsOf.keys()].sort((a, b) => a - b);
  return new Map(
    days.map((day) => {
      const rows = rowsOf.get(day)!;
      return [day, rows.length === batch.length ? batch : gather(batch, Uint32Array.from(rows))];
    }),
  );
}

/**
 * Adds one day's raw events to every total that counts them (`sign` −1 takes them out again), in the caller's
 * transaction. Values beyond a dimension's cap count as `(other)`.
 */
export async function addToTotals(
  db: Db,
  day: number,
  events: Batch,
  calendar: Calendar,
  places: ValuePlaces,
  sign: 1 | -1 = 1,
): Promise<void> {
  const counted = selectRows(events, (exclusion) => exclusion === 0);
  const columns = timeColumns(events, day, calendar);
  Object.assign(columns, await places.assign(db, day, events, counted));
  for (const cube of [...HOUR_CUBES, METER_MINUTES, METER_DAYS]) {
    const slots = cube.grain === 'minute' ? { ...columns, slot: columns.minute } : columns;
    await addCells(db, cube, day, summarise(cube, events, { columns: slots, selected: counted, sign }));
  }
  for (const [index, cube] of DAY_CUBES.entries()) {
    const cells = summarise(cube, events, { columns, selected: counted, sign });
    await addCells(db, cube, day, cells);
    await addCells(db, MONTH_CUBES[index]!, monthOf(day), cells);
  }
  if (counted) {
    const excluded = selectRows(events, (exclusion) => exclusion !== 0)!;
    await addCells(db, EXCLUDED_DAYS, day, summarise(EXCLUDED_DAYS, events, { columns, selected: excluded, sign }));
  }
}

function summarise(
  cube: Cube,
  events: Batch,
  options: { columns: Batch['columns']; selected: Uint32Array | undefined; sign: 1 | -1 },
): Batch {
  const grouping = new Grouping(cube.keys, cube.measures);
  grouping.add(events, options);
  return grouping.toBatch();
}

/** Undefined where nothing is excluded: the usual case needs no selection. */
function selectRows(events: Batch, wanted: (exclusion: number) => boolean): Uint32Array | undefined {
  const exclusions = events.columns.exclusion;
  if (!exclusions) return undefined;
  const rows = new Uint32Array(events.length);
  let count = 0;
  for (let row = 0; row < events.length; row += 1) {
    if (wanted(exclusions[row]!)) {
      rows[count] = row;
      count += 1;
    }
  }
  return count === events.length && wanted(0) ? undefined : rows.slice(0, count);
}

/** Hour and minute of each event, in minutes from the start of its day, and what it counts for. */
function timeColumns(events: Batch, day: number, calendar: Calendar): Batch['columns'] & { minute: Column } {
  const start = calendar.startOfDay(day);
  const time = events.columns.time!;
  const count = events.columns.count!;
  const slot = new Uint32Array(events.length);
  const minute = new Uint32Array(events.length);
  const singles = new Float64Array(events.length);
  const bulk = new Float64Array(events.length);
  for (let row = 0; row < events.length; row += 1) {
    slot[row] = (calendar.startOfHour(time[row]!) - start) / 60_000;
    minute[row] = Math.floor((time[row]! - start) / 60_000);
    if (count[row] === 1) singles[row] = 1;
    else bulk[row] = count[row]!;
  }
  return { slot, minute, singles, bulk, requests: count };
}

/**
 * Appends cells to a bucket. Its segments keep falling sizes: one is merged with the new cells while it has at most
 * twice as many, so a bucket has few segments and a cell is rewritten a logarithmic number of times.
 */
async function addCells(db: Db, cube: Cube, bucket: number, cells: Batch): Promise<void> {
  if (cells.length === 0) return;
  const segments = await db
    .selectFrom('total_segment')
    .select(['id', 'cells'])
    .where('cube', '=', cube.name)
    .where('bucket', '=', bucket)
    .orderBy('id', 'desc')
    .execute();
  const merged: number[] = [];
  let size = cells.length;
  for (const segment of segments) {
    if (segment.cells > size * 2) break;
    merged.push(segment.id);
    size += segment.cells;
  }
  let body = cells;
  if (merged.length > 0) {
    const grouping = new Grouping(cube.keys, cube.measures);
    const old = await db.selectFrom('total_segment').select('body').where('id', 'in', merged).execute();
    for (const segment of old) grouping.add(decodeSegment(segment.body));
    grouping.add(cells);
    body = grouping.toBatch();
    await db.deleteFrom('total_segment').where('id', 'in', merged).execute();
    if (body.length === 0) return;
  }
  await db
    .insertInto('total_segment')
    .values({ cube: cube.name, bucket, cells: body.length, body: encodeSegment(body) })
    .execute();
}
