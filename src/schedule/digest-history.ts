import { formatDay } from '../domain/calendar.ts';
import { formatInstant } from '../report/format.ts';
import { cureOf } from '../slack/client/errors.ts';
import type { Db } from '../store/database.ts';
import { listDigestDeliveries } from '../store/delivery-repository.ts';
import { listDigests, type Subscription } from '../store/subscription-repository.ts';

const SHOWN = 14;

/** Returns the beginning of the delivery keys of digests sent by hand. */
export function toSentKey(id: number): string {
  return `digest:${id}:sent:`;
}

/** Lists what was posted, missed or sent of a digest lately, newest first. */
export async function listRuns(
  db: Db,
  { id, schedule: { zone } }: Subscription,
): Promise<{ dueMs: number; line: string }[]> {
  const runs = await listDigests(db, id, SHOWN);
  const sent = await listDigestDeliveries(db, toSentKey(id), SHOWN);
  return [
    ...runs.map((run) => ({
      dueMs: run.dueMs,
      line: `Digest ${id} of ${formatDay(run.localDay)}: ${describeState(run, run.dueMs, zone)}`,
    })),
    ...sent.map((run) => ({
      dueMs: run.dueMs,
      line: `Digest ${id}, sent by hand: ${describeState({ ...run, sentMs: run.sent?.ms }, run.dueMs, zone)}`,
    })),
  ].sort((a, b) => b.dueMs - a.dueMs);
}

/** `posted 20 Nov 2026 09:00 (Europe/Berlin)`. */
function describeState(
  { state, sentMs, error }: { state: string; sentMs: number | undefined; error: string | undefined },
  dueMs: number,
  zone: string,
): string {
  if (state === 'sent' && sentMs !== undefined) {
    const lateMin = Math.round((sentMs - dueMs) / 60_000);
    return `posted ${formatInstant(sentMs, zone)} (${zone})${lateMin >= 5 ? `, ${lateMin} min late` : ''}`;
  }
  if (state === 'failed') return `not posted. ${cureOf(error ?? 'unknown_error')}`;
  if (state === 'replaced') return 'replaced by a newer one before it could be posted';
  return `waiting to be posted${error ? ` (${error})` : ''}`;
}
