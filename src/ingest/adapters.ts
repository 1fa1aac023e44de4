import { HeadroomError } from '../errors.ts';
import { accessLogAdapter, datadogAdapter, splunkAdapter } from './access-log.ts';
import type { Adapter } from './adapter.ts';
import { firehoseAdapter } from './firehose.ts';
import { jsonAdapters } from './json-senders.ts';
import { cloudEventsAdapter, nativeAdapter } from './native.ts';
import { otlpAdapter } from './otlp.ts';

/** All adapters; `sources add --adapter` takes their names. */
const ADAPTERS: readonly Adapter[] = [
  ...[nativeAdapter, cloudEventsAdapter, accessLogAdapter, firehoseAdapter, otlpAdapter],
  ...[...jsonAdapters, datadogAdapter, splunkAdapter],
];

const byName = new Map(ADAPTERS.map((adapter) => [adapter.name, adapter]));

/** Returns an adapter by name. Throws a `source` error that lists the known names. */
export function getAdapter(name: string): Adapter {
  const adapter = byName.get(name);
  if (adapter) return adapter;
  throw new HeadroomError(
    'source',
    `There is no adapter ${JSON.stringify(name)}: use one of ${listAdapters().join(', ')}.`,
  );
}

export function listAdapters(): string[] {
  return ADAPTERS.map((adapter) => adapter.name);
}
