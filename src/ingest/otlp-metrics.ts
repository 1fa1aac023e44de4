import { createHash } from 'node:crypto';
import type { CumulativePoint } from './adapter.ts';
import { type EventCollector, type Fields, isFields } from './event-collector.ts';
import { describeValue, type EventFields } from './event-fields.ts';
import {
  type Attributes,
  isUnset,
  listFields,
  type OtlpEntry,
  type OtlpOrigin,
  type OtlpRecord,
  readAttributes,
  toNanoseconds,
  toRequest,
  toTime,
} from './otlp-messages.ts';

/** The histogram whose `count` is the number of calls, by the semantic conventions, stable and old. */
const STABLE_NAME = 'http.server.request.duration';
const OLD_NAME = 'http.server.duration';

const TYPES = ['histogram', 'exponentialHistogram', 'sum', 'gauge', 'summary'] as const;

const TEMPORALITIES = ['', 'AGGREGATION_TEMPORALITY_DELTA', 'AGGREGATION_TEMPORALITY_CUMULATIVE'];

const NO_COUNT = 'this is no count of calls. Send a monotonic sum or a histogram.';

/** The flag of a point at which nothing was recorded. */
const NO_RECORDED_VALUE = 1;

/**
 * Takes the data points of request metrics (those in `named`, else that of the conventions). A delta point is an event that
 * stands for its calls, dated to the last millisecond of its span, under an id made of all that names it, so that a repeated
 * export counts once. What a cumulative point adds depends on those before it: these are answered, to be told apart when
 * they are committed.
 */
export function takeMetrics(
  entries: readonly OtlpEntry[],
  events: EventCollector,
  named: readonly string[] | undefined,
  toFields: (attributes: Attributes) => EventFields,
  missingClient: string,
): CumulativePoint[] {
  const cumulative: CumulativePoint[] = [];
  const isCounted = toSelection(entries, named);
  let index = -1;

  function takePoint({ record, resource, origin }: OtlpRecord, type: (typeof TYPES)[number], point: Fields): void {
    const data = record[type] as Fields;
    const sent = toRequest('metrics', { ...record, [type]: { ...data, dataPoints: [point] } }, origin);
    let attributes: Attributes;
    try {
      attributes = { ...resource, ...readAttributes(point) };
    } catch (error) {
      events.take(index, point, (error as Error).message, sent);
      return;
    }
    const series = toSeries(record, type, origin, point);
    const span = [point.startTimeUnixNano, point.timeUnixNano].map((time) => String(toNanoseconds(time ?? 0) ?? time));
    const value = toValue(point);
    const isCumulative = type === 'summary' || toTemporality(data.aggregationTemporality) === 2;
    const own = {
      id: toHash(`${series} ${span.join(' ')}`),
      time: toPointTime(point),
      count: isCumulative ? 1 : value,
    };
    const fields: EventFields = { ...toFields(attributes), ...own };
    const fault = findFault(record, type, data, value);
    if (fault !== undefined) events.take(index, fields, fault, sent);
    else if (isCumulative) {
      const event = events.read(fields, attributes, missingClient);
      const endNs = toNanoseconds(point.timeUnixNano);
      if (typeof event === 'string') events.take(index, fields, event, sent);
      else if (endNs === undefined || endNs === 0n)
        events.take(index, fields, 'timeUnixNano is missing: send it.', sent);
      else cumulative.push({ index, series, startNs: span[0]!, endNs, value: value as number, event });
    } else if (value !== 0) events.add(index, fields, attributes, missingClient, sent);
  }

  for (const entry of entries) {
    if ('fault' in entry) {
      index += 1;
      events.reject(index, entry.value, entry.fault);
      continue;
    }
    const { record } = entry;
    const type = TYPES.find((each) => isFields(record[each]));
    if (type === undefined) continue;
    let points: readonly Fields[];
    try {
      points = listFields(record[type] as Fields, 'dataPoints');
    } catch (error) {
      index += 1;
      events.reject(index, record, (error as Error).message);
      continue;
    }
    if (!isCounted(entry)) {
      for (const _ of points) events.note(`data points of ${describeValue(record.name)}`);
      continue;
    }
    for (const point of points) {
      index += 1;
      if ((Number(point.flags ?? 0) & NO_RECORDED_VALUE) === 0) takePoint(entry, type, point);
    }
  }
  return cumulative;
}

