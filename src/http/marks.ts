import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import type { TimeMark } from '../domain/report.ts';
import { HeadroomError } from '../errors.ts';
import { findBearerToken } from '../ingest/credentials.ts';
import { FIRST_EVENT_MS, parseEventTime } from '../ingest/event-time.ts';
import type { SourceDirectory } from '../ingest/source-directory.ts';
import type { Source } from '../store/source-repository.ts';
import { type HttpAnswer, toErrorAnswer } from './answer.ts';
import type { HeldBody } from './request-body.ts';

/** More than any mark needs. */
export const MAX_MARK_BYTES = 10_000;
/** As long as a name of a release is, and as has room across a chart. */
const MAX_LABEL = 40;

const MARK = z.strictObject({ label: z.string(), time: z.unknown().optional() });

const SHAPE = 'send {"label": "v2.5.0"}, with a "time" (RFC 3339) unless it is now';

/**
 * Takes a mark, such as a deploy, from a pipeline that shows a source's token: `POST /v1/marks`. Answers 200 when it is kept.
 * The same label and time once more is the same mark.
 */
export async function takeMark(
  { headers }: IncomingMessage,
  readBody: (source: Source) => Promise<HeldBody>,
  {
    sources,
    keepMark,
    now,
  }: { sources: SourceDirectory; keepMark: (mark: TimeMark) => Promise<void>; now: () => number },
): Promise<HttpAnswer> {
  try {
    await sources.refresh(now());
    const source = sources.findByToken([findBearerToken(headers) ?? ''], undefined);
    if (!source) throw new HeadroomError('unauthorised', 'Send "Authorization: Bearer <source token>", as for events.');
    const { bytes, release } = await readBody(source);
    release();
    const mark = readMark(Buffer.from(bytes).toString(), now());
    await keepMark(mark);
    return { status: 200, body: { label: mark.label, time: new Date(mark.atMs).toISOString() } };
  } catch (error) {
    if (error instanceof HeadroomError) return toErrorAnswer(error);
    throw error;
  }
}

function readMark(body: string, nowMs: number): TimeMark {
  const read = MARK.safeParse(parseJson(body));
  if (!read.success) {
    const [{ path, message }] = read.error.issues as [z.core.$ZodIssue];
    throw new HeadroomError(
      'unreadable',
      `The mark ${path.length > 0 ? `at ${path.join('.')} ` : ''}is unreadable (${message}): ${SHAPE}.`,
    );
  }
  const label = read.data.label.replace(/\s+/g, ' ').trim();
  if (label === '' || label.length > MAX_LABEL)
    throw new HeadroomError('unreadable', `label: has ${label.length} characters; give 1 to ${MAX_LABEL}.`);
  const { time } = read.data;
  const atMs = time === undefined ? nowMs : parseEventTime(time);
  if (atMs === undefined || atMs < FIRST_EVENT_MS)
    throw new HeadroomError(
      'unreadable',
      `time: ${JSON.stringify(time)?.slice(0, 60)} is no time; write it like ${new Date(nowMs).toISOString()}.`,
    );
  return { atMs, label };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new HeadroomError('unreadable', `The body is no JSON: ${SHAPE}.`);
  }
}
