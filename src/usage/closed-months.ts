import { firstDayOf, monthOf } from '../domain/calendar.ts';
import type { Db } from '../store/database.ts';
import { findSetting, setSetting } from '../store/setting-repository.ts';
import { BRIEF_CUBES, DAY_CUBES, monthCubeOf } from './cube.ts';
import { Grouping } from './grouping.ts';
import { decodeSegment } from './segment.ts';
import { addCells } from './total-segments.ts';

/**
 * Sums the days of every month that is over into monthly totals, in the caller's transaction; from then on events that
 * come late for it are added to both.
 */
export async function closeMonths(db: Db, currentMonth: number): Promise<void> {
  const closed = await findClosedMonth(db);
  const days = await db.selectFrom('total_segment').select('bucket').distinct().where('cube', '=', 'day').execute();
  if (days.length === 0) return;
  // Not every month since the first: one event of 1970 would make hundreds that are empty.
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
