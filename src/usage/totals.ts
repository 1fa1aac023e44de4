import { sql } from 'kysely';
import { type Calendar, firstDayOf, monthOf } from '../domain/calendar.ts';
import type { Dimension } from '../domain/dimension.ts';
import { findSetting, setSetting } from '../store/configuration-repository.ts';
import { markDay } from '../store/correction-repository.ts';
import { compileOnce, type Db, type DialectName, send } from '../store/database.ts';
import { type Batch, type Column, gather, sortBy } from './batch.ts';
import {
  BRIEF_CUBES,
  CUBES_OF_DAYS,
  CUBES_OF_MONTHS,
  type Cube,
  DAY_CUBES,
  DURATION_CUBES,
  EXCLUDED_DAYS,
  HOUR_CUBES,
  METER_DAYS,
  METER_MINUTES,
  monthCubeOf,
  outcomeColumns,
} from './cube.ts';
import { Grouping } from './grouping.ts';
import { decodeSegment, encodeSegment, takeFullTiers } from './segment.ts';
import type { ValuePlaces } from './value-places.ts';

/** Segments of a finished day are merged if the smaller ones together hold more than this share of the largest one's cells. */
const MOST_BESIDE = 1 / 8;

/** Number of the PostgreSQL advisory lock on all totals. Locks on single days and months have it as the first of two numbers. */
const TOTALS_LOCK = 0x4845_4144;
/** How many values fit into 32 bits. */
export const WORD = 2 ** 32;
/** Days share this many locks, so that an import of years does not take thousands. Days that share one wait for each other. */
const DAY_LOCKS = 64;

const lockAll = compileOnce((db) => sql`select pg_advisory_xact_lock(${sql.lit(TOTALS_LOCK)})`.compile(db));
const share = compileOnce((db) => sql`select pg_advisory_xact_lock_shared(${sql.lit(TOTALS_LOCK)})`.compile(db));
const lockOne = compileOnce((db) => sql`select pg_advisory_xact_lock(${sql.lit(TOTALS_LOCK)}, ${0})`.compile(db));

/** Keeps other processes from changing totals, or rows made of them, until the transaction ends. SQLite has one writer anyway. */
export async function lockTotals(trx: Db, dialect: DialectName): Promise<void> {
  if (dialect === 'postgres') await send(trx, lockAll(trx));
}

/**
 * Keeps other processes from taking `lockTotals` until the transaction ends. They may still change totals of days that they lock
 * with `lockDays`.
 */
export async function shareTotals(trx: Db, dialect: DialectName): Promise<void> {
  if (dialect === 'postgres') await send(trx, share(trx));
}

/**
 * Keeps other processes from changing totals of these days, and of their months where these are closed. Call it after
 * `shareTotals`.
 */
export async function lockDays(trx: Db, dialect: DialectName, days: readonly number[]): Promise<void> {
  if (dialect === 'sqlite') return;
  const closed = await findClosedMonth(trx);
  const months = days.map(monthOf).filter((month) => month <= closed);
  const locks = new Set([
    ...days.map((day) => day % DAY_LOCKS),
    ...months.map((month) => DAY_LOCKS + (month % DAY_LOCKS)),
  ]);
  // In ascending order, so that two processes cannot deadlock.
  for (const lock of [...locks].sort((a, b) => a - b)) await send(trx, lockOne(trx, lock));
}

/** Splits rows by local day, the earliest day first. */
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
  await markDay(db, day);
  const counted = selectRows(events, (exclusion) => exclusion === 0);
  const columns = timeColumns(events, day, calendar);
  Object.assign(
    columns,
    sign === 1 ? await places.assign(db, day, events, counted) : await places.findAssigned(db, day, events),
  );
  const hoursFromDay = Number((await findSetting(db, 'hours_from_day')) ?? Number.NEGATIVE_INFINITY);
  const month = monthOf(day) <= (await findClosedMonth(db)) ? monthOf(day) : undefined;
  const ofDay = await listBucket(db, listDay, day);
  const ofMonth = month === undefined ? undefined : await listBucket(db, listMonth, month);
  const summarise = (cube: Cube, overrides: Batch['columns'] = columns, selected = counted): Batch =>
    regroup(cube, events, { columns: overrides, selected, sign });
  const addDay = async (cube: Cube, cells: Batch): Promise<void> => {
    await addCells(db, cube, day, cells, ofDay);
    if (month !== undefined) await addCells(db, monthCubeOf(cube), month, cells, ofMonth);
  };

  const alone = new Map<string, Batch>();
  for (const cube of HOUR_CUBES) {
    const cells = summarise(cube);
    if (day >= hoursFromDay) await addCells(db, cube, day, cells, ofDay);
    const days = toDays(cube, cells);
    alone.set(cube.dimensions.join(), days[0]!.cells);
    for (const { cube: dayCube, cells: dayCells } of days) await addDay(dayCube, dayCells);
  }
  for (const cube of DAY_CUBES.filter(({ dimensions }) => dimensions.length === 2)) {
    const [a, b] = cube.dimensions as [Dimension, Dimension];
    // Where one dimension of a pair has the same value in all events, the pair has the cells of the other dimension alone.
    const constant = [b, a].find((dimension) => isConstant(columns[dimension] ?? events.columns[dimension]));
    if (constant && events.length > 0) {
      const value = (columns[constant] ?? events.columns[constant])?.[0] ?? 0;
      await addDay(cube, withConstant(alone.get(constant === a ? b : a)!, constant, value));
    } else await addDay(cube, summarise(cube));
  }
  const minutes = summarise(METER_MINUTES, { ...columns, slot: columns.minute });
  await addCells(db, METER_MINUTES, day, minutes, ofDay);
  await addCells(db, METER_DAYS, day, regroup(METER_DAYS, minutes), ofDay);
  const took = splitDurations(events);
  for (const cube of DURATION_CUBES)
    await addCells(db, cube, day, summarise(cube, { ...took, requests: columns.requests }), ofDay);
  if (counted) {
    const excluded = selectRows(events, (exclusion) => exclusion !== 0);
    await addCells(db, EXCLUDED_DAYS, day, summarise(EXCLUDED_DAYS, columns, excluded), ofDay);
  }
}

