import type { IngestResult } from '../domain/event.ts';
import type { OtlpSignal } from '../ingest/otlp-kinds.ts';
import { isOtlpProtobuf } from '../ingest/otlp-messages.ts';
import { encodeBytesField, encodeVarintField } from '../ingest/protobuf.ts';
import { type HttpAnswer, toErrorAnswer } from './answer.ts';
import type { AnsweredRequest, AnswerStyle } from './ingest-answers.ts';

const REJECTED: Readonly<Record<OtlpSignal, string>> = {
  traces: 'rejectedSpans',
  logs: 'rejectedLogRecords',
  metrics: 'rejectedDataPoints',
};

/** google.rpc.Code of an HTTP status; 14, unavailable, for what may be sent again. */
const RPC_CODES: Readonly<Record<number, number>> = { 400: 3, 401: 16, 413: 8, 415: 3 };
const UNAVAILABLE = 14;

/**
 * OTLP/HTTP: 200 with what was rejected, which must not be sent again, or google.rpc.Status; each in the type of the
 * request. Exporters drop what is answered with 500, so a defect of ours is 503 here and nothing is lost.
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

/** The reasons, each once, the most frequent first and at most three. */
function summarise(errors: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const error of errors) counts.set(error, (counts.get(error) ?? 0) + 1);
  const sorted = [...counts].sort(([, a], [, b]) => b - a);
  const shown = sorted.slice(0, 3).map(([error, count]) => `${count} rejected: ${error}`);
  return sorted.length > 3 ? `${shown.join(' ')} And ${sorted.length - 3} more reasons.` : shown.join(' ');
}

/** Names what a request held that is not counted as calls, the most frequent first; empty: nothing. */
function describeUnread(unread: IngestResult['unread'] = {}): string {
  const sorted = Object.entries(unread).sort(([, a], [, b]) => b - a);
  const shown = sorted.slice(0, 3).map(([name, count]) => `${count} ${name}`);
  return shown.length === 0
    ? ''
    : `Not counted: ${shown.join(', ')}${sorted.length > 3 ? ` and ${sorted.length - 3} more kinds` : ''}.`;
}

/** ExportPartialSuccess and google.rpc.Status alike: a number, then a text. */
function encodeCountAndText(count: number, text: string): Uint8Array {
  return Buffer.concat([encodeVarintField(1, count), encodeBytesField(2, text)]);
}

function toTyped({ headers }: AnsweredRequest, answer: HttpAnswer, json: object, protobuf: Uint8Array): HttpAnswer {
  const head = { status: answer.status, ...(answer.headers ? { headers: answer.headers } : {}) };
  if (!isOtlpProtobuf(headers['content-type'] ?? '')) return { ...head, body: json };
  return { ...head, body: protobuf, contentType: 'application/x-protobuf' };
}
