import { sql } from 'kysely';
import { type Calendar, formatDay } from '../domain/calendar.ts';
import { DIMENSIONS, type Dimension, NONE, OTHER, REMOVED } from '../domain/dimension.ts';
import type { Thousandths } from '../domain/event.ts';
import { toJson } from '../domain/thousandths.ts';
import type { Span } from '../domain/usage.ts';
import { markDay } from '../store/correction-repository.ts';
import type { Db, DialectName } from '../store/database.ts';
import { creditsAt, outcomeColumns } from './cube.ts';
import { Grouping } from './grouping.ts';
import { decodeSegment } from './segment.ts';
import { OTHER_ID } from './value-places.ts';
import { FORGOTTEN, NAMED } from './values.ts';

/** Deletes all rows and marks every day that has totals or corrections, so that they are written again. */
export async function markAllDays(trx: Db, calendar: Calendar): Promise<void> {
  await trx.deleteFrom('usage_daily').execute();
  await trx.deleteFrom('usage_daily_due').execute();
  await trx
    .insertInto('usage_daily_due')
    .columns(['day'])
    .expression((of) => of.selectFrom('total_segment').select('bucket').distinct().where('cube', '=', 'day'))
    .execute();
  const corrections = await trx.selectFrom('correction').select('time_ms').execute();
  for (const day of new Set(corrections.map(({ time_ms }) => calendar.dayOf(time_ms)))) await markDay(trx, day);
}

/** Lists the marked days, the newest first. */
export async function listMarkedDays(db: Db): Promise<number[]> {
  const rows = await db.selectFrom('usage_daily_due').select('day').orderBy('day', 'desc').execute();
  return rows.map(({ day }) => day);
}

/**
 * Writes one day's rows of the table `usage_daily` and removes its mark: totals by each dimension and status, for `sqlite3`,
 * `psql` and other SQL tools, and the sum of each scope's corrections. Call it under the lock on the day's totals.
 */
export async function writeDay(trx: Db, dialect: DialectName, calendar: Calendar, day: number): Promise<void> {
  const date = formatDay(day);
  await trx.deleteFrom('usage_daily_due').where('day', '=', day).execute();
  await trx.deleteFrom('usage_daily').where('dimension', 'in', DIMENSIONS).where('day', '=', date).execute();
  const cells = await readCells(trx, day);
  if (cells.length > 0) await insertCells(trx, dialect, date, cells);
  await insertCorrections(trx, dialect, date, { fromMs: calendar.startOfDay(day), toMs: calendar.startOfDay(day + 1) });
}

/**
 * Writes a row without calls for each scope: the sum of its corrections, without those of `scope/limit`, cut so that the day does
 * not go below zero.
 */
async function insertCorrections(trx: Db, dialect: DialectName, date: string, { fromMs, toMs }: Span): Promise<void> {
  const sum = sql`sum(credits)`;
  const used = sql`coalesce((select sum(credits_thousandths) from usage_daily
    where dimension = 'scope' and day = ${date} and value = meter), 0)`;
  const isNegative = sql`${sum} < -${used}`;
  await sql`
    insert into usage_daily (day, dimension, value, requests, ok, failed, credits, credits_thousandths)
    select ${dialect === 'postgres' ? sql`${date}::date` : sql`${date}`}, 'scope', meter, 0, 0, 0, round(credits / 1000.0, 3), credits
    from (
      select meter, case when ${isNegative} then -${used} else ${sum} end as credits from correction
      where time_ms >= ${fromMs} and time_ms < ${toMs} and meter not like '%/%' group by meter
    ) as corrected
    where credits <> 0`.execute(trx);
}

/**
 * Replaces a forgotten value in the rows at once. Its days are marked too: rows of several forgotten values share a name and must
 * be added up.
 */
