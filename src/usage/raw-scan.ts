import type { Calendar } from '../domain/calendar.ts';
import type { Span } from '../domain/usage.ts';
import type { Db } from '../store/database.ts';
import { applyTests, pick, selectCounted, selectKept, type Test } from './row-selection.ts';
import type { Column, ColumnName, Segment } from './segment.ts';
import type { InboxSegment, SegmentLoader } from './segment-loader.ts';
import type { ValueTexts } from './value-texts.ts';

/** A snapshot of stored usage, and what reads it. */
export interface Store {
  db: Db;
  loader: SegmentLoader;
  calendar: Calendar;
  texts: ValueTexts;
}

/** Raw events of one day that were asked for: some rows of a segment. Columns are unpacked when they are read. */
export class RawPart {
  readonly day: number;
  readonly length: number;
  /** Brought in from a file instead of sent. */
  readonly imported: boolean;
  readonly #segment: Segment;
  /** Undefined: all of them. */
  readonly #rows: Uint32Array | undefined;

  constructor(day: number, { segment, imported }: { segment: Segment; imported: boolean }, rows?: Uint32Array) {
    this.day = day;
    this.imported = imported;
    this.#segment = segment;
    this.#rows = rows && rows.length < segment.length ? rows : undefined;
    this.length = rows?.length ?? segment.length;
  }

  /** The columns that are not 0 throughout. */
  get names(): ColumnName[] {
    return this.#segment.names;
  }

  /** The values of a column for each event, or for those at the places `at`. */
  read(name: ColumnName, at?: Uint32Array): Column {
    const rows = this.#rows;
    return this.#segment.read(name, at && rows ? at.map((place) => rows[place]!) : (at ?? rows));
  }
}

/**
 * Streams the raw events of a span that pass every test and that no exclusion rule took out, in the caller's snapshot.
 * Days come in order, the newest first if asked; the parts of a day, and the events of a part, stand in no promised order.
 * What is not asked for is not unpacked, and a few segments are in memory at a time: whoever has enough stops the loop, and
 * the days behind it are never read.
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
  for await (const raw of loader.loadRaw(db, span, { newestFirst })) {
    while (waiting.length > 0 && isBefore(waiting[0]!.day, raw.day)) yield waiting.shift()!;
    const rows = selectAsked(raw.segment, tests, isWithin(raw.day, span, calendar) ? undefined : span);
    if (rows === undefined || rows.length > 0) yield new RawPart(raw.day, raw, rows);
  }
  yield* waiting;
}

function isWithin(day: number, span: Span, calendar: Calendar): boolean {
  return calendar.startOfDay(day) >= span.fromMs && calendar.startOfDay(day + 1) <= span.toMs;
}

/** Undefined: every row. `span`: only its events. */
function selectAsked(segment: Segment, tests: readonly Test[], span: Span | undefined): Uint32Array | undefined {
  if (span) return applyTests(segment, tests, selectCounted(segment, span));
  const kept = segment.has('exclusion') ? selectKept(segment) : undefined;
  return kept === undefined && tests.length === 0 ? undefined : applyTests(segment, tests, kept);
}

function splitByDay(commit: InboxSegment, calendar: Calendar, rows: Uint32Array): RawPart[] {
  const { segment, firstDay, lastDay } = commit;
  if (rows.length === 0) return [];
  if (firstDay === lastDay) return [new RawPart(firstDay, commit, rows)];
  const days = Int32Array.from(segment.read('time', rows), (ms) => calendar.dayOf(ms));
  return [...new Set(days)].map((day) => {
    const ofDay = pick(rows.length, (at) => days[at] === day).map((at) => rows[at]!);
    return new RawPart(day, commit, ofDay);
  });
}
