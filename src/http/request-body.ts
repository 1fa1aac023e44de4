import type { IncomingMessage, ServerResponse } from 'node:http';
import { HeadroomError } from '../errors.ts';
import { tooLarge } from '../ingest/body.ts';

/** The caller went away before the body was whole: there is nobody to answer. */
export class AbortedError extends Error {
  override readonly name = 'AbortedError';
}

/**
 * Memory for bodies being read or written. No owner (a source, or for Slack's requests an address) takes more than it leaves
 * free, so bodies that never end keep out nobody but their own sender.
 */
export class BodyBudget {
  readonly #limitBytes: number;
  readonly #takenBy = new Map<string, number>();
  #takenBytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** `held`: of the same body. Throws `overloaded` when there is no room; alone, a body always finds room. */
  take(owner: string, bytes: number, held: number): void {
    const own = (this.#takenBy.get(owner) ?? 0) + bytes;
    if (this.#takenBytes > held && own > this.#limitBytes - this.#takenBytes) {
      throw new HeadroomError(
        'overloaded',
        'Too much is being received at once; nothing of this was counted. Send it again in 2 seconds.',
      );
    }
    this.#takenBy.set(owner, own);
    this.#takenBytes += bytes;
  }

  release(owner: string, bytes: number): void {
    const own = (this.#takenBy.get(owner) ?? 0) - bytes;
    if (own > 0) this.#takenBy.set(owner, own);
    else this.#takenBy.delete(owner);
    this.#takenBytes -= bytes;
  }
}

/** How much of a body is read, into whose share of which memory, and for how long. */
export interface BodyRoom {
  maxBytes: number;
  budget: BodyBudget;
  owner: string;
  withinMs?: number;
  /** What whoever sends more is told to do. */
  cure?: string;
}

/** The whole body. `release` when it is done with. */
export interface HeldBody {
  bytes: Uint8Array;
  release(): void;
}

/**
 * Reads a body of at most `maxBytes`, however it is framed, and says 100 Continue where the caller waits for it. Only what
 * has come takes room: callers who announce much and send nothing keep nobody out. Who has not sent all of it `withinMs` is cut
 * off. Rejects with `too_large` (at once where Content-Length says so), `overloaded`, or AbortedError.
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
    let held = 0;
    const release = (): void => {
      budget.release(owner, held);
      held = 0;
    };
    const stop = (error: unknown): void => {
      clearTimeout(deadline);
      request.off('data', onData);
      // What still comes is read and thrown away, so that the caller gets to see the answer.
      request.resume();
      release();
      reject(error);
    };
    const onData = (chunk: Uint8Array): void => {
      try {
        if (held + chunk.length > maxBytes) throw tooLarge(maxBytes, cure);
        budget.take(owner, chunk.length, held);
        held += chunk.length;
        chunks.push(chunk);
      } catch (error) {
        stop(error);
      }
    };
    request.on('data', onData);
    request.on('end', () => {
      clearTimeout(deadline);
      resolve({ bytes: chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, held), release });
    });
    request.on('error', () => stop(new AbortedError('the request was cut off')));
    request.on('close', () => {
      if (!request.complete) stop(new AbortedError('the request was cut off'));
    });
  });
}
