import { type Calendar, MINUTE_MS, monthOf } from '../domain/calendar.ts';
import { changeReportZone, findSetting, setSetting } from '../store/configuration-repository.ts';
import type { Db, DialectName } from '../store/database.ts';
import { type Batch, type Column, gather } from './batch.ts';
import { type Cube, HOUR_CUBES, METER_DAYS, METER_MINUTES } from './cube.ts';
import { markAllDays } from './daily-rows.ts';
import { foldInbox, unfold } from './fold.ts';
import { decodeEvents, decodeSegment } from './segment.ts';
import { addCells, addToTotals, closeMonths, findClosedMonth, regroup, reopenMonths, toDays } from './totals.ts';
import type { ValuePlaces } from './value-places.ts';

export interface RezoneOutcome {
  /** Raw events that were counted again. */
  events: number;
  /** First day that is whole in the new zone; undefined: all days are. */
  fromDay: number | undefined;
  /** The same for pairs of dimensions, which need raw events. */
  pairsFromDay: number | undefined;
}

interface Rezone {
  dialect: DialectName;
  from: Calendar;
  to: Calendar;
  places: ValuePlaces;
}

/**
 * Counts stored usage in the days of another zone, in the caller's transaction. Call it when everything is folded.
 * - Days with complete raw events: all totals, from these.
 * - Older days with hourly totals: totals by single dimensions, from hours, where the hours of both zones begin together.
 * - All days: calls per meter (pools), from minutes.
 * All other totals stay in days of the old zone. Each call is counted once before and once after, at most one day apart.
 */
export async function rezone(db: Db, zones: Rezone): Promise<RezoneOutcome> {
  const { dialect, from, to, places } = zones;
  const rawDay = await findDay(db, 'raw_from_day');
  const hourDay = await findFirstSharedHourDay(db, zones, rawDay);
  const closedMonth = await findClosedMonth(db);
  const first = await db
    .selectFrom('total_segment')
    .select((eb) => eb.fn.min('bucket').as('day'))
    .where('cube', 'like', 'day%')
    .executeTakeFirst();
  if (first?.day !== null && first?.day !== undefined) await reopenMonths(db, monthOf(first.day - 1));

  await takeOutOldRaw(db, zones, rawDay);
  // Delete the totals that will be made again from raw events.
  for (const grain of ['day', 'hour', 'minute']) {
    let query = db.deleteFrom('total_segment').where('cube', 'like', `${grain}.%`);
    if (rawDay !== undefined) query = query.where('bucket', '>=', rawDay);
    await query.execute();
    let alone = db.deleteFrom('total_segment').where('cube', '=', grain);
    if (rawDay !== undefined) alone = alone.where('bucket', '>=', rawDay);
    await alone.execute();
  }
  let forgotten = db.deleteFrom('value_places');
  if (rawDay !== undefined) forgotten = forgotten.where('day', '>=', rawDay);
  await forgotten.execute();

  if (rawDay !== undefined) {
    for (const cube of HOUR_CUBES) await moveHours(db, zones, cube, hourDay ?? first?.day ?? rawDay, rawDay);
    await moveMinutes(db, zones, rawDay);
  }
  const fromRaw = rawDay === undefined ? undefined : firstWholeDay(rawDay, zones);
  const fromHours = hourDay === undefined ? undefined : firstWholeDay(hourDay, zones);
  if (fromRaw !== undefined) await setSetting(db, 'raw_from_day', String(fromRaw));
  if (fromHours !== undefined) await setSetting(db, 'hours_from_day', String(fromHours));

  const events = await unfold(db);
  while ((await foldInbox(db, { dialect, calendar: to, places })).events > 0);
  await places.store(db, dialect);
  if (Number.isFinite(closedMonth)) await closeMonths(db, closedMonth + 1);
  await markAllDays(db, to);

  // If nothing is older than what was counted again, all days are whole: undefined.
  const toWhole = (day: number | undefined): number | undefined =>
    day === undefined || typeof first?.day !== 'number' || first.day >= day ? undefined : firstWholeDay(day, zones);
  const pairsFromDay = toWhole(rawDay);
  const fromDay = pairsFromDay === undefined ? undefined : toWhole(Math.min(rawDay!, hourDay ?? first!.day));
  const older =
    pairsFromDay === undefined
      ? undefined
      : { zone: from.zone, beforeDay: fromDay ?? first!.day - 1, pairsBeforeDay: pairsFromDay };
  await carryAlerts(db, zones);
  await changeReportZone(db, to.zone, older);
  return { events, fromDay, pairsFromDay };
}

const ALERT_COLUMNS = [
  'key',
  'kind',
  'subject',
  'period',
  'level',
  'arm',
  'amount',
  'content',
  'at_ms',
  'acked_by',
  'acked_ms',
  'over_ms',
] as const;

/**
 * Copies alerts to the new start of their period, so that none is raised twice: a period is known by its first instant, which has
 * moved. The old alerts stay, for the buttons of their messages.
 */
async function carryAlerts(db: Db, { from, to }: Rezone): Promise<void> {
  const alerts = await db.selectFrom('alert').select(ALERT_COLUMNS).where('period', 'like', '%T%Z').execute();
  for (const alert of alerts) {
    const startMs = Date.parse(alert.period);
    const day = Number.isNaN(startMs) ? undefined : from.dayOf(startMs);
    if (day === undefined || from.startOfDay(day) !== startMs) continue;
    const period = new Date(to.startOfDay(day)).toISOString();
    const key = alert.key.replaceAll(alert.period, period);
    if (key === alert.key) continue;
    await db
      .insertInto('alert')
      .values({ ...alert, key, period, covered: 1, delivery_keys: '[]' })
      .onConflict((conflict) => conflict.column('key').doNothing())
      .execute();
  }
}

