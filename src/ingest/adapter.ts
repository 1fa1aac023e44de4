import type { IngestResult, Rejection, UsageEvent } from '../domain/event.ts';
import type { SourceOptions } from './source-options.ts';

/** One request's body, as an adapter gets it. */
export interface AdapterInput {
  /** Decompressed. */
  body: Uint8Array;
  contentType: string;
  /** Names in lower case; only those that adapters ask for (`ce-*`, `x-amz-firehose-*`). */
  headers: Readonly<Record<string, string>>;
  receivedMs: number;
  options: SourceOptions;
}

export interface ParsedRequest {
  events: UsageEvent[];
  /** Place of each event in the request, in the order of `events`. */
  indexes: number[];
  rejected: Rejection[];
  /** Events by field that was not read of them: names that nobody knows, and paths of a map (`field=path`). */
  unread?: Readonly<Record<string, number>>;
  /** Points of cumulative series. */
  cumulative?: readonly CumulativePoint[];
  /** Returns the entry at an index as it was sent, so that a rejected one can be sent again. */
  sentAt?: (index: number) => unknown;
}

/** The value of a cumulative counter at an instant. The commit finds out how many calls it adds to the point before. */
export interface CumulativePoint {
  index: number;
  /** Identity of the series: resource, scope, metric and attributes. */
  series: string;
  /** When it began to count, in nanoseconds; 0: unknown. */
  startNs: string;
  endNs: bigint;
  value: number;
  /** The event for the calls that it adds, but for their number. */
  event: UsageEvent;
}

/**
 * Turns a sender's format into events. Each event of the request is either in `events` or in `rejected`; a body that
 * cannot be read at all throws `unreadable` (or `unsupported` for a content type that the format does not have).
 */
export interface Adapter {
  name: string;
  parse(input: AdapterInput): ParsedRequest;
  /** A body around what is kept of a rejected event, where the format needs one. */
  rewrap?(sent: string): string;
}

/** Who sends a request, and how its bytes are to be read: the same object for requests that have it in common. */
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

/** A request that has been authenticated, before it is decompressed and parsed. */
export interface IngestRequest {
  envelope: Envelope;
  body: Uint8Array;
  receivedMs: number;
}

/** Events that a command has read itself, instead of a request. */
export interface AppendRequest {
  source: { id: number; name: string };
  events: readonly UsageEvent[];
  /** Points of cumulative series; their places follow those of the events. */
  cumulative?: readonly CumulativePoint[];
  receivedMs: number;
  /** The import they belong to, so that it can be undone. */
  importId?: number;
  /** Take events older than raw events are kept: they go to the totals. */
  allowOld?: boolean;
}

/** Commits events; answers once they are on disk. Rejects with `unreadable`, `too_large`, `unsupported` or `overloaded`. */
export interface EventIntake {
  ingest(request: IngestRequest): Promise<IngestResult>;
}
