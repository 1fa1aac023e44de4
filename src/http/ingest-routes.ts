import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { IngestResult } from '../domain/event.ts';
import { HeadroomError } from '../errors.ts';
import type { Envelope, EventIntake } from '../ingest/adapter.ts';
import { findBearerToken, isSigned, KEY_HEADERS, listTokens } from '../ingest/credentials.ts';
import type { SourceDirectory } from '../ingest/source-directory.ts';
import type { OtlpSignal } from '../ingest/source-options.ts';
import type { SourceLimits, SourceTally } from '../ingest/source-tally.ts';
import type { Source } from '../store/source-repository.ts';
import {
  type AnsweredRequest,
  type AnswerStyle,
  checkRequiredHeader,
  createOtlpStyle,
  DATADOG_STYLE,
  EVENTS_STYLE,
  FIREHOSE_STYLE,
  KEEPING_STYLE,
  OPENMETER_STYLE,
  SPLUNK_STYLE,
} from './ingest-answers.ts';
import { AbortedError, type HeldBody, type HttpAnswer } from './message-body.ts';

export interface IngestDependencies {
  sources: SourceDirectory;
  intake: EventIntake;
  tally: Pick<SourceTally, 'add' | 'refuse'>;
  limits: Pick<SourceLimits, 'admit'>;
  now: () => number;
}

/** Settings of one endpoint that receives events. */
interface IngestRoute {
  /** Adapter of the endpoint; absent: that of the source. */
  adapter?: string;
  /** Options that follow from the path, in addition to those of the source. */
  options?: Readonly<Record<string, unknown>>;
  /** Absent: the style of the source's adapter. */
  style?: AnswerStyle;
  /** Senders to this endpoint pass the token in ways of their own; the token names the source. */
  ownKeys?: true;
}

const OTLP_SIGNALS: readonly OtlpSignal[] = ['traces', 'logs', 'metrics'];

/** Styles for senders that need another answer than ours, by the adapter of their source. */
const STYLES: Readonly<Record<string, AnswerStyle>> = {
  kong: KEEPING_STYLE,
  'google-lb': KEEPING_STYLE,
  datadog: DATADOG_STYLE,
  'splunk-hec': SPLUNK_STYLE,
  firehose: FIREHOSE_STYLE,
};

/** Routes of log shippers, which can be given a host but no path. */
const SHIPPER_ROUTES: readonly (readonly [string, IngestRoute])[] = [
  ...['', '/1.0', '/event', '/event/1.0', '/raw', '/raw/1.0'].map(
    (path) => [`/services/collector${path}`, { style: SPLUNK_STYLE, ownKeys: true }] as const,
  ),
  ['/api/v2/logs', { style: DATADOG_STYLE, ownKeys: true }],
  ['/v1/input', { style: DATADOG_STYLE, ownKeys: true }],
];

const INGEST_ROUTES: ReadonlyMap<string, IngestRoute> = new Map<string, IngestRoute>([
  ['/v1/events', { adapter: 'native', style: EVENTS_STYLE }],
  ['/api/v1/events', { adapter: 'cloudevents', style: OPENMETER_STYLE }],
  ...OTLP_SIGNALS.map((signal): [string, IngestRoute] => [
    `/v1/${signal}`,
    { adapter: 'otlp', options: { signal }, style: createOtlpStyle(signal) },
  ]),
  ...SHIPPER_ROUTES,
]);

/** Routes below `/sources/{name}`, by the path that exporters, libraries and shippers append. */
const SOURCE_ROUTES: ReadonlyMap<string, IngestRoute> = new Map<string, IngestRoute>([
  ...['', '/v1/batch', '/v1/track', '/v1/events', '/v1/events/batch'].map((path) => [path, {}] as const),
  ...OTLP_SIGNALS.map((signal) => [`/v1/${signal}`, { options: { signal } }] as const),
  ...SHIPPER_ROUTES,
]);

const SOURCE_PATH = /^\/sources\/([^/]+)(\/.*)?$/;

