import { DIMENSIONS, REMOVED } from '../domain/dimension.ts';
import type { Span } from '../domain/usage.ts';
import { type Store, scanRaw } from './raw-scan.ts';
import type { Test } from './row-selection.ts';
import { type Column, EVENT_COLUMNS } from './segment.ts';

/** Columns of a page; value ids for dimensions (0: the sender gave none). */
export type EventColumns = Record<(typeof EVENT_COLUMNS)[number], Column>;

/** Some raw events as columns, as segments hold them, and the texts of all their value ids. */
export interface EventPage {
  length: number;
  columns: EventColumns;
  texts: ReadonlyMap<number, string>;
}

/** All raw events of a span that count and pass every test, a page at a time, in the order of days. */
export async function* readPages(
  store: Store,
  renames: string | undefined,
  wanted: { span: Span; tests: readonly Test[] },
): AsyncGenerator<EventPage> {
  for await (const part of scanRaw(store, wanted)) {
    const columns = Object.fromEntries(EVENT_COLUMNS.map((name) => [name, part.read(name)])) as EventColumns;
    const ids = listIds(columns);
    const known = await store.texts.resolve(store.db, renames, ids);
    yield { length: part.length, columns, texts: new Map(ids.map((id) => [id, known.get(id) ?? REMOVED])) };
  }
}

/** The distinct value ids: a mark for each is quicker than a set of a million. */
function listIds(columns: EventColumns): number[] {
  let most = 0;
  for (const dimension of DIMENSIONS) for (const id of columns[dimension]) if (id > most) most = id;
  const marks = new Uint8Array(most + 1);
  for (const dimension of DIMENSIONS) for (const id of columns[dimension]) marks[id] = 1;
  const ids: number[] = [];
  for (let id = 1; id <= most; id += 1) if (marks[id] === 1) ids.push(id);
  return ids;
}
