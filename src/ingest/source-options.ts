import { z } from 'zod';
import { HeadroomError } from '../errors.ts';

/** The signals of OTLP; each has an endpoint of its own. */
export type OtlpSignal = 'traces' | 'logs' | 'metrics';

/** Kinds of spans in the order of their numbers, which begin at 1. */
export const SPAN_KINDS = ['internal', 'server', 'client', 'producer', 'consumer'] as const;

/** How a source's bytes are to be read, beside its adapter, and how many events it may send; kept with it as JSON. */
const SCHEMA = z.strictObject({
  /** Where the fields of an event stand (field-map.ts). */
  map: z.record(z.string(), z.string()).optional(),
  /** How lines of the adapter access-log are written (log-presets.ts). */
  format: z.string().optional(),
  /** IANA zone of times that name none. */
  zone: z.string().optional(),
  /** Segments of URLs that become `{id}`, such as `ord_*`. */
  routePatterns: z.array(z.string()).optional(),
  /** Spans that the adapter otlp counts; absent: those of servers. */
  spans: z.array(z.enum(SPAN_KINDS)).optional(),
  /** Metrics that it counts instead of those of the conventions. */
  metrics: z.array(z.string()).optional(),
  /** Events that it may send, such as `5000/s` (source-limit.ts). */
  limit: z.string().optional(),
  /** Who may push with a token that Google signs, beside the source's own. */
  push: z.strictObject({ email: z.string(), audience: z.string() }).optional(),
});

export type StoredOptions = z.infer<typeof SCHEMA>;

/** The options of a source, with what the endpoint of a request says. */
export type SourceOptions = Readonly<StoredOptions & { signal?: OtlpSignal | undefined }>;

/** Throws a `source` error for options that this version does not know. */
export function parseOptions(options: Readonly<Record<string, unknown>>, name: string): StoredOptions {
  const parsed = SCHEMA.safeParse(options);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new HeadroomError(
    'source',
    `The options of source ${name} cannot be read (${issue?.path.join('.')}: ${issue?.message}): set them again with "headroom sources set ${name}".`,
  );
}
