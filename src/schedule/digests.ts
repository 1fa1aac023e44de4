import { isDeepStrictEqual } from 'node:util';
import { parseDay } from '../domain/calendar.ts';
import {
  DIGEST_SECTIONS,
  type DigestWhat,
  EVERYTHING,
  isSection,
  THREAD_SECTIONS,
  toRhythm,
} from '../domain/digest.ts';
import {
  type Due,
  formatSchedule,
  latestDue,
  listNext,
  nextDue,
  parseSchedule,
  type ScheduleRule,
} from '../domain/schedule-rule.ts';
import { HeadroomError, QuestionError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Actor, DigestPort, DigestPreview, DigestSummary } from '../slack/ports.ts';
import { insertAudit } from '../store/audit-repository.ts';
import { type Db, transact } from '../store/database.ts';
import { insertDelivery, supersedeDeliveries } from '../store/delivery-repository.ts';
import {
  claimDigest,
  findSubscription,
  insertSubscription,
  listDueSubscriptions,
  listSubscriptions,
  listUnsentDigests,
  type Subscription,
  type SubscriptionChange,
  updateSubscription,
} from '../store/subscription-repository.ts';
import {
  buildMessage,
  composeContent,
  type DigestComposerPorts,
  type DigestOrder,
  listParts,
} from './digest-composer.ts';
import { listRuns, toSentKey } from './digest-history.ts';
import { orderOrphanNotice } from './notices.ts';
import { putDigestEvent } from './webhook-events.ts';

export interface DigestsOptions extends DigestComposerPorts {
  db: Db;
  log: Logger;
  now(): number;
  /** Something was put into the delivery log. */
  wakeSender(): void;
  /** A webhook is told too. */
  webhook?: boolean;
  /** Tells whether a user has left the workspace: anybody may then take the digest over, or end it. */
  isGone?(user: string): Promise<boolean>;
}

/** Subscriptions and what makes them post. Each local date of a subscription is claimed once, by a unique row. */
export class Digests implements DigestPort {
  readonly sections = DIGEST_SECTIONS;
  readonly #options: DigestsOptions;

  constructor(options: DigestsOptions) {
    this.#options = options;
  }

  /**
   * Claims every digest that is due and puts it into the delivery log, in one transaction each. Returns how many. Of several
   * missed ones the latest is posted, in place of older ones that are still unsent.
   */
  async runDue(nowMs: number): Promise<number> {
    const { db, log } = this.#options;
    await this.#followClock(nowMs);
    let claimed = 0;
    for (const subscription of await listDueSubscriptions(db, nowMs)) {
      const due = latestDue(subscription.schedule, nowMs);
      if (await this.#claim(subscription, due, nowMs)) {
        claimed += 1;
        if (await this.#isGone(subscription.owner)) await orderOrphanNotice(db, subscription, nowMs);
      } else log.info({ subscription: subscription.id, date: due.date }, 'this date has its digest already');
    }
    if (claimed > 0) this.#options.wakeSender();
    return claimed;
  }

  /** Brings due times back after a clock that was ahead was set right: the dates in between have not come yet. */
  async #followClock(nowMs: number): Promise<void> {
    for (const row of await listSubscriptions(this.#options.db)) {
      const { dueMs } = nextDue(row.schedule, Math.max(nowMs, (row.pausedUntilMs ?? 0) - 1));
      if (row.nextDueMs !== undefined && row.nextDueMs > dueMs)
        await updateSubscription(this.#options.db, row.id, { nextDueMs: dueMs });
    }
  }

  async #claim(subscription: Subscription, due: Due, nowMs: number): Promise<boolean> {
    const key = `digest:${subscription.id}:${due.date}`;
    return transact(this.#options.db, async (trx) => {
      // Changed, paused or claimed since it was read: the next tick sees it as it is.
      if ((await findSubscription(trx, subscription.id))?.nextDueMs !== subscription.nextDueMs) return false;
      await updateSubscription(trx, subscription.id, { nextDueMs: nextDue(subscription.schedule, nowMs).dueMs });
      // Before the cursor lie dates of an earlier schedule or of a pause.
      if (due.dueMs < subscription.nextDueMs!) return false;
      const digest = {
        subscriptionId: subscription.id,
        localDay: parseDay(due.date),
        dueMs: due.dueMs,
        deliveryKey: key,
      };
      if (!(await claimDigest(trx, digest, nowMs))) return false;
      await supersedeDeliveries(trx, await listUnsentDigests(trx, subscription.id, key));
      await this.#order(trx, key, subscription, { dueMs: due.dueMs }, nowMs);
      return true;
    });
  }

