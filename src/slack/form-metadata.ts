import { z } from 'zod';
import { FILTERS, QUESTION } from '../store/json-columns.ts';

const text = z.string();
/** A conversation; empty for what began in the Home tab. */
const CHANNEL = text.regex(/^([CDG][A-Z0-9]+)?$/);

/** The place where a form was opened, and where its outcome is told. `inThread`: they were in that thread, so it has replies. */
const PLACE = z.object({
  channel: CHANNEL,
  threadTs: text.regex(/^\d+\.\d+$/).optional(),
  inThread: z.boolean().optional(),
});
export type FormPlace = z.infer<typeof PLACE>;

/** The answer that a form was opened from, as far as that is known and short enough to travel with it. */
const ANSWER = PLACE.extend({
  answerId: text.optional(),
  question: QUESTION.optional(),
  /** Of the press: a private answer is changed through it. */
  responseUrl: z.url().optional(),
});
export type AnswerFormMetadata = z.infer<typeof ANSWER>;

const ASK = ANSWER.pick({ channel: true, threadTs: true, inThread: true, responseUrl: true });
export type AskMetadata = z.infer<typeof ASK>;

/** `id`: of the digest that is changed; absent: a new one. The filters and the scope limit the calls of a new one. */
const DIGEST = z.object({
  id: z.int().optional(),
  channel: CHANNEL.optional(),
  filters: FILTERS.optional(),
  scope: text.optional(),
});
export type DigestMetadata = z.infer<typeof DIGEST>;

/** `noGroups`: the workspace's plan has no user groups. */
const ROUTING = PLACE.extend({ noGroups: z.boolean().optional() });
export type RoutingMetadata = z.infer<typeof ROUTING>;

/** `scope`: the one that is shown; absent: all. */
const POOLS = PLACE.extend({ scope: text.optional() });
export type PoolsMetadata = z.infer<typeof POOLS>;

/** `basis` stands for the content that is changed; absent: a new client. */
const CLIENT = PLACE.extend({ basis: text.optional() });
export type ClientFormMetadata = z.infer<typeof CLIENT>;

/** `scope` absent: a new one. */
const SCOPE = POOLS.extend({ basis: text.optional() });
export type ScopeFormMetadata = z.infer<typeof SCOPE>;

const POOL = PLACE.extend({
  scope: text,
  part: z.enum(['pools', 'limits']),
  /** Absent: a new one. */
  name: text.optional(),
  basis: text.optional(),
  /** Numbers of its grants, in their order: each has fields of its own, which keep what is typed when others come or go. */
  grants: z.array(z.int().nonnegative()),
});
export type PoolFormMetadata = z.infer<typeof POOL>;

/** Schemas of what windows carry (`private_metadata`). */
export const METADATA = {
  answer: ANSWER,
  ask: ASK,
  digest: DIGEST,
  routing: ROUTING,
  pools: POOLS,
  client: CLIENT,
  scope: SCOPE,
  pool: POOL,
};

/** The place that any form was opened from, as far as the form says so. */
export const OPENED_FROM = ASK.partial();

/** Returns what a form carries of the place where it is opened. */
export function toFormPlace({ channel, threadTs, inThread }: FormPlace): FormPlace {
  return { channel, ...(threadTs ? { threadTs } : {}), ...(inThread ? { inThread } : {}) };
}
