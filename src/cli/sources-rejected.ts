import type { Intake } from '../ingest/intake.ts';
import { retryRejected } from '../ingest/retry.ts';
import { countOf } from '../report/format.ts';
import { insertAudit } from '../store/audit-repository.ts';
import type { Db } from '../store/database.ts';
import { listRejectedEvents, REJECTED_EVENTS_KEPT } from '../store/rejected-event-repository.ts';
import type { Source } from '../store/source-repository.ts';
import { type CliContext, describePerson, INCOMPLETE } from './command.ts';

const MAX_SHOWN = 50;

/** Prints the rejected events of a source: when, why, and an excerpt. */
export async function listRejected(db: Db, source: Source, context: CliContext): Promise<number> {
  const rejected = await listRejectedEvents(db, source.id);
  if (rejected.length === 0) {
    context.out(`Source ${source.name} has no rejected events.`);
    return 0;
  }
  for (const { atMs, eventId, reason, excerpt, sent } of rejected.slice(0, MAX_SHOWN)) {
    context.out(`${new Date(atMs).toISOString()}  ${reason}`);
    const id = eventId === null ? [] : [`id ${JSON.stringify(eventId)}`];
    const shown = excerpt ?? sent?.slice(0, 200);
    context.out(`  ${[...id, ...(shown === undefined ? [] : [shown])].join('  ') || '(nothing of it was kept)'}`);
  }
  if (rejected.length > MAX_SHOWN) context.out(`… and ${rejected.length - MAX_SHOWN} older ones`);
  const whole = rejected.filter(({ sent }) => sent !== null).length;
  context.out(
    `${countOf(rejected.length, 'event')} rejected (the newest ${REJECTED_EVENTS_KEPT} are kept). ` +
      (whole > 0
        ? `Mend what is wrong ("headroom sources set ${source.name} --map …"), then send ${whole} of them again with --retry.`
        : 'None was kept whole: have the sender send them again.'),
  );
  return 0;
}

/** Reads rejected events again and counts those that can be read now. Returns INCOMPLETE if any are left. */
export async function retryListed(
  { db, intake }: { db: Db; intake: Intake },
  source: Source,
  context: CliContext,
): Promise<number> {
  const { counted, duplicates, passedOver, stillRejected, notKept } = await retryRejected(db, intake, source);
  await insertAudit(db, {
    ...{ atMs: context.now(), actor: describePerson(), action: 'source.retry' },
    detail: `${source.name}: ${countOf(counted, 'event')} counted`,
  });
  await intake.usage.foldAll();
  const parts = [`${countOf(counted, 'event')} counted`];
  if (duplicates > 0) parts.push(`${duplicates} known already`);
  if (passedOver > 0) parts.push(`${passedOver} that say nothing of calls`);
  if (stillRejected > 0) parts.push(`${stillRejected} still rejected`);
  if (notKept > 0) parts.push(`${notKept} were kept only in part`);
  context.out(`${parts.join(', ')}.`);
  return stillRejected + notKept > 0 ? INCOMPLETE : 0;
}