/**
 * Sums hourly cells of a day (`cells` of the cube `hours`) into its daily totals: first the one with status, then the one
 * without, where it exists.
 */
export function toDays(hours: Cube, cells: Batch): { cube: Cube; cells: Batch }[] {
  const cube = DAY_CUBES.find(({ name }) => name === hours.name.replace('hour', 'day'))!;
  const days = regroup(cube, cells);
  const brief = BRIEF_CUBES.find(({ name }) => name === `${cube.name}.brief`);
  return [{ cube, cells: days }, ...(brief ? [{ cube: brief, cells: regroup(brief, withOutcome(days)) }] : [])];
}

/** Sums rows, of events or of a finer total, into cells of a total. */
export function regroup(cube: Cube, rows: Batch, options: Parameters<Grouping['add']>[1] = {}): Batch {
  const grouping = new Grouping(cube.keys, cube.measures);
  grouping.add(rows, options);
  return grouping.toBatch();
}

function isConstant(column: Column | undefined): boolean {
  if (!column) return true;
  for (let row = 1; row < column.length; row += 1) if (column[row] !== column[0]) return false;
  return true;
}

function withOutcome(cells: Batch): Batch {
  const { status, requests } = cells.columns;
  return { length: cells.length, columns: { ...cells.columns, ...outcomeColumns(status, requests!) } };
}

function withConstant(cells: Batch, name: Dimension, value: number): Batch {
  return { length: cells.length, columns: { ...cells.columns, [name]: new Uint32Array(cells.length).fill(value) } };
}

/** Returns the rows whose exclusion is wanted; undefined: no event is excluded, so all rows count. */
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

/**
 * Returns each event's hour (`slot`) and minute, both in minutes from the start of its day, and its calls as `singles` or `bulk`.
 */
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

/** Splits durations into two keys of 32 bits. An event of several calls gets 0, because it does not say how long each took. */
function splitDurations(events: Batch): Pick<Batch['columns'], 'took' | 'tookHigh'> {
  const { duration, count } = events.columns;
  if (!duration) return {};
  const took = new Uint32Array(events.length);
  const tookHigh = new Uint32Array(events.length);
  for (let row = 0; row < events.length; row += 1) {
    if (count![row] !== 1) continue;
    took[row] = duration[row]! >>> 0;
    tookHigh[row] = (duration[row]! - took[row]!) / WORD;
  }
  return { took, tookHigh };
}

const listSegments = compileOnce((db) =>
  db
    .selectFrom('total_segment')
    .select(['id', 'cells'])
    .where('cube', '=', '')
    .where('bucket', '=', 0)
    .orderBy('id', 'desc')
    .compile(),
);

const insertSegment = compileOnce((db) =>
  db.insertInto('total_segment').values({ cube: '', bucket: 0, cells: 0, body: new Uint8Array() }).compile(),
);

const listAll = (cubes: readonly Cube[]) =>
  compileOnce((db) =>
    db
      .selectFrom('total_segment')
      .select(['cube', 'id', 'cells'])
      .where('bucket', '=', 0)
      .where('cube', 'in', sql<string>`(${sql.join(cubes.map(({ name }) => sql.lit(name)))})`)
      .orderBy('id', 'desc')
      .compile(),
  );
const listDay = listAll(CUBES_OF_DAYS);
const listMonth = listAll(CUBES_OF_MONTHS);

/** The segments of one bucket by cube, the newest first. */
type Bucket = ReadonlyMap<string, readonly { id: number; cells: number }[]>;

/** Lists the segments of all cubes in one statement: a day has 58 cubes, and PostgreSQL is asked over the network. */
async function listBucket(db: Db, list: typeof listDay, bucket: number): Promise<Bucket> {
  return Map.groupBy((await db.executeQuery(list(db, bucket))).rows, ({ cube }) => cube);
}