async function findDay(db: Db, name: string): Promise<number | undefined> {
  const day = await findSetting(db, name);
  return day === undefined ? undefined : Number(day);
}

/**
 * Finds the first day whose hourly totals are kept and whose hours are also hours of the new zone; at most `rawDay`, because
 * later ones are made from raw events. Undefined: hourly totals go back as far as all others.
 */
async function findFirstSharedHourDay(db: Db, { from, to }: Rezone, rawDay: number | undefined) {
  const kept = await findDay(db, 'hours_from_day');
  if (rawDay === undefined) return kept;
  const stored = await db
    .selectFrom('total_segment')
    .select((eb) => eb.fn.min('bucket').as('day'))
    .where('cube', '=', 'hour')
    .executeTakeFirst();
  const first = stored?.day ?? rawDay;
  let shared = rawDay;
  while (shared > first && from.hoursOf(shared - 1).every((ms) => to.startOfHour(ms) === ms)) shared -= 1;
  return shared > first ? shared : kept;
}

/** Returns the first day of the new zone that begins no earlier than this day of the old one. */
function firstWholeDay(day: number, { from, to }: Rezone): number {
  const startMs = from.startOfDay(day);
  const there = to.dayOf(startMs);
  return to.startOfDay(there) < startMs ? there + 1 : there;
}

/**
 * Takes raw events of days before `rawDay` out of the totals: they were kept so that their import can be undone, and are folded
 * again like all others.
 */
async function takeOutOldRaw(db: Db, { from, places }: Rezone, rawDay: number | undefined): Promise<void> {
  if (rawDay === undefined) return;
  const segments = await db
    .selectFrom('event_segment')
    .select(['id', 'day'])
    .where('day', '<', rawDay)
    .orderBy('id')
    .execute();
  for (const { id, day } of segments) {
    const { body } = await db.selectFrom('event_segment').select('body').where('id', '=', id).executeTakeFirstOrThrow();
    await addToTotals(db, day, decodeEvents(body), from, places, -1);
  }
}

/**
 * Moves hourly totals of the old zone's days, from `fromDay` up to but not including `toDay`, to the new zone's days, and makes
 * the daily totals from them.
 */
async function moveHours(db: Db, zones: Rezone, hours: Cube, fromDay: number, toDay: number): Promise<void> {
  // Older hours do not line up with hours of the new zone, so no question could use them.
  await db.deleteFrom('total_segment').where('cube', '=', hours.name).where('bucket', '<', fromDay).execute();
  const days = toDays(hours, { length: 0, columns: {} });
  await db
    .deleteFrom('total_segment')
    .where(
      'cube',
      'in',
      days.map(({ cube }) => cube.name),
    )
    .where('bucket', '>=', fromDay)
    .where('bucket', '<', toDay)
    .execute();
  await moveSlots(db, zones, hours, toDay, async (day, cells) => {
    await addCells(db, hours, day, cells);
    for (const total of toDays(hours, cells)) await addCells(db, total.cube, day, total.cells);
  });
}

async function moveMinutes(db: Db, zones: Rezone, toDay: number): Promise<void> {
  await db.deleteFrom('total_segment').where('cube', '=', METER_DAYS.name).where('bucket', '<', toDay).execute();
  await moveSlots(db, zones, METER_MINUTES, toDay, async (day, cells) => {
    await addCells(db, METER_MINUTES, day, cells);
    await addCells(db, METER_DAYS, day, regroup(METER_DAYS, cells));
  });
}

/**
 * Removes an hourly or minutely total, day by day before `toDay`, and passes its cells to `put` with days and slots of the new
 * zone.
 */
async function moveSlots(
  db: Db,
  { from, to }: Rezone,
  cube: Cube,
  toDay: number,
  put: (day: number, cells: Batch) => Promise<void>,
): Promise<void> {
  // Rename the segments first, so that cells that are put back are not read again.
  const aside = `rezone.${cube.name}`;
  await db
    .updateTable('total_segment')
    .set({ cube: aside })
    .where('cube', '=', cube.name)
    .where('bucket', '<', toDay)
    .execute();
  const segments = await db
    .selectFrom('total_segment')
    .select(['id', 'bucket'])
    .where('cube', '=', aside)
    .orderBy('bucket')
    .orderBy('id')
    .execute();
  for (const { id, bucket } of segments) {
    const { body } = await db.selectFrom('total_segment').select('body').where('id', '=', id).executeTakeFirstOrThrow();
    await db.deleteFrom('total_segment').where('id', '=', id).execute();
    for (const [day, cells] of splitSlots(decodeSegment(body), from.startOfDay(bucket), to)) await put(day, cells);
  }
}

function splitSlots(cells: Batch, startMs: number, to: Calendar): Map<number, Batch> {
  const slot: Column = cells.columns.slot ?? new Uint32Array(cells.length);
  const rowsOf = new Map<number, number[]>();
  for (let row = 0; row < cells.length; row += 1) {
    const day = to.dayOf(startMs + slot[row]! * MINUTE_MS);
    rowsOf.getOrInsertComputed(day, () => []).push(row);
  }
  return new Map(
    [...rowsOf].map(([day, rows]) => {
      const part = gather({ ...cells, columns: { ...cells.columns, slot } }, Uint32Array.from(rows));
      const shift = (startMs - to.startOfDay(day)) / MINUTE_MS;
      part.columns.slot = part.columns.slot!.map((minutes) => minutes + shift) as Column;
      return [day, part];
    }),
  );
}
