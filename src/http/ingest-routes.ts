import type { IncomingMessage } from 'node:http';
import type { IngestResult } from '../domain/event.ts';
import { HeadroomError } from '../errors.ts';
import type { EventWriter } from '../ingest/adapter.ts';
import { findBearerToken, isSigned, listTokens } from '../ingest/credentials.ts';
import type { SourceDirectory } from '../ingest/source-directory.ts';
import type { SourceTally } from '../ingest/source-tally.ts';
import type { Source } from '../store/source-repository.ts';
import { type Answer, toErrorAnswer, toProblem } from './answer.ts';
import type { HeldBody } from './request-body.ts';

export interface IngestDependencies {
  sources: SourceDirectory;
  writer: EventWriter;
  tally: Pick<SourceTally, 'add'>;
  now: () => number;
}

/** How one endpoint takes events. */
export interface IngestRoute {
  /** The format; absent: that of the source. */
  adapter?: string;
  toAnswer: (result: IngestResult) => Answer;
  toErrorAnswer: (error: unknown) => Answer;
}

export const EVENTS_ROUTE: IngestRoute = { adapter: 'native', toAnswer: toEventsAnswer, toErrorAnswer };

/** OpenMeter's ingest API: 204, or problem details. */
export const OPENMETER_ROUTE: IngestRoute = {
  adapter: 'cloudevents',
  toAnswer(result) {
    if (!isRejectedWhole(result)) return { status: 204 };
    const error = `No event is valid: ${result.rejected[0]!.error}`;
    return toProblem({ status: 400, body: { error, rejected: toRejectedList(result) } });
  },
  toErrorAnswer: (error) => toProblem(toErrorAnswer(error)),
};

export const SOURCE_ROUTE: IngestRoute = { toAnswer: toEventsAnswer, toErrorAnswer };

/**
 * Takes one request's events: credentials first, then the bytes, then the commit; answers when the events are on disk.
 * `sourceName` is that of `/sources/{name}`, where the source's own credentials count; without it the token names the
 * source. Throws what `toErrorAnswer` knows.
 */
export async function ingestRequest(
  request: IncomingMessage,
  readBody: () => Promise<HeldBody>,
  route: IngestRoute,
  sourceName: string | undefined,
  { sources, writer, tally, now }: IngestDependencies,
): Promise<IngestResult> {
  const { headers } = request;
  let source: Source | undefined;
  if (sourceName === undefined) {
    source = await sources.findByToken(findBearerToken(headers) ?? '', now());
    if (!source) throw unauthorised(headers.authorization === undefined);
  } else if (listTokens(headers).length === 0 && !isSigned(headers)) {
    throw unauthorised(true);
  }
  const body = await readBody();
  try {
    const receivedMs = now();
    source ??= await sources.authenticate(sourceName!, headers, body.bytes, receivedMs);
    if (!source) throw unauthorised(false);
    const adapter = route.adapter ?? source.adapter;
    const result = await writer.ingest({
      sourceId: source.id,
      sourceName: source.name,
      adapter,
      // Where the client stands is said in the words of the source's own format.
      options: adapter === source.adapter ? source.options : { ...source.options, clientFrom: undefined },
      contentType: headers['content-type'] ?? '',
      ...(headers['content-encoding'] === undefined ? {} : { encoding: headers['content-encoding'] }),
      headers: pickHeaders(request),
      body: body.bytes,
      receivedMs,
    });
    tally.add(source.id, result, receivedMs);
    return result;
  } finally {
    body.release();
  }
}

function unauthorised(missing: boolean): HeadroomError {
  return new HeadroomError(
    'unauthorised',
    missing
      ? 'There are no credentials: send "Authorization: Bearer <source token>" (headroom sources add NAME makes one).'
      : 'These credentials are not those of a source: check the token or the signing secret (headroom sources list, rotate).',
  );
}

/** The headers that adapters read; credentials are not among them. */
function pickHeaders(request: IncomingMessage): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    const wanted =
      name.startsWith('ce-') ||
      name.startsWith('x-amz-firehose-') ||
      name === 'webhook-id' ||
      name === 'x-github-delivery';
    if (wanted && name !== 'x-amz-firehose-access-key' && typeof value === 'string') picked[name] = value;
  }
  return picked;
}

function toEventsAnswer(result: IngestResult): Answer {
  const { accepted, duplicates } = result;
  const body = { accepted, duplicates, rejected: toRejectedList(result) };
  if (!isRejectedWhole(result)) return { status: 200, body };
  return { status: 422, body: { error: `Every event was rejected: ${result.rejected[0]!.error}`, ...body } };
}

function isRejectedWhole({ accepted, duplicates, rejected }: IngestResult): boolean {
  return accepted === 0 && duplicates === 0 && rejected.length > 0;
}

function toRejectedList({ rejected }: IngestResult): { index: number; id: string | null; error: string }[] {
  return rejected.map(({ index, id, error }) => ({ index, id: id ?? null, error }));
}
