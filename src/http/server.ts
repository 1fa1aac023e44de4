import { randomBytes } from 'node:crypto';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { HeadroomError } from '../errors.ts';
import { shortenAddresses } from '../ingest/privacy.ts';
import { type Logger, SampledLog } from '../log.ts';
import { redact, type Secret } from '../secret.ts';
import type { Source } from '../store/source-repository.ts';
import { type AskOptions, answerAsk, QuestionLimit } from './ask.ts';
import {
  answerShipper,
  findIngestRoute,
  type IngestDependencies,
  type IngestTarget,
  ingestRequest,
} from './ingest-routes.ts';
import { MARK_ROOM, type MarkStore, takeMark } from './marks.ts';
import {
  AbortedError,
  BodyBudget,
  type HeldBody,
  type HttpAnswer,
  hidePlace,
  readBody,
  sendAnswer,
  toErrorAnswer,
} from './message-body.ts';
import { answerMetrics, createCounter, createHistogram, type MetricSource } from './metrics.ts';

/** Refuse a larger body on Slack's endpoint: no request of Slack's is as large as 4 MiB. */
const MAX_SLACK_BYTES = 4 * 1024 * 1024;
const MAX_SLACK_HELD_BYTES = 64 * 1024 * 1024;
const SLACK_BODY_MS = 10_000;

/** Memory and time for bodies from senders that are known only once their signature was checked. */
const MAX_UNKNOWN_HELD_BYTES = 64 * 1024 * 1024;
const UNKNOWN_BODY_MS = 30_000;

/** Limit for each address: enough for a dashboard of ten panels that several people watch. */
const QUESTIONS_PER_MINUTE = 120;

const SLOW_MS = 2000;

const MARKS = '/v1/marks';

const INGEST_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Prefix of request ids, so that they differ between instances and restarts. */
const PROCESS_ID = randomBytes(4).toString('hex');
let lastRequest = 0;

/** The state of this instance, as `/readyz` shows it. */
export interface Readiness {
  /** Why events cannot be committed; undefined if they can. */
  writerFault?: string | undefined;
  /** `connected`, `http`, `disconnected since …`: shown only, the instance stays ready. */
  slack: string;
  /** Newest run of the scheduler's tick, epoch ms. */
  tickMs?: number | undefined;
}

export interface HttpServerOptions extends IngestDependencies {
  host: string;
  /** 0: any free port. */
  port: number;
  maxBodyBytes: number;
  /** Bytes of bodies held at once before callers are asked to retry. Default 256 MiB. */
  maxHeldBytes?: number;
  /** The same for bodies from senders that are known only once their signature was checked. */
  maxUnknownHeldBytes?: number;
  /** The same for Slack's requests. */
  maxSlackHeldBytes?: number;
  /** Longest time for a request to arrive. Default 2 minutes. */
  requestTimeoutMs?: number;
  /** Requests that take this long or longer are logged. Default 2 s. */
  slowMs?: number;
  /** Shorten the addresses of callers in the log too. */
  truncateAddresses?: boolean;
  readiness: () => Promise<Readiness> | Readiness;
  metrics?: readonly MetricSource[];
  metricsToken?: Secret | undefined;
  /** Stores marks from `/v1/marks`. */
  marks?: MarkStore;
  /** Answers questions at `/v1/ask`; undefined if that is switched off. */
  ask?: AskOptions | undefined;
  /** Answers `/slack/events` in HTTP mode. */
  slack?: ((request: { headers: IncomingHttpHeaders; body: Uint8Array }) => Promise<HttpAnswer>) | undefined;
  log: Logger;
}

export interface HttpServer {
  /** `http://127.0.0.1:3000`, once started. */
  readonly url: string;
  /** Listens. Throws a config error if the address cannot be used. */
  start(): Promise<void>;
  /** Accepts no more requests, finishes those under way, and after `graceMs` (default 5 s) cuts off the rest. */
  stop(graceMs?: number): Promise<void>;
}

