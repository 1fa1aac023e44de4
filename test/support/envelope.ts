import type { Envelope } from '../../src/ingest/adapter.ts';

/** An authenticated JSON request from the first source, without its body. */
export const ENVELOPE: Envelope = {
  sourceId: 1,
  sourceName: 'default',
  adapter: 'native',
  options: {},
  contentType: 'application/json',
  headers: {},
};
