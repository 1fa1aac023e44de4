import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ErrorCode, HeadroomError } from '../errors.ts';
import { tooLarge } from '../ingest/body.ts';

/** Thrown if the caller went away before its body was complete: there is nobody to answer. */
export class AbortedError extends Error {
  override readonly name = 'AbortedError';
}

/** A body that takes memory from a budget. */
interface BegunBody {
  readonly owner: string;
  bytes: number;
  /** Stops reading it, with this error. */
  giveWay(error: unknown): void;
}

/**
 * Memory for bodies, shared by their owners (sources, or addresses). An owner may hold up to as much as stays free. Beyond that
 * it may still hold an equal share of all: if memory for its share is missing, incomplete bodies of the owner with the most are
 * dropped. So senders of bodies that never end shut out only themselves, however many they are.
 */
export class BodyBudget {
  readonly #limitBytes: number;
  readonly #takenBy = new Map<string, number>();
  /** Incomplete bodies, in the order in which they began. */
  readonly #unfinished = new Set<BegunBody>();
  readonly #smallFirst: boolean;
  #takenBytes = 0;

  /** `smallFirst`: within one owner, larger incomplete bodies are dropped for a smaller one. */
  constructor(limitBytes: number, { smallFirst = false } = {}) {
    this.#limitBytes = limitBytes;
    this.#smallFirst = smallFirst;
  }

  /** Reserves memory for more of a body. Throws `overloaded` if there is none; the only body always gets it. */
  take(body: BegunBody, bytes: number): void {
    const isAlone = this.#takenBytes === body.bytes;
    let own = this.#ownOf(body) + bytes;
    if (!isAlone && own > this.#limitBytes - this.#takenBytes) {
      this.#makeRoom(body, bytes);
      own = this.#ownOf(body) + bytes;
    }
    this.#takenBy.set(body.owner, own);
    this.#unfinished.add(body);
    body.bytes += bytes;
    this.#takenBytes += bytes;
  }

  /** Notes that a body is complete: it keeps its memory until it is released. */
  finish(body: BegunBody): void {
    this.#unfinished.delete(body);
  }

  /** Frees the memory of a body. May be called twice. */
  release(body: BegunBody): void {
    this.#unfinished.delete(body);
    const own = this.#ownOf(body) - body.bytes;
    if (own > 0) this.#takenBy.set(body.owner, own);
    else this.#takenBy.delete(body.owner);
    this.#takenBytes -= body.bytes;
    body.bytes = 0;
  }

  #ownOf({ owner }: BegunBody): number {
    return this.#takenBy.get(owner) ?? 0;
  }

  #makeRoom(body: BegunBody, bytes: number): void {
    const owners = this.#takenBy.size + (this.#takenBy.has(body.owner) ? 0 : 1);
    // Keep one share for a future owner, since complete bodies cannot be dropped for it.
    const share = this.#limitBytes / (owners + 1);
    const giveWay = (other: BegunBody | undefined): void => {
      if (!other) throw overloaded();
      other.giveWay(overloaded());
    };
    while (this.#ownOf(body) + bytes > share) giveWay(this.#smallFirst ? this.#findLarger(body, bytes) : undefined);
    while (this.#takenBytes + bytes > this.#limitBytes) giveWay(this.#findUnfinished(share));
  }

  /** Finds the largest incomplete body of the same owner, if it is larger than this one will be. */
  #findLarger({ owner, bytes: held }: BegunBody, bytes: number): BegunBody | undefined {
    let found: BegunBody | undefined;
    for (const body of this.#unfinished)
      if (body.owner === owner && body.bytes > (found?.bytes ?? held + bytes)) found = body;
    return found;
  }

  /** Finds the owner that holds most, if more than its share, and returns its newest incomplete body. */
  #findUnfinished(share: number): BegunBody | undefined {
    let found: BegunBody | undefined;
    let most = share;
    for (const body of this.#unfinished) {
      const bytes = this.#ownOf(body);
      if (bytes < most || bytes <= share) continue;
      most = bytes;
      found = body;
    }
    return found;
  }
}

function overloaded(): HeadroomError {
  return new HeadroomError(
    'overloaded',
    'Too much is being received at once; nothing of this was kept. Send it again in 2 seconds.',
  );
}

/** Limits for reading a body: its size, the memory and owner it counts for, and the time. */
interface BodyRoom {
  maxBytes: number;
  budget: BodyBudget;
  owner: string;
  withinMs?: number;
  /** End of the error for a larger body: how to send less. */
  cure?: string;
}

/** A complete body in memory. Call `release` when it is no longer needed. */
export interface HeldBody {
  bytes: Uint8Array;
  release(): void;
}

/**
 * Reads a body of at most `maxBytes`, however it is framed, and answers 100 Continue if the caller waits for it. Only bytes that
 * have arrived take memory, so callers who announce much and send nothing shut nobody out. A caller who has not sent all of it
 * `withinMs` is cut off. Rejects with `too_large` (at once if Content-Length says so), `overloaded`, or AbortedError.
 */