export interface IngestTarget {
  /** Name of the route in metrics. */
  label: string;
  route: IngestRoute;
  /** The name in `/sources/{name}`, where only credentials of that source count; undefined: the token names the source. */
  sourceName: string | undefined;
}

/** Finds the endpoint at a path. */
export function findIngestRoute(path: string): IngestTarget | undefined {
  const shared = INGEST_ROUTES.get(path);
  if (shared) return { label: path, route: shared, sourceName: undefined };
  const [, name, added = ''] = SOURCE_PATH.exec(path) ?? [];
  const route = SOURCE_ROUTES.get(added);
  return name && route ? { label: '/sources/{name}', route, sourceName: decodeName(name) } : undefined;
}

/** Answers the checks of shippers before they send: Splunk's whether the collector is healthy, Datadog's whether the key is valid. */
export async function answerShipper(
  path: string,
  { headers }: IncomingMessage,
  { sources, now }: IngestDependencies,
): Promise<HttpAnswer | undefined> {
  const [, name, asked = path] = SOURCE_PATH.exec(path) ?? [];
  if (/^\/services\/collector\/health(?:\/1\.0)?$/.test(asked)) {
    return { status: 200, body: { text: 'HEC is healthy', code: 17 } };
  }
  if (asked !== '/api/v1/validate') return undefined;
  await sources.refresh(now());
  const source = sources.findByToken(listTokens(headers), name);
  return source ? { status: 200, body: { valid: true } } : { status: 403, body: { errors: ['Forbidden'] } };
}