/** Creates the HTTP server of an instance, for senders, questions, marks, Slack in HTTP mode, health and metrics. */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { log, maxBodyBytes } = options;
  const budget = new BodyBudget(options.maxHeldBytes ?? 256 * 1024 * 1024);
  // Behind a proxy all callers have one address, so large bodies without a token must not shut out smaller ones of others.
  const smallFirst = { smallFirst: true };
  const unknownBudget = new BodyBudget(options.maxUnknownHeldBytes ?? MAX_UNKNOWN_HELD_BYTES, smallFirst);
  const slackBudget = new BodyBudget(options.maxSlackHeldBytes ?? MAX_SLACK_HELD_BYTES, smallFirst);
  const requests = createCounter(
    'headroom_http_requests_total',
    'Requests answered, by route and status.',
    'route',
    'status',
  );
  const questions = new QuestionLimit(QUESTIONS_PER_MINUTE);
  const events = createCounter('headroom_events_total', 'Events received over HTTP, by what became of them.', 'result');
  const taken = createHistogram('headroom_ingest_seconds', 'Time to take a request of events.', INGEST_SECONDS);
  const metrics: MetricSource[] = [requests, events, taken, ...(options.metrics ?? [])];
  const refused = new SampledLog(log, 'senders are refused');
  const failed = new SampledLog(log, 'events could not be taken', 'error');
  const slow = new SampledLog(log, 'requests take long', 'info');
  const server = createServer({
    requestTimeout: options.requestTimeoutMs ?? 120_000,
    headersTimeout: Math.min(20_000, options.requestTimeoutMs ?? 20_000),
    keepAliveTimeout: 65_000,
    connectionsCheckingInterval: Math.min(5000, options.requestTimeoutMs ?? 5000),
  });
  let stopping = false;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (stopping) response.setHeader('connection', 'close');
    const path = toPath(request.url ?? '/');
    const ingest = findIngestRoute(withoutSlash(path));
    const id = findRequestId(request);
    const beganMs = performance.now();
    try {
      const { route, answer } = ingest
        ? { route: ingest.label, answer: await takeEvents(request, response, ingest, id) }
        : await answerTo(request, response, path);
      const tookMs = performance.now() - beganMs;
      requests.add(1, route, String(answer.status));
      const facts = { path: path.slice(0, 100), status: answer.status };
      const caller = () => ({ id, ...describeCaller(request, options.truncateAddresses) });
      if (ingest) taken.observe(tookMs / 1000);
      if (answer.status >= 400 && (ingest || route === MARKS)) refused.add(facts, options.now(), caller());
      if (tookMs >= (options.slowMs ?? SLOW_MS))
        slow.add(facts, options.now(), { ...caller(), tookMs: Math.round(tookMs) });
      log.trace({ id, method: request.method, path, status: answer.status, tookMs }, 'request');
      if (answer.status >= 400) response.setHeader('x-request-id', id);
      sendAnswer(request, response, answer);
    } catch (error) {
      if (error instanceof AbortedError) return;
      log.error({ id, err: error, path }, 'a request failed');
      response.setHeader('x-request-id', id);
      sendAnswer(request, response, toErrorAnswer(error));
    }
  }

  const pages: Record<string, (request: IncomingMessage) => Promise<HttpAnswer> | HttpAnswer> = {
    '/healthz': () => ({ status: 200, body: { status: 'alive' } }),
    '/readyz': async () => answerReadiness(await options.readiness()),
    '/v1/ask': (request) => answerAsk(request, { ask: options.ask, limit: questions, log }),
    '/metrics': (request) => answerMetrics(request, { sources: metrics, token: options.metricsToken }),
  };

  async function answerTo(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
  ): Promise<{ route: string; answer: HttpAnswer }> {
    const { method } = request;
    if (Object.hasOwn(pages, path)) {
      const isRead = method === 'GET' || method === 'HEAD';
      return { route: path, answer: isRead ? await pages[path]!(request) : refuseMethod(request, 'GET, HEAD') };
    }
    if (withoutSlash(path) === '/slack/events' && options.slack) {
      const answer = method === 'POST' ? takeSlack(request, response, options.slack) : refuseMethod(request, 'POST');
      return { route: path, answer: await answer };
    }
    const { marks } = options;
    if (path === MARKS && marks) {
      const read = ({ name: owner }: Source): Promise<HeldBody> =>
        readBody(request, response, { ...MARK_ROOM, budget, owner });
      const isTaken = method === 'POST' || method === 'DELETE';
      const answer = isTaken ? takeMark(request, read, { ...options, marks }) : refuseMethod(request, 'POST, DELETE');
      return { route: path, answer: await answer };
    }
    const shipper = method === 'GET' ? await answerShipper(withoutSlash(path), request, options) : undefined;
    if (shipper) return { route: 'shipper check', answer: shipper };
    const error = `There is nothing at ${redact(path.slice(0, 100))}: events go to /v1/events or /sources/{name}, marks to /v1/marks, questions to /v1/ask; see also /healthz, /readyz and /metrics.`;
    return { route: 'other', answer: { status: 404, body: { error } } };
  }

  async function takeEvents(
    request: IncomingMessage,
    response: ServerResponse,
    target: IngestTarget,
    id: string,
  ): Promise<HttpAnswer> {
    if (request.method !== 'POST') return refuseMethod(request, 'POST');
    const { sourceName: claimed = '' } = target;
    const { remoteAddress: address = '' } = request.socket;
    const read = (source: Source | undefined): Promise<HeldBody> =>
      readBody(request, response, {
        maxBytes: maxBodyBytes,
        ...(source
          ? { budget, owner: source.name }
          : { budget: unknownBudget, owner: `${claimed} ${address}`, withinMs: UNKNOWN_BODY_MS }),
      });
    const { answer, result, error } = await ingestRequest(request, read, target, options);
    if (result?.accepted) events.add(result.accepted, 'accepted');
    if (result?.duplicates) events.add(result.duplicates, 'duplicate');
    if (result?.rejected.length) events.add(result.rejected.length, 'rejected');
    // Overload is not an error to log here: callers retry, and `refused` counts them.
    const isOverload = error instanceof HeadroomError && error.code === 'overloaded' && error.cause === undefined;
    if (error !== undefined && answer.status >= 500 && !isOverload)
      failed.add({ problem: String(error) }, options.now(), { id, err: error });
    return answer;
  }

  async function takeSlack(
    request: IncomingMessage,
    response: ServerResponse,
    handle: NonNullable<HttpServerOptions['slack']>,
  ): Promise<HttpAnswer> {
    try {
      const owner = request.socket.remoteAddress ?? '';
      // Slack sends a request at once: cut off slow callers, which hold memory that Slack needs.
      const room = { maxBytes: MAX_SLACK_BYTES, budget: slackBudget, owner, withinMs: SLACK_BODY_MS };
      const { bytes, release } = await readBody(request, response, room);
      return await handle({ headers: request.headers, body: bytes }).finally(release);
    } catch (error) {
      if (error instanceof HeadroomError) return toErrorAnswer(error);
      throw error;
    }
  }

  const listener = (request: IncomingMessage, response: ServerResponse) => void handle(request, response);
  server.on('request', listener);
  // Callers that wait for 100 Continue get a refusal before they send a body; otherwise `readBody` tells them to continue.
  server.on('checkContinue', listener);

  return {
    get url() {
      const { port } = server.address() as AddressInfo;
      return `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`;
    },
    start: () => listen(server, options.host, options.port),
    async stop(graceMs = 5000) {
      if (stopping || !server.listening) return;
      stopping = true;
      const closed = new Promise((resolve) => server.close(resolve));
      const deadline = setTimeout(() => server.closeAllConnections(), graceMs);
      await closed;
      clearTimeout(deadline);
    },
  };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(new HeadroomError('config', `${host}:${port} cannot be listened on: ${explain(error)}`, { cause: error }));
    });
    server.listen(port, host, () => resolve());
  });
}

