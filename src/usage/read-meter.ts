import { MINUTE_MS } from '../domain/calendar.ts';
import type { MeterQuery, MeterStep, UsageQuery } from '../domain/usage.ts';
import { creditsAt, METER_DAYS, METER_MINUTES, readCredits } from './cube.ts';
import { METER_SEPARATOR } from './event-batch.ts';
import { Grouping } from './grouping.ts';
import { startOfStep, stepsOfEvents, stepsOfTotal } from './plan.ts';
import type { Store } from './raw-events.ts';
import { isIn, pick, selectCounted, toMarks } from './row-filter.ts';
import type { Batch, ColumnName } from './segment.ts';

/** Reads what a meter counted in each step of a span, corrections included, in order of time. */
export async function readMeter(
  { db, texts, calendar, loader }: Store,
  { meter, span, grain }: MeterQuery,
): Promise<MeterStep[]> {
  const combinations = new Set<number>();
  for (const { id, text } of await texts.list(db, 'meters')) {
    if (text.split(METER_SEPARATOR).includes(meter)) combinations.add(id);
  }
  const cube = grain === 'minute' ? METER_MINUTES : METER_DAYS;
  const grouping = new Grouping(['slot'], ['singles', 'bulk', 'credits']);
  const lastDay = calendar.dayOf(span.toMs - 1);
  const query: UsageQuery = { span, grain, groupBy: [], filters: [] };
  const buckets: number[] = [];
  for (let day = calendar.dayOf(span.fromMs); day <= lastDay; day += 1) buckets.push(day);
  const accepted = toMarks(combinations);
  const [days] = await loader.loadTotals(db, [{ cube, buckets }]);
  for (const { bucket, segment } of days!) {
    const rows = segment.select('meters', accepted, false);
    const read = (name: ColumnName) => segment.read(name, rows);
    const batch: Batch = { length: rows.length, columns: readCredits(segment, read) };
    for (const name of ['slot', 'singles', 'bulk'] as const) batch.columns[name] = read(name);
    const steps = stepsOfTotal(cube, bucket, batch, query, calendar);
    const inside = grain === 'day' ? undefined : pick(rows.length, (row) => isIn(span, steps[row]! * MINUTE_MS));
    grouping.add(batch, { columns: { slot: steps }, selected: inside });
  }
  for (const { segment } of await loader.loadInbox(db, span)) {
    const rows = segment.select('meters', accepted, false, selectCounted(segment, span));
    const read = (name: ColumnName) => segment.read(name, rows);
    const count = read('count');
    const singles = Float64Array.from(count, (calls) => (calls === 1 ? 1 : 0));
    const bulk = Float64Array.from(count, (calls) => (calls === 1 ? 0 : calls));
    const slot = stepsOfEvents(read('time'), query, calendar);
    grouping.add({ length: rows.length, columns: { slot, singles, bulk, ...readCredits(segment, read) } });
  }
  for (const correction of await db
    .selectFrom('correction')
    .select(['time_ms', 'credits'])
    .where('meter', '=', meter)
    .where('time_ms', '>=', span.fromMs)
    .where('time_ms', '<', span.toMs)
    .execute()) {
    const slot = Uint32Array.of(startOfStep(correction.time_ms, query, calendar) / MINUTE_MS);
    grouping.add({ length: 1, columns: { slot, credits: Float64Array.of(correction.credits) } });
  }
  const steps = grouping.toBatch();
  const { slot, singles, bulk } = steps.columns;
  const answer: MeterStep[] = [];
  for (let row = 0; row < steps.length; row += 1) {
    answer.push({
      startMs: slot![row]! * MINUTE_MS,
      singles: singles![row]!,
      bulk: bulk![row]!,
      credits: creditsAt(steps.columns, row),
    });
  }
  return answer.sort((a, b) => a.startMs - b.startMs);
}
