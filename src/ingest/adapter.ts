import type { IngestResult, Rejection, UsageEvent } from '../domain/event.ts';
import type { SourceOptions } from './source-options.ts';

/** Input of an adapter: the body of one request. */
export interface AdapterInput {
  /** Decompressed. */
  body: Uint8Array;
  contentType: string;
  /** Only headers that adapters read (`ce-*`, `x-amz-firehose-*`), with names in lower case. */
  headers: Readonly<Record<string, string>>;
  receivedMs: number;
  options: SourceOptions;
}

export interface ParsedRequest {
  events: UsageEvent[];
  /** Index of each event in the request, in the order of `events`. */
  indexes: number[];
  rejected: Rejection[];
  /** Number of events by field that was not read: unknown names, and paths of a map that found nothing (`field=path`). */
  unread?: Readonly<Record<string, number>>;
  /** Points of cumulative series. */
  cumulative?: readonly CumulativePoint[];
  /** Returns the entry at an index as it was sent, so that a rejected one can be sent again. */
  sentAt?: (index: number) => unknown;
}

/** The value of a cumulative counter at an instant. The commit computes how many calls it adds to the point before. */
export interface CumulativePoint {
  index: number;
  /** Identity of the series: resource, scope, metric and attributes. */
  series: string;
  /** When the series began to count, in nanoseconds; 0 if unknown. */
  startNs: string;
  endNs: bigint;
  value: number;
  /** The event for the added calls, still without their number. */
  event: UsageEvent;
}

/**
 * Turns a sender's format into events. Each event of the request ends up in `events` or in `rejected`. Throws `unreadable` for a
 * body that cannot be read at all, and `unsupported` for a content type that the format does not have.
 */
export interface Adapter {
  name: string;
  parse(input: AdapterInput): ParsedRequest;
  /** Wraps a stored rejected event into a body, if the format needs that. */
  rewrap?(sent: string): string;
}

/** Sender of a request, and how to read its bytes. Like requests share one object. */
export interface Envelope {
  sourceId: number;
  sourceName: string;
  adapter: string;
  options: SourceOptions;
  contentType: string;
  /** `Content-Encoding`. */
  encoding?: string;
  headers: Readonly<Record<string, string>>;
}

/** An authenticated request that is not decompressed and parsed yet. */
export interface IngestRequest {
  envelope: Envelope;
  body: Uint8Array;
  receivedMs: number;
}

/** Events that a command has read, instead of a request. */
export interface AppendRequest {
  source: { id: number; name: string };
  events: readonly UsageEvent[];
  /** Points of cumulative series; their indexes follow those of the events. */
  cumulative?: readonly CumulativePoint[];
  receivedMs: number;
  /** The import they belong to, so that it can be undone. */
  importId?: number;
  /** Also take events that are too old to be kept raw: they go to the totals only. */
  allowOld?: boolean;
}

/** Commits events; answers once they are on disk. Rejects with `unreadable`, `too_large`, `unsupported` or `overloaded`. */
export interface EventIntake {
  ingest(request: IngestRequest): Promise<IngestResult>;
}
