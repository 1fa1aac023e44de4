import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { MAX_AHEAD_MS } from '../domain/event.ts';
import { readText } from '../domain/field.ts';
import type { TimeMark } from '../domain/report.ts';
import { HeadroomError } from '../errors.ts';
import { findBearerToken } from '../ingest/credentials.ts';
import { describeValue } from '../ingest/event-fields.ts';
import { FIRST_EVENT_MS, parseEventTime } from '../ingest/event-time.ts';
import type { SourceDirectory } from '../ingest/source-directory.ts';
import type { Logger } from '../log.ts';
import { MOST_MARKS_A_DAY } from '../store/mark-repository.ts';
import type { Source } from '../store/source-repository.ts';
import { type HeldBody, type HttpAnswer, toErrorAnswer } from './message-body.ts';

/** Read at most 10 kB of a mark, more than any needs. */
export const MARK_ROOM = { maxBytes: 10_000, cure: 'a mark has a label and a time, and nothing else' };

/** 40 characters hold the name of a release and fit on a chart. */
const LABEL = { kind: 'text', label: 'label', most: 40 } as const;

const MARK = z.strictObject(
  {
    label: z.string({ error: ({ input }) => `"label" is ${describeValue(input)}` }),
    time: z.unknown().optional(),
  },
  {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `it has no field ${JSON.stringify(issue.keys[0]?.slice(0, 60))}`
        : `it is ${describeValue(issue.input)}`,
  },
);

const SHAPE = 'send {"label": "v2.5.0"}, with a "time" (RFC 3339) unless it is now';

/** Stores the marks that sources set. */
export interface MarkStore {
  /** Stores a mark, unless there is one with the same label and time. False if the source has set too many on that day. */
  keep(mark: TimeMark, source: string): Promise<boolean>;
  /** Deletes a mark; false if the source has set no such mark. */
  remove(mark: TimeMark, source: string): Promise<boolean>;
}

interface MarkDependencies {
  sources: SourceDirectory;
  marks: MarkStore;
  now: () => number;
  log: Logger;
}

/**
 * Sets a mark, such as a deploy, for a pipeline with a source's token (POST), or deletes one of that source (DELETE, with its
 * label and time). Answers 200 with the mark when the change is on disk.
 */
export async function takeMark(
  { method, headers }: IncomingMessage,
  readBody: (source: Source) => Promise<HeldBody>,
  { sources, marks, now, log }: MarkDependencies,
): Promise<HttpAnswer> {
  try {
    await sources.refresh(now());
    const source = sources.findByToken([findBearerToken(headers) ?? ''], undefined);
    if (!source)
      throw new HeadroomError(
        'unauthorised',
        'Send "Authorization: Bearer <source token>", the token of a source, as for events.',
      );
    const { bytes, release } = await readBody(source);
    release();
    const mark = readMark(Buffer.from(bytes).toString(), now());
    const told = { label: mark.label, time: new Date(mark.atMs).toISOString() };
    if (method === 'DELETE') {
      if (!(await marks.remove(mark, source.name)))
        return { status: 404, body: { error: describeMissing(source, told) } };
    } else if (!(await marks.keep(mark, source.name))) throw tooMany(source, told.time);
    log.info(
      { source: source.name, label: told.label, at: told.time },
      method === 'DELETE' ? 'a mark was taken back' : 'a mark was set',
    );
    return { status: 200, body: told };
  } catch (error) {
    if (error instanceof HeadroomError) return toErrorAnswer(error);
    throw error;
  }
}

function readMark(body: string, nowMs: number): TimeMark {
  const read = MARK.safeParse(parseBody(body));
  if (!read.success) {
    throw new HeadroomError('unreadable', `The mark cannot be read: ${read.error.issues[0]!.message}; ${SHAPE}.`);
  }
  const label = readText(LABEL, read.data.label.replace(/\s+/g, ' '));
  if ('fault' in label) throw new HeadroomError('unreadable', `label ${label.fault}`);
  const { time } = read.data;
  const atMs = time === undefined ? nowMs : parseEventTime(time);
  if (atMs === undefined || atMs < FIRST_EVENT_MS)
    throw new HeadroomError(
      'unreadable',
      `time: ${JSON.stringify(time)?.slice(0, 60)} is no time; write it like ${new Date(nowMs).toISOString()}.`,
    );
  if (atMs > nowMs + MAX_AHEAD_MS)
    throw new HeadroomError(
      'unreadable',
      `time: ${new Date(atMs).toISOString()} is more than 5 minutes ahead of this server (${new Date(nowMs).toISOString()}); tell of a deploy once it is done.`,
    );
  return { atMs, label: label.value };
}

function tooMany({ name }: Source, time: string): HeadroomError {
  return new HeadroomError(
    'limited',
    `Source ${name} has set ${MOST_MARKS_A_DAY} marks on ${time.slice(0, 10)} (UTC), and may set no more: set one per deploy, or take some back (DELETE with their label and time).`,
  );
}

function describeMissing({ name }: Source, { label, time }: { label: string; time: string }): string {
  return `Source ${name} has set no mark ${JSON.stringify(label)} at ${time}: give the label and time that the answer told when it was set.`;
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new HeadroomError('unreadable', `The body is not JSON: ${SHAPE}.`);
  }
}
