import type { LatencyAnswer } from '../domain/usage.ts';
import { countOf, joinWords } from './format.ts';
import type { Inquiry } from './inquiry.ts';
import { isNamed } from './totals.ts';

/** How a sender gives durations, by the adapter of its source. */
const CURES: Readonly<Record<string, string>> = {
  native: 'add duration_ms to each event',
  cloudevents: 'add duration_ms to data',
  'access-log': 'log the duration too ($request_time in nginx), as JSON or in a format that you name',
  kong: 'keep latencies.request in what http-log sends',
  firehose: 'add responseLatency ($context.responseLatency) to the log format',
  otlp: 'send traces: spans have a duration, metrics and logs have none',
  segment: 'add duration_ms to the properties',
  logpush: 'add the field EdgeTimeToFirstByteMs to the job',
};
const NAMED = 3;

/**
 * Whose calls carry no duration at all, and how their senders give one. `untimed`: names of the ranking without any; their
 * sources are looked up only where there are such names, or no duration at all.
 */
export async function noteUntimed(
  { deps, span, filters }: Inquiry,
  { total }: LatencyAnswer,
  untimed: readonly string[],
): Promise<string[]> {
  if (total.requests === 0 || (total.latency && untimed.length === 0)) return [];
  const [{ rows }, sources] = await Promise.all([
    deps.usage.latency({ span, filters, grain: 'all', groupBy: 'source' }),
    deps.sources?.() ?? [],
  ]);
  const adapters = new Map(sources.map(({ name, adapter }) => [name, adapter]));
  const without = rows.filter(({ latency }) => !latency).map(({ key }) => key);
  const cures = without.slice(0, NAMED).map((source) => {
    const cure = CURES[adapters.get(source) ?? 'native'] ?? CURES.native!;
    return `${source} sends no durations: ${cure}.`;
  });
  const named = untimed.filter(isNamed);
  const more = named.length > NAMED ? [countOf(named.length - NAMED, 'other')] : [];
  return [
    ...(total.latency && named.length > 0
      ? [`No durations from ${joinWords([...named.slice(0, NAMED), ...more])}.`]
      : []),
    ...cures,
  ];
}
