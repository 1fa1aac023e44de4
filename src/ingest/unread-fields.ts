import { MAX_CLIENT_LENGTH } from './event-fields.ts';
import { formatFieldMap } from './field-map.ts';

/** Objects of an entry are searched so deep for fields under other names, and so many of them. */
const MAX_DEPTH = 5;
const MAX_SEARCHED = 500;
/** Parts of a log that speak of something else: who linked here, what stood behind a proxy, files on a disk. */
const ELSEWHERE = /refer|upstream|origin|backend|file|log|source|script|root|config|tls|ssl|kubernetes|docker|cache/;

const METHOD = /^(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)$/i;

type Searched = 'client' | 'user' | 'url' | 'status' | 'method';

/** How each field is known by the end of its path (in lower case, letters and dots only) and by its value. */
const SIGNS: Readonly<Record<Searched, { path: RegExp; isValue: (value: string) => boolean }>> = {
  client: {
    path: /(?:consumer|customer|client|tenant|account|partner|app|application|subscriber|subscription|apikey)\.?(?:id|name|username|customid|key)?$/,
    isValue: isName,
  },
  user: { path: /(?:user|caller|principal)\.?(?:id|name)?$/, isValue: isName },
  url: { path: /(?:path|ur[il]|target|endpoint|route)$/, isValue: (value) => /^(?:\/|https?:\/\/)/.test(value) },
  status: { path: /(?:status|statuscode|responsecode)$/, isValue: (value) => /^[1-5]\d\d$/.test(value) },
  method: { path: /(?:method|verb)$/, isValue: (value) => METHOD.test(value) },
};

interface Found {
  path: string;
  value: string;
}

/**
 * A field that an entry holds under a name we do not know, by its name and value: so that it is refused with the name
 * rather than counted without its route or status. Undefined where there is none.
 */
export function findUnread(entry: object, missing: { url: boolean; status: boolean }): string | undefined {
  const names = (['status', 'url'] as const).filter((name) => missing[name]);
  const found = search(entry, names);
  const [name] = names.filter((each) => found[each]);
  if (name === undefined) return undefined;
  const { path, value } = found[name]!;
  const shown = JSON.stringify(value.slice(0, 60).toWellFormed());
  return `${name} is missing, though ${JSON.stringify(path.slice(0, 100))} holds ${shown}: have it sent as ${JSON.stringify(name)}, or read it with --map ${toMap(found)}.`;
}

/** A reading of an entry; one that names no client gets a cure: how to send it, and the map that would find it. */
export function withCure<T>(event: T | string, entry: object, cure = ''): T | string {
  if (typeof event !== 'string' || !event.startsWith('client is missing')) return event;
  // A format with a cure of its own is no wrapper that nobody knows.
  return cure === ''
    ? `${event}${proposeMap(entry, findEntries(entry))}`
    : `client is missing: ${cure}${proposeMap(entry)}`;
}

/** The map that would read an entry. Empty where nothing in it says who called. */
function proposeMap(entry: object, wrapped?: ReturnType<typeof findEntries>): string {
  const { user, ...found } = search(wrapped?.first ?? entry, ['client', 'user', 'url', 'status', 'method']);
  if (user && !found.client) found.client = user;
  if (wrapped) {
    const fields = found.client && !('client' in wrapped.first) ? `,${toMap(found)}` : '';
    return ` It holds entries in ${JSON.stringify(wrapped.path)}: read them with --map entries=${wrapped.path}${fields}.`;
  }
  return found.client ? ` This entry could be read with --map ${toMap(found)}.` : '';
}

/** A list of objects in an entry, or in an object of it: a wrapper that nobody knows. */
function findEntries(entry: object, prefix = ''): { path: string; first: object } | undefined {
  for (const [name, value] of Object.entries(entry).slice(0, MAX_SEARCHED)) {
    if (Array.isArray(value)) {
      const [first] = value as unknown[];
      if (typeof first === 'object' && first !== null && !Array.isArray(first))
        return { path: `${prefix}${name}`, first };
    } else if (prefix === '' && typeof value === 'object' && value !== null) {
      const found = findEntries(value as object, `${name}.`);
      if (found) return found;
    }
  }
  return undefined;
}

function isName(value: string): boolean {
  return value.length <= MAX_CLIENT_LENGTH;
}

function toMap(found: Partial<Record<Searched, Found>>): string {
  const map: Record<string, string> = {};
  for (const [name, each] of Object.entries(found)) {
    // A template is a route as it is; an address has yet to be reduced to one.
    const isTemplate = name === 'url' && /[{<]|\/:/.test(each.value);
    map[isTemplate ? 'route' : name] = each.path;
  }
  return formatFieldMap(map);
}

/** The first field, in the order of the entry and the nearest its top first, that looks like each of these. */
function search(entry: object, names: readonly Searched[]): Partial<Record<Searched, Found>> {
  const found: Partial<Record<Searched, Found>> = {};
  let level: { fields: object; path: string }[] = [{ fields: entry, path: '' }];
  let searched = 0;
  for (let depth = 0; depth < MAX_DEPTH && level.length > 0; depth += 1) {
    const next: typeof level = [];
    for (const { fields, path } of level) {
      for (const [key, value] of Object.entries(fields)) {
        const place = `${path}${key}`;
        const plain = place.toLowerCase().replace(/[^a-z.]/g, '');
        searched += 1;
        if (searched > MAX_SEARCHED) return found;
        if (ELSEWHERE.test(key.toLowerCase())) continue;
        if (typeof value === 'object' && value !== null) {
          if (!Array.isArray(value)) next.push({ fields: value, path: `${place}.` });
        } else if (value !== null && value !== '' && value !== '-' && typeof value !== 'boolean') {
          const name = names.find((each) => SIGNS[each].path.test(plain) && SIGNS[each].isValue(String(value)));
          if (name !== undefined) found[name] ??= { path: place, value: String(value) };
        }
      }
    }
    level = next;
  }
  return found;
}
