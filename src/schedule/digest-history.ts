import { formatDay } from '../domain/calendar.ts';
import { formatInstant } from '../report/format.ts';
import { cureOf } from '../slack/client/errors.ts';
import type { PostedDigest } from '../store/subscription-repository.ts';

/** `Digest 7 of 2026-11-20: posted 20 Nov 2026 09:00 (Europe/Berlin)`. */
export function describeRun(id: number, run: PostedDigest, zone: string): string {
  const what = `Digest ${id} of ${formatDay(run.localDay)}`;
  if (run.state === 'sent') {
    const lateMin = Math.round((run.sentMs! - run.dueMs) / 60_000);
    const late = lateMin >= 5 ? `, ${lateMin} min late` : '';
    return `${what}: posted ${formatInstant(run.sentMs!, zone)} (${zone})${late}`;
  }
  if (run.state === 'failed') return `${what}: not posted. ${cureOf(run.error ?? 'unknown_error')}`;
  if (run.state === 'replaced') return `${what}: replaced by a newer one before it could be posted`;
  return `${what}: waiting to be posted${run.error ? ` (${run.error})` : ''}`;
}
