import type { Filter } from '../domain/filter.ts';

/** What a digest can hold, in the order of the message. */
export const DIGEST_SECTIONS = [
  { key: 'requests', title: 'Requests' },
  { key: 'success', title: 'Success rate' },
  { key: 'clients', title: 'Top clients' },
  { key: 'status', title: 'Status codes' },
  { key: 'routes', title: 'Top routes' },
  { key: 'pools', title: 'Pools' },
  { key: 'new-clients', title: 'New clients' },
  { key: 'movers', title: 'Biggest movers' },
  { key: 'corrections', title: 'Corrections and late changes' },
  { key: 'advice', title: 'Advice' },
] as const;

export type DigestSection = (typeof DIGEST_SECTIONS)[number]['key'];

/** What a subscription is about. */
export interface DigestWhat {
  sections: readonly DigestSection[];
  filters: readonly Filter[];
  scope?: string;
}

export const EVERYTHING: DigestWhat = { sections: DIGEST_SECTIONS.map(({ key }) => key), filters: [] };

export function isSection(key: string): key is DigestSection {
  return DIGEST_SECTIONS.some((section) => section.key === key);
}
