import { firstDayOf, monthOf } from '../domain/calendar.ts';
import { BRIEF_CUBES, DAY_CUBES, monthCubeOf } from './cube.ts';
import type { Db } from './database.ts';
import { Grouping } from './grouping.ts';
import { decodeSegment } from './segment.ts';
import { findSetting, setSetting } from './setting-repository.ts';
import { addCells } from './total-segments.ts';

/**
 * Sums the days of every month that is over into monthly totals, in the caller's transaction; from then on events that
 * come late for it are added to both.
 */
export async function closeMonths(db: Db, currentMonth: number): Promise<void> {
  const closed = await findClosedMonth(db);
  const first = await db
    .selectFrom('total_segment')
    .select((eb) => eb.fn.min('bucket').as('day'))
    .where('cube', '=', 'day')
    .executeTakeFirst();
  if (first?.day === null || first?.day === undefined) return;
  for (let month = Math.max(closed + 1, monthOf(first.day)); month < currentMonth; month += 1) {
    for (const cube of [...DAY_CUBES, ...BRIEF_CUBES]) {
      const days = await db
        .selectFrom('total_segment')
        .select('body')
        .where('cube', '=', cube.name)
        .where('bucket', '>=', firstDayOf(month))
        .where('bucket', '<', firstDayOf(month + 1))
        .execute();
      const grouping = new Grouping(cube.keys, cube.measures);
      for (const { body } of days) grouping.add(decodeSegment(body));
      await addCells(db, monthCubeOf(cube), month, grouping.toBatch());
    }
  }
  await setSetting(db, CLOSED_MONTH, String(Math.max(closed, currentMonth - 1)));
}

/** Monthly totals exist for this month and all before it. */
export async function findClosedMonth(db: Db): Promise<number> {
  const month = await findSetting(db, CLOSED_MONTH);
  return month === undefined ? Number.NEGATIVE_INFINITY : Number(month);
}

/** Monthly totals from this month on are no more; `closeMonths` sums them again. */
export async function reopenMonths(db: Db, month: number): Promise<void> {
  if ((await findClosedMonth(db)) < month) return;
  await db.deleteFrom('total_segment').where('cube', 'like', 'month%').where('bucket', '>=', month).execute();
  await setSetting(db, CLOSED_MONTH, String(month - 1));
}

export const CLOSED_MONTH = 'closed_month';
