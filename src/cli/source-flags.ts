import { isZone } from '../domain/time-zone.ts';
import { HeadroomError } from '../errors.ts';
import { formatFieldMap, parseFieldMap } from '../ingest/field-map.ts';
import { getLogFormats } from '../ingest/log-presets.ts';
import { SPAN_KINDS, type StoredOptions } from '../ingest/source-options.ts';
import { readLimit } from '../ingest/source-tally.ts';
import { joinWords } from '../report/format.ts';

/** Flags that set a source's options, for parseArgs. */
export const SOURCE_FLAGS = {
  format: { type: 'string' },
  map: { type: 'string', multiple: true },
  id: { type: 'string' },
  zone: { type: 'string' },
  'client-from': { type: 'string' },
  'route-pattern': { type: 'string', multiple: true },
  spans: { type: 'string' },
  metric: { type: 'string', multiple: true },
  limit: { type: 'string' },
  'push-by': { type: 'string' },
  audience: { type: 'string' },
} as const;

export type FlagValues = { [name in keyof typeof SOURCE_FLAGS]?: string | string[] | undefined };

/** Value that removes the option of a flag. */
const NONE = 'none';

/**
 * Returns options with the changes of flags: each flag replaces its option, `none` removes it; `--map` works field by field.
 * `address`: the address of the source, if it is known. Throws a `source` error that names the flag.
 */
export function applyFlags(
  options: StoredOptions,
  values: FlagValues,
  adapter: string,
  address?: string,
): StoredOptions {
  const changed: StoredOptions = { ...options };
  const maps = list(values.map);
  let map: Record<string, string> = maps.includes(NONE) ? {} : { ...options.map };
  for (const text of maps) if (text !== NONE) map = { ...map, ...parseFieldMap(text) };
  const clientFrom = values['client-from'];
  if (typeof clientFrom === 'string') map.client = clientFrom.split(',').join('|');
  if (typeof values.id === 'string') map = { ...map, ...parseFieldMap(`id=${values.id}`) };
  set('map', Object.keys(map).length === 0 ? undefined : map);
  if (typeof values.format === 'string') set('format', checkFormat(values.format, adapter));
  if (typeof values.zone === 'string') set('zone', checkZone(values.zone));
  if (values['route-pattern'] !== undefined) set('routePatterns', orNone(list(values['route-pattern'])));
  if (values.metric !== undefined) set('metrics', orNone(list(values.metric)));
  if (typeof values.spans === 'string') set('spans', values.spans.split(',').map(toSpanKind));
  if (typeof values.limit === 'string') set('limit', checkLimit(values.limit));
  if (values['push-by'] !== undefined || values.audience !== undefined) set('push', readPush(options, values, address));
  return changed;

  function set<K extends keyof StoredOptions>(name: K, value: StoredOptions[K]): void {
    if (value === undefined) delete changed[name];
    else changed[name] = value;
  }
}

/** Writes options as the flags that would set them; empty if there are none. */
export function describeOptions({
  format,
  map,
  zone,
  routePatterns = [],
  spans,
  metrics = [],
  limit,
  push,
}: StoredOptions): string {
  return [
    ...(format === undefined ? [] : [`--format ${JSON.stringify(format)}`]),
    ...(map ? [`--map ${formatFieldMap(map)}`] : []),
    ...(zone ? [`--zone ${zone}`] : []),
    ...routePatterns.map((pattern) => `--route-pattern ${pattern}`),
    ...(spans ? [`--spans ${spans.join(',')}`] : []),
    ...metrics.map((metric) => `--metric ${metric}`),
    ...(limit === undefined ? [] : [`--limit ${limit}`]),
    ...(push ? [`--push-by ${push.email} --audience ${push.audience}`] : []),
  ].join(' ');
}

function list(value: string | string[] | undefined): string[] {
  return value === undefined ? [] : [value].flat();
}

function orNone(values: string[]): string[] | undefined {
  return values.includes(NONE) ? undefined : values;
}

/** Adapters whose bodies may have lines of text. */
const OF_LINES = ['access-log', 'datadog', 'splunk-hec'];

function checkFormat(format: string, adapter: string): string | undefined {
  if (format === NONE) return undefined;
  if (!OF_LINES.includes(adapter)) {
    throw new HeadroomError(
      'source',
      `--format is for the adapters ${joinWords(OF_LINES)}, not ${adapter}: leave it out.`,
    );
  }
  getLogFormats(format);
  return format;
}

function checkZone(zone: string): string | undefined {
  if (zone === NONE) return undefined;
  if (isZone(zone)) return zone;
  throw new HeadroomError('source', `There is no time zone ${JSON.stringify(zone)}: use one such as Europe/Berlin.`);
}

/** Reads the identity that may push. The default audience is the source's address, as in a subscription that names none. */
function readPush(options: StoredOptions, values: FlagValues, address: string | undefined): StoredOptions['push'] {
  const email = values['push-by'] ?? options.push?.email;
  const audience = values.audience ?? options.push?.audience ?? address;
  if (email === NONE) return undefined;
  if (typeof email !== 'string' || !/^[^@\s]+@[^@\s]+$/.test(email)) {
    throw new HeadroomError('source', '--push-by is the e-mail address of the service account that Pub/Sub pushes as.');
  }
  if (typeof audience === 'string' && audience !== '') return { email, audience };
  const cure = 'set PUBLIC_URL, or give the audience of the subscription with --audience';
  throw new HeadroomError('source', `--push-by needs the address that Pub/Sub pushes to: ${cure}.`);
}

function checkLimit(limit: string): string | undefined {
  if (limit === NONE) return undefined;
  if (readLimit(limit)) return limit;
  throw new HeadroomError(
    'source',
    `--limit is ${JSON.stringify(limit)}: name events in a span of time, such as 5000/s, 60000/min or 1000000/h, or none.`,
  );
}

function toSpanKind(text: string): (typeof SPAN_KINDS)[number] {
  const kind = SPAN_KINDS.find((known) => known === text.trim());
  if (kind) return kind;
  throw new HeadroomError('source', `There is no span kind ${JSON.stringify(text)}: use ${SPAN_KINDS.join(', ')}.`);
}
