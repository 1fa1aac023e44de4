import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { AdapterInput, ParsedRequest } from '../../src/ingest/adapter.ts';
import { getAdapter } from '../../src/ingest/adapters.ts';

/** Reads a recorded body. */
export function readFixture(path: string): Buffer {
  return readFileSync(fileURLToPath(new URL(`../fixtures/${path}`, import.meta.url)));
}

/** Parses a body (text, bytes, or a value that is sent as JSON) with an adapter. */
export function parse(adapter: string, body: unknown, input: Partial<Omit<AdapterInput, 'body'>> = {}): ParsedRequest {
  const bytes =
    body instanceof Uint8Array ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body), 'utf8');
  return getAdapter(adapter).parse({
    contentType: 'application/json',
    headers: {},
    receivedMs: Date.UTC(2026, 10, 20, 12),
    options: {},
    ...input,
    body: bytes,
  });
}