function decodeName(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** Answer to a request of events, and what became of them; `error` if they could not be taken at all. */
export interface IngestOutcome {
  answer: HttpAnswer;
  result?: IngestResult;
  error?: unknown;
}

/**
 * Takes one request's events: checks the credentials, then reads the body, then commits; answers when the events are on disk.
 * `readBody` gets the source; undefined if only the signature of the body will tell it. Throws nothing but AbortedError.
 */
export async function ingestRequest(
  request: IncomingMessage,
  readBody: (source: Source | undefined) => Promise<HeldBody>,
  { route, sourceName }: IngestTarget,
  { sources, intake, tally, limits, now }: IngestDependencies,
): Promise<IngestOutcome> {
  const { headers } = request;
  let style = route.style ?? guessStyle(headers);
  const answered = (): AnsweredRequest => ({ headers, nowMs: now() });
  let source: Source | undefined;
  let admitted: ReturnType<SourceLimits['admit']>;
  let events = 0;
  const admit = (known: Source): void => {
    style = route.style ?? styleOf(known, route);
    admitted = limits.admit(known, now());
  };
  try {
    const bearer = findBearerToken(headers) ?? '';
    const takesAllKeys = sourceName !== undefined || route.ownKeys;
    const shown = takesAllKeys ? listTokens(headers, request.url?.split('?')[1]) : [bearer];
    // Await only if there is something to wait for: without a pause the body is read as it arrives, not buffered.
    const reading = sources.refresh(now());
    if (reading) await reading;
    source = sources.findByToken(shown, sourceName);
    if (!source && sourceName !== undefined) source = await sources.findByIdentity(sourceName, [bearer], now());
    // Read the body of an unknown caller only if it is signed and the named source takes signatures.
    const mayOpen = sourceName !== undefined && isSigned(headers) && sources.takesSignatures(sourceName);
    if (!source && !mayOpen) {
      throw unauthorised(shown.every((token) => token === ''));
    }
    if (source) admit(source);
    const body = await readBody(source);
    try {
      const receivedMs = now();
      if (!source) {
        source = sources.findBySignature(sourceName!, headers, body.bytes, receivedMs);
        if (!source) throw unauthorised(false);
        admit(source);
      }
      checkRequiredHeader(style, headers);
      const envelope = findEnvelope(headers, source, route);
      const result = await intake.ingest({ envelope, body: body.bytes, receivedMs });
      events = result.accepted + result.duplicates + result.rejected.length;
      tally.add(source.id, result, receivedMs);
      return { answer: style.toAnswer(result, answered()), result };
    } finally {
      body.release();
    }
  } catch (error) {
    if (error instanceof AbortedError) throw error;
    if (source && error instanceof HeadroomError && error.code === 'limited') tally.add(source.id, LIMITED, now());
    const known = source?.name ?? (sourceName !== undefined && sources.has(sourceName) ? sourceName : undefined);
    if (known !== undefined && error instanceof HeadroomError) tally.refuse(known, error.code);
    return { answer: style.toErrorAnswer(error, answered()), error };
  } finally {
    admitted?.settle(events);
  }
}

/** Counts of a request that was refused because the source was over its limit. */
const LIMITED = { accepted: 0, duplicates: 0, conflicts: 0, rejected: [], limited: 1 as const };

/**
 * Caches the last envelope of each source and route, for requests without headers that adapters read. A source that was read
 * again is a new object, so no entry is outdated.
 */
const envelopes = new WeakMap<Source, Map<IngestRoute, Envelope>>();

function findEnvelope(headers: IncomingHttpHeaders, source: Source, route: IngestRoute): Envelope {
  const own = pickHeaders(headers);
  if (own) return toEnvelope(headers, source, route, own);
  let known = envelopes.get(source);
  if (!known) {
    known = new Map();
    envelopes.set(source, known);
  }
  const last = known.get(route);
  if (last?.contentType === (headers['content-type'] ?? '') && last.encoding === headers['content-encoding'])
    return last;
  const envelope = toEnvelope(headers, source, route, {});
  known.set(route, envelope);
  return envelope;
}

function toEnvelope(
  headers: IncomingHttpHeaders,
  source: Source,
  route: IngestRoute,
  picked: Readonly<Record<string, string>>,
): Envelope {
  const adapter = route.adapter ?? source.adapter;
  return {
    sourceId: source.id,
    sourceName: source.name,
    adapter,
    options: {
      ...source.options,
      // The map of fields is written for the source's own format: drop it for another one.
      ...(adapter === source.adapter ? {} : { map: undefined }),
      ...route.options,
    },
    contentType: headers['content-type'] ?? '',
    ...(headers['content-encoding'] === undefined ? {} : { encoding: headers['content-encoding'] }),
    headers: picked,
  };
}

/** Guesses the style while the source is not known: Splunk's clients and Firehose can be told by their headers. */
function guessStyle(headers: IncomingHttpHeaders): AnswerStyle {
  if (/^Splunk /i.test(headers.authorization ?? '')) return SPLUNK_STYLE;
  return headers['x-amz-firehose-request-id'] === undefined ? EVENTS_STYLE : FIREHOSE_STYLE;
}

function styleOf({ adapter }: Source, { options }: IngestRoute): AnswerStyle {
  if (adapter === 'otlp') return createOtlpStyle((options?.signal as OtlpSignal | undefined) ?? 'traces');
  return STYLES[adapter] ?? EVENTS_STYLE;
}

function unauthorised(missing: boolean): HeadroomError {
  return new HeadroomError(
    'unauthorised',
    missing
      ? 'There are no credentials that count here: send "Authorization: Bearer <source token>" (headroom sources add NAME makes one).'
      : 'These credentials are not those of a source: check the token or the signing secret (headroom sources list, rotate).',
  );
}

/** Picks the headers that adapters read, without credentials; undefined if there are none. */
function pickHeaders(headers: IncomingHttpHeaders): Record<string, string> | undefined {
  let picked: Record<string, string> | undefined;
  for (const name in headers) {
    const wanted =
      name.startsWith('ce-') ||
      name.startsWith('x-amz-firehose-') ||
      name === 'webhook-id' ||
      name === 'x-github-delivery';
    const value = wanted && !(KEY_HEADERS as readonly string[]).includes(name) ? headers[name] : undefined;
    if (typeof value !== 'string') continue;
    picked ??= {};
    picked[name] = value;
  }
  return picked;
}
