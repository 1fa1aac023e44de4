import type { IncomingMessage, ServerResponse } from 'node:http';
import { isObject } from './elements.ts';
import type { JsonObject } from './types.ts';

/** Far above anything a bot should send; a file of this size is a mistake too. */
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
 * Arguments of a Web API call. JSON bodies are taken as they are; form bodies and query strings carry JSON in strings
 * for structured arguments, which `asJson` undoes. Undefined when the body cannot be read.
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

/** A structured argument, whichever way it was sent; the string itself when it is not JSON. */
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

/** A copy for the record, without tokens. */
export function toRecord<T>(value: T): T {
  if (value === undefined) return value;
  const text = JSON.stringify(value, (key, one) => (key === 'token' ? undefined : one));
  return JSON.parse(text.replace(SECRET, '<token>'));
}