export function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  { maxBytes, budget, owner, withinMs, cure }: BodyRoom,
): Promise<HeldBody> {
  const { headers } = request;
  if (Number(headers['content-length'] ?? 0) > maxBytes) return Promise.reject(tooLarge(maxBytes, cure));
  if (headers.expect !== undefined && /^100-continue$/i.test(headers.expect)) response.writeContinue();
  return new Promise((resolve, reject) => {
    const deadline = withinMs && setTimeout(() => request.destroy(), withinMs);
    const chunks: Uint8Array[] = [];
    const stop = (error: unknown): void => {
      clearTimeout(deadline);
      request.off('data', onData);
      // Read and drop the rest: some callers do not read the answer before they have written everything.
      request.resume();
      chunks.length = 0;
      budget.release(body);
      reject(error);
    };
    const body = { owner, bytes: 0, giveWay: stop };
    const onData = (chunk: Uint8Array): void => {
      try {
        if (body.bytes + chunk.length > maxBytes) throw tooLarge(maxBytes, cure);
        budget.take(body, chunk.length);
        chunks.push(chunk);
      } catch (error) {
        stop(error);
      }
    };
    request.on('data', onData);
    request.on('end', () => {
      clearTimeout(deadline);
      budget.finish(body);
      const bytes = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, body.bytes);
      resolve({ bytes, release: () => budget.release(body) });
    });
    request.on('error', () => stop(new AbortedError('the request was cut off')));
    request.on('close', () => {
      if (!request.complete) stop(new AbortedError('the request was cut off'));
    });
  });
}

/** An HTTP response. */
export interface HttpAnswer {
  status: number;
  /** Plain data, sent as JSON; a text or bytes are sent as they are. Absent: no body. */
  body?: unknown;
  contentType?: string;
  headers?: Readonly<Record<string, string>>;
}

/** HTTP status by error code; other errors are defects of ours: 500. */
const STATUS: Partial<Record<ErrorCode, number>> = {
  unreadable: 400,
  unauthorised: 401,
  too_large: 413,
  unsupported: 415,
  limited: 429,
  overloaded: 503,
  database: 503,
};

const RETRY_AFTER_SECONDS = 2;

/** Makes the answer to a request that failed: `{"error": …}`, with headers that the client needs, such as Retry-After. */
export function toErrorAnswer(error: unknown): HttpAnswer {
  const status = error instanceof HeadroomError ? STATUS[error.code] : undefined;
  if (status === undefined) {
    return {
      status: 500,
      body: {
        error: 'This failed on our side and nothing of it was counted: send it again, and see the log of Headroom.',
      },
    };
  }
  const { message, retryAfterS } = error as HeadroomError;
  return { status, body: { error: hidePlace(message) }, headers: headersFor(status, retryAfterS) };
}

/** Removes the database's address, which system errors contain and no caller needs: `connect ECONNREFUSED 10.0.0.5:5432`. */
export function hidePlace(message: string): string {
  return message.replace(/\b(E[A-Z]{4,}) [^\s;,)]+/g, '$1');
}

function headersFor(status: number, retryAfterS = RETRY_AFTER_SECONDS): Record<string, string> {
  if (status === 401) return { 'www-authenticate': 'Bearer realm="headroom"' };
  if (status === 503 || status === 429) return { 'retry-after': String(retryAfterS) };
  return {};
}

/** Converts an error answer to RFC 9457 problem details. */
export function toProblem(answer: HttpAnswer): HttpAnswer {
  const { error, ...rest } = answer.body as { error: string };
  return {
    ...answer,
    contentType: 'application/problem+json',
    body: {
      type: 'about:blank',
      title: TITLES[answer.status] ?? 'Error',
      status: answer.status,
      detail: error,
      ...rest,
    },
  };
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  404: 'Not Found',
  406: 'Not Acceptable',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

/** Sends an answer, unless the caller has gone or was answered before. `HEAD` gets no body. */
export function sendAnswer(request: IncomingMessage, response: ServerResponse, answer: HttpAnswer): void {
  if (response.headersSent || response.destroyed) return;
  const { body } = answer;
  const content = toContent(body);
  const headers: Record<string, string | number> = { ...answer.headers };
  if (answer.status !== 204 && answer.status !== 304) {
    headers['content-length'] = Buffer.byteLength(content);
    if (content.length > 0 || answer.contentType !== undefined) {
      headers['content-type'] =
        answer.contentType ?? (typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json');
    }
  }
  response.writeHead(answer.status, headers);
  response.end(request.method === 'HEAD' ? undefined : content);
}

function toContent(body: unknown): string | Uint8Array {
  if (body === undefined) return '';
  return typeof body === 'string' || body instanceof Uint8Array ? body : `${JSON.stringify(body)}\n`;
}
