import type { IncomingHttpHeaders } from 'node:http';
import type { IngestResult } from '../domain/event.ts';
import { HeadroomError } from '../errors.ts';
import { isOtlpProtobuf } from '../ingest/otlp-messages.ts';
import { encodeBytesField, encodeVarintField } from '../ingest/protobuf.ts';
import type { OtlpSignal } from '../ingest/source-options.ts';
import { type HttpAnswer, toErrorAnswer, toProblem } from './message-body.ts';

/** Facts about a request that its answer may depend on. */
export interface AnsweredRequest {
  headers: IncomingHttpHeaders;
  nowMs: number;
}

/** The form of answers that a sender expects. */
export interface AnswerStyle {
  toAnswer: (result: IngestResult, request: AnsweredRequest) => HttpAnswer;
  toErrorAnswer: (error: unknown, request: AnsweredRequest) => HttpAnswer;
  /** A header that the protocol needs; a request without it is refused. */
  requiredHeader?: string;
}

/** Our own style: answers what became of the events; 422 if all of them were rejected. */
export const EVENTS_STYLE: AnswerStyle = {
  toAnswer(result) {
    const body = toEventsBody(result);
    if (!isRejectedWhole(result)) return { status: 200, body };
    return { status: 422, body: { error: `Every event was rejected: ${result.rejected[0]!.error}`, ...body } };
  },
  toErrorAnswer: (error) => toErrorAnswer(error),
};

/** Style of OpenMeter's ingest API: 204, or problem details. */
export const OPENMETER_STYLE: AnswerStyle = {
  toAnswer(result) {
    if (!isRejectedWhole(result)) return { status: 204 };
    const error = `No event is valid: ${result.rejected[0]!.error}`;
    return toProblem({ status: 400, body: { error, rejected: toRejectedList(result) } });
  },
  toErrorAnswer: (error) => toProblem(toErrorAnswer(error)),
};

/**
 * Style for Kong's http-log, Pub/Sub and log shippers, which retry a refused batch whatever the reason and hold back the entries
 * behind it. A batch whose events are all rejected is therefore acknowledged; they are in the list of rejected events.
 */
export const KEEPING_STYLE: AnswerStyle = {
  toAnswer: (result) => ({ status: 200, body: toEventsBody(result) }),
  toErrorAnswer: EVENTS_STYLE.toErrorAnswer,
};

/** Style of Datadog, like `KEEPING_STYLE`; its clients do not read the answer. */
export const DATADOG_STYLE: AnswerStyle = { ...KEEPING_STYLE, toAnswer: () => ({ status: 202, body: {} }) };

/** Style of Splunk's HTTP Event Collector, whose clients look for the code. */
export const SPLUNK_STYLE: AnswerStyle = {
  toAnswer: () => ({ status: 200, body: { text: 'Success', code: 0 } }),
  toErrorAnswer(error) {
    const answer = toErrorAnswer(error);
    const { error: text } = answer.body as { error: string };
    return {
      ...answer,
      body: { text, code: answer.status === 401 ? 4 : answer.status < 500 && answer.status !== 429 ? 6 : 9 },
    };
  },
};

/**
 * Style of Firehose, for which only 200 with the request's id is success. If all events are rejected, the answer is an error: it
 * retries as long as it was set to, then puts them into its backup bucket, and shows the reason in CloudWatch.
 */
export const FIREHOSE_STYLE: AnswerStyle = {
  requiredHeader: 'x-amz-firehose-request-id',
  toAnswer(result, request) {
    if (!isRejectedWhole(result)) return { status: 200, body: toFirehoseBody(request) };
    const message = `Every event was rejected: ${result.rejected[0]!.error}`;
    return { status: 422, body: toFirehoseBody(request, message) };
  },
  toErrorAnswer(error, request) {
    const answer = toErrorAnswer(error);
    return { ...answer, body: toFirehoseBody(request, (answer.body as { error: string }).error) };
  },
};

function toFirehoseBody({ headers, nowMs }: AnsweredRequest, errorMessage?: string): object {
  const requestId = String(headers['x-amz-firehose-request-id'] ?? '');
  return { requestId, timestamp: nowMs, ...(errorMessage === undefined ? {} : { errorMessage }) };
}

