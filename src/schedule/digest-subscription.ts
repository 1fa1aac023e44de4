import { z } from 'zod';
import type { ScheduleRule } from '../domain/schedule-rule.ts';
import type { Subscription } from '../store/subscription-repository.ts';
import { DIGEST_WHAT, type DigestWhat } from './digest-sections.ts';

const PLACE = { time: z.string(), zone: z.string() };
const SCHEDULE = z.discriminatedUnion('every', [
  z.object({ ...PLACE, every: z.literal('week'), weekdays: z.array(z.number()) }),
  z.object({ ...PLACE, every: z.literal('month'), day: z.number() }),
]);

/** How often a digest comes: a week's or a month's also sums that. */
export type DigestRhythm = 'day' | 'week' | 'month';

/** A subscription with its schedule and what it is about. */
export type DigestSubscription = Omit<Subscription, 'schedule' | 'what'> & { schedule: ScheduleRule; what: DigestWhat };

export function readSubscription(stored: Subscription): DigestSubscription {
  return { ...stored, schedule: SCHEDULE.parse(stored.schedule), what: DIGEST_WHAT.parse(stored.what) };
}

export function toRhythm(rule: ScheduleRule): DigestRhythm {
  if (rule.every === 'month') return 'month';
  return rule.weekdays.length === 1 ? 'week' : 'day';
}
