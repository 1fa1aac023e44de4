/** The signals of OTLP; each has an endpoint of its own. */
export type OtlpSignal = 'traces' | 'logs' | 'metrics';

/** Kinds of spans in the order of their numbers, which begin at 1. */
export const SPAN_KINDS = ['internal', 'server', 'client', 'producer', 'consumer'] as const;