/** Throws `unreadable` if a header that the style requires is missing. */
export function checkRequiredHeader({ requiredHeader }: AnswerStyle, headers: IncomingHttpHeaders): void {
  if (requiredHeader === undefined || headers[requiredHeader] !== undefined) return;
  throw new HeadroomError('unreadable', `The header ${requiredHeader} is missing: send it, as the protocol has it.`);
}

function isRejectedWhole({ accepted, duplicates, rejected }: IngestResult): boolean {
  return accepted === 0 && duplicates === 0 && rejected.length > 0;
}

function toEventsBody(result: IngestResult): object {
  const { accepted, duplicates } = result;
  return { accepted, duplicates, rejected: toRejectedList(result) };
}

function toRejectedList({ rejected }: IngestResult): { index: number; id: string | null; error: string }[] {
  return rejected.map(({ index, id, error }) => ({ index, id: id ?? null, error }));
}

const REJECTED: Readonly<Record<OtlpSignal, string>> = {
  traces: 'rejectedSpans',
  logs: 'rejectedLogRecords',
  metrics: 'rejectedDataPoints',
};

/** google.rpc.Code by HTTP status; all others are 14, unavailable, and may be sent again. */
const RPC_CODES: Readonly<Record<number, number>> = { 400: 3, 401: 16, 413: 8, 415: 3 };
const UNAVAILABLE = 14;

/**
 * Makes the style of OTLP/HTTP: 200 with the number of rejected records, which must not be sent again, or google.rpc.Status;
 * each in the content type of the request. Exporters drop data after a 500, so a defect of ours is answered with 503.
 * Source: https://opentelemetry.io/docs/specs/otlp/#otlphttp-response.
 */
export function createOtlpStyle(signal: OtlpSignal): AnswerStyle {
  return {
    toAnswer({ rejected, unread }, request) {
      const errorMessage = [summarise(rejected.map(({ error }) => error)), describeUnread(unread)].join(' ').trim();
      if (errorMessage === '') return toTyped(request, { status: 200 }, {}, new Uint8Array());
      const partialSuccess = { [REJECTED[signal]]: String(rejected.length), errorMessage };
      const bytes = encodeBytesField(1, encodeCountAndText(rejected.length, errorMessage));
      return toTyped(request, { status: 200 }, { partialSuccess }, bytes);
    },
    toErrorAnswer(error, request) {
      const answer = toErrorAnswer(error);
      const { error: message } = answer.body as { error: string };
      const head = answer.status === 500 ? { status: 503, headers: { 'retry-after': '2' } } : answer;
      const code = RPC_CODES[head.status] ?? UNAVAILABLE;
      return toTyped(request, head, { code, message }, encodeCountAndText(code, message));
    },
  };
}

/** Summarises errors: at most three reasons, each with its count, the most frequent first. */
function summarise(errors: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const error of errors) counts.set(error, (counts.get(error) ?? 0) + 1);
  const sorted = [...counts].sort(([, a], [, b]) => b - a);
  const shown = sorted.slice(0, 3).map(([error, count]) => `${count} rejected: ${error}`);
  return sorted.length > 3 ? `${shown.join(' ')} And ${sorted.length - 3} more reasons.` : shown.join(' ');
}

/** Names data of a request that is not counted as calls, the most frequent first; empty if there is none. */
function describeUnread(unread: IngestResult['unread'] = {}): string {
  const sorted = Object.entries(unread).sort(([, a], [, b]) => b - a);
  const shown = sorted.slice(0, 3).map(([name, count]) => `${count} ${name}`);
  return shown.length === 0
    ? ''
    : `Not counted: ${shown.join(', ')}${sorted.length > 3 ? ` and ${sorted.length - 3} more kinds` : ''}.`;
}

/** Encodes ExportPartialSuccess or google.rpc.Status: both are a number, then a text. */
function encodeCountAndText(count: number, text: string): Uint8Array {
  return Buffer.concat([encodeVarintField(1, count), encodeBytesField(2, text)]);
}

function toTyped({ headers }: AnsweredRequest, answer: HttpAnswer, json: object, protobuf: Uint8Array): HttpAnswer {
  const head = { status: answer.status, ...(answer.headers ? { headers: answer.headers } : {}) };
  if (!isOtlpProtobuf(headers['content-type'] ?? '')) return { ...head, body: json };
  return { ...head, body: protobuf, contentType: 'application/x-protobuf' };
}
