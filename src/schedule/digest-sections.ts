import { z } from 'zod';
import { DIMENSIONS } from '../domain/dimension.ts';
import type { Filter } from '../domain/filter.ts';

/** Parts that a digest can hold: lines of the message itself, then messages in its thread, in their order. */
export const DIGEST_SECTIONS = [
  { key: 'requests', title: 'Requests and chart', part: 'message' },
  { key: 'success', title: 'Success rate', part: 'message' },
  { key: 'attention', title: 'Needs attention', part: 'message' },
  { key: 'pools', title: 'Pools and run-out', part: 'both' },
  { key: 'clients', title: 'Top clients', part: 'thread' },
  { key: 'routes', title: 'Top routes', part: 'thread' },
  { key: 'status', title: 'Status codes and why', part: 'thread' },
  { key: 'movers', title: 'Biggest movers', part: 'thread' },
  { key: 'new-clients', title: 'New and silent clients', part: 'thread' },
  { key: 'alerts', title: 'Alerts', part: 'thread' },
  { key: 'corrections', title: 'Corrections and late calls', part: 'thread' },
  { key: 'advice', title: 'What to do', part: 'thread' },
] as const;

export type DigestSection = (typeof DIGEST_SECTIONS)[number]['key'];

const KEYS = DIGEST_SECTIONS.map(({ key }) => key);

/** Sections that are messages of the thread, in its order. */
export const THREAD_SECTIONS: readonly DigestSection[] = DIGEST_SECTIONS.filter(({ part }) => part !== 'message').map(
  ({ key }) => key,
);

/** What a subscription is about. */
export interface DigestWhat {
  sections: readonly DigestSection[];
  filters: readonly Filter[];
  scope?: string | undefined;
}

export const EVERYTHING: DigestWhat = { sections: KEYS, filters: [] };

export const DIGEST_WHAT = z.object({
  // One of another version is left out.
  sections: z.array(z.string()).transform((keys) => keys.filter(isSection)),
  filters: z.array(
    z.object({ key: z.enum([...DIMENSIONS, 'status']), patterns: z.array(z.string()), not: z.boolean() }),
  ),
  scope: z.string().optional(),
});

export function isSection(key: string): key is DigestSection {
  return KEYS.some((known) => known === key);
}

/** Filters for the calls that it is about. */
export function toFilters({ filters, scope }: DigestWhat): readonly Filter[] {
  return scope === undefined ? filters : [...filters, { key: 'scope', patterns: [scope], not: false }];
}