export async function forgetInRows(trx: Db, dimension: Dimension, text: string): Promise<void> {
  const named = trx.selectFrom('usage_daily').where('dimension', '=', dimension).where('value', '=', text);
  const days = await named.select(sql<string>`cast(day as text)`.as('day')).distinct().execute();
  for (const { day } of days) await markDay(trx, toDayNumber(day));
  await trx
    .updateTable('usage_daily')
    .set({ value: REMOVED })
    .where('dimension', '=', dimension)
    .where('value', '=', text)
    .execute();
}

/** Removes rows and marks of days before this one. */
export async function removeRowsBefore(trx: Db, day: number): Promise<void> {
  await trx.deleteFrom('usage_daily').where('dimension', 'in', DIMENSIONS).where('day', '<', formatDay(day)).execute();
  await trx.deleteFrom('usage_daily_due').where('day', '<', day).execute();
}

/** A cell of a day's totals: dimension, value id, status, requests, ok, failed, credits in thousandths. */
type Cell = [Dimension, number, number, number, number, number, Thousandths];

async function readCells(trx: Db, day: number): Promise<Cell[]> {
  const segments = await trx
    .selectFrom('total_segment')
    .select(['cube', 'body'])
    .where(
      'cube',
      'in',
      DIMENSIONS.map((dimension) => `day.${dimension}`),
    )
    .where('bucket', '=', day)
    .execute();
  const bodies = Map.groupBy(segments, ({ cube }) => cube);
  return DIMENSIONS.flatMap((dimension) => {
    const grouping = new Grouping([dimension, 'status'], ['requests', 'credits']);
    for (const { body } of bodies.get(`day.${dimension}`) ?? []) grouping.add(decodeSegment(body));
    const { length, columns } = grouping.toBatch();
    const { status, requests, [dimension]: ids } = columns;
    const { ok, failed } = outcomeColumns(status, requests!);
    return Array.from(
      { length },
      (_, row): Cell => [
        dimension,
        ids![row]!,
        status![row]!,
        requests![row]!,
        ok[row]!,
        failed[row]!,
        creditsAt(columns, row),
      ],
    );
  });
}

/** Sends the numbers as one JSON text; the database joins the texts of the values as they are at this commit. */
async function insertCells(trx: Db, dialect: DialectName, date: string, cells: readonly Cell[]): Promise<void> {
  const json = toJson(cells);
  const each =
    dialect === 'postgres' ? sql`jsonb_array_elements(${json}::jsonb) as each (value)` : sql`json_each(${json})`;
  await sql`
    insert into usage_daily (day, dimension, value, status, requests, ok, failed, credits, credits_thousandths)
    select ${dialect === 'postgres' ? sql`${date}::date` : sql`${date}`}, dimension, name, nullif(status, 0),
      sum(requests), sum(ok), sum(failed), round(sum(credits) / 1000.0, 3), sum(credits)
    from (
      select
        case
          when cell.id = 0 then ${sql.lit(NONE)}
          when cell.id = ${sql.lit(OTHER_ID)} then ${sql.lit(OTHER)}
          when named.text is null or substr(named.text, 1, ${sql.lit(FORGOTTEN.length)}) = ${FORGOTTEN}
            then ${sql.lit(REMOVED)}
          when replace(named.text, ${sql.lit(NAMED)}, '') in (${sql.lit(NONE)}, ${sql.lit(OTHER)}, ${sql.lit(REMOVED)})
            then ${sql.lit(NAMED)} || named.text
          else named.text
        end as name,
        cell.dimension, status, requests, ok, failed, credits
      from (
        select value ->> 0 as dimension, cast(value ->> 1 as integer) as id, cast(value ->> 2 as integer) as status,
          cast(value ->> 3 as bigint) as requests, cast(value ->> 4 as bigint) as ok,
          cast(value ->> 5 as bigint) as failed, ${dialect === 'postgres' ? sql`cast(value ->> 6 as numeric)` : sql`value ->> 6`} as credits
        from ${each}
      ) as cell
      left join value as named on named.id = cell.id
    ) as named_cell
    group by dimension, name, status`.execute(trx);
}

function toDayNumber(date: string): number {
  return Math.round(Date.parse(`${date}T00:00:00Z`) / 86_400_000);
}