/**
 * Adds cells to a bucket as a segment, merged with the segments that `takeFullTiers` picks. `listed`: the segments in the bucket,
 * if they are known and this cube has not changed since.
 */
export async function addCells(db: Db, cube: Cube, bucket: number, cells: Batch, listed?: Bucket): Promise<void> {
  if (cells.length === 0) return;
  const segments = listed
    ? (listed.get(cube.name) ?? [])
    : (await db.executeQuery(listSegments(db, cube.name, bucket))).rows;
  const full = takeFullTiers(segments, (segment) => segment.cells, cells.length, cube.mostCells);
  await insertMerged(db, cube, bucket, full, cells);
}

/** Inserts cells and those of `others` as one segment, and deletes the others. */
async function insertMerged(
  db: Db,
  cube: Cube,
  bucket: number,
  others: readonly { id: number }[],
  cells: Batch,
): Promise<void> {
  let body = cells;
  if (others.length > 0) {
    const ids = others.map(({ id }) => id);
    const grouping = new Grouping(cube.keys, cube.measures);
    const old = await db.selectFrom('total_segment').select('body').where('id', 'in', ids).execute();
    for (const segment of old) grouping.add(decodeSegment(segment.body));
    grouping.add(cells);
    body = grouping.toBatch();
    await send(db, db.deleteFrom('total_segment').where('id', 'in', ids));
    if (body.length === 0) return;
  }
  await send(db, insertSegment(db, cube.name, bucket, body.length, encodeCells(cube, body)));
}

/**
 * Lists the totals of a finished day whose cells are spread over several segments. A day is finished once a later day has totals.
 * A few late cells beside one large segment do not count as spread.
 */
export async function listScattered(db: Db, day: number): Promise<Cube[]> {
  const later = await db
    .selectFrom('total_segment')
    .select('bucket')
    .where('cube', '=', 'day')
    .where('bucket', '>', day)
    .limit(1)
    .executeTakeFirst();
  if (!later) return [];
  const listed = await listBucket(db, listDay, day);
  return CUBES_OF_DAYS.filter(({ name, mostCells = Number.POSITIVE_INFINITY }) => {
    const sizes = (listed.get(name) ?? []).map(({ cells }) => cells);
    const all = sizes.reduce((sum, cells) => sum + cells, 0);
    const largest = Math.max(0, ...sizes);
    return all <= mostCells && all - largest > largest * MOST_BESIDE;
  });
}

/** Merges a day's segments of one total, under the lock on the day. Questions about whole days then read a third fewer cells. */
export async function mergeDay(trx: Db, cube: Cube, day: number): Promise<void> {
  const { rows: segments } = await trx.executeQuery(listSegments(trx, cube.name, day));
  // Another process may have merged them.
  if (segments.length > 1) await insertMerged(trx, cube, day, segments, { length: 0, columns: {} });
}

function encodeCells({ sorted, dimensions: [first] }: Cube, cells: Batch): Uint8Array<ArrayBuffer> {
  return sorted && first ? encodeSegment(sortBy(cells, first), first) : encodeSegment(cells);
}

/**
 * Sums the days of every month that is over into monthly totals, in the caller's transaction. From then on late events are added
 * to both.
 */
export async function closeMonths(db: Db, currentMonth: number): Promise<void> {
  const closed = await findClosedMonth(db);
  const days = await db.selectFrom('total_segment').select('bucket').distinct().where('cube', '=', 'day').execute();
  if (days.length === 0) return;
  // Only months with usage: one event of 1970 would otherwise make hundreds of empty months.
  for (const month of new Set(days.map(({ bucket }) => monthOf(bucket)))) {
    if (month <= closed || month >= currentMonth) continue;
    for (const cube of [...DAY_CUBES, ...BRIEF_CUBES]) {
      const segments = await db
        .selectFrom('total_segment')
        .select('body')
        .where('cube', '=', cube.name)
        .where('bucket', '>=', firstDayOf(month))
        .where('bucket', '<', firstDayOf(month + 1))
        .execute();
      const grouping = new Grouping(cube.keys, cube.measures);
      for (const { body } of segments) grouping.add(decodeSegment(body));
      await addCells(db, monthCubeOf(cube), month, grouping.toBatch());
    }
  }
  await setSetting(db, CLOSED_MONTH, String(Math.max(closed, currentMonth - 1)));
}

/** Finds the newest month with monthly totals; all months before it have them too. -Infinity: none has. */
export async function findClosedMonth(db: Db): Promise<number> {
  const month = await findSetting(db, CLOSED_MONTH);
  return month === undefined ? Number.NEGATIVE_INFINITY : Number(month);
}

/** Deletes monthly totals from this month on; `closeMonths` makes them again. */
export async function reopenMonths(db: Db, month: number): Promise<void> {
  if ((await findClosedMonth(db)) < month) return;
  await db.deleteFrom('total_segment').where('cube', 'like', 'month%').where('bucket', '>=', month).execute();
  await setSetting(db, CLOSED_MONTH, String(month - 1));
}

export const CLOSED_MONTH = 'closed_month';
