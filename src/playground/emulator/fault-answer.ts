import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Fault } from './faults.ts';
import { sendJson } from './http.ts';
import type { JsonObject } from './types.ts';

export interface ApiAnswer {
  status: number;
  body: JsonObject;
  headers?: Record<string, string>;
}

/**
 * Answers a request, or fails to in the way `fault` says. `run` does the work, and is not called when the fault comes
 * before it. Whatever happens is recorded, a cut or missing answer as status 0.
 */
export async function answerFault(
  fault: Fault | undefined,
  response: ServerResponse,
  record: (status: number, answer: JsonObject) => void,
  run: () => ApiAnswer | Promise<ApiAnswer>,
): Promise<void> {
  if (fault?.delayMs) await delay(fault.delayMs, undefined, { ref: false });
  if (fault?.drop || fault?.timeout) {
    record(0, { fault: fault.drop ? 'drop' : 'timeout' });
    if (fault.drop) response.destroy();
    return;
  }
  if (fault?.status !== undefined) {
    record(fault.status, { fault: 'status' });
    response.writeHead(fault.status, { 'content-type': 'text/plain' });
    response.end('emulated fault');
    return;
  }
  if (fault?.error !== undefined || fault?.retryAfter !== undefined) {
    const body = { ok: false, error: fault.error ?? 'ratelimited' };
    const limited = fault.retryAfter !== undefined;
    record(limited ? 429 : 200, body);
    return sendJson(response, limited ? 429 : 200, body, limited ? { 'retry-after': String(fault.retryAfter) } : {});
  }
  if (fault?.garbled !== undefined) return answerGarbled(response, fault.garbled, record);
  const answer = await run();
  if (fault?.garbledAfter !== undefined) return answerGarbled(response, fault.garbledAfter, record);
  if (fault?.dropAfter || fault?.timeoutAfter) {
    record(0, { fault: fault.dropAfter ? 'dropAfter' : 'timeoutAfter', ...answer.body });
    if (fault.dropAfter) response.destroy();
    return;
  }
  record(answer.status, answer.body);
  sendJson(response, answer.status, answer.body, answer.headers);
}

function answerGarbled(
  response: ServerResponse,
  text: string,
  record: (status: number, answer: JsonObject) => void,
): void {
  record(200, { fault: 'garbled' });
  response.writeHead(200, { 'content-type': 'text/html' }).end(text);
}
