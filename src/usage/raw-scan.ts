import type { Calendar } from '../domain/calendar.ts';
import type { Span } from '../domain/usage.ts';
import type { Db } from '../store/database.ts';
import { applyTests, pick, selectCounted, selectKept, type Test } from './row-selection.ts';
import type { Segment } from './segment.ts';
import type { InboxSegment, SegmentLoader } from './segment-loader.ts';
import type { ValueTexts } from './value-texts.ts';

/** A snapshot of stored usage, and what reads it. */
export interface Store {
  db: Db;
  loader: SegmentLoader;
  calendar: Calendar;
  texts: ValueTexts;
}

/** Raw events of one day that were asked for: these rows of a segment. */
export interface RawPart {
  day: number;
  segment: Segment;
  rows: Uint32Array;
  /** Brought in from a file instead of sent. */
  imported: boolean;
}

/**
 * Streams the raw events of a span that pass every test and that no exclusion rule took out, in the caller's snapshot.
 * Days come in order, the newest first if asked; the parts of a day, and the rows of a part, stand in no promised order.
 * Columns are unpacked by the reader (`segment.read(name, rows)`), so what is not asked for costs nothing. A few segments
 * are in memory at a time: whoever has enough stops the loop, and older days are never read.
 */
export async function* scanRaw(
  { db, loader, calendar }: Pick<Store, 'db' | 'loader' | 'calendar'>,
  { span, tests, newestFirst = false }: { span: Span; tests: readonly Test[]; newestFirst?: boolean },
): AsyncGenerator<RawPart> {
  const isBefore = (a: number, b: number) => (newestFirst ? a > b : a < b);
  // Not yet in the segments of their days: few, and read at once.
  const waiting = (await loader.loadInbox(db, span))
    .flatMap((commit) =>
      splitByDay(commit, calendar, applyTests(commit.segment, tests, selectCounted(commit.segment, span))),
    )
    .sort((a, b) => (isBefore(a.day, b.day) ? -1 : a.day === b.day ? 0 : 1));
  for await (const { segment, day, imported } of loader.loadRaw(db, span, { newestFirst })) {
    while (waiting.length > 0 && isBefore(waiting[0]!.day, day)) yield waiting.shift()!;
    const isWhole = calendar.startOfDay(day) >= span.fromMs && calendar.startOfDay(day + 1) <= span.toMs;
    const counted = isWhole ? selectKept(segment) : selectCounted(segment, span);
    const rows = applyTests(segment, tests, counted);
    if (rows.length > 0) yield { day, segment, rows, imported };
  }
  yield* waiting;
}

function splitByDay(
  { segment, imported, firstDay, lastDay }: InboxSegment,
  calendar: Calendar,
  rows: Uint32Array,
): RawPart[] {
  if (rows.length === 0) return [];
  if (firstDay === lastDay) return [{ day: firstDay, segment, rows, imported }];
  const days = Int32Array.from(segment.read('time', rows), (ms) => calendar.dayOf(ms));
  return [...new Set(days)].map((day) => {
    const ofDay = pick(rows.length, (at) => days[at] === day).map((at) => rows[at]!);
    return { day, segment, rows: ofDay, imported };
  });
}
