import type { IngestResult } from '../domain/event.ts';
import type { ErrorCode } from '../errors.ts';
import type { Envelope, IngestRequest } from './adapter.ts';

/**
 * Messages from the server's thread to the thread that commits; it replies with `IntakeAnswer`. Requests travel as one block of
 * bytes with a few numbers each, and plain results as numbers, since copying an object between threads costs more than its event.
 */
export type IntakeCall =
  | ({ kind: 'ingest' } & PackedRequests)
  | { kind: 'check' | 'fold' | 'rest' | 'rows' | 'stop'; id: number }
  | { kind: 'retain'; id: number; nowMs: number };

export type IntakeAnswer = { id: number; result?: IngestResult; error?: IntakeError };

/** An error without a code is a defect of ours. */
export interface IntakeError {
  code?: ErrorCode;
  message: string;
  stack?: string | undefined;
}

export interface NumberedRequest {
  id: number;
  request: IngestRequest;
}

export interface PackedRequests {
  envelopes: Envelope[];
  bytes: Uint8Array<ArrayBuffer>;
  /** Four numbers per request: its id, index of its envelope, offset of its body in `bytes`, time of receipt. */
  numbers: Float64Array<ArrayBuffer>;
}

const REQUEST_NUMBERS = 4;

export function packRequests(requests: readonly NumberedRequest[]): PackedRequests {
  const places = new Map<Envelope, number>();
  const numbers = new Float64Array(requests.length * REQUEST_NUMBERS);
  const bytes = new Uint8Array(requests.reduce((size, { request }) => size + request.body.length, 0));
  let at = 0;
  let number = 0;
  for (const { id, request } of requests) {
    let place = places.get(request.envelope);
    if (place === undefined) {
      place = places.size;
      places.set(request.envelope, place);
    }
    numbers[number] = id;
    numbers[number + 1] = place;
    numbers[number + 2] = at;
    numbers[number + 3] = request.receivedMs;
    number += REQUEST_NUMBERS;
    bytes.set(request.body, at);
    at += request.body.length;
  }
  return { envelopes: [...places.keys()], bytes, numbers };
}

export function unpackRequests({ envelopes, bytes, numbers }: PackedRequests): NumberedRequest[] {
  const requests: NumberedRequest[] = [];
  for (let at = 0; at < numbers.length; at += REQUEST_NUMBERS) {
    const end = numbers[at + REQUEST_NUMBERS + 2] ?? bytes.length;
    requests.push({
      id: numbers[at]!,
      request: {
        envelope: envelopes[numbers[at + 1]!]!,
        body: bytes.subarray(numbers[at + 2]!, end),
        receivedMs: numbers[at + 3]!,
      },
    });
  }
  return requests;
}

export interface PackedAnswers {
  /** RESULT_NUMBERS for each request without rejected events or unread fields. */
  numbers: Float64Array<ArrayBuffer>;
  /** All other answers, as they are. */
  others: IntakeAnswer[];
}

const RESULT_NUMBERS = 7;

export function packAnswers(answers: readonly IntakeAnswer[]): PackedAnswers {
  const others = answers.filter(isMore);
  const numbers = new Float64Array((answers.length - others.length) * RESULT_NUMBERS);
  let at = 0;
  for (const { id, result } of answers) {
    if (!result || isMore({ id, result })) continue;
    const { accepted, duplicates, conflicts, withoutId = 0, late = 0, lastEventMs = Number.NaN } = result;
    numbers[at] = id;
    numbers[at + 1] = accepted;
    numbers[at + 2] = duplicates;
    numbers[at + 3] = conflicts;
    numbers[at + 4] = withoutId;
    numbers[at + 5] = late;
    numbers[at + 6] = lastEventMs;
    at += RESULT_NUMBERS;
  }
  return { numbers, others };
}

/** Tells whether an answer holds more than numbers. */
function isMore({ result }: IntakeAnswer): boolean {
  return !result || result.rejected.length > 0 || result.unread !== undefined;
}

export function unpackAnswers({ numbers, others }: PackedAnswers): IntakeAnswer[] {
  const answers: IntakeAnswer[] = [];
  for (let at = 0; at < numbers.length; at += RESULT_NUMBERS) {
    const result: IngestResult = {
      accepted: numbers[at + 1]!,
      duplicates: numbers[at + 2]!,
      conflicts: numbers[at + 3]!,
      withoutId: numbers[at + 4]!,
      late: numbers[at + 5]!,
      rejected: [],
    };
    if (!Number.isNaN(numbers[at + 6])) result.lastEventMs = numbers[at + 6]!;
    answers.push({ id: numbers[at]!, result });
  }
  return [...answers, ...others];
}