/** Instrumentation on the way from the old conventions to the stable ones (`http/dup`) counts each call under both names. */
function toSelection(
  entries: readonly OtlpEntry[],
  named: readonly string[] | undefined,
): (metric: OtlpRecord) => boolean {
  if (named && named.length > 0) return ({ record }) => named.includes(String(record.name));
  const stable = new Set<Attributes>();
  for (const entry of entries) if ('record' in entry && entry.record.name === STABLE_NAME) stable.add(entry.resource);
  return ({ record, resource }) => record.name === STABLE_NAME || (record.name === OLD_NAME && !stable.has(resource));
}

function findFault(record: Fields, type: string, data: Fields, value: unknown): string | undefined {
  const isTotal = type === 'sum' ? data.isMonotonic === true : type !== 'gauge';
  if (!isTotal) return `${describeValue(record.name)}: ${NO_COUNT}`;
  if (type !== 'summary' && toTemporality(data.aggregationTemporality) === 0) {
    return `aggregationTemporality is ${describeValue(data.aggregationTemporality)}: send 1 (delta) or 2 (cumulative).`;
  }
  if (Number.isSafeInteger(value) && (value as number) >= 0) return undefined;
  return `count is ${describeValue(value)}: send a whole number of calls from 0 on.`;
}

/** Its number, which may come as its name; 0: unset, or none that there is. */
function toTemporality(value: unknown): number {
  const number =
    typeof value === 'string' && TEMPORALITIES.includes(value) ? TEMPORALITIES.indexOf(value) : Number(value);
  return number === 1 || number === 2 ? number : 0;
}

/** A point's calls ended within [start, time): its last millisecond keeps it on the right day and is the most recent. */
function toPointTime({ startTimeUnixNano, timeUnixNano }: Fields): unknown {
  const end = toTime(timeUnixNano);
  const start = isUnset(startTimeUnixNano) ? 0 : toTime(startTimeUnixNano);
  return typeof end === 'number' && typeof start === 'number' ? Math.max(start, end - 1) : end;
}

/** Integers come as text, numbers or bigint; those of protobuf's JSON that are none (`"NaN"`) as text. */
function toValue({ count, asInt, asDouble }: Fields): unknown {
  const value = count ?? asInt;
  if (value === undefined || value === null) return typeof asDouble === 'string' ? Number(asDouble) : (asDouble ?? 0);
  const exact = toNanoseconds(value);
  return exact === undefined ? value : Number(exact);
}

/** All that tells a series from others: who made it, the metric and its kind, and its attributes, in any order. */
function toSeries({ name, unit }: Fields, type: string, origin: OtlpOrigin, point: Fields): string {
  const { resource, resourceSchema, scope, scopeSchema } = origin;
  const parts = [
    ...[toIdentity(resource.attributes), resourceSchema || '', scope.name || '', scope.version || ''],
    ...[toIdentity(scope.attributes), scopeSchema || '', name, unit || '', type, toIdentity(point.attributes)],
  ];
  return toHash(JSON.stringify(parts));
}

/** Attributes sorted by key; a number is the same however it was written. */
function toIdentity(attributes: unknown): unknown {
  if (!Array.isArray(attributes)) return [];
  return attributes
    .filter(isFields)
    .map(({ key, value }) => [String(key), toPlain(value)] as const)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

function toPlain(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return value.map(toPlain);
  if (!isFields(value)) return value;
  const { intValue, ...rest } = value;
  const entries = Object.entries(rest).map(([name, part]) => [name, toPlain(part)]);
  return Object.fromEntries(intValue === undefined ? entries : [['intValue', String(intValue)], ...entries]);
}

/** SHA-256, in hex. */
function toHash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
