import { hash, randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { toAnswerJson } from '../ask/answer-json.ts';
import { toText } from '../ask/answer-text.ts';
import { type AskDeps, answerQuestion, FORMATS, type Format, readQuestion } from '../ask/ask.ts';
import { MINUTE_MS } from '../domain/calendar.ts';
import type { Picture } from '../domain/picture.ts';
import type { Question, Report } from '../domain/report.ts';
import { toJson } from '../domain/thousandths.ts';
import { HeadroomError, QuestionError } from '../errors.ts';
import { equalInConstantTime, findBearerToken } from '../ingest/credentials.ts';
import type { Logger } from '../log.ts';
import { toCsv } from '../report/table.ts';
import type { Secret } from '../secret.ts';
import { VERSION } from '../version.ts';
import { type HttpAnswer, toProblem } from './message-body.ts';

export interface AskOptions extends AskDeps {
  /** Callers with this token see everything that a viewer sees. */
  token: Secret;
  /** Draws a report; undefined if there is nothing to draw. */
  render(report: Report, options: { view?: Question['view'] }): Promise<Picture | undefined>;
}

/** Width of an answer as text, in characters. */
const TEXT_WIDTH = 100;

const CONTENT_TYPES: Readonly<Record<Format, string>> = {
  json: 'application/json',
  csv: 'text/csv; charset=utf-8',
  png: 'image/png',
  text: 'text/plain; charset=utf-8',
};

/** Formats by media type or media range of an Accept header; `application/*` and the like choose one. */
const FORMAT_OF: Readonly<Record<string, Format>> = {
  '*/*': 'json',
  'application/*': 'json',
  'application/json': 'json',
  'text/csv': 'csv',
  'text/*': 'text',
  'text/plain': 'text',
  'image/*': 'png',
  'image/png': 'png',
};

/** Answers `GET /v1/ask?q=…`, a question in the words of `/usage`. Errors are problem+json; a defect is logged under an id. */
export async function answerAsk(
  request: IncomingMessage,
  { ask, limit, log }: { ask: AskOptions | undefined; limit: QuestionLimit; log: Logger },
): Promise<HttpAnswer> {
  if (!ask) return refuse(404, 'Questions over HTTP are switched off: set READ_TOKEN, and restart Headroom.');
  const given = findBearerToken(request.headers);
  if (given === undefined || !equalInConstantTime(given, ask.token.reveal())) {
    const challenge = { 'www-authenticate': 'Bearer realm="headroom ask"' };
    return refuse(401, 'Send "Authorization: Bearer <READ_TOKEN>" with the question.', { headers: challenge });
  }
  const wait = limit.take(request.socket.remoteAddress ?? '', ask.now());
  if (wait !== undefined) {
    const headers = { 'retry-after': String(wait) };
    return refuse(429, `Too many questions in this minute: ask again in ${wait} s.`, { headers });
  }
  try {
    return await answer(request, ask);
  } catch (error) {
    if (error instanceof QuestionError) {
      const nearest = error.suggestions.map(({ command }) => command);
      return refuse(400, error.message, { nearest });
    }
    if (error instanceof HeadroomError && error.code === 'overloaded')
      return refuse(503, 'Too many pictures wait to be drawn: ask again.', { headers: { 'retry-after': '2' } });
    const id = randomUUID().slice(0, 8);
    log.error({ err: error, id }, 'a question over HTTP failed');
    return refuse(500, `This failed on our side: ask again, or look for ${id} in the log of Headroom.`);
  }
}

async function answer(request: IncomingMessage, ask: AskOptions): Promise<HttpAnswer> {
  const { words, as } = readParameters(request.url ?? '');
  const accepted = as ? undefined : chooseFormat(request.headers.accept ?? '*/*');
  const { question, format: said } = await readQuestion(ask, words);
  const format = as ?? (accepted === 'any' ? (said ?? 'json') : accepted);
  if (!format)
    return refuse(406, `Answers are ${Object.values(CONTENT_TYPES).join(', ')}: accept one, or add &as=json.`);
  const report = await answerQuestion(ask, question, { whole: format === 'json' || format === 'csv' });
  const etag = `"${hash('sha256', toJson([VERSION, format, report]), 'base64url')}"`;
  const headers = { etag, vary: 'Accept', 'cache-control': 'private, no-cache' };
  if (isKnown(request.headers['if-none-match'], etag)) return { status: 304, headers };
  const body = await toBody(report, format, ask);
  if (!body) return refuse(406, 'There is nothing to draw in this answer: ask with &as=json, csv or text.');
  return { status: 200, contentType: CONTENT_TYPES[format], headers, body };
}

async function toBody(report: Report, format: Format, { render }: AskOptions): Promise<unknown> {
  if (format === 'json') return toAnswerJson(report);
  if (format === 'csv') return toCsv(report);
  if (format === 'text') return `${toText(report, TEXT_WIDTH)}\n`;
  const { view } = report.question;
  return (await render(report, view && view !== 'table' ? { view } : {}))?.png;
}

/** Reads `q` and `as`. Refuses unknown parameters: ignoring one would answer another question. */
function readParameters(target: string): { words: string; as?: Format } {
  const query = target.indexOf('?');
  const parameters = new URLSearchParams(query < 0 ? '' : target.slice(query).replace(/#.*$/s, ''));
  const examples = ['top clients 7d', 'status yesterday', 'pool'].map((command) => ({ label: command, command }));
  for (const name of parameters.keys())
    if (name !== 'q' && name !== 'as')
      throw new QuestionError(`There is no parameter ${JSON.stringify(name.slice(0, 40))}: there are q and as.`);
  const [words, ...more] = parameters.getAll('q');
  if (words === undefined) throw new QuestionError('The question is missing: ask with ?q=top+clients+7d.', examples);
  if (more.length > 0) throw new QuestionError('There are several q: ask one question at a time.');
  const as = parameters.getAll('as').at(-1);
  const format = FORMATS.find((known) => known === as);
  if (as !== undefined && !format)
    throw new QuestionError(
      `There is no answer as ${JSON.stringify(as.slice(0, 40))}: there are ${FORMATS.join(', ')}.`,
    );
  return { words, ...(format && { as: format }) };
}

/**
 * Chooses the format that an Accept header prefers (RFC 9110, 12.5.1). `any`: no preference; undefined: none that we have. Text
 * counts half, since it says least: Grafana's Infinity sends `application/json;q=0.9,text/plain` but wants JSON.
 */
function chooseFormat(accept: string): Format | 'any' | undefined {
  const wanted = accept
    .split(',')
    .map((part) => {
      const [type = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase());
      const quality = parameters.map((parameter) => /^q=([\d.]+)$/.exec(parameter)?.[1]).find(Boolean);
      const weight = FORMAT_OF[type] === 'text' ? 0.5 : 1;
      return { type: type === '' ? '*/*' : type, quality: weight * (quality === undefined ? 1 : Number(quality)) };
    })
    .filter(({ type, quality }) => quality > 0 && Object.hasOwn(FORMAT_OF, type))
    .toSorted((one, other) => other.quality - one.quality);
  if (wanted.length === 0) return undefined;
  return wanted[0]!.type === '*/*' ? 'any' : FORMAT_OF[wanted[0]!.type];
}

/** Compares If-None-Match weakly (RFC 9110, 13.1.2): a proxy that compresses marks the tag as weak. */
function isKnown(header: string | undefined, etag: string): boolean {
  return (header ?? '').split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag);
}

function refuse(
  status: number,
  error: string,
  { headers, ...rest }: { headers?: Record<string, string>; nearest?: string[] } = {},
): HttpAnswer {
  return toProblem({ status, body: { error, ...rest }, ...(headers && { headers }) });
}

/** Count at most 10,000 callers apart; further ones share one allowance. */
const MAX_CALLERS = 10_000;

/** Limits the questions of each caller in a minute. */
export class QuestionLimit {
  readonly #perMinute: number;
  readonly #counts = new Map<string, number>();
  #minute = 0;

  constructor(perMinute: number) {
    this.#perMinute = perMinute;
  }

  /** Counts one question. Returns the seconds to wait if the caller has none left in this minute, otherwise undefined. */
  take(caller: string, nowMs: number): number | undefined {
    const minute = Math.floor(nowMs / MINUTE_MS);
    if (minute !== this.#minute) this.#counts.clear();
    this.#minute = minute;
    const key = this.#counts.has(caller) || this.#counts.size < MAX_CALLERS ? caller : '';
    const count = (this.#counts.get(key) ?? 0) + 1;
    if (count > this.#perMinute) return Math.max(1, Math.ceil(((minute + 1) * MINUTE_MS - nowMs) / 1000));
    this.#counts.set(key, count);
    return undefined;
  }
}