function explain(error: NodeJS.ErrnoException): string {
  if (error.code === 'EADDRINUSE') return 'another program uses it. Stop that, or set PORT to a free one.';
  if (error.code === 'EACCES') return 'ports below 1024 need rights. Set PORT to a higher one.';
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND')
    return 'HOST is no address of this machine. Set another.';
  return error.message;
}

/** Returns the caller's id of a request, or a new one: for the log, and for the answer if the request is refused. */
function findRequestId(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  if (typeof given === 'string' && /^[\w.:-]{1,100}$/.test(given)) return given;
  lastRequest += 1;
  return `${PROCESS_ID}-${lastRequest}`;
}

/** Describes where a request comes from; `for` is the address that a proxy names, unverified. */
function describeCaller({ socket, headers }: IncomingMessage, truncate = false): Record<string, string> {
  const shown = (address: string): string => (truncate ? shortenAddresses(address) : address).slice(0, 100);
  const forwarded = headers['x-forwarded-for'] ?? headers.forwarded;
  return {
    from: shown(socket.remoteAddress ?? 'gone'),
    ...(forwarded === undefined ? {} : { for: shown(String(forwarded)) }),
  };
}

function refuseMethod(request: IncomingMessage, allow: string): HttpAnswer {
  if (request.method === 'OPTIONS') return { status: 204, headers: { allow: `${allow}, OPTIONS` } };
  return {
    status: 405,
    headers: { allow: `${allow}, OPTIONS` },
    body: { error: `${request.method} is not possible here: use ${allow}.` },
  };
}

/** Returns the path without its query, also from a whole URL, which a proxy may send (RFC 9112, 3.2.2). */
function toPath(target: string): string {
  const url = target.startsWith('/') ? target : target.replace(/^https?:\/\/[^/?]*/i, '');
  const query = url.indexOf('?');
  return query < 0 ? url : url.slice(0, query);
}

/**
 * Removes a slash at the end, which some senders add. Pages are matched without this: a proxy that protects `/metrics` by its
 * path must not be bypassed by `/metrics/`.
 */
function withoutSlash(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

/** Answers `/readyz`: 200 while events can be committed, otherwise 503. */
function answerReadiness({ writerFault, slack, tickMs }: Readiness): HttpAnswer {
  const body = {
    status: writerFault === undefined ? 'ready' : 'not ready',
    writer: writerFault === undefined ? 'ok' : hidePlace(writerFault),
    slack,
    tick: tickMs === undefined ? 'not yet' : new Date(tickMs).toISOString(),
  };
  return writerFault === undefined ? { status: 200, body } : { status: 503, body, headers: { 'retry-after': '2' } };
}
