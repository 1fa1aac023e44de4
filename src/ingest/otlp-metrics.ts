import { createHash } from 'node:crypto';
import { isFields } from './event-collector.ts';
import { describeValue, type EventFields } from './event-fields.ts';
import { type Attributes, listFields, type OtlpRecord, readAttributes } from './otlp-messages.ts';
import { isUnset, toNanoseconds, toTime } from './otlp-time.ts';

/** The histogram whose `count` is the number of calls, by the semantic conventions, stable and old. */
const STABLE_NAME = 'http.server.request.duration';
const OLD_NAME = 'http.server.duration';

const DELTA: readonly unknown[] = [1, 'AGGREGATION_TEMPORALITY_DELTA'];

const WRONG_TEMPORALITY =
  'only delta data points can be counted, not cumulative ones. Set OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=delta, put the processor cumulativetodelta into the Collector, or send traces.';

const NO_COUNT = 'this is no count of calls. Send a monotonic sum or a histogram.';

/** A data point as an event: what it is called, what it says, and what forbids to count it. */
export interface DataPoint {
  attributes: Attributes;
  own: EventFields;
  fault: string | undefined;
}

/**
 * The data points of request metrics (those in `named`, else that of the conventions), each an event that stands for
 * `count` calls, dated to the last millisecond of its span. Its id is made of what names it (metric, attributes, span), so
 * that a repeated export counts once.
 *
 * Cumulative points have a fault: what one of them adds depends on which came before it, and usage must not depend on the
 * order of arrival (points overtake each other where exporters retry, or share a load balancer).
 */
export function listDataPoints(metrics: readonly OtlpRecord[], named: unknown): DataPoint[] {
  return selectCounted(metrics, named).flatMap(({ record, resource, scope }) => {
    const { histogram, exponentialHistogram, sum, gauge, summary } = record;
    const data = [histogram, exponentialHistogram, sum, gauge, summary].find(isFields) ?? {};
    const isTotal = data === sum ? data.isMonotonic === true : data !== gauge;
    const isDelta = DELTA.includes(data.aggregationTemporality);
    const reason = isTotal ? (isDelta ? undefined : WRONG_TEMPORALITY) : NO_COUNT;
    const fault = reason === undefined ? undefined : `${describeValue(record.name)}: ${reason}`;
    return listFields(data, 'dataPoints').map((point) => {
      const attributes = readAttributes(point);
      const id = toId([record.name, scope, sortByName(resource), sortByName(attributes), toSpan(point)]);
      const own = { id, time: toPointTime(point), count: toCount(point) };
      return { attributes: { ...resource, ...attributes }, own, fault };
    });
  });
}

/** Instrumentation on the way from the old conventions to the stable ones (`http/dup`) counts each call under both names. */
function selectCounted(metrics: readonly OtlpRecord[], named: unknown): OtlpRecord[] {
  if (Array.isArray(named) && named.length > 0) return metrics.filter(({ record }) => named.includes(record.name));
  const stable = metrics.filter(({ record }) => record.name === STABLE_NAME);
  const resources = new Set(stable.map(({ resource }) => resource));
  return metrics.filter(
    ({ record, resource }) => record.name === STABLE_NAME || (record.name === OLD_NAME && !resources.has(resource)),
  );
}

/** A point's calls ended within [start, time): its last millisecond keeps it on the right day and is the most recent. */
function toPointTime({ startTimeUnixNano, timeUnixNano }: Readonly<Record<string, unknown>>): unknown {
  const end = toTime(timeUnixNano);
  const start = isUnset(startTimeUnixNano) ? 0 : toTime(startTimeUnixNano);
  return typeof end === 'number' && typeof start === 'number' ? Math.max(start, end - 1) : end;
}

function toCount({ count, asInt, asDouble }: Readonly<Record<string, unknown>>): unknown {
  const value = count ?? asInt;
  if (value === undefined) return asDouble ?? 0;
  const exact = toNanoseconds(value);
  return exact === undefined ? value : Number(exact);
}

function toSpan({ startTimeUnixNano, timeUnixNano }: Readonly<Record<string, unknown>>): string[] {
  return [startTimeUnixNano, timeUnixNano].map((time) => String(time ?? 0));
}

function sortByName(attributes: Attributes): [string, unknown][] {
  return Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** SHA-256, in hex, of what tells a data point from all others. */
function toId(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
