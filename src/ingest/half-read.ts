/** Objects of a log are searched so deep for fields under other names. */
const MAX_DEPTH = 4;
/** Parts of a log that speak of something else: who linked here, what stood behind a proxy, files on a disk. */
const ELSEWHERE = /refer|upstream|origin|file|log|source|script|root|config|tls|ssl|kubernetes|docker|cache/;

/**
 * A field that a log holds under a name we do not know, by its name and value: so that an entry is refused with the name
 * rather than counted without its route or status. Undefined where there is none.
 */
export function findUnread(log: object, missing: { url: boolean; status: boolean }): string | undefined {
  return search(log, missing, '', 0);
}

function search(
  fields: object,
  missing: { url: boolean; status: boolean },
  path: string,
  depth: number,
): string | undefined {
  for (const [name, value] of Object.entries(fields)) {
    const plain = name.toLowerCase().replace(/[^a-z.]/g, '');
    if (ELSEWHERE.test(plain)) continue;
    const place = `${path}${name}`;
    if (missing.status && isStatus(plain, value)) return describe('status', place, value);
    if (missing.url && isUrl(plain, value)) return describe('url', place, value);
    if (depth < MAX_DEPTH && typeof value === 'object' && value !== null && !Array.isArray(value)) {
      const found = search(value, missing, `${place}.`, depth + 1);
      if (found) return found;
    }
  }
  return undefined;
}

function isStatus(name: string, value: unknown): boolean {
  if (!/(?:status|statuscode|responsecode)$/.test(name)) return false;
  return (typeof value === 'number' || typeof value === 'string') && /^[1-5]\d\d$/.test(String(value));
}

function isUrl(name: string, value: unknown): boolean {
  return (
    /(?:path|ur[il]|target|endpoint|route)$/.test(name) &&
    typeof value === 'string' &&
    /^(?:\/|https?:\/\/)/.test(value)
  );
}

function describe(field: string, place: string, value: unknown): string {
  const shown = JSON.stringify(String(value).slice(0, 60).toWellFormed());
  return `${field} is missing, though ${JSON.stringify(place.slice(0, 100))} holds ${shown}: have the log write it as ${JSON.stringify(field)}.`;
}
