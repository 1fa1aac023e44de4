import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ErrorCode, HeadroomError } from '../errors.ts';

/** What goes back to the caller. */
export interface HttpAnswer {
  status: number;
  /** Plain data, sent as JSON; a text or bytes are sent as they are. Absent: no body. */
  body?: unknown;
  contentType?: string;
  headers?: Readonly<Record<string, string>>;
}

/** What an error means in HTTP. The rest is a defect of ours: 500. */
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

/** The answer to a request that failed: `{"error": …}`, with what a client needs to act on it. */
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
  return { status, body: { error: message }, headers: headersFor(status, retryAfterS) };
}

function headersFor(status: number, retryAfterS = RETRY_AFTER_SECONDS): Record<string, string> {
  if (status === 401) return { 'www-authenticate': 'Bearer realm="headroom"' };
  if (status === 503 || status === 429) return { 'retry-after': String(retryAfterS) };
  return {};
}

/** The same as RFC 9457 problem details, for APIs that answer so. */
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

/** Sends an answer once; nothing where the caller has gone, or has been answered. `HEAD` gets no body. */
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
