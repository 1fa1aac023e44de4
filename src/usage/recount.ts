import { DIMENSIONS, type Dimension } from '../domain/dimension.ts';
import type { UsageEvent } from '../domain/event.ts';
import type { Db } from '../store/database.ts';
import type { Batch } from './batch.ts';
import { type Assign, METER_SEPARATOR, OWN_CREDITS, OWN_SCOPE } from './event-batch.ts';
import { toSentText, type ValueDictionary, ValueTexts, type Vocabulary } from './values.ts';

/** Applies rules to the raw events of a day: scope, meters, exclusion and credits. Returns the same batch if nothing changes. */
export async function reassign(
  db: Db,
  day: number,
  batch: Batch,
  assign: Assign,
  dictionary: ValueDictionary,
): Promise<Batch> {
  const texts = new ValueTexts();
  // A new cache: it cannot hold texts from before a rename.
  const known = await texts.resolveMany(db, undefined, [batch]);
  const read = (name: Dimension, row: number): string | undefined => {
    const text = known.get(batch.columns[name]?.[row] ?? 0);
    return text && toSentText(text);
  };
  const given = { scope: [] as string[], meters: [] as string[], exclusion: [] as string[] };
  const credits = new Float64Array(batch.length);
  for (let row = 0; row < batch.length; row += 1) {
    const own = batch.columns.own?.[row] ?? 0;
    const event: Record<string, unknown> = { count: batch.columns.count![row]! };
    for (const dimension of DIMENSIONS)
      if (dimension !== 'source' && dimension !== 'scope') event[dimension] = read(dimension, row);
    const records = batch.columns.records?.[row] ?? 0;
    if (records > 0) event.records = records - 1;
    if (own & OWN_SCOPE) event.scope = read('scope', row);
    if (own & OWN_CREDITS) event.credits = batch.columns.credits?.[row] ?? 0;
    const assignment = assign(event as unknown as UsageEvent, read('source', row) ?? '', day);
    given.scope.push(assignment.scope);
    given.meters.push(assignment.meters.join(METER_SEPARATOR));
    given.exclusion.push(assignment.exclusion ?? '');
    credits[row] = assignment.credits;
  }
  const columns: Batch['columns'] = { ...batch.columns, credits };
  // In the order in which commits insert texts (values.ts), so that neither deadlocks the other.
  for (const vocabulary of ['exclusion', 'meters', 'scope'] as const)
    columns[vocabulary] = await toIds(db, vocabulary, given[vocabulary], dictionary);
  const same = (['scope', 'meters', 'exclusion', 'credits'] as const).every((name) =>
    columns[name]!.every((value, row) => value === (batch.columns[name]?.[row] ?? 0)),
  );
  return same ? batch : { length: batch.length, columns };
}

async function toIds(
  db: Db,
  vocabulary: Vocabulary,
  texts: readonly string[],
  dictionary: ValueDictionary,
): Promise<Uint32Array<ArrayBuffer>> {
  const known = dictionary.idsOf(vocabulary);
  const missing = new Set(texts.filter((text) => !known.has(text)));
  const found = await dictionary.resolve(db, new Map([[vocabulary, missing]]));
  return Uint32Array.from(texts, (text) => known.get(text) ?? found.get(vocabulary)!.get(text)!);
}
