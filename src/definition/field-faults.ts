import type { FieldFault } from '../domain/pool-fields.ts';
import type { Mistake } from './parse.ts';

/** Returns mistakes of a text by the fields of the pool or scope at `place` in it; mistakes elsewhere belong to no field. */
export function toFieldFaults(mistakes: readonly Mistake[], place: string): FieldFault[] {
  return mistakes.map((mistake) => {
    if (mistake.place !== place && !mistake.place.startsWith(`${place}.`)) {
      return { field: '', text: `${mistake.place} ${mistake.text}`.trim() };
    }
    const field = toField(mistake.place.slice(place.length + 1));
    return { field, text: mistake.text };
  });
}

/** `grants[2].each` → `grants.2.each`, `thresholds[1]` → `thresholds`. A pool that repeats a name is wrong in its name. */
function toField(path: string): string {
  if (path === '') return 'name';
  if (path === 'rate_limit_per_minute') return 'rateLimit';
  if (path.startsWith('links.')) return path.slice('links.'.length);
  if (path === 'valid_from') return 'validFrom';
  if (path.startsWith('thresholds')) return 'thresholds';
  return path.replace(/\[(\d+)\]/g, '.$1');
}
