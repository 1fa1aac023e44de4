import type { Thousandths } from '../domain/event.ts';
import { fromBigInt } from '../domain/thousandths.ts';
import { type Batch, CARRY, type Segment } from './segment.ts';

/** The columns that make up credits, of `rows` (default: all). */
export function readCredits(segment: Segment, rows?: Uint32Array): Batch['columns'] {
  const credits = segment.read('credits', rows);
  return segment.has('carried') ? { credits, carried: segment.read('carried', rows) } : { credits };
}

/** The exact sum in a row. */
export function creditsAt({ credits, carried }: Batch['columns'], row: number): Thousandths {
  const low = credits?.[row] ?? 0;
  const high = carried?.[row] ?? 0;
  return high === 0 ? low : fromBigInt(BigInt(high) * BigInt(CARRY) + BigInt(low));
}
