import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Core } from './core.ts';
import type { Fault } from './faults.ts';
import { sendJson, toRecord } from './http.ts';
import type { JsonObject } from './types.ts';

export interface Answer {
  status: number;
  body: JsonObject;
  headers?: Record<string, string>;
}

/** What a fault makes of an answer: cut it off (status 0), hold it back (status -1), or say something else. */
interface Spoilt {
  fault: string;
  status: number;
  text?: string;
  headers?: Record<string, string>;
}

function spoil(fault: Fault, done: boolean): Spoilt | undefined {
  const { drop, timeout, garbled } = done
    ? { drop: fault.dropAfter, timeout: fault.timeoutAfter, garbled: fault.garbledAfter }
    : fault;
  if (drop) return { fault: done ? 'dropAfter' : 'drop', status: 0 };
  if (timeout) return { fault: done ? 'timeoutAfter' : 'timeout', status: -1 };
  if (garbled !== undefined) return { fault: 'garbled', status: 200, text: garbled };
  if (!done && fault.status !== undefined) return { fault: 'status', status: fault.status, text: 'emulated fault' };
  return undefined;
}

/**
 * Answers a request and records it, or fails to in the way that a fault for `method` says. `run` does the work, and is not
 * called when the fault comes before it. A cut or missing answer is recorded as status 0.
 */
export async function answer(
  core: Core,
  response: ServerResponse,
  { method, args }: { method: string; args: JsonObject },
  run: () => Answer,
): Promise<void> {
  const fault = core.faults.take(method) ?? {};
  if (fault.delayMs) await delay(fault.delayMs, undefined, { ref: false });
  const record = (status: number, said: JsonObject) =>
    core.state.record({ method, args: toRecord(args), answer: toRecord(said), status: Math.max(0, status) });
  const refused = fault.error !== undefined || fault.retryAfter !== undefined;
  let spoilt = spoil(fault, false);
  let done: Answer = { status: 0, body: {} };
  if (!spoilt) {
    done = refused ? refuse(fault) : run();
    spoilt = spoil(fault, true);
  }
  if (!spoilt) {
    record(done.status, done.body);
    sendJson(response, done.status, done.body, done.headers);
    return;
  }
  record(spoilt.status, { fault: spoilt.fault, ...done.body });
  if (spoilt.text !== undefined) response.writeHead(spoilt.status, { 'content-type': 'text/plain' }).end(spoilt.text);
  else if (spoilt.status === 0) response.destroy();
}

function refuse({ error = 'ratelimited', retryAfter }: Fault): Answer {
  const body = { ok: false, error };
  return retryAfter === undefined
    ? { status: 200, body }
    : { status: 429, body, headers: { 'retry-after': String(retryAfter) } };
}