  /** The message, and what follows in its thread. */
  async #order(
    trx: Db,
    key: string,
    { id, channel, what, schedule }: Subscription,
    order: { dueMs: number; sentBy?: string },
    nowMs: number,
  ): Promise<void> {
    const put = (part: DigestOrder['part'], thread = {}) => {
      const content: DigestOrder = { subscriptionId: id, what, every: toRhythm(schedule), ...order, part };
      const own = part === 'message' ? key : `${key}:${part}`;
      return insertDelivery(trx, { key: own, kind: 'digest', channel, content, dueMs: nowMs, ...thread });
    };
    await put('message');
    if (this.#options.webhook) {
      const told: DigestOrder = { subscriptionId: id, what, every: toRhythm(schedule), ...order, part: 'message' };
      await putDigestEvent(trx, key, told, nowMs);
    }
    for (const section of THREAD_SECTIONS.filter((each) => what.sections.includes(each)))
      await put(section, { thread: { key, broadcast: false } });
  }

  async list(where: { channel?: string; owner?: string } = {}): Promise<DigestSummary[]> {
    return (await listSubscriptions(this.#options.db, where)).map((row) => this.#toSummary(row));
  }

  async preview(schedule: string, zone: string): Promise<{ schedule: string; nextRuns: readonly number[] }> {
    const rule = parseSchedule(schedule, zone);
    return { schedule: formatSchedule(rule), nextRuns: toTimes(listNext(rule, this.#options.now(), 3)) };
  }

  /** Adds a digest. The same one asked for twice (a form sent twice) is one. */
  async add(
    digest: {
      channel: string;
      schedule: string;
      sections?: readonly string[];
      filters?: DigestWhat['filters'];
      scope?: string;
    },
    by: Actor,
  ): Promise<DigestSummary> {
    const { db, now } = this.#options;
    const rule = parseSchedule(digest.schedule, by.zone);
    const what: DigestWhat = {
      sections: readSections(digest.sections) ?? EVERYTHING.sections,
      filters: digest.filters ?? [],
      ...(digest.scope ? { scope: digest.scope } : {}),
    };
    const there = await listSubscriptions(db, { channel: digest.channel });
    const same = there.find((row) => isDeepStrictEqual([row.schedule, row.what], [rule, what]));
    if (same) return this.#toSummary(same);
    const nextDueMs = nextDue(rule, now()).dueMs;
    const id = await insertSubscription(
      db,
      { channel: digest.channel, owner: by.user, schedule: rule, what, nextDueMs },
      now(),
    );
    await this.#audit(by, 'digest.add', `${id}: ${formatSchedule(rule)} in ${digest.channel}`);
    return this.#toSummary(await this.#get(id));
  }

  async change(
    id: number,
    change: {
      channel?: string;
      schedule?: string;
      sections?: readonly string[];
      filters?: DigestWhat['filters'];
      scope?: string;
    },
    by: Actor,
  ): Promise<DigestSummary> {
    const row = await this.#getOwn(id, by);
    const rule = change.schedule === undefined ? row.schedule : parseSchedule(change.schedule, row.schedule.zone);
    const sections = readSections(change.sections) ?? row.what.sections;
    const what: DigestWhat = {
      sections,
      filters: change.filters ?? row.what.filters,
      ...((change.scope ?? row.what.scope) ? { scope: change.scope ?? row.what.scope! } : {}),
    };
    return this.#write(row, by, 'digest.change', {
      what,
      ...(change.channel === undefined ? {} : { channel: change.channel }),
      ...(change.schedule === undefined ? {} : { schedule: rule, nextDueMs: this.#nextDue(row, rule) }),
    });
  }

  async pause(id: number, until: { untilMs?: number }, by: Actor): Promise<DigestSummary> {
    const row = await this.#getOwn(id, by);
    const { untilMs } = until;
    if (untilMs === undefined) return this.#write(row, by, 'digest.pause', { paused: true, pausedUntilMs: undefined });
    const nextDueMs = nextDue(row.schedule, Math.max(untilMs - 1, this.#options.now())).dueMs;
    return this.#write(row, by, 'digest.pause', { paused: false, pausedUntilMs: untilMs, nextDueMs });
  }

  /** Goes on from the next due time: digests that were due while paused are not made up for. */
  async resume(id: number, by: Actor): Promise<DigestSummary> {
    const row = await this.#getOwn(id, by);
    const nextDueMs = nextDue(row.schedule, this.#options.now()).dueMs;
    return this.#write(row, by, 'digest.resume', {
      paused: false,
      pausedUntilMs: undefined,
      broken: undefined,
      nextDueMs,
    });
  }

  async remove(id: number, by: Actor): Promise<DigestSummary> {
    const row = await this.#getOwn(id, by);
    await updateSubscription(this.#options.db, id, { removedMs: this.#options.now() });
    await this.#audit(by, 'digest.remove', `${id}: ${formatSchedule(row.schedule)} in ${row.channel}`);
    return this.#toSummary(row);
  }

  /** Makes `by` the owner: admins always, others once the owner has left. */
  async takeOver(id: number, by: Actor): Promise<DigestSummary> {
    const row = await this.#getOwn(id, by);
    return this.#write(row, by, 'digest.takeover', { owner: by.user });
  }

  async compose(where: { id?: number; channel: string }): Promise<DigestPreview> {
    const [row] = await this.#list(where);
    const nowMs = this.#options.now();
    const order: DigestOrder = {
      ...{ subscriptionId: row?.id ?? 0, dueMs: nowMs, what: row?.what ?? EVERYTHING },
      ...{ every: row ? toRhythm(row.schedule) : 'day', part: 'message' },
    };
    const { content } = await composeContent(this.#options, order, nowMs);
    const { text, blocks, chartAt } = buildMessage(this.#options, content, order);
    const { series } = content;
    const drawn = series && content.totals.requests > 0 ? series : undefined;
    return {
      text,
      blocks,
      chartAt,
      drawn,
      follows: listParts(content, this.#options.calendar).map(({ title }) => title),
    };
  }

  async send(where: { id?: number; channel: string }, by: Actor): Promise<DigestSummary> {
    const rows = await this.#list(where);
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
    // What is asked in one channel is answered there, and shown elsewhere only by those who may change it.
    if (row.channel !== where.channel) await this.#getOwn(row.id, by);
    const { db, now } = this.#options;
    const nowMs = now();
    await transact(db, async (trx) => {
      const key = `${toSentKey(row.id)}${nowMs}:${by.user}`;
      await this.#order(trx, key, row, { dueMs: nowMs, sentBy: by.user }, nowMs);
    });
    await this.#audit(by, 'digest.send', String(row.id));
    this.#options.wakeSender();
    return this.#toSummary(row);
  }

  async history(where: { id?: number; channel: string }): Promise<readonly string[]> {
    const runs = await Promise.all((await this.#list(where)).map((row) => listRuns(this.#options.db, row)));
    return runs
      .flat()
      .toSorted((a, b) => b.dueMs - a.dueMs)
      .map(({ line }) => line);
  }

  /** Lists the digest that is named, else those of the channel. */
  async #list(where: { id?: number; channel: string }): Promise<Subscription[]> {
    if (where.id !== undefined) return [await this.#get(where.id)];
    return listSubscriptions(this.#options.db, { channel: where.channel });
  }

  async #get(id: number): Promise<Subscription> {
    const row = await findSubscription(this.#options.db, id);
    if (!row) throw new HeadroomError('schedule', `There is no digest ${id}. See /usage digest for those there are.`);
    return row;
  }

  async #getOwn(id: number, by: Actor): Promise<Subscription> {
    const row = await this.#get(id);
    if (by.admin || row.owner === by.user || (await this.#isGone(row.owner))) return row;
    throw new HeadroomError(
      'schedule',
      `Digest ${id} belongs to somebody else (/usage digest shows to whom): ask them, or an admin.`,
    );
  }

  /** Tells whether the owner has left. While Slack cannot be asked, nobody has. */
  async #isGone(user: string): Promise<boolean> {
    return (await this.#options.isGone?.(user).catch(() => false)) ?? false;
  }

  #nextDue(row: Subscription, rule: ScheduleRule): number {
    return nextDue(rule, Math.max(this.#options.now(), (row.pausedUntilMs ?? 0) - 1)).dueMs;
  }

  async #write(row: Subscription, by: Actor, action: string, change: SubscriptionChange): Promise<DigestSummary> {
    await updateSubscription(this.#options.db, row.id, change);
    await this.#audit(by, action, `${row.id}: ${JSON.stringify(change)}`);
    return this.#toSummary(await this.#get(row.id));
  }

  async #audit(by: Actor, action: string, detail: string): Promise<void> {
    await insertAudit(this.#options.db, { atMs: this.#options.now(), actor: by.user, action, detail });
  }

  #toSummary(row: Subscription): DigestSummary {
    const nowMs = this.#options.now();
    const untilMs = row.pausedUntilMs !== undefined && row.pausedUntilMs > nowMs ? row.pausedUntilMs : undefined;
    const paused = row.paused || untilMs !== undefined;
    return {
      id: row.id,
      channel: row.channel,
      owner: row.owner,
      schedule: formatSchedule(row.schedule),
      sections: row.what.sections,
      paused,
      ...(untilMs === undefined ? {} : { pausedUntilMs: untilMs }),
      ...(row.broken ? { pausedReason: row.broken } : {}),
      nextRuns: row.paused ? [] : toTimes(listNext(row.schedule, Math.max(nowMs, (untilMs ?? 0) - 1), 3)),
    };
  }
}

function toTimes(dues: readonly Due[]): number[] {
  return dues.map(({ dueMs }) => dueMs);
}

function readSections(sections: readonly string[] | undefined): DigestWhat['sections'] | undefined {
  const unknown = sections?.find((key) => !isSection(key));
  if (unknown !== undefined) {
    const known = DIGEST_SECTIONS.map(({ key }) => key).join(', ');
    throw new HeadroomError('schedule', `A digest has no section ${JSON.stringify(unknown)}. It can have: ${known}.`);
  }
  return sections?.filter(isSection);
}
