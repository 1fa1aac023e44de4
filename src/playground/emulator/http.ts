import type { IncomingMessage, ServerResponse } from 'node:http';
import { isObject } from './elements.ts';
import type { JsonObject } from './types.ts';

/** Refuse larger bodies. No bot should send as much, not even as a file. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new Error(`request body over ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/**
 * Reads the arguments of a Web API call. In form bodies and query strings, structured arguments are JSON in strings: `asJson`
 * decodes these. Undefined if the body cannot be read.
 */
export function parseArguments(contentType: string, body: Buffer, query: URLSearchParams): JsonObject | undefined {
  const args: JsonObject = Object.fromEntries(query);
  if (body.length === 0) return args;
  if (contentType.startsWith('application/json')) {
    try {
      const parsed: unknown = JSON.parse(body.toString('utf8'));
      return isObject(parsed) ? { ...args, ...parsed } : undefined;
    } catch {
      return undefined;
    }
  }
  return { ...args, ...Object.fromEntries(new URLSearchParams(body.toString('utf8'))) };
}

/** Decodes a structured argument, sent as JSON or as a string of JSON. Other strings are returned as they are. */
export function asJson(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  const text = JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
  response.end(text);
}

const SECRET = /xox[a-z]-[\w-]+|xapp-[\w-]+/g;

/** Returns a copy without tokens, for the record of calls. */
export function toRecord<T>(value: T): T {
  if (value === undefined) return value;
  const text = JSON.stringify(value, (key, one) => (key === 'token' ? undefined : one));
  return JSON.parse(text.replace(SECRET, '<token>'));
}
