import type { Db } from '../store/database.ts';
import type { Cube } from './cube.ts';
import { Grouping } from './grouping.ts';
import { type Batch, decodeSegment, encodeSegment, sortBy } from './segment.ts';
import { takeFullTiers } from './tiers.ts';

/** Appends cells to a bucket, merging what makes a full tier with them (tiers.ts). */
export async function addCells(db: Db, cube: Cube, bucket: number, cells: Batch): Promise<void> {
  if (cells.length === 0) return;
  const segments = await db
    .selectFrom('total_segment')
    .select(['id', 'cells'])
    .where('cube', '=', cube.name)
    .where('bucket', '=', bucket)
    .orderBy('id', 'desc')
    .execute();
  const merged = takeFullTiers(segments, (segment) => segment.cells, cells.length).map(({ id }) => id);
  let body = cells;
  if (merged.length > 0) {
    const grouping = new Grouping(cube.keys, cube.measures);
    const old = await db.selectFrom('total_segment').select('body').where('id', 'in', merged).execute();
    for (const segment of old) grouping.add(decodeSegment(segment.body));
    grouping.add(cells);
    body = grouping.toBatch();
    await db.deleteFrom('total_segment').where('id', 'in', merged).execute();
    if (body.length === 0) return;
  }
  await db
    .insertInto('total_segment')
    .values({ cube: cube.name, bucket, cells: body.length, body: encodeCells(cube, body) })
    .execute();
}

/** Pairs are sorted by their first dimension: most questions about a pair are about one client. */
function encodeCells(cube: Cube, cells: Batch): Uint8Array<ArrayBuffer> {
  const [first] = cube.dimensions;
  return cube.dimensions.length === 2 ? encodeSegment(sortBy(cells, first!), first) : encodeSegment(cells);
}
