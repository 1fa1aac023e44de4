import { z } from 'zod';
import { HeadroomError } from '../errors.ts';

/** Signals of OTLP; each has an endpoint of its own. */
export type OtlpSignal = 'traces' | 'logs' | 'metrics';

/** Kinds of spans in the order of their numbers, which begin at 1. */
export const SPAN_KINDS = ['internal', 'server', 'client', 'producer', 'consumer'] as const;

/** Options of a source, stored with it as JSON: how to read its bytes, besides the adapter, and how many events it may send. */
const SCHEMA = z.strictObject({
  /** Paths of the fields of an event (field-map.ts). */
  map: z.record(z.string(), z.string()).optional(),
  /** Format of lines for the adapter access-log (log-presets.ts). */
  format: z.string().optional(),
  /** IANA zone for times that name none. */
  zone: z.string().optional(),
  /** Segments of URLs that become `{id}`, such as `ord_*`. */
  routePatterns: z.array(z.string()).optional(),
  /** Kinds of spans that the adapter otlp counts; absent: `server`. */
  spans: z.array(z.enum(SPAN_KINDS)).optional(),
  /** Metrics that the adapter otlp counts instead of those of the conventions. */
  metrics: z.array(z.string()).optional(),
  /** Limit of events, such as `5000/s` (source-tally.ts). */
  limit: z.string().optional(),
  /** Identity that may push with a token signed by Google, besides the source's own token. */
  push: z.strictObject({ email: z.string(), audience: z.string() }).optional(),
});

export type StoredOptions = z.infer<typeof SCHEMA>;

/** Options of a source, with those that the endpoint of a request adds. */
export type SourceOptions = Readonly<StoredOptions & { signal?: OtlpSignal | undefined }>;

/** Checks stored options. Throws a `source` error for options that this version does not know. */
export function parseOptions(options: Readonly<Record<string, unknown>>, name: string): StoredOptions {
  const parsed = SCHEMA.safeParse(options);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new HeadroomError(
    'source',
    `The options of source ${name} cannot be read (${issue?.path.join('.')}: ${issue?.message}): set them again with "headroom sources set ${name}".`,
  );
}
