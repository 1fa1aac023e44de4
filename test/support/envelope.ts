import type { Envelope } from '../../src/ingest/adapter.ts';

/** An authenticated request of JSON from the first source. */
export const ENVELOPE: Envelope = {
  sourceId: 1,
  sourceName: 'default',
  adapter: 'native',
  options: {},
  contentType: 'application/json',
  headers: {},
};
