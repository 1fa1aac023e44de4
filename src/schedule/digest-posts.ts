import { parseDay } from '../domain/calendar.ts';
import { EVERYTHING, THREAD_SECTIONS, toRhythm } from '../domain/digest.ts';
import { type Due, formatSchedule, latestDue, nextDue } from '../domain/schedule-rule.ts';
import { QuestionError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { formatDate, formatDuration, formatMoment } from '../report/format.ts';
import { cureOf } from '../slack/client/errors.ts';
import type { Actor, DigestPostPort, DigestPreview, DigestSummary } from '../slack/ports.ts';
import { insertAudit } from '../store/audit-repository.ts';
import { type Db, transact } from '../store/database.ts';
import {
  type Delivery,
  insertDelivery,
  listDigestDeliveries,
  supersedeDeliveries,
} from '../store/delivery-repository.ts';
import {
  claimDigest,
  findSubscription,
  listDueSubscriptions,
  listSubscriptions,
  listUnsentDigests,
  type Subscription,
  updateSubscription,
} from '../store/subscription-repository.ts';
import { buildMessage, composeDigest, type DigestOrder, readDigestOrder } from './digest-composer.ts';
import type { DigestSources } from './digest-days.ts';
import { findOwn, getDigest, type OwnerPorts, toSummary } from './digests.ts';
import { orderOrphanNotice } from './notices.ts';
import { putDigestEvent } from './webhook-events.ts';

export interface DigestPostsOptions extends DigestSources, OwnerPorts {
  log: Logger;
  now(): number;
  /** Looks for due deliveries at once. */
  wakeSender(): void;
  /** WEBHOOK_URL is set: events go there too. */
  webhook: boolean;
}

/** Posts digests, when they are due and when somebody asks. Each local date of a subscription is claimed once, by a unique row. */
export function createDigestPosts(
  options: DigestPostsOptions,
): DigestPostPort & { runDue(nowMs: number): Promise<number> } {
  const { db, log, now, wakeSender, webhook } = options;

  /**
   * Claims and queues every digest that is due, in one transaction each, and returns how many. If several were missed, only the
   * latest is posted, and replaces older ones that are still unsent.
   */
  async function runDue(nowMs: number): Promise<number> {
    await followClock(nowMs);
    let claimed = 0;
    for (const subscription of await listDueSubscriptions(db, nowMs)) {
      const due = latestDue(subscription.schedule, nowMs);
      if (await claim(subscription, due, nowMs)) {
        claimed += 1;
        if (await options.isGone(subscription.owner)) await orderOrphanNotice(db, subscription, nowMs);
      } else log.info({ subscription: subscription.id, date: due.date }, 'this date has its digest already');
    }
    if (claimed > 0) wakeSender();
    return claimed;
  }

  /** Moves due times back after a clock that was ahead was set right, so that no date in between is skipped. */
  async function followClock(nowMs: number): Promise<void> {
    for (const row of await listSubscriptions(db)) {
      const { dueMs } = nextDue(row.schedule, Math.max(nowMs, (row.pausedUntilMs ?? 0) - 1));
      if (row.nextDueMs !== null && row.nextDueMs > dueMs) await updateSubscription(db, row.id, { nextDueMs: dueMs });
    }
  }

  async function claim(subscription: Subscription, due: Due, nowMs: number): Promise<boolean> {
    const key = `${toKey(subscription.id)}${due.date}`;
    return transact(db, async (trx) => {
      // Changed, paused or claimed since it was read: leave it to the next tick.
      if ((await findSubscription(trx, subscription.id))?.nextDueMs !== subscription.nextDueMs) return false;
      await updateSubscription(trx, subscription.id, { nextDueMs: nextDue(subscription.schedule, nowMs).dueMs });
      // A due time before the stored one belongs to an earlier schedule or to a pause.
      if (due.dueMs < subscription.nextDueMs!) return false;
      const digest = {
        subscriptionId: subscription.id,
        localDay: parseDay(due.date),
        dueMs: due.dueMs,
        deliveryKey: key,
      };
      if (!(await claimDigest(trx, digest, nowMs))) return false;
      await supersedeDeliveries(trx, await listUnsentDigests(trx, subscription.id, key));
      await order(trx, key, subscription, { dueMs: due.dueMs }, nowMs);
      return true;
    });
  }

  /** Queues a digest's message and the sections of its thread. */
  async function order(
    trx: Db,
    key: string,
    { id, channel, what, schedule }: Subscription,
    order: { dueMs: number; sentBy?: string },
    nowMs: number,
  ): Promise<void> {
    const message: DigestOrder = { subscriptionId: id, what, every: toRhythm(schedule), ...order, part: 'message' };
    const delivery = { kind: 'digest', channel, dueMs: nowMs } as const;
    await insertDelivery(trx, { ...delivery, key, content: message });
    if (webhook) await putDigestEvent(trx, key, message, nowMs);
    for (const section of THREAD_SECTIONS.filter((each) => what.sections.includes(each)))
      await insertDelivery(trx, {
        ...{ ...delivery, key: `${key}:${section}`, content: { ...message, part: section } },
        thread: { key, broadcast: false },
      });
  }

  async function compose(where: { id?: number; channel: string }): Promise<DigestPreview> {
    const [row] = await listMeant(where);
    const nowMs = now();
    const order: DigestOrder = {
      ...{ subscriptionId: row?.id ?? 0, dueMs: nowMs, what: row?.what ?? EVERYTHING },
      ...{ every: row ? toRhythm(row.schedule) : 'day', part: 'message' },
    };
    const digest = await composeDigest(options, order, nowMs);
    return { ...buildMessage(digest), follows: digest.parts.map(({ title }) => title) };
  }

  async function send(where: { id?: number; channel: string }, by: Actor): Promise<DigestSummary> {
    const rows = await listMeant(where);
    const [row, ...others] = rows;
    if (!row) {
      throw new QuestionError('This channel has no digest to send.', [
        { label: 'Add one', command: 'digest add daily 09:00' },
        { label: 'Look at one', command: 'digest preview' },
      ]);
    }
    if (others.length > 0) {
      throw new QuestionError(
        `This channel has ${rows.length} digests. Which one?`,
        rows.map(({ id, schedule }) => ({ label: `${id}: ${formatSchedule(schedule)}`, command: `digest send ${id}` })),
      );
    }
    // From another channel, only those who may change a digest may send it.
    if (row.channel !== where.channel) await findOwn(options, row.id, by);
    const nowMs = now();
    await transact(db, async (trx) => {
      const key = `${toKey(row.id)}sent:${nowMs}:${by.user}`;
      await order(trx, key, row, { dueMs: nowMs, sentBy: by.user }, nowMs);
    });
    await insertAudit(db, { atMs: nowMs, actor: by.user, action: 'digest.send', detail: String(row.id) });
    wakeSender();
    return toSummary(row, nowMs);
  }

  async function history(where: { id?: number; channel: string }): Promise<readonly string[]> {
    const runs = await Promise.all((await listMeant(where)).map((row) => listRuns(db, row)));
    return runs
      .flat()
      .toSorted((a, b) => b.dueMs - a.dueMs)
      .map(({ line }) => line);
  }

  /** Lists the digest with the id, or without an id those of the channel. */
  async function listMeant(where: { id?: number; channel: string }): Promise<Subscription[]> {
    if (where.id !== undefined) return [await getDigest(db, where.id)];
    return listSubscriptions(db, where.channel);
  }

  return { runDue, compose, send, history };
}

const SHOWN = 14;

/** Returns the prefix of a digest's delivery keys; a date follows, or `sent:` if it was sent by hand. */
function toKey(id: number): string {
  return `digest:${id}:`;
}

/** Lists a digest's latest posts with their outcome, newest first. */
async function listRuns(db: Db, { id, schedule: { zone } }: Subscription): Promise<{ dueMs: number; line: string }[]> {
  const posts = await listDigestDeliveries(db, toKey(id), SHOWN);
  return posts
    .map((post) => {
      const { dueMs } = readDigestOrder(post.content);
      const date = post.key.slice(toKey(id).length);
      const isByHand = date.startsWith('sent:');
      // A digest that was posted shows its time instead of a date.
      const what = isByHand ? ', sent by hand' : post.sent ? '' : ` of ${formatDate(parseDay(date))}`;
      return { dueMs, line: `Digest ${id}${what}: ${describeState(post, dueMs, zone)}` };
    })
    .sort((a, b) => b.dueMs - a.dueMs);
}

/** `posted Fri 20 Nov 09:00 (Europe/Berlin)`. */
function describeState({ state, sent, error }: Delivery, dueMs: number, zone: string): string {
  if (sent) {
    const lateMin = Math.round((sent.ms - dueMs) / 60_000);
    return `posted ${formatMoment(sent.ms, zone)} (${zone})${lateMin >= 5 ? `, ${formatDuration(sent.ms - dueMs)} late` : ''}`;
  }
  if (state === 'failed') return `not posted. ${cureOf(error ?? 'unknown_error')}`;
  if (state === 'replaced') return 'replaced by a newer one before it could be posted';
  return `waiting to be posted${error ? `. ${cureOf(error)}` : ''}`;
}
