import type { Filter } from './filter.ts';
import type { ScheduleRule } from './schedule-rule.ts';

/** Parts that a digest can have: lines of its message, then messages in its thread, in this order. */
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

/** Sections that are messages of the thread, in its order. */
export const THREAD_SECTIONS: readonly DigestSection[] = DIGEST_SECTIONS.filter(({ part }) => part !== 'message').map(
  ({ key }) => key,
);

/** The content of a subscription: its sections, and the calls that they count. */
export interface DigestWhat {
  sections: readonly DigestSection[];
  filters: readonly Filter[];
  scope?: string | undefined;
}

export const EVERYTHING: DigestWhat = { sections: DIGEST_SECTIONS.map(({ key }) => key), filters: [] };

/** `only calls with scope crm, not status 429`; empty if it counts all calls. */
export function describeLimits({ filters, scope }: DigestWhat): string[] {
  const words = filters.map(({ key, patterns, not }) => `${not ? 'not ' : ''}${key} ${patterns.join(' or ')}`);
  const all = [...words, ...(scope ? [`scope ${scope}`] : [])];
  return all.length > 0 ? [`only calls with ${all.join(', ')}`] : [];
}

export function isSection(key: string): key is DigestSection {
  return DIGEST_SECTIONS.some((known) => known.key === key);
}

/** Returns the filters for the calls that a digest counts. */
export function toFilters({ filters, scope }: DigestWhat): readonly Filter[] {
  return scope === undefined ? filters : [...filters, { key: 'scope', patterns: [scope], not: false }];
}

/** The span that a digest sums up besides its day: a weekly digest adds its week, a monthly one its month. */
export type DigestRhythm = 'day' | 'week' | 'month';

export function toRhythm(rule: ScheduleRule): DigestRhythm {
  if (rule.every === 'month') return 'month';
  return rule.weekdays.length === 1 ? 'week' : 'day';
}

/** Numbers that a digest stated, kept so that the next one can tell what changed since, each change once. */
export interface StatedDay {
  day: number;
  requests: number;
  failed: number;
  /** Corrections entered before this instant have been told; absent in digests of older versions. */
  correctionsUntilMs?: number | undefined;
  /** Earlier days for which it stated a new number. */
  restated?: readonly { day: number; requests: number }[] | undefined;
}
