import { isDeepStrictEqual } from 'node:util';
import { DIGEST_SECTIONS, type DigestWhat, describeLimits, EVERYTHING, isSection } from '../domain/digest.ts';
import { formatSchedule, listNext, nextDue, parseSchedule } from '../domain/schedule-rule.ts';
import { HeadroomError } from '../errors.ts';
import type { Actor, DigestChange, DigestPort, DigestSummary } from '../slack/ports.ts';
import { insertAudit } from '../store/audit-repository.ts';
import type { Db } from '../store/database.ts';
import {
  findSubscription,
  insertSubscription,
  listSubscriptions,
  type Subscription,
  updateSubscription,
} from '../store/subscription-repository.ts';

export interface OwnerPorts {
  db: Db;
  /** Tells whether a user has left the workspace: anybody may then take the digest over, or end it. */
  isGone(user: string): Promise<boolean>;
}

/** Lists, adds, changes, pauses and ends digests, for people in Slack. */
export function createDigests(options: OwnerPorts & { now(): number }): DigestPort {
  const { db, now } = options;

  async function list(channel?: string): Promise<DigestSummary[]> {
    return (await listSubscriptions(db, channel)).map((row) => toSummary(row, now()));
  }

  /** Adds a digest. If the channel has the same one already (a form was sent twice), returns that. */
  async function add(digest: DigestChange & { channel: string; schedule: string }, by: Actor): Promise<DigestSummary> {
    const { channel } = digest;
    const schedule = parseSchedule(digest.schedule, by.zone);
    const what = narrow(EVERYTHING, digest);
    const there = await listSubscriptions(db, channel);
    const same = there.find((row) => isDeepStrictEqual([row.schedule, row.what], [schedule, what]));
    if (same) return toSummary(same, now());
    const nextDueMs = nextDue(schedule, now()).dueMs;
    const id = await insertSubscription(db, { channel, owner: by.user, schedule, what, nextDueMs }, now());
    await audit(by, 'digest.add', `${id}: ${formatSchedule(schedule)} in ${channel}`);
    return toSummary(await getDigest(db, id), now());
  }

  function change(id: number, change: DigestChange & { owner?: string }, by: Actor): Promise<DigestSummary> {
    const { channel, owner, sections, filters, scope } = change;
    return write(id, by, owner ? 'digest.takeover' : 'digest.change', (row, nowMs) => {
      const schedule = change.schedule === undefined ? undefined : parseSchedule(change.schedule, row.schedule.zone);
      const resumesMs = Math.max(nowMs, (row.pausedUntilMs ?? 0) - 1);
      return {
        ...(channel === undefined ? {} : { channel }),
        ...(owner === undefined ? {} : { owner }),
        ...(sections || filters || scope ? { what: narrow(row.what, change) } : {}),
        ...(schedule && { schedule, nextDueMs: nextDue(schedule, resumesMs).dueMs }),
      };
    });
  }

  /** Pauses a digest, for good or until an instant, or resumes it from its next due time: digests due in between are not posted. */
  function pause(id: number, paused: boolean | number, by: Actor): Promise<DigestSummary> {
    return write(id, by, paused === false ? 'digest.resume' : 'digest.pause', ({ schedule }, nowMs) => {
      if (paused === true) return { paused, pausedUntilMs: null };
      const untilMs = paused === false ? null : paused;
      const nextDueMs = nextDue(schedule, Math.max(nowMs, (untilMs ?? 0) - 1)).dueMs;
      return { paused: false, pausedUntilMs: untilMs, nextDueMs, ...(paused === false ? { broken: null } : {}) };
    });
  }

  async function remove(id: number, by: Actor): Promise<DigestSummary> {
    const row = await findOwn(options, id, by);
    await updateSubscription(db, id, { removedMs: now() });
    await audit(by, 'digest.remove', `${id}: ${formatSchedule(row.schedule)} in ${row.channel}`);
    return toSummary(row, now());
  }

  async function write(
    id: number,
    by: Actor,
    action: string,
    change: (row: Subscription, nowMs: number) => Parameters<typeof updateSubscription>[2],
  ): Promise<DigestSummary> {
    const written = change(await findOwn(options, id, by), now());
    await updateSubscription(db, id, written);
    await audit(by, action, `${id}: ${JSON.stringify(written)}`);
    return toSummary(await getDigest(db, id), now());
  }

  async function audit(by: Actor, action: string, detail: string): Promise<void> {
    await insertAudit(db, { atMs: now(), actor: by.user, action, detail });
  }

  return { list, add, change, pause, remove };
}

export async function getDigest(db: Db, id: number): Promise<Subscription> {
  const row = await findSubscription(db, id);
  if (!row) throw new HeadroomError('schedule', `There is no digest ${id}. See /usage digest for those there are.`);
  return row;
}

/** Finds a digest that `by` may change: its owner, an admin, or anybody once the owner has left. Throws for everybody else. */
export async function findOwn({ db, isGone }: OwnerPorts, id: number, by: Actor): Promise<Subscription> {
  const row = await getDigest(db, id);
  if (by.admin || row.owner === by.user || (await isGone(row.owner))) return row;
  throw new HeadroomError(
    'schedule',
    `Digest ${id} belongs to somebody else (/usage digest shows to whom): ask them, or an admin.`,
  );
}

export function toSummary(row: Subscription, nowMs: number): DigestSummary {
  const untilMs = row.pausedUntilMs !== null && row.pausedUntilMs > nowMs ? row.pausedUntilMs : undefined;
  const next = row.paused ? [] : listNext(row.schedule, Math.max(nowMs, (untilMs ?? 0) - 1), 3);
  return {
    ...{ id: row.id, channel: row.channel, owner: row.owner, schedule: formatSchedule(row.schedule) },
    sections: row.what.sections,
    limits: describeLimits(row.what),
    paused: row.paused || untilMs !== undefined,
    ...(untilMs === undefined ? {} : { pausedUntilMs: untilMs }),
    ...(row.broken ? { pausedReason: row.broken } : {}),
    nextRuns: next.map(({ dueMs }) => dueMs),
  };
}

/** Returns a digest's content with a change; fields that the change does not name stay. */
function narrow(what: DigestWhat, change: DigestChange): DigestWhat {
  const unknown = change.sections?.find((key) => !isSection(key));
  if (unknown !== undefined) {
    const known = DIGEST_SECTIONS.map(({ key }) => key).join(', ');
    throw new HeadroomError('schedule', `A digest has no section “${unknown}”. It can have: ${known}.`);
  }
  const scope = change.scope || what.scope;
  return {
    sections: change.sections?.filter(isSection) ?? what.sections,
    filters: change.filters ?? what.filters,
    ...(scope ? { scope } : {}),
  };
}
